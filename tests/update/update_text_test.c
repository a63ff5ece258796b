/* SPDX-License-Identifier: Apache-2.0 */
/* Names of phases and states, and the sentences an update ends with. */
#include "update/refusal.h"

TestSuite(update_text, .init = setup, .fini = teardown);

Test(update_text, tells_what_the_device_refused)
{
    static const struct {
        struct refusal refusal;
        enum smp_update_state state;
        const char *text;
    } cases[] = {
        {{BOARD_STATE_READ, 1000, 8, false}, SMP_UPDATE_UNTOUCHED, "CONFIG_MCUMGR_GRP_IMG"},
        {{BOARD_UPLOAD, 1000, 30, true}, SMP_UPDATE_UNTOUCHED, "uploading: device refused: img"},
        {{BOARD_UPLOAD, 1000, 9, true}, SMP_UPDATE_UNTOUCHED, "NO_FREE_SLOT"},
        {{BOARD_STATE_WRITE, 1000, 28, true}, SMP_UPDATE_UPLOADED, "IMAGE_ALREADY_PENDING"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct refusal refusal = cases[i].refusal;
        board_close(&board);
        board_open(&board, &world, &v1);
        board.twist = refuse;
        board.user = &refusal;
        run();
        expect(SMP_ERR_DEVICE, cases[i].state, NULL);
        cr_expect_eq(told.rc, refusal.rc);
        expect_text(cases[i].text);
        expect_text(smp_update_state_text(cases[i].state));
    }
}

Test(update_text, names_everything)
{
    for (uint32_t phase = 0; phase <= SMP_UPDATE_DONE; phase++) {
        cr_expect_gt(strlen(smp_update_phase_name(phase)), 3);
    }
    for (uint32_t state = 0; state <= SMP_UPDATE_BROKEN; state++) {
        cr_expect_gt(strlen(smp_update_state_name(state)), 3);
        cr_expect_gt(strlen(smp_update_state_text(state)), 20);
    }
    cr_expect_str_eq(smp_update_phase_name(99), "unknown phase");
    cr_expect_str_eq(smp_update_state_name(99), "unknown state");
    cr_expect_str_eq(smp_update_state_text(99), "a state this version does not know");
}
