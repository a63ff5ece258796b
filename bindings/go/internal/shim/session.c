/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static void on_link(struct smp_session *smp, int reason, void *user)
{
    const struct session *session = user;
    struct event *event = shimi_event_new(SHIM_LINK, session->handle, 0);

    (void)smp;
    if (!event)
        return;
    event->event.error = reason;
    shimi_push(session->shim, event);
}

int64_t shim_session_new(struct shim *shim, int64_t transport,
                         const struct smp_session_options *options)
{
    struct smp_session_options own = {.size = sizeof(own)};
    void *found;
    int64_t handle = shimi_find(shim, transport, OBJECT_TRANSPORT, &found);
    if (handle != SMP_OK)
        return handle;
    if (options)
        memcpy(&own, options,
               options->size && options->size < sizeof(own) ? options->size : sizeof(own));
    struct session *session = calloc(1, sizeof(*session));
    handle = session ? shimi_add(shim, OBJECT_SESSION, session) : SMP_ERR_NO_MEMORY;
    if (handle < 0) {
        free(session);
        return handle;
    }
    session->shim = shim;
    session->handle = handle;
    own.size = sizeof(own);
    own.link = on_link;
    own.link_user = session;
    int error = smp_session_new(shimi_transport_of(found), &own, &session->session);
    if (error != SMP_OK) {
        shimi_remove(shim, handle);
        free(session);
        return error;
    }
    return handle;
}

void shimi_session_free(struct session *session)
{
    smp_session_free(session->session);
    shimi_starve(session, SMP_ERR_CLOSED);
    shimi_remove(session->shim, session->handle);
    free(session);
}

static void on_closed(struct smp_session *smp, void *user)
{
    struct session *session = user;
    struct event *event = shimi_event_new(SHIM_DRAINED, session->handle, 0);

    (void)smp;
    if (event)
        shimi_push(session->shim, event);
}

/* What waits in the shim was begun too: the session closes when the last of it was sent. */
void shimi_session_drain(struct session *session)
{
    if (session->is_closing && !session->waiting && !session->was_told) {
        session->was_told = true;
        smp_session_close(session->session, on_closed, session);
    }
}

int shim_session_close(struct shim *shim, int64_t handle)
{
    struct session *session;
    int error = shimi_find(shim, handle, OBJECT_SESSION, &session);

    if (error != SMP_OK || session->is_closing)
        return error != SMP_OK ? error : SMP_ERR_BUSY;
    session->is_closing = true;
    shimi_session_drain(session);
    return SMP_OK;
}

int shim_session_stats(struct shim *shim, int64_t handle, struct smp_session_stats *stats)
{
    struct session *session;
    int error = shimi_find(shim, handle, OBJECT_SESSION, &session);

    if (error != SMP_OK || !stats)
        return error != SMP_OK ? error : SMP_ERR_INVALID;
    stats->size = sizeof(*stats);
    smp_session_get_stats(session->session, stats);
    return SMP_OK;
}

int shim_session_window(struct shim *shim, int64_t handle)
{
    struct session *session;
    int error = shimi_find(shim, handle, OBJECT_SESSION, &session);

    return error == SMP_OK ? (int)smp_session_window(session->session) : error;
}

int shim_session_max_packet(struct shim *shim, int64_t handle)
{
    struct session *session;
    int error = shimi_find(shim, handle, OBJECT_SESSION, &session);

    return error == SMP_OK ? (int)smp_session_max_packet(session->session) : error;
}
