/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and commands as the user names them: by name or number. */
#ifndef SMPCTL_TABLES_H
#define SMPCTL_TABLES_H

#include <smp/message.h>

struct smpctl;

/* Each returns STATUS_DONE, or what was reported; ctl->loop is there. */

/* A group's number, whether it is known or not. */
int tables_group_number(struct smpctl *ctl, const char *text, uint16_t *number);

/* A known group. */
int tables_group(struct smpctl *ctl, const char *text, const struct smp_group **group);

/* A command of it; a number may mean two, then op (SMP_OP_READ, SMP_OP_WRITE or -1) chooses. */
int tables_command(struct smpctl *ctl, const struct smp_group *group, const char *text, int op,
                   const struct smp_command **command);

/* "read" or "write" as an op; NULL is -1. */
int tables_op(struct smpctl *ctl, const char *text, int *op);

/* What a field holds, for people: "uint8", "list of text". */
const char *tables_type(const struct smp_field *field, char *text, size_t size);

#endif
