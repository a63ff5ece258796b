/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of a bad link.
 *
 * Each direction has its own chance, seeded from the one seed, and draws the same
 * count of numbers for each packet: what happens to the tenth packet one way
 * depends neither on the other way nor on which faults are switched on.
 */
#include "base/random.h"
#include "transports/faulty.h"

/* How long a packet that should come after the next one waits for that next one. */
#define LATEST (20 * SMPI_MS)

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
    return smpi_random_next(&link->random) % 1000000 < per_million;
}

static struct fate draw(struct smpi_link *link)
{
    const struct smp_faults *faults = &link->faulty->faults;
    struct fate fate;
    fate.drop = happens(link, faults->drop);
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

static uint64_t due_time(struct smpi_link *link, const struct fate *fate)
{
    const struct smp_faults *faults = &link->faulty->faults;
    uint64_t range = faults->jitter_ns;
    uint64_t jitter = range == UINT64_MAX ? fate->jitter : fate->jitter % (range + 1);
    uint64_t due = add_time(add_time(link->faulty->loop->now, faults->delay_ns), jitter);
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

/* To the next in line.  Only the way out can fail. */
static int hand_over(struct smpi_link *link, const struct smp_peer *peer, const uint8_t *packet,
                     size_t len)
{
    struct smpi_faulty *faulty = link->faulty;
    if (link->outward) {
        return smpi_transport_send(faulty->inner, peer, packet, len);
    }
    smp_transport_received(faulty->outer, peer, packet, len);
    return SMP_OK;
}

static void release_late(struct smpi_link *link, uint64_t due)
{
    struct smpi_queued *late = link->late;
    if (late != NULL) {
        link->late = NULL;
        late->due = due;
        smpi_queue_add(&link->queue, late);
    }
}

void smpi_link_flush(struct smpi_link *link)
{
    struct smp_loop *loop = link->faulty->loop;
    struct smpi_queued *next = smpi_queue_first(&link->queue);
    if (link->flushing) {
        return;
    }
    link->flushing = true;
    while (next != NULL && next->due <= loop->now && !loop->wait.done && !link->blocked) {
        if (hand_over(link, &next->peer, next->packet, next->len) == SMP_ERR_AGAIN) {
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
    if (link->late != NULL && link->late->due <= link->faulty->loop->now) {
        release_late(link, link->late->due);
    }
    smpi_link_flush(link);
}

static void enqueue(struct smpi_link *link, struct smpi_queued *queued, const struct fate *fate)
{
    queued->due = due_time(link, fate);
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
    const struct smp_faults *faults = &link->faulty->faults;
    return faults->delay_ns != 0 || faults->jitter_ns != 0 || fate->reorder || fate->corrupt ||
           fate->truncate || link->late != NULL || smpi_queue_first(&link->queue) != NULL;
}

static bool vanishes(const struct smpi_faulty *faulty, const struct fate *fate, size_t len)
{
    const struct smp_faults *faults = &faulty->faults;
    return fate->drop || (faults->drop_above != 0 && len > faults->drop_above) ||
           (faults->silent_after != 0 && faulty->packets > faults->silent_after);
}

static int pass_copy(struct smpi_link *link, const struct smp_peer *peer, const uint8_t *packet,
                     size_t len, const struct fate *fate)
{
    struct smpi_queued *queued = smpi_queue_copy(&link->queue, peer, packet, len);
    if (queued == NULL) {
        smpi_log(link->faulty->loop, SMP_LOG_WARN, "packet of %zu bytes lost: no buffer free", len);
        return SMP_OK;
    }
    damage(queued, fate);
    enqueue(link, queued, fate);
    smpi_link_flush(link);
    return SMP_OK;
}

int smpi_link_pass(struct smpi_link *link, const struct smp_peer *peer, const uint8_t *packet,
                   size_t len)
{
    struct smpi_faulty *faulty = link->faulty;
    const struct fate fate = draw(link);
    faulty->packets++;
    if (vanishes(faulty, &fate, len)) {
        return SMP_OK;
    }
    if (needs_copy(link, &fate)) {
        return pass_copy(link, peer, packet, len, &fate);
    }
    int error = hand_over(link, peer, packet, len);
    if (error == SMP_ERR_AGAIN) {
        link->blocked = true; /* its fate is decided: it waits here */
        return pass_copy(link, peer, packet, len, &fate);
    }
    if (error == SMP_OK && fate.duplicate) {
        (void)hand_over(link, peer, packet, len);
    }
    return error;
}

/* ---- making and freeing ---- */

int smpi_link_make(struct smpi_link *link, struct smpi_faulty *faulty, bool outward)
{
    link->faulty = faulty;
    link->outward = outward;
    smpi_queue_init(&link->queue, faulty->loop);
    return smpi_timer_make(faulty->loop, &link->timer, on_timer);
}

void smpi_link_unmake(struct smpi_link *link)
{
    smpi_timer_unmake(link->faulty->loop, &link->timer);
    release_late(link, 0);
    smpi_queue_clear(&link->queue);
}
