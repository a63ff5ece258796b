/* SPDX-License-Identifier: Apache-2.0 */
/* An update of a board, and what was told of it. */
#ifndef TESTS_UPDATE_UPDATING_H
#define TESTS_UPDATE_UPDATING_H

#include "support/board.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

static struct world world;
static struct board board;
static struct board_file v1, v2;

/* ---- one update, and what was told of it ---- */

static struct {
    smp_id id;
    unsigned calls;
    int error;
    uint16_t group;
    int64_t rc;
    enum smp_update_phase phase;
    enum smp_update_state state;
    bool same;
    char from[32], to[32];
    uint8_t from_hash[32], to_hash[32];
    char text[1024];
    uint64_t ms;
    /* Of the events: "checking uploading ... done", with errors as "waiting!-8". */
    char steps[1024];
    char phases[1024]; /* of the progress */
    unsigned asked;
    bool link_down;
    enum smp_update_decision answer; /* given inside decide; 0: none */
    /* Called once, when a phase begins. */
    enum smp_update_phase at;
    void (*then)(void);
    uint64_t at_byte; /* or within the upload, at so many bytes */
} told;

/* The steps of an update that ends with the new image on trial. */
#define TO_TRIAL "checking uploading testing resetting waiting verifying"

static inline void copy_text(char *to, size_t size, struct smp_str text)
{
    snprintf(to, size, "%.*s", (int)text.len, text.data);
}

static inline void on_done(struct smp_session *session, const struct smp_result *result, void *user)
{
    const struct smp_update_report *report = result->rsp;
    cr_assert_eq(user, &told);
    cr_assert(session == world.session);
    cr_assert_not_null(report, "there is always a report");
    cr_assert_eq(result->message, smp_update_report_message());
    told.calls++;
    told.error = result->error;
    told.group = result->group;
    told.rc = result->rc;
    told.phase = (enum smp_update_phase)report->phase;
    told.state = (enum smp_update_state)report->state;
    told.same = report->same;
    told.ms = report->ms;
    copy_text(told.text, sizeof(told.text), report->text);
    if (report->has_from_version) {
        copy_text(told.from, sizeof(told.from), report->from_version);
    }
    if (report->has_to_version) {
        copy_text(told.to, sizeof(told.to), report->to_version);
    }
    if (report->has_from_hash) {
        cr_assert_eq(report->from_hash.len, 32);
        memcpy(told.from_hash, report->from_hash.data, 32);
    }
    if (report->has_to_hash) {
        cr_assert_eq(report->to_hash.len, 32);
        memcpy(told.to_hash, report->to_hash.data, 32);
    }
}

static inline void add_word(char *to, size_t size, const char *word, int error)
{
    size_t used = strlen(to);
    if (error == SMP_OK) {
        snprintf(to + used, size - used, "%s%s", used > 0 ? " " : "", word);
    } else {
        snprintf(to + used, size - used, "%s%s!%d", used > 0 ? " " : "", word, error);
    }
}

static inline void on_event(struct smp_session *session, const struct smp_update_event *event,
                            void *user)
{
    (void)session;
    cr_assert_eq(user, &told);
    cr_assert_gt(event->report->text.len, 0);
    add_word(told.steps, sizeof(told.steps), smp_update_phase_name(event->phase), event->error);
}

static inline void on_progress(struct smp_session *session,
                               const struct smp_update_progress *progress, void *user)
{
    static enum smp_update_phase last = SMP_UPDATE_DONE;
    (void)session;
    cr_assert_eq(user, &told);
    cr_assert(progress->total == 0 || progress->done <= progress->total + 1000);
    told.link_down = told.link_down || progress->link_down;
    if (progress->phase != last || told.phases[0] == '\0') {
        add_word(told.phases, sizeof(told.phases), smp_update_phase_name(progress->phase), 0);
        last = progress->phase;
    }
    if (told.then != NULL && progress->phase == told.at && progress->done >= told.at_byte) {
        void (*then)(void) = told.then;
        told.then = NULL;
        then();
    }
}

static inline void on_decide(struct smp_session *session, smp_id id,
                             const struct smp_update_report *report, void *user)
{
    cr_assert_eq(user, &told);
    cr_assert_eq(id, told.id);
    cr_assert_eq(report->phase, SMP_UPDATE_DECIDING);
    told.asked++;
    if (told.answer != 0) {
        cr_assert_eq(smp_update_decide(session, id, told.answer), SMP_OK);
    }
}

static struct smp_update_options options;
static struct smp_source source;

static inline void begin(void)
{
    memset(&told.calls, 0, offsetof(__typeof__(told), answer) - offsetof(__typeof__(told), calls));
    options.size = sizeof(options);
    options.progress = on_progress;
    options.event = on_event;
    cr_assert_eq(smp_update_start(world.session, &source, &options, on_done, &told, &told.id),
                 SMP_OK);
    cr_assert_eq(told.calls, 0, "never from inside the call");
}

/* Lets it come to its end, within some time. */
static inline void finish(uint64_t within_ms)
{
    for (uint64_t ms = 0; told.calls == 0 && ms < within_ms; ms += 50) {
        world_pass(&world, 50);
    }
    cr_assert_eq(told.calls, 1, "it has not ended within %d ms: %s", (int)within_ms, told.steps);
    cr_assert_eq(smp_session_cancel(world.session, told.id), SMP_ERR_NOT_FOUND, "it is over");
    world_pass(&world, 10000);
    cr_assert_eq(told.calls, 1);
}

static inline void run(void)
{
    begin();
    finish(600000);
}

static inline void expect(int error, enum smp_update_state state, const char *steps)
{
    cr_expect_eq(told.error, error, "%s: %s", smp_error_name(told.error), told.text);
    cr_expect_eq(told.state, state, "%s: %s", smp_update_state_name(told.state), told.text);
    if (steps != NULL) {
        cr_expect_str_eq(told.steps, steps);
    }
}

static inline void expect_text(const char *part)
{
    cr_expect_not_null(strstr(told.text, part), "\"%s\" lacks \"%s\"", told.text, part);
}

static inline bool runs(const struct board_file *file)
{
    return memcmp(board.slots[0].hash, file->hash, 32) == 0;
}

static inline void setup(void)
{
    const struct smp_session_options session = {.size = sizeof(session)};
    memset(&told, 0, sizeof(told));
    memset(&options, 0, sizeof(options));
    board_make_file(&v1, 1, 0, 4000);
    board_make_file(&v2, 1, 1, 20000);
    smp_source_memory(&source, v2.data, v2.len);
    cr_assert_eq(world_open(&world, &session), SMP_OK);
    board_open(&board, &world, &v1);
}

static inline void teardown(void)
{
    smp_session_free(world.session);
    world.session = NULL;
    board_close(&board);
    world_close(&world);
}

static inline void cancel(void)
{
    cr_expect_eq(smp_session_cancel(world.session, told.id), SMP_OK);
}

#endif
