/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads to devices good and bad: all arrives, or an error says why, and soon. */
#include "core/transport.h"
#include "support/flash.h"
#include "support/note.h"

#include <criterion/criterion.h>

#include <string.h>

static struct world world;
static struct flash flash;
static struct note note;
static struct smp_session_options session_options;
static struct smp_img_upload_options upload_options;
static struct smp_source source;
static uint8_t image[FLASH_SIZE];

static void make_image(size_t len)
{
    uint32_t random = 12345;
    for (size_t i = 0; i < len; i++) {
        random = random * 1664525 + 1013904223;
        image[i] = (uint8_t)(random >> 24);
    }
    smp_source_memory(&source, image, len);
}

static bool is_open;

static void open_all(void)
{
    is_open = true;
    session_options.size = sizeof(session_options);
    upload_options.size = sizeof(upload_options);
    cr_assert_eq(world_open(&world, &session_options), SMP_OK);
    cr_assert_eq(flash_open(&flash, &world), SMP_OK);
}

static void close_all(void)
{
    if (is_open) {
        flash_close(&flash);
        world_close(&world);
    }
    is_open = false;
}

/* Begins an upload of `len` bytes. */
static void begin(size_t len)
{
    make_image(len);
    open_all();
    cr_assert_eq(
        smp_img_upload(world.session, &source, &upload_options, note_result, &note, &note.id),
        SMP_OK);
    cr_assert_eq(note.calls, 0);
}

/* Lets it run to its end, which must come within `limit_ms`. */
static void finish(uint64_t limit_ms)
{
    while (note.calls == 0 && world_now(&world) < limit_ms) {
        world_pass(&world, 10);
    }
    cr_assert_eq(note.calls, 1, "no end after %llu ms", (unsigned long long)limit_ms);
}

static void check_all_arrived(void)
{
    cr_assert_eq(note.error, SMP_OK, "%s", smp_error_name(note.error));
    cr_assert(flash.done);
    cr_assert_eq(flash.len, source.length);
    cr_assert_eq(memcmp(flash.data, image, source.length), 0);
}

static void check_no_overrun(void)
{
    cr_assert_eq(flash.overrun, 0, "%u requests found no buffer", flash.overrun);
    cr_assert_eq(flash.starved, 0, "%u requests found no buffer for their answer", flash.starved);
}

TestSuite(transfer, .fini = close_all);

/* ---- the good way ---- */

Test(transfer, packets_are_filled_to_the_last_byte)
{
    begin(100000);
    finish(1000);
    check_all_arrived();
    check_no_overrun();
    cr_assert_eq(flash.chunks[0].off, 0);
    cr_assert(flash.chunks[0].has_sha);
    cr_assert_leq(flash.chunks[0].packet, 1472, "small enough for any link");
    for (size_t i = 1; i + 1 < flash.n_chunks; i++) {
        cr_assert_eq(flash.chunks[i].packet, 2048, "chunk %zu", i);
        cr_assert_not(flash.chunks[i].has_sha);
    }
}

Test(transfer, small_buffers_are_filled_too)
{
    flash.options.buf_size = 96; /* the widths of `off` and of the data's head change in between */
    upload_options.has_sha = true;
    begin(70000);
    finish(10000);
    check_all_arrived();
    for (size_t i = 1; i + 1 < flash.n_chunks; i++) {
        cr_assert_eq(flash.chunks[i].packet, 96, "chunk %zu", i);
    }
}

Test(transfer, every_size_around_the_heads_of_byte_strings_is_filled)
{
    /* 23/24, 255/256 bytes of data: where CBOR's head grows, a byte may be left over. */
    for (uint32_t size = 80; size < 330; size++) {
        flash.options.buf_size = size;
        note = (struct note){0};
        begin(3000);
        finish(1000);
        check_all_arrived();
        for (size_t i = 1; i + 1 < flash.n_chunks; i++) {
            cr_assert_leq(flash.chunks[i].packet, size);
            size_t data = flash.chunks[i].len;
            size_t spare = data == 23 || data == 255 ? 1 : 0;
            cr_assert_geq(flash.chunks[i].packet + spare, size, "size %u, chunk %zu", size, i);
        }
        close_all();
    }
}

Test(transfer, one_byte)
{
    begin(1);
    finish(100);
    check_all_arrived();
    cr_assert_eq(flash.n_chunks, 1);
}

static void run_window(uint32_t buf_count, size_t len)
{
    flash.options.buf_count = buf_count;
    flash.options.work_ns = 1000000;
    begin(len);
    finish(100000);
    check_all_arrived();
    check_no_overrun();
}

Test(transfer, windows_of_one_to_eight_never_overrun_the_device)
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

Test(transfer, a_window_of_63)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 50000000};
    session_options.window = 63;
    flash.options.buf_count = 64;
    flash.options.buf_size = 512;
    run_window(64, 200000);
}

Test(transfer, goodput_is_near_what_the_link_allows)
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

Test(transfer, without_parameters_the_window_stays_one)
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

Test(transfer, the_options_limit_chunk_and_window)
{
    upload_options.transfer.chunk = 100;
    upload_options.transfer.window = 2;
    begin(10000);
    finish(10000);
    check_all_arrived();
    cr_assert_eq(flash.n_chunks, 100);
    cr_assert_eq(flash.chunks[50].len, 100);
}

Test(transfer, parameters_are_asked_for_once)
{
    begin(5000);
    finish(1000);
    check_all_arrived();
    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_session_get_stats(world.session, &stats);
    cr_assert_eq(stats.sent, flash.n_chunks + 1);
    cr_assert_eq(stats.answered, flash.n_chunks + 1);
    cr_assert_eq(stats.repeated + stats.lost + stats.strange + stats.late, 0);
}

static uint64_t count_at_second_chunk;

static bool count_allocations(struct flash *f, struct smp_exchange *exchange,
                              const struct smp_img_upload_req *req)
{
    (void)exchange;
    (void)req;
    if (f->n_chunks == 2) {
        count_at_second_chunk = world.heap.count;
    }
    return false;
}

Test(transfer, memory_is_not_allocated_between_chunks)
{
    flash.twist = count_allocations;
    flash.options.buf_count = 8;
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 1000000};
    begin(300000);
    finish(10000);
    check_all_arrived();
    cr_assert_gt(count_at_second_chunk, 0);
    cr_assert_eq(world.heap.count, count_at_second_chunk);
}

Test(transfer, requests_get_in_between)
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

/* ---- resuming, and what the device has already ---- */

Test(transfer, an_interrupted_upload_is_taken_up)
{
    begin(50000);
    while (flash.off < 20000) {
        cr_assert_geq(smp_loop_process(world.loop), 0);
    }
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
    const uint64_t had = flash.off;
    const size_t before = flash.n_chunks;
    note = (struct note){0};
    smp_img_upload(world.session, &source, &upload_options, note_result, &note, &note.id);
    finish(20000);
    check_all_arrived();
    cr_assert_eq(flash.chunks[before].off, 0, "the first chunk asks where to go on");
    cr_assert_geq(flash.chunks[before + 1].off, had);
}

Test(transfer, what_is_there_already_is_not_sent_again)
{
    flash.check = true;
    begin(50000);
    finish(1000);
    check_all_arrived();
    const size_t before = flash.n_chunks;
    note = (struct note){0};
    smp_img_upload(world.session, &source, &upload_options, note_result, &note, &note.id);
    finish(2000);
    check_all_arrived();
    cr_assert_eq(flash.n_chunks, before + 1);
}

static bool wrong_match(struct flash *f, struct smp_exchange *exchange,
                        const struct smp_img_upload_req *req)
{
    const struct smp_img_upload_rsp rsp = {
        .size = sizeof(rsp), .has_off = true, .off = f->len, .has_match = true, .match = false};
    if (req->off + req->data.len < f->len || f->len == 0) {
        return false;
    }
    smp_exchange_reply(exchange, &rsp);
    return true;
}

static enum smp_phase last_phase;
static unsigned reports;
static uint64_t last_done;

static void on_progress(struct smp_session *session, const struct smp_progress *progress,
                        void *user)
{
    cr_assert_eq(session, world.session);
    cr_assert_eq(user, &note);
    cr_assert_eq(progress->total, source.length);
    cr_assert_eq(progress->size, sizeof(*progress));
    cr_assert_geq(progress->done, last_done);
    cr_assert(reports > 0 || progress->phase == SMP_PHASE_STARTING);
    last_phase = progress->phase;
    last_done = progress->done;
    reports++;
}

Test(transfer, a_hash_that_does_not_match_is_an_error)
{
    flash.twist = wrong_match;
    upload_options.transfer.progress = on_progress;
    begin(20000);
    finish(1000);
    cr_assert_eq(note.error, SMP_ERR_CORRUPT);
    cr_assert_neq(last_phase, SMP_PHASE_DONE);
}

Test(transfer, progress_is_reported)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 1000000};
    upload_options.transfer.progress = on_progress;
    begin(20000);
    cr_assert_eq(reports, 0, "never from inside the call");
    finish(1000);
    check_all_arrived();
    cr_assert_eq(last_phase, SMP_PHASE_DONE);
    cr_assert_eq(last_done, 20000);
    cr_assert_geq(reports, flash.n_chunks);
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

Test(transfer, an_offset_that_never_leaves_zero)
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

Test(transfer, an_offset_that_gets_stuck)
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

Test(transfer, an_offset_past_the_end)
{
    check_jump(100001, SMP_ERR_OFFSET);
}
Test(transfer, an_offset_of_all_ones)
{
    check_jump(UINT64_MAX, SMP_ERR_OFFSET);
}
Test(transfer, an_offset_at_the_end_that_was_never_sent)
{
    check_jump(100000, SMP_ERR_OFFSET);
}
Test(transfer, an_offset_backwards_is_followed)
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

Test(transfer, a_first_answer_past_the_end)
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

Test(transfer, a_device_that_asks_for_the_last_bytes_again)
{
    flash.twist = rounds_down_to_four;
    flash.options.buf_count = 2;
    begin(30001);
    finish(1000);
    check_all_arrived();
}

static unsigned amnesia; /* how often the device still forgets */

static bool forgets_at_20000(struct flash *f, struct smp_exchange *exchange,
                             const struct smp_img_upload_req *req)
{
    if (amnesia > 0 && f->active && f->off > 20000) {
        amnesia--;
        f->active = false;
        f->off = 0;
        flash_answer(exchange, 0);
        return true;
    }
    (void)req;
    return false;
}

Test(transfer, a_device_that_forgets_is_served_from_the_start)
{
    amnesia = 1;
    flash.twist = forgets_at_20000;
    begin(50000);
    finish(5000);
    check_all_arrived();
    size_t firsts = 0;
    for (size_t i = 0; i < flash.n_chunks; i++) {
        firsts += flash.chunks[i].has_sha;
    }
    cr_assert_eq(firsts, 2, "the first chunk again, with all its keys");
}

Test(transfer, a_device_that_always_forgets_is_given_up)
{
    amnesia = 1000000;
    flash.twist = forgets_at_20000;
    begin(500000);
    finish(200000);
    cr_assert_eq(note.error, SMP_ERR_STUCK);
    cr_assert_leq(flash.n_chunks, 500);
}

/* ---- answers that are not as expected ---- */

static uint16_t refuse_with;
static bool globally;

static bool refuses_later(struct flash *f, struct smp_exchange *exchange,
                          const struct smp_img_upload_req *req)
{
    if (req->off < 10000) {
        return false;
    }
    (void)f;
    if (globally) {
        smp_exchange_refuse(exchange, refuse_with, NULL);
    } else {
        smp_exchange_fail(exchange, refuse_with, NULL);
    }
    return true;
}

static void check_refusal(uint16_t rc, bool global)
{
    refuse_with = rc;
    globally = global;
    flash.twist = refuses_later;
    begin(100000);
    finish(30000);
    cr_assert_eq(note.error, SMP_ERR_DEVICE);
    cr_assert_eq(note.rc, rc);
    cr_assert_eq(note.from_group, !global);
    cr_assert_eq(note.group, global ? 0 : 1);
    cr_assert_leq(flash.n_chunks, 80);
}

Test(transfer, an_error_in_the_middle_is_reported_exactly)
{
    check_refusal(12, false);
}
Test(transfer, a_global_error_in_the_middle_is_reported_exactly)
{
    check_refusal(SMP_RC_BUSY, true);
}
Test(transfer, a_device_always_out_of_memory_is_reported_exactly)
{
    check_refusal(SMP_RC_NO_MEMORY, true);
}
Test(transfer, a_device_that_always_finds_them_corrupt_is_reported_exactly)
{
    check_refusal(SMP_RC_CORRUPT, true);
}

static bool refuses_first(struct flash *f, struct smp_exchange *exchange,
                          const struct smp_img_upload_req *req)
{
    (void)f;
    (void)req;
    smp_exchange_fail(exchange, SMP_IMG_RC_NO_FREE_SLOT, NULL);
    return true;
}

Test(transfer, a_refused_first_chunk_ends_it_at_once)
{
    flash.twist = refuses_first;
    begin(100000);
    finish(100);
    cr_assert_eq(note.error, SMP_ERR_DEVICE);
    cr_assert_eq(note.rc, 9);
    cr_assert_eq(flash.n_chunks, 1);
}

static bool no_offset(struct flash *f, struct smp_exchange *exchange,
                      const struct smp_img_upload_req *req)
{
    if (f->n_chunks < 4) {
        return false;
    }
    (void)req;
    smp_exchange_reply(exchange, NULL);
    return true;
}

Test(transfer, an_answer_without_an_offset_is_malformed)
{
    flash.twist = no_offset;
    begin(100000);
    finish(100);
    cr_assert_eq(note.error, SMP_ERR_MALFORMED);
    cr_assert_str_eq(note.key, "off");
}

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

Test(transfer, a_first_chunk_never_answered)
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

Test(transfer, a_device_that_vanishes)
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

Test(transfer, answers_only_from_the_past)
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

Test(transfer, one_old_answer_is_no_reason)
{
    static uint64_t from = 0;
    flash.user = &from;
    flash.twist = silent_after_a_copy;
    begin(100000);
    finish(31000);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
}

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

Test(transfer, a_pause_of_the_device_does_not_make_packets_smaller_for_good)
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

Test(transfer, probes_do_not_overrun_a_line_whose_device_is_busy_for_long)
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

Test(transfer, probes_do_not_overrun_more_than_two_buffers_anywhere)
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

Test(transfer, copies_of_the_first_chunk_do_not_crowd_out_the_next)
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

Test(transfer, a_slow_erase_is_waited_for)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 5000000};
    flash.twist = erases_for_ten_seconds;
    begin(100000);
    finish(20000);
    check_all_arrived();
    cr_assert_geq(world_now(&world), 10000);
}

/* ---- sizes that do not get through ---- */

Test(transfer, large_packets_that_vanish)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .drop_above = 1500};
    begin(100000);
    finish(20000);
    check_all_arrived();
    cr_assert_leq(flash.chunks[flash.n_chunks - 2].packet, 1472);
    cr_assert_leq(world_now(&world), 5000);
}

Test(transfer, packets_above_600_bytes_that_vanish)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .drop_above = 600};
    begin(50000);
    finish(60000);
    check_all_arrived();
    cr_assert_eq(flash.chunks[flash.n_chunks - 2].packet, 512);
}

/* Two of three long packets lose a line. */
static bool noisy_for_long_ones(struct flash *f, struct smp_exchange *exchange,
                                const struct smp_img_upload_req *req)
{
    static unsigned n;
    (void)req;
    if (f->chunks[f->n_chunks - 1].packet <= 1500 || ++n % 3 == 0) {
        return false;
    }
    struct smp_exchange *later;
    cr_assert_eq(smp_exchange_defer(exchange, &later), SMP_OK);
    smp_exchange_free(later);
    return true;
}

Test(transfer, on_a_noisy_line_packets_become_shorter)
{
    flash.twist = noisy_for_long_ones;
    flash.options.buf_count = 2;
    begin(100000);
    world.near->ops.kind = SMP_TRANSPORT_STREAM;
    finish(60000);
    check_all_arrived();
    cr_assert_eq(flash.chunks[flash.n_chunks - 2].packet, 1472);
}

static bool takes_1500(struct flash *f, struct smp_exchange *exchange,
                       const struct smp_img_upload_req *req)
{
    (void)req;
    if (f->chunks[f->n_chunks - 1].packet <= 1500) {
        return false;
    }
    smp_exchange_refuse(exchange, SMP_RC_CORRUPT, NULL);
    return true;
}

Test(transfer, a_device_that_takes_less_than_it_said)
{
    flash.twist = takes_1500;
    flash.options.buf_count = 8;
    begin(100000);
    finish(5000);
    check_all_arrived();
    cr_assert_eq(flash.chunks[flash.n_chunks - 2].packet, 1472);
    cr_assert_leq(flash.n_chunks, 100);
}

Test(transfer, a_link_that_takes_less_than_the_device)
{
    world.max_packet = 200;
    begin(20000);
    finish(5000);
    check_all_arrived();
    cr_assert_eq(flash.chunks[2].packet, 200);
}

static bool out_of_memory_at_window_7(struct flash *f, struct smp_exchange *exchange,
                                      const struct smp_img_upload_req *req)
{
    unsigned *refusals = f->user;
    (void)req;
    if (f->n_chunks < 4 || *refusals == 0) {
        return false;
    }
    (*refusals)--;
    smp_exchange_refuse(exchange, SMP_RC_NO_MEMORY, NULL);
    return true;
}

static uint32_t smallest_window = UINT32_MAX;

static void note_window(struct smp_session *session, const struct smp_progress *progress,
                        void *user)
{
    (void)session;
    (void)user;
    smallest_window = progress->window < smallest_window ? progress->window : smallest_window;
}

Test(transfer, rc_2_shrinks_the_window)
{
    static unsigned refusals = 1;
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 10000000};
    flash.twist = out_of_memory_at_window_7;
    flash.user = &refusals;
    flash.options.buf_count = 8;
    upload_options.transfer.progress = note_window;
    begin(200000);
    finish(10000);
    check_all_arrived();
    cr_assert_lt(smallest_window, 7);
    cr_assert_gt(smallest_window, 1, "one refusal is one packet less, not all");
}

Test(transfer, a_device_with_fewer_buffers_than_the_caller_said)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 10000000};
    session_options.window = 8;
    session_options.no_params = true;
    session_options.max_packet = 512;
    flash.options.buf_count = 4;
    flash.options.work_ns = 1000000;
    begin(100000);
    finish(60000);
    check_all_arrived();
}

/* As many packets as it has buffers for: then there is none left for an answer. */
static void run_one_too_many(const struct smp_session_learnt *learnt)
{
    note = (struct note){0};
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 10000000};
    session_options.window = 4;
    flash.options.buf_count = 4;
    flash.options.work_ns = 100000000;
    begin(100000);
    if (learnt != NULL) {
        cr_assert_eq(smp_session_set_learnt(world.session, learnt), SMP_OK);
    }
    finish(60000);
    check_all_arrived();
}

Test(transfer, what_was_learnt_of_a_device_is_kept)
{
    struct smp_session_learnt learnt = {.size = sizeof(learnt)};
    run_one_too_many(NULL);
    cr_assert_eq(flash.starved, 1, "once, and never again: %u", flash.starved);
    smp_session_get_learnt(world.session, &learnt);
    cr_assert_eq(learnt.size, sizeof(learnt));
    cr_assert_eq(learnt.buf_size, 2048);
    cr_assert_eq(learnt.buf_count, 4);
    cr_assert_eq(learnt.edge, 3);
    cr_assert_eq(learnt.window, 3);
    cr_assert_eq(smp_session_window(world.session), 3);
    close_all();

    run_one_too_many(&learnt);
    cr_assert_eq(flash.starved, 0, "another session with the same device need not try");
    cr_assert_eq(flash.chunks[2].at, flash.chunks[1].at + 100, "they wait in the device");
    close_all();

    learnt.buf_count = 8; /* it has other firmware now */
    run_one_too_many(&learnt);
    cr_assert_eq(flash.starved, 1);
    cr_assert_eq(smp_session_set_learnt(world.session, NULL), SMP_ERR_INVALID);
    learnt.size = 0;
    cr_assert_eq(smp_session_set_learnt(world.session, &learnt), SMP_ERR_INVALID);
}

Test(transfer, a_learnt_packet_size_is_kept)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .drop_above = 600};
    begin(50000);
    finish(60000);
    struct smp_session_learnt learnt = {.size = sizeof(learnt)};
    smp_session_get_learnt(world.session, &learnt);
    cr_assert_eq(learnt.packet, 512);
    close_all();
    note = (struct note){0};
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .drop_above = 600};
    begin(50000);
    smp_session_set_learnt(world.session, &learnt);
    finish(100);
    check_all_arrived();
}

Test(transfer, the_window_starts_small)
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

/* ---- versions ---- */

static bool wants_v1(struct flash *f, struct smp_exchange *exchange,
                     const struct smp_img_upload_req *req)
{
    (void)f;
    (void)req;
    if (smp_exchange_header(exchange)->version == SMP_PROTOCOL_V1) {
        return false;
    }
    smp_exchange_refuse(exchange, SMP_RC_TOO_NEW, NULL);
    return true;
}

Test(transfer, falls_back_to_v1)
{
    session_options.no_params = true;
    flash.twist = wants_v1;
    begin(20000);
    finish(1000);
    check_all_arrived();
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

Test(transfer, five_percent_loss)
{
    upload_over((struct smp_faults){.drop = 50000, .delay_ns = 1000000}, 300, 60000, 60000, 0);
}

Test(transfer, twenty_percent_loss)
{
    upload_over((struct smp_faults){.drop = 200000, .delay_ns = 1000000}, 100, 60000, 200000, 3);
}

Test(transfer, answers_that_come_twice_cost_nothing)
{
    flash.twist = answers_twice;
    flash.options.buf_count = 8;
    begin(200000);
    finish(1000);
    check_all_arrived();
    check_no_overrun();
    cr_assert_leq(flash.n_chunks, 200000 / 2000 + 2);
}

Test(transfer, packets_that_come_twice)
{
    upload_over((struct smp_faults){.duplicate = 50000, .delay_ns = 1000000}, 100, 60000, 20000, 0);
}

Test(transfer, reordered)
{
    upload_over((struct smp_faults){.reorder = 200000, .delay_ns = 1000000}, 100, 60000, 60000, 0);
}

Test(transfer, everything_at_once)
{
    upload_over((struct smp_faults){.drop = 50000,
                                    .duplicate = 50000,
                                    .reorder = 50000,
                                    .delay_ns = 20000000,
                                    .jitter_ns = 10000000},
                100, 60000, 200000, 0);
}

Test(transfer, damaged_packets_end_in_success_or_a_clear_error)
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

Test(transfer, a_link_that_goes_silent)
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

Test(transfer, answers_that_come_late)
{
    flash.twist = answers_late;
    begin(100000);
    finish(60000);
    check_all_arrived();
}

/* ---- cancelling, pausing, and freeing at any point ---- */

typedef void act(void);

static void cancel(void)
{
    cr_assert_eq(smp_session_cancel(world.session, note.id), SMP_OK);
}

static void free_session(void)
{
    smp_session_free(world.session);
    world.session = NULL;
}

static void free_transport(void)
{
    smp_transport_free(world.near);
    world.near = NULL;
}

static void let_time_pass_and_free_transport(void)
{
    smp_fake_clock_advance(world.clock, UINT64_C(3000000000)); /* timers are due, too */
    free_transport();
}

static void link_down(void)
{
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
}

/* Does it after 0, 1, 2, ... turns. */
static void at_any_point(act *action, int error)
{
    for (unsigned turns = 0; turns < 60; turns++) {
        note = (struct note){0};
        begin(60000);
        for (unsigned i = 0; i < turns && note.calls == 0; i++) {
            cr_assert_geq(smp_loop_process(world.loop), 0);
        }
        bool over = note.calls == 1;
        if (!over) {
            action();
        }
        if (world.session == NULL || world.near == NULL) {
            world_settle(&world);
        } else {
            finish(1000);
        }
        cr_assert_eq(note.calls, 1, "after %u turns", turns);
        /* What had arrived when the link went down counts. */
        bool good = over || (action == link_down && flash.done);
        cr_assert(note.error == error || (good && note.error == SMP_OK), "after %u turns: %s",
                  turns, smp_error_name(note.error));
        world_pass(&world, 100000);
        cr_assert_eq(note.calls, 1);
        close_all();
    }
}

Test(transfer, cancel_at_any_point)
{
    at_any_point(cancel, SMP_ERR_CANCELLED);
}
Test(transfer, free_the_session_at_any_point)
{
    at_any_point(free_session, SMP_ERR_CLOSED);
}
Test(transfer, free_the_transport_at_any_point)
{
    at_any_point(free_transport, SMP_ERR_CLOSED);
}
Test(transfer, free_the_transport_while_timers_are_due)
{
    at_any_point(let_time_pass_and_free_transport, SMP_ERR_CLOSED);
}
Test(transfer, link_down_at_any_point)
{
    at_any_point(link_down, SMP_ERR_CLOSED);
}

static act *in_progress;
static unsigned act_at;

static void act_in_progress(struct smp_session *session, const struct smp_progress *progress,
                            void *user)
{
    (void)session;
    (void)progress;
    (void)user;
    if (++reports == act_at) {
        in_progress();
    }
}

static void progress_at_any_point(act *action, int error)
{
    in_progress = action;
    for (act_at = 1; act_at < 40; act_at++) {
        reports = 0;
        note = (struct note){0};
        upload_options.transfer.progress = act_in_progress;
        begin(60000);
        while (note.calls == 0 && smp_loop_turn(world.loop, -1) >= 0) {
        }
        cr_assert_eq(note.calls, 1);
        cr_assert(note.error == error || (note.error == SMP_OK && reports <= act_at),
                  "at report %u: %s", act_at, smp_error_name(note.error));
        world_pass(&world, 100000);
        cr_assert_eq(note.calls, 1);
        close_all();
    }
}

Test(transfer, the_session_may_be_freed_in_the_progress_callback)
{
    progress_at_any_point(free_session, SMP_ERR_CLOSED);
}
Test(transfer, it_may_be_cancelled_in_the_progress_callback)
{
    progress_at_any_point(cancel, SMP_ERR_CANCELLED);
}
Test(transfer, the_transport_may_be_freed_in_the_progress_callback)
{
    progress_at_any_point(free_transport, SMP_ERR_CLOSED);
}

Test(transfer, pause_and_continue)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 5000000};
    begin(200000);
    world_pass(&world, 100);
    cr_assert_eq(smp_transfer_pause(world.session, note.id), SMP_OK);
    world_pass(&world, 100);
    const size_t before = flash.n_chunks;
    world_pass(&world, 600000);
    cr_assert_eq(flash.n_chunks, before, "nothing is sent");
    cr_assert_eq(note.calls, 0, "and the stall clock stands");
    cr_assert_eq(smp_transfer_continue(world.session, note.id), SMP_OK);
    finish(700000);
    check_all_arrived();
    check_no_overrun();
    cr_assert_eq(flash.chunks[flash.n_chunks - 2].packet, 2048, "silence proved nothing");
    cr_assert_eq(smp_transfer_pause(world.session, note.id), SMP_ERR_NOT_FOUND);
    cr_assert_eq(smp_transfer_continue(world.session, note.id), SMP_ERR_NOT_FOUND);
}

Test(transfer, paused_before_it_began)
{
    begin(20000);
    smp_transfer_pause(world.session, note.id);
    world_pass(&world, 600000);
    cr_assert_eq(flash.n_chunks, 0);
    cr_assert_eq(note.calls, 0);
    smp_transfer_continue(world.session, note.id);
    finish(700000);
    check_all_arrived();
}

Test(transfer, waiting_for_a_paused_one_does_not_hang)
{
    const struct smp_result *result;
    begin(20000);
    smp_transfer_pause(world.session, note.id);
    world_pass(&world, 10);
    cr_assert_eq(smp_wait(world.session, note.id, &result), SMP_ERR_AGAIN);
    smp_transfer_continue(world.session, note.id);
    cr_assert_eq(smp_wait(world.session, note.id, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_OK);
    check_all_arrived();
}

/* ---- sources ---- */

struct odd_source {
    unsigned reads;
    unsigned act_at;
    int code;
    act *action;
};

static int odd_read(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    struct odd_source *odd = user;
    if (++odd->reads == odd->act_at) {
        if (odd->action != NULL) {
            odd->action();
        }
        if (odd->code != SMP_OK) {
            return odd->code;
        }
    }
    memcpy(data, image + offset, len);
    return SMP_OK;
}

static struct odd_source odd;

static void begin_odd(size_t len)
{
    make_image(len);
    open_all();
    source.read = odd_read;
    source.user = &odd;
    upload_options.has_sha = true;
    cr_assert_eq(
        smp_img_upload(world.session, &source, &upload_options, note_result, &note, &note.id),
        SMP_OK);
}

Test(transfer, a_source_that_says_not_yet)
{
    for (unsigned at = 1; at < 30; at++) {
        note = (struct note){0};
        odd = (struct odd_source){.act_at = at, .code = SMP_ERR_AGAIN};
        begin_odd(50000);
        world_pass(&world, 1000);
        cr_assert_eq(note.calls, odd.reads < at);
        cr_assert_eq(smp_transfer_continue(world.session, note.id),
                     note.calls == 0 ? SMP_OK : SMP_ERR_NOT_FOUND);
        finish(10000);
        check_all_arrived();
        close_all();
    }
}

Test(transfer, a_source_that_never_comes)
{
    odd = (struct odd_source){.act_at = 5, .code = SMP_ERR_AGAIN};
    begin_odd(50000);
    finish(40000);
    cr_assert_eq(note.error, SMP_ERR_STALLED);
}

Test(transfer, a_source_that_fails)
{
    for (unsigned at = 1; at < 25; at++) {
        note = (struct note){0};
        odd = (struct odd_source){.act_at = at, .code = -12345};
        begin_odd(50000);
        finish(1000);
        cr_assert_eq(note.error, SMP_ERR_SOURCE);
        close_all();
    }
}

static void source_acts(act *action, int code, int error)
{
    for (unsigned at = 1; at < 25; at++) {
        note = (struct note){0};
        odd = (struct odd_source){.act_at = at, .action = action, .code = code};
        begin_odd(50000);
        while (note.calls == 0 && smp_loop_turn(world.loop, -1) >= 0) {
        }
        cr_assert_eq(note.calls, 1);
        cr_assert_eq(note.error, error, "at read %u: %s", at, smp_error_name(note.error));
        world_pass(&world, 100000);
        close_all();
    }
}

static void go_on(void)
{
    cr_assert_eq(smp_transfer_continue(world.session, note.id), SMP_OK);
}

static void try_to_call(void)
{
    struct note echo = {0};
    cr_assert_eq(note_echo(&echo, world.session, "x"), SMP_ERR_REENTRANT);
    cr_assert_eq(smp_loop_process(world.loop), SMP_ERR_REENTRANT);
}

Test(transfer, a_source_may_free_the_session)
{
    source_acts(free_session, SMP_OK, SMP_ERR_CLOSED);
}
Test(transfer, a_source_may_cancel)
{
    source_acts(cancel, SMP_OK, SMP_ERR_CANCELLED);
}
Test(transfer, a_source_may_go_on_at_once)
{
    source_acts(go_on, SMP_ERR_AGAIN, SMP_OK);
}
Test(transfer, a_source_cannot_call_the_device)
{
    source_acts(try_to_call, SMP_OK, SMP_OK);
}

Test(transfer, bad_arguments_are_told)
{
    begin(10);
    struct smp_source bad = source;
    bad.length = 0;
    cr_assert_eq(smp_img_upload(world.session, &bad, NULL, NULL, NULL, NULL), SMP_ERR_INVALID);
    bad.length = UINT64_C(1) << 32;
    cr_assert_eq(smp_img_upload(world.session, &bad, NULL, NULL, NULL, NULL), SMP_ERR_INVALID);
    bad = source;
    bad.read = NULL;
    cr_assert_eq(smp_img_upload(world.session, &bad, NULL, NULL, NULL, NULL), SMP_ERR_INVALID);
    cr_assert_eq(smp_img_upload(world.session, NULL, NULL, NULL, NULL, NULL), SMP_ERR_INVALID);
    odd = (struct odd_source){.act_at = 1, .code = -1};
    bad.read = odd_read;
    bad.user = &odd;
    cr_assert_eq(smp_img_upload(world.session, &bad, NULL, NULL, NULL, NULL), SMP_ERR_SOURCE,
                 "it is read for its hash");
    cr_assert_eq(smp_transfer_pause(world.session, 999), SMP_ERR_NOT_FOUND);
}
