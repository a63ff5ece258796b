/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#define SIZE (4u * SIM_FLASH_SECTOR)

static struct sim_flash flash;

static void start(void)
{
    make_folder();
    cr_assert_eq(sim_flash_open(&flash, folder, "slot0.bin", SIZE), SMP_OK, "%s", flash.error);
}

static void stop(void)
{
    sim_flash_close(&flash);
    remove_folder();
}

TestSuite(flash, .init = start, .fini = stop);

static void expect_text(const struct sim_flash *found, const char *word)
{
    cr_expect_not_null(strstr(found->error, word), "\"%s\" lacks \"%s\"", found->error, word);
}

static uint8_t byte_at(uint32_t offset)
{
    uint8_t value = 0;
    cr_assert_eq(sim_flash_read(&flash, offset, &value, 1), SMP_OK);
    return value;
}

Test(flash, begins_erased)
{
    struct stat status;
    char path[128];
    cr_expect_eq(sim_flash_is_erased(&flash, 0, SIZE), 1);
    snprintf(path, sizeof(path), "%s/slot0.bin", folder);
    cr_assert_eq(stat(path, &status), 0);
    cr_expect_eq(status.st_size, SIZE);
    cr_expect_eq(count_files(), 1, "something was left beside the slot");
}

Test(flash, writes_need_erased_bytes)
{
    static const uint8_t eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    cr_expect_eq(sim_flash_write(&flash, 16, eight, 8), SMP_OK);
    cr_expect_eq(byte_at(16), 1);
    cr_expect_eq(byte_at(23), 8);
    cr_expect_eq(byte_at(15), 0xff);
    cr_expect_eq(byte_at(24), 0xff);
    cr_expect_eq(sim_flash_write(&flash, 16, eight, 8), SMP_ERR_INVALID);
    expect_text(&flash, "not erased");
    uint8_t more[16] = {0};
    cr_expect_eq(sim_flash_write(&flash, 8, more, 16), SMP_ERR_INVALID, "half of it is free");
    cr_expect_eq(byte_at(8), 0xff, "a refused write wrote");
    cr_expect_eq(sim_flash_erase(&flash, 0, SIM_FLASH_SECTOR), SMP_OK);
    cr_expect_eq(sim_flash_is_erased(&flash, 0, SIZE), 1);
    cr_expect_eq(sim_flash_write(&flash, 8, more, 16), SMP_OK);
    cr_expect_eq(sim_flash_is_erased(&flash, 8, 1), 0);
    cr_expect_eq(flash.writes, 2);
    cr_expect_eq(flash.erases, 1);
}

Test(flash, erases_whole_sectors_only)
{
    uint8_t data[SIM_FLASH_SECTOR] = {0};
    for (uint32_t at = 0; at < SIZE; at += SIM_FLASH_SECTOR) {
        cr_assert_eq(sim_flash_write(&flash, at, data, sizeof(data)), SMP_OK);
    }
    cr_expect_eq(sim_flash_erase(&flash, SIM_FLASH_SECTOR, 2 * SIM_FLASH_SECTOR), SMP_OK);
    cr_expect_eq(sim_flash_is_erased(&flash, SIM_FLASH_SECTOR, 2 * SIM_FLASH_SECTOR), 1);
    cr_expect_eq(byte_at(SIM_FLASH_SECTOR - 1), 0);
    cr_expect_eq(byte_at(3 * SIM_FLASH_SECTOR), 0);
    cr_expect_eq(flash.erases, 2);
    cr_expect_eq(sim_flash_erase(&flash, 0, SIZE), SMP_OK);
    cr_expect_eq(flash.erases, 4, "erased sectors need no erase");
    cr_expect_eq(sim_flash_erase(&flash, 8, SIM_FLASH_SECTOR), SMP_ERR_INVALID);
    cr_expect_eq(sim_flash_erase(&flash, 0, 8), SMP_ERR_INVALID);
}

Test(flash, bounds_and_alignment)
{
    uint8_t data[16] = {0};
    cr_expect_eq(sim_flash_read(&flash, SIZE - 1, data, 1), SMP_OK);
    cr_expect_eq(sim_flash_read(&flash, SIZE, data, 1), SMP_ERR_INVALID);
    cr_expect_eq(sim_flash_read(&flash, UINT32_MAX, data, 2), SMP_ERR_INVALID);
    cr_expect_eq(sim_flash_read(&flash, 8, data, UINT32_MAX), SMP_ERR_INVALID);
    cr_expect_eq(sim_flash_write(&flash, SIZE, data, 8), SMP_ERR_INVALID);
    cr_expect_eq(sim_flash_write(&flash, SIZE - 8, data, 16), SMP_ERR_INVALID);
    cr_expect_eq(sim_flash_write(&flash, 4, data, 8), SMP_ERR_INVALID);
    cr_expect_eq(sim_flash_write(&flash, 0, data, 4), SMP_ERR_INVALID);
    expect_text(&flash, "not a multiple");
    cr_expect_eq(sim_flash_write(&flash, 0, data, 0), SMP_OK);
    cr_expect_eq(sim_flash_erase(&flash, SIZE, SIM_FLASH_SECTOR), SMP_ERR_INVALID);
    cr_expect_eq(sim_flash_is_erased(&flash, 0, SIZE), 1, "a refused operation wrote");
}

/* ---- opening ---- */

Test(flash, stays_after_closing)
{
    static const uint8_t eight[8] = "flashed";
    cr_assert_eq(sim_flash_write(&flash, 0, eight, 8), SMP_OK);
    sim_flash_close(&flash);
    cr_expect_eq(sim_flash_read(&flash, 0, (uint8_t[1]){0}, 1), SMP_ERR_INVALID);
    cr_assert_eq(sim_flash_open(&flash, folder, "slot0.bin", SIZE), SMP_OK);
    cr_expect_eq(byte_at(0), 'f');
}

Test(flash, another_size)
{
    struct sim_flash other;
    sim_flash_close(&flash);
    cr_expect_eq(sim_flash_open(&other, folder, "slot0.bin", 2 * SIZE), SMP_ERR_INVALID);
    expect_text(&other, "16384");
    expect_text(&other, "32768");
    cr_expect_eq(other.fd, -1);
    cr_expect_eq(sim_flash_open(&other, folder, "slot9.bin", 0), SMP_ERR_INVALID);
    cr_expect_eq(sim_flash_open(&other, folder, "slot9.bin", SIZE + 8), SMP_ERR_INVALID);
    cr_expect_eq(count_files(), 1);
    cr_expect_eq(sim_flash_open(&flash, folder, "slot0.bin", SIZE), SMP_OK, "it was kept");
}

Test(flash, only_one_at_a_time)
{
    struct sim_flash other;
    cr_expect_eq(sim_flash_open(&other, folder, "slot0.bin", SIZE), SMP_ERR_BUSY);
    expect_text(&other, "in use");
    sim_flash_close(&flash);
    cr_expect_eq(sim_flash_open(&other, folder, "slot0.bin", SIZE), SMP_OK);
    sim_flash_close(&other);
}

Test(flash, makes_its_folder)
{
    char deeper[128];
    struct sim_flash other;
    snprintf(deeper, sizeof(deeper), "%s/state", folder);
    cr_assert_eq(sim_flash_open(&other, deeper, "slot0.bin", SIZE), SMP_OK, "%s", other.error);
    sim_flash_close(&other);
    strcat(deeper, "/slot0.bin");
    cr_expect_eq(sim_flash_open(&other, deeper, "slot0.bin", SIZE), SMP_ERR_SYSTEM,
                 "a file is no folder");
    cr_expect_neq(other.error[0], '\0');
    unlink(deeper);
    *strrchr(deeper, '/') = '\0';
    rmdir(deeper);
    strcat(deeper, "/missing/state");
    cr_expect_eq(sim_flash_open(&other, deeper, "slot0.bin", SIZE), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, ENOENT);
    char longer[600];
    memset(longer, 'a', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    cr_expect_eq(sim_flash_open(&other, longer, "slot0.bin", SIZE), SMP_ERR_INVALID);
}

Test(flash, folder_not_writable)
{
    struct sim_flash other;
    cr_assert_eq(chmod(folder, 0555), 0);
    bool root = geteuid() == 0; /* root may write everywhere: be somebody else for a while */
    cr_assert(!root || seteuid(65534) == 0);
    cr_expect_eq(sim_flash_open(&other, folder, "slot1.bin", SIZE), SMP_ERR_SYSTEM);
    expect_text(&other, "--state");
    cr_assert(!root || seteuid(0) == 0);
    chmod(folder, 0700);
}

/* A file that cannot be written whole does not appear at all. */
Test(flash, no_room)
{
    struct sim_flash other;
    struct rlimit limit = {.rlim_cur = SIZE / 2, .rlim_max = SIZE / 2};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_expect_eq(sim_flash_open(&other, folder, "slot1.bin", SIZE), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, EFBIG);
    expect_text(&other, "slot1.bin");
    cr_expect_eq(other.fd, -1);
    cr_expect_eq(count_files(), 1);
}

/* ---- the hook ---- */

struct cut {
    unsigned calls;
    unsigned at;    /* which call is cut */
    uint32_t after; /* bytes that still come through */
    enum sim_flash_op op;
    uint32_t offset;
    uint32_t len;
};

static uint32_t cut_hook(void *user, struct sim_flash *slot, enum sim_flash_op op, uint32_t offset,
                         uint32_t len)
{
    struct cut *cut = user;
    cr_expect_eq(slot, &flash);
    cut->op = op;
    cut->offset = offset;
    cut->len = len;
    return cut->calls++ == cut->at ? cut->after : len;
}

Test(flash, hook_sees_and_cuts)
{
    uint8_t data[32] = {0};
    struct cut cut = {.at = 2, .after = 12};
    flash.hook = cut_hook;
    flash.hook_user = &cut;
    cr_expect_eq(sim_flash_write(&flash, 64, data, 32), SMP_OK);
    cr_expect_eq(cut.op, SIM_FLASH_WRITE);
    cr_expect_eq(cut.offset, 64);
    cr_expect_eq(cut.len, 32);
    cr_expect_eq(sim_flash_erase(&flash, 0, SIZE), SMP_OK);
    cr_expect_eq(cut.op, SIM_FLASH_ERASE);
    cr_expect_eq(cut.calls, 2, "three of four sectors were erased already");
    cr_expect_eq(sim_flash_write(&flash, 64, data, 32), SMP_ERR_CLOSED);
    cr_expect_eq(sim_flash_read(&flash, 0, data, 1), SMP_ERR_CLOSED, "without power");
    cr_expect_eq(sim_flash_write(&flash, 0, data, 8), SMP_ERR_CLOSED);
    cr_expect_eq(sim_flash_erase(&flash, 0, SIZE), SMP_ERR_CLOSED);
    cr_expect_eq(cut.calls, 3);
    sim_flash_power_on(&flash);
    cr_expect_eq(byte_at(75), 0);
    cr_expect_eq(byte_at(76), 0xff);
}

Test(flash, a_cut_of_nothing_is_none)
{
    struct cut cut = {.at = 0, .after = UINT32_MAX};
    uint8_t data[8] = {0};
    flash.hook = cut_hook;
    flash.hook_user = &cut;
    cr_expect_eq(sim_flash_write(&flash, 0, data, 8), SMP_OK);
    cr_expect_eq(byte_at(8), 0xff);
}

/* ---- source and writer ---- */

Test(flash, as_a_source)
{
    static const uint8_t eight[8] = "source!";
    uint8_t found[8] = {0};
    struct smp_source source;
    sim_flash_source(&flash, &source);
    cr_assert_eq(sim_flash_write(&flash, SIZE - 8, eight, 8), SMP_OK);
    cr_expect_eq(source.length, SIZE);
    cr_expect_eq(source.read(source.user, SIZE - 8, found, 8), SMP_OK);
    cr_expect_arr_eq(found, eight, 8);
    cr_expect_lt(source.read(source.user, SIZE - 7, found, 8), 0);
    cr_expect_lt(source.read(source.user, UINT64_MAX, found, 8), 0);
    cr_expect_lt(source.read(source.user, (uint64_t)1 << 32, found, 8), 0);
}

/* Pieces of every length from 0 to 40: the same bytes as in one write. */
Test(flash, writer_takes_any_pieces)
{
    uint8_t data[41 * 20];
    uint8_t found[sizeof(data) + 8];
    struct sim_flash_writer writer;
    uint32_t at = 0;
    for (uint32_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 13 + 1);
    }
    sim_flash_writer_init(&writer, &flash, 128);
    for (uint32_t len = 0; at < sizeof(data); len++) {
        uint32_t now = len < sizeof(data) - at ? len : (uint32_t)sizeof(data) - at;
        cr_assert_eq(sim_flash_writer_add(&writer, data + at, now), SMP_OK, "%s", flash.error);
        at += now;
        cr_assert_eq(writer.offset, 128 + at);
    }
    cr_assert_eq(sim_flash_writer_finish(&writer), SMP_OK);
    cr_expect_eq(writer.offset, 128 + sizeof(data));
    cr_assert_eq(sim_flash_read(&flash, 128, found, sizeof(found)), SMP_OK);
    cr_expect_arr_eq(found, data, sizeof(data));
    for (size_t i = sizeof(data); i < sizeof(found); i++) {
        cr_expect_eq(found[i], 0xff);
    }
}

Test(flash, writer_reports_errors)
{
    uint8_t data[24] = {0};
    struct sim_flash_writer writer;
    sim_flash_writer_init(&writer, &flash, SIZE - 16);
    cr_expect_eq(sim_flash_writer_add(&writer, data, 3), SMP_OK);
    cr_expect_eq(sim_flash_writer_add(&writer, data, 24), SMP_ERR_INVALID);
    sim_flash_writer_init(&writer, &flash, 0);
    cr_expect_eq(sim_flash_writer_finish(&writer), SMP_OK, "nothing was added");
    cr_expect_eq(sim_flash_is_erased(&flash, 0, 8), 1);
}
