/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addon: Node-API calls to the shim, one to one.  lib/loop.js is the only user; what people see
 * is written there, in JavaScript.
 *
 * A hub is one shim with its watch on the event loop.  JavaScript names it by a number, so that
 * nothing can be used after it was freed.  Every function takes that number first, throws TypeError
 * when an argument is of the wrong type, and returns what the shim returns.
 */
#ifndef SMP_NODE_ADDON_H
#define SMP_NODE_ADDON_H

#include "shim.h"

#include <node_api.h>
#include <uv.h>

enum { ARGS_MAX = 10 };

struct hub {
    struct addon *addon;
    struct shim *shim;
    uv_poll_t *poll; /* lives until uv_close() is through */
    const struct shim_event *event;
    napi_ref drain, scratch_ref;
    napi_async_context context;
    double *scratch; /* event.c describes it */
};

/* One in each JavaScript environment: the main thread and each Worker. */
struct addon {
    napi_env env;
    uv_loop_t *loop;
    struct hub **hubs;
    uint32_t n_hubs;
    uint32_t open; /* watches that are not closed yet */
    napi_async_cleanup_hook_handle cleanup;
    bool dying;
};

/* The arguments of a call.  After the first one that was wrong `bad` is set, and an exception waits. */
struct args {
    napi_env env;
    napi_value values[ARGS_MAX];
    size_t count;
    struct addon *addon;
    struct hub *hub;
    bool bad;
};

struct function {
    const char *name;
    napi_callback call;
};

/* ---- args.c ---- */

/* Reads the arguments, the first of which names the hub: false, and *result set, without one. */
bool args_begin(struct args *args, napi_env env, napi_callback_info info, napi_value *result);
/* The same for functions that need no hub. */
void args_only(struct args *args, napi_env env, napi_callback_info info);
bool args_given(const struct args *args, size_t index);
int64_t args_int(struct args *args, size_t index);
bool args_bool(struct args *args, size_t index);
/* Any Uint8Array, borrowed; NULL when the argument is not given. */
struct smp_bytes args_bytes(struct args *args, size_t index);
/* A copy to free(); NULL when the argument is not given. */
char *args_str(struct args *args, size_t index);
struct smp_peer args_peer(struct args *args, size_t index);
/* Members of the options at `index`: 0, false or empty when they are not given. */
uint64_t option_int(struct args *args, size_t index, const char *name);
bool option_bool(struct args *args, size_t index, const char *name);
struct smp_bytes option_bytes(struct args *args, size_t index, const char *name);

napi_value from_int(napi_env env, int64_t value);
napi_value from_bool(napi_env env, bool value);
napi_value from_str(napi_env env, const char *text);
napi_value from_bytes(napi_env env, const void *data, size_t len);
void set_member(napi_env env, napi_value object, const char *name, napi_value value);

/* ---- the functions, each table ends with a NULL ---- */

extern const struct function event_functions[];
extern const struct function session_functions[];
extern const struct function transfer_functions[];
extern const struct function transport_functions[];
extern const struct function server_functions[];
extern const struct function image_functions[];

#endif
