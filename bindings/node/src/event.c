/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events.  What most of them have is copied into the scratch memory that JavaScript reads in place,
 * because a call for each member would cost more than the request itself.  lib/loop.js knows the
 * same places.
 */
#include "addon.h"

#include <string.h>

enum { FLAT_OFFSET = 256, FLAT_MAX = 4096 };

enum place {
    KIND,
    HANDLE,
    ERROR,
    SYSTEM_ERROR,
    GROUP_ID,
    COMMAND_ID,
    OP,
    FLAGS,
    GROUP,
    RC,
    OFFSET,
    LENGTH,
    EXCHANGE,
    TRANSPORT,
    LEVEL,
    FLAT_LEN,
    PHASE,
    DONE,
    TOTAL,
    START,
    RATE,
    LEFT_MS,
    CHUNK,
    WINDOW,
    MORE,
    LINK_DOWN,
};

enum flag { HAS_ANSWER = 1, FROM_GROUP = 2, BAD_UTF8 = 4 };

static void put_event(double *at, const struct shim_event *event)
{
    at[KIND] = event->kind;
    at[HANDLE] = (double)event->handle;
    at[ERROR] = event->error;
    at[SYSTEM_ERROR] = event->system_error;
    at[GROUP_ID] = event->header.group;
    at[COMMAND_ID] = event->header.id;
    at[OP] = event->header.op;
    at[FLAGS] = (event->has_answer ? HAS_ANSWER : 0) | (event->from_group ? FROM_GROUP : 0) |
                (event->bad_utf8 ? BAD_UTF8 : 0);
    at[GROUP] = event->group;
    at[RC] = (double)event->rc;
    at[OFFSET] = (double)event->offset;
    at[LENGTH] = (double)event->len;
    at[EXCHANGE] = (double)event->exchange;
    at[TRANSPORT] = (double)event->transport;
    at[LEVEL] = event->level;
}

static void put_progress(double *at, const struct smp_progress *progress)
{
    at[PHASE] = progress->phase;
    at[DONE] = (double)progress->done;
    at[TOTAL] = (double)progress->total;
    at[START] = (double)progress->start;
    at[RATE] = (double)progress->rate;
    at[LEFT_MS] = (double)progress->left_ms;
    at[CHUNK] = progress->chunk;
    at[WINDOW] = progress->window;
}

static void put_update(double *at, const struct smp_update_progress *progress)
{
    at[PHASE] = progress->phase;
    at[LINK_DOWN] = progress->link_down;
    at[DONE] = (double)progress->done;
    at[TOTAL] = (double)progress->total;
    at[START] = (double)progress->start;
    at[RATE] = (double)progress->rate;
    at[LEFT_MS] = (double)progress->left_ms;
}

/* False when there is none.  A flat record that is longer than fits comes by flat(). */
static bool fetch(struct hub *hub)
{
    hub->event = shim_next(hub->shim);
    if (!hub->event)
        return false;
    put_event(hub->scratch, hub->event);
    hub->scratch[MORE] = shim_pending(hub->shim) > 0;
    if (hub->event->kind == SHIM_PROGRESS)
        put_progress(hub->scratch, &hub->event->progress);
    if (hub->event->kind == SHIM_UPDATE || hub->event->kind == SHIM_STEP)
        put_update(hub->scratch, &hub->event->update);
    struct smp_bytes flat = {0};
    if (hub->event->record)
        flat = shim_event_flat(hub->shim);
    hub->scratch[FLAT_LEN] = (double)flat.len;
    if (flat.len > 0 && flat.len <= FLAT_MAX)
        memcpy((uint8_t *)hub->scratch + FLAT_OFFSET, flat.data, flat.len);
    return true;
}

/* next(hub): whether there was an event. */
static napi_value next(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    return from_bool(env, args_begin(&args, env, info, &result) && fetch(args.hub));
}

/* promise(hub): turn() follows before Node waits for anything. */
static napi_value promise(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (args_begin(&args, env, info, &result))
        shim_promise(args.hub->shim);
    return result;
}

/* turn(hub): does what is due, then as next(). */
static napi_value turn(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return from_bool(env, false);
    args.hub->event = NULL;
    shim_process(args.hub->shim); /* what breaks here breaks again where readable() tells of it */
    return from_bool(env, fetch(args.hub));
}

/* Begins a function about the current event. */
static const struct shim_event *current(napi_env env, napi_callback_info info, struct args *args)
{
    napi_value result;

    return args_begin(args, env, info, &result) ? args->hub->event : NULL;
}

static napi_value flat(napi_env env, napi_callback_info info)
{
    struct args args;

    if (!current(env, info, &args))
        return NULL;
    struct smp_bytes bytes = shim_event_flat(args.hub->shim);
    return from_bytes(env, bytes.data, bytes.len);
}

static napi_value payload(napi_env env, napi_callback_info info)
{
    struct args args;
    const struct shim_event *event = current(env, info, &args);

    return event ? from_bytes(env, event->payload.data, event->payload.len) : NULL;
}

static napi_value peer(napi_env env, napi_callback_info info)
{
    struct args args;
    const struct shim_event *event = current(env, info, &args);

    return event && event->peer.len > 0 ? from_bytes(env, event->peer.data, event->peer.len) : NULL;
}

/* What errors have to say, and lines of the log. */
static napi_value detail(napi_env env, napi_callback_info info)
{
    struct args args;
    const struct shim_event *event = current(env, info, &args);
    napi_value object = NULL, reason = NULL;

    if (!event || napi_create_object(env, &object) != napi_ok)
        return NULL;
    set_member(env, object, "text", from_str(env, event->text));
    set_member(env, object, "key", from_str(env, event->key));
    if (event->reason.len > 0) {
        napi_create_string_utf8(env, event->reason.data, event->reason.len, &reason);
        set_member(env, object, "reason", reason);
    }
    if (event->code) {
        set_member(env, object, "name", from_str(env, event->code->name));
        set_member(env, object, "meaning", from_str(env, event->code->text));
        set_member(env, object, "hint", from_str(env, event->code->hint));
    }
    return object;
}

static napi_value objects(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    return args_begin(&args, env, info, &result)
               ? from_int(env, (int64_t)shim_objects(args.hub->shim))
               : result;
}

const struct function event_functions[] = {{"next", next},     {"promise", promise}, {"turn", turn},
                                           {"flat", flat},     {"payload", payload}, {"peer", peer},
                                           {"detail", detail}, {"objects", objects}, {NULL, NULL}};
