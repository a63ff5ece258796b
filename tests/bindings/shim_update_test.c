/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

/* What the events of one update said. */
static struct {
    int64_t handle;
    int steps, asked, reopens, ended, error;
    unsigned phases; /* a bit for each that was told of */
    uint32_t state;
    bool same;
    char text[800];
} told;

static uint8_t file[100000];
static size_t file_len;

/* The new image's hash stands in both slots of a device that runs it already. */
static struct smp_mcuboot_image parsed = {.size = sizeof(parsed)};

static void load(void)
{
    FILE *f = fopen("tests/data/app-1.1.0.signed.bin", "rb");

    cr_assert_not_null(f);
    file_len = fread(file, 1, sizeof(file), f);
    fclose(f);
    cr_assert_eq(shim_image_read(file, file_len, true, &parsed, NULL), SMP_OK);
    memset(&told, 0, sizeof(told));
}

static void answer_state(struct world *w, int64_t exchange)
{
    const struct smp_img_image slot = {.size = sizeof(slot),
                                       .version = {"1.1.0", 5},
                                       .has_hash = true,
                                       .hash = {parsed.hash, parsed.hash_len},
                                       .has_active = true,
                                       .active = true,
                                       .has_confirmed = true,
                                       .confirmed = true};
    const struct smp_img_image *slots[] = {&slot};
    const struct smp_img_state_rsp rsp = {.size = sizeof(rsp), .images = slots, .n_images = 1};

    cr_assert_eq(shim_reply_struct(w->shim, exchange, &rsp), SMP_OK);
}

static void note(const struct shim_event *event)
{
    const struct smp_update_report *report = event->record;

    cr_assert_not_null(report);
    cr_assert_str_eq(smp_message_name(event->message), "smp_update_report");
    cr_assert_lt(report->text.len, sizeof(told.text));
    memcpy(told.text, report->text.data, report->text.len);
    told.text[report->text.len] = '\0';
    told.state = report->state;
    told.same = report->same;
}

static void look(struct world *w, const struct shim_event *event)
{
    bool is_ours = event->handle == told.handle;

    if (event->kind == SHIM_UPDATE && is_ours) {
        told.phases |= 1u << event->update.phase;
    } else if (event->kind == SHIM_STEP && is_ours) {
        told.steps++;
        note(event);
    } else if (event->kind == SHIM_DECIDE && is_ours) {
        told.asked++;
    } else if (event->kind == SHIM_REOPEN) {
        told.reopens++;
    } else if (event->kind == SHIM_DONE && is_ours) {
        told.ended++;
        told.error = event->error;
        note(event);
        cr_assert_gt(shim_event_flat(w->shim).len, 0, "the report for those who know no structs");
    } else if (event->kind == SHIM_REQUEST && event->header.group == SMP_GROUP_IMG &&
               event->header.id == 0 && !w->hold) {
        answer_state(w, event->exchange);
    } else {
        take(w, event);
    }
}

static void go(struct world *w, int turns)
{
    for (int i = 0; i < turns && !told.ended; i++) {
        for (const struct shim_event *event; (event = shim_next(w->shim)) != NULL;)
            look(w, event);
        if (!told.ended)
            cr_assert_geq(shim_turn(w->shim, 1000), 0);
    }
}

static void start(struct world *w, enum shim_source source, bool ask)
{
    const struct smp_update_options options = {.goal = SMP_UPDATE_CONFIRMED};

    told.handle = shim_update(w->shim, w->session, file, file_len, source, &options, ask);
    cr_assert_gt(told.handle, 0);
}

Test(shim_update, tells_steps_progress_and_the_report)
{
    struct world *w = world();

    load();
    start(w, SHIM_COPY, false);
    memset(file, 0, sizeof(file)); /* it was copied */
    go(w, 1000);
    cr_assert_eq(told.error, SMP_OK, "%s", told.text);
    cr_assert_eq(told.state, SMP_UPDATE_CONFIRMED);
    cr_assert(told.same);
    cr_assert_gt(told.steps, 0);
    cr_assert(told.phases & 1u << SMP_UPDATE_CHECKING);
    cr_assert_eq(shim_update_decide(w->shim, told.handle, SMP_UPDATE_YES), SMP_ERR_CLOSED);
    shim_free(w->shim);
}

Test(shim_update, a_failure_has_a_report_too)
{
    struct world *w = world();

    load();
    file[0] ^= 1;
    start(w, SHIM_BORROW, false);
    go(w, 1000);
    cr_assert_eq(told.error, SMP_ERR_NOT_IMAGE);
    cr_assert_eq(told.state, SMP_UPDATE_UNTOUCHED);
    cr_assert_gt(strlen(told.text), 0);
    shim_free(w->shim);
}

Test(shim_update, wrong_arguments)
{
    struct world *w = world();

    load();
    const uint8_t *data = file;
    cr_assert_eq(shim_update(w->shim, w->session, NULL, 10, SHIM_COPY, NULL, false),
                 SMP_ERR_INVALID);
    cr_assert_eq(shim_update(w->shim, w->session, data, 0, SHIM_COPY, NULL, false),
                 SMP_ERR_INVALID);
    cr_assert_eq(shim_update(w->shim, w->session, data, 10, SHIM_PULL, NULL, false),
                 SMP_ERR_INVALID);
    cr_assert_lt(shim_update(w->shim, w->server, data, 10, SHIM_COPY, NULL, false), 0);
    int64_t call = echo(w, "x");
    cr_assert_eq(shim_update_decide(w->shim, call, SMP_UPDATE_YES), SMP_ERR_INVALID);
    start(w, SHIM_COPY, true);
    cr_assert_eq(shim_update_decide(w->shim, told.handle, SMP_UPDATE_YES), SMP_ERR_AGAIN);
    cr_assert_eq(shim_transfer_pause(w->shim, told.handle), SMP_ERR_INVALID);
    shim_free(w->shim); /* with the update under way */
}

Test(shim_update, is_cancelled)
{
    struct world *w = world();

    load();
    w->hold = true;
    start(w, SHIM_COPY, false);
    go(w, 5);
    cr_assert_eq(shim_cancel(w->shim, told.handle), SMP_OK);
    go(w, 100);
    cr_assert_eq(told.error, SMP_ERR_CANCELLED);
    shim_free(w->shim);
}

Test(shim_update, asks_a_transport_of_the_language_for_its_link)
{
    struct world *w = world_bare();
    const struct smp_update_options options = {.link_ms = 5000};

    load();
    int64_t transport = shim_transport_new(w->shim, NULL);
    w->session = shim_session_new(w->shim, transport, NULL);
    told.handle = shim_update(w->shim, w->session, file, file_len, SHIM_COPY, &options, false);
    cr_assert_gt(told.handle, 0);
    go(w, 3);
    cr_assert_eq(shim_transport_down(w->shim, transport, SMP_ERR_CLOSED, 0), SMP_OK);
    go(w, 1000);
    cr_assert_gt(told.reopens, 2);
    cr_assert_eq(told.ended, 1);
    cr_assert_neq(told.error, SMP_OK);
    cr_assert_eq(shim_transport_reopen(w->shim, transport), SMP_ERR_UNSUPPORTED);
    shim_free(w->shim);
}
