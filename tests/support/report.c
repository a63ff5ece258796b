/* SPDX-License-Identifier: Apache-2.0 */
#include "support/report.h"

#include <stdio.h>
#include <stdlib.h>

void report_tested(const char *how, const struct smp_loop *loop, const struct smp_command *command)
{
    const char *path = getenv("SMP_REPORT");
    FILE *file = path == NULL ? NULL : fopen(path, "a");
    if (file == NULL) {
        return;
    }
    fprintf(file, "%s\t%s\t%s\t%u\t%s\n", how,
            smp_group_name(smp_group_find(loop, smp_command_group(command))),
            smp_command_name(command), smp_command_id(command),
            smp_command_op(command) == SMP_OP_READ ? "read" : "write");
    fclose(file);
}
