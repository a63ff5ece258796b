/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of struct smp_loop.
 *
 * One turn (smp_loop_process): collect ready descriptors, fire due timers, run
 * tasks; then bury what was freed meanwhile.  User code is only ever called
 * between SMPI_ENTER and SMPI_LEAVE, so that the loop knows when it is inside.
 */
#ifndef SMPI_CORE_LOOP_H
#define SMPI_CORE_LOOP_H

#include "base/arena.h"
#include "base/list.h"
#include "codec/table.h"
#include "core/platform.h"
#include "core/pool.h"
#include "core/timer.h"

#include <smp/session.h>

#define SMPI_MS 1000000ull

/* Work to do at the next turn.  Linked at most once. */
struct smpi_task {
    struct smpi_list node;
    void (*run)(struct smpi_task *task);
};

/* Something freed inside a turn, to be released when the turn is over. */
struct smpi_corpse {
    struct smpi_corpse *next;
    void (*bury)(struct smp_loop *loop, void *memory);
    void *memory;
};

/* How the parameters of a device are asked for; injected by the OS group. */
struct smpi_probe {
    const struct smp_command *command;
    void (*read)(const void *response, uint32_t *buf_size, uint32_t *buf_count);
};

struct smp_loop {
    struct smp_allocator allocator;
    struct smp_clock clock;
    bool own_clock; /* the caller's clock: no descriptors */
    const struct smpi_platform_ops *ops;
    struct smpi_platform *platform;
    uint64_t process; /* the process that made it */

    uint64_t now;
    struct smpi_timers timers;
    struct smpi_list tasks;
    struct smpi_pool pool;
    struct smpi_arena arena;
    struct smpi_corpse *corpses;
    uint8_t *scratch; /* SMP_PACKET_MAX + 1 bytes: packets being built */

    struct smpi_registry registry;
    const struct smpi_probe *probe;

    smp_log_callback *log;
    void *log_user;
    enum smp_log_level log_level;

    unsigned depth;   /* user callbacks we are inside */
    bool turning;     /* inside a turn */
    bool free_later;  /* smp_loop_free() came during a turn */
    volatile bool stop;
    size_t users;     /* sessions, servers, transports: what smp_loop_run() waits for */

    smp_id last_id;
    uint64_t random;  /* state of smpi_random() */

    /* smp_wait(): the request waited for, and its result once there. */
    struct {
        smp_id id;
        bool done;
        struct smp_result result;
    } wait;
};

/* Guards: SMP_OK, or SMP_ERR_FORKED in a child process.  Refreshes the time outside a turn. */
int smpi_loop_enter(struct smp_loop *loop);

/* True in a child process of the one that made the loop. */
bool smpi_loop_forked(const struct smp_loop *loop);

void *smpi_alloc(struct smp_loop *loop, size_t bytes);
void smpi_free(struct smp_loop *loop, void *memory);

/* Releases memory now, or when the turn ends. */
void smpi_bury(struct smp_loop *loop, struct smpi_corpse *corpse,
               void (*bury)(struct smp_loop *loop, void *memory), void *memory);

void smpi_task_init(struct smpi_task *task, void (*run)(struct smpi_task *task));
/* Runs it at the next turn; harmless when it is waiting already. */
void smpi_task_schedule(struct smp_loop *loop, struct smpi_task *task);
void smpi_task_cancel(struct smpi_task *task);

uint64_t smpi_random(struct smp_loop *loop);

void smpi_log(struct smp_loop *loop, enum smp_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Debug line with the decoded packet: "-> ..." or "<- ...". */
void smpi_log_packet(struct smp_loop *loop, const char *arrow, const uint8_t *packet, size_t len);

/* Makes a loop with the given groups; smp_loop_new() in groups/ calls it with all. */
int smpi_loop_make(const struct smp_loop_options *options, const struct smpi_registry *registry,
                   const struct smpi_probe *probe, struct smp_loop **loop);

static inline void smpi_enter_user(struct smp_loop *loop)
{
    loop->depth++;
}

static inline void smpi_leave_user(struct smp_loop *loop)
{
    loop->depth--;
}

/* One turn that may block until `until`; what smp_loop_process() and friends are made of. */
int smpi_loop_turn(struct smp_loop *loop, uint64_t until);

#endif
