/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
#define SHORTEST 19u
#define LONGEST 25u

bool sim_rtc_text(const struct sim_rtc *rtc, uint64_t now, char text[SIM_DATETIME_MAX])
{
    time_t t = (time_t)(rtc->seconds + (int64_t)((now - rtc->at) / NS_PER_S));
    struct tm tm;

    return rtc->set && gmtime_r(&t, &tm) != NULL &&
           strftime(text, SIM_DATETIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm) > 0;
}

/* Reads `digits` digits at *pos and steps over the separator behind them. */
static bool number(const char **pos, int digits, int min, int max, int *value)
{
    *value = 0;
    for (; digits > 0; digits--, (*pos)++) {
        if (**pos < '0' || **pos > '9')
            return false;
        *value = *value * 10 + (**pos - '0');
    }
    (*pos)++;
    return *value >= min && *value <= max;
}

bool sim_rtc_parse(struct sim_rtc *rtc, uint64_t now, struct smp_str text)
{
    const char *pos = text.data;
    struct tm tm = {0};

    if (text.len < SHORTEST || text.len > LONGEST)
        return false;
    if (!number(&pos, 4, 1900, 9999, &tm.tm_year) || !number(&pos, 2, 1, 12, &tm.tm_mon) ||
        !number(&pos, 2, 1, 31, &tm.tm_mday) || !number(&pos, 2, 0, 23, &tm.tm_hour) ||
        !number(&pos, 2, 0, 59, &tm.tm_min) || !number(&pos, 2, 0, 59, &tm.tm_sec))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    /* 30 February becomes 1 or 2 March: Zephyr takes it, too. */
    rtc->seconds = (int64_t)timegm(&tm);
    rtc->at = now;
    rtc->set = true;
    return true;
}
