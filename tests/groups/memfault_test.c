/* SPDX-License-Identifier: Apache-2.0 */
/* Memfault, a vendor's group: typed calls to a server by the same tables.  Bytes: tests/vectors/memfault.jsonl. */
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

TestSuite(memfault, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_MEMFAULT, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

Test(memfault, device_info)
{
    const struct smp_memfault_device_info_rsp rsp = {.size = sizeof(rsp),
                                                     .device_serial = STR("SN"),
                                                     .hardware_version = STR("b"),
                                                     .software_type = STR("app"),
                                                     .current_version = STR("1.0")};
    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_memfault_device_info(duet.session, WITH), SMP_OK);
    const struct smp_memfault_device_info_rsp *got = duet_answer(&duet, "a0");
    cr_assert(is(got->device_serial, "SN"));
    cr_assert(is(got->hardware_version, "b"));
    cr_assert(is(got->software_type, "app"));
    cr_assert(is(got->current_version, "1.0"));
}

Test(memfault, project_key)
{
    const struct smp_memfault_project_key_rsp rsp = {.size = sizeof(rsp), .project_key = STR("k")};
    SERVE(1, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_memfault_project_key(duet.session, WITH), SMP_OK);
    const struct smp_memfault_project_key_rsp *got = duet_answer(&duet, "a0");
    cr_assert(is(got->project_key, "k"));
}

Test(memfault, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},
        {2, 1, "NO_PROJECT_KEY"},
    };
    duet_codes(SMP_GROUP_MEMFAULT, 0, SMP_OP_READ, NULL, codes, sizeof(codes) / sizeof(codes[0]));
}
