/* SPDX-License-Identifier: Apache-2.0 */
/* Updates: what the library tells in callbacks becomes events, with a copy of the report. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* An update's own part of its request. */
struct update {
    struct request *request;
    struct smp_source source;
    uint8_t *copy;
    struct news *news; /* the newest progress that waits in the queue, or NULL */
};

/* Progress in the queue: of one phase the newest replaces the one before. */
struct news {
    struct event event; /* first */
    struct update *update;
};

void shimi_update_free(struct update *update)
{
    if (!update)
        return;
    free(update->copy);
    free(update);
}

static void release_news(struct event *event)
{
    struct news *news = (struct news *)event;

    if (news->update->news == news)
        news->update->news = NULL;
    free(news);
}

static void on_progress(struct smp_session *session, const struct smp_update_progress *progress,
                        void *user)
{
    const struct request *request = user;
    struct update *update = request->update;
    struct news *news = update->news;

    (void)session;
    if (!news || news->event.event.update.phase != progress->phase) {
        news = calloc(1, sizeof(*news));
        if (!news)
            return; /* the next one tells more */
        news->update = update;
        news->event.event.kind = SHIM_UPDATE;
        news->event.event.handle = request->handle;
        news->event.release = release_news;
        shimi_push(request->shim, &news->event);
        update->news = news;
    }
    struct smp_update_progress *own = &news->event.event.update;
    memcpy(own, progress, progress->size < sizeof(*own) ? progress->size : sizeof(*own));
}

/* An event whose record is a copy of the report. */
static bool push_report(const struct request *request, enum shim_event_kind kind, int error,
                        const struct smp_update_report *report)
{
    uint8_t cbor[SHIM_REPORT_MAX];
    struct smp_bytes payload = {cbor, 0};
    const struct smp_message *message = smp_update_report_message();
    struct event *event = shimi_event_new(kind, request->handle, 0);

    if (!event)
        return false;
    if (smp_message_encode(message, report, cbor, sizeof(cbor), &payload.len) != SMP_OK ||
        shimi_event_fill(event, message, false, payload) != SMP_OK) {
        event->release(event);
        return false;
    }
    event->event.error = error;
    event->event.update.phase = (enum smp_update_phase)report->phase;
    shimi_push(request->shim, event);
    return true;
}

static void on_step(struct smp_session *session, const struct smp_update_event *step, void *user)
{
    (void)session;
    push_report(user, SHIM_STEP, step->error, step->report);
}

/* Who cannot be asked does not confirm. */
static void on_decide(struct smp_session *session, smp_id id,
                      const struct smp_update_report *report, void *user)
{
    if (!push_report(user, SHIM_DECIDE, SMP_OK, report))
        smp_update_decide(session, id, SMP_UPDATE_LEAVE);
}

static struct update *update_new(struct request *request, const uint8_t *data, size_t len,
                                 enum shim_source source)
{
    struct update *update = calloc(1, sizeof(*update));

    if (!update)
        return NULL;
    update->request = request;
    if (source == SHIM_COPY) {
        update->copy = malloc(len);
        if (!update->copy) {
            free(update);
            return NULL;
        }
        data = memcpy(update->copy, data, len);
    }
    update->source.size = sizeof(update->source);
    smp_source_memory(&update->source, data, len);
    return update;
}

static struct smp_update_options own_options(const struct smp_update_options *options, bool ask)
{
    struct smp_update_options own = {.size = sizeof(own)};

    if (options)
        memcpy(&own, options,
               options->size && options->size < sizeof(own) ? options->size : sizeof(own));
    own.size = sizeof(own);
    own.progress = on_progress;
    own.event = on_step;
    own.decide = ask ? on_decide : NULL;
    return own;
}

int64_t shim_update(struct shim *shim, int64_t handle, const uint8_t *data, size_t len,
                    enum shim_source source, const struct smp_update_options *options, bool ask)
{
    const struct smp_update_options own = own_options(options, ask);
    struct session *session;
    int64_t id = shimi_find(shim, handle, OBJECT_SESSION, &session);

    if (id == SMP_OK && session->is_closing)
        id = SMP_ERR_CLOSED;
    if (id == SMP_OK && (!data || len == 0 || source == SHIM_PULL))
        id = SMP_ERR_INVALID;
    if (id != SMP_OK)
        return id;
    struct request *request = shimi_request_new(shim, handle, &id);
    if (!request)
        return id;
    request->update = update_new(request, data, len, source);
    int error = request->update ? smp_update_start(session->session, &request->update->source, &own,
                                                   shimi_done, request, &request->id)
                                : SMP_ERR_NO_MEMORY;
    if (error != SMP_OK) {
        shimi_remove(shim, request->handle);
        shimi_request_free(request);
        return error;
    }
    return id;
}

int shim_update_decide(struct shim *shim, int64_t handle, enum smp_update_decision decision)
{
    struct request *request;
    struct session *session;
    int error = shimi_find(shim, handle, OBJECT_REQUEST, &request);

    if (error == SMP_OK && !request->update)
        return SMP_ERR_INVALID;
    if (error == SMP_OK && request->is_done)
        return SMP_ERR_CLOSED;
    if (error == SMP_OK)
        error = shimi_find(shim, request->session, OBJECT_SESSION, &session);
    return error == SMP_OK ? smp_update_decide(session->session, request->id, decision) : error;
}
