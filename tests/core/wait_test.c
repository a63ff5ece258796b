/* SPDX-License-Identifier: Apache-2.0 */
/* smp_wait(): the result stays valid, and nothing else is lost meanwhile. */
#include "core/dialogue.h"

#include <criterion/criterion.h>

static struct note other, third;

TestSuite(wait, .init = open_world, .fini = close_world);
/* Tests that open their session with options of their own. */
TestSuite(wait_options, .fini = close_world);

static int wait_for(struct note *n, const struct smp_result **result)
{
    return smp_wait(world.session, n->id, result);
}

Test(wait, wait_returns_the_result_which_stays_valid)
{
    const struct smp_result *result;
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    cr_assert_eq(wait_for(&note, &result), SMP_OK);
    cr_assert_eq(note.calls, 1, "the callback came too");
    cr_assert_eq(result->error, SMP_OK);
    const struct smp_os_echo_rsp *rsp = result->rsp;
    cr_assert_eq(rsp->text.len, 2);
    cr_assert_arr_eq(rsp->text.data, "ok", 2);
    cr_assert_eq(result->payload.len, 6);
    cr_assert_arr_eq(result->payload.data, "\xa1\x61\x72\x62ok", 6);
}

Test(wait, wait_without_a_callback)
{
    const struct smp_result *result;
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {"x", 1}};
    smp_id id;
    peer.script = peer_ok;
    smp_os_echo(world.session, &req, NULL, NULL, &id);
    cr_assert_eq(smp_wait(world.session, id, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_OK);
    cr_assert_eq(smp_wait(world.session, id, &result), SMP_ERR_NOT_FOUND, "complete before");
}

Test(wait, wait_ends_with_the_timeout)
{
    const struct smp_result *result;
    note_echo(&note, world.session, "x");
    cr_assert_eq(wait_for(&note, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_ERR_TIMEOUT);
    cr_assert_eq(world_now(&world), 7500);
}

Test(wait_options, waiting_for_one_completes_others_and_loses_none)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .window = 3, .no_params = true});
    const struct smp_result *result;
    note_echo(&note, world.session, "a");
    note_echo(&other, world.session, "b");
    note_echo(&third, world.session, "c");
    world_settle(&world);
    for (unsigned i = 0; i < 3; i++) { /* all three in one batch */
        peer_answer(&peer, &peer.packets[i], ECHO_OK);
    }
    cr_assert_eq(wait_for(&other, &result), SMP_OK);
    const struct smp_os_echo_rsp *rsp = result->rsp;
    cr_assert_arr_eq(rsp->text.data, "ok", 2);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(third.calls, 0, "it comes with the next turn");
    world_settle(&world);
    cr_assert_eq(third.calls, 1);
    cr_assert_eq(third.error, SMP_OK);
}

Test(wait, waiting_for_what_is_cancelled)
{
    const struct smp_result *result;
    note_echo(&note, world.session, "x");
    smp_session_cancel(world.session, note.id);
    cr_assert_eq(wait_for(&note, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_ERR_CANCELLED);
}

Test(wait, the_session_may_be_freed_while_somebody_waits)
{
    const struct smp_result *result;
    note.then = free_session;
    note.user = &other;
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "y");
    cr_assert_eq(wait_for(&other, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_ERR_CLOSED);
}

Test(wait, wait_for_nonsense)
{
    const struct smp_result *result;
    cr_assert_eq(smp_wait(world.session, 99, &result), SMP_ERR_NOT_FOUND);
    cr_assert_eq(smp_wait(world.session, 0, &result), SMP_ERR_INVALID);
    cr_assert_eq(smp_wait(NULL, 1, &result), SMP_ERR_INVALID);
    cr_assert_eq(smp_wait(world.session, 1, NULL), SMP_ERR_INVALID);
}
