/* SPDX-License-Identifier: Apache-2.0 */
/* Mynewt's log: typed calls to a server by the same tables.  Bytes: tests/vectors/log.jsonl. */
#include "support/duet.h"

#include <criterion/criterion.h>
#include <string.h>

static struct duet duet;

static void set_up(void)
{
    duet_open(&duet, NULL, false);
}

static void tear_down(void)
{
    duet_close(&duet);
}

TestSuite(log, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_LOG, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

Test(log, show)
{
    static const uint8_t hash[] = {0xde, 0xad};
    static const struct smp_log_entry entry = {
        .size = sizeof(entry),
        .index = 41,
        .has_ts = true,
        .ts = -1,
        .has_module = true,
        .module = 100,
        .has_level = true,
        .level = 3,
        .has_type = true,
        .type = STR("str"),
        .has_imghash = true,
        .imghash = {hash, 2},
        .has_msg = true,
        .msg = {.kind = SMP_KIND_BYTES, .as.bytes = {hash, 1}}};
    static const struct smp_log_entry *const entries[] = {&entry};
    static const struct smp_log one = {.size = sizeof(one),
                                       .name = STR("reboot"),
                                       .has_type = true,
                                       .type = 2,
                                       .n_entries = 1,
                                       .entries = entries};
    static const struct smp_log *const logs[] = {&one};
    const struct smp_log_show_rsp rsp = {
        .size = sizeof(rsp), .has_next_index = true, .next_index = 42, .n_logs = 1, .logs = logs};
    const struct smp_log_show_req req = {.size = sizeof(req),
                                         .has_log_name = true,
                                         .log_name = STR("x"),
                                         .has_ts = true,
                                         .ts = -1,
                                         .has_index = true,
                                         .index = 7};

    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_log_show(duet.session, &req, WITH), SMP_OK);
    const struct smp_log_show_rsp *got =
        duet_answer(&duet, "a3 686c6f675f6e616d65 6178 627473 20 65696e646578 07");
    cr_assert_eq(got->next_index, 42);
    cr_assert_eq(got->n_logs, 1);
    cr_assert(is(got->logs[0]->name, "reboot"));
    cr_assert_eq(got->logs[0]->type, 2);
    cr_assert_eq(got->logs[0]->n_entries, 1);
    const struct smp_log_entry *first = got->logs[0]->entries[0];
    cr_assert_eq(first->index, 41);
    cr_assert_eq(first->ts, -1);
    cr_assert_eq(first->module, 100);
    cr_assert_eq(first->level, 3);
    cr_assert(is(first->type, "str"));
    cr_assert_eq(first->imghash.len, 2);
    cr_assert_eq(first->msg.kind, SMP_KIND_BYTES);
    cr_assert_eq(first->msg.as.bytes.data[0], 0xde);
}

Test(log, show_all)
{
    const struct smp_log_show_rsp rsp = {.size = sizeof(rsp)};
    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_log_show(duet.session, NULL, WITH), SMP_OK);
    const struct smp_log_show_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_logs, 0);
    cr_assert_not(got->has_next_index);
}

Test(log, clear)
{
    SERVE(1, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_log_clear(duet.session, WITH), SMP_OK);
    duet_answer(&duet, "a0");
}

Test(log, append)
{
    static const struct smp_log_append_field body = {
        .size = sizeof(body),
        .name = STR("body"),
        .value = {.kind = SMP_KIND_STR, .as.str = STR("x")}};
    static const struct smp_log_append_field level = {
        .size = sizeof(level),
        .name = STR("level"),
        .value = {.kind = SMP_KIND_UINT, .as.uint = 2}};
    static const struct smp_log_append_field *const fields[] = {&level, &body};
    const struct smp_log_append_req req = {.size = sizeof(req), .n_fields = 2, .fields = fields};

    SERVE(2, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_log_append(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet, "a2 656c6576656c 02 64626f6479 6178");
}

static const struct smp_log_number os = {.size = sizeof(os), .name = STR("OS"), .number = 1};
static const struct smp_log_number *const numbers[] = {&os};

Test(log, module_list)
{
    const struct smp_log_module_list_rsp rsp = {
        .size = sizeof(rsp), .n_modules = 1, .modules = numbers};
    SERVE(3, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_log_module_list(duet.session, WITH), SMP_OK);
    const struct smp_log_module_list_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_modules, 1);
    cr_assert(is(got->modules[0]->name, "OS"));
    cr_assert_eq(got->modules[0]->number, 1);
}

Test(log, level_list)
{
    const struct smp_log_level_list_rsp rsp = {
        .size = sizeof(rsp), .n_levels = 1, .levels = numbers};
    SERVE(4, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_log_level_list(duet.session, WITH), SMP_OK);
    const struct smp_log_level_list_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_levels, 1);
    cr_assert_eq(got->levels[0]->number, 1);
}

Test(log, list)
{
    static const struct smp_str names[] = {STR("console"), STR("")};
    const struct smp_log_list_rsp rsp = {.size = sizeof(rsp), .n_logs = 2, .logs = names};
    SERVE(5, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_log_list(duet.session, WITH), SMP_OK);
    const struct smp_log_list_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_logs, 2);
    cr_assert(is(got->logs[0], "console"));
}
