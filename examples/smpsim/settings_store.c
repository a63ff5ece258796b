/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings, and its file. */
#include "settings.h"

#include "text.h"

#include <smp/error.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "settings"
#define PATH_SIZE 4096u
#define LINE_SIZE (SIM_SETTING_NAME_SIZE + 2 * SIM_SETTING_VALUE_MAX + 4)

/* ---- the table ---- */

struct sim_setting *sim_settings_find(struct sim_settings *settings, struct smp_str name)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (sim_str_is(name, settings->entries[i].name))
            return &settings->entries[i];
    }
    return NULL;
}

static size_t root_length(const char *name, size_t len)
{
    const char *slash = memchr(name, '/', len);

    return slash != NULL ? (size_t)(slash - name) : len;
}

bool sim_settings_owned(const struct sim_settings *settings, struct smp_str name)
{
    size_t root = root_length(name.data, name.len);

    for (size_t i = 0; i < settings->count; i++) {
        const char *other = settings->entries[i].name;

        if (root_length(other, strlen(other)) == root && memcmp(other, name.data, root) == 0)
            return true;
    }
    return false;
}

/* One that holds nothing any more, nor ever will by itself. */
static struct sim_setting *unused(struct sim_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct sim_setting *entry = &settings->entries[i];

        if (!entry->now.present && !entry->saved.present && !entry->first.present)
            return entry;
    }
    return NULL;
}

static bool is_name(struct smp_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= ' ' || name.data[i] > '~' || name.data[i] == '=')
            return false;
    }
    return name.len > 0 && name.len < SIM_SETTING_NAME_SIZE;
}

struct sim_setting *sim_settings_add(struct sim_settings *settings, struct smp_str name)
{
    struct sim_setting *entry = sim_settings_find(settings, name);

    if (entry != NULL || !is_name(name))
        return entry;
    entry = settings->count < SIM_SETTINGS_MAX ? &settings->entries[settings->count++]
                                               : unused(settings);
    if (entry == NULL)
        return NULL;
    *entry = (struct sim_setting){.now.present = false};
    memcpy(entry->name, name.data, name.len);
    return entry;
}

bool sim_value_set(struct sim_value *value, const void *data, size_t len)
{
    if (len > SIM_SETTING_VALUE_MAX)
        return false;
    value->present = true;
    value->len = (uint8_t)len;
    if (len > 0)
        memcpy(value->data, data, len);
    return true;
}

void sim_settings_load(struct sim_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct sim_setting *entry = &settings->entries[i];

        entry->now = entry->saved.present ? entry->saved : entry->first;
    }
}

/* ---- the file ---- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, c);

    return c != '\0' && at != NULL ? (int)(at - digits) : -1;
}

/* "NAME=HEX", its newline included. */
static bool parse_line(struct sim_settings *settings, const char *line)
{
    const char *equals = strchr(line, '=');
    struct sim_setting *entry;
    struct sim_value value = {.present = true};

    if (equals == NULL)
        return false;
    for (const char *at = equals + 1; *at != '\n'; at += 2) {
        int high = hex_digit(at[0]), low = high < 0 ? -1 : hex_digit(at[1]);

        if (low < 0 || value.len == SIM_SETTING_VALUE_MAX)
            return false;
        value.data[value.len++] = (uint8_t)(high << 4 | low);
    }
    entry = sim_settings_add(settings, (struct smp_str){line, (size_t)(equals - line)});
    if (entry == NULL)
        return false;
    entry->saved = value;
    return true;
}

static int read_lines(struct sim_settings *settings, FILE *file, const char *path, char *error,
                      size_t size)
{
    char line[LINE_SIZE];

    for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
        if (strchr(line, '\n') != NULL && parse_line(settings, line))
            continue;
        snprintf(error, size, "%s:%u: not NAME=HEX, or one too many: correct or remove the file",
                 path, number);
        return SMP_ERR_MALFORMED;
    }
    return SMP_OK;
}

static bool file_path(const char *state, const char *suffix, char path[PATH_SIZE])
{
    int n = snprintf(path, PATH_SIZE, "%s/" FILE_NAME "%s", state, suffix);

    errno = ENAMETOOLONG;
    return n > 0 && (size_t)n < PATH_SIZE;
}

int sim_settings_read(struct sim_settings *settings, const char *state, char *error, size_t size)
{
    char path[PATH_SIZE];
    FILE *file = file_path(state, "", path) ? fopen(path, "re") : NULL;
    int code;

    for (size_t i = 0; i < settings->count; i++)
        settings->entries[i].saved.present = false;
    if (file == NULL && errno == ENOENT)
        return SMP_OK;
    if (file == NULL) {
        snprintf(error, size, "%s/" FILE_NAME ": cannot be read: %s", state, strerror(errno));
        return SMP_ERR_SYSTEM;
    }
    code = read_lines(settings, file, path, error, size);
    fclose(file);
    return code;
}

static void write_entry(FILE *file, const struct sim_setting *entry)
{
    fprintf(file, "%s=", entry->name);
    for (size_t i = 0; i < entry->saved.len; i++)
        fprintf(file, "%02x", entry->saved.data[i]);
    fputc('\n', file);
}

int sim_settings_write(const struct sim_settings *settings, const char *state)
{
    char path[PATH_SIZE], new_path[PATH_SIZE];
    FILE *file;
    bool written;

    if (!file_path(state, "", path) || !file_path(state, ".new", new_path))
        return SMP_ERR_SYSTEM;
    file = fopen(new_path, "we");
    if (file == NULL)
        return SMP_ERR_SYSTEM;
    for (size_t i = 0; i < settings->count; i++) {
        if (settings->entries[i].saved.present)
            write_entry(file, &settings->entries[i]);
    }
    written = fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (fclose(file) != 0 || !written || rename(new_path, path) != 0) {
        unlink(new_path);
        return SMP_ERR_SYSTEM;
    }
    return SMP_OK;
}
