/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed: results on standard output; messages and what is being done on standard error. */
#ifndef DFU_SHOW_H
#define DFU_SHOW_H

#include <smp/update.h>

struct run;
struct unit;

void show_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Takes the line of what is being done away, so that something else can be printed. */
void show_clear(void);
/* Takes out of a name what could trick a terminal, or is no text in JSON. */
void show_plain(char *text);
void show_progress(struct unit *unit, bool new_phase);
void show_event(const struct unit *unit, const struct smp_update_event *event);
void show_result(const struct unit *unit);
/* After all, when there were several. */
void show_summary(const struct run *run);

#endif
