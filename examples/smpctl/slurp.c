/* SPDX-License-Identifier: Apache-2.0 */
#include "slurp.h"

#include "output.h"
#include "smpctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST (256u << 20) /* larger is no capture of SMP */

static int read_all(struct smpctl *ctl, const char *path, FILE *file, uint8_t **data, size_t *len)
{
    size_t room = 0;
    *len = 0;
    do {
        size_t more = room ? 2 * room : 65536;
        uint8_t *larger = more <= MOST ? realloc(*data, more) : NULL;
        if (!larger) {
            return fail(ctl, STATUS_FILE, "%s: too large", path);
        }
        *data = larger;
        room = more;
        *len += fread(*data + *len, 1, room - 1 - *len, file);
    } while (*len == room - 1);
    (*data)[*len] = '\0';
    return ferror(file) ? fail(ctl, STATUS_FILE, "%s: %s", path, strerror(errno)) : STATUS_DONE;
}

int slurp(struct smpctl *ctl, const char *path, uint8_t **data, size_t *len)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    *data = NULL;
    if (!file) {
        return fail(ctl, STATUS_FILE, "%s: %s", path, strerror(errno));
    }
    int status = read_all(ctl, path, file, data, len);
    if (!standard) {
        fclose(file);
    }
    return status;
}
