/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars of any width, in and out of struct members. */
#ifndef SMPI_CODEC_VALUE_H
#define SMPI_CODEC_VALUE_H

#include "codec/table.h"

/* Reads a scalar member of this kind (BOOL to VALUE) and width. */
void smpi_value_load(enum smp_kind kind, size_t width, const void *member, struct smp_value *value);

/*
 * Writes one; false when the value's kind is wrong or the number does not fit.
 * UINT and INT stand for each other where the number fits; BOOL takes the
 * numbers 0 and 1, as old peers send them; VALUE takes anything.
 */
bool smpi_value_store(enum smp_kind kind, size_t width, void *member,
                      const struct smp_value *value);

#endif
