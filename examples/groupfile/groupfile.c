/* SPDX-License-Identifier: Apache-2.0 */
#include "groupfile.h"

#include "source.h"
#include "types.h"

#include <smp/custom.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- commands ---- */

static bool read_op(struct groupfile *file, const json_t *json, uint8_t *op)
{
    const char *text = groupfile_text(file, json, "op", true);
    if (!text) {
        return false;
    }
    if (strcmp(text, "read") != 0 && strcmp(text, "write") != 0) {
        return groupfile_wrong(file, "op", "`%s` is no op; use read or write", text);
    }
    *op = *text == 'r' ? SMP_OP_READ : SMP_OP_WRITE;
    return true;
}

static bool read_command(struct groupfile *file, struct smp_group *group, const json_t *json)
{
    static const char *const keys[] = {"id",      "name",     "op",    "idempotent",
                                       "request", "response", "needs", NULL};
    struct smp_command_spec spec = {.size = sizeof spec};
    struct smp_message *request = NULL;
    struct smp_message *response = NULL;
    uint64_t id = 0;
    if (!groupfile_keys(file, json, keys) || !read_op(file, json, &spec.op) ||
        !groupfile_number(file, json, "id", 0, UINT8_MAX, &id) ||
        !(spec.name = groupfile_text(file, json, "name", true))) {
        return false;
    }
    spec.idempotent = spec.op == SMP_OP_READ;
    if (!groupfile_bool(file, json, "idempotent", &spec.idempotent) ||
        !types_message(file, json, "request", false, &request) ||
        !types_message(file, json, "response", false, &response)) {
        return false;
    }
    spec.id = (uint8_t)id;
    spec.request = request;
    spec.response = response;
    spec.enable = groupfile_text(file, json, "needs", false);
    int error = file->failed ? SMP_ERR_INVALID : smp_group_add_command(group, &spec);
    return !file->failed && groupfile_check(file, error, "the command");
}

static bool read_code(struct groupfile *file, struct smp_group *group, const json_t *json)
{
    static const char *const keys[] = {"rc", "name", "text", "hint", NULL};
    struct smp_code code = {.size = sizeof code};
    uint64_t rc = 0;
    if (!groupfile_keys(file, json, keys) ||
        !groupfile_number(file, json, "rc", 0, UINT16_MAX, &rc) ||
        !(code.name = groupfile_text(file, json, "name", true)) ||
        !(code.text = groupfile_text(file, json, "text", true))) {
        return false;
    }
    code.rc = (int32_t)rc;
    code.hint = groupfile_text(file, json, "hint", false);
    int error = file->failed ? SMP_ERR_INVALID
                             : smp_group_add_code(group, &code, rc ? SMP_RC_UNKNOWN : SMP_RC_OK);
    return !file->failed && groupfile_check(file, error, "the code");
}

/* ---- groups ---- */

static bool read_list(struct groupfile *file, const json_t *json, const char *key,
                      struct smp_group *group,
                      bool (*read)(struct groupfile *, struct smp_group *, const json_t *))
{
    json_t *list = json_object_get(json, key);
    bool good = true;
    if (list && !json_is_array(list)) {
        return groupfile_wrong(file, key, "`%s` is a list", key);
    }
    place_enter_key(&file->place, key);
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        place_enter_index(&file->place, i);
        good = read(file, group, json_array_get(list, i));
        place_leave(&file->place);
    }
    place_leave(&file->place);
    return good;
}

static bool read_group(struct groupfile *file, struct smp_group *unused, const json_t *json)
{
    static const char *const keys[] = {"id", "name", "commands", "codes", NULL};
    struct smp_group *group;
    uint64_t id = 0;
    (void)unused;
    if (!groupfile_keys(file, json, keys) ||
        !groupfile_number(file, json, "id", SMP_GROUP_USER, UINT16_MAX, &id) ||
        !(file->group = groupfile_text(file, json, "name", true))) {
        return false;
    }
    int error = smp_group_new(file->loop, (uint16_t)id, file->group, &group);
    if (error == SMP_OK && file->server && !file->server->group(group, file->server->user)) {
        error = SMP_ERR_NO_MEMORY;
    }
    return groupfile_check(file, error, "the group") &&
           read_list(file, json, "commands", group, read_command) &&
           read_list(file, json, "codes", group, read_code);
}

static bool read_root(struct groupfile *file, const json_t *json)
{
    static const char *const keys[] = {"groups", NULL};
    return groupfile_keys(file, json, keys) && read_list(file, json, "groups", NULL, read_group);
}

bool groupfile_load(struct smp_loop *loop, const char *path, const struct groupfile_server *server,
                    char *error, size_t size)
{
    struct groupfile file = {
        .loop = loop, .path = path, .server = server, .error = error, .error_size = size};
    json_t *json = groupfile_open(&file);
    bool good = json && read_root(&file, json);
    json_decref(json);
    groupfile_close(&file);
    return good;
}

/* ---- folders ---- */

static int is_description(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return *entry->d_name != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

bool groupfile_load_folder(struct smp_loop *loop, const char *folder,
                           const struct groupfile_server *server, char *error, size_t size)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_description, alphasort);
    bool good = n >= 0;
    if (!good) {
        snprintf(error, size, "%s: %s", folder, strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        int len = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (good && len > 0 && (size_t)len < sizeof path) {
            good = groupfile_load(loop, path, server, error, size);
        }
        free(entries[i]);
    }
    free(entries);
    return good;
}
