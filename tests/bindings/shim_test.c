/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- requests ---- */

Test(shim, echoes)
{
    struct world *w = world();
    int64_t id = echo(w, "hello");

    cr_assert_gt(id, 0);
    run(w);
    cr_assert_eq(w->done[0], 1);
    cr_assert_eq(w->last_done, id);
    cr_assert_str_eq(w->echoed, "hello");
    shim_free(w->shim);
}

Test(shim, a_completion_is_in_the_flat_form_too)
{
    struct world *w = world();
    const uint8_t expected[] = {7, 1, 0, 0, 0, 4, 2, 0, 0, 0, 'h', 'i'};
    const struct shim_event *event;
    bool seen = false;

    cr_assert_gt(echo(w, "hi"), 0);
    for (int i = 0; i < 20 && !seen; i++) {
        shim_process(w->shim);
        while ((event = shim_next(w->shim)) != NULL) {
            if (event->kind == SHIM_REQUEST) {
                serve(w, event);
                continue;
            }
            struct smp_bytes flat = shim_event_flat(w->shim);
            cr_assert_eq(flat.len, sizeof(expected));
            cr_assert_arr_eq(flat.data, expected, sizeof(expected));
            cr_assert_eq(flat.data, shim_event_flat(w->shim).data);
            cr_assert_eq(event->header.op, SMP_OP_WRITE_RSP);
            cr_assert(event->has_answer);
            seen = true;
        }
    }
    cr_assert(seen);
    cr_assert_eq(shim_event_flat(w->shim).len, 0, "no event any more");
    shim_free(w->shim);
}

Test(shim, a_refusal_is_explained)
{
    struct world *w = world();
    const struct shim_event *event;

    cr_assert_gt(shim_call(w->shim, w->session, SMP_GROUP_IMG, 0, READ, NULL, 0), 0);
    for (int i = 0; i < 3; i++) {
        shim_process(w->shim);
        while ((event = shim_next(w->shim)) != NULL) {
            take(w, event);
            if (event->kind != SHIM_DONE)
                continue;
            cr_assert_eq(event->error, SMP_ERR_DEVICE);
            cr_assert(event->from_group);
            cr_assert_eq(event->group, SMP_GROUP_IMG);
            cr_assert_eq(event->rc, SMP_IMG_RC_NO_IMAGE);
            cr_assert_str_eq(event->code->name, "NO_IMAGE");
            cr_assert_not_null(strstr(event->text, "NO_IMAGE"));
        }
    }
    cr_assert_eq(w->done[-SMP_ERR_DEVICE], 1);
    shim_free(w->shim);
}

Test(shim, an_answer_to_a_raw_request_keeps_its_payload)
{
    struct world *w = world();
    const uint8_t cbor[] = {0xa1, 0x61, 'd', 0x62, 'o', 'k'};
    const struct shim_event *event;
    bool seen = false;

    cr_assert_gt(shim_request(w->shim, w->session, SMP_GROUP_OS, ECHO, WRITE, cbor, sizeof(cbor)),
                 0);
    for (int i = 0; i < 10; i++) {
        shim_process(w->shim);
        while ((event = shim_next(w->shim)) != NULL) {
            if (event->kind == SHIM_REQUEST) {
                serve(w, event);
                continue;
            }
            const uint8_t expected[] = {0xa1, 0x61, 'r', 0x62, 'o', 'k'};
            cr_assert_eq(event->payload.len, sizeof(expected));
            cr_assert_arr_eq(event->payload.data, expected, sizeof(expected));
            seen = true;
        }
    }
    cr_assert(seen);
    shim_free(w->shim);
}

Test(shim, thousands_of_requests_wait_their_turn)
{
    struct world *w = world();
    enum { MANY = 3000 };

    for (int i = 0; i < MANY; i++)
        cr_assert_gt(echo(w, "x"), 0);
    run(w);
    cr_assert_eq(w->done[0], MANY);
    cr_assert_eq(w->requests, MANY + 1, "and the parameters");
    cr_assert_eq(shim_objects(w->shim), 4);
    shim_free(w->shim);
}

Test(shim, the_backlog_has_an_end)
{
    const struct shim_options options = {.fake_clock = true, .backlog = 2};
    struct world *w = world_bare();
    shim_free(w->shim);
    w->shim = shim_new(&options);
    w->client_end = shim_open(w->shim, "loopback:x");
    const struct smp_session_options small = {.queue = 1};
    w->session = shim_session_new(w->shim, w->client_end, &small);
    int busy = 0;

    for (int i = 0; i < 10; i++)
        busy += echo(w, "x") == SMP_ERR_BUSY;
    cr_assert(busy >= 5 && busy <= 7, "%d", busy);
    shim_free(w->shim);
}

Test(shim, requests_are_cancelled_wherever_they_are)
{
    struct world *w = world();
    int64_t ids[200];

    for (int i = 0; i < 200; i++)
        ids[i] = echo(w, "x");
    for (int i = 0; i < 200; i++)
        cr_assert_eq(shim_cancel(w->shim, ids[i]), SMP_OK, "%d", i);
    run(w);
    cr_assert_eq(w->done[-SMP_ERR_CANCELLED], 200);
    cr_assert_eq(shim_cancel(w->shim, ids[0]), SMP_ERR_CLOSED);
    cr_assert_eq(shim_cancel(w->shim, ids[199]), SMP_ERR_CLOSED);
    shim_free(w->shim);
}

Test(shim, silence_is_a_time_out)
{
    struct world *w = world();

    shim_server_power(w->shim, w->server, false);
    cr_assert_gt(echo(w, "x"), 0);
    run(w);
    cr_assert_eq(w->done[-SMP_ERR_TIMEOUT], 1);
    cr_assert_not_null(strstr(w->text, "answer"));
    shim_free(w->shim);
}

Test(shim, releasing_a_session_ends_its_requests)
{
    struct world *w = world();

    for (int i = 0; i < 100; i++)
        cr_assert_gt(echo(w, "x"), 0);
    cr_assert_eq(shim_release(w->shim, w->session), SMP_OK);
    fetch(w);
    cr_assert_eq(w->done[-SMP_ERR_CLOSED], 100);
    cr_assert_eq(shim_objects(w->shim), 3);
    shim_free(w->shim);
}

/* ---- handles ---- */

Test(shim, handles_of_what_is_gone_are_harmless)
{
    struct world *w = world();
    int64_t gone = w->session;
    uint8_t flat[20];
    struct smp_session_stats stats;

    shim_release(w->shim, gone);
    w->session = shim_session_new(w->shim, w->client_end, NULL); /* most likely in the same slot */
    cr_assert_gt(w->session, 0);
    cr_assert_neq(w->session, gone);
    cr_assert_eq(shim_release(w->shim, gone), SMP_ERR_CLOSED);
    cr_assert_eq(shim_call(w->shim, gone, 0, 0, WRITE, flat, flat_text(flat, "x")), SMP_ERR_CLOSED);
    cr_assert_eq(shim_session_stats(w->shim, gone, &stats), SMP_ERR_CLOSED);
    cr_assert_eq(shim_session_window(w->shim, gone), SMP_ERR_CLOSED);
    shim_free(w->shim);
}

Test(shim, handles_that_never_were_are_invalid)
{
    struct world *w = world();
    const int64_t wrong[] = {0, -1, INT64_MIN, INT64_MAX, 1, 12345, w->server, (int64_t)1 << 52};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        int64_t result = shim_request(w->shim, wrong[i], 0, 0, READ, NULL, 0);
        cr_assert(result == SMP_ERR_INVALID || result == SMP_ERR_CLOSED, "%zu: %d", i, (int)result);
        cr_assert_lt(shim_cancel(w->shim, wrong[i]), 0);
        cr_assert_lt(shim_source_data(w->shim, wrong[i], 0, (const uint8_t *)"", 1), 0);
        cr_assert_lt(shim_reply(w->shim, wrong[i], NULL, 0), 0);
        cr_assert_lt(shim_transport_received(w->shim, wrong[i], NULL, (const uint8_t *)"", 1), 0);
        cr_assert_lt(shim_message_add(w->shim, wrong[i], "k", NULL, SMP_KIND_UINT, 0, 0, false, 0),
                     0);
    }
    shim_free(w->shim);
}

Test(shim, everything_after_close_is_closed)
{
    struct world *w = world();
    struct shim *s = w->shim;

    echo(w, "x");
    shim_close(s);
    shim_close(s);
    cr_assert_eq(shim_process(s), SMP_ERR_CLOSED);
    cr_assert_eq(shim_turn(s, 0), SMP_ERR_CLOSED);
    cr_assert_eq(shim_timeout(s), SMP_ERR_CLOSED);
    cr_assert_eq(shim_fd(s), SMP_ERR_CLOSED);
    cr_assert_eq(shim_advance(s, 1), SMP_ERR_CLOSED);
    cr_assert_null(shim_next(s));
    cr_assert_null(shim_loop(s));
    cr_assert_eq(shim_event_flat(s).len, 0);
    cr_assert_eq(shim_open(s, "loopback:y"), SMP_ERR_CLOSED);
    cr_assert_eq(shim_transport_new(s, NULL), SMP_ERR_CLOSED);
    cr_assert_eq(shim_server_new(s, NULL), SMP_ERR_CLOSED);
    cr_assert_eq(shim_session_new(s, w->client_end, NULL), SMP_ERR_CLOSED);
    cr_assert_eq(echo(w, "x"), SMP_ERR_CLOSED);
    cr_assert_eq(shim_release(s, w->session), SMP_ERR_CLOSED);
    cr_assert_eq(shim_message_new(s, "m"), SMP_ERR_CLOSED);
    cr_assert_eq(shim_group_new(s, 100, "g"), SMP_ERR_CLOSED);
    shim_wake(s);
    shim_free(s);
    shim_free(NULL);
    cr_assert_eq(shim_process(NULL), SMP_ERR_CLOSED);
}

Test(shim, a_forked_child_is_told_so)
{
    struct shim *s = shim_new(NULL);
    int64_t end = shim_open(s, "loopback:x");
    int64_t session = shim_session_new(s, end, NULL);
    cr_assert_gt(shim_request(s, session, 0, 6, READ, NULL, 0), 0);
    pid_t child = fork();

    if (child == 0) {
        bool good = shim_process(s) == SMP_ERR_FORKED &&
                    shim_request(s, session, 0, 6, READ, NULL, 0) == SMP_ERR_FORKED;
        shim_free(s);
        _exit(good ? 0 : 1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_geq(shim_process(s), 0);
    shim_free(s);
}

Test(shim, events_from_outside_of_process_make_the_descriptor_readable)
{
    struct shim *s = shim_new(NULL);
    int64_t session = shim_session_new(s, shim_open(s, "loopback:x"), NULL);

    cr_assert_gt(shim_request(s, session, 0, 6, READ, NULL, 0), 0);
    while (shim_process(s) == 1)
        ;
    shim_release(s, session);
    cr_assert_eq(shim_pending(s), 1);
    cr_assert_eq(shim_timeout(s), 0);
    struct timeval now = {0};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(shim_fd(s), &set);
    cr_assert_eq(select(shim_fd(s) + 1, &set, NULL, NULL, &now), 1);
    shim_free(s);
}

/* ---- the rest ---- */

Test(shim, log_lines_are_events)
{
    struct world *w = world_bare();
    const struct shim_options options = {
        .fake_clock = true, .log = true, .log_level = SMP_LOG_DEBUG};
    shim_free(w->shim);
    w->shim = shim_new(&options);
    w->client_end = shim_open(w->shim, "loopback:x");
    w->session = shim_session_new(w->shim, w->client_end, NULL);
    echo(w, "hello");
    fetch(w);
    cr_assert_geq(w->logs, 1);
    shim_free(w->shim);
}

Test(shim, images_are_parsed)
{
    FILE *file = fopen("tests/data/app-1.0.0.signed.bin", "rb");
    cr_assert_not_null(file);
    size_t len = fread(image, 1, sizeof(image), file);
    fclose(file);
    struct smp_mcuboot_image found;
    struct smp_mcuboot_tlv tlv;
    uint8_t sha[32];
    uint32_t cursor = 0;
    int tlvs = 0;

    cr_assert_eq(shim_image_read(image, len, true, &found, sha), SMP_OK);
    cr_assert(found.hash_good);
    while (shim_image_tlv(image, len, &found, &cursor, &tlv) == SMP_OK)
        tlvs++;
    cr_assert_gt(tlvs, 0);
    cr_assert_eq(shim_image_read(NULL, 0, false, &found, NULL), SMP_ERR_NOT_IMAGE);
    cr_assert_eq(shim_image_read(image, 40, false, &found, NULL), SMP_ERR_MALFORMED);
}

Test(shim, no_memory_is_left_behind)
{
    struct world *w = world();

    for (int i = 0; i < 20000; i++) {
        cr_assert_gt(echo(w, "x"), 0);
        if (i % 50 == 0)
            run(w);
    }
    run(w);
    cr_assert_eq(w->done[0], 20000);
    cr_assert_eq(shim_objects(w->shim), 4);
    shim_free(w->shim);
}

Test(shim, a_session_closes_when_all_is_done)
{
    struct world *w = world();
    const struct shim_event *event;
    bool drained = false;

    for (int i = 0; i < 300; i++)
        cr_assert_gt(echo(w, "x"), 0);
    cr_assert_eq(shim_session_close(w->shim, w->session), SMP_OK);
    cr_assert_eq(shim_session_close(w->shim, w->session), SMP_ERR_BUSY);
    cr_assert_eq(echo(w, "late"), SMP_ERR_CLOSED);
    for (int i = 0; i < 3000 && !drained; i++) {
        shim_turn(w->shim, 10);
        while ((event = shim_next(w->shim)) != NULL) {
            take(w, event);
            drained = drained || event->kind == SHIM_DRAINED;
        }
    }
    cr_assert(drained);
    cr_assert_eq(w->done[0], 300);
    cr_assert_eq(shim_release(w->shim, w->session), SMP_OK);
    shim_free(w->shim);
}
