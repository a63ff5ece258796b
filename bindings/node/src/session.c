/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions, requests, and groups of the program's own. */
#include "addon.h"

#include <stdlib.h>

/* release(hub, handle) */
static napi_value release(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t handle = args_int(&args, 1);
    return args.bad ? NULL : from_int(env, shim_release(args.hub->shim, handle));
}

/* sessionNew(hub, transport, options) */
static napi_value session_new(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transport = args_int(&args, 1);
    const struct smp_session_options options = {
        .size = sizeof(options),
        .timeout_ms = (uint32_t)option_int(&args, 2, "timeoutMs"),
        .tries = (uint32_t)option_int(&args, 2, "tries"),
        .deadline_ms = (uint32_t)option_int(&args, 2, "deadlineMs"),
        .grace_ms = (uint32_t)option_int(&args, 2, "graceMs"),
        .window = (uint32_t)option_int(&args, 2, "window"),
        .max_packet = (uint32_t)option_int(&args, 2, "maxPacket"),
        .queue = (uint32_t)option_int(&args, 2, "queue"),
        .v1 = option_bool(&args, 2, "v1"),
        .no_params = option_bool(&args, 2, "noParams"),
        .retry_all = option_bool(&args, 2, "retryAll"),
        .first_chunk_ms = (uint32_t)option_int(&args, 2, "firstChunkMs"),
        .stall_ms = (uint32_t)option_int(&args, 2, "stallMs"),
    };
    return args.bad ? NULL : from_int(env, shim_session_new(args.hub->shim, transport, &options));
}

static napi_value session_close(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t session = args_int(&args, 1);
    return args.bad ? NULL : from_int(env, shim_session_close(args.hub->shim, session));
}

static napi_value session_stats(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;
    struct smp_session_stats stats = {.size = sizeof(stats)};

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t session = args_int(&args, 1);
    int error = args.bad ? SMP_ERR_INVALID : shim_session_stats(args.hub->shim, session, &stats);
    if (error != SMP_OK)
        return args.bad ? NULL : from_int(env, error);
    napi_create_object(env, &result);
    set_member(env, result, "sent", from_int(env, (int64_t)stats.sent));
    set_member(env, result, "answered", from_int(env, (int64_t)stats.answered));
    set_member(env, result, "repeated", from_int(env, (int64_t)stats.repeated));
    set_member(env, result, "late", from_int(env, (int64_t)stats.late));
    set_member(env, result, "strange", from_int(env, (int64_t)stats.strange));
    set_member(env, result, "lost", from_int(env, (int64_t)stats.lost));
    set_member(env, result, "bytesSent", from_int(env, (int64_t)stats.bytes_sent));
    set_member(env, result, "bytesReceived", from_int(env, (int64_t)stats.bytes_received));
    return result;
}

static napi_value session_window(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t session = args_int(&args, 1);
    return args.bad ? NULL : from_int(env, shim_session_window(args.hub->shim, session));
}

static napi_value session_max_packet(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t session = args_int(&args, 1);
    return args.bad ? NULL : from_int(env, shim_session_max_packet(args.hub->shim, session));
}

typedef int64_t submit_call(struct shim *shim, int64_t session, uint16_t group, uint8_t command,
                            uint8_t op, const uint8_t *data, size_t len);

/* (hub, session, group, command, op, data, len): the data may be longer than len. */
static napi_value submit(napi_env env, napi_callback_info info, submit_call *function)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t session = args_int(&args, 1), group = args_int(&args, 2), id = args_int(&args, 3);
    int64_t op = args_int(&args, 4);
    struct smp_bytes data = args_bytes(&args, 5);
    int64_t len = data.data ? args_int(&args, 6) : 0;
    if (args.bad)
        return NULL;
    if (group < 0 || group > UINT16_MAX || id < 0 || id > UINT8_MAX || op < 0 || op > 7 ||
        len < 0 || (uint64_t)len > data.len)
        return from_int(env, SMP_ERR_INVALID);
    return from_int(env, function(args.hub->shim, session, (uint16_t)group, (uint8_t)id,
                                  (uint8_t)op, data.data, (size_t)len));
}

static napi_value call(napi_env env, napi_callback_info info)
{
    return submit(env, info, shim_call);
}

static napi_value request(napi_env env, napi_callback_info info)
{
    return submit(env, info, shim_request);
}

static napi_value cancel(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t handle = args_int(&args, 1);
    return args.bad ? NULL : from_int(env, shim_cancel(args.hub->shim, handle));
}

/* ---- groups of the program's own ---- */

/* messageNew(hub, name) */
static napi_value message_new(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    char *name = args_str(&args, 1);
    result = args.bad ? NULL : from_int(env, shim_message_new(args.hub->shim, name));
    free(name);
    return result;
}

/* messageAdd(hub, message, key, kind, element, width, optional, fieldMessage) */
static napi_value message_add(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t message = args_int(&args, 1), kind = args_int(&args, 3), element = args_int(&args, 4);
    int64_t width = args_int(&args, 5), field_message = args_int(&args, 7);
    bool optional = args_bool(&args, 6);
    char *key = args_str(&args, 2);
    result = args.bad ? NULL
                      : from_int(env, shim_message_add(args.hub->shim, message, key, NULL,
                                                       (enum smp_kind)kind, (enum smp_kind)element,
                                                       (uint32_t)width, optional, field_message));
    free(key);
    return result;
}

/* groupNew(hub, id, name) */
static napi_value group_new(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t id = args_int(&args, 1);
    char *name = args_str(&args, 2);
    if (!args.bad && (id < 0 || id > UINT16_MAX))
        result = from_int(env, SMP_ERR_INVALID);
    else if (!args.bad)
        result = from_int(env, shim_group_new(args.hub->shim, (uint16_t)id, name));
    free(name);
    return result;
}

/* groupAddCommand(hub, group, name, id, op, idempotent, request, response, enable) */
static napi_value group_add_command(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t group = args_int(&args, 1), id = args_int(&args, 3), op = args_int(&args, 4);
    int64_t req = args_int(&args, 6), rsp = args_int(&args, 7);
    bool idempotent = args_bool(&args, 5);
    char *name = args_str(&args, 2), *enable = args_str(&args, 8);
    if (!args.bad && (id < 0 || id > UINT8_MAX || op < 0 || op > UINT8_MAX))
        result = from_int(env, SMP_ERR_INVALID);
    else if (!args.bad)
        result = from_int(env, shim_group_add_command(args.hub->shim, group, name, (uint8_t)id,
                                                      (uint8_t)op, idempotent, req, rsp, enable));
    free(name);
    free(enable);
    return result;
}

/* groupAddCode(hub, group, rc, name, text, hint, v1) */
static napi_value group_add_code(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t group = args_int(&args, 1), rc = args_int(&args, 2), v1 = args_int(&args, 6);
    char *name = args_str(&args, 3), *text = args_str(&args, 4), *hint = args_str(&args, 5);
    if (!args.bad && (rc < 0 || rc > UINT16_MAX))
        result = from_int(env, SMP_ERR_INVALID);
    else if (!args.bad)
        result = from_int(env, shim_group_add_code(args.hub->shim, group, (int32_t)rc, name, text,
                                                   hint, (int)v1));
    free(name);
    free(text);
    free(hint);
    return result;
}

const struct function session_functions[] = {{"release", release},
                                             {"sessionNew", session_new},
                                             {"sessionClose", session_close},
                                             {"sessionStats", session_stats},
                                             {"sessionWindow", session_window},
                                             {"sessionMaxPacket", session_max_packet},
                                             {"call", call},
                                             {"request", request},
                                             {"cancel", cancel},
                                             {"messageNew", message_new},
                                             {"messageAdd", message_add},
                                             {"groupNew", group_new},
                                             {"groupAddCommand", group_add_command},
                                             {"groupAddCode", group_add_code},
                                             {NULL, NULL}};
