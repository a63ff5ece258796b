/* SPDX-License-Identifier: Apache-2.0 */
/* Image files: the header, and the hash over all that it covers. */
#include <smp/error.h>
#include <smp/mcuboot.h>

#include "base/sha.h"
#include "update/image.h"

#include <string.h>

#define BLOCK_SIZE 8192u /* read at once; it lives on the stack */
#define MAGIC_SIZE 16u
/* The struct as release 0.1 had it: the least a caller can pass. */
#define IMAGE_SIZE_FIRST (offsetof(struct smp_mcuboot_image, problem) + sizeof(const char *))

int smpi_image_fetch(const struct smp_source *source, uint64_t offset, void *data, size_t len)
{
    if (offset > source->length || len > source->length - offset) {
        return SMP_ERR_SOURCE;
    }
    return source->read(source->user, offset, data, len) == SMP_OK ? SMP_OK : SMP_ERR_SOURCE;
}

static int fail(struct smp_mcuboot_image *image, int error, const char *problem)
{
    image->problem = problem;
    return error;
}

static int read_header(const struct smp_source *source, struct smp_mcuboot_image *image)
{
    uint8_t header[SMP_MCUBOOT_HEADER_SIZE];
    if (source->length < sizeof(header)) {
        return fail(image, SMP_ERR_MALFORMED, "the file is cut short: its header is not whole");
    }
    int error = smpi_image_fetch(source, 0, header, sizeof(header));
    if (error != SMP_OK) {
        return error;
    }
    image->load_address = smpi_le32(header + 4);
    image->header_size = smpi_le16(header + 8);
    image->protected_size = smpi_le16(header + 10);
    image->image_size = smpi_le32(header + 12);
    image->flags = smpi_le32(header + 16);
    image->version.major = header[20];
    image->version.minor = header[21];
    image->version.revision = smpi_le16(header + 22);
    image->version.build = smpi_le32(header + 24);
    if (image->header_size < SMP_MCUBOOT_HEADER_SIZE) {
        return fail(image, SMP_ERR_MALFORMED, "the header says that it is shorter than 32 bytes");
    }
    return SMP_OK;
}

/* imgtool --pad fills the slot and ends it with a magic that asks for a swap. */
static int find_trailer(const struct smp_source *source, struct smp_mcuboot_image *image)
{
    uint8_t last[MAGIC_SIZE];
    if (source->length - image->end < sizeof(last)) {
        return SMP_OK;
    }
    int error = smpi_image_fetch(source, source->length - sizeof(last), last, sizeof(last));
    if (error == SMP_OK) {
        image->has_trailer = smpi_image_is_magic(last);
    }
    return error;
}

static int read_image(const struct smp_source *source, struct smp_mcuboot_image *image)
{
    int error = smpi_image_file_kind(source, &image->file);
    if (error == SMP_OK && image->file != SMP_MCUBOOT_FILE_IMAGE) {
        return fail(image, SMP_ERR_NOT_IMAGE, smp_mcuboot_file_text(image->file));
    }
    if (error == SMP_OK && source->length > UINT32_MAX) {
        return fail(image, SMP_ERR_TOO_LARGE, "the file is larger than any flash MCUboot can use");
    }
    if (error == SMP_OK) {
        error = read_header(source, image);
    }
    if (error == SMP_OK) {
        error = smpi_image_read_tlvs(source, image);
    }
    if (error == SMP_OK) {
        error = find_trailer(source, image);
    }
    if (error == SMP_ERR_SOURCE) {
        image->problem = "the file cannot be read";
    }
    return error;
}

/*
 * Hashes the first `covered` bytes as `kind` and, when `sha` is wanted, the whole
 * source with SHA-256.  Where both are SHA-256 the first is a copy of the second
 * at that point, and the work is done once.
 */
static int hash_source(const struct smp_source *source, uint32_t covered, enum smpi_sha_kind kind,
                       uint8_t *digest, uint8_t *sha)
{
    uint8_t block[BLOCK_SIZE];
    struct smpi_sha image, file;
    bool shared = sha != NULL && kind == SMPI_SHA256;
    uint64_t end = sha != NULL ? source->length : covered;

    smpi_sha_init(&image, kind);
    smpi_sha_init(&file, SMPI_SHA256);
    for (uint64_t at = 0; at < end;) {
        uint64_t stop = at < covered ? covered : end; /* no block lies on both sides */
        size_t len = stop - at < BLOCK_SIZE ? (size_t)(stop - at) : BLOCK_SIZE;
        int error = smpi_image_fetch(source, at, block, len);
        if (error != SMP_OK) {
            return error;
        }
        if (sha != NULL) {
            smpi_sha_update(&file, block, len);
        }
        if (at < covered && !shared) {
            smpi_sha_update(&image, block, len);
        }
        at += len;
        if (at == covered && shared) {
            image = file;
        }
    }
    smpi_sha_final(&image, digest);
    if (sha != NULL) {
        smpi_sha_final(&file, sha);
    }
    return SMP_OK;
}

static int check_image(const struct smp_source *source, struct smp_mcuboot_image *image,
                       uint8_t *sha)
{
    uint8_t digest[SMPI_SHA_MAX];
    bool encrypted =
        (image->flags & (SMP_MCUBOOT_ENCRYPTED_AES128 | SMP_MCUBOOT_ENCRYPTED_AES256)) != 0;
    if (encrypted && sha == NULL) {
        return SMP_OK; /* nothing that could be computed */
    }
    /* The kinds are numbered by the length of their digests, which was checked. */
    enum smpi_sha_kind kind = (enum smpi_sha_kind)image->hash_len;
    int error = hash_source(source, image->tlv_offset, kind, digest, sha);
    if (error != SMP_OK) {
        return fail(image, error, "the file cannot be read");
    }
    if (encrypted) {
        return SMP_OK;
    }
    image->hash_good = memcmp(digest, image->hash, image->hash_len) == 0;
    if (!image->hash_good) {
        return fail(image, SMP_ERR_CORRUPT,
                    "the hash does not match: the file was damaged or changed after it was signed");
    }
    return SMP_OK;
}

/* Callers may be built with an older or a newer header: each gets what it knows. */
static void give(struct smp_mcuboot_image *to, const struct smp_mcuboot_image *found)
{
    size_t size = to->size;
    memcpy(to, found, size < sizeof(*found) ? size : sizeof(*found));
    to->size = size;
}

static bool valid(const struct smp_source *source, const struct smp_mcuboot_image *image)
{
    return source != NULL && source->read != NULL && image != NULL &&
           image->size >= IMAGE_SIZE_FIRST;
}

int smp_mcuboot_image_read(const struct smp_source *source, struct smp_mcuboot_image *image)
{
    if (!valid(source, image)) {
        return SMP_ERR_INVALID;
    }
    struct smp_mcuboot_image found = {.file = SMP_MCUBOOT_FILE_UNKNOWN};
    int error = read_image(source, &found);
    give(image, &found);
    return error;
}

int smp_mcuboot_image_check(const struct smp_source *source, struct smp_mcuboot_image *image,
                            uint8_t *sha)
{
    if (!valid(source, image)) {
        return SMP_ERR_INVALID;
    }
    struct smp_mcuboot_image found = {.file = SMP_MCUBOOT_FILE_UNKNOWN};
    int error = read_image(source, &found);
    if (error == SMP_OK) {
        error = check_image(source, &found, sha);
    }
    give(image, &found);
    return error;
}
