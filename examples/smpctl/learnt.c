/* SPDX-License-Identifier: Apache-2.0 */
#include "learnt.h"

#include "paths.h"
#include "portinfo.h"
#include "smpctl.h"

#include <smp/session.h>

#include <jansson.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES_MOST 256      /* the one longest unused is forgotten */
#define PACKET_LEAST 124u     /* smaller ones are no use to any command */
#define FILE_MOST (64 * 1024) /* what so many take, and more */

/* A port's name may be another device's next time; a USB device's numbers are not. */
static void name_device(const struct smpctl *ctl, char *name, size_t size)
{
    struct portinfo info;
    if (strncmp(ctl->device, "serial://", 9) == 0 && portinfo_find(ctl->device + 9, &info) &&
        info.has_usb) {
        snprintf(name, size, "usb:%04x:%04x:%s", info.vendor, info.product, info.serial_number);
    } else {
        snprintf(name, size, "%s", ctl->device);
    }
}

static json_t *load(const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "re");
    json_t *all = NULL;
    if (file && fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) && st.st_size < FILE_MOST) {
        all = json_loadf(file, 0, NULL);
    }
    if (file) {
        fclose(file);
    }
    if (!json_is_object(all)) {
        json_decref(all);
        all = json_object();
    }
    return all;
}

/* ---- one device ---- */

struct member {
    const char *key;
    uint32_t *value;
};

enum { MEMBERS = 5 };

static void list_members(struct smp_session_learnt *learnt, struct member members[MEMBERS])
{
    const struct member all[MEMBERS] = {
        {"buf_size", &learnt->buf_size}, {"buf_count", &learnt->buf_count},
        {"window", &learnt->window},     {"edge", &learnt->edge},
        {"packet", &learnt->packet},
    };
    memcpy(members, all, sizeof all);
}

static bool from_json(const json_t *json, struct smp_session_learnt *learnt)
{
    struct member members[MEMBERS];
    list_members(learnt, members);
    for (size_t i = 0; i < MEMBERS; i++) {
        json_t *value = json_object_get(json, members[i].key);
        json_int_t number = json_integer_value(value);
        if (!json_is_integer(value) || number < 0 || number > UINT16_MAX) {
            return false;
        }
        *members[i].value = (uint32_t)number;
    }
    return !learnt->packet || learnt->packet >= PACKET_LEAST;
}

static json_t *to_json(struct smp_session_learnt *learnt)
{
    struct member members[MEMBERS];
    json_t *json = json_object();
    list_members(learnt, members);
    for (size_t i = 0; i < MEMBERS; i++) {
        json_object_set_new(json, members[i].key, json_integer(*members[i].value));
    }
    return json;
}

void learnt_begin(struct smpctl *ctl)
{
    struct smp_session_learnt learnt = {.size = sizeof learnt};
    char path[PATH_MAX], name[256];
    ctl->learning = true;
    if (!paths_state("/devices.json", path, sizeof path)) {
        return;
    }
    name_device(ctl, name, sizeof name);
    json_t *all = load(path);
    if (from_json(json_object_get(all, name), &learnt)) {
        smp_session_set_learnt(ctl->session, &learnt);
    }
    json_decref(all);
}

/* ---- keeping it ---- */

/* The newest stand at the end; device NULL: it goes. */
static void add(json_t *all, const char *name, json_t *device)
{
    json_object_del(all, name);
    if (device) {
        json_object_set(all, name, device);
    }
    while (json_object_size(all) > DEVICES_MOST) {
        json_object_del(all, json_object_iter_key(json_object_iter(all)));
    }
}

/* There is always one whole file; it need not survive a power cut. */
static void write_file(const char *path, const json_t *all)
{
    char temporary[PATH_MAX + 8];
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int fd = mkstemp(temporary);
    if (fd < 0) {
        return;
    }
    FILE *file = fdopen(fd, "w"); /* json_dumpfd() makes a system call of each token */
    bool good = file && json_dumpf(all, file, JSON_INDENT(1) | JSON_PRESERVE_ORDER) == 0;
    bool closed = (file ? fclose(file) : close(fd)) == 0;
    if (!good || !closed || rename(temporary, path) != 0) {
        unlink(temporary);
    }
}

/* device NULL: forgets it.  Takes device over. */
static void keep(const struct smpctl *ctl, json_t *device)
{
    char folder[PATH_MAX], path[PATH_MAX], name[256];
    int lock = -1;
    if (paths_state("/", folder, sizeof folder) &&
        paths_state("/devices.json", path, sizeof path) && paths_make_folders(folder) == 0) {
        lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) { /* else another run is writing */
        name_device(ctl, name, sizeof name);
        json_t *all = load(path);
        json_t *old = json_object_get(all, name);
        if (device ? !json_equal(old, device) : old != NULL) {
            add(all, name, device);
            write_file(path, all);
        }
        json_decref(all);
    }
    json_decref(device);
    if (lock >= 0) {
        close(lock);
    }
}

void learnt_forget(struct smpctl *ctl)
{
    keep(ctl, NULL);
}

void learnt_end(struct smpctl *ctl)
{
    struct smp_session_learnt learnt = {.size = sizeof learnt};
    if (!ctl->learning || !ctl->session) {
        return;
    }
    ctl->learning = false;
    smp_session_get_learnt(ctl->session, &learnt);
    if (learnt.window || learnt.edge || learnt.packet) {
        keep(ctl, to_json(&learnt));
    }
}
