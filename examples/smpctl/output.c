/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "colour.h"
#include "interrupt.h"
#include "json.h"
#include "smpctl.h"
#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

FILE *out;

/* Why standard output could not be written; only the first attempt says it. */
static int write_error;

void flush_output(void)
{
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && !write_error) {
        write_error = errno ? errno : EIO;
    }
}

bool output_failed(void)
{
    return write_error != 0;
}

struct smp_str str_of(const char *text)
{
    return (struct smp_str){text, strlen(text)};
}

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

/* Writes one character, escaped if need be.  Returns its length. */
static size_t put_one(FILE *file, const char *text, size_t len, bool lines)
{
    uint32_t code;
    size_t width = utf8_next(text, len, &code);
    size_t step = width ? width : 1;
    if (width && !is_trick(code, lines)) {
        fwrite(text, 1, width, file);
        return step;
    }
    for (size_t k = 0; k < step; k++) {
        fprintf(file, "\\x%02x", (unsigned char)text[k]);
    }
    return step;
}

static void put_safely(FILE *file, struct smp_str text, bool lines)
{
    for (size_t i = 0; i < text.len;) {
        i += put_one(file, text.data + i, text.len - i, lines);
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

void put_coloured(FILE *file, struct smp_str text, bool colours)
{
    char safe[64];
    bool coloured = false;
    for (size_t i = 0; i < text.len;) {
        const char *at = text.data + i;
        size_t left = text.len - i;
        size_t sequence = colour_sequence(at, left, safe, sizeof safe);
        if (sequence) {
            fputs(colours ? safe : "", file);
            coloured = true;
            i += sequence;
        } else if (*at == '\r') { /* a terminal's line end */
            i++;
        } else {
            i += put_one(file, at, left, true);
        }
    }
    fputs(coloured && colours ? COLOUR_RESET : "", file);
}

void put_heading(FILE *file, const char *name)
{
    bool coloured = colour_wanted(file);
    fputs(coloured ? COLOUR_HEADING : "", file);
    put_text(file, str_of(name));
    fprintf(file, ":%s\n", coloured ? COLOUR_RESET : "");
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
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    for (const char *c = text; c && *c; c++) {
        if (*c == 0x7f) { /* ASCII to jansson, a control character to a terminal */
            fputs("\\u007f", stdout);
        } else {
            putc(*c, stdout);
        }
    }
    free(text);
    putchar('\n');
    flush_output(); /* programs that read along want whole lines at once */
    json_decref(json);
}

static json_t *document(const struct smpctl *ctl, bool ok)
{
    json_t *json = json_object();
    json_object_set_new(json, "command",
                        ctl->command ? json_string(ctl->command->name) : json_null());
    if (*ctl->device) {
        json_object_set_new(json, "device", json_text(str_of(ctl->device)));
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

/* What to do: for a command the firmware lacks, the option that it needs. */
static const char *hint_of(const struct smp_result *result, const struct smp_code *code)
{
    const char *enable =
        !result->from_group && result->rc == SMP_RC_NOT_SUPPORTED && result->command
            ? smp_command_enable(result->command)
            : NULL;
    return enable ? enable : code ? code->hint : NULL;
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
    const char *hint = hint_of(result, code);
    if (hint) {
        json_object_set_new(error, "hint", json_string(hint));
    }
    if (result->reason.len) {
        json_object_set_new(error, "reason", json_text(result->reason));
    }
}

/* "smpctl: image list: udp://192.0.2.1:1337: ", the last with several devices. */
static void put_prefix(const struct smpctl *ctl)
{
    bool coloured = colour_wanted(stderr);
    fprintf(stderr, "%s%s: %s", coloured ? COLOUR_ERROR : "", ctl->name,
            coloured ? COLOUR_RESET : "");
    if (ctl->command) {
        fprintf(stderr, "%s: ", ctl->command->name);
    }
    if (ctl->label) {
        put_text(stderr, str_of(ctl->label));
        fputs(": ", stderr);
    }
}

int fail_text(struct smpctl *ctl, int status, const struct smp_result *result, struct smp_str text)
{
    flush_output();
    put_prefix(ctl);
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

static int report(struct smpctl *ctl, int status, const struct smp_result *result,
                  const char *message)
{
    return fail_text(ctl, status, result, str_of(message));
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
    const char *hint = ctl->hint ? ctl->hint : "";
    const char *separator = ctl->hint ? "; " : "";
    switch (result->error) {
    case SMP_ERR_TIMEOUT:
        snprintf(text, size,
                 "no answer from %s: check that it is switched on and that the address is right, "
                 "or let smpctl doctor look for the cause; -t SECONDS waits longer (now %g), "
                 "-r N asks more than %d times%s%s",
                 ctl->device, o->timeout ? o->timeout : DEFAULT_TIMEOUT,
                 o->tries ? o->tries : DEFAULT_TRIES, separator, hint);
        break;
    case SMP_ERR_STALLED:
    case SMP_ERR_STUCK:
    case SMP_ERR_STALE:
        snprintf(text, size, "%s: %s%s%s", ctl->device, smp_error_text(result->error), separator,
                 hint);
        break;
    case SMP_ERR_REFUSED:
        snprintf(text, size,
                 "nobody listens at %s: check address and port, and that the SMP server runs there",
                 ctl->device);
        break;
    case SMP_ERR_TOO_LARGE: /* when it was the request, that has been said */
        snprintf(text, size, "%s: the answer has more entries than there is memory for",
                 ctl->device);
        break;
    default: {
        if (link_explain(ctl, result->error, result->system_error, text, size)) {
            break;
        }
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
    if (result->error == SMP_ERR_SOURCE || result->error == SMP_ERR_SINK) {
        return report(ctl, STATUS_FILE, result, smp_error_text(result->error));
    }
    if (result->error == SMP_ERR_CANCELLED && interrupt_seen()) {
        return report(ctl, STATUS_INTERRUPTED, result, "interrupted");
    }
    if (result->error == SMP_ERR_TOO_LARGE && !result->has_answer) {
        return fail_error(ctl, result->error);
    }
    const struct smp_result kept = *result; /* the link may be asked once more */
    link_text(ctl, &kept, text, sizeof text);
    if (kept.error == SMP_ERR_TIMEOUT || kept.error == SMP_ERR_STALLED) {
        char hint[512];
        size_t n = strlen(text);
        if (link_large_vanish(ctl, hint, sizeof hint)) {
            snprintf(text + n, sizeof text - n, "; %s", hint);
        }
    }
    return report(ctl, STATUS_LINK, &kept, text);
}

int fail_error(struct smpctl *ctl, int error)
{
    if (error == SMP_ERR_TOO_LARGE) {
        return fail(ctl, STATUS_USAGE,
                    "the device cannot be sent this: %s; shorten it, or raise "
                    "CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE in the firmware",
                    smp_error_text(error));
    }
    if (error == SMP_ERR_INVALID) {
        return fail(ctl, STATUS_USAGE, "the device cannot be sent this: %s", smp_error_text(error));
    }
    return fail(ctl, STATUS_LINK, "%s%s%s", smp_error_text(error),
                error == SMP_ERR_SYSTEM ? ": " : "",
                error == SMP_ERR_SYSTEM ? strerror(errno) : "");
}

void note(struct smpctl *ctl, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    fprintf(stderr, "%s: note: ", ctl->name);
    put_lines(stderr, str_of(message));
    fputc('\n', stderr);
}

int output_close(struct smpctl *ctl, int status)
{
    flush_output();
    if (!write_error) {
        return status;
    }
    if (write_error != EPIPE) { /* whoever closed a pipe needs no telling */
        fprintf(stderr, "%s: cannot write the output: %s\n", ctl->name, strerror(write_error));
    }
    return status ? status : STATUS_FILE;
}
