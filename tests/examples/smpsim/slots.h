/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the simulated flash: a folder for the state, images made by hand. */
#ifndef TESTS_SMPSIM_SLOTS_H
#define TESTS_SMPSIM_SLOTS_H

#include "bootloader.h"

#include <smp/error.h>

#include "base/sha.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

/* In memory where the system has such a place: some tests write a lot. */
static inline void make_folder(void)
{
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof(folder), "%s/smpsim-test-XXXXXX", where);
    cr_assert_not_null(mkdtemp(folder));
}

static inline unsigned count_files(void)
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    cr_assert_not_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        count += entry->d_name[0] != '.';
    }
    closedir(dir);
    return count;
}

static inline void remove_folder(void)
{
    char path[sizeof(folder) + 300];
    DIR *dir = opendir(folder);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            unlink(path);
        }
    }
    closedir(dir);
    rmdir(folder);
}

/* Eight sectors: one for the trailer, one to move with, so images of up to six. */
#define SMALL_SLOT (8u * SIM_FLASH_SECTOR)

static inline void put_le(uint8_t *at, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

struct made_image {
    uint8_t data[SMALL_SLOT];
    uint32_t len;
};

/* Version 1.<minor>.0, `size` bytes between header and TLVs, which depend on minor. */
static inline void make_image(struct made_image *image, uint8_t minor, uint32_t size)
{
    struct smpi_sha sha;
    memset(image, 0, sizeof(*image));
    cr_assert(32 + size + 40 <= sizeof(image->data));
    put_le(image->data, SMP_MCUBOOT_MAGIC, 4);
    put_le(image->data + 8, 32, 2);
    put_le(image->data + 12, size, 4);
    image->data[20] = 1;
    image->data[21] = minor;
    for (uint32_t i = 0; i < size; i++) {
        image->data[32 + i] = (uint8_t)((i >> 8) * 31 + i * 7 + minor * 101);
    }
    put_le(image->data + 32 + size, 0x00286907, 4);
    put_le(image->data + 36 + size, 0x00200010, 4);
    smpi_sha_init(&sha, SMPI_SHA256);
    smpi_sha_update(&sha, image->data, 32 + size);
    smpi_sha_final(&sha, image->data + 40 + size);
    image->len = 32 + size + 40;
}

static inline int read_made(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    memcpy(data, ((struct made_image *)user)->data + offset, len);
    return SMP_OK;
}

static inline void install(struct sim_flash *slot, struct made_image *image)
{
    struct smp_source source = {
        .size = sizeof(source), .length = image->len, .read = read_made, .user = image};
    cr_assert_eq(sim_boot_install(slot, &source), SMP_OK, "%s", slot->error);
}

static inline void open_pair(struct sim_boot_pair *pair, uint32_t size)
{
    cr_assert_eq(sim_flash_open(&pair->primary, folder, "slot0.bin", size), SMP_OK, "%s",
                 pair->primary.error);
    cr_assert_eq(sim_flash_open(&pair->secondary, folder, "slot1.bin", size), SMP_OK, "%s",
                 pair->secondary.error);
}

static inline void close_pair(struct sim_boot_pair *pair)
{
    sim_flash_close(&pair->primary);
    sim_flash_close(&pair->secondary);
}

/* 1.<minor>.0 stands in the slot, whole. */
static inline bool holds(struct sim_flash *slot, uint8_t minor)
{
    struct smp_mcuboot_image image;
    return sim_boot_image(slot, true, &image) == SMP_OK && image.hash_good &&
           image.version.major == 1 && image.version.minor == minor;
}

static inline enum smp_mcuboot_swap next_swap(struct sim_boot_pair *pair)
{
    enum smp_mcuboot_swap swap = SMP_MCUBOOT_SWAP_FAIL;
    cr_assert_eq(sim_boot_swap_type(pair, &swap), SMP_OK);
    return swap;
}

#endif
