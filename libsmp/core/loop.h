/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of struct smp_loop.
 *
 * One turn (smp_loop_process): collect ready descriptors, fire due timers, run
 * tasks; then bury what was freed meanwhile.  User code is called between
 * smpi_enter_user() and smpi_leave_user(), so that the loop knows when it is inside.
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

/* Something freed while callbacks were under way, to be released when they are over. */
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
    bool sealed;            /* there is or was a session or server: the registry stands still */
    struct smpi_kept *kept; /* memory of the program's own tables */
    struct smpi_custom_group *custom_groups; /* which of the registry are the program's */
    struct smpi_custom_message *custom_messages;
    const struct smpi_probe *probe;

    smp_log_callback *log;
    void *log_user;
    enum smp_log_level log_level;

    unsigned depth;  /* user callbacks we are inside */
    unsigned held;   /* calls on the stack that need what is freed meanwhile */
    bool turning;    /* inside a turn */
    bool promised;   /* a turn follows at once */
    bool free_later; /* smp_loop_free() came while something was held */
    bool building;   /* a packet stands in `scratch`, and user code may run */
    volatile bool stop;
    size_t users; /* sessions, servers, watches: what smp_loop_run() waits for */

    smp_id last_id;
    uint64_t random; /* state of smpi_random() */

    /* smp_wait(): the request waited for, and its result once there. */
    struct {
        smp_id id;
        bool done;
        struct smp_result result;
    } wait;
};

/* Guards: SMP_OK, or SMP_ERR_FORKED in a child process.  Refreshes the time outside a turn. */
int smpi_loop_enter(struct smp_loop *loop);

/* A turn is under way, or follows at once: nobody has to be woken. */
static inline bool smpi_loop_attended(const struct smp_loop *loop)
{
    return loop->turning || loop->promised;
}

/* True in a child process of the one that made the loop. */
bool smpi_loop_forked(const struct smp_loop *loop);

void *smpi_alloc(struct smp_loop *loop, size_t bytes);
void smpi_free(struct smp_loop *loop, void *memory);

/* What is freed from now on stays readable until the outermost release: callbacks may follow. */
void smpi_loop_hold(struct smp_loop *loop);
/* False: the loop was freed meanwhile and is gone now. */
bool smpi_loop_release(struct smp_loop *loop);

/* Releases memory now, or when nothing is held any more. */
void smpi_bury(struct smp_loop *loop, struct smpi_corpse *corpse,
               void (*bury)(struct smp_loop *loop, void *memory), void *memory);
/* Releases all that waits for it. */
void smpi_bury_all(struct smp_loop *loop);

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

/* SMP_ERR_REENTRANT inside a callback, SMP_ERR_FORKED in a child process. */
int smpi_loop_may_turn(struct smp_loop *loop);
/* Nothing can ever happen again by itself: no task, no timer, nobody to hear from. */
bool smpi_loop_is_dry(const struct smp_loop *loop);
/* One turn that may block until `until`; what smp_loop_process() and friends are made of. */
int smpi_loop_turn(struct smp_loop *loop, uint64_t until);

#endif
