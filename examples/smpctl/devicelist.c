/* SPDX-License-Identifier: Apache-2.0 */
#include "devicelist.h"

#include "output.h"
#include "smpctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST 10000 /* more is a mistake: each takes a socket */

static int add(struct smpctl *ctl, struct device_list *list, const char *text, size_t len,
               bool is_connection)
{
    struct device_entry *devices = NULL;
    if (list->n < MOST) {
        devices = realloc(list->devices, (list->n + 1) * sizeof *devices);
    } else {
        return fail(ctl, STATUS_USAGE, "more than %d devices at once", MOST);
    }
    if (!devices) {
        return fail_error(ctl, SMP_ERR_NO_MEMORY);
    }
    list->devices = devices;
    list->devices[list->n].text = strndup(text, len);
    list->devices[list->n].is_connection = is_connection;
    return list->devices[list->n++].text ? STATUS_DONE : fail_error(ctl, SMP_ERR_NO_MEMORY);
}

static int read_file(struct smpctl *ctl, const char *path, struct device_list *list)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    int status = STATUS_DONE;
    if (!file) {
        return fail(ctl, STATUS_FILE, "%s: %s", path, strerror(errno));
    }
    while (status == STATUS_DONE && getline(&line, &room, file) >= 0) {
        const char *text = line + strspn(line, " \t");
        size_t len = strcspn(text, " \t\r\n#");
        if (len > 0) {
            status = add(ctl, list, text, len, !memchr(text, ':', len));
        }
    }
    if (status == STATUS_DONE && ferror(file)) {
        status = fail(ctl, STATUS_FILE, "%s: %s", path, strerror(errno));
    } else if (status == STATUS_DONE && list->n == 0) {
        status = fail(ctl, STATUS_FILE, "%s: names no device", path);
    }
    free(line);
    fclose(file);
    return status;
}

int device_list_read(struct smpctl *ctl, struct device_list *list)
{
    const struct options *o = &ctl->options;
    int status = STATUS_DONE;
    for (char **url = o->urls; url && *url && status == STATUS_DONE; url++) {
        status = add(ctl, list, *url, strlen(*url), false);
    }
    if (status == STATUS_DONE && o->devices_file) {
        status = read_file(ctl, o->devices_file, list);
    }
    if (status == STATUS_DONE && o->devices_file && (o->conn || o->conntype || o->connstring)) {
        status = fail(ctl, STATUS_USAGE,
                      "--devices names the devices already: leave out -c, --conntype and "
                      "--connstring");
    }
    return status;
}

void device_list_free(struct device_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->devices[i].text);
    }
    free(list->devices);
}
