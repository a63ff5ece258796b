/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power goes at every single flash operation: before it, in the middle of
 * it, and just before its end; and once more while the boot loader makes good the first
 * cut.  Afterwards the device must run a whole image and be in a state that
 * was asked for.
 */
#include "slots.h"

#include <signal.h>
#include <sys/wait.h>

static struct sim_boot_pair pair;
static uint8_t begin[2][SMALL_SLOT]; /* both slots as they are before the power goes */

static void start(void)
{
    make_folder();
    open_pair(&pair, SMALL_SLOT);
}

static void stop(void)
{
    close_pair(&pair);
    remove_folder();
}

TestSuite(powercut, .init = start, .fini = stop);

/* ---- cutting ---- */

enum tear { TEAR_BEFORE, TEAR_FIRST_UNIT, TEAR_HALF, TEAR_ALMOST, TEARS };

static struct {
    unsigned operation; /* counts down to the cut */
    enum tear tear;
    bool happened;
    bool repeated; /* the operation is too short to be torn: same as TEAR_BEFORE */
} cut;

/* Eight bytes are written together or not at all. */
static uint32_t torn_length(enum tear tear, uint32_t len)
{
    switch (tear) {
    case TEAR_FIRST_UNIT:
        return len > SIM_FLASH_ALIGN ? SIM_FLASH_ALIGN : 0;
    case TEAR_HALF:
        return len / 2 - len / 2 % SIM_FLASH_ALIGN;
    case TEAR_ALMOST:
        return len - SIM_FLASH_ALIGN;
    default:
        return 0;
    }
}

static uint32_t cut_hook(void *user, struct sim_flash *slot, enum sim_flash_op op, uint32_t offset,
                         uint32_t len)
{
    (void)user, (void)slot, (void)op, (void)offset;
    if (cut.happened) {
        return 0; /* no slot works without power */
    }
    if (cut.operation > 0) {
        cut.operation--;
        return len;
    }
    uint32_t torn = torn_length(cut.tear, len);
    cut.happened = true;
    cut.repeated = torn == 0 && cut.tear != TEAR_BEFORE;
    return torn;
}

static void arm(unsigned operation, enum tear tear)
{
    cut.operation = operation;
    cut.tear = tear;
    cut.happened = false;
    cut.repeated = false;
    pair.primary.hook = cut_hook;
    pair.secondary.hook = cut_hook;
}

static void power_on(void)
{
    pair.primary.hook = NULL;
    pair.secondary.hook = NULL;
    sim_flash_power_on(&pair.primary);
    sim_flash_power_on(&pair.secondary);
}

static struct sim_boot_result boot(void)
{
    struct sim_boot_result result;
    cr_assert_eq(sim_boot_run(&pair, 1, &result), SMP_OK, "%s %s", pair.primary.error,
                 pair.secondary.error);
    return result;
}

/* ---- what is tried ---- */

static void save(void)
{
    cr_assert_eq(sim_flash_read(&pair.primary, 0, begin[0], SMALL_SLOT), SMP_OK);
    cr_assert_eq(sim_flash_read(&pair.secondary, 0, begin[1], SMALL_SLOT), SMP_OK);
}

static void restore(void)
{
    cr_assert_eq(pwrite(pair.primary.fd, begin[0], SMALL_SLOT, 0), SMALL_SLOT);
    cr_assert_eq(pwrite(pair.secondary.fd, begin[1], SMALL_SLOT, 0), SMALL_SLOT);
}

typedef int action(void);
typedef bool judgement(void); /* after the boot that follows the cut */

static int do_boot(void)
{
    struct sim_boot_result result;
    return sim_boot_run(&pair, 1, &result);
}

/* Cuts at every operation of `act`; returns how many cuts that were. */
static unsigned cut_everywhere(action *act, judgement *good)
{
    unsigned cuts = 0;
    for (unsigned operation = 0;; operation++) {
        for (enum tear tear = TEAR_BEFORE; tear < TEARS; tear++) {
            restore();
            arm(operation, tear);
            int error = act();
            power_on();
            if (!cut.happened) {
                cr_assert_eq(error, SMP_OK);
                return cuts;
            }
            cr_assert_eq(error, SMP_ERR_CLOSED);
            if (cut.repeated) {
                continue;
            }
            cr_assert(boot().bootable, "cut at %u.%d", operation, tear);
            cr_assert(good(), "cut at %u.%d", operation, tear);
            cuts++;
        }
    }
}

/* A second cut, at every operation of the boot that makes good the first. */
static unsigned cut_twice(judgement *good)
{
    static uint8_t saved[2][SMALL_SLOT];
    unsigned cuts = 0;
    memcpy(saved, begin, sizeof(saved));
    for (unsigned operation = 0;; operation++) {
        for (enum tear tear = TEAR_BEFORE; tear < TEARS; tear++) {
            memcpy(begin, saved, sizeof(saved));
            restore();
            arm(operation, tear);
            do_boot();
            power_on();
            if (!cut.happened) {
                return cuts;
            }
            if (cut.repeated) {
                continue;
            }
            save(); /* from here on again */
            cuts += cut_everywhere(do_boot, good);
        }
    }
}

static void prepare(uint32_t old_size, uint32_t new_size)
{
    static struct made_image image;
    make_image(&image, 0, old_size);
    install(&pair.primary, &image);
    make_image(&image, 1, new_size);
    install(&pair.secondary, &image);
}

/* ---- swaps: a request that was complete is never lost ---- */

static bool on_trial(void)
{
    return holds(&pair.primary, 1) && holds(&pair.secondary, 0) &&
           next_swap(&pair) == SMP_MCUBOOT_SWAP_REVERT;
}

static bool new_for_good(void)
{
    return holds(&pair.primary, 1) && holds(&pair.secondary, 0) &&
           next_swap(&pair) == SMP_MCUBOOT_SWAP_NONE;
}

static bool old_again(void)
{
    return holds(&pair.primary, 0) && holds(&pair.secondary, 1) &&
           next_swap(&pair) == SMP_MCUBOOT_SWAP_NONE;
}

Test(powercut, test)
{
    prepare(9000, 14000);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    save();
    unsigned cuts = cut_everywhere(do_boot, on_trial);
    cr_expect_gt(cuts, 100, "only %u cuts", cuts);
    cuts = cut_twice(on_trial);
    cr_expect_gt(cuts, 5000, "only %u cuts", cuts);
}

/* The trailers are not empty before: the running image was once swapped in. */
Test(powercut, test_after_an_update)
{
    prepare(14000, 3000);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    boot();
    cr_assert_eq(sim_boot_confirm(&pair.primary), SMP_OK);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    boot(); /* and reverted: so 1.1.0 runs, confirmed, and 1.0.0 is on offer */
    boot();
    cr_assert(new_for_good());
    prepare(14000, 3000);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    save();
    cr_expect_gt(cut_everywhere(do_boot, on_trial), 100);
}

Test(powercut, permanent)
{
    prepare(6000, 20000);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, true), SMP_OK);
    save();
    cr_expect_gt(cut_everywhere(do_boot, new_for_good), 100);
}

Test(powercut, revert)
{
    prepare(9000, 14000);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    boot();
    cr_assert(on_trial());
    save();
    cr_expect_gt(cut_everywhere(do_boot, old_again), 100);
    restore();
    cr_expect_gt(cut_twice(old_again), 5000);
}

static bool old_alone(void)
{
    return holds(&pair.primary, 0) && next_swap(&pair) == SMP_MCUBOOT_SWAP_NONE;
}

Test(powercut, damaged_candidate)
{
    prepare(9000, 14000);
    cr_assert_eq(sim_flash_erase(&pair.secondary, SIM_FLASH_SECTOR, SIM_FLASH_SECTOR), SMP_OK);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, true), SMP_OK);
    save();
    cr_expect_gt(cut_everywhere(do_boot, old_alone), 8);
}

/* ---- what the application writes ---- */

static int do_request(void)
{
    return sim_boot_request(&pair.secondary, 0, true);
}

/* Cut short, a request counts, counts as one for a test, or not at all; the images are whole. */
static bool any_of_both(void)
{
    return on_trial() || new_for_good() || old_again();
}

Test(powercut, request)
{
    prepare(9000, 14000);
    save();
    cr_expect_gt(cut_everywhere(do_request, any_of_both), 5);
}

static int do_confirm(void)
{
    return sim_boot_confirm(&pair.primary);
}

static bool confirmed_or_reverted(void)
{
    return new_for_good() || old_again();
}

Test(powercut, confirm)
{
    prepare(9000, 14000);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    boot();
    save();
    cr_expect_geq(cut_everywhere(do_confirm, confirmed_or_reverted), 1);
}

static int do_install(void)
{
    static struct made_image image;
    struct smp_source source = {.size = sizeof(source), .read = read_made, .user = &image};
    make_image(&image, 1, 14000);
    source.length = image.len;
    return sim_boot_install(&pair.secondary, &source);
}

/* The slot that is being written never looks like an image before it is whole. */
static bool old_or_nothing(void)
{
    struct smp_mcuboot_image image;
    int error = sim_boot_image(&pair.secondary, true, &image);
    return holds(&pair.primary, 0) &&
           (error == SMP_ERR_NOT_IMAGE || error == SMP_ERR_MALFORMED || error == SMP_ERR_CORRUPT);
}

Test(powercut, install)
{
    prepare(9000, 6000);
    cr_assert_eq(sim_flash_erase(&pair.secondary, 0, SIM_FLASH_SECTOR), SMP_OK);
    save();
    cr_expect_gt(cut_everywhere(do_install, old_or_nothing), 12);
}

/* ---- kill -9, as it really comes ---- */

static void swap_until_killed(void)
{
    struct sim_boot_result result;
    close_pair(&pair); /* the parent's locks are inherited: open anew when it has let go */
    while (sim_flash_open(&pair.primary, folder, "slot0.bin", SMALL_SLOT) != SMP_OK) {
        usleep(100);
    }
    while (sim_flash_open(&pair.secondary, folder, "slot1.bin", SMALL_SLOT) != SMP_OK) {
        usleep(100);
    }
    for (;;) {
        if (sim_boot_run(&pair, 1, &result) != SMP_OK || !result.bootable ||
            sim_boot_request(&pair.secondary, 0, true) != SMP_OK) {
            _exit(1);
        }
    }
}

Test(powercut, kill_minus_nine)
{
    unsigned unfinished = 0;
    prepare(9000, 14000);
    for (unsigned round = 0; round < 60; round++) {
        int status;
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            swap_until_killed();
        }
        close_pair(&pair);
        usleep(3000 + round * 137 % 4000);
        cr_assert_eq(kill(child, SIGKILL), 0);
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status), "the child found no image to boot");
        open_pair(&pair, SMALL_SLOT); /* the dead process holds no lock */
        struct sim_boot_result result = boot();
        cr_assert(result.bootable, "round %u: %s", round, result.text);
        cr_assert((holds(&pair.primary, 0) && holds(&pair.secondary, 1)) ||
                      (holds(&pair.primary, 1) && holds(&pair.secondary, 0)),
                  "round %u", round);
        unfinished += result.resumed;
    }
    cr_expect_gt(unfinished, 0, "no kill ever hit a swap: the test tests nothing");
}
