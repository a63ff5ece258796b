/* SPDX-License-Identifier: Apache-2.0 */
/* dfu_update: firmware updates of many devices at once, for production lines and service. */
#include "audit.h"
#include "options.h"
#include "run.h"

#include <stdio.h>

int main(int argc, const char **argv)
{
    struct options options;
    int status = options_read(&options, argc, argv);
    if (status < 0) {
        status = options.verify ? audit_verify(options.verify) : run_all(&options);
    }
    options_free(&options);
    if (fflush(stdout) != 0 && status == STATUS_DONE) {
        status = STATUS_FILE;
    }
    return status;
}
