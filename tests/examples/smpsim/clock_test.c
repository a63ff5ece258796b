/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <criterion/criterion.h>

#include <string.h>

#define S UINT64_C(1000000000)

static bool set(struct sim_rtc *rtc, const char *text)
{
    return sim_rtc_parse(rtc, 5 * S, (struct smp_str){text, strlen(text)});
}

Test(clock, runs_from_where_it_was_set)
{
    struct sim_rtc rtc = {0};
    char text[SIM_DATETIME_MAX];

    cr_assert_not(sim_rtc_text(&rtc, 6 * S, text), "nobody has set it");
    cr_assert(set(&rtc, "2026-02-03T04:05:06"));
    cr_assert(sim_rtc_text(&rtc, 5 * S, text));
    cr_assert_str_eq(text, "2026-02-03T04:05:06");
    cr_assert(sim_rtc_text(&rtc, 65 * S, text));
    cr_assert_str_eq(text, "2026-02-03T04:06:06");
}

/* What protocol.md 10 has seen devices take. */
Test(clock, ignores_what_stands_behind_the_seconds)
{
    static const char *const good[] = {"2026-02-03T04:05:06.123", "2026-02-03T04:05:06+01:00",
                                       "2026-02-03T04:05:06Z", "2026-02-30T04:05:06"};
    struct sim_rtc rtc = {0};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        cr_assert(set(&rtc, good[i]), "%s", good[i]);
}

Test(clock, refuses_what_is_no_date)
{
    static const char *const bad[] = {"",
                                      "2026-02-03",
                                      "2026-02-03T04:05:06.123456",
                                      "2026-13-03T04:05:06",
                                      "2026-00-03T04:05:06",
                                      "2026-02-32T04:05:06",
                                      "2026-02-03T24:05:06",
                                      "2026-02-03T04:60:06",
                                      "2026-02-03T04:05:60",
                                      "2026-x2-03T04:05:06",
                                      "-026-02-03T04:05:06",
                                      "1899-02-03T04:05:06"};
    struct sim_rtc rtc = {0};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_not(set(&rtc, bad[i]), "%s", bad[i]);
    cr_assert_not(rtc.set);
}
