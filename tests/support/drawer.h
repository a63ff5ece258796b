/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device with one file, on the library's server: it keeps the file open between chunks, counts
 * what it writes as Zephyr does, and tells its length and hash only of what is closed.
 */
#ifndef TESTS_SUPPORT_DRAWER_H
#define TESTS_SUPPORT_DRAWER_H

#include "support/world.h"

enum { DRAWER_SIZE = 1 << 18 };

struct drawer {
    struct world *world;
    struct smp_server *server;
    struct smp_server_options options; /* set before drawer_open() */
    bool no_sha;                       /* knows no SHA-256 */
    bool no_crc;                       /* nor CRC-32 */
    unsigned close_cut;                /* so many "close" arrive without their last byte */
    bool counts_twice;                 /* the next first chunk, as if it came twice */

    uint8_t *data;
    uint64_t len; /* of the closed file */
    uint64_t at;  /* end of the open one */
    bool is_open;
    size_t firsts;  /* chunks with offset 0 */
    size_t uploads; /* chunks written */
    size_t bytes;   /* of data in them */
    size_t downloads;
    size_t hashes;
};

int drawer_open(struct drawer *drawer, struct world *world);
void drawer_close(struct drawer *drawer);
/* Puts a file into it. */
void drawer_fill(struct drawer *drawer, const void *data, size_t len);
/* The device is reset: the file is closed. */
void drawer_reset(struct drawer *drawer);

#endif
