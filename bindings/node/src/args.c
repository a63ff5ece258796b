/* SPDX-License-Identifier: Apache-2.0 */
#include "addon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuse(struct args *args, const char *what, const char *expected)
{
    char text[120];

    if (args->bad)
        return;
    args->bad = true;
    snprintf(text, sizeof(text), "%s must be %s", what, expected);
    napi_throw_type_error(args->env, "ERR_INVALID_ARG_TYPE", text);
}

static void refuse_argument(struct args *args, size_t index, const char *expected)
{
    char name[30];

    snprintf(name, sizeof(name), "argument %zu", index);
    refuse(args, name, expected);
}

void args_only(struct args *args, napi_env env, napi_callback_info info)
{
    void *addon = NULL;

    *args = (struct args){.env = env, .count = ARGS_MAX};
    napi_get_cb_info(env, info, &args->count, args->values, NULL, &addon);
    args->addon = addon;
}

bool args_begin(struct args *args, napi_env env, napi_callback_info info, napi_value *result)
{
    args_only(args, env, info);
    int64_t index = args_int(args, 0);
    *result = NULL;
    if (args->bad)
        return false;
    if (index >= 0 && index < args->addon->n_hubs)
        args->hub = args->addon->hubs[index];
    if (!args->hub)
        *result = from_int(env, SMP_ERR_CLOSED);
    return args->hub != NULL;
}

static bool is_given(napi_env env, napi_value value)
{
    napi_valuetype type = napi_undefined;

    napi_typeof(env, value, &type);
    return type != napi_undefined && type != napi_null;
}

bool args_given(const struct args *args, size_t index)
{
    return index < args->count && is_given(args->env, args->values[index]);
}

int64_t args_int(struct args *args, size_t index)
{
    int64_t value = 0;

    if (napi_get_value_int64(args->env, args->values[index], &value) != napi_ok)
        refuse_argument(args, index, "a number");
    return value;
}

bool args_bool(struct args *args, size_t index)
{
    bool value = false;

    if (napi_get_value_bool(args->env, args->values[index], &value) != napi_ok)
        refuse_argument(args, index, "a boolean");
    return value;
}

static bool get_bytes(napi_env env, napi_value value, struct smp_bytes *bytes)
{
    napi_typedarray_type type = napi_int8_array;
    bool is_array = false;
    void *data = NULL;

    *bytes = (struct smp_bytes){0};
    napi_is_typedarray(env, value, &is_array);
    if (!is_array ||
        napi_get_typedarray_info(env, value, &type, &bytes->len, &data, NULL, NULL) != napi_ok ||
        type != napi_uint8_array)
        return false;
    /* NULL would mean "not given". */
    bytes->data = data ? data : (const uint8_t *)"";
    bytes->len = data ? bytes->len : 0;
    return true;
}

struct smp_bytes args_bytes(struct args *args, size_t index)
{
    struct smp_bytes bytes = {0};

    if (args_given(args, index) && !get_bytes(args->env, args->values[index], &bytes))
        refuse_argument(args, index, "a Uint8Array");
    return bytes;
}

char *args_str(struct args *args, size_t index)
{
    size_t len = 0;
    char *text;

    if (!args_given(args, index))
        return NULL;
    if (napi_get_value_string_utf8(args->env, args->values[index], NULL, 0, &len) != napi_ok) {
        refuse_argument(args, index, "a string");
        return NULL;
    }
    text = malloc(len + 1);
    if (!text) {
        args->bad = true;
        napi_throw_error(args->env, NULL, "no memory");
        return NULL;
    }
    napi_get_value_string_utf8(args->env, args->values[index], text, len + 1, &len);
    if (strlen(text) != len) {
        free(text);
        refuse_argument(args, index, "a string without NUL");
        return NULL;
    }
    return text;
}

struct smp_peer args_peer(struct args *args, size_t index)
{
    struct smp_bytes bytes = args_bytes(args, index);
    struct smp_peer peer = {0};

    if (bytes.len > sizeof(peer.data)) {
        refuse_argument(args, index, "at most 31 bytes");
    } else if (bytes.len > 0) {
        peer.len = (uint8_t)bytes.len;
        memcpy(peer.data, bytes.data, bytes.len);
    }
    return peer;
}

/* ---- options ---- */

static bool option(struct args *args, size_t index, const char *name, napi_value *value)
{
    napi_valuetype type = napi_undefined;

    if (args->bad || !args_given(args, index))
        return false;
    napi_typeof(args->env, args->values[index], &type);
    if (type != napi_object) {
        refuse_argument(args, index, "an object");
        return false;
    }
    if (napi_get_named_property(args->env, args->values[index], name, value) != napi_ok) {
        args->bad = true; /* a getter threw */
        return false;
    }
    return is_given(args->env, *value);
}

uint64_t option_int(struct args *args, size_t index, const char *name)
{
    napi_value value;
    double number = 0;

    if (!option(args, index, name, &value))
        return 0;
    if (napi_get_value_double(args->env, value, &number) != napi_ok || !(number >= 0) ||
        number > 9007199254740991.0) {
        refuse(args, name, "a number of 0 or more");
        return 0;
    }
    return (uint64_t)number;
}

bool option_bool(struct args *args, size_t index, const char *name)
{
    napi_value value;
    bool is_set = false;

    if (option(args, index, name, &value) &&
        napi_get_value_bool(args->env, value, &is_set) != napi_ok)
        refuse(args, name, "a boolean");
    return is_set;
}

struct smp_bytes option_bytes(struct args *args, size_t index, const char *name)
{
    struct smp_bytes bytes = {0};
    napi_value value;

    if (option(args, index, name, &value) && !get_bytes(args->env, value, &bytes))
        refuse(args, name, "a Uint8Array");
    return bytes;
}

/* ---- results ---- */

napi_value from_int(napi_env env, int64_t value)
{
    napi_value result = NULL;

    napi_create_int64(env, value, &result);
    return result;
}

napi_value from_bool(napi_env env, bool value)
{
    napi_value result = NULL;

    napi_get_boolean(env, value, &result);
    return result;
}

napi_value from_str(napi_env env, const char *text)
{
    napi_value result = NULL;

    if (text)
        napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result);
    else
        napi_get_undefined(env, &result);
    return result;
}

napi_value from_bytes(napi_env env, const void *data, size_t len)
{
    napi_value result = NULL;

    napi_create_buffer_copy(env, len, len ? data : "", NULL, &result);
    return result;
}

void set_member(napi_env env, napi_value object, const char *name, napi_value value)
{
    if (value)
        napi_set_named_property(env, object, name, value);
}
