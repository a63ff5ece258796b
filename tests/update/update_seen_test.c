/* SPDX-License-Identifier: Apache-2.0 */
/* What an image state says: of the new image, and of the one that runs. */
#include "update/updating.h"

TestSuite(update_seen, .init = setup, .fini = teardown);

Test(update_seen, does_nothing_when_the_image_runs_already)
{
    smp_source_memory(&source, v1.data, v1.len);
    options.goal = SMP_UPDATE_CONFIRMED;
    options.decide = on_decide;
    run();
    expect(SMP_OK, SMP_UPDATE_CONFIRMED, "checking done");
    cr_expect(told.same);
    cr_expect_eq(board.chunks + board.marks + board.resets + board.confirms + told.asked, 0);
    expect_text("the device runs 1.0.0 already; nothing was sent");
    cr_expect_str_eq(told.from, "1.0.0");
}

/* Each goal reached leaves something that the next update goes on from. */
Test(update_seen, goes_on_where_an_earlier_one_stopped)
{
    options.goal = SMP_UPDATE_UPLOADED;
    run();
    options.goal = SMP_UPDATE_MARKED;
    run();
    expect(SMP_OK, SMP_UPDATE_MARKED, "checking testing done");
    options.goal = SMP_UPDATE_TRIAL;
    run();
    expect(SMP_OK, SMP_UPDATE_TRIAL, "checking resetting waiting verifying done");
    run();
    expect(SMP_OK, SMP_UPDATE_TRIAL, "checking done");
    cr_expect_str_eq(told.from, "1.0.0", "what comes back is what it came from");
    options.goal = SMP_UPDATE_CONFIRMED;
    run();
    expect(SMP_OK, SMP_UPDATE_CONFIRMED, "checking confirming done");
    cr_expect_eq(board.uploads, 1);
    cr_expect_eq(board.resets, 1);
}

Test(update_seen, takes_no_unreadable_version_for_an_older_one)
{
    options.no_downgrade = true;
    strcpy(board.slots[0].version, "<\?\?\?>");
    run();
    expect(SMP_ERR_DOWNGRADE, SMP_UPDATE_UNTOUCHED, NULL);
    expect_text("1.1.0 is not known to be as new as <\?\?\?>, which runs");
    strcpy(board.slots[0].version, "1.0.0.7");
    run();
    expect(SMP_OK, SMP_UPDATE_TRIAL, NULL);
}

Test(update_seen, a_refused_image_is_noticed_without_flags_too)
{
    board.fate = BOARD_REFUSED;
    board.flagless = true;
    board.boot_ms = 5000;
    run();
    expect(SMP_ERR_NOT_STARTED, SMP_UPDATE_REVERTED, NULL);
    cr_expect_lt(told.ms, 20000);
}
