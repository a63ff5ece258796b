/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that do not get through: an upload finds one that does. */
#include "core/transport.h"
#include "core/upload.h"

#include <criterion/criterion.h>

TestSuite(packet_size, .fini = close_all);

Test(packet_size, large_packets_that_vanish)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .drop_above = 1500};
    begin(100000);
    finish(20000);
    check_all_arrived();
    cr_assert_leq(flash.chunks[flash.n_chunks - 2].packet, 1472);
    cr_assert_leq(world_now(&world), 5000);
}

Test(packet_size, packets_above_600_bytes_that_vanish)
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

Test(packet_size, on_a_noisy_line_packets_become_shorter)
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

Test(packet_size, a_device_that_takes_less_than_it_said)
{
    flash.twist = takes_1500;
    flash.options.buf_count = 8;
    begin(100000);
    finish(5000);
    check_all_arrived();
    cr_assert_eq(flash.chunks[flash.n_chunks - 2].packet, 1472);
    cr_assert_leq(flash.n_chunks, 100);
}

Test(packet_size, a_link_that_takes_less_than_the_device)
{
    world.max_packet = 200;
    begin(20000);
    finish(5000);
    check_all_arrived();
    cr_assert_eq(flash.chunks[2].packet, 200);
}
