/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the MCUboot image reader share. */
#ifndef SMPI_UPDATE_IMAGE_H
#define SMPI_UPDATE_IMAGE_H

#include <smp/mcuboot.h>

/* Every number in an image file is little-endian. */
static inline uint16_t smpi_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t smpi_le32(const uint8_t *p)
{
    return (uint32_t)smpi_le16(p) | (uint32_t)smpi_le16(p + 2) << 16;
}

/* Reads, or says SMP_ERR_SOURCE; never asks for bytes past the end. */
int smpi_image_fetch(const struct smp_source *source, uint64_t offset, void *data, size_t len);

/* What the file is, by its first bytes. */
int smpi_image_file_kind(const struct smp_source *source, enum smp_mcuboot_file *file);

/*
 * Checks both TLV areas, and finds hash and signature.  In: header_size, image_size,
 * protected_size.  On SMP_ERR_MALFORMED image->problem says why.
 */
int smpi_image_read_tlvs(const struct smp_source *source, struct smp_mcuboot_image *image);

/* Whether 16 bytes are a trailer's magic, for any max-align. */
bool smpi_image_is_magic(const uint8_t *bytes);

#endif
