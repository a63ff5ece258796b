/* SPDX-License-Identifier: Apache-2.0 */
/* Something that happens at each step of an update. */
#ifndef TESTS_UPDATE_EACH_STEP_H
#define TESTS_UPDATE_EACH_STEP_H

#include "update/updating.h"

static const enum smp_update_phase steps[] = {
    SMP_UPDATE_CHECKING, SMP_UPDATE_UPLOADING, SMP_UPDATE_TESTING,   SMP_UPDATE_RESETTING,
    SMP_UPDATE_WAITING,  SMP_UPDATE_VERIFYING, SMP_UPDATE_CONFIRMING};
enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static inline void prepare(size_t step, void (*then)(void))
{
    board_close(&board);
    board_open(&board, &world, &v1);
    options.goal = SMP_UPDATE_CONFIRMED;
    told.at = steps[step];
    told.at_byte = steps[step] == SMP_UPDATE_UPLOADING ? 5000 : 0;
    told.then = then;
}

#endif
