/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's file system: the folder `fs` in the state folder.
 *
 * It keeps to what LittleFS does: a file that is being written is, to everybody
 * else, what it was before, until it is closed; a power cut or a full disk leaves
 * it so.  (The copy being written is `fs.open` in the state folder, and closing
 * renames it.)  Space goes by blocks, of which each file has at least one.
 *
 * Paths come from outside: none of them leads out of the folder.  Each step is
 * taken with openat() and O_NOFOLLOW, and `.`, `..` and control characters are
 * no names.
 *
 * Functions return 0 or an enum smp_fs_rc.
 */
#ifndef SMPSIM_FILES_H
#define SMPSIM_FILES_H

#include <smp/fs.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_FS_SIZE (256u * 1024u)
#define SIM_FS_BLOCK 512u
/* Zephyr's CONFIG_MCUMGR_GRP_FS_PATH_LEN. */
#define SIM_PATH_MAX 64u

struct sim_files {
    int state; /* the state folder */
    int root;  /* the folder itself */
    uint32_t size;
    const char *mount;
    bool erased; /* the partition was erased while mounted: nothing works until a boot */
};

/* Where a path leads: a folder that is open, and a name in it. */
struct sim_place {
    int dir;
    char name[SIM_PATH_MAX + 1];
};

void sim_files_init(struct sim_files *files);
/* Opens or makes the folder.  SMP_OK, or SMP_ERR_SYSTEM and a sentence in `error`. */
int sim_files_open(struct sim_files *files, const char *state, char *error, size_t error_size);
void sim_files_close(struct sim_files *files);

/*
 * Walks a path.  On success the place is to be closed with sim_place_close().
 * INVALID_NAME; NOT_FOUND: no such mount point or folder; IS_DIRECTORY: the mount
 * point itself.
 */
uint16_t sim_files_find(const struct sim_files *files, struct smp_str path,
                        struct sim_place *place);
void sim_place_close(struct sim_place *place);

/* Opens a plain file for reading, and tells its length. */
uint16_t sim_files_read(const struct sim_place *place, int *fd, uint64_t *len);
/* The length alone. */
uint16_t sim_files_length(const struct sim_place *place, uint64_t *len);

/* A file being written. */
struct sim_copy {
    int fd; /* -1: none */
    struct sim_place place;
    uint64_t len;
    uint64_t blocks_free; /* for it, itself included */
};

/* Begins to write, at the end of what is there; a file that is missing exists from now on. */
uint16_t sim_copy_open(const struct sim_files *files, const struct sim_place *place,
                       struct sim_copy *copy);
/* Forgets what is in it. */
uint16_t sim_copy_truncate(struct sim_copy *copy);
/* Adds to the end. */
uint16_t sim_copy_add(struct sim_copy *copy, struct smp_bytes data);
/* Makes it the file. */
void sim_copy_keep(const struct sim_files *files, struct sim_copy *copy);
/* Leaves the file what it was. */
void sim_copy_drop(const struct sim_files *files, struct sim_copy *copy);

/* Deletes everything in the folder. */
void sim_files_wipe(struct sim_files *files);

#endif
