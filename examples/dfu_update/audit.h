/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: one JSON object a line.  `prev` of each is the SHA-256 of the line before, without
 * its newline (zeros in the first), so that a line changed, added or taken away later breaks the
 * chain.  What cannot be seen from the file alone is a missing end: keep the last hash elsewhere.
 */
#ifndef DFU_AUDIT_H
#define DFU_AUDIT_H

#include <jansson.h>
#include <smp/update.h>

struct audit;

/* Opens a log, or makes it.  NULL: `error` holds a sentence.  A log that ends badly is refused. */
struct audit *audit_open(const char *path, const char *who, char *error, size_t size);
void audit_close(struct audit *audit);

/* Appends one event of a device; it is on the disk when this returns.  False: `error`. */
bool audit_write(struct audit *audit, const char *device, const char *serial,
                 const struct smp_update_event *event, char *error, size_t size);

/* Checks a whole log and prints what it found.  Returns the exit status. */
int audit_verify(const char *path);

#endif
