/* SPDX-License-Identifier: Apache-2.0 */
/* Sending to devices good and bad: the window holds, offsets are followed, all arrives. */
#include "core/upload.h"

#include <criterion/criterion.h>

#include <string.h>

TestSuite(transfer_send, .fini = close_all);

/* ---- the window ---- */

static void run_window(uint32_t buf_count, size_t len)
{
    flash.options.buf_count = buf_count;
    flash.options.work_ns = 1000000;
    begin(len);
    finish(100000);
    check_all_arrived();
    check_no_overrun();
}

Test(transfer_send, windows_of_one_to_eight_never_overrun_the_device)
{
    uint64_t before = UINT64_MAX;
    for (uint32_t count = 1; count <= 9; count++) {
        note = (struct note){0};
        world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 20000000};
        run_window(count, 100000);
        uint64_t took = flash.chunks[flash.n_chunks - 1].at;
        if (count > 2) {
            cr_assert_lt(took, before, "a window of %u is no faster", count - 1);
        }
        before = took;
        close_all();
    }
}

Test(transfer_send, a_window_of_63)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 50000000};
    session_options.window = 63;
    flash.options.buf_count = 64;
    flash.options.buf_size = 512;
    run_window(64, 200000);
}

Test(transfer_send, goodput_is_near_what_the_link_allows)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 25000000};
    flash.options.buf_count = 8;
    begin(512 * 1024);
    finish(10000);
    check_all_arrived();
    uint64_t chunks = flash.n_chunks;
    uint64_t took = flash.chunks[chunks - 1].at - flash.chunks[0].at;
    cr_assert_leq(took, chunks * 50 / 7 * 115 / 100, "%llu ms for %llu chunks",
                  (unsigned long long)took, (unsigned long long)chunks);
}

Test(transfer_send, without_parameters_the_window_stays_one)
{
    flash.no_params = true;
    flash.options.buf_count = 2;
    flash.options.work_ns = 1000000;
    begin(20000);
    finish(10000);
    check_all_arrived();
    check_no_overrun();
    for (size_t i = 1; i + 1 < flash.n_chunks; i++) {
        cr_assert_eq(flash.chunks[i].packet, 384);
        cr_assert_geq(flash.chunks[i].at, flash.chunks[i - 1].at + 1);
    }
}

Test(transfer_send, requests_get_in_between)
{
    struct note echo = {0};
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 10000000};
    begin(300000);
    world_pass(&world, 200);
    cr_assert_eq(note_echo(&echo, world.session, "still there?"), SMP_OK);
    world_pass(&world, 50);
    cr_assert_eq(echo.calls, 1);
    cr_assert_eq(echo.error, SMP_OK);
    cr_assert_eq(note.calls, 0);
    finish(100000);
    check_all_arrived();
    check_no_overrun();
}

/* ---- offsets that are not as expected ---- */

static bool always_zero(struct flash *f, struct smp_exchange *exchange,
                        const struct smp_img_upload_req *req)
{
    (void)f;
    (void)req;
    flash_answer(exchange, 0);
    return true;
}

Test(transfer_send, an_offset_that_never_leaves_zero)
{
    flash.twist = always_zero;
    begin(50000);
    finish(60000);
    cr_assert_eq(note.error, SMP_ERR_STUCK);
    cr_assert_leq(flash.n_chunks, 100);
}

static bool stuck_at_5000(struct flash *f, struct smp_exchange *exchange,
                          const struct smp_img_upload_req *req)
{
    if (f->active && f->off >= 5000) {
        flash_answer(exchange, f->off);
        return true;
    }
    (void)req;
    return false;
}

Test(transfer_send, an_offset_that_gets_stuck)
{
    flash.twist = stuck_at_5000;
    flash.options.buf_count = 8;
    begin(500000);
    finish(60000);
    cr_assert_eq(note.error, SMP_ERR_STUCK);
    cr_assert_leq(flash.n_chunks, 100, "%zu packets", flash.n_chunks);
    cr_assert_leq(world_now(&world), 31000);
}

static uint64_t jump_to;

static bool jumps(struct flash *f, struct smp_exchange *exchange,
                  const struct smp_img_upload_req *req)
{
    if (f->n_chunks == 5) {
        flash_answer(exchange, jump_to);
        return true;
    }
    (void)req;
    return false;
}

static void check_jump(uint64_t to, int error)
{
    jump_to = to;
    flash.twist = jumps;
    begin(100000);
    finish(60000);
    cr_assert_eq(note.error, error, "%s", smp_error_name(note.error));
}

Test(transfer_send, an_offset_past_the_end)
{
    check_jump(100001, SMP_ERR_OFFSET);
}
Test(transfer_send, an_offset_of_all_ones)
{
    check_jump(UINT64_MAX, SMP_ERR_OFFSET);
}
Test(transfer_send, an_offset_at_the_end_that_was_never_sent)
{
    check_jump(100000, SMP_ERR_OFFSET);
}
Test(transfer_send, an_offset_backwards_is_followed)
{
    check_jump(17, SMP_OK);
    /* the device did not mean it, but says so with its next answers */
    check_all_arrived();
}

static bool first_answer_jumps(struct flash *f, struct smp_exchange *exchange,
                               const struct smp_img_upload_req *req)
{
    (void)req;
    flash_answer(exchange, f->n_chunks == 1 ? jump_to : jump_to + 1);
    return true;
}

Test(transfer_send, a_first_answer_past_the_end)
{
    jump_to = 5001;
    flash.twist = first_answer_jumps;
    begin(5000);
    finish(1000);
    cr_assert_eq(note.error, SMP_ERR_OFFSET);
    cr_assert_eq(flash.n_chunks, 1);
}

static bool rounds_down_to_four(struct flash *f, struct smp_exchange *exchange,
                                const struct smp_img_upload_req *req)
{
    uint64_t end = req->off + req->data.len;
    if (req->off != f->off || req->off == 0 || end == f->len || end % 4 == 0) {
        return false;
    }
    memcpy(f->data + f->off, req->data.data, req->data.len);
    f->off = end - end % 4;
    flash_answer(exchange, f->off);
    return true;
}

Test(transfer_send, a_device_that_asks_for_the_last_bytes_again)
{
    flash.twist = rounds_down_to_four;
    flash.options.buf_count = 2;
    begin(30001);
    finish(1000);
    check_all_arrived();
}

Test(transfer_send, the_window_starts_small)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 50000000};
    flash.options.buf_count = 17;
    begin(300000);
    finish(10000);
    check_all_arrived();
    unsigned in_one_trip[4] = {0};
    for (size_t i = 0; i < flash.n_chunks; i++) {
        size_t trip = (flash.chunks[i].at - flash.chunks[0].at) / 100;
        in_one_trip[trip < 4 ? trip : 3] += trip < 4;
    }
    cr_assert_eq(in_one_trip[0], 1);
    cr_assert_eq(in_one_trip[1], 4);
    cr_assert_eq(in_one_trip[2], 8);
    cr_assert_eq(in_one_trip[3], 16);
}

/* ---- loss ---- */

/* Every seed must end well; at most `timeouts` may give up a first chunk that got lost again and
   again. */
static void upload_over(struct smp_faults faults, uint64_t seeds, size_t len, uint64_t limit_ms,
                        unsigned timeouts)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        faults.size = sizeof(faults);
        faults.seed = seed;
        world.faults = faults;
        note = (struct note){0};
        flash.check = seed % 2;
        flash.options.buf_count = 2 + (uint32_t)(seed % 7);
        flash.options.work_ns = seed % 3 * 500000;
        begin(len);
        finish(limit_ms);
        if (note.error == SMP_ERR_TIMEOUT && timeouts > 0) {
            timeouts--;
            close_all();
            continue;
        }
        cr_assert_eq(note.error, SMP_OK, "seed %llu: %s after %llu ms, %zu chunks",
                     (unsigned long long)seed, smp_error_name(note.error),
                     (unsigned long long)world_now(&world), flash.n_chunks);
        check_all_arrived();
        close_all();
    }
}

Test(transfer_send, five_percent_loss)
{
    upload_over((struct smp_faults){.drop = 50000, .delay_ns = 1000000}, 300, 60000, 60000, 0);
}

Test(transfer_send, twenty_percent_loss)
{
    upload_over((struct smp_faults){.drop = 200000, .delay_ns = 1000000}, 100, 60000, 200000, 3);
}

Test(transfer_send, packets_that_come_twice)
{
    upload_over((struct smp_faults){.duplicate = 50000, .delay_ns = 1000000}, 100, 60000, 20000, 0);
}

Test(transfer_send, reordered)
{
    upload_over((struct smp_faults){.reorder = 200000, .delay_ns = 1000000}, 100, 60000, 60000, 0);
}

Test(transfer_send, everything_at_once)
{
    upload_over((struct smp_faults){.drop = 50000,
                                    .duplicate = 50000,
                                    .reorder = 50000,
                                    .delay_ns = 20000000,
                                    .jitter_ns = 10000000},
                100, 60000, 200000, 0);
}

Test(transfer_send, damaged_packets_end_in_success_or_a_clear_error)
{
    unsigned good = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        world.faults = (struct smp_faults){.size = sizeof(world.faults),
                                           .seed = seed,
                                           .corrupt = 10000,
                                           .truncate = 10000,
                                           .delay_ns = 1000000};
        note = (struct note){0};
        begin(50000);
        finish(300000);
        cr_assert(note.error == SMP_OK || note.error == SMP_ERR_DEVICE ||
                      note.error == SMP_ERR_MALFORMED || note.error == SMP_ERR_OFFSET,
                  "seed %llu: %s", (unsigned long long)seed, smp_error_name(note.error));
        good += note.error == SMP_OK;
        close_all();
    }
    cr_assert_gt(good, 0);
}
