/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own groups and messages (custom.h): what custom_group.c and custom_message.c share. */
#ifndef SMPI_CORE_CUSTOM_H
#define SMPI_CORE_CUSTOM_H

#include "core/loop.h"

#include <smp/custom.h>

/*
 * Memory that is freed with the loop, zeroed; NULL: there is none.  Arrays that grow are copied
 * to a larger piece and the old one stays, so that pointers into it never dangle.
 */
void *smpi_keep(struct smp_loop *loop, size_t bytes);

/* The same, holding a string.  NULL gives NULL, which *error tells from lack of memory. */
const char *smpi_keep_text(struct smp_loop *loop, const char *text, int *error);

/* Room for one more element in an array of `count`, which is copied when it was full. */
void *smpi_keep_grown(struct smp_loop *loop, const void *array, size_t count, size_t element);

/* Frees all of it. */
void smpi_keep_close(struct smp_loop *loop);

/* Tells the log what was wrong, and returns the error. */
int smpi_refuse(struct smp_loop *loop, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* SMP_OK, or why nothing may be added any more. */
int smpi_custom_open(struct smp_loop *loop);

/* Whether it can be the name of a group, command or message. */
bool smpi_is_name(const char *name);

/* Notes that something refers to the message: it does not change any more. */
void smpi_message_freeze(struct smp_loop *loop, const struct smp_message *message);

/* Whether it is the element of a keyed map, and nothing else. */
bool smpi_is_element(const struct smp_message *message);

#endif
