/* SPDX-License-Identifier: Apache-2.0 */
/* Group SUIT (Nordic's, 66) of the simulated device. */
#ifndef SMPSIM_SUIT_H
#define SMPSIM_SUIT_H

#include <stdbool.h>
#include <stdint.h>

/* Something that comes in chunks; its bytes are only counted. */
struct sim_suit_upload {
    bool active;
    uint64_t len;
    uint64_t off; /* wanted next */
};

enum sim_suit_step {
    SIM_SUIT_IDLE,
    SIM_SUIT_STORED,  /* an envelope is there, its installation was deferred */
    SIM_SUIT_WAITING, /* the installation waits for an image */
};

/* Lost at a reset. */
struct sim_suit {
    struct sim_suit_upload envelope;
    struct sim_suit_upload missing;
    struct sim_suit_upload cache;
    bool defer;
    enum sim_suit_step step;
    uint64_t session;  /* of the image that is missing */
    uint64_t sequence; /* installations so far */
};

#endif
