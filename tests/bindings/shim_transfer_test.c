/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

Test(shim_transfer, uploads_from_memory)
{
    struct world *w = world();
    make_image();

    uint8_t *data = malloc(100000);
    memcpy(data, image, 100000);
    int64_t id = shim_img_upload(w->shim, w->session, data, 100000, SHIM_COPY, NULL);
    memset(data, 0, 100000); /* it was copied */
    free(data);
    cr_assert_gt(id, 0);
    run(w);
    cr_assert_eq(w->done[0], 1);
    cr_assert_eq(w->last_done, id);
    cr_assert_eq(w->stored, 100000);
    cr_assert_arr_eq(w->store, image, 100000);
    cr_assert_gt(w->progress, 0);
    shim_free(w->shim);
}

/* Bindings that ask shim_pending() save the call that would say NULL. */
Test(shim_transfer, the_last_event_is_let_go_by_the_next_turn, .timeout = 30)
{
    struct world *w = calloc(1, sizeof(*w)); /* the device, on a shim of its own */
    struct shim *client = shim_new(NULL);
    char url[100];
    uint64_t progress = 0;
    bool done = false;
    make_image();

    w->shim = shim_new(NULL);
    w->server = shim_server_new(w->shim, NULL);
    w->server_end = shim_listen(w->shim, "udp://127.0.0.1:0");
    shim_server_handle(w->shim, w->server, SMP_GROUP_IMG, 1, WRITE, true);
    cr_assert_eq(shim_server_listen(w->shim, w->server, w->server_end), SMP_OK);
    cr_assert_gt(shim_transport_url(w->shim, w->server_end, url, sizeof(url)), 0);
    int64_t session = shim_session_new(client, shim_open(client, url), NULL);
    cr_assert_gt(shim_img_upload(client, session, image, 50000, SHIM_BORROW, NULL), 0);
    while (!done) {
        cr_assert_geq(shim_process(client), 0);
        while (shim_pending(client) > 0) {
            const struct shim_event *event = shim_next(client);
            progress = event->kind == SHIM_PROGRESS ? event->progress.done : progress;
            done = event->kind == SHIM_DONE;
        }
        cr_assert_geq(shim_process(w->shim), 0);
        fetch(w);
    }
    cr_assert_eq(progress, 50000, "the newest progress is told, here %d", (int)progress);
    shim_free(client);
    shim_free(w->shim);
    free(w);
}

Test(shim_transfer, uploads_from_memory_that_stands_still)
{
    struct world *w = world();
    make_image();

    cr_assert_gt(shim_img_upload(w->shim, w->session, image, 50000, SHIM_BORROW, NULL), 0);
    run(w);
    cr_assert_eq(w->stored, 50000);
    cr_assert_arr_eq(w->store, image, 50000);
    shim_free(w->shim);
}

static int64_t upload_pulled(struct world *w, size_t len)
{
    const struct smp_img_upload_options options = {.has_sha = true, .sha = {1}};

    return shim_img_upload(w->shim, w->session, NULL, len, SHIM_PULL, &options);
}

Test(shim_transfer, uploads_what_it_asks_the_language_for)
{
    struct world *w = world();
    make_image();

    w->source = image;
    cr_assert_gt(upload_pulled(w, sizeof(image)), 0);
    run(w);
    cr_assert_eq(w->done[0], 1);
    cr_assert_eq(w->stored, sizeof(image));
    cr_assert_arr_eq(w->store, image, sizeof(image));
    cr_assert_eq(w->reads, 5, "blocks of 64 KiB, each asked for once: %d", w->reads);
    shim_free(w->shim);
}

Test(shim_transfer, uploads_pulled_over_a_bad_link)
{
    struct world *w = world_bare();
    const struct smp_faults faults = {.seed = 7, .drop = 50000, .delay_ns = 5000000};
    make_image();
    shim_free(w->shim);
    w = world_bare();
    w->client_end = shim_open(w->shim, "loopback:x");
    w->server_end = shim_listen(w->shim, "loopback:x");
    cr_assert_eq(shim_transport_faults(w->shim, w->client_end, &faults), SMP_OK);
    w->server = shim_server_new(w->shim, NULL);
    shim_server_handle(w->shim, w->server, SMP_GROUP_IMG, 1, WRITE, true);
    shim_server_handle(w->shim, w->server, SMP_GROUP_OS, PARAMS, READ, true);
    shim_server_listen(w->shim, w->server, w->server_end);
    w->session = shim_session_new(w->shim, w->client_end, NULL);
    w->source = image;
    cr_assert_gt(upload_pulled(w, 200000), 0);
    run(w);
    cr_assert_eq(w->done[0], 1, "%s", w->text);
    cr_assert_eq(w->stored, 200000);
    cr_assert_arr_eq(w->store, image, 200000);
    shim_free(w->shim);
}

Test(shim_transfer, a_source_may_fail_in_the_language)
{
    struct world *w = world();
    int64_t id = upload_pulled(w, 1000);

    cr_assert_gt(id, 0);
    turn(w);
    cr_assert_eq(w->reads, 1);
    const uint8_t byte = 0;
    cr_assert_eq(shim_source_data(w->shim, id, 0, &byte, 1), SMP_ERR_INVALID, "too short");
    cr_assert_eq(shim_source_data(w->shim, id, 65536, &byte, 1), SMP_ERR_INVALID, "past the end");
    cr_assert_eq(shim_transfer_fail(w->shim, id), SMP_OK);
    run(w);
    cr_assert_eq(w->done[-SMP_ERR_SOURCE], 1, "%s", w->text);
    cr_assert_eq(shim_source_data(w->shim, id, 0, &byte, 1), SMP_ERR_CLOSED);
    shim_free(w->shim);
}

Test(shim_transfer, a_transfer_pauses_and_goes_on)
{
    struct world *w = world();
    make_image();
    int64_t id = shim_img_upload(w->shim, w->session, image, 100000, SHIM_BORROW, NULL);

    turn(w);
    cr_assert_eq(shim_transfer_pause(w->shim, id), SMP_OK);
    turn(w);
    uint64_t stored = w->stored;
    turn(w);
    cr_assert_eq(w->stored, stored);
    cr_assert_lt(stored, 100000);
    cr_assert_eq(shim_transfer_continue(w->shim, id), SMP_OK);
    run(w);
    cr_assert_eq(w->stored, 100000);
    cr_assert_eq(shim_transfer_pause(w->shim, id), SMP_ERR_CLOSED);
    shim_free(w->shim);
}

Test(shim_transfer, a_transfer_is_cancelled)
{
    struct world *w = world();
    int64_t id = upload_pulled(w, 100000);

    turn(w);
    cr_assert_eq(shim_cancel(w->shim, id), SMP_OK);
    run(w);
    cr_assert_eq(w->done[-SMP_ERR_CANCELLED], 1);
    shim_free(w->shim);
}

Test(shim_transfer, transfers_refuse_what_cannot_be)
{
    struct world *w = world();

    cr_assert_eq(shim_img_upload(w->shim, w->session, NULL, 5, SHIM_COPY, NULL), SMP_ERR_INVALID);
    cr_assert_eq(shim_img_upload(w->shim, w->session, image, 0, SHIM_COPY, NULL), SMP_ERR_INVALID);
    cr_assert_eq(shim_img_upload(w->shim, w->session, image, 5, SHIM_PULL, NULL), SMP_ERR_INVALID);
    cr_assert_eq(shim_img_upload(w->shim, w->session, NULL, 5, SHIM_PULL, NULL), SMP_ERR_INVALID,
                 "without a hash");
    cr_assert_eq(shim_fs_upload(w->shim, w->session, NULL, image, 5, SHIM_COPY, NULL),
                 SMP_ERR_INVALID);
    cr_assert_eq(shim_fs_download(w->shim, w->session, NULL, NULL), SMP_ERR_INVALID);
    cr_assert_eq(shim_objects(w->shim), 4);
    shim_free(w->shim);
}
