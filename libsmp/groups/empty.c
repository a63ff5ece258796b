/* SPDX-License-Identifier: Apache-2.0 */
/* The message without fields. */
#include "groups/group.h"

#include <smp/os.h>

const struct smp_message smpi_empty = {.name = "smp_empty", .size = sizeof(struct smp_empty)};
