/* SPDX-License-Identifier: Apache-2.0 */
#include "custom.h"

#include "custom_value.h"
#include "device.h"

#include <cbor_write.h>
#include <groupfile.h>
#include <smp/custom.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MEMORY (256u * 1024u) /* for one decoded packet */

/* A command, and for each of its fields a table that has this field alone, or NULL. */
struct sim_custom_command {
    struct sim_device *device;
    const struct smp_command *command;
    struct smp_message **request;
    struct smp_message **response;
};

/* ---- tables ---- */

static int make_alone(struct sim_device *device, const struct smp_field *field,
                      struct smp_message **alone)
{
    enum smp_kind kind = smp_field_kind(field), element = smp_field_element_kind(field);
    bool number = element == SMP_KIND_UINT || element == SMP_KIND_INT;
    struct smp_field_spec spec = {
        .size = sizeof(spec),
        .key = smp_field_key(field),
        .kind = kind,
        .element = kind == SMP_KIND_LIST ? element : SMP_KIND_NONE,
        .width = number ? smp_field_width(field) : 0,
        .optional = true,
        .message = smp_field_message(field),
    };
    char name[32];
    int error;

    if (*spec.key == '\0') /* a map of all that is left has no key to be stored under */
        return SMP_OK;
    snprintf(name, sizeof(name), "alone_%u", ++device->custom.messages);
    error = smp_message_new(device->loop, name, 0, alone);
    return error == SMP_OK ? smp_message_add(*alone, &spec) : error;
}

static int make_each_alone(struct sim_device *device, const struct smp_message *message,
                           struct smp_message ***each)
{
    size_t n = message != NULL ? smp_message_fields(message) : 0;
    int error = SMP_OK;

    *each = calloc(n + 1, sizeof(**each));
    if (*each == NULL)
        return SMP_ERR_NO_MEMORY;
    for (size_t i = 0; i < n && error == SMP_OK; i++)
        error = make_alone(device, smp_message_field(message, i), &(*each)[i]);
    return error;
}

static int add_command(struct sim_device *device, const struct smp_command *command)
{
    struct sim_custom *custom = &device->custom;
    struct sim_custom_command *commands =
        realloc(custom->commands, (custom->n_commands + 1) * sizeof(*commands));
    struct sim_custom_command *added;
    int error;

    if (commands == NULL)
        return SMP_ERR_NO_MEMORY;
    custom->commands = commands;
    added = &commands[custom->n_commands++];
    *added = (struct sim_custom_command){.device = device, .command = command};
    error = make_each_alone(device, smp_command_request(command), &added->request);
    if (error == SMP_OK)
        error = make_each_alone(device, smp_command_response(command), &added->response);
    return error;
}

static int add_commands(struct sim_device *device, const struct smp_group *group)
{
    int error = SMP_OK;

    for (size_t i = 0; i < smp_group_commands(group) && error == SMP_OK; i++)
        error = add_command(device, smp_group_command(group, i));
    return error;
}

/* ---- files ---- */

static bool found_group(const struct smp_group *group, void *user)
{
    struct sim_device *device = user;
    struct sim_custom *custom = &device->custom;
    const struct sim_group *own;

    for (size_t i = 0; (own = sim_group_at(i)) != NULL; i++) {
        if (own->id == smp_group_number(group))
            device->groups &= ~(uint32_t)own->bit;
    }
    if (custom->n_groups == SIM_CUSTOM_MAX)
        return false;
    custom->groups[custom->n_groups++] = group;
    return true;
}

static bool found_value(const char *key, const uint8_t *item, size_t len, void *user)
{
    struct sim_device *device = user;
    struct sim_custom *custom = &device->custom;
    uint16_t group = smp_group_number(custom->groups[custom->n_groups - 1]);
    struct sim_custom_value *value = sim_custom_value_add(&custom->values, group, key);
    struct cbor *entry = calloc(1, sizeof(*entry)); /* too large for a stack */
    bool kept = false;

    if (value != NULL && entry != NULL) {
        cbor_map(entry, 1);
        cbor_text(entry, key, strlen(key));
        cbor_raw(entry, item, len);
        kept = !entry->full && sim_custom_entry_set(&value->first, entry->data, entry->len);
    }
    free(entry);
    return kept;
}

static bool load(struct sim_device *device, const char *path, char *error, size_t error_size)
{
    const struct groupfile_server server = {found_group, found_value, device};
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return groupfile_load_folder(device->loop, path, &server, error, error_size);
    return groupfile_load(device->loop, path, &server, error, error_size);
}

int sim_custom_open(struct sim_device *device, char *error, size_t error_size)
{
    struct sim_custom *custom = &device->custom;
    int code = SMP_OK;

    for (size_t i = 0; i < device->options.n_group_files; i++) {
        if (!load(device, device->options.group_files[i], error, error_size))
            return SMP_ERR_INVALID;
    }
    if (custom->n_groups == 0)
        return SMP_OK;
    custom->memory = malloc(MEMORY);
    if (custom->memory == NULL)
        code = SMP_ERR_NO_MEMORY;
    for (size_t i = 0; i < custom->n_groups && code == SMP_OK; i++)
        code = add_commands(device, custom->groups[i]);
    if (code != SMP_OK)
        snprintf(error, error_size, "--groups: %s", smp_error_text(code));
    return code;
}

/* ---- what is stored ---- */

/* Looks for a field in a map of CBOR.  Found: the entry is {key: value}. */
static bool take(const struct sim_custom_command *command, const struct smp_message *alone,
                 const uint8_t *map, size_t len, struct cbor *entry)
{
    void *memory = command->device->custom.memory;
    struct smp_result result = {.size = sizeof(result)};

    return smp_message_decode(alone, false, map, len, memory, MEMORY, &result) == SMP_OK &&
           smp_field_has(smp_message_field(alone, 0), result.rsp) &&
           smp_message_encode(alone, result.rsp, entry->data, sizeof(entry->data), &entry->len) ==
               SMP_OK;
}

/* Stores each field that the request has under its key. */
static bool store(const struct sim_custom_command *command, struct smp_bytes payload,
                  struct cbor *entry)
{
    const struct smp_message *request = smp_command_request(command->command);
    uint16_t group = smp_command_group(command->command);

    for (size_t i = 0; request != NULL && i < smp_message_fields(request); i++) {
        const struct smp_message *alone = command->request[i];
        struct sim_custom_value *value;

        if (alone == NULL || !take(command, alone, payload.data, payload.len, entry))
            continue;
        value = sim_custom_value_add(&command->device->custom.values, group,
                                     smp_field_key(smp_message_field(request, i)));
        if (value == NULL || !sim_custom_entry_set(&value->now, entry->data, entry->len))
            return false;
    }
    return true;
}

/* ---- answers ---- */

static void put_nothing(struct cbor *cbor, const struct smp_field *field);

static void put_empty_record(struct cbor *cbor, const struct smp_message *message)
{
    size_t n = 0;

    for (size_t i = 0; i < smp_message_fields(message); i++)
        n += !smp_field_optional(smp_message_field(message, i));
    cbor_map(cbor, n);
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);

        if (!smp_field_optional(field)) {
            cbor_text(cbor, smp_field_key(field), strlen(smp_field_key(field)));
            put_nothing(cbor, field);
        }
    }
}

/* 0, false, or something empty. */
static void put_nothing(struct cbor *cbor, const struct smp_field *field)
{
    switch (smp_field_kind(field)) {
    case SMP_KIND_BOOL:
        cbor_bool(cbor, false);
        break;
    case SMP_KIND_STR:
        cbor_text(cbor, "", 0);
        break;
    case SMP_KIND_BYTES:
        cbor_bytes(cbor, NULL, 0);
        break;
    case SMP_KIND_LIST:
        cbor_array(cbor, 0);
        break;
    case SMP_KIND_MAP:
        cbor_map(cbor, 0);
        break;
    case SMP_KIND_RECORD:
        put_empty_record(cbor, smp_field_message(field));
        break;
    default:
        cbor_uint(cbor, 0);
    }
}

/* A field of the answer: what the request has there, or what is stored. */
static bool take_answer(const struct sim_custom_command *command, const struct smp_message *alone,
                        struct smp_bytes payload, struct cbor *entry)
{
    const struct smp_message *request = smp_command_request(command->command);
    const char *key = smp_field_key(smp_message_field(alone, 0));
    const struct sim_custom_value *value = sim_custom_value_find(
        &command->device->custom.values, smp_command_group(command->command), key);

    if (request != NULL && smp_message_find(request, key) != NULL &&
        take(command, alone, payload.data, payload.len, entry))
        return true;
    return value != NULL && value->now.data != NULL &&
           take(command, alone, value->now.data, value->now.len, entry);
}

/* Makes the answer's entries; returns how many. */
static size_t put_entries(const struct sim_custom_command *command, struct smp_bytes payload,
                          struct cbor *entries, struct cbor *entry)
{
    const struct smp_message *response = smp_command_response(command->command);
    size_t n = 0;

    for (size_t i = 0; response != NULL && i < smp_message_fields(response); i++) {
        const struct smp_field *field = smp_message_field(response, i);
        const struct smp_message *alone = command->response[i];

        if (alone == NULL)
            continue;
        if (take_answer(command, alone, payload, entry)) {
            cbor_raw(entries, entry->data + 1, entry->len - 1); /* without the map's head */
            n++;
        } else if (!smp_field_optional(field)) {
            cbor_text(entries, smp_field_key(field), strlen(smp_field_key(field)));
            put_nothing(entries, field);
            n++;
        }
    }
    return n;
}

/* Room for two packets of CBOR and what holds them. */
struct scratch {
    struct cbor entry;
    struct cbor entries;
    struct cbor answer;
};

static void answer(const struct sim_custom_command *command, struct smp_exchange *exchange,
                   struct scratch *scratch)
{
    struct smp_bytes payload = smp_exchange_payload(exchange);
    const struct smp_message *response = smp_command_response(command->command);
    struct cbor *answer = &scratch->answer;
    struct smp_result result = {.size = sizeof(result)};
    void *memory = command->device->custom.memory;

    if (smp_command_op(command->command) == SMP_OP_WRITE &&
        !store(command, payload, &scratch->entry)) {
        smp_exchange_refuse(exchange, SMP_RC_NO_MEMORY, NULL);
        return;
    }
    cbor_map(answer, put_entries(command, payload, &scratch->entries, &scratch->entry));
    cbor_raw(answer, scratch->entries.data, scratch->entries.len);
    if (answer->full || scratch->entries.full)
        smp_exchange_refuse(exchange, SMP_RC_RESPONSE_TOO_LARGE, NULL);
    else if (response == NULL)
        smp_exchange_reply(exchange, NULL);
    else if (smp_message_decode(response, false, answer->data, answer->len, memory, MEMORY,
                                &result) != SMP_OK)
        smp_exchange_refuse(exchange, SMP_RC_UNKNOWN, NULL);
    else
        smp_exchange_reply(exchange, result.rsp);
}

static void handle(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_custom_command *command = user;
    struct scratch *scratch = calloc(1, sizeof(*scratch));

    (void)request;
    if (scratch == NULL)
        smp_exchange_refuse(exchange, SMP_RC_NO_MEMORY, NULL);
    else
        answer(command, exchange, scratch);
    free(scratch);
}

/* ---- the device's life ---- */

int sim_custom_serve(struct sim_device *device)
{
    struct sim_custom *custom = &device->custom;
    int error = SMP_OK;

    for (size_t i = 0; i < custom->n_commands && error == SMP_OK; i++) {
        const struct smp_command *command = custom->commands[i].command;

        error =
            smp_server_handle(device->server, smp_command_group(command), smp_command_id(command),
                              smp_command_op(command), handle, &custom->commands[i]);
    }
    return error;
}

void sim_custom_boot(struct sim_device *device)
{
    sim_custom_values_reset(&device->custom.values);
}

void sim_custom_close(struct sim_device *device)
{
    struct sim_custom *custom = &device->custom;

    for (size_t i = 0; i < custom->n_commands; i++) {
        free(custom->commands[i].request);
        free(custom->commands[i].response);
    }
    free(custom->commands);
    free(custom->memory);
    sim_custom_values_free(&custom->values);
}
