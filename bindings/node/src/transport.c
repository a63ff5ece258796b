/* SPDX-License-Identifier: Apache-2.0 */
#include "addon.h"

#include <stdlib.h>

enum { URL_MAX = 300 };

typedef int64_t open_call(struct shim *shim, const char *url);

static napi_value by_url(napi_env env, napi_callback_info info, open_call *function)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    char *url = args_str(&args, 1);
    if (!args.bad)
        result = from_int(env, url ? function(args.hub->shim, url) : SMP_ERR_INVALID);
    free(url);
    return result;
}

static napi_value open_url(napi_env env, napi_callback_info info)
{
    return by_url(env, info, shim_open);
}

static napi_value listen_url(napi_env env, napi_callback_info info)
{
    return by_url(env, info, shim_listen);
}

static napi_value open_text(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    return args_begin(&args, env, info, &result) ? from_str(env, shim_open_text(args.hub->shim))
                                                 : from_str(env, "closed");
}

/* transportUrl(hub, transport): text, or an error */
static napi_value transport_url(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;
    char text[URL_MAX];

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transport = args_int(&args, 1);
    if (args.bad)
        return NULL;
    int len = shim_transport_url(args.hub->shim, transport, text, sizeof(text));
    return len < 0 ? from_int(env, len) : from_str(env, text);
}

/* transportNew(hub, options) */
static napi_value transport_new(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    const struct shim_transport_options options = {
        .kind = option_bool(&args, 1, "stream") ? SMP_TRANSPORT_STREAM : SMP_TRANSPORT_DATAGRAM,
        .max_packet = (uint32_t)option_int(&args, 1, "maxPacket"),
        .overhead = (uint32_t)option_int(&args, 1, "overhead"),
        .window = (uint32_t)option_int(&args, 1, "window"),
        .queue = (uint32_t)option_int(&args, 1, "queue"),
    };
    return args.bad ? NULL : from_int(env, shim_transport_new(args.hub->shim, &options));
}

/* transportReceived(hub, transport, packet, peer) */
static napi_value transport_received(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transport = args_int(&args, 1);
    struct smp_bytes packet = args_bytes(&args, 2);
    struct smp_peer peer = args_peer(&args, 3);
    return args.bad ? NULL
                    : from_int(env, shim_transport_received(args.hub->shim, transport,
                                                            peer.len > 0 ? &peer : NULL,
                                                            packet.data, packet.len));
}

static napi_value transport_writable(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transport = args_int(&args, 1);
    bool writable = args_bool(&args, 2);
    return args.bad ? NULL
                    : from_int(env, shim_transport_writable(args.hub->shim, transport, writable));
}

/* transportLink(hub, transport, reason): SMP_OK up, else down */
static napi_value transport_link(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transport = args_int(&args, 1), reason = args_int(&args, 2);
    if (args.bad)
        return NULL;
    return from_int(env, reason == SMP_OK
                             ? shim_transport_up(args.hub->shim, transport)
                             : shim_transport_down(args.hub->shim, transport, (int)reason, 0));
}

static napi_value transport_set_max_packet(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transport = args_int(&args, 1), size = args_int(&args, 2);
    if (!args.bad && (size < 0 || size > UINT32_MAX))
        return from_int(env, SMP_ERR_INVALID);
    return args.bad ? NULL
                    : from_int(env, shim_transport_set_max_packet(args.hub->shim, transport,
                                                                  (uint32_t)size));
}

/* transportPrint(hub, transport, bytes) */
static napi_value transport_print(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transport = args_int(&args, 1);
    struct smp_bytes data = args_bytes(&args, 2);
    return args.bad ? NULL
                    : from_int(env, shim_transport_print(args.hub->shim, transport, data.data,
                                                         data.len));
}

static napi_value transport_reopen(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transport = args_int(&args, 1);
    return args.bad ? NULL : from_int(env, shim_transport_reopen(args.hub->shim, transport));
}

/* transportFaults(hub, transport, faults) */
static napi_value transport_faults(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int64_t transport = args_int(&args, 1);
    const struct smp_faults faults = {
        .size = sizeof(faults),
        .seed = option_int(&args, 2, "seed"),
        .drop = (uint32_t)option_int(&args, 2, "drop"),
        .duplicate = (uint32_t)option_int(&args, 2, "duplicate"),
        .reorder = (uint32_t)option_int(&args, 2, "reorder"),
        .corrupt = (uint32_t)option_int(&args, 2, "corrupt"),
        .truncate = (uint32_t)option_int(&args, 2, "truncate"),
        .delay_ns = option_int(&args, 2, "delayNs"),
        .jitter_ns = option_int(&args, 2, "jitterNs"),
        .silent_after = option_int(&args, 2, "silentAfter"),
        .drop_above = (size_t)option_int(&args, 2, "dropAbove"),
    };
    return args.bad ? NULL
                    : from_int(env, shim_transport_faults(args.hub->shim, transport, &faults));
}

static napi_value from_port(napi_env env, const struct smp_serial_port *port)
{
    napi_value object = NULL;

    napi_create_object(env, &object);
    set_member(env, object, "path", from_str(env, port->path));
    set_member(env, object, "description", from_str(env, port->description));
    if (port->has_usb) {
        set_member(env, object, "vendor", from_int(env, port->vendor));
        set_member(env, object, "product", from_int(env, port->product));
        set_member(env, object, "manufacturer", from_str(env, port->manufacturer));
        set_member(env, object, "productName", from_str(env, port->product_name));
        set_member(env, object, "serialNumber", from_str(env, port->serial_number));
    }
    return object;
}

/* ports(hub): an array, or an error */
static napi_value ports(napi_env env, napi_callback_info info)
{
    struct args args;
    napi_value result;

    if (!args_begin(&args, env, info, &result))
        return result;
    int count = shim_ports(args.hub->shim);
    if (count < 0)
        return from_int(env, count);
    napi_create_array(env, &result);
    for (int i = 0; i < count; i++)
        napi_set_element(env, result, (uint32_t)i,
                         from_port(env, shim_port(args.hub->shim, (size_t)i)));
    return result;
}

const struct function transport_functions[] = {{"open", open_url},
                                               {"listen", listen_url},
                                               {"openText", open_text},
                                               {"transportUrl", transport_url},
                                               {"transportNew", transport_new},
                                               {"transportReceived", transport_received},
                                               {"transportWritable", transport_writable},
                                               {"transportLink", transport_link},
                                               {"transportSetMaxPacket", transport_set_max_packet},
                                               {"transportPrint", transport_print},
                                               {"transportReopen", transport_reopen},
                                               {"transportFaults", transport_faults},
                                               {"ports", ports},
                                               {NULL, NULL}};
