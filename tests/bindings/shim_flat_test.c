/* SPDX-License-Identifier: Apache-2.0 */
/* The flat form, and groups whose structs nobody wrote down. */
#include "world.h"

/* ---- the flat form ---- */

Test(shim_flat, what_does_not_fit_the_table_is_refused)
{
    struct world *w = world();
    static const struct {
        const char *why;
        uint8_t data[24];
        size_t len;
    } cases[] = {
        {"nothing", {0}, 0},
        {"no record", {4, 0, 0, 0, 0}, 5},
        {"row 1 of one", {7, 1, 0, 1, 0, 4, 0, 0, 0, 0}, 10},
        {"a number for a text", {7, 1, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0}, 14},
        {"a kind there is not", {7, 1, 0, 0, 0, 99}, 6},
        {"longer than it is", {7, 1, 0, 0, 0, 4, 255, 255, 255, 255, 'x'}, 11},
        {"more after it", {7, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0}, 11},
        {"a list for a text", {7, 1, 0, 0, 0, 8, 0, 0, 0, 0}, 10},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t *exact = malloc(cases[i].len + 1);
        memcpy(exact, cases[i].data, cases[i].len);
        cr_assert_eq(shim_call(w->shim, w->session, 0, ECHO, WRITE, exact, cases[i].len),
                     SMP_ERR_INVALID, "%s", cases[i].why);
        free(exact);
    }
    uint8_t flat[40];
    size_t len = flat_text(flat, "hello");
    for (size_t cut = 0; cut < len; cut++)
        cr_assert_eq(shim_call(w->shim, w->session, 0, ECHO, WRITE, flat, cut), SMP_ERR_INVALID);
    cr_assert_eq(shim_call(w->shim, w->session, 99, 0, READ, NULL, 0), SMP_ERR_NOT_FOUND);
    cr_assert_eq(shim_call(w->shim, w->session, 0, ECHO, SMP_OP_WRITE_RSP, flat, len),
                 SMP_ERR_NOT_FOUND);
    cr_assert_eq(shim_objects(w->shim), 4, "refused requests leave nothing");
    shim_free(w->shim);
}

Test(shim_flat, garbage_in_the_flat_form_does_no_harm)
{
    struct world *w = world();
    unsigned seed = 1;

    for (int i = 0; i < 20000; i++) {
        uint8_t *data = malloc(40);
        for (size_t k = 0; k < 40; k++) {
            seed = seed * 1103515245u + 12345u;
            data[k] = (seed >> 16) % 4 ? (uint8_t)(seed >> 24) % 11 : 0;
        }
        data[0] = 7;
        /* Settings, log and enumeration have every kind there is. */
        static const uint8_t where[][3] = {{3, 0, 2}, {4, 0, 0}, {10, 3, 0}, {8, 0, 2}, {4, 2, 2}};
        const uint8_t *at = where[i % 5];
        int64_t id = shim_call(w->shim, w->session, at[0], at[1], at[2], data, 40);
        if (id > 0)
            shim_cancel(w->shim, id);
        free(data);
        if (i % 100 == 0)
            turn(w);
    }
    shim_free(w->shim);
}

Test(shim_flat, lists_and_maps_go_both_ways)
{
    struct world *w = world();
    const struct shim_event *event;
    /* details_req {groups: [1, 8]}: a list of 16-bit numbers, sent as UINT and as INT */
    const uint8_t request[] = {7, 1, 0, 0, 0, 8, 2, 0, 0, 0, 2, 1, 0, 0,
                               0, 0, 0, 0, 0, 3, 8, 0, 0, 0, 0, 0, 0, 0};
    const uint8_t both[] = {2, 1, 0, 0, 0, 0, 0, 0, 0, 2, 8, 0, 0, 0, 0, 0, 0, 0};
    /* details_rsp {groups: [{group: 1, name: "a"}]} */
    const uint8_t answer[] = {7, 1, 0, 0, 0, 8, 1, 0, 0, 0, 7, 2, 0, 0, 0, 2,
                              1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4, 1, 0, 0, 0, 'a'};
    bool asked = false, answered = false;

    cr_assert_eq(shim_server_handle(w->shim, w->server, SMP_GROUP_ENUM, 3, READ, true), SMP_OK);
    cr_assert_gt(shim_call(w->shim, w->session, SMP_GROUP_ENUM, 3, READ, request, sizeof(request)),
                 0);
    for (int i = 0; i < 10; i++) {
        shim_process(w->shim);
        while ((event = shim_next(w->shim)) != NULL) {
            struct smp_bytes flat = shim_event_flat(w->shim);
            if (event->kind == SHIM_REQUEST) {
                cr_assert_eq(flat.len, 10 + sizeof(both));
                cr_assert_arr_eq(flat.data + 10, both, sizeof(both));
                cr_assert_eq(shim_reply(w->shim, event->exchange, answer, sizeof(answer)), SMP_OK);
                asked = true;
            } else if (event->kind == SHIM_DONE) {
                cr_assert_eq(flat.len, sizeof(answer));
                cr_assert_arr_eq(flat.data, answer, sizeof(answer));
                answered = true;
            }
        }
    }
    cr_assert(asked && answered);
    /* 65536 does not fit 16 bits */
    const uint8_t large[] = {7, 1, 0, 0, 0, 8, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0};
    cr_assert_eq(shim_call(w->shim, w->session, SMP_GROUP_ENUM, 3, READ, large, sizeof(large)),
                 SMP_ERR_INVALID);
    shim_free(w->shim);
}

Test(shim_flat, large_answers_get_the_memory_they_need)
{
    struct world *w = world();
    const struct shim_event *event;
    enum { TASKS = 40 };
    struct smp_os_task tasks[TASKS];
    const struct smp_os_task *list[TASKS];
    bool seen = false;

    for (int i = 0; i < TASKS; i++) {
        tasks[i] = (struct smp_os_task){
            .size = sizeof(tasks[i]),
            .name = {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz" + i / 2, 2}};
        tasks[i].name.len = 1 + (size_t)i % 2;
        list[i] = &tasks[i];
    }
    shim_server_handle(w->shim, w->server, SMP_GROUP_OS, 2, READ, true);
    shim_call(w->shim, w->session, SMP_GROUP_OS, 2, READ, NULL, 0);
    for (int i = 0; i < 10; i++) {
        shim_process(w->shim);
        while ((event = shim_next(w->shim)) != NULL) {
            if (event->kind == SHIM_REQUEST) {
                const struct smp_os_task_stats_rsp rsp = {
                    .size = sizeof(rsp), .n_tasks = TASKS, .tasks = list};
                cr_assert_eq(shim_reply_struct(w->shim, event->exchange, &rsp), SMP_OK);
                continue;
            }
            const struct smp_os_task_stats_rsp *rsp = event->record;
            cr_assert_eq(rsp->n_tasks, TASKS);
            cr_assert_eq(rsp->tasks[TASKS - 1]->name.len, 2);
            seen = true;
        }
    }
    cr_assert(seen);
    shim_free(w->shim);
}

/* ---- groups of one's own ---- */

Test(shim_flat, groups_of_ones_own)
{
    struct world *w = world_bare();
    struct shim *s = w->shim;
    int64_t lamp = shim_message_new(s, "lamp");
    cr_assert_gt(lamp, 0);
    cr_assert_eq(shim_message_add(s, lamp, "level", NULL, SMP_KIND_UINT, 0, 1, true, 0), SMP_OK);
    cr_assert_eq(shim_message_add(s, lamp, "name", "nm", SMP_KIND_STR, 0, 0, true, 0), SMP_OK);
    int64_t group = shim_group_new(s, 100, "home");
    cr_assert_gt(group, 0);
    cr_assert_eq(shim_group_add_command(s, group, "set", 1, WRITE, true, lamp, lamp, NULL), SMP_OK);
    cr_assert_eq(shim_group_add_code(s, group, 2, "BURNT", "the bulb is burnt", "change it", 1),
                 SMP_OK);
    cr_assert_eq(shim_group_add_command(s, lamp, "x", 1, WRITE, true, 0, 0, NULL), SMP_ERR_INVALID);
    w->client_end = shim_open(s, "loopback:x");
    w->server_end = shim_listen(s, "loopback:x");
    w->server = shim_server_new(s, NULL);
    cr_assert_eq(shim_server_handle(s, w->server, 100, 1, WRITE, true), SMP_OK);
    shim_server_listen(s, w->server, w->server_end);
    w->session = shim_session_new(s, w->client_end, NULL);
    cr_assert_eq(shim_group_new(s, 101, "late"), SMP_ERR_BUSY);

    const uint8_t set[] = {7, 2, 0, 0, 0, 2, 200, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4, 1, 0, 0, 0, 'a'};
    cr_assert_gt(shim_call(s, w->session, 100, 1, WRITE, set, sizeof(set)), 0);
    const struct shim_event *event;
    int answers = 0;
    for (int i = 0; i < 20; i++) {
        shim_process(s);
        while ((event = shim_next(s)) != NULL) {
            struct smp_bytes flat = shim_event_flat(s);
            if (event->kind == SHIM_REQUEST && answers == 0) {
                cr_assert_eq(flat.len, sizeof(set));
                cr_assert_eq(number_at(flat.data + 6), 200);
                shim_reply(s, event->exchange, flat.data, flat.len);
            } else if (event->kind == SHIM_REQUEST) {
                shim_fail(s, event->exchange, 2, NULL, 0);
            } else if (event->kind == SHIM_DONE && answers++ == 0) {
                cr_assert_arr_eq(flat.data, set, sizeof(set));
                shim_call(s, w->session, 100, 1, WRITE, NULL, 0);
            } else if (event->kind == SHIM_DONE) {
                cr_assert_str_eq(event->code->hint, "change it");
            }
        }
    }
    cr_assert_eq(answers, 2);
    const uint8_t large[] = {7, 1, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0};
    cr_assert_eq(shim_call(s, w->session, 100, 1, WRITE, large, sizeof(large)), SMP_ERR_INVALID,
                 "256 does not fit one byte");
    shim_free(s);
}
