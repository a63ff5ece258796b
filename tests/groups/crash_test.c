/* SPDX-License-Identifier: Apache-2.0 */
/* Mynewt's crash: typed calls to a server by the same tables.  Bytes: tests/vectors/crash.jsonl. */
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

TestSuite(crash, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_CRASH, id, op, answer)
#define WITH NULL, NULL, &duet.id

Test(crash, trigger)
{
    const struct smp_crash_trigger_req req = {.size = sizeof(req), .how = STR("div0")};
    SERVE(0, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_crash_trigger(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet, "a1 6174 6464697630");
}

/* A device that did crash does not answer, and is not asked twice. */
Test(crash, is_not_repeated)
{
    const struct smp_crash_trigger_req req = {.size = sizeof(req), .how = STR("div0")};
    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_server_power(duet.server, false);
    cr_assert_eq(smp_crash_trigger(duet.session, &req, WITH), SMP_OK);
    cr_assert_eq(duet_result(&duet)->error, SMP_ERR_TIMEOUT);
    smp_session_get_stats(duet.session, &stats);
    cr_assert_eq(stats.repeated, 0);
}
