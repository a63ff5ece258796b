/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that are made, lose their link, are closed and freed: every request completes once. */
#include "core/dialogue.h"

#include <criterion/criterion.h>

static struct note other, third;

TestSuite(session, .init = open_world, .fini = close_world);
/* Tests that open their session with options of their own. */
TestSuite(session_options, .fini = close_world);

/* ---- the link ---- */

static int link_reasons[8];
static unsigned n_links;

static void on_link(struct smp_session *session, int reason, void *user)
{
    cr_assert_eq(session, world.session);
    cr_assert_eq(user, link_reasons);
    link_reasons[n_links++] = reason;
}

static void open_with_link(void)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .link = on_link, .link_user = link_reasons});
}

Test(session_options, link_loss_ends_all_from_the_next_turn)
{
    open_with_link();
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "y");
    smp_transport_down(world.near, SMP_ERR_SYSTEM, 5);
    cr_assert_eq(note.calls + other.calls + n_links, 0, "nothing comes from inside the call");
    cr_assert_eq(note_echo(&third, world.session, "z"), SMP_ERR_CLOSED);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_SYSTEM);
    cr_assert_eq(note.system_error, 5);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_SYSTEM);
    cr_assert_eq(n_links, 1);
    cr_assert_eq(link_reasons[0], SMP_ERR_SYSTEM);
    smp_transport_up(world.near);
    smp_transport_up(world.near);
    world_settle(&world);
    cr_assert_eq(n_links, 2);
    cr_assert_eq(link_reasons[1], SMP_OK);
    cr_assert_eq(note_echo(&third, world.session, "z"), SMP_OK);
    peer.script = peer_ok;
    world_settle(&world);
    world_pass(&world, 5000);
    cr_assert_eq(third.error, SMP_OK);
    cr_assert_eq(third.calls, 1);
}

Test(session_options, a_link_that_comes_back_at_once_has_still_been_down)
{
    open_with_link();
    note_echo(&note, world.session, "x");
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
    smp_transport_up(world.near);
    world_settle(&world);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    cr_assert_eq(n_links, 2);
    cr_assert_eq(link_reasons[0], SMP_ERR_CLOSED);
    cr_assert_eq(link_reasons[1], SMP_OK);
}

Test(session_options, a_transport_may_be_freed_under_a_session)
{
    open_with_link();
    note_echo(&note, world.session, "x");
    smp_transport_free(world.near);
    world.near = NULL;
    cr_assert_eq(note.calls, 0);
    cr_assert_eq(note_echo(&other, world.session, "y"), SMP_ERR_CLOSED);
    cr_assert_eq(smp_session_max_packet(world.session), 0);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    cr_assert_eq(n_links, 1);
    cr_assert_eq(link_reasons[0], SMP_ERR_CLOSED);
    world_pass(&world, 100000);
    cr_assert_eq(note.calls, 1);
}

Test(session, the_other_end_may_be_freed)
{
    note_echo(&note, world.session, "x");
    peer_close(&peer);
    smp_transport_free(world.far);
    world.far = NULL;
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
}

/* ---- freeing ---- */

Test(session, free_completes_all)
{
    note_echo(&note, world.session, "sent");
    note_echo(&other, world.session, "queued");
    smp_session_free(world.session);
    world.session = NULL;
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_CLOSED);
    world_pass(&world, 100000);
    cr_assert_eq(note.calls, 1);
}

Test(session, free_in_a_callback_completes_the_others_there)
{
    note.then = free_session;
    note.user = &other;
    other.user = &third;
    peer.script = peer_ok;
    note_echo(&note, world.session, "a");
    note_echo(&other, world.session, "b");
    note_echo(&third, world.session, "c");
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_CLOSED);
    cr_assert_eq(third.error, SMP_ERR_CLOSED);
}

Test(session, free_in_a_callback_of_link_loss_completes_the_others_there)
{
    note.then = free_session;
    note.user = &other;
    other.user = &third;
    note_echo(&note, world.session, "a");
    note_echo(&other, world.session, "b");
    note_echo(&third, world.session, "c");
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
    world_settle(&world);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(third.calls, 1);
}

Test(session, free_in_a_callback_of_a_timeout)
{
    note.then = free_session;
    note.user = &other;
    note_echo(&note, world.session, "a");
    note_echo(&other, world.session, "b");
    world_pass(&world, 200000);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(other.calls, 1);
}

static struct smp_session *second_session;

static void free_the_other_session(struct note *n, struct smp_session *session,
                                   const struct smp_result *result)
{
    (void)n;
    (void)result;
    cr_assert_neq(session, second_session);
    smp_session_free(second_session);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_CLOSED);
}

Test(session, another_session_may_be_freed_in_a_callback)
{
    struct smp_transport *a;
    struct smp_transport *b;
    cr_assert_eq(smp_loopback_new(world.loop, 0, &a, &b), SMP_OK);
    cr_assert_eq(smp_session_new(a, NULL, &second_session), SMP_OK);
    note.then = free_the_other_session;
    peer.script = peer_ok;
    note_echo(&note, world.session, "a");
    note_echo(&other, second_session, "b");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(other.calls, 1);
    smp_transport_free(a);
    smp_transport_free(b);
}

/* ---- making ---- */

Test(session, bad_arguments_are_told)
{
    struct smp_session *session;
    const struct smp_session_options none = {.size = 0};
    uint8_t byte = 0xa0;
    cr_assert_eq(smp_session_new(world.far, NULL, &session), SMP_ERR_BUSY);
    cr_assert_eq(smp_session_new(NULL, NULL, &session), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_new(world.near, NULL, NULL), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_new(world.near, &none, &session), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_request(world.session, 0, 0, 1, &byte, 1, NULL, NULL, NULL),
                 SMP_ERR_INVALID);
    cr_assert_eq(smp_session_request(world.session, 0, 0, 4, &byte, 1, NULL, NULL, NULL),
                 SMP_ERR_INVALID);
    cr_assert_eq(smp_session_request(world.session, 0, 0, 0, NULL, 1, NULL, NULL, NULL),
                 SMP_ERR_INVALID);
    cr_assert_eq(smp_session_call(world.session, NULL, NULL, NULL, NULL, NULL), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_call(NULL, NULL, NULL, NULL, NULL, NULL), SMP_ERR_INVALID);
    smp_session_free(NULL);
}

Test(session, sessions_that_come_and_go_do_not_grow_the_pool)
{
    struct smp_transport *a;
    struct smp_transport *b;
    cr_assert_eq(smp_loopback_new(world.loop, 384, &a, &b), SMP_OK);
    const size_t live = world.heap.live;
    for (unsigned i = 0; i < 100; i++) {
        struct smp_session *session;
        cr_assert_eq(smp_session_new(a, NULL, &session), SMP_OK);
        cr_assert_eq(smp_session_new(a, NULL, &session), SMP_ERR_BUSY);
        smp_session_free(session);
    }
    cr_assert_leq(world.heap.live, live + 2);
    smp_transport_free(a);
    smp_transport_free(b);
}

/* ---- closing ---- */

static void count_closed(struct smp_session *session, void *user)
{
    unsigned *count = user;
    (void)session;
    (*count)++;
}

Test(session, close_lets_the_begun_end_and_takes_nothing_new)
{
    unsigned closed = 0;
    cr_assert_eq(note_echo(&note, world.session, "first"), SMP_OK);
    cr_assert_eq(note_echo(&other, world.session, "second"), SMP_OK); /* waits in the queue */
    cr_assert_eq(smp_session_close(world.session, count_closed, &closed), SMP_OK);
    cr_assert_eq(smp_session_close(world.session, count_closed, &closed), SMP_ERR_BUSY);
    cr_assert_eq(note_echo(&third, world.session, "third"), SMP_ERR_CLOSED);
    world_settle(&world);
    cr_assert_eq(closed, 0);
    peer.script = peer_ok_without_params;
    world_pass(&world, 10000); /* the first is repeated, and answered */
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(other.error, SMP_OK);
    cr_assert_eq(closed, 1);
    world_pass(&world, 10000);
    cr_assert_eq(closed, 1);
}

static void free_when_closed(struct smp_session *session, void *user)
{
    smp_session_free(session);
    *(struct smp_session **)user = NULL;
}

Test(session, an_idle_session_closes_at_once_and_may_be_freed_there)
{
    cr_assert_eq(smp_session_close(world.session, free_when_closed, &world.session), SMP_OK);
    cr_assert_not_null(world.session, "never from inside the call");
    world_settle(&world);
    cr_assert_null(world.session);
}
