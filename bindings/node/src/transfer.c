/* SPDX-License-Identifier: Apache-2.0 */
#include "addon.h"

#include <stdlib.h>
#include <string.h>

static struct smp_transfer_options transfer_options(struct args *args, size_t index)
{
    return (struct smp_transfer_options){
        .size = sizeof(struct smp_transfer_options),
        .window = (uint32_t)option_int(args, index, "window"),
        .chunk = (uint32_t)option_int(args, index, "chunk"),
        .first_chunk_ms = (uint32_t)option_int(args, index, "firstChunkMs"),
        .stall_ms = (uint32_t)option_int(args, index, "stallMs"),
        .resume = option_int(args, index, "resume"),
    };
}

/* Data is copied: JavaScript can move or shrink a buffer's memory whenever it runs.  Without data
 * the length tells how much SHIM_READ events may ask for. */
static enum shim_source source(struct args *args, size_t index, struct smp_bytes *data)
{
    *data = args_bytes(args, index);
    if (data->data)
        return SHIM_COPY;
    int64_t len = args_int(args, index + 1);
    data->len = len > 0 ? (size_t)len : 0;
    return SHIM_PULL;
}

/* imgUpload(hub, session, data, length, options) */
static napi_value img_upload(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;
    struct smp_bytes data;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t session = args_int(&args, 1);
    enum shim_source from = source(&args, 2, &data);
    struct smp_bytes sha = option_bytes(&args, 4, "sha"), hash = option_bytes(&args, 4, "hash");
    struct smp_img_upload_options options = {
        .size = sizeof(options),
        .image = (uint32_t)option_int(&args, 4, "image"),
        .upgrade = option_bool(&args, 4, "upgrade"),
        .has_sha = sha.len > 0,
        .hash_len = hash.len,
        .transfer = transfer_options(&args, 4),
    };
    if (args.bad)
        return NULL;
    if ((sha.len != 0 && sha.len != sizeof(options.sha)) || hash.len > sizeof(options.hash))
        return from_int(env, SMP_ERR_INVALID);
    if (sha.len > 0)
        memcpy(options.sha, sha.data, sha.len);
    if (hash.len > 0)
        memcpy(options.hash, hash.data, hash.len);
    return from_int(env,
                    shim_img_upload(args.hub->shim, session, data.data, data.len, from, &options));
}

/* fsUpload(hub, session, name, data, length, options) */
static napi_value fs_upload(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;
    struct smp_bytes data;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t session = args_int(&args, 1);
    enum shim_source from = source(&args, 3, &data);
    const struct smp_transfer_options options = transfer_options(&args, 5);
    char *name = args_str(&args, 2);
    if (!args.bad)
        result = from_int(env, name ? shim_fs_upload(args.hub->shim, session, name, data.data,
                                                     data.len, from, &options)
                                    : SMP_ERR_INVALID);
    free(name);
    return result;
}

/* fsDownload(hub, session, name, options) */
static napi_value fs_download(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t session = args_int(&args, 1);
    const struct smp_transfer_options options = transfer_options(&args, 3);
    char *name = args_str(&args, 2);
    if (!args.bad)
        result = from_int(env, name ? shim_fs_download(args.hub->shim, session, name, &options)
                                    : SMP_ERR_INVALID);
    free(name);
    return result;
}

/* sourceData(hub, transfer, offset, data) */
static napi_value source_data(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transfer = args_int(&args, 1), offset = args_int(&args, 2);
    struct smp_bytes data = args_bytes(&args, 3);
    return args.bad ? NULL
                    : from_int(env, shim_source_data(args.hub->shim, transfer, (uint64_t)offset,
                                                     data.data, data.len));
}

typedef int transfer_call(struct shim *shim, int64_t transfer);

static napi_value simple(napi_env env, napi_callback_info info, transfer_call *function)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transfer = args_int(&args, 1);
    return args.bad ? NULL : from_int(env, function(args.hub->shim, transfer));
}

static napi_value transfer_fail(napi_env env, napi_callback_info info)
{
    return simple(env, info, shim_transfer_fail);
}

static napi_value transfer_pause(napi_env env, napi_callback_info info)
{
    return simple(env, info, shim_transfer_pause);
}

static napi_value transfer_continue(napi_env env, napi_callback_info info)
{
    return simple(env, info, shim_transfer_continue);
}

/* update(hub, session, data, options, ask) */
static napi_value update(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t session = args_int(&args, 1);
    struct smp_bytes data = args_bytes(&args, 2), key = option_bytes(&args, 3, "key");
    bool ask = args_bool(&args, 4);
    const struct smp_update_options options = {
        .size = sizeof(options),
        .image = (uint32_t)option_int(&args, 3, "image"),
        .goal = (enum smp_update_state)option_int(&args, 3, "goal"),
        .recovery = option_bool(&args, 3, "recovery"),
        .no_downgrade = option_bool(&args, 3, "noDowngrade"),
        .again = option_bool(&args, 3, "again"),
        .force_reset = option_bool(&args, 3, "forceReset"),
        .key = {(const char *)key.data, key.len},
        .wait_ms = (uint32_t)option_int(&args, 3, "waitMs"),
        .link_ms = (uint32_t)option_int(&args, 3, "linkMs"),
        .busy_ms = (uint32_t)option_int(&args, 3, "busyMs"),
        .decide_ms = (uint32_t)option_int(&args, 3, "decideMs"),
        .window = (uint32_t)option_int(&args, 3, "window"),
        .chunk = (uint32_t)option_int(&args, 3, "chunk"),
        .first_chunk_ms = (uint32_t)option_int(&args, 3, "firstChunkMs"),
        .stall_ms = (uint32_t)option_int(&args, 3, "stallMs"),
    };
    return args.bad ? NULL
                    : from_int(env, shim_update(args.hub->shim, session, data.data, data.len,
                                                SHIM_COPY, &options, ask));
}

/* updateDecide(hub, update, decision) */
static napi_value update_decide(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t handle = args_int(&args, 1), decision = args_int(&args, 2);
    return args.bad ? NULL
                    : from_int(env, shim_update_decide(args.hub->shim, handle,
                                                       (enum smp_update_decision)decision));
}

const struct function transfer_functions[] = {{"imgUpload", img_upload},
                                              {"fsUpload", fs_upload},
                                              {"fsDownload", fs_download},
                                              {"sourceData", source_data},
                                              {"transferFail", transfer_fail},
                                              {"transferPause", transfer_pause},
                                              {"transferContinue", transfer_continue},
                                              {"update", update},
                                              {"updateDecide", update_decide},
                                              {NULL, NULL}};
