/* SPDX-License-Identifier: Apache-2.0 */
#include "datetime.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Reads text by a pattern: 0 stands for a digit, all else for itself.  Returns what follows. */
static const char *match(const char *text, const char *pattern)
{
    for (; *pattern; pattern++, text++) {
        if (*pattern == '0' ? !isdigit((unsigned char)*text) : *text != *pattern) {
            return NULL;
        }
    }
    return text;
}

/* Reads "", "Z", "+HH:MM" or "-HH:MM" as seconds east of UTC. */
static bool read_zone(const char *text, long *seconds)
{
    *seconds = 0;
    if (*text == '\0' || strcmp(text, "Z") == 0) {
        return true;
    }
    const char *end = match(text + 1, "00:00");
    if ((*text != '+' && *text != '-') || !end || *end) {
        return false;
    }
    int hours;
    int minutes;
    sscanf(text + 1, "%2d:%2d", &hours, &minutes);
    *seconds = (hours * 60L + minutes) * (*text == '-' ? -60 : 60);
    return hours < 24 && minutes < 60;
}

static bool print(time_t when, char *value)
{
    struct tm tm;
    return gmtime_r(&when, &tm) && tm.tm_year >= -1900 + 1000 && tm.tm_year <= 9999 - 1900 &&
           strftime(value, DATETIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm) == DATETIME_SIZE - 1;
}

bool datetime_read(const char *text, char *value)
{
    if (strcmp(text, "now") == 0) {
        return print(time(NULL), value);
    }
    const char *rest = match(text, "0000-00-00T00:00:00");
    if (!rest) {
        return false;
    }
    struct tm tm = {0};
    sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
           &tm.tm_min, &tm.tm_sec);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    const struct tm said = tm;
    if (*rest == '.' && isdigit((unsigned char)rest[1])) {
        rest += 1 + strspn(rest + 1, "0123456789");
    }
    long zone;
    time_t when = timegm(&tm); /* moves 30 February to March: then it was no date */
    return read_zone(rest, &zone) && tm.tm_mday == said.tm_mday && tm.tm_mon == said.tm_mon &&
           tm.tm_hour == said.tm_hour && tm.tm_min == said.tm_min && tm.tm_sec == said.tm_sec &&
           print(when - zone, value);
}
