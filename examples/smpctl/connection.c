/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include "output.h"
#include "paths.h"
#include "smpctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Loads a JSON file; a missing one is an empty object. */
static json_t *load(struct smpctl *ctl, const char *path, int *status)
{
    json_error_t error;
    FILE *file = fopen(path, "re");
    if (!file && (errno == ENOENT || errno == ENOTDIR)) {
        return json_object();
    }
    if (!file) {
        *status = fail(ctl, STATUS_FILE, "%s: %s", path, strerror(errno));
        return NULL;
    }
    json_t *json = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    if (!json) {
        *status = fail(ctl, STATUS_FILE, "%s, line %d: %s; mend the file or remove it", path,
                       error.line, error.text);
    }
    return json;
}

static json_t *load_own(struct smpctl *ctl, char *path, size_t size, int *status)
{
    if (!paths_config("/connections.json", path, size)) {
        *status = fail(ctl, STATUS_FILE, "saved connections need HOME or XDG_CONFIG_HOME");
        return NULL;
    }
    json_t *json = load(ctl, path, status);
    if (json && !json_is_object(json)) {
        *status = fail(ctl, STATUS_FILE,
                       "%s: not an object of connections; mend the file or "
                       "remove it",
                       path);
        json_decref(json);
        json = NULL;
    }
    return json;
}

/* Adds what the Go tool saved; ours win.  Its file is a list of MyName, MyType, MyConnString. */
static void add_go(struct smpctl *ctl, json_t *all)
{
    char path[PATH_MAX];
    const char *home = getenv("HOME");
    if (!home || (size_t)snprintf(path, sizeof path, "%s/.mcumgr.cp.json", home) >= sizeof path ||
        access(path, R_OK) != 0) {
        return;
    }
    int ignored;
    json_t *list = load(ctl, path, &ignored);
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "MyName"));
        json_t *type = json_object_get(entry, "MyType");
        json_t *connstring = json_object_get(entry, "MyConnString");
        if (name && json_is_string(type) && json_is_string(connstring) &&
            !json_object_get(all, name)) {
            json_object_set_new(all, name,
                                json_pack("{s:O, s:O}", "type", type, "connstring", connstring));
        }
    }
    json_decref(list);
}

json_t *connection_all(struct smpctl *ctl, int *status)
{
    char path[PATH_MAX];
    json_t *all = load_own(ctl, path, sizeof path, status);
    if (all) {
        add_go(ctl, all);
    }
    return all;
}

int connection_find(struct smpctl *ctl, const char *name, struct connection *connection)
{
    int status = STATUS_FILE;
    json_t *all = connection_all(ctl, &status);
    if (!all) {
        return status;
    }
    json_t *entry = json_object_get(all, name);
    const char *type = json_string_value(json_object_get(entry, "type"));
    const char *connstring = json_string_value(json_object_get(entry, "connstring"));
    if (!entry) {
        status = fail(ctl, STATUS_USAGE,
                      "there is no saved connection `%s`; %s conn show lists them, "
                      "%s conn add %s type=udp connstring=HOST:PORT makes it",
                      name, ctl->name, ctl->name, name);
    } else if (!type || !connstring || strlen(type) >= sizeof connection->type ||
               strlen(connstring) >= sizeof connection->connstring) {
        status = fail(ctl, STATUS_FILE, "saved connection `%s` is damaged: delete and add it again",
                      name);
    } else {
        strcpy(connection->type, type);
        strcpy(connection->connstring, connstring);
        status = STATUS_DONE;
    }
    json_decref(all);
    return status;
}

/* Writes the whole file beside the old one and renames it: there is always one whole file. */
static int replace(const char *path, json_t *all)
{
    char temporary[PATH_MAX + 8];
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int fd = mkstemp(temporary); /* mode 0600 */
    if (fd < 0) {
        return -1;
    }
    int rc = json_dumpfd(all, fd, JSON_INDENT(4) | JSON_SORT_KEYS) == 0 && write(fd, "\n", 1) == 1
                 ? fsync(fd)
                 : -1;
    rc = close(fd) == 0 && rc == 0 ? rename(temporary, path) : -1;
    if (rc != 0) {
        int saved = errno;
        unlink(temporary);
        errno = saved;
    }
    return rc;
}

static int change(struct smpctl *ctl, const char *name, const struct connection *connection)
{
    char path[PATH_MAX];
    int status = STATUS_FILE;
    json_t *all = load_own(ctl, path, sizeof path, &status);
    if (!all) {
        return status;
    }
    if (connection) {
        json_object_set_new(all, name,
                            json_pack("{s:s, s:s}", "type", connection->type, "connstring",
                                      connection->connstring));
        status = STATUS_DONE;
    } else {
        status = json_object_del(all, name) == 0
                     ? STATUS_DONE
                     : fail(ctl, STATUS_USAGE, "there is no connection `%s` in %s", name, path);
    }
    if (status == STATUS_DONE && replace(path, all) != 0) {
        status = fail(ctl, STATUS_FILE, "%s: %s", path, strerror(errno));
    }
    json_decref(all);
    return status;
}

int connection_save(struct smpctl *ctl, const char *name, const struct connection *connection)
{
    char path[PATH_MAX];
    if (!paths_config("/", path, sizeof path)) {
        return fail(ctl, STATUS_FILE, "saved connections need HOME or XDG_CONFIG_HOME");
    }
    int lock = paths_make_folders(path) == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (lock < 0 || flock(lock, LOCK_EX) != 0) { /* two at once: one after the other */
        return fail(ctl, STATUS_FILE, "%s: %s", path, strerror(errno));
    }
    int status = change(ctl, name, connection);
    close(lock);
    return status;
}
