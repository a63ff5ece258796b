/* SPDX-License-Identifier: Apache-2.0 */
/* A board that refuses one of its commands, some times. */
#ifndef TESTS_UPDATE_REFUSAL_H
#define TESTS_UPDATE_REFUSAL_H

#include "update/updating.h"

struct refusal {
    unsigned what;
    unsigned left; /* times */
    int64_t rc;
    bool from_group;
};

static inline bool refuse(struct board *b, struct smp_exchange *exchange)
{
    struct refusal *refusal = b->user;
    if (board_what(exchange) != refusal->what || refusal->left == 0) {
        return false;
    }
    refusal->left--;
    if (refusal->from_group) {
        smp_exchange_fail(exchange, (uint16_t)refusal->rc, NULL);
    } else {
        smp_exchange_refuse(exchange, refusal->rc, NULL);
    }
    return true;
}

static const unsigned all_commands[] = {BOARD_STATE_READ, BOARD_UPLOAD, BOARD_STATE_WRITE,
                                        BOARD_RESET};

#endif
