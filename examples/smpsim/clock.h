/* SPDX-License-Identifier: Apache-2.0 */
/* The device's real-time clock: runs on through resets, as one with a battery does. */
#ifndef SMPSIM_CLOCK_H
#define SMPSIM_CLOCK_H

#include <smp/message.h>

#include <stdbool.h>
#include <stdint.h>

/* "YYYY-MM-DDTHH:MM:SS" and its NUL, and room for odd years. */
#define SIM_DATETIME_MAX 32u

/* Where the clock stood at some moment of the loop's time. */
struct sim_rtc {
    bool set;
    int64_t seconds; /* since 1970, no time zone */
    uint64_t at;     /* loop time, ns */
};

/* Reads the clock; false: nobody has set it. */
bool sim_rtc_text(const struct sim_rtc *rtc, uint64_t now, char text[SIM_DATETIME_MAX]);

/*
 * Sets the clock as Zephyr does: 19 to 25 characters, the fields by position.
 * The separators and whatever follows the seconds (a zone, a fraction) are not looked at.
 */
bool sim_rtc_parse(struct sim_rtc *rtc, uint64_t now, struct smp_str text);

#endif
