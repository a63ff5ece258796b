/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bad link, and the fate of what passes it.
 *
 * Each direction has its own chance, seeded from the one seed, and draws the same
 * count of numbers for each packet: what happens to the tenth packet one way
 * depends neither on the other way nor on which faults are switched on.
 */
#include "base/random.h"
#include "transports/faulty.h"

#include <string.h>

/* How long a packet that should come after the next one waits for that next one. */
#define LATEST (20 * SMPI_MS)

#define MILLION 1000000u

/* ---- chance ---- */

struct fate {
    bool drop;
    bool duplicate;
    bool reorder;
    bool corrupt;
    bool truncate;
    uint64_t where;  /* which byte is changed, and how */
    uint64_t length; /* what remains of a packet cut short */
    uint64_t jitter;
};

static bool happens(struct smpi_link *link, uint32_t per_million)
{
    return smpi_random_next(&link->random) % MILLION < per_million;
}

/*
 * How often a burst of losses begins, so that `drop` of all packets are lost: with d of n in a
 * row, d / (n - d (n - 1)).
 */
static uint32_t begins_burst(const struct smp_faults *faults)
{
    uint64_t drop = faults->drop < MILLION ? faults->drop : MILLION;
    uint64_t burst = faults->burst;
    return burst <= 1 ? (uint32_t)drop
                      : (uint32_t)(drop * MILLION / (burst * MILLION - drop * (burst - 1)));
}

static bool is_dropped(struct smpi_link *link)
{
    const struct smp_faults *faults = &link->bad->faults;
    bool begins = happens(link, begins_burst(faults)); /* drawn in a burst too */
    if (link->burst_left > 0) {
        link->burst_left--;
        return true;
    }
    link->burst_left = begins && faults->burst > 1 ? faults->burst - 1 : 0;
    return begins;
}

static struct fate draw(struct smpi_link *link)
{
    const struct smp_faults *faults = &link->bad->faults;
    struct fate fate;
    fate.drop = is_dropped(link);
    fate.duplicate = happens(link, faults->duplicate);
    fate.reorder = happens(link, faults->reorder);
    fate.corrupt = happens(link, faults->corrupt);
    fate.truncate = happens(link, faults->truncate);
    fate.where = smpi_random_next(&link->random);
    fate.length = smpi_random_next(&link->random);
    fate.jitter = smpi_random_next(&link->random);
    return fate;
}

static uint64_t add_time(uint64_t time, uint64_t more)
{
    return more < SMPI_NEVER - 1 - time ? time + more : SMPI_NEVER - 1;
}

/* When the last byte has left a line that takes so many a second. */
static uint64_t sent_time(struct smpi_link *link, size_t len)
{
    uint64_t now = link->bad->loop->now;
    uint32_t rate = link->bad->faults.bytes_per_s;
    if (rate == 0) {
        return now;
    }
    link->idle_at =
        add_time(link->idle_at > now ? link->idle_at : now, len * UINT64_C(1000000000) / rate);
    return link->idle_at;
}

static uint64_t due_time(struct smpi_link *link, size_t len, const struct fate *fate)
{
    const struct smp_faults *faults = &link->bad->faults;
    uint64_t range = faults->jitter_ns;
    uint64_t jitter = range == UINT64_MAX ? fate->jitter : fate->jitter % (range + 1);
    uint64_t due = add_time(add_time(sent_time(link, len), faults->delay_ns), jitter);
    return due > link->last_due ? due : link->last_due;
}

static void damage(struct smpi_queued *queued, const struct fate *fate)
{
    if (fate->corrupt && queued->len > 0) {
        queued->packet[fate->where % queued->len] ^= (uint8_t)(1 + (fate->where >> 32) % 255);
    }
    if (fate->truncate && queued->len > 0) {
        queued->len = fate->length % queued->len;
    }
}

/* ---- moving packets on ---- */

static void release_late(struct smpi_link *link, uint64_t due)
{
    struct smpi_queued *late = link->late;
    if (late != NULL) {
        link->late = NULL;
        late->due = due;
        smpi_queue_add(&link->queue, late);
    }
}

static void flush(struct smpi_link *link)
{
    struct smp_loop *loop = link->bad->loop;
    struct smpi_queued *next = smpi_queue_first(&link->queue);
    if (link->flushing) {
        return;
    }
    link->flushing = true;
    while (next != NULL && next->due <= loop->now && !loop->wait.done && !link->blocked) {
        if (link->hand_over(link->bad->user, &next->peer, next->packet, next->len) ==
            SMP_ERR_AGAIN) {
            link->blocked = true;
            break;
        }
        smpi_queue_take(&link->queue);
        next = smpi_queue_first(&link->queue);
    }
    link->flushing = false;
    uint64_t due = link->late != NULL ? link->late->due : SMPI_NEVER;
    if (next != NULL && next->due < due) {
        due = next->due;
    }
    if (due == SMPI_NEVER || link->blocked) {
        smpi_timer_cancel(loop, &link->timer);
    } else {
        smpi_timer_set(loop, &link->timer, due);
    }
}

static void on_timer(struct smpi_timer *timer)
{
    struct smpi_link *link = SMPI_OF(timer, struct smpi_link, timer);
    if (link->late != NULL && link->late->due <= link->bad->loop->now) {
        release_late(link, link->late->due);
    }
    flush(link);
}

static void enqueue(struct smpi_link *link, struct smpi_queued *queued, const struct fate *fate)
{
    queued->due = due_time(link, queued->len, fate);
    if (fate->reorder && link->late == NULL) {
        queued->due = add_time(queued->due, LATEST);
        link->late = queued;
        return;
    }
    link->last_due = queued->due;
    smpi_queue_add(&link->queue, queued);
    if (fate->duplicate) {
        struct smpi_queued *twin =
            smpi_queue_copy(&link->queue, &queued->peer, queued->packet, queued->len);
        if (twin != NULL) {
            twin->due = queued->due;
            smpi_queue_add(&link->queue, twin);
        }
    }
    release_late(link, queued->due);
}

/* True: the packet must be kept or changed, so it takes a copy. */
static bool needs_copy(struct smpi_link *link, const struct fate *fate)
{
    const struct smp_faults *faults = &link->bad->faults;
    return faults->delay_ns != 0 || faults->jitter_ns != 0 || faults->bytes_per_s != 0 ||
           fate->duplicate || fate->reorder || fate->corrupt || fate->truncate ||
           link->late != NULL || smpi_queue_first(&link->queue) != NULL;
}

static bool vanishes(const struct smpi_bad *bad, const struct fate *fate, size_t len)
{
    const struct smp_faults *faults = &bad->faults;
    return fate->drop || (faults->drop_above != 0 && len > faults->drop_above) ||
           (faults->silent_after != 0 && bad->packets > faults->silent_after) ||
           (faults->silent_after_bytes != 0 && bad->bytes > faults->silent_after_bytes);
}

static int pass_copy(struct smpi_link *link, const struct smp_peer *peer, const uint8_t *packet,
                     size_t len, const struct fate *fate)
{
    struct smpi_queued *queued = smpi_queue_copy(&link->queue, peer, packet, len);
    if (queued == NULL) {
        smpi_log(link->bad->loop, SMP_LOG_WARN, "packet of %zu bytes lost: no buffer free", len);
        return SMP_OK;
    }
    damage(queued, fate);
    enqueue(link, queued, fate);
    flush(link);
    return SMP_OK;
}

int smpi_link_pass(struct smpi_link *link, const struct smp_peer *peer, const uint8_t *packet,
                   size_t len)
{
    struct smpi_bad *bad = link->bad;
    const struct fate fate = draw(link);
    bad->packets++;
    bad->bytes += len;
    if (vanishes(bad, &fate, len)) {
        return SMP_OK;
    }
    if (needs_copy(link, &fate)) {
        return pass_copy(link, peer, packet, len, &fate);
    }
    int error = link->hand_over(bad->user, peer, packet, len);
    if (error == SMP_ERR_AGAIN) {
        link->blocked = true; /* its fate is decided: it waits here */
        return pass_copy(link, peer, packet, len, &fate);
    }
    return error;
}

void smpi_link_unblock(struct smpi_link *link)
{
    link->blocked = false;
    flush(link);
}

/* ---- making and freeing ---- */

static int make_link(struct smpi_link *link, struct smpi_bad *bad, smpi_hand_over *hand_over)
{
    link->bad = bad;
    link->hand_over = hand_over;
    smpi_queue_init(&link->queue, bad->loop);
    return smpi_timer_make(bad->loop, &link->timer, on_timer);
}

static void clear_link(struct smpi_link *link)
{
    release_late(link, 0);
    smpi_queue_clear(&link->queue);
    link->blocked = false;
    link->idle_at = 0;
    link->last_due = 0;
    smpi_timer_cancel(link->bad->loop, &link->timer);
}

static void unmake_link(struct smpi_link *link)
{
    clear_link(link);
    smpi_timer_unmake(link->bad->loop, &link->timer);
}

/* What a slow link holds: small pieces as asked for, and some packets of each size that can come. */
static const struct {
    size_t size;
    size_t count;
} room[] = {
    {SMPI_BLOCK_SMALL, 0}, {SMPI_BLOCK_PACKET, 32}, {SMPI_BLOCK_LARGE, 16}, {SMPI_BLOCK_MAX, 4}};

enum { ROOMS = sizeof(room) / sizeof(room[0]) };

static size_t room_count(size_t kind, size_t small)
{
    return kind == 0 ? small : room[kind].count;
}

static void unreserve(struct smpi_bad *bad)
{
    while (bad->reserved > 0) {
        bad->reserved--;
        smpi_pool_unreserve(bad->loop, room[bad->reserved].size,
                            room_count(bad->reserved, bad->small));
    }
}

static int reserve(struct smpi_bad *bad, size_t largest)
{
    for (size_t i = 0; i < ROOMS && (i < 2 || largest > room[i - 1].size); i++) {
        int error = smpi_pool_reserve(bad->loop, room[i].size, room_count(i, bad->small));
        if (error != SMP_OK) {
            unreserve(bad);
            return error;
        }
        bad->reserved = i + 1;
    }
    return SMP_OK;
}

int smpi_bad_make(struct smpi_bad *bad, struct smp_loop *loop, size_t largest, size_t small,
                  smpi_hand_over *out, smpi_hand_over *in, void *user)
{
    *bad = (struct smpi_bad){.loop = loop, .user = user, .small = small};
    int error = reserve(bad, largest + sizeof(struct smpi_queued));
    if (error != SMP_OK) {
        return error;
    }
    error = make_link(&bad->out, bad, out);
    if (error != SMP_OK) {
        unreserve(bad);
        return error;
    }
    error = make_link(&bad->in, bad, in);
    if (error != SMP_OK) {
        unmake_link(&bad->out);
        unreserve(bad);
    }
    return error;
}

void smpi_bad_unmake(struct smpi_bad *bad)
{
    unmake_link(&bad->out);
    unmake_link(&bad->in);
    unreserve(bad);
}

void smpi_bad_set(struct smpi_bad *bad, const struct smp_faults *faults)
{
    memset(&bad->faults, 0, sizeof(bad->faults));
    memcpy(&bad->faults, faults,
           faults->size < sizeof(bad->faults) ? faults->size : sizeof(bad->faults));
    uint64_t seed = bad->faults.seed;
    bad->packets = 0;
    bad->bytes = 0;
    bad->out.random = smpi_random_next(&seed);
    bad->in.random = smpi_random_next(&seed);
    bad->out.burst_left = 0;
    bad->in.burst_left = 0;
}

void smpi_bad_clear(struct smpi_bad *bad)
{
    clear_link(&bad->out);
    clear_link(&bad->in);
}
