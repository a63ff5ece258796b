/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that need no device. */
#include "commands.h"
#include "file.h"
#include "json.h"
#include "output.h"

#include <smp/mcuboot.h>
#include <smp/version.h>

#include <inttypes.h>
#include <string.h>

int cmd_version(struct smpctl *ctl)
{
    if (ctl->options.json) {
        return put_result(
            ctl, json_pack("{s:s, s:s}", "smpctl", SMP_VERSION_STRING, "libsmp", smp_version()));
    }
    fprintf(out, "smpctl %s (libsmp %s)\n", SMP_VERSION_STRING, smp_version());
    return STATUS_DONE;
}

/* ---- image info ---- */

static const struct {
    uint32_t flag;
    const char *name;
} flag_names[] = {
    {SMP_MCUBOOT_PIC, "pic"},
    {SMP_MCUBOOT_ENCRYPTED_AES128, "encrypted-aes128"},
    {SMP_MCUBOOT_ENCRYPTED_AES256, "encrypted-aes256"},
    {SMP_MCUBOOT_NON_BOOTABLE, "non-bootable"},
    {SMP_MCUBOOT_RAM_LOAD, "ram-load"},
    {SMP_MCUBOOT_ROM_FIXED, "rom-fixed"},
    {SMP_MCUBOOT_COMPRESSED_LZMA1, "compressed-lzma1"},
    {SMP_MCUBOOT_COMPRESSED_LZMA2, "compressed-lzma2"},
    {SMP_MCUBOOT_COMPRESSED_ARM_THUMB, "compressed-arm-thumb"},
};

static json_t *flags_json(uint32_t flags)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++) {
        if (flags & flag_names[i].flag) {
            json_array_append_new(list, json_string(flag_names[i].name));
        }
    }
    return list;
}

static json_t *tlvs_json(const struct image_file *file)
{
    json_t *list = json_array();
    struct smp_mcuboot_tlv tlv = {.size = sizeof tlv};
    uint32_t cursor = 0;
    while (smp_mcuboot_tlv_next(&file->local.source, &file->image, &cursor, &tlv) == SMP_OK) {
        const char *name = smp_mcuboot_tlv_name(tlv.type);
        json_t *entry =
            json_pack("{s:i, s:i, s:i, s:b}", "type", (int)tlv.type, "length", (int)tlv.len,
                      "offset", (int)tlv.offset, "protected", (int)tlv.is_protected);
        if (name) {
            json_object_set_new(entry, "name", json_string(name));
        }
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *info_json(const struct image_file *file)
{
    const struct smp_mcuboot_image *image = &file->image;
    char version[SMP_MCUBOOT_VERSION_MAX];
    smp_mcuboot_version_text(&image->version, version);
    json_t *json = json_object();
    json_object_set_new(json, "file",
                        json_text((struct smp_str){file->local.path, strlen(file->local.path)}));
    json_object_set_new(json, "length", json_integer((json_int_t)file->local.source.length));
    json_object_set_new(json, "version", json_string(version));
    json_object_set_new(json, "hash", json_hex(image->hash, image->hash_len));
    json_object_set_new(json, "hash_type", json_string(smp_mcuboot_tlv_name(image->hash_type)));
    json_object_set_new(json, "hash_good", json_boolean(image->hash_good));
    json_object_set_new(json, "sha", json_hex(file->sha, sizeof file->sha));
    json_object_set_new(json, "header_size", json_integer(image->header_size));
    json_object_set_new(json, "image_size", json_integer(image->image_size));
    json_object_set_new(json, "load_address", json_integer(image->load_address));
    json_object_set_new(json, "flags", flags_json(image->flags));
    json_object_set_new(json, "signed", json_boolean(image->is_signed));
    json_object_set_new(json, "trailer", json_boolean(image->has_trailer));
    json_object_set_new(json, "tlvs", tlvs_json(file));
    return json;
}

static void print_flags(uint32_t flags)
{
    const char *separator = " ";
    fprintf(out, "flags:");
    for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++) {
        if (flags & flag_names[i].flag) {
            fprintf(out, "%s%s", separator, flag_names[i].name);
            separator = ", ";
        }
    }
    fprintf(out, "%s\n", *separator == ' ' ? " none" : "");
}

static void print_tlvs(const struct image_file *file)
{
    struct smp_mcuboot_tlv tlv = {.size = sizeof tlv};
    uint32_t cursor = 0;
    fputs("TLVs:\n", out);
    while (smp_mcuboot_tlv_next(&file->local.source, &file->image, &cursor, &tlv) == SMP_OK) {
        const char *name = smp_mcuboot_tlv_name(tlv.type);
        fprintf(out, "    0x%04x %-20s %u bytes%s\n", tlv.type, name ? name : "?", tlv.len,
                tlv.is_protected ? ", protected" : "");
    }
}

static void print_info(const struct image_file *file)
{
    const struct smp_mcuboot_image *image = &file->image;
    char version[SMP_MCUBOOT_VERSION_MAX];
    smp_mcuboot_version_text(&image->version, version);
    fprintf(out, "version: %s\nhash: ", version);
    put_hex(out, image->hash, image->hash_len);
    fprintf(out, "\nhash type: %s, %s\n", smp_mcuboot_tlv_name(image->hash_type),
            image->hash_good ? "checked" : "of what only the device can decrypt: not checked");
    fprintf(out, "signature: %s\n", image->is_signed ? "there, not checked" : "none");
    fprintf(out,
            "size: %" PRIu32 " bytes of firmware behind a header of %u, file %" PRIu64 " bytes\n",
            image->image_size, image->header_size, file->local.source.length);
    fprintf(out, "load address: 0x%08" PRIx32 "\n", image->load_address);
    print_flags(image->flags);
    fprintf(out, "boot request: %s\n",
            image->has_trailer ? "yes (imgtool --pad): boots without "
                                 "`image test`"
                               : "no");
    print_tlvs(file);
}

int cmd_image_info(struct smpctl *ctl)
{
    struct image_file file;
    int status = file_open(ctl, ctl->args[0], &file);
    if (status == STATUS_DONE && ctl->options.json) {
        status = put_result(ctl, info_json(&file));
    } else if (status == STATUS_DONE) {
        print_info(&file);
    }
    file_close(&file);
    return status;
}
