/* SPDX-License-Identifier: Apache-2.0 */
/* Zephyr basic: typed calls to a server by the same tables.  Bytes: tests/vectors/zephyr.jsonl. */
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

TestSuite(zephyr, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_ZEPHYR, id, op, answer)
#define WITH NULL, NULL, &duet.id

Test(zephyr, erase_storage)
{
    SERVE(0, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_zephyr_erase_storage(duet.session, WITH), SMP_OK);
    duet_answer(&duet, "a0");
}

/* An erase takes long, and once is enough. */
Test(zephyr, erase_storage_is_not_repeated)
{
    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_server_power(duet.server, false);
    cr_assert_eq(smp_zephyr_erase_storage(duet.session, WITH), SMP_OK);
    cr_assert_eq(duet_result(&duet)->error, SMP_ERR_TIMEOUT);
    smp_session_get_stats(duet.session, &stats);
    cr_assert_eq(stats.repeated, 0);
}

Test(zephyr, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},
        {2, 5, "FLASH_OPEN_FAILED"},
        {3, 0, "FLASH_CONFIG_QUERY_FAIL"},
        {4, 0, "FLASH_ERASE_FAILED"},
    };
    duet_codes(SMP_GROUP_ZEPHYR, 0, SMP_OP_WRITE, NULL, codes, sizeof(codes) / sizeof(codes[0]));
}
