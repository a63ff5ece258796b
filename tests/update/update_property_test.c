/* SPDX-License-Identifier: Apache-2.0 */
/* Anything at any time: what an update tells at its end is how the board is. */
#include "update/updating.h"

#include <stdlib.h>

TestSuite(update_property, .init = setup, .fini = teardown);

static uint64_t dice_state;

static uint32_t dice(uint32_t sides)
{
    dice_state = dice_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice_state >> 33) % sides;
}

static struct smp_exchange *kept_back;

/* Most requests are taken; some get lost, are refused, or are answered at the wrong time. */
static bool be_unkind(struct board *b, struct smp_exchange *exchange)
{
    static const uint16_t codes[] = {1, 2, 3, 4, 5, 6, 8, 10, 30};
    uint32_t luck = dice(60);
    (void)b;
    if (luck > 0 && luck < 4 && board_what(exchange) == BOARD_UPLOAD && dice(40) != 0) {
        return false; /* there are many of these, and each of that would be the end */
    }
    if (luck == 0) {
        board_silent(exchange);
    } else if (luck == 1) {
        smp_exchange_refuse(exchange, codes[dice(9)], "bad day");
    } else if (luck == 2) {
        smp_exchange_fail(exchange, (uint16_t)dice(36), NULL);
    } else if (luck == 3) {
        smp_exchange_reply(exchange, NULL); /* yes, and nothing done */
    } else if (luck == 4 && kept_back == NULL) {
        cr_assert_eq(smp_exchange_defer(exchange, &kept_back), SMP_OK);
    } else {
        return false;
    }
    return true;
}

static void misfortune(void)
{
    switch (dice(400)) {
    case 0:
        board_power_cut(&board);
        break;
    case 1:
        smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
        break;
    case 2:
        smp_exchange_free(kept_back);
        kept_back = NULL;
        break;
    case 3:
        if (dice(4) == 0) {
            cancel();
        }
        break;
    default:
        if (dice(20) == 0) {
            smp_transport_up(world.near);
        }
    }
}

/* What was told at the end is how the board is; nothing was confirmed without the word. */
static void check_truth(uint64_t seed)
{
    bool is_new = runs(&v2);
    bool may_confirm = options.goal == SMP_UPDATE_CONFIRMED;
    cr_expect(may_confirm || board.fate == BOARD_KEPT || board.confirms == 0, "seed %d: confirmed",
              (int)seed);
    switch (told.state) {
    case SMP_UPDATE_CONFIRMED:
        cr_expect(is_new && board.confirmed, "seed %d: %s", (int)seed, told.text);
        break;
    case SMP_UPDATE_TRIAL: /* cancelled, the power may have gone since the device was last heard */
        cr_expect((is_new && !board.confirmed) || told.error == SMP_ERR_CANCELLED, "seed %d: %s",
                  (int)seed, told.text);
        break;
    case SMP_UPDATE_REVERTED:
    case SMP_UPDATE_UNTOUCHED:
    case SMP_UPDATE_PARTIAL:
    case SMP_UPDATE_UPLOADED:
        cr_expect(!is_new, "seed %d: %s", (int)seed, told.text);
        break;
    default: /* unknown, or marked: a power cut may have started it since */
        break;
    }
    if (told.error == SMP_OK) {
        cr_expect_geq(told.state, options.goal, "seed %d: %s", (int)seed, told.text);
    }
}

static void live_through(uint64_t seed)
{
    static const enum smp_update_state goals[] = {SMP_UPDATE_UPLOADED, SMP_UPDATE_MARKED,
                                                  SMP_UPDATE_TRIAL, SMP_UPDATE_CONFIRMED};
    dice_state = seed * 977;
    dice(2);
    board_close(&board);
    board_open(&board, &world, &v1);
    smp_transport_up(world.near); /* the last one may have died */
    world_settle(&world);
    board.twist = be_unkind;
    board.fate = dice(3) == 0 ? (enum board_fate)dice(5) : BOARD_GOOD;
    board.link_falls = dice(3) == 0;
    board.flagless = dice(5) == 0;
    board.boot_ms = 100 + dice(5000);
    options = (struct smp_update_options){.goal = goals[dice(4)], .link_ms = 20000};
    begin();
    bool unlucky = true;
    for (uint32_t turns = 0; told.calls == 0; turns++) {
        cr_assert_lt(turns, 40000, "seed %d does not end: %s", (int)seed, told.steps);
        if (unlucky && turns < 3000) {
            misfortune();
        }
        world_pass(&world, 20);
    }
    check_truth(seed);
    smp_exchange_free(kept_back);
    kept_back = NULL;
    smp_transport_up(world.near);
    world_pass(&world, 20000);
    cr_assert_eq(told.calls, 1);
}

/* A failing seed alone: SMP_SEED=N test_update_update_property */
Test(update_property, tells_the_truth_whatever_happens, .timeout = 120)
{
    const char *one = getenv("SMP_SEED");
    if (one != NULL) {
        live_through(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        live_through(seed);
    }
}
