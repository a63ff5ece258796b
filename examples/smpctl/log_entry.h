/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of Mynewt's logs, as text and JSON. */
#ifndef SMPCTL_LOG_ENTRY_H
#define SMPCTL_LOG_ENTRY_H

#include <smp/log.h>

#include <jansson.h>
#include <stdbool.h>

/* Writes entries as the Go tool does; titles: with the names of log and columns. */
void log_put(const struct smp_log_show_rsp *rsp, bool titles);

json_t *log_json(const struct smp_result *result, bool more);

#endif
