/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MCUboot's "swap using move".  First the primary image is moved up by one sector,
 * the last sector first.  Then, from the first sector on, the secondary sector is
 * copied into the gap and the primary one, which stands one further, into its
 * place.  After each step an entry in the primary trailer says that it is done.  A
 * step overwrites only what an earlier one has copied elsewhere, so that a step cut
 * short can be done again.
 */
#include "boot_swap.h"

#include "boot_trailer.h"

#include <smp/error.h>

static uint32_t sectors_of(uint32_t size)
{
    return (size + SIM_FLASH_SECTOR - 1) / SIM_FLASH_SECTOR;
}

static int copy_sector(struct sim_flash *from, uint32_t from_sector, struct sim_flash *to,
                       uint32_t to_sector)
{
    uint8_t data[SIM_FLASH_SECTOR];
    uint32_t target = to_sector * SIM_FLASH_SECTOR;
    int error = sim_flash_read(from, from_sector * SIM_FLASH_SECTOR, data, sizeof(data));
    if (error == SMP_OK) {
        error = sim_flash_erase(to, target, SIM_FLASH_SECTOR);
    }
    if (error == SMP_OK) {
        error = sim_flash_write(to, target, data, sizeof(data));
    }
    return error;
}

int boot_swap_find(struct sim_boot_pair *pair, struct boot_swap *swap, bool *found)
{
    struct smp_mcuboot_trailer trailer;
    uint32_t size = 0;
    *found = false;
    int error = sim_boot_trailer_read(&pair->primary, &trailer);
    if (error == SMP_OK) {
        error = boot_read_swap_size(&pair->primary, &size);
    }
    if (error != SMP_OK) {
        return error;
    }
    unsigned type = trailer.swap_info & 0x0fu;
    if (trailer.magic_good && trailer.copy_done == BOOT_UNSET && type >= SMP_MCUBOOT_SWAP_TEST &&
        type <= SMP_MCUBOOT_SWAP_REVERT && size > 0 && size <= sim_boot_max_image(&pair->primary)) {
        *swap = (struct boot_swap){
            .image = trailer.swap_info >> 4, .type = (enum smp_mcuboot_swap)type, .size = size};
        *found = true;
    }
    return SMP_OK;
}

/*
 * A revert is asked for by the primary trailer alone, which is about to be erased.
 * So the request is first repeated in the secondary one, as a permanent swap.
 */
static int save_revert(struct sim_flash *secondary)
{
    struct smp_mcuboot_trailer trailer;
    int error = sim_boot_trailer_read(secondary, &trailer);
    if (error != SMP_OK || trailer.magic_good) {
        return error;
    }
    error = boot_trailer_erase(secondary);
    if (error == SMP_OK) {
        error = boot_write_image_ok(secondary);
    }
    return error == SMP_OK ? boot_write_magic(secondary) : error;
}

int boot_swap_begin(struct sim_boot_pair *pair, const struct boot_swap *swap)
{
    struct sim_flash *primary = &pair->primary;
    int error = SMP_OK;
    if (swap->type == SMP_MCUBOOT_SWAP_REVERT) {
        error = save_revert(&pair->secondary);
    }
    if (error == SMP_OK) {
        error = boot_trailer_erase(primary);
    }
    if (error == SMP_OK) {
        error = boot_write_swap_info(primary, swap->image, swap->type);
    }
    if (error == SMP_OK && swap->type != SMP_MCUBOOT_SWAP_TEST) {
        error = boot_write_image_ok(primary);
    }
    if (error == SMP_OK) {
        error = boot_write_swap_size(primary, swap->size);
    }
    /* Last, because it makes the rest count. */
    return error == SMP_OK ? boot_write_magic(primary) : error;
}

/* Step `step` of `sectors`: the last sector is moved first. */
static int move_up(struct sim_flash *primary, uint32_t step, uint32_t sectors)
{
    uint32_t to = sectors - step;
    int error = copy_sector(primary, to - 1, primary, to);
    return error == SMP_OK ? boot_write_status(primary, step, 1) : error;
}

/* Even steps fill the primary sector, odd ones the secondary. */
static int exchange(struct sim_boot_pair *pair, uint32_t step, uint32_t first_entry)
{
    struct sim_flash *primary = &pair->primary;
    struct sim_flash *secondary = &pair->secondary;
    uint32_t sector = step / 2;
    int error = step % 2 == 0 ? copy_sector(secondary, sector, primary, sector)
                              : copy_sector(primary, sector + 1, secondary, sector);
    return error == SMP_OK ? boot_write_status(primary, first_entry + step, (uint8_t)(1 + step % 2))
                           : error;
}

static int run_steps(struct sim_boot_pair *pair, uint32_t sectors)
{
    struct sim_flash *primary = &pair->primary;
    uint32_t exchanges = primary->size / SIM_FLASH_SECTOR; /* the entries before are for moves */
    uint32_t moved = 0;
    uint32_t exchanged = 0;
    int error = boot_count_status(primary, 0, sectors, &moved);
    if (error == SMP_OK) {
        error = boot_count_status(primary, exchanges, 2 * sectors, &exchanged);
    }
    if (error == SMP_OK && moved == 0) {
        /* The request was taken over by the primary trailer. */
        error = boot_trailer_erase(&pair->secondary);
    }
    while (error == SMP_OK && moved < sectors) {
        error = move_up(primary, moved, sectors);
        moved++;
    }
    while (error == SMP_OK && exchanged < 2 * sectors) {
        error = exchange(pair, exchanged, exchanges);
        exchanged++;
    }
    return error;
}

int boot_swap_run(struct sim_boot_pair *pair, const struct boot_swap *swap)
{
    struct smp_mcuboot_trailer trailer;
    int error = run_steps(pair, sectors_of(swap->size));
    if (error == SMP_OK) {
        error = sim_boot_trailer_read(&pair->primary, &trailer);
    }
    if (error == SMP_OK && swap->type != SMP_MCUBOOT_SWAP_TEST && trailer.image_ok == BOOT_UNSET) {
        error = boot_write_image_ok(&pair->primary);
    }
    return error == SMP_OK ? boot_write_copy_done(&pair->primary) : error;
}
