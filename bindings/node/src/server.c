/* SPDX-License-Identifier: Apache-2.0 */
#include "addon.h"

#include <stdlib.h>

/* serverNew(hub, options) */
static napi_value server_new(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    const struct smp_server_options options = {
        .size = sizeof(options),
        .buf_size = (uint32_t)option_int(&args, 1, "bufSize"),
        .buf_count = (uint32_t)option_int(&args, 1, "bufCount"),
        .v1_only = option_bool(&args, 1, "v1Only"),
        .rc_always = option_bool(&args, 1, "rcAlways"),
        .err_as_ret = option_bool(&args, 1, "errAsRet"),
        .mcuboot = option_bool(&args, 1, "mcuboot"),
    };
    return args.bad ? NULL : from_int(env, shim_server_new(args.hub->shim, &options));
}

/* serverListen(hub, server, transport) */
static napi_value server_listen(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t server = args_int(&args, 1), transport = args_int(&args, 2);
    return args.bad ? NULL : from_int(env, shim_server_listen(args.hub->shim, server, transport));
}

/* serverHandle(hub, server, group, command, op, handle) */
static napi_value server_handle(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t server = args_int(&args, 1), group = args_int(&args, 2), id = args_int(&args, 3);
    int64_t op = args_int(&args, 4);
    bool handle = args_bool(&args, 5);
    if (args.bad)
        return NULL;
    if (group < 0 || group > UINT16_MAX || id < 0 || id > UINT8_MAX || op < 0 || op > UINT8_MAX)
        return from_int(env, SMP_ERR_INVALID);
    return from_int(env, shim_server_handle(args.hub->shim, server, (uint16_t)group, (uint8_t)id,
                                            (uint8_t)op, handle));
}

/* reply(hub, exchange, data, len) */
static napi_value reply(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t exchange = args_int(&args, 1);
    struct smp_bytes data = args_bytes(&args, 2);
    int64_t len = data.data ? args_int(&args, 3) : 0;
    if (args.bad)
        return NULL;
    if (len < 0 || (uint64_t)len > data.len)
        return from_int(env, SMP_ERR_INVALID);
    return from_int(env, shim_reply(args.hub->shim, exchange, data.data, (size_t)len));
}

/* fail(hub, exchange, rc): a code of the command's own group */
static napi_value fail(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t exchange = args_int(&args, 1), rc = args_int(&args, 2);
    if (!args.bad && (rc < 0 || rc > UINT16_MAX))
        return from_int(env, SMP_ERR_INVALID);
    return args.bad ? NULL
                    : from_int(env, shim_fail(args.hub->shim, exchange, (uint16_t)rc, NULL, 0));
}

/* refuse(hub, exchange, rc, reason): a global code */
static napi_value refuse(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t exchange = args_int(&args, 1), rc = args_int(&args, 2);
    char *reason = args_str(&args, 3);
    if (!args.bad)
        result = from_int(env, shim_refuse(args.hub->shim, exchange, rc, reason));
    free(reason);
    return result;
}

const struct function server_functions[] = {{"serverNew", server_new},
                                            {"serverListen", server_listen},
                                            {"serverHandle", server_handle},
                                            {"reply", reply},
                                            {"fail", fail},
                                            {"refuse", refuse},
                                            {NULL, NULL}};
