/* SPDX-License-Identifier: Apache-2.0 */
/* An update as seen from outside: it begins, reports, is answered, and ends. */
#include "update/update.h"

#include "codec/table.h"
#include "core/session.h"

#include <string.h>

#define DEFAULT_WAIT_MS 120000u
#define DEFAULT_LINK_MS 30000u
#define DEFAULT_BUSY_MS 10000u
#define DEFAULT_DECIDE_MS 600000u
#define OPTIONS_SIZE_FIRST                                                                         \
    (offsetof(struct smp_update_options, event) + sizeof(smp_update_event_callback *))

/* ---- the report ---- */

static const struct smp_field report_fields[] = {
    SMPI_FIELD(smp_update_report, "phase", phase),
    SMPI_FIELD(smp_update_report, "state", state),
    SMPI_FIELD(smp_update_report, "image", image),
    SMPI_FIELD(smp_update_report, "same", same),
    SMPI_OPT(smp_update_report, "from_version", from_version),
    SMPI_OPT(smp_update_report, "from_hash", from_hash),
    SMPI_OPT(smp_update_report, "to_version", to_version),
    SMPI_OPT(smp_update_report, "to_hash", to_hash),
    SMPI_OPT(smp_update_report, "file_sha", file_sha),
    SMPI_FIELD(smp_update_report, "ms", ms),
    SMPI_FIELD(smp_update_report, "text", text),
};
static const struct smp_message report_message = SMPI_MESSAGE(smp_update_report, report_fields);

const struct smp_message *smp_update_report_message(void)
{
    return &report_message;
}

static struct smp_str str_of(const char *text)
{
    return (struct smp_str){text, strlen(text)};
}

void smpi_update_fill(const struct smpi_update *update, struct smp_update_report *report)
{
    uint64_t ns = update->operation.session->loop->now - update->begun;
    *report = (struct smp_update_report){
        .size = sizeof(*report),
        .phase = (uint32_t)update->phase,
        .state = (uint32_t)update->state,
        .image = update->options.image,
        .same = update->same,
        .has_from_version = update->has_from,
        .from_version = str_of(update->from_version),
        .has_from_hash = update->from_hash_len > 0,
        .from_hash = {update->from_hash, update->from_hash_len},
        .has_to_version = update->checked,
        .to_version = str_of(update->version),
        .has_to_hash = update->checked,
        .to_hash = {update->file.hash, update->file.hash_len},
        .has_file_sha = update->checked,
        .file_sha = {update->sha, sizeof(update->sha)},
        .ms = ns / SMPI_MS,
        .text = str_of(update->text),
    };
}

/* ---- what is told on the way ---- */

bool smpi_update_report(struct smpi_update *update, const struct smp_update_progress *progress)
{
    struct smp_session *session = update->operation.session;
    if (update->options.progress != NULL) {
        smpi_enter_user(session->loop);
        update->options.progress(session, progress, update->user);
        smpi_leave_user(session->loop);
    }
    return !update->over;
}

void smpi_update_enter(struct smpi_update *update, enum smp_update_phase phase)
{
    const struct smp_update_progress progress = {
        .size = sizeof(progress), .phase = phase, .link_down = update->waits_for_link};
    if (!update->over && update->phase != phase) {
        update->phase = phase;
        update->stepped = false;
        update->tries = 0;
        update->refused = false;
        update->busy_due = 0;
        smpi_update_report(update, &progress);
    }
}

static void tell_event(struct smpi_update *update, enum smp_update_phase phase, int error)
{
    struct smp_session *session = update->operation.session;
    struct smp_update_report report;
    const struct smp_update_event event = {
        .size = sizeof(event), .phase = phase, .error = error, .report = &report};
    if (update->options.event != NULL) {
        smpi_update_fill(update, &report);
        smpi_enter_user(session->loop);
        update->options.event(session, &event, update->user);
        smpi_leave_user(session->loop);
    }
}

bool smpi_update_step(struct smpi_update *update, int error)
{
    update->stepped = error == SMP_OK;
    smpi_update_tell(update, error);
    tell_event(update, update->phase, error);
    return !update->over;
}

/* ---- the end ---- */

static void bury(struct smp_loop *loop, void *memory)
{
    struct smpi_update *update = memory;
    if (update->options.key.data != NULL) {
        smpi_free(loop, (void *)(uintptr_t)update->options.key.data);
    }
    smpi_free(loop, update);
}

/* What smp_wait() hands out must outlive the update. */
static const char *keep(struct smp_loop *loop, const void *data, size_t len)
{
    void *copy = smpi_arena_alloc(&loop->arena, len);
    return copy != NULL && len > 0 ? memcpy(copy, data, len) : copy;
}

static const struct smp_update_report *keep_report(struct smp_loop *loop,
                                                   const struct smp_update_report *report)
{
    struct smp_update_report *kept = smpi_arena_alloc(&loop->arena, sizeof(*kept));
    if (kept != NULL) {
        *kept = *report;
        kept->from_version.data = keep(loop, report->from_version.data, report->from_version.len);
        kept->from_hash.data =
            (const uint8_t *)keep(loop, report->from_hash.data, report->from_hash.len);
        kept->to_version.data = keep(loop, report->to_version.data, report->to_version.len);
        kept->to_hash.data = (const uint8_t *)keep(loop, report->to_hash.data, report->to_hash.len);
        kept->file_sha.data =
            (const uint8_t *)keep(loop, report->file_sha.data, report->file_sha.len);
        kept->text.data = keep(loop, report->text.data, report->text.len);
    }
    return kept != NULL && kept->text.data != NULL ? kept : report;
}

/* Ends it for good: nothing of it is under way any more. */
static void complete(struct smpi_update *update)
{
    struct smp_session *session = update->operation.session;
    struct smp_loop *loop = session->loop;
    struct smp_update_report report;
    struct smp_result result = update->failure;
    result.error = update->error;
    update->gone = true;
    smpi_operation_leave(&update->operation);
    smpi_timer_unmake(loop, &update->timer);
    smpi_loop_hold(loop); /* the report stands in the update */
    tell_event(update, SMP_UPDATE_DONE, update->error);
    smpi_update_fill(update, &report);
    if (loop->depth == 0) {
        smpi_arena_reset(&loop->arena);
    }
    result.message = &report_message;
    result.rsp = loop->wait.id == update->operation.id ? keep_report(loop, &report) : &report;
    smpi_bury(loop, &update->corpse, bury, update);
    smpi_session_deliver(session, update->operation.id, update->done, update->user, &result);
    smpi_loop_release(loop);
}

static void end(struct smpi_operation *operation, int error)
{
    struct smpi_update *update = SMPI_OF(operation, struct smpi_update, operation);
    if (!update->over) {
        update->over = true;
        update->error = error;
        smpi_update_tell(update, error);
        tell_event(update, update->phase, error);
    }
    complete(update);
}

static void stop(struct smpi_update *update, int error)
{
    struct smp_session *session = update->operation.session;
    update->over = true;
    update->error = error;
    update->then = NULL;
    smpi_timer_cancel(session->loop, &update->timer);
    smpi_task_schedule(session->loop, &update->operation.task);
}

void smpi_update_finish(struct smpi_update *update)
{
    if (!update->stepped) {
        smpi_update_step(update, SMP_OK);
    }
    smpi_update_enter(update, SMP_UPDATE_DONE);
    if (!update->over) {
        stop(update, SMP_OK);
    }
}

void smpi_update_fail(struct smpi_update *update, int error)
{
    if (smpi_update_step(update, error)) {
        stop(update, error);
    }
}

void smpi_update_fail_by(struct smpi_update *update, const struct smp_result *result)
{
    size_t len =
        result->reason.len < sizeof(update->reason) ? result->reason.len : sizeof(update->reason);
    update->failure = *result;
    if (len > 0) {
        memcpy(update->reason, result->reason.data, len);
    }
    update->failure.reason = (struct smp_str){update->reason, len};
    update->failure.message = NULL;
    update->failure.rsp = NULL;
    update->failure.payload = (struct smp_bytes){NULL, 0};
    smpi_update_fail(update, result->error);
}

/* ---- what the task sees to ---- */

/* Gives up what can be given up; true: nothing is under way, so it may end. */
static bool is_quiet(struct smpi_update *update)
{
    if (update->inner == SMPI_UPDATE_ASKED) {
        smp_session_cancel(update->operation.session, update->inner_id);
    }
    return update->inner == SMPI_UPDATE_NONE;
}

static void run(struct smpi_task *task)
{
    struct smpi_operation *operation = SMPI_OF(task, struct smpi_operation, task);
    struct smpi_update *update = SMPI_OF(operation, struct smpi_update, operation);
    struct smp_loop *loop = operation->session->loop;
    if (loop->wait.done) {
        smpi_task_schedule(loop, task); /* smp_wait() has its answer: the rest has to wait */
        return;
    }
    if (!update->over && operation->cancelled && is_quiet(update)) {
        smpi_update_fail(update, SMP_ERR_CANCELLED);
    }
    if (update->over) {
        if (is_quiet(update)) {
            complete(update);
        }
    } else if (operation->cancelled) {
        return; /* the answer of what is under way comes first */
    } else if (!update->checked) {
        if (smpi_update_check(update)) {
            smpi_update_look(update);
        }
    } else if (update->decision != 0 && !update->acted) {
        update->acted = true;
        smpi_update_decided(update);
    }
}

static void on_timer(struct smpi_timer *timer)
{
    struct smpi_update *update = SMPI_OF(timer, struct smpi_update, timer);
    void (*next)(struct smpi_update *) = update->next;
    update->next = NULL;
    if (!update->over && next != NULL) {
        next(update);
    }
}

/* ---- the calls ---- */

static void default_to(uint32_t *value, uint32_t otherwise)
{
    *value = *value == 0 ? otherwise : *value;
}

static bool own_options(struct smp_update_options *own, const struct smp_update_options *options)
{
    *own = (struct smp_update_options){.size = sizeof(*own)};
    if (options != NULL) {
        memcpy(own, options, options->size < sizeof(*own) ? options->size : sizeof(*own));
    }
    own->size = sizeof(*own);
    own->goal = own->goal == 0 ? SMP_UPDATE_TRIAL : own->goal;
    default_to(&own->wait_ms, DEFAULT_WAIT_MS);
    default_to(&own->link_ms, DEFAULT_LINK_MS);
    default_to(&own->busy_ms, DEFAULT_BUSY_MS);
    default_to(&own->decide_ms, DEFAULT_DECIDE_MS);
    return own->goal == SMP_UPDATE_UPLOADED || own->goal == SMP_UPDATE_MARKED ||
           own->goal == SMP_UPDATE_TRIAL || own->goal == SMP_UPDATE_CONFIRMED;
}

/* Takes a copy of the key, and the timer. */
static int furnish(struct smp_loop *loop, struct smpi_update *update)
{
    struct smp_str *key = &update->options.key;
    char *copy = NULL;
    if (key->len > 0) {
        copy = smpi_alloc(loop, key->len);
        if (copy == NULL) {
            return SMP_ERR_NO_MEMORY;
        }
        memcpy(copy, key->data, key->len);
    }
    key->data = copy;
    int error = smpi_timer_make(loop, &update->timer, on_timer);
    if (error != SMP_OK && copy != NULL) {
        smpi_free(loop, copy);
    }
    return error;
}

int smp_update_start(struct smp_session *session, const struct smp_source *source,
                     const struct smp_update_options *options, smp_callback *done, void *user,
                     smp_id *id)
{
    struct smp_update_options own;
    if (session == NULL || source == NULL || source->read == NULL ||
        (options != NULL && options->size < OPTIONS_SIZE_FIRST) || !own_options(&own, options) ||
        (own.key.len > 0 && own.key.data == NULL)) {
        return SMP_ERR_INVALID;
    }
    int error = session->closing ? SMP_ERR_CLOSED : smpi_session_may_begin(session);
    if (error != SMP_OK) {
        return error;
    }
    if (!smpi_list_empty(&session->operations)) {
        return SMP_ERR_BUSY;
    }
    struct smpi_update *update = smpi_alloc(session->loop, sizeof(*update));
    if (update == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    update->options = own;
    error = furnish(session->loop, update);
    if (error != SMP_OK) {
        smpi_free(session->loop, update);
        return error;
    }
    update->source = *source;
    update->done = done;
    update->user = user;
    update->begun = session->loop->now;
    update->operation.end = end;
    smpi_operation_begin(session, &update->operation, run);
    if (id != NULL) {
        *id = update->operation.id;
    }
    return SMP_OK;
}

int smp_update_decide(struct smp_session *session, smp_id id, enum smp_update_decision decision)
{
    if (session == NULL || decision < SMP_UPDATE_YES || decision > SMP_UPDATE_LEAVE) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_loop_enter(session->loop);
    if (error != SMP_OK) {
        return error;
    }
    /* All operations are updates. */
    struct smpi_operation *operation = smpi_operation_find(session, id);
    if (operation == NULL) {
        return SMP_ERR_NOT_FOUND;
    }
    struct smpi_update *update = SMPI_OF(operation, struct smpi_update, operation);
    if (update->over || update->decision != 0) {
        return SMP_ERR_EXISTS;
    }
    if (!update->asked) {
        return SMP_ERR_AGAIN;
    }
    update->decision = decision;
    smpi_task_schedule(session->loop, &operation->task);
    return SMP_OK;
}
