/* SPDX-License-Identifier: Apache-2.0 */
/* Silence, slowness, and old answers: an upload waits as long as it should, no longer. */
#include "core/transport.h"
#include "core/upload.h"

#include <criterion/criterion.h>

TestSuite(transfer_time, .fini = close_all);

/* ---- silence ---- */

static bool silent(struct flash *f, struct smp_exchange *exchange,
                   const struct smp_img_upload_req *req)
{
    const uint64_t *from = f->user;
    struct smp_exchange *later;
    if (req->off < *from) {
        return false;
    }
    cr_assert_eq(smp_exchange_defer(exchange, &later), SMP_OK);
    smp_exchange_free(later);
    return true;
}

Test(transfer_time, a_first_chunk_never_answered)
{
    static uint64_t from = 0;
    flash.twist = silent;
    flash.user = &from;
    upload_options.transfer.first_chunk_ms = 15000;
    begin(100000);
    finish(15010);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_geq(world_now(&world), 15000);
    cr_assert_leq(flash.n_chunks, 10);
}

Test(transfer_time, a_device_that_vanishes)
{
    static uint64_t from = 30000;
    flash.twist = silent;
    flash.user = &from;
    session_options.stall_ms = 12000;
    begin(100000);
    finish(12100);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_geq(world_now(&world), 12000);
    cr_assert_leq(flash.n_chunks, 16 + 14 + 10);
}

/* The same answer once more, by hand. */
static bool answers_twice(struct flash *f, struct smp_exchange *exchange,
                          const struct smp_img_upload_req *req)
{
    uint8_t packet[] = {0x0b, 0, 0, 10, 0, 1, 0, 1, 0xa1, 0x63, 'o', 'f', 'f', 0x1a, 0, 0, 0, 0};
    packet[6] = smp_exchange_header(exchange)->sequence;
    flash_take(f, exchange, req);
    uint64_t off = f->done ? f->len : f->off;
    for (unsigned i = 0; i < 4; i++) {
        packet[14 + i] = (uint8_t)(off >> (24 - 8 * i));
    }
    cr_assert_eq(smpi_transport_send(world.far, NULL, packet, sizeof(packet)), SMP_OK);
    return true;
}

/* Something on the way repeats an old answer instead of passing the new ones. */
static bool answers_from_the_past(struct flash *f, struct smp_exchange *exchange,
                                  const struct smp_img_upload_req *req)
{
    uint8_t packet[] = {0x0b, 0, 0, 10, 0, 1, 0, 1, 0xa1, 0x63, 'o', 'f', 'f', 0x1a, 0, 0, 0x20, 0};
    (void)req;
    if (f->n_chunks <= 20) {
        return false;
    }
    packet[6] = (uint8_t)(smp_exchange_header(exchange)->sequence - 30);
    struct smp_exchange *later;
    cr_assert_eq(smp_exchange_defer(exchange, &later), SMP_OK);
    smp_exchange_free(later);
    cr_assert_eq(smpi_transport_send(world.far, NULL, packet, sizeof(packet)), SMP_OK);
    return true;
}

Test(transfer_time, answers_only_from_the_past)
{
    flash.twist = answers_from_the_past;
    begin(100000);
    finish(31000);
    cr_assert_eq(note.error, SMP_ERR_STALE);
    cr_assert_geq(world_now(&world), 30000);
}

/* A first answer comes twice, and then nothing: that is no answer, not an old one. */
static bool silent_after_a_copy(struct flash *f, struct smp_exchange *exchange,
                                const struct smp_img_upload_req *req)
{
    return f->n_chunks == 1 ? answers_twice(f, exchange, req) : silent(f, exchange, req);
}

Test(transfer_time, one_old_answer_is_no_reason)
{
    static uint64_t from = 0;
    flash.user = &from;
    flash.twist = silent_after_a_copy;
    begin(100000);
    finish(31000);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
}

/* ---- being slow ---- */

static bool slow_once(struct flash *f, struct smp_exchange *exchange,
                      const struct smp_img_upload_req *req)
{
    (void)exchange;
    (void)req;
    if (f->n_chunks == 20) {
        smp_server_stall(f->server, UINT64_C(3000000000));
    }
    return false;
}

Test(transfer_time, a_pause_of_the_device_does_not_make_packets_smaller_for_good)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 2000000};
    flash.twist = slow_once;
    begin(200000);
    finish(30000);
    check_all_arrived();
    cr_assert_eq(flash.chunks[flash.n_chunks - 2].packet, 2048);
    cr_assert_eq(smp_session_max_packet(world.session), 2048);
}

/* Busy for 9 seconds in the middle, so long that it is probed again and again. */
static bool busy_for_long(struct flash *f, struct smp_exchange *exchange,
                          const struct smp_img_upload_req *req)
{
    (void)exchange;
    (void)req;
    if (f->n_chunks == 20) {
        smp_server_stall(f->server, UINT64_C(9000000000));
    }
    return false;
}

Test(transfer_time, probes_do_not_overrun_a_line_whose_device_is_busy_for_long)
{
    for (uint32_t count = 2; count <= 8; count++) {
        world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 5000000};
        flash.twist = busy_for_long;
        flash.options.buf_count = count;
        note = (struct note){0};
        begin(100000);
        world.near->ops.kind =
            SMP_TRANSPORT_STREAM; /* there, more than the buffers hold may crash it */
        finish(60000);
        check_all_arrived();
        cr_assert_eq(flash.overrun, 0, "%u overruns of %u buffers", flash.overrun, count);
        cr_assert_eq(flash.chunks[flash.n_chunks - 2].packet, 2048, "being late is no noise");
        close_all();
    }
}

Test(transfer_time, probes_do_not_overrun_more_than_two_buffers_anywhere)
{
    for (uint32_t count = 3; count <= 8; count++) {
        world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 5000000};
        flash.twist = slow_once;
        flash.options.buf_count = count;
        note = (struct note){0};
        begin(100000);
        finish(60000);
        check_all_arrived();
        cr_assert_eq(flash.overrun, 0, "%u overruns of %u buffers", flash.overrun, count);
        close_all();
    }
}

static bool erases_for_ten_seconds(struct flash *f, struct smp_exchange *exchange,
                                   const struct smp_img_upload_req *req)
{
    (void)exchange;
    (void)req;
    if (f->n_chunks == 1) {
        smp_server_stall(f->server, UINT64_C(10000000000));
        struct smp_exchange *later;
        cr_assert_eq(smp_exchange_defer(exchange, &later), SMP_OK);
        smp_exchange_free(later); /* the answer is lost, and the erase goes on */
        flash_take(f, NULL, req);
        return true;
    }
    return false;
}

static struct smp_exchange *erasing;
static struct smp_timer *erased;

static void on_erased(void *user)
{
    flash_answer(erasing, *(uint64_t *)user);
    smp_timer_free(erased);
}

static bool erases_and_answers(struct flash *f, struct smp_exchange *exchange,
                               const struct smp_img_upload_req *req)
{
    if (f->n_chunks > 1) {
        return false;
    }
    flash_take(f, NULL, req);
    cr_assert_eq(smp_exchange_defer(exchange, &erasing), SMP_OK);
    cr_assert_eq(smp_timer_new(world.loop, on_erased, &f->off, &erased), SMP_OK);
    smp_timer_start(erased, UINT64_C(8000000000));
    smp_server_stall(f->server, UINT64_C(8000000000));
    return true;
}

Test(transfer_time, copies_of_the_first_chunk_do_not_crowd_out_the_next)
{
    for (uint32_t count = 2; count <= 8; count++) {
        world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 50000000};
        flash.twist = erases_and_answers;
        flash.options.work_ns = 100000000; /* the copies take a while, too */
        flash.options.buf_count = count;
        note = (struct note){0};
        begin(60000);
        finish(120000);
        check_all_arrived();
        check_no_overrun();
        close_all();
    }
}

Test(transfer_time, a_slow_erase_is_waited_for)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 5000000};
    flash.twist = erases_for_ten_seconds;
    begin(100000);
    finish(20000);
    check_all_arrived();
    cr_assert_geq(world_now(&world), 10000);
}

Test(transfer_time, answers_that_come_twice_cost_nothing)
{
    flash.twist = answers_twice;
    flash.options.buf_count = 8;
    begin(200000);
    finish(1000);
    check_all_arrived();
    check_no_overrun();
    cr_assert_leq(flash.n_chunks, 200000 / 2000 + 2);
}

Test(transfer_time, a_link_that_goes_silent)
{
    for (uint64_t after = 1; after < 40; after += 3) {
        world.faults = (struct smp_faults){
            .size = sizeof(world.faults), .silent_after = after, .delay_ns = 1000000};
        note = (struct note){0};
        begin(500000);
        finish(200000);
        cr_assert(note.error == SMP_ERR_TIMEOUT || note.error == SMP_ERR_STALLED);
        close_all();
    }
}

static bool answers_late(struct flash *f, struct smp_exchange *exchange,
                         const struct smp_img_upload_req *req)
{
    (void)exchange;
    (void)req;
    if (f->n_chunks % 10 == 5) {
        smp_server_stall(f->server, UINT64_C(1500000000));
    }
    return false;
}

Test(transfer_time, answers_that_come_late)
{
    flash.twist = answers_late;
    begin(100000);
    finish(60000);
    check_all_arrived();
}
