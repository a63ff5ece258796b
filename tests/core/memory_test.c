/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails once: nothing crashes, nothing leaks, and the error says so. */
#include "support/flash.h"
#include "support/note.h"

#include <criterion/criterion.h>

#include <string.h>

static uint8_t image[20000];

static struct smp_exchange *later;

static void put_off(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    (void)user;
    if (smp_exchange_defer(exchange, &later) != SMP_OK) {
        later = NULL;
        smp_exchange_refuse(exchange, SMP_RC_NO_MEMORY, NULL);
    }
}

static void on_timer(void *user)
{
    ++*(unsigned *)user;
}

/* What a program does in its life.  Returns the first error that was told. */
static int live(struct world *world, struct flash *flash)
{
    const struct smp_session_options options = {.size = sizeof(options), .timeout_ms = 100};
    struct note echo = {0};
    struct note upload = {0};
    struct note reset = {0};
    struct smp_source source;
    struct smp_timer *timer = NULL;
    unsigned fired = 0;
    int error = world_open(world, &options);
    if (error != SMP_OK) {
        return error;
    }
    error = flash_open(flash, world);
    error = error == SMP_OK ? smp_server_handle(flash->server, 0, 5, SMP_OP_WRITE, put_off, NULL)
                            : error;
    if (error != SMP_OK) {
        return error;
    }
    error = smp_timer_new(world->loop, on_timer, &fired, &timer);
    if (error != SMP_OK) {
        return error;
    }
    smp_timer_start(timer, 1000);
    smp_source_memory(&source, image, sizeof(image));
    error = note_echo(&echo, world->session, "hello");
    int upload_error = smp_img_upload(world->session, &source, NULL, note_result, &upload, NULL);
    int reset_error = smp_os_reset(world->session, NULL, note_result, &reset, NULL);
    world_pass(world, 2000);
    smp_exchange_reply(later, NULL);
    later = NULL;
    world_pass(world, 2000);
    smp_timer_free(timer);
    cr_assert_eq(fired, 1);
    cr_assert_eq(echo.calls, error == SMP_OK);
    cr_assert_eq(upload.calls, upload_error == SMP_OK);
    cr_assert_eq(reset.calls, reset_error == SMP_OK);
    cr_assert_eq(echo.error, SMP_OK);
    cr_assert_eq(upload.error, SMP_OK);
    error = error == SMP_OK ? upload_error : error;
    error = error == SMP_OK ? reset_error : error;
    bool refused = reset.error == SMP_ERR_DEVICE && reset.rc == SMP_RC_NO_MEMORY;
    return error == SMP_OK && refused ? SMP_ERR_NO_MEMORY : error;
}

Test(memory, every_allocation_fails_once)
{
    uint64_t n = 0;
    bool failed = true;
    while (failed) {
        struct world world = {.heap = {.fail_at = ++n}};
        struct flash flash = {0};
        cr_assert_lt(n, 1000);
        int error = live(&world, &flash);
        failed = world.heap.count >= n;
        cr_assert_eq(error, failed ? SMP_ERR_NO_MEMORY : SMP_OK, "allocation %llu: %s",
                     (unsigned long long)n, smp_error_name(error));
        flash_close(&flash);
        world_close(&world); /* sees that nothing leaked */
    }
    cr_assert_gt(n, 15);
}

Test(memory, a_loop_with_descriptors_too)
{
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct heap heap = {.fail_at = n};
        const struct smp_allocator allocator = heap_allocator(&heap);
        const struct smp_loop_options options = {.size = sizeof(options), .allocator = &allocator};
        struct smp_loop *loop = NULL;
        cr_assert_lt(n, 1000);
        int error = smp_loop_new(&options, &loop);
        failed = heap.count >= n;
        cr_assert_eq(error, failed ? SMP_ERR_NO_MEMORY : SMP_OK);
        smp_loop_free(loop);
        cr_assert_eq(heap.live, 0);
    }
}

Test(memory, an_idle_session_is_small)
{
    struct world world = {0};
    struct smp_transport *near[100];
    struct smp_transport *far[100];
    struct smp_session *sessions[100];
    cr_assert_eq(world_open(&world, NULL), SMP_OK);
    for (unsigned i = 0; i < 100; i++) {
        cr_assert_eq(smp_loopback_new(world.loop, 384, &near[i], &far[i]), SMP_OK);
    }
    const uint64_t before = world.heap.count;
    for (unsigned i = 0; i < 100; i++) {
        cr_assert_eq(smp_session_new(near[i], NULL, &sessions[i]), SMP_OK);
    }
    cr_assert_leq(world.heap.count - before, 100 * 2 + 10, "itself, and its request slots");
    for (unsigned i = 0; i < 100; i++) {
        smp_session_free(sessions[i]);
        smp_transport_free(near[i]);
        smp_transport_free(far[i]);
    }
    world_close(&world);
}
