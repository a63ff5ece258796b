/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "json.h"
#include "smpctl.h"
#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* Characters that move the cursor, switch the terminal's mode or turn text around. */
static bool is_trick(uint32_t code, bool lines)
{
    if (lines && (code == '\n' || code == '\t')) {
        return false;
    }
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
           (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

static void put_safely(FILE *file, struct smp_str text, bool lines)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t code;
        size_t width = utf8_next(text.data + i, text.len - i, &code);
        size_t step = width ? width : 1;
        if (width && !is_trick(code, lines)) {
            fwrite(text.data + i, 1, width, file);
        } else {
            for (size_t k = 0; k < step; k++) {
                fprintf(file, "\\x%02x", (unsigned char)text.data[i + k]);
            }
        }
        i += step;
    }
}

void put_text(FILE *file, struct smp_str text)
{
    put_safely(file, text, false);
}

void put_lines(FILE *file, struct smp_str text)
{
    put_safely(file, text, true);
}

void put_hex(FILE *file, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        fprintf(file, "%02x", data[i]);
    }
}

void put_json(json_t *json)
{
    /* ASCII only: nothing a device sends can then reach the terminal as it is. */
    json_dumpf(json, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    putchar('\n');
    fflush(stdout); /* programs that read along want whole lines at once */
    json_decref(json);
}

static json_t *document(const struct smpctl *ctl, bool ok)
{
    json_t *json = json_object();
    json_object_set_new(json, "command",
                        ctl->command ? json_string(ctl->command->name) : json_null());
    if (*ctl->device) {
        json_object_set_new(json, "device",
                            json_text((struct smp_str){ctl->device, strlen(ctl->device)}));
    }
    json_object_set_new(json, "ok", json_boolean(ok));
    return json;
}

int put_result(struct smpctl *ctl, json_t *result)
{
    json_t *json = document(ctl, true);
    json_object_set_new(json, "result", result);
    put_json(json);
    return STATUS_DONE;
}

static const char *kind_name(int status)
{
    switch (status) {
    case STATUS_DEVICE:
        return "device";
    case STATUS_USAGE:
        return "usage";
    case STATUS_LINK:
        return "link";
    case STATUS_FILE:
        return "file";
    default:
        return "interrupted";
    }
}

/* Adds what the device said, or what the library calls the error. */
static void add_details(json_t *error, const struct smp_loop *loop, const struct smp_result *result)
{
    json_object_set_new(error, "code", json_string(smp_error_name(result->error)));
    if (result->error != SMP_ERR_DEVICE) {
        return;
    }
    const struct smp_group *group = smp_group_find(loop, result->group);
    const struct smp_code *code =
        result->from_group ? smp_group_code(group, result->rc) : smp_rc_find(result->rc);
    json_object_set_new(error, "rc", json_integer(result->rc));
    if (result->from_group) {
        json_object_set_new(error, "group", json_integer(result->group));
    }
    if (result->from_group && group) {
        json_object_set_new(error, "group_name", json_string(smp_group_name(group)));
    }
    if (code) {
        json_object_set_new(error, "name", json_string(code->name));
    }
    if (code && code->hint) {
        json_object_set_new(error, "hint", json_string(code->hint));
    }
    if (result->reason.len) {
        json_object_set_new(error, "reason", json_text(result->reason));
    }
}

static int report(struct smpctl *ctl, int status, const struct smp_result *result,
                  const char *message)
{
    fflush(stdout);
    struct smp_str text = {message, strlen(message)};
    fprintf(stderr, "%s: ", ctl->name);
    if (ctl->command) {
        fprintf(stderr, "%s: ", ctl->command->name);
    }
    put_lines(stderr, text);
    fputc('\n', stderr);
    if (ctl->options.json) {
        json_t *error = json_object();
        json_object_set_new(error, "kind", json_string(kind_name(status)));
        json_object_set_new(error, "status", json_integer(status));
        json_object_set_new(error, "message", json_text(text));
        if (result) {
            add_details(error, ctl->loop, result);
        }
        json_t *json = document(ctl, false);
        json_object_set_new(json, "error", error);
        put_json(json);
    }
    return status;
}

int fail(struct smpctl *ctl, int status, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return report(ctl, status, NULL, message);
}

/* What the library cannot know: the address, and which options help. */
static void link_text(const struct smpctl *ctl, const struct smp_result *result, char *text,
                      size_t size)
{
    const struct options *o = &ctl->options;
    switch (result->error) {
    case SMP_ERR_TIMEOUT:
        snprintf(text, size,
                 "no answer from %s: check that it is switched on and that the address is right; "
                 "-t SECONDS waits longer (now %g), -r N asks more than %d times",
                 ctl->device, o->timeout ? o->timeout : DEFAULT_TIMEOUT,
                 o->tries ? o->tries : DEFAULT_TRIES);
        break;
    case SMP_ERR_REFUSED:
        snprintf(text, size,
                 "nobody listens at %s: check address and port, and that the SMP server runs there",
                 ctl->device);
        break;
    default: {
        size_t n = (size_t)snprintf(text, size, "%s: ", ctl->device);
        if (n < size) {
            smp_result_text(ctl->loop, result, text + n, size - n);
        }
    }
    }
}

int fail_result(struct smpctl *ctl, const struct smp_result *result)
{
    char text[1024];
    if (result->error == SMP_ERR_DEVICE) {
        smp_result_text(ctl->loop, result, text, sizeof text);
        return report(ctl, STATUS_DEVICE, result, text);
    }
    if (result->error == SMP_ERR_SOURCE) {
        return report(ctl, STATUS_FILE, result, smp_error_text(result->error));
    }
    link_text(ctl, result, text, sizeof text);
    return report(ctl, STATUS_LINK, result, text);
}

int fail_error(struct smpctl *ctl, int error)
{
    if (error == SMP_ERR_TOO_LARGE || error == SMP_ERR_INVALID) {
        return fail(ctl, STATUS_USAGE, "the device cannot be sent this: %s", smp_error_text(error));
    }
    return fail(ctl, STATUS_LINK, "%s%s%s", smp_error_text(error),
                error == SMP_ERR_SYSTEM ? ": " : "",
                error == SMP_ERR_SYSTEM ? strerror(errno) : "");
}

void note(struct smpctl *ctl, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s: note: ", ctl->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

int output_close(struct smpctl *ctl, int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return status;
    }
    if (errno != EPIPE) { /* whoever closed a pipe needs no telling */
        fprintf(stderr, "%s: cannot write the output: %s\n", ctl->name, strerror(errno));
    }
    return status ? status : STATUS_FILE;
}
