/* SPDX-License-Identifier: Apache-2.0 */
/* A forked child: it can free what it inherited, and nothing else. */
#include "core/turning.h"

#include <poll.h>
#include <sys/wait.h>

TestSuite(fork, .init = open_world, .fini = close_world);

/* What a child may do with its parent's loop.  Returns the line that is wrong, or 0. */
static int as_child(struct note *note)
{
#define WANT(condition)                                                                            \
    if (!(condition))                                                                              \
    return __LINE__
    const struct smp_result *result;
    struct smp_session *another;
    struct note late = {0};
    WANT(smp_loop_process(world.loop) == SMP_ERR_FORKED);
    WANT(smp_loop_turn(world.loop, 0) == SMP_ERR_FORKED);
    WANT(smp_loop_run(world.loop) == SMP_ERR_FORKED);
    WANT(note_echo(&late, world.session, "child") == SMP_ERR_FORKED);
    WANT(smp_session_request(world.session, 64, 0, SMP_OP_READ, NULL, 0, NULL, NULL, NULL) ==
         SMP_ERR_FORKED);
    WANT(smp_session_cancel(world.session, note->id) == SMP_ERR_FORKED);
    WANT(smp_wait(world.session, note->id, &result) == SMP_ERR_FORKED);
    WANT(smp_session_new(world.near, NULL, &another) == SMP_ERR_FORKED);
    smp_session_free(world.session);
    smp_transport_free(world.near);
    smp_transport_free(world.far);
    smp_loop_free(world.loop);
    WANT(note->calls == 0); /* the parent's request: its answer goes to the parent */
    WANT(world.heap.live == 0);
    return 0;
#undef WANT
}

Test(fork, a_forked_child_can_only_free)
{
    struct note note = {0};
    struct peer peer;
    int status;
    peer_open(&peer, &world);
    note_echo(&note, world.session, "x");
    world_settle(&world);
    pid_t child = fork();
    if (child == 0) {
        peer_close(&peer);
        int line = as_child(&note);
        if (line != 0) {
            fprintf(stderr, "%s:%d: wrong in the child\n", __FILE__, line);
        }
        _exit(line != 0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(note.calls, 1, "the parent goes on");
    cr_assert_eq(note.error, SMP_OK);
    peer_close(&peer);
}

static void fork_here(struct note *n, struct smp_session *session, const struct smp_result *result)
{
    struct note late = {0};
    int status;
    (void)n;
    (void)result;
    pid_t child = fork();
    if (child == 0) {
        bool right = note_echo(&late, session, "child") == SMP_ERR_FORKED &&
                     smp_session_cancel(session, 1) == SMP_ERR_FORKED;
        _exit(right ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_eq(note_echo(&late, session, "parent"), SMP_OK);
    smp_session_free(session); /* ends it before `late` is gone */
    world.session = NULL;
    cr_assert_eq(late.calls, 1);
}

Test(fork, a_child_forked_in_a_callback_cannot_call_either)
{
    struct note note = {.then = fork_here};
    struct peer peer;
    peer_open(&peer, &world);
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    peer_close(&peer);
}

Test(fork, a_forked_child_can_free_a_loop_with_descriptors)
{
    struct smp_loop *loop;
    struct smp_watch *watch;
    int ends[2];
    int status;
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    cr_assert_eq(smp_watch_new(loop, ends[0], SMP_WATCH_READ, on_readable, NULL, &watch), SMP_OK);
    pid_t child = fork();
    if (child == 0) {
        int code = smp_loop_process(loop);
        smp_watch_free(watch);
        smp_loop_free(loop);
        _exit(code == SMP_ERR_FORKED ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert_geq(smp_loop_turn(loop, 5000), 0);
    cr_assert_eq(readable, 1, "the parent still watches");
    smp_watch_free(watch);
    smp_loop_free(loop);
    close(ends[0]);
    close(ends[1]);
}

Test(fork, a_forked_child_does_not_wake_its_parent)
{
    struct smp_loop *loop;
    int status;
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    struct pollfd fd = {.fd = smp_loop_fd(loop), .events = POLLIN};
    pid_t child = fork();
    if (child == 0) {
        smp_loop_wake(loop);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(poll(&fd, 1, 0), 0);
    smp_loop_wake(loop);
    cr_assert_eq(poll(&fd, 1, 0), 1);
    smp_loop_free(loop);
}
