/* SPDX-License-Identifier: Apache-2.0 */
/* A transfer's packets: filled to the last byte, made without memory of their own. */
#include "core/upload.h"

#include <criterion/criterion.h>

TestSuite(transfer_chunk, .fini = close_all);

Test(transfer_chunk, packets_are_filled_to_the_last_byte)
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

Test(transfer_chunk, small_buffers_are_filled_too)
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

Test(transfer_chunk, every_size_around_the_heads_of_byte_strings_is_filled)
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

Test(transfer_chunk, one_byte)
{
    begin(1);
    finish(100);
    check_all_arrived();
    cr_assert_eq(flash.n_chunks, 1);
}

Test(transfer_chunk, the_options_limit_chunk_and_window)
{
    upload_options.transfer.chunk = 100;
    upload_options.transfer.window = 2;
    begin(10000);
    finish(10000);
    check_all_arrived();
    cr_assert_eq(flash.n_chunks, 100);
    cr_assert_eq(flash.chunks[50].len, 100);
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

Test(transfer_chunk, memory_is_not_allocated_between_chunks)
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

Test(transfer_chunk, an_answer_without_an_offset_is_malformed)
{
    flash.twist = no_offset;
    begin(100000);
    finish(100);
    cr_assert_eq(note.error, SMP_ERR_MALFORMED);
    cr_assert_str_eq(note.key, "off");
}

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

Test(transfer_chunk, falls_back_to_v1)
{
    session_options.no_params = true;
    flash.twist = wants_v1;
    begin(20000);
    finish(1000);
    check_all_arrived();
}
