/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that are late, fail, or do things in between. */
#include "core/upload.h"

#include <criterion/criterion.h>

#include <string.h>

TestSuite(source, .fini = close_all);

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

Test(source, a_source_that_says_not_yet)
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

Test(source, a_source_that_never_comes)
{
    odd = (struct odd_source){.act_at = 5, .code = SMP_ERR_AGAIN};
    begin_odd(50000);
    finish(40000);
    cr_assert_eq(note.error, SMP_ERR_STALLED);
}

Test(source, a_source_that_fails)
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

Test(source, a_source_may_free_the_session)
{
    source_acts(free_session, SMP_OK, SMP_ERR_CLOSED);
}
Test(source, a_source_may_cancel)
{
    source_acts(cancel, SMP_OK, SMP_ERR_CANCELLED);
}
Test(source, a_source_may_go_on_at_once)
{
    source_acts(go_on, SMP_ERR_AGAIN, SMP_OK);
}
Test(source, a_source_cannot_call_the_device)
{
    source_acts(try_to_call, SMP_OK, SMP_OK);
}

Test(source, bad_arguments_are_told)
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
