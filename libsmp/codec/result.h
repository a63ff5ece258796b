/* SPDX-License-Identifier: Apache-2.0 */
/* Results as text for people. */
#ifndef SMPI_CODEC_RESULT_H
#define SMPI_CODEC_RESULT_H

#include "codec/table.h"

/* smp_result_text() in message.h, with a registry (may be NULL) in place of the loop. */
size_t smpi_result_text(const struct smpi_registry *registry, const struct smp_result *result,
                        char *text, size_t size);

#endif
