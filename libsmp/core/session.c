/* SPDX-License-Identifier: Apache-2.0 */
/* Making and freeing sessions, and what happens to them with the link. */
#include "core/session.h"

#include "core/transfer.h"

#include <string.h>

enum {
    DEFAULT_TIMEOUT_MS = 2500,
    DEFAULT_TRIES = 3,
    DEFAULT_GRACE_MS = 4000,
    DEFAULT_DEADLINE_MS = 120000,
    DEFAULT_QUEUE = 64,
    DEFAULT_FIRST_CHUNK_MS = 40000,
    DEFAULT_STALL_MS = 30000,
};

/* Request slots that a session brings to the loop's pool. */
enum { SLOTS = 2 };

/* ---- the link ---- */

bool smpi_session_is_up(const struct smp_session *session)
{
    return session->transport != NULL && session->transport->is_up;
}

void smpi_session_report_link(struct smp_session *session, int reason)
{
    if (session->options.link != NULL) {
        smpi_enter_user(session->loop);
        session->options.link(session, reason, session->options.link_user);
        smpi_leave_user(session->loop);
    }
}

/* Whoever answers now may be another device, or the same one with another firmware: its parameters
   will tell whether what was learnt still holds. */
static void forget_device(struct smp_session *session)
{
    session->params = session->options.no_params ? SMPI_PARAMS_UNKNOWN : SMPI_PARAMS_NONE;
    session->proven = 0;
    session->noise_max = 0;
    session->bad_luck = 0;
    session->v1 = session->options.v1;
    session->blocked = false;
}

void smp_session_renew(struct smp_session *session)
{
    if (session != NULL && session->params != SMPI_PARAMS_ASKING) {
        bool blocked = session->blocked;
        forget_device(session);
        session->blocked = blocked;
    }
}

static void on_writable(void *user, struct smp_transport *transport)
{
    struct smp_session *session = user;
    (void)transport;
    session->blocked = false;
    smpi_session_pump(session);
}

static void on_up(void *user, struct smp_transport *transport)
{
    struct smp_session *session = user;
    (void)transport;
    forget_device(session);
    smpi_session_report_link(session, SMP_OK);
    if (!session->dead) {
        smpi_transfers_link_up(session);
        smpi_session_pump(session);
    }
}

static struct smpi_request *older_than(struct smpi_list *list, uint64_t order)
{
    for (struct smpi_list *n = list->next; n != list; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (request->order < order) {
            return request;
        }
    }
    return NULL;
}

void smpi_session_end_all(struct smp_session *session, int reason, int system_error)
{
    const uint64_t order = session->next_order;
    const smp_id last_id = session->loop->last_id;
    for (;;) {
        struct smpi_request *request = older_than(&session->sent, order);
        request = request != NULL ? request : older_than(&session->queue, order);
        if (request == NULL) {
            break;
        }
        bool ghost = request->state == SMPI_GHOST;
        smpi_session_drop(session, request);
        if (ghost) {
            request->ops->release(request);
        } else {
            request->ops->fail(request, reason, system_error);
        }
    }
    smpi_transfers_end(session, last_id, reason, system_error);
}

static void on_down(void *user, struct smp_transport *transport, int reason, int system_error)
{
    struct smp_session *session = user;
    (void)transport;
    smpi_log(session->loop, SMP_LOG_WARN, "link down: %s", smp_error_text(reason));
    smpi_session_end_all(session, reason, system_error);
    if (!session->dead) {
        smpi_session_report_link(session, reason);
    }
}

static void on_gone(void *user, struct smp_transport *transport)
{
    struct smp_session *session = user;
    (void)transport;
    session->transport = NULL;
    session->lost = true;
    session->system_error = 0;
    smpi_session_break(session, SMP_ERR_CLOSED);
}

const struct smpi_sink smpi_session_sink = {
    .received = smpi_session_received,
    .writable = on_writable,
    .up = on_up,
    .down = on_down,
    .gone = on_gone,
};

/* ---- making and freeing ---- */

static void default_to(uint32_t *value, uint32_t otherwise)
{
    *value = *value == 0 ? otherwise : *value;
}

static void own_options(struct smp_session_options *own, const struct smp_session_options *options)
{
    if (options != NULL) {
        memcpy(own, options, options->size < sizeof(*own) ? options->size : sizeof(*own));
    }
    own->size = sizeof(*own);
    default_to(&own->timeout_ms, DEFAULT_TIMEOUT_MS);
    default_to(&own->tries, DEFAULT_TRIES);
    default_to(&own->grace_ms, DEFAULT_GRACE_MS);
    if (own->deadline_ms == 0) {
        uint64_t all = 2 * (uint64_t)own->timeout_ms * own->tries;
        own->deadline_ms = all < DEFAULT_DEADLINE_MS ? DEFAULT_DEADLINE_MS
                           : all > UINT32_MAX        ? UINT32_MAX
                                                     : (uint32_t)all;
    }
    default_to(&own->queue, DEFAULT_QUEUE);
    default_to(&own->first_chunk_ms, DEFAULT_FIRST_CHUNK_MS);
    default_to(&own->stall_ms, DEFAULT_STALL_MS);
}

/* What a session asks of the loop; undone by give_back(). */
static int borrow(struct smp_session *session)
{
    struct smp_loop *loop = session->loop;
    int error = smpi_timer_make(loop, &session->timer, smpi_session_on_timer);
    if (error != SMP_OK) {
        return error;
    }
    error = smpi_pool_reserve(loop, SMPI_BLOCK_SMALL, SLOTS);
    if (error != SMP_OK) {
        smpi_timer_unmake(loop, &session->timer);
    }
    return error;
}

static void give_back(struct smp_session *session)
{
    smpi_timer_unmake(session->loop, &session->timer);
    smpi_pool_unreserve(session->loop, SMPI_BLOCK_SMALL, SLOTS);
}

int smp_session_new(struct smp_transport *transport, const struct smp_session_options *options,
                    struct smp_session **session)
{
    if (transport == NULL || session == NULL || (options != NULL && options->size == 0)) {
        return SMP_ERR_INVALID;
    }
    struct smp_loop *loop = transport->loop;
    int error = smpi_loop_enter(loop);
    if (error != SMP_OK) {
        return error;
    }
    struct smp_session *made = smpi_alloc(loop, sizeof(*made));
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    made->loop = loop;
    made->transport = transport;
    own_options(&made->options, options);
    smpi_list_init(&made->queue);
    smpi_list_init(&made->sent);
    smpi_list_init(&made->transfers);
    smpi_list_init(&made->operations);
    smpi_task_init(&made->task, smpi_session_on_task);
    made->next_sequence = (uint8_t)smpi_random(loop);
    made->stats.size = sizeof(made->stats);
    smpi_window_init(&made->window);
    forget_device(made);
    error = borrow(made);
    if (error == SMP_OK) {
        error = smpi_transport_attach(transport, &smpi_session_sink, made);
        if (error != SMP_OK) {
            give_back(made);
        }
    }
    if (error != SMP_OK) {
        smpi_free(loop, made);
        return error;
    }
    loop->users++;
    loop->sealed = true;
    *session = made;
    return SMP_OK;
}

void smp_session_free(struct smp_session *session)
{
    if (session == NULL || session->dead) {
        return;
    }
    struct smp_loop *loop = session->loop;
    smpi_loop_hold(loop);
    session->dead = true;
    session->silent = smpi_loop_forked(loop);
    smpi_operations_end(session, SMP_ERR_CLOSED);
    smpi_session_end_all(session, SMP_ERR_CLOSED, 0);
    if (session->transport != NULL) {
        smpi_transport_detach(session->transport);
    }
    smpi_task_cancel(&session->task);
    give_back(session);
    loop->users--;
    smpi_bury(loop, &session->corpse, smpi_free, session);
    smpi_loop_release(loop);
}

/* ---- what one may know about a session ---- */

int smpi_session_may_begin(struct smp_session *session)
{
    int error = smpi_loop_enter(session->loop);
    if (error != SMP_OK) {
        return error;
    }
    if (session->loop->building) { /* in a source or log callback: a packet is half built */
        return SMP_ERR_REENTRANT;
    }
    return session->dead || !smpi_session_is_up(session) ? SMP_ERR_CLOSED : SMP_OK;
}

/* No request waits or is with the device; ghosts are not counted. */
bool smpi_session_is_idle(const struct smp_session *session)
{
    for (struct smpi_list *n = session->sent.next; n != &session->sent; n = n->next) {
        if (SMPI_OF(n, struct smpi_request, node)->state == SMPI_SENT) {
            return false;
        }
    }
    return session->n_queued == 0;
}

struct smp_loop *smp_session_loop(const struct smp_session *session)
{
    return session->loop;
}

uint32_t smp_session_max_packet(const struct smp_session *session)
{
    /* The transport's op wants no const; nothing is changed. */
    return (uint32_t)smpi_session_room((struct smp_session *)(uintptr_t)session);
}

void smp_session_get_stats(const struct smp_session *session, struct smp_session_stats *stats)
{
    size_t size = stats->size < sizeof(*stats) ? stats->size : sizeof(*stats);
    memcpy(stats, &session->stats, size);
    stats->size = size;
}

int smp_session_close(struct smp_session *session, smp_closed_callback *closed, void *user)
{
    if (session == NULL || session->dead) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_loop_enter(session->loop);
    if (error == SMP_OK && session->closing) {
        error = SMP_ERR_BUSY;
    }
    if (error == SMP_OK) {
        session->closing = true;
        session->closed = closed;
        session->closed_user = user;
        smpi_task_schedule(session->loop, &session->task);
    }
    return error;
}
