/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One slot of flash, kept in a file of fixed size.
 *
 * It behaves like NOR flash and is no kinder: sectors of 4096 bytes are erased
 * to 0xff, writes are aligned to 8 bytes, and only erased bytes can be written.
 * Every operation goes straight to the file, so that `kill -9` at any moment
 * leaves what the finished operations wrote and nothing half-remembered.
 *
 * Functions return SMP_OK or a negative SMP_ERR_ code; then flash->error holds
 * a sentence for people.
 */
#ifndef SMPSIM_FLASH_H
#define SMPSIM_FLASH_H

#include <smp/transfer.h>

#include <stdbool.h>
#include <stdint.h>

#define SIM_FLASH_SECTOR 4096u
#define SIM_FLASH_ALIGN 8u
#define SIM_FLASH_ERASED 0xffu
/* Size that is used when nobody says another one. */
#define SIM_FLASH_SLOT_SIZE (256u * 1024u)
#define SIM_FLASH_ERROR_MAX 512u

enum sim_flash_op {
    SIM_FLASH_WRITE,
    SIM_FLASH_ERASE, /* one sector */
};

struct sim_flash;

/*
 * Called before each write and before each erase of a sector, to count, to slow
 * down, or to cut the power: only the first `returned` bytes are changed.  When
 * that is less than `len` the power is gone: this call and every later one
 * answers SMP_ERR_CLOSED until sim_flash_power_on().  Return `len` to go on.
 */
typedef uint32_t sim_flash_hook(void *user, struct sim_flash *flash, enum sim_flash_op op,
                                uint32_t offset, uint32_t len);

struct sim_flash {
    int fd; /* -1: not open */
    uint32_t size;
    bool dead;            /* the power was cut by the hook */
    sim_flash_hook *hook; /* NULL: none.  Set it after sim_flash_open(). */
    void *hook_user;
    uint64_t writes; /* finished operations, for statistics */
    uint64_t erases;
    char error[SIM_FLASH_ERROR_MAX];
};

/*
 * Opens folder/name, or creates it with `size` erased bytes: the file appears at
 * once and whole, never partly.  `size` is a multiple of the sector.  The folder
 * is made when missing (one level).  The file is locked: a second simulator on the same
 * folder is refused.
 * SMP_ERR_INVALID  a wrong size, or the file there has another size
 * SMP_ERR_BUSY     another process has it open
 * SMP_ERR_SYSTEM   not writable, disk full, ...; errno and flash->error say more
 */
int sim_flash_open(struct sim_flash *flash, const char *folder, const char *name, uint32_t size);
void sim_flash_close(struct sim_flash *flash);

int sim_flash_read(struct sim_flash *flash, uint32_t offset, void *data, uint32_t len);
/* offset and len are multiples of SIM_FLASH_ALIGN, the bytes there are erased. */
int sim_flash_write(struct sim_flash *flash, uint32_t offset, const void *data, uint32_t len);
/* offset and len are multiples of SIM_FLASH_SECTOR.  Erased sectors are skipped: flash wears. */
int sim_flash_erase(struct sim_flash *flash, uint32_t offset, uint32_t len);
/* 1 erased, 0 not, or an error. */
int sim_flash_is_erased(struct sim_flash *flash, uint32_t offset, uint32_t len);

/* After a cut: the operations work again (the hook stays). */
void sim_flash_power_on(struct sim_flash *flash);

/* The slot as a source for smp_mcuboot_image_read().  The flash must outlive it. */
void sim_flash_source(struct sim_flash *flash, struct smp_source *source);

/*
 * Writes a stream of bytes of any lengths: what is left over an aligned piece
 * waits in memory for the next call (as Zephyr's flash_img does), and is padded
 * with 0xff by sim_flash_writer_finish().  Bytes that wait are lost with the power.
 */
struct sim_flash_writer {
    struct sim_flash *flash;
    uint32_t offset;                  /* where the next bytes go, those waiting included */
    uint8_t waiting[SIM_FLASH_ALIGN]; /* offset % SIM_FLASH_ALIGN bytes */
};
void sim_flash_writer_init(struct sim_flash_writer *writer, struct sim_flash *flash,
                           uint32_t offset); /* offset: a multiple of SIM_FLASH_ALIGN */
int sim_flash_writer_add(struct sim_flash_writer *writer, const void *data, uint32_t len);
int sim_flash_writer_finish(struct sim_flash_writer *writer);

#endif
