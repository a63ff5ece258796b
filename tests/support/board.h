/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board with MCUboot for the tests of updates: two slots in memory, trial, revert and reset as
 * on real ones, on the library's server and a fake clock.  Knobs make it misbehave.
 */
#ifndef TESTS_SUPPORT_BOARD_H
#define TESTS_SUPPORT_BOARD_H

#include "support/world.h"

enum { BOARD_SLOT = 1 << 16, BOARD_RESET_MS = 250 };

/* An image file by hand: header, `size` bytes that depend on the version, a SHA-256. */
struct board_file {
    uint8_t data[BOARD_SLOT];
    size_t len;
    uint8_t hash[32];
};
void board_make_file(struct board_file *file, uint8_t major, uint8_t minor, uint32_t size);

struct board_slot {
    bool there;
    uint8_t hash[32];
    char version[32];
};

/* What happens at a start with a new image. */
enum board_fate {
    BOARD_GOOD,    /* it runs on trial */
    BOARD_REFUSED, /* the boot loader does not take it */
    BOARD_CRASHES, /* it runs for a moment, and the old one comes back by itself */
    BOARD_DEAD,    /* nothing runs any more */
    BOARD_KEPT,    /* it is taken for good: overwrite-only */
};

struct board;
/* Sees each request first.  True: it has answered, or means to be silent. */
typedef bool board_twist(struct board *board, struct smp_exchange *exchange);

struct board {
    struct world *world;
    struct smp_server *server;
    struct smp_timer *timer;
    struct board_slot slots[2]; /* 0 runs */
    bool pending, permanent;    /* slot 1 */
    bool confirmed;             /* slot 0 */

    struct board_file upload;
    uint64_t off;
    uint8_t sha[32];

    uint32_t boot_ms; /* away for so long */
    enum board_fate fate;
    bool link_falls;  /* as a USB port, while it is away */
    bool flagless;    /* no `pending` in its lists */
    bool no_marks;    /* rc 8 to state write: the boot loader starts the newest */
    bool terse;       /* state writes are answered with an empty list */
    bool ignores_yes; /* a confirmation is answered and does nothing */
    bool recovery;    /* MCUboot's serial recovery: one slot, no flags */
    bool resetting;
    bool away;
    board_twist *twist;
    void *user;

    unsigned uploads, chunks, marks, confirms, resets, looks; /* that were executed */
};

/* Listens on the world's far transport and runs `file`, confirmed. */
void board_open(struct board *board, struct world *world, const struct board_file *file);
void board_close(struct board *board);

/* The power goes and comes back: as a reset, at once. */
void board_power_cut(struct board *board);
void board_vanish(struct board *board);

/* The request's group, id and op in one number, for twists: 0x010003 is image state, write. */
unsigned board_what(const struct smp_exchange *exchange);
enum {
    BOARD_STATE_READ = 0x010000,
    BOARD_STATE_WRITE = 0x010002,
    BOARD_UPLOAD = 0x010102,
    BOARD_RESET = 0x000502
};
/* For twists: no answer at all. */
void board_silent(struct smp_exchange *exchange);

#endif
