/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device made of a recording (recording.h): it answers as the recorded one did.
 *
 * A request is known by its op, group, id and payload; its sequence number and
 * version do not count.  What was answered several times is answered in that
 * order, then by the last answer again and again.  What the recorded device
 * never answered is met with silence, and what it was never asked with rc 8.
 */
#ifndef SMPSIM_REPLAY_H
#define SMPSIM_REPLAY_H

#include <smp/loop.h>
#include <smp/transport.h>

#include <stdbool.h>
#include <stddef.h>

struct sim_replay;

/*
 * Reads a recording; NULL: `error` says why.  `delays`: answers take as long as
 * they did, else none.
 */
struct sim_replay *sim_replay_new(struct smp_loop *loop, const char *path, bool delays, char *error,
                                  size_t size);

/* Is the device on one more transport, which must outlive it.  Returns an error of the library. */
int sim_replay_listen(struct sim_replay *replay, struct smp_transport *transport);

/* What there is in it, for people. */
void sim_replay_describe(const struct sim_replay *replay, char *text, size_t size);

/* NULL is ignored. */
void sim_replay_free(struct sim_replay *replay);

#endif
