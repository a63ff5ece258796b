/* SPDX-License-Identifier: Apache-2.0 */
/* MCUboot images in memory; no hub is needed. */
#include "addon.h"

static napi_value from_tlv(napi_env env, const struct smp_mcuboot_tlv *tlv)
{
    napi_value object = NULL;

    napi_create_object(env, &object);
    set_member(env, object, "type", from_int(env, tlv->type));
    set_member(env, object, "name", from_str(env, smp_mcuboot_tlv_name(tlv->type)));
    set_member(env, object, "offset", from_int(env, tlv->offset));
    set_member(env, object, "length", from_int(env, tlv->len));
    set_member(env, object, "isProtected", from_bool(env, tlv->is_protected));
    return object;
}

static napi_value tlvs(napi_env env, struct smp_bytes data, const struct smp_mcuboot_image *image)
{
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    napi_value list = NULL;
    uint32_t cursor = 0, count = 0;

    napi_create_array(env, &list);
    while (shim_image_tlv(data.data, data.len, image, &cursor, &tlv) == SMP_OK)
        napi_set_element(env, list, count++, from_tlv(env, &tlv));
    return list;
}

static napi_value from_version(napi_env env, const struct smp_mcuboot_version *version)
{
    napi_value object = NULL;

    napi_create_object(env, &object);
    set_member(env, object, "major", from_int(env, version->major));
    set_member(env, object, "minor", from_int(env, version->minor));
    set_member(env, object, "revision", from_int(env, version->revision));
    set_member(env, object, "build", from_int(env, version->build));
    return object;
}

static void set_contents(napi_env env, napi_value object, const struct smp_mcuboot_image *image)
{
    char version[SMP_MCUBOOT_VERSION_MAX];

    smp_mcuboot_version_text(&image->version, version);
    set_member(env, object, "version", from_str(env, version));
    set_member(env, object, "versionParts", from_version(env, &image->version));
    set_member(env, object, "loadAddress", from_int(env, image->load_address));
    set_member(env, object, "headerSize", from_int(env, image->header_size));
    set_member(env, object, "imageSize", from_int(env, image->image_size));
    set_member(env, object, "protectedSize", from_int(env, image->protected_size));
    set_member(env, object, "end", from_int(env, image->end));
    set_member(env, object, "flags", from_int(env, image->flags));
    set_member(env, object, "hashType", from_int(env, image->hash_type));
    set_member(env, object, "hash", from_bytes(env, image->hash, image->hash_len));
    set_member(env, object, "hashGood", from_bool(env, image->hash_good));
    set_member(env, object, "isSigned", from_bool(env, image->is_signed));
    set_member(env, object, "hasTrailer", from_bool(env, image->has_trailer));
}

/* imageRead(data, check): with `error` and `problem`, and the contents when there is no error. */
static napi_value image_read(napi_env env, napi_callback_info info)
{
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    struct args args;
    napi_value object = NULL;
    uint8_t sha[32];

    args_only(&args, env, info);
    struct smp_bytes data = args_bytes(&args, 0);
    bool check = args_bool(&args, 1);
    if (args.bad || napi_create_object(env, &object) != napi_ok)
        return NULL;
    int error = shim_image_read(data.data, data.len, check, &image, check ? sha : NULL);
    set_member(env, object, "error", from_int(env, error));
    set_member(env, object, "problem", from_str(env, image.problem));
    if (error == SMP_ERR_NOT_IMAGE)
        set_member(env, object, "problem", from_str(env, smp_mcuboot_file_text(image.file)));
    if (error != SMP_OK && error != SMP_ERR_CORRUPT)
        return object;
    set_contents(env, object, &image);
    if (check)
        set_member(env, object, "sha", from_bytes(env, sha, sizeof(sha)));
    set_member(env, object, "tlvs", tlvs(env, data, &image));
    return object;
}

/* checkSignature(data, pem): an error, or 0 when that key signed the image. */
static napi_value check_signature(napi_env env, napi_callback_info info)
{
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    struct args args;

    args_only(&args, env, info);
    struct smp_bytes data = args_bytes(&args, 0), pem = args_bytes(&args, 1);
    if (args.bad)
        return NULL;
    int error = shim_image_read(data.data, data.len, true, &image, NULL);
    if (error == SMP_OK)
        error = shim_image_signature(data.data, data.len, &image, (const char *)pem.data, pem.len);
    return from_int(env, error);
}

/* errorText(error) */
static napi_value error_text(napi_env env, napi_callback_info info)
{
    struct args args;

    args_only(&args, env, info);
    int64_t error = args_int(&args, 0);
    return args.bad ? NULL : from_str(env, smp_error_text((int)error));
}

static napi_value error_name(napi_env env, napi_callback_info info)
{
    struct args args;

    args_only(&args, env, info);
    int64_t error = args_int(&args, 0);
    return args.bad ? NULL : from_str(env, smp_error_name((int)error));
}

static napi_value version(napi_env env, napi_callback_info info)
{
    (void)info;
    return from_str(env, smp_version());
}

const struct function image_functions[] = {
    {"imageRead", image_read}, {"checkSignature", check_signature},
    {"errorText", error_text}, {"errorName", error_name},
    {"version", version},      {NULL, NULL}};
