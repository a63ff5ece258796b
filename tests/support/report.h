/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tested which command, for the table in docs/commands.md: lines "how group command id op"
 * with tabs between, appended to the file that the environment variable SMP_REPORT names.
 */
#ifndef TESTS_SUPPORT_REPORT_H
#define TESTS_SUPPORT_REPORT_H

#include <smp/message.h>

/* Does nothing without SMP_REPORT. */
void report_tested(const char *how, const struct smp_loop *loop, const struct smp_command *command);

#endif
