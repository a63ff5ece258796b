/* SPDX-License-Identifier: Apache-2.0 */
/* Going on where the device stands. */
#include "core/upload.h"

#include <criterion/criterion.h>

TestSuite(transfer_ask, .fini = close_all);

Test(transfer_ask, an_interrupted_upload_is_taken_up)
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

Test(transfer_ask, what_is_there_already_is_not_sent_again)
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

Test(transfer_ask, a_device_that_forgets_is_served_from_the_start)
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

Test(transfer_ask, a_device_that_always_forgets_is_given_up)
{
    amnesia = 1000000;
    flash.twist = forgets_at_20000;
    begin(500000);
    finish(200000);
    cr_assert_eq(note.error, SMP_ERR_STUCK);
    cr_assert_leq(flash.n_chunks, 500);
}
