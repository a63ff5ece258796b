/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that takes image uploads as Zephyr does, on the library's server, and
 * remembers what it got.  `twist` makes it misbehave.
 */
#ifndef TESTS_SUPPORT_FLASH_H
#define TESTS_SUPPORT_FLASH_H

#include "support/world.h"

struct flash;

/* One chunk that was executed. */
struct flash_chunk {
    uint64_t off;
    size_t len;    /* of the data */
    size_t packet; /* header included */
    uint64_t at;   /* ms */
    bool has_sha;
};

/* Looks at a request first.  True: it has answered, or means to be silent. */
typedef bool flash_twist(struct flash *flash, struct smp_exchange *exchange,
                         const struct smp_img_upload_req *req);

enum { FLASH_SIZE = 1 << 20, FLASH_CHUNKS = 20000 };

struct flash {
    struct world *world;
    struct smp_server *server;
    struct smp_server_options options; /* set before flash_open() */
    bool no_params;                    /* answers rc 8 to parameters */
    bool check;                        /* compares with `sha` at the end, and says so */
    flash_twist *twist;
    void *user;

    uint8_t *data;
    bool active; /* an upload is under way */
    bool done;   /* all of one arrived */
    uint64_t off;
    uint64_t len;
    uint8_t sha[32];
    struct flash_chunk *chunks;
    size_t n_chunks;
    unsigned overrun;
    unsigned starved;
};

/* Listens on the world's far transport. */
int flash_open(struct flash *flash, struct world *world);
void flash_close(struct flash *flash);

/* Answers with an offset, as the handler does. */
void flash_answer(struct smp_exchange *exchange, uint64_t off);
/* Takes a request as a good device does, answer included. */
void flash_take(struct flash *flash, struct smp_exchange *exchange,
                const struct smp_img_upload_req *req);

#endif
