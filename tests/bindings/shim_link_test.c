/* SPDX-License-Identifier: Apache-2.0 */
/* Transports and servers in the language. */
#include "world.h"

/* ---- custom transports ---- */

Test(shim_link, packets_travel_through_the_language)
{
    struct world *w = world_bare();
    const struct shim_transport_options narrow = {.queue = 1, .max_packet = 128};
    const struct shim_event *event;
    int sent = 0;

    w->client_end = shim_transport_new(w->shim, &narrow);
    w->server_end = shim_transport_new(w->shim, NULL);
    w->server = shim_server_new(w->shim, NULL);
    shim_server_handle(w->shim, w->server, SMP_GROUP_OS, ECHO, WRITE, true);
    cr_assert_eq(shim_server_listen(w->shim, w->server, w->server_end), SMP_OK);
    w->session = shim_session_new(w->shim, w->client_end, NULL);
    cr_assert_eq(shim_session_max_packet(w->shim, w->session), 128);
    for (int i = 0; i < 20; i++)
        cr_assert_gt(echo(w, "over there"), 0);
    for (int i = 0; i < 300 && w->done[0] < 20; i++) {
        shim_turn(w->shim, 10);
        while ((event = shim_next(w->shim)) != NULL) {
            if (event->kind != SHIM_SEND) {
                take(w, event);
                continue;
            }
            const struct smp_peer peer = {.len = 3, .data = "abc"};
            bool up = event->handle == w->client_end;
            sent++;
            if (!up)
                cr_assert(event->peer.len == 3 && memcmp(event->peer.data, "abc", 3) == 0);
            cr_assert_eq(shim_transport_received(w->shim, up ? w->server_end : w->client_end,
                                                 up ? &peer : NULL, event->payload.data,
                                                 event->payload.len),
                         SMP_OK);
        }
    }
    cr_assert_eq(w->done[0], 20);
    cr_assert_geq(sent, 40);
    shim_free(w->shim);
}

Test(shim_link, a_full_link_makes_the_library_wait)
{
    struct world *w = world_bare();
    const struct shim_event *event;
    int sent = 0;

    w->client_end = shim_transport_new(w->shim, NULL);
    w->session = shim_session_new(w->shim, w->client_end, NULL);
    cr_assert_eq(shim_transport_writable(w->shim, w->client_end, false), SMP_OK);
    cr_assert_gt(echo(w, "x"), 0);
    turn(w);
    cr_assert_eq(shim_pending(w->shim), 0);
    cr_assert_eq(shim_transport_writable(w->shim, w->client_end, true), SMP_OK);
    shim_process(w->shim);
    while ((event = shim_next(w->shim)) != NULL)
        sent += event->kind == SHIM_SEND;
    cr_assert_eq(sent, 1);
    shim_free(w->shim);
}

Test(shim_link, a_link_that_goes_down_is_told)
{
    struct world *w = world_bare();

    w->client_end = shim_transport_new(w->shim, NULL);
    w->session = shim_session_new(w->shim, w->client_end, NULL);
    cr_assert_gt(echo(w, "x"), 0);
    cr_assert_eq(shim_transport_down(w->shim, w->client_end, SMP_ERR_TIMEOUT, 0), SMP_ERR_INVALID);
    cr_assert_eq(shim_transport_down(w->shim, w->client_end, SMP_ERR_CLOSED, 0), SMP_OK);
    turn(w);
    cr_assert_eq(w->done[-SMP_ERR_CLOSED], 1);
    cr_assert_eq(w->links, 1);
    cr_assert_eq(echo(w, "x"), SMP_ERR_CLOSED);
    cr_assert_eq(shim_transport_up(w->shim, w->client_end), SMP_OK);
    turn(w);
    cr_assert_eq(w->links, 2);
    cr_assert_gt(echo(w, "x"), 0);
    shim_free(w->shim);
}

Test(shim_link, transports_are_found_by_url)
{
    struct shim *s = shim_new(NULL);
    char url[100];

    cr_assert_eq(shim_open(s, "nothing://x"), SMP_ERR_UNSUPPORTED);
    cr_assert_not_null(strstr(shim_open_text(s), "nothing://x"));
    cr_assert_lt(shim_open(s, "serial:///dev/not-there"), 0);
    cr_assert_not_null(strstr(shim_open_text(s), "/dev/not-there"));
    cr_assert_eq(shim_open(s, "udp://name.invalid"), SMP_ERR_INVALID);
    cr_assert_eq(shim_open(s, "udp://"), SMP_ERR_INVALID);
    cr_assert_eq(shim_open(s, NULL), SMP_ERR_INVALID);
    int64_t server = shim_listen(s, "udp://127.0.0.1:0/");
    cr_assert_gt(server, 0);
    cr_assert_gt(shim_transport_url(s, server, url, sizeof(url)), 0);
    cr_assert_eq(strncmp(url, "udp://127.0.0.1:", 16), 0);
    int64_t client = shim_open(s, url);
    cr_assert_gt(client, 0);
    cr_assert_eq(shim_transport_received(s, client, NULL, (const uint8_t *)"x", 1), SMP_ERR_INVALID,
                 "not one of ours");
    int64_t custom = shim_transport_new(s, NULL);
    cr_assert_eq(shim_transport_url(s, custom, url, sizeof(url)), SMP_ERR_UNSUPPORTED);
    /* A loopback whose first end went leaves the name free. */
    int64_t half = shim_open(s, "loopback:a");
    cr_assert_eq(shim_release(s, half), SMP_OK);
    cr_assert_gt(shim_open(s, "loopback:a"), 0);
    shim_free(s);
}

Test(shim_link, objects_may_be_released_in_any_order)
{
    for (int order = 0; order < 24; order++) {
        struct world *w = world();
        int64_t all[] = {w->session, w->server, w->client_end, w->server_end};
        echo(w, "x");
        for (int n = 4, k = order; n > 0; k /= n, n--) {
            int pick = k % n;
            cr_assert_eq(shim_release(w->shim, all[pick]), SMP_OK);
            all[pick] = all[n - 1];
            turn(w);
        }
        cr_assert_eq(shim_objects(w->shim), 0);
        shim_free(w->shim);
    }
}

/* ---- servers ---- */

Test(shim_link, answers_may_come_later)
{
    struct world *w = world();
    uint8_t flat[40];

    w->hold = true;
    cr_assert_gt(echo(w, "x"), 0);
    turn(w);
    cr_assert_eq(w->n_held, 1);
    cr_assert_eq(w->done[0], 0);
    cr_assert_eq(shim_reply(w->shim, w->held[0], flat, flat_text(flat, "later")), SMP_OK);
    turn(w);
    cr_assert_eq(w->done[0], 1);
    cr_assert_str_eq(w->echoed, "later");
    cr_assert_eq(shim_reply(w->shim, w->held[0], NULL, 0), SMP_ERR_CLOSED, "once only");
    shim_free(w->shim);
}

Test(shim_link, a_wrong_reply_leaves_the_exchange_open)
{
    struct world *w = world();
    const uint8_t wrong[] = {7, 1, 0, 9, 0, 0};

    w->hold = true;
    echo(w, "x");
    turn(w);
    cr_assert_eq(shim_reply(w->shim, w->held[0], wrong, sizeof(wrong)), SMP_ERR_INVALID);
    cr_assert_eq(shim_refuse(w->shim, w->held[0], SMP_RC_BUSY, "not now"), SMP_OK);
    turn(w);
    cr_assert_eq(w->done[-SMP_ERR_DEVICE], 1);
    cr_assert_not_null(strstr(w->text, "not now"));
    shim_free(w->shim);
}

Test(shim_link, an_exchange_outlives_its_server)
{
    struct world *w = world();

    w->hold = true;
    echo(w, "x");
    turn(w);
    cr_assert_eq(shim_release(w->shim, w->server), SMP_OK);
    cr_assert_eq(shim_reply(w->shim, w->held[0], NULL, 0), SMP_ERR_CLOSED);
    shim_free(w->shim);
}

Test(shim_link, exchanges_hold_the_servers_buffers)
{
    struct world *w = world();
    const struct smp_session_options wide = {.window = 10, .timeout_ms = 100, .tries = 1};

    shim_release(w->shim, w->session);
    w->session = shim_session_new(w->shim, w->client_end, &wide);
    w->hold = true;
    for (int i = 0; i < 10; i++)
        echo(w, "x");
    turn(w);
    cr_assert_leq(w->n_held, 4);
    for (int i = 0; i < w->n_held; i++)
        cr_assert_eq(shim_release(w->shim, w->held[i]), SMP_OK);
    shim_free(w->shim);
}

/* ---- serial lines ---- */

Test(shim_link, a_serial_line_is_a_url_too)
{
    struct world *w = world_bare();
    char url[200];

    shim_free(w->shim);
    w->shim = shim_new(NULL);
    w->server_end = shim_listen(w->shim, "pty:");
    cr_assert_gt(w->server_end, 0);
    w->server = shim_server_new(w->shim, NULL);
    shim_server_handle(w->shim, w->server, SMP_GROUP_OS, ECHO, WRITE, true);
    cr_assert_eq(shim_server_listen(w->shim, w->server, w->server_end), SMP_OK);
    cr_assert_gt(shim_transport_url(w->shim, w->server_end, url, sizeof(url)), 0);
    strcat(url, "?baud=115200&framing=console&dtr=off&shared=1");
    w->client_end = shim_open(w->shim, url);
    cr_assert_gt(w->client_end, 0, "%s: %d", url, (int)w->client_end);
    w->session = shim_session_new(w->shim, w->client_end, NULL);
    cr_assert_gt(echo(w, "by wire"), 0);
    for (int i = 0; i < 300 && w->done[0] == 0; i++) {
        shim_turn(w->shim, 10);
        fetch(w);
    }
    cr_assert_str_eq(w->echoed, "by wire");
    cr_assert_eq(shim_transport_reopen(w->shim, w->client_end), SMP_OK, "it never went away");
    cr_assert_eq(shim_transport_reopen(w->shim, w->server), SMP_ERR_INVALID, "no transport");
    shim_free(w->shim);
}

Test(shim_link, options_that_are_not_known_are_refused)
{
    struct shim *s = shim_new(NULL);
    static const char *const wrong[] = {"baud",          "baud=",     "baud=x",  "baud=99999999999",
                                        "framing=morse", "nothing=1", "dtr=1",   "shared=2",
                                        "baud=1&",       "=1",        "&baud=1", "baud=-1"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        char url[100] = "serial:///dev/null?";
        strcat(url, wrong[i]);
        int64_t result = shim_open(s, url);
        cr_assert(result == SMP_ERR_INVALID || (i == 8 && result < 0), "%s: %d", url, (int)result);
    }
    cr_assert_geq(shim_ports(s), 0);
    cr_assert_null(shim_port(s, 10000));
    cr_assert_eq(shim_objects(s), 0);
    shim_free(s);
}
