/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints all that message.h tells about the library's commands as JSON: the half of the bindings'
 * model that only the compiled library knows.  model.py adds what only the headers know.
 */
#include <smp/smp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES_MAX = 1000, RC_MAX = 1000 };

static const struct smp_message *seen[MESSAGES_MAX];
static size_t n_seen;

static void put_text(const char *text)
{
    if (!text) {
        printf("null");
        return;
    }
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void put_pair(const char *key, const char *text)
{
    printf("\"%s\": ", key);
    put_text(text);
}

static const char *kind_name(enum smp_kind kind)
{
    static const char *const names[] = {"none",  "bool",   "uint", "int", "str", "bytes",
                                        "value", "record", "list", "map", "cbor"};

    return names[kind];
}

/* Notes a message and all it is made of, each once. */
static void note(const struct smp_message *message)
{
    for (size_t i = 0; i < n_seen; i++)
        if (seen[i] == message)
            return;
    if (!message)
        return;
    if (n_seen == MESSAGES_MAX) {
        fprintf(stderr, "more than %d messages\n", MESSAGES_MAX);
        exit(1);
    }
    for (size_t i = 0; i < smp_message_fields(message); i++)
        note(smp_field_message(smp_message_field(message, i)));
    seen[n_seen++] = message;
}

static void put_message_name(const char *key, const struct smp_message *message)
{
    put_pair(key, message ? smp_message_name(message) : NULL);
}

static void put_message(const struct smp_message *message)
{
    put_text(smp_message_name(message));
    printf(": {\"size\": %zu, \"fields\": [", smp_message_size(message));
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        printf("%s\n      {\"index\": %zu, ", i ? "," : "", i);
        put_pair("key", smp_field_key(field));
        printf(", \"kind\": \"%s\", \"element\": \"%s\", \"offset\": %zu, \"width\": %zu, "
               "\"optional\": %s, ",
               kind_name(smp_field_kind(field)),
               smp_field_message(field) ? "record" : kind_name(smp_field_element_kind(field)),
               smp_field_offset(field), smp_field_width(field),
               smp_field_optional(field) ? "true" : "false");
        put_message_name("message", smp_field_message(field));
        putchar('}');
    }
    printf("]}");
}

static bool put_code(const struct smp_code *code, bool first)
{
    if (!code)
        return first;
    printf("%s\n      {\"rc\": %" PRId32 ", ", first ? "" : ",", code->rc);
    put_pair("name", code->name);
    printf(", ");
    put_pair("text", code->text);
    printf(", ");
    put_pair("hint", code->hint);
    putchar('}');
    return false;
}

static void put_command(const struct smp_command *command)
{
    printf("{");
    put_pair("name", smp_command_name(command));
    printf(", \"id\": %u, \"op\": %u, \"idempotent\": %s, ", smp_command_id(command),
           smp_command_op(command), smp_command_idempotent(command) ? "true" : "false");
    put_message_name("request", smp_command_request(command));
    printf(", ");
    put_message_name("response", smp_command_response(command));
    putchar('}');
    note(smp_command_request(command));
    note(smp_command_response(command));
}

static void put_group(const struct smp_group *group)
{
    bool first = true;

    printf("    {\"id\": %u, ", smp_group_number(group));
    put_pair("name", smp_group_name(group));
    printf(", \"codes\": [");
    for (int64_t rc = 0; rc <= RC_MAX; rc++)
        first = put_code(smp_group_code(group, rc), first);
    printf("], \"commands\": [");
    for (size_t i = 0; i < smp_group_commands(group); i++) {
        printf("%s\n      ", i ? "," : "");
        put_command(smp_group_command(group, i));
    }
    printf("]}");
}

static void put_errors(void)
{
    printf("  \"errors\": [");
    for (int error = 0; strcmp(smp_error_name(error), smp_error_name(-9999)) != 0; error--) {
        printf("%s\n    {\"value\": %d, ", error ? "," : "", error);
        put_pair("name", smp_error_name(error));
        printf(", ");
        put_pair("text", smp_error_text(error));
        putchar('}');
    }
    printf("],\n");
}

int main(void)
{
    struct smp_loop *loop = NULL;
    const struct smp_group *group = NULL;
    bool first_code = true, first_group = true;

    if (smp_loop_new(NULL, &loop) != SMP_OK)
        return 1;
    printf("{\n  \"version\": \"%s\",\n", smp_version());
    put_errors();
    printf("  \"rc\": [");
    for (int64_t rc = 0; rc <= RC_MAX; rc++)
        first_code = put_code(smp_rc_find(rc), first_code);
    printf("],\n  \"groups\": [");
    while ((group = smp_group_next(loop, group)) != NULL) {
        printf("%s\n", first_group ? "" : ",");
        put_group(group);
        first_group = false;
    }
    note(smp_update_report_message()); /* no command's, but what an update answers with */
    printf("],\n  \"messages\": {");
    for (size_t i = 0; i < n_seen; i++) {
        printf("%s\n    ", i ? "," : "");
        put_message(seen[i]);
    }
    printf("}\n}\n");
    smp_loop_free(loop);
    return 0;
}
