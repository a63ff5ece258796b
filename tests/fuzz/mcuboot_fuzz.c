/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an image file: header, TLVs, hashes and trailers. */
#include <smp/error.h>
#include <smp/mcuboot.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

static int read_input(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    const struct input *input = user;
    if (offset > input->size || len > input->size - offset) {
        abort(); /* the reader promised not to */
    }
    memcpy(data, input->data + offset, len);
    return SMP_OK;
}

static void walk(const struct smp_source *source, const struct smp_mcuboot_image *image)
{
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    uint32_t cursor = 0;
    uint32_t bytes = 0;
    while (smp_mcuboot_tlv_next(source, image, &cursor, &tlv) == SMP_OK) {
        bytes += 4u + tlv.len;
        if (tlv.offset > source->length || tlv.len > source->length - tlv.offset ||
            bytes > image->tlv_size + image->protected_size) {
            abort(); /* outside of the file, or walking in circles */
        }
        smp_mcuboot_tlv_name(tlv.type);
    }
}

/* Its signatures, as if the hash were right; and the file as a key. */
static void check_signatures(const struct smp_source *source, struct smp_mcuboot_image *image,
                             const uint8_t *data, size_t size)
{
    static const char *const keys[] = {
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
        "-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC "
        "KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n"
        "Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n"
        "-----END PUBLIC KEY-----\n",
    };
    image->hash_good = true;
    for (size_t i = 0; i < 2; i++) {
        if (smp_mcuboot_signature_check(source, image, keys[i], strlen(keys[i])) ==
            SMP_ERR_INVALID) {
            abort(); /* the key is good */
        }
    }
    smp_mcuboot_signature_check(source, image, (const char *)data, size);
}

/* Trailers of two slots from the ends of the input. */
static void boot(const uint8_t *data, size_t size)
{
    struct smp_mcuboot_trailer primary, secondary;
    if (size >= SMP_MCUBOOT_TRAILER_SIZE) {
        smp_mcuboot_trailer_decode(data, &primary);
        smp_mcuboot_trailer_decode(data + size - SMP_MCUBOOT_TRAILER_SIZE, &secondary);
        smp_mcuboot_swap_type(&primary, &secondary);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct smp_source source = {
        .size = sizeof(source), .length = size, .read = read_input, .user = &input};
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    struct smp_mcuboot_image checked = {.size = sizeof(checked)};
    char version[SMP_MCUBOOT_VERSION_MAX];
    uint8_t sha[32];

    int error = smp_mcuboot_image_read(&source, &image);
    int check = smp_mcuboot_image_check(&source, &checked, size % 2 == 0 ? sha : NULL);
    if (error != SMP_OK && (check != error || image.problem == NULL)) {
        abort();
    }
    smp_mcuboot_version_text(&image.version, version);
    if (error == SMP_OK) {
        walk(&source, &image);
        check_signatures(&source, &image, data, size);
    } else { /* a key needs no image */
        image.hash_good = true;
        smp_mcuboot_signature_check(&source, &image, (const char *)data, size);
    }
    boot(data, size);
    /* And with a description that does not belong to the file: it must only stay inside. */
    if (size >= sizeof(image)) {
        struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
        uint32_t cursor;
        memcpy(&image.tlv_offset, data, sizeof(image.tlv_offset));
        memcpy(&image.end, data + 4, sizeof(image.end));
        memcpy(&image.protected_size, data + 8, sizeof(image.protected_size));
        memcpy(&cursor, data + 12, sizeof(cursor));
        smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv);
    }
    return 0;
}
