/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hubs: made, watched by the event loop, closed by hand or when the environment ends.
 */
#include "addon.h"

#include <stdlib.h>

enum { SCRATCH_SIZE = 65536 };

/* ---- the end ---- */

static void addon_free(struct addon *addon)
{
    napi_async_cleanup_hook_handle cleanup = addon->cleanup;

    free(addon->hubs);
    free(addon);
    napi_remove_async_cleanup_hook(cleanup);
}

static void poll_closed(uv_handle_t *handle)
{
    struct addon *addon = handle->data;

    free(handle);
    if (--addon->open == 0 && addon->dying)
        addon_free(addon);
}

static void hub_free(struct hub *hub)
{
    struct addon *addon = hub->addon;

    if (hub->poll) {
        uv_poll_stop(hub->poll);
        hub->poll->data = addon;
        uv_close((uv_handle_t *)hub->poll, poll_closed);
    }
    shim_free(hub->shim);
    /* Also while the environment ends: it does not free these itself. */
    if (hub->drain)
        napi_delete_reference(addon->env, hub->drain);
    if (hub->scratch_ref)
        napi_delete_reference(addon->env, hub->scratch_ref);
    if (hub->context)
        napi_async_destroy(addon->env, hub->context);
    free(hub);
}

/* The environment ends: process.exit(), or a Worker that was terminated. */
static void die(napi_async_cleanup_hook_handle cleanup, void *data)
{
    struct addon *addon = data;

    addon->cleanup = cleanup;
    addon->dying = true;
    for (uint32_t i = 0; i < addon->n_hubs; i++) {
        if (addon->hubs[i])
            hub_free(addon->hubs[i]);
    }
    if (addon->open == 0)
        addon_free(addon);
}

/* ---- the watch ---- */

static void call_drain(struct hub *hub, int error)
{
    napi_env env = hub->addon->env;
    napi_handle_scope scope;
    napi_value drain, receiver, argument, exception;

    if (napi_open_handle_scope(env, &scope) != napi_ok)
        return;
    /* The hub may be gone after this call. */
    if (napi_get_reference_value(env, hub->drain, &drain) == napi_ok &&
        napi_get_global(env, &receiver) == napi_ok &&
        napi_create_int32(env, error, &argument) == napi_ok &&
        napi_make_callback(env, hub->context, receiver, drain, 1, &argument, NULL) ==
            napi_pending_exception &&
        napi_get_and_clear_last_exception(env, &exception) == napi_ok)
        napi_fatal_exception(env, exception);
    napi_close_handle_scope(env, scope);
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct hub *hub = poll->data;
    hub->event = NULL; /* freed by this: */
    int error = shim_process(hub->shim);

    (void)status;
    (void)events;
    error = error < 0 ? error : 0;
    if (error)
        uv_poll_stop(poll);
    if (error || shim_pending(hub->shim) > 0)
        call_drain(hub, error);
}

static bool watch(struct hub *hub)
{
    struct addon *addon = hub->addon;
    uv_poll_t *poll = calloc(1, sizeof(*poll));

    if (!poll || uv_poll_init(addon->loop, poll, shim_fd(hub->shim)) != 0) {
        free(poll);
        return false;
    }
    poll->data = hub;
    hub->poll = poll;
    addon->open++;
    uv_unref((uv_handle_t *)poll);
    return uv_poll_start(poll, UV_READABLE, readable) == 0;
}

/* ---- the beginning ---- */

/* A free place in the list, or -1. */
static int64_t place(struct addon *addon)
{
    uint32_t i = 0;

    while (i < addon->n_hubs && addon->hubs[i])
        i++;
    if (i == addon->n_hubs) {
        struct hub **more = realloc(addon->hubs, (i + 1) * sizeof(*more));
        if (!more)
            return -1;
        addon->hubs = more;
        addon->hubs[addon->n_hubs++] = NULL;
    }
    return i;
}

static napi_value make_scratch(struct hub *hub, napi_value *array)
{
    napi_env env = hub->addon->env;
    napi_value name;
    void *data = NULL;

    if (napi_create_arraybuffer(env, SCRATCH_SIZE, &data, array) != napi_ok ||
        napi_create_reference(env, *array, 1, &hub->scratch_ref) != napi_ok)
        return NULL;
    hub->scratch = data;
    return napi_create_string_utf8(env, "smp", NAPI_AUTO_LENGTH, &name) == napi_ok &&
                   napi_async_init(env, NULL, name, &hub->context) == napi_ok
               ? *array
               : NULL;
}

/* create(drain, options): {hub, scratch}, or an error. */
static napi_value create(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result = NULL, scratch = NULL;
    napi_valuetype type = napi_undefined;

    args_only(&args, env, info);
    napi_typeof(env, args.values[0], &type);
    if (type != napi_function) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "drain must be a function");
        return NULL;
    }
    const struct shim_options options = {
        .log = option_bool(&args, 1, "log"),
        .log_level = (enum smp_log_level)option_int(&args, 1, "logLevel"),
        .requests = (uint32_t)option_int(&args, 1, "requests"),
        .arena = (uint32_t)option_int(&args, 1, "arena"),
        .backlog = (uint32_t)option_int(&args, 1, "backlog"),
    };
    struct hub *hub = args.bad ? NULL : calloc(1, sizeof(*hub));
    int64_t index = hub ? place(args.addon) : -1;
    if (args.bad)
        return NULL;
    if (index < 0) {
        free(hub);
        return from_int(env, SMP_ERR_NO_MEMORY);
    }
    hub->addon = args.addon;
    hub->shim = shim_new(&options);
    if (!hub->shim || !make_scratch(hub, &scratch) ||
        napi_create_reference(env, args.values[0], 1, &hub->drain) != napi_ok || !watch(hub)) {
        hub_free(hub);
        return from_int(env, SMP_ERR_NO_MEMORY);
    }
    args.addon->hubs[index] = hub;
    napi_create_object(env, &result);
    set_member(env, result, "hub", from_int(env, index));
    set_member(env, result, "scratch", scratch);
    return result;
}

/* close(hub): all that was open on it ends; events not fetched are forgotten. */
static napi_value close_hub(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (args_begin(&args, env, info, &result)) {
        args.addon->hubs[args_int(&args, 0)] = NULL;
        hub_free(args.hub);
        result = from_int(env, SMP_OK);
    }
    return result;
}

/* ref(hub, yes): whether the hub keeps the process alive. */
static napi_value ref(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    if (args_bool(&args, 1))
        uv_ref((uv_handle_t *)args.hub->poll);
    else if (!args.bad)
        uv_unref((uv_handle_t *)args.hub->poll);
    return NULL;
}

static const struct function hub_functions[] = {
    {"create", create}, {"close", close_hub}, {"ref", ref}, {NULL, NULL}};

static void add(napi_env env, napi_value exports, const struct function *functions, void *addon)
{
    for (; functions->name; functions++) {
        napi_value function = NULL;
        napi_create_function(env, functions->name, NAPI_AUTO_LENGTH, functions->call, addon,
                             &function);
        set_member(env, exports, functions->name, function);
    }
}

NAPI_MODULE_INIT()
{
    struct addon *addon = calloc(1, sizeof(*addon));

    if (!addon || napi_get_uv_event_loop(env, &addon->loop) != napi_ok ||
        napi_add_async_cleanup_hook(env, die, addon, &addon->cleanup) != napi_ok) {
        free(addon);
        napi_throw_error(env, NULL, "libsmp: no memory");
        return NULL;
    }
    addon->env = env;
    add(env, exports, hub_functions, addon);
    add(env, exports, event_functions, addon);
    add(env, exports, session_functions, addon);
    add(env, exports, transfer_functions, addon);
    add(env, exports, transport_functions, addon);
    add(env, exports, server_functions, addon);
    add(env, exports, image_functions, addon);
    return exports;
}
