/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: typed calls to a server by the same tables.  Bytes: tests/vectors/settings.jsonl. */
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

TestSuite(settings, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_SETTINGS, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

static const uint8_t two[] = {1, 2};

Test(settings, read)
{
    const struct smp_settings_read_rsp rsp = {
        .size = sizeof(rsp),
        .value = {.kind = SMP_KIND_BYTES, .as.bytes = {two, sizeof(two)}},
        .has_max_size = true,
        .max_size = 32};
    const struct smp_settings_read_req req = {
        .size = sizeof(req), .name = STR("peer/a"), .has_max_size = true, .max_size = 1000};

    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_settings_read(duet.session, &req, WITH), SMP_OK);
    const struct smp_settings_read_rsp *got =
        duet_answer(&duet, "a2 646e616d65 66706565722f61 686d61785f73697a65 1903e8");
    cr_assert_eq(got->value.kind, SMP_KIND_BYTES);
    cr_assert_eq(got->value.as.bytes.len, 2);
    cr_assert_arr_eq(got->value.as.bytes.data, two, 2);
    cr_assert_eq(got->max_size, 32);
}

Test(settings, mynewt_s_text)
{
    const struct smp_settings_read_rsp rsp = {.size = sizeof(rsp),
                                              .value = {.kind = SMP_KIND_STR, .as.str = STR("on")}};
    const struct smp_settings_read_req req = {.size = sizeof(req), .name = STR("a")};

    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_settings_read(duet.session, &req, WITH), SMP_OK);
    const struct smp_settings_read_rsp *got = duet_answer(&duet, "a1 646e616d65 6161");
    cr_assert_eq(got->value.kind, SMP_KIND_STR);
    cr_assert(is(got->value.as.str, "on"));
    cr_assert_not(got->has_max_size);
}

Test(settings, write)
{
    const struct smp_settings_write_req req = {
        .size = sizeof(req),
        .name = STR("a"),
        .value = {.kind = SMP_KIND_BYTES, .as.bytes = {two, sizeof(two)}}};

    SERVE(0, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_settings_write(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet, "a2 646e616d65 6161 6376616c 420102");
}

Test(settings, write_and_save_in_one)
{
    const struct smp_settings_write_req req = {.size = sizeof(req),
                                               .name = STR("a"),
                                               .value = {.kind = SMP_KIND_STR, .as.str = STR("on")},
                                               .has_save = true,
                                               .save = true};

    SERVE(0, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_settings_write(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet, "a3 646e616d65 6161 6376616c 626f6e 6473617665 f5");
}

Test(settings, a_value_is_needed)
{
    const struct smp_settings_write_req req = {.size = sizeof(req), .name = STR("a")};
    cr_assert_eq(smp_settings_write(duet.session, &req, WITH), SMP_ERR_INVALID);
}

Test(settings, delete)
{
    const struct smp_settings_delete_req req = {.size = sizeof(req), .name = STR("a")};
    SERVE(1, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_settings_delete(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet, "a1 646e616d65 6161");
}

Test(settings, commit)
{
    SERVE(2, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_settings_commit(duet.session, WITH), SMP_OK);
    duet_answer(&duet, "a0");
}

Test(settings, load)
{
    SERVE(3, SMP_OP_READ, NULL);
    cr_assert_eq(smp_settings_load(duet.session, WITH), SMP_OK);
    duet_answer(&duet, "a0");
}

Test(settings, save)
{
    SERVE(3, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_settings_save(duet.session, WITH), SMP_OK);
    duet_answer(&duet, "a0");
}

Test(settings, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},
        {2, 3, "KEY_TOO_LONG"},
        {3, 5, "KEY_NOT_FOUND"},
        {4, 5, "READ_NOT_SUPPORTED"},
        {5, 1, "ROOT_KEY_NOT_FOUND"},
        {6, 1, "WRITE_NOT_SUPPORTED"},
        {7, 1, "DELETE_NOT_SUPPORTED"},
        {8, 1, "SAVE_NOT_SUPPORTED"},
    };
    duet_codes(SMP_GROUP_SETTINGS, 2, SMP_OP_WRITE, NULL, codes, sizeof(codes) / sizeof(codes[0]));
}
