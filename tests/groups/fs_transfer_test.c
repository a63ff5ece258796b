/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, up and down: interrupted, taken up, and told apart from others of the same name. */
#include "support/drawer.h"
#include "support/note.h"

#include <criterion/criterion.h>

#include <string.h>

enum { BYTES = 50000 };

static struct world world;
static struct drawer drawer;
static struct note note;
static struct smp_session_options session_options = {.size = sizeof(session_options)};
static struct smp_transfer_options options = {.size = sizeof(options)};
static struct smp_source source;
static uint8_t ours[BYTES], got[BYTES];
static const struct smp_str name = {"/lfs/file", 9};

static int store(void *user, uint64_t offset, const uint8_t *data, size_t len)
{
    (void)user;
    cr_assert_leq(offset + len, sizeof(got));
    memcpy(got + offset, data, len);
    return SMP_OK;
}

static const struct smp_sink sink = {.size = sizeof(sink), .write = store};

static void open_all(void)
{
    for (size_t i = 0; i < BYTES; i++) {
        ours[i] = (uint8_t)(i * 13 + (i >> 8));
    }
    smp_source_memory(&source, ours, BYTES);
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 5000000};
    cr_assert_eq(world_open(&world, &session_options), SMP_OK);
    cr_assert_eq(drawer_open(&drawer, &world), SMP_OK);
}

static void upload(void)
{
    note = (struct note){0};
    cr_assert_eq(
        smp_fs_upload(world.session, name, &source, &options, note_result, &note, &note.id),
        SMP_OK);
}

static void download(void)
{
    note = (struct note){0};
    cr_assert_eq(
        smp_fs_download(world.session, name, &sink, &options, note_result, &note, &note.id),
        SMP_OK);
}

static void finish(void)
{
    for (unsigned i = 0; note.calls == 0 && i < 20000; i++) {
        world_pass(&world, 10);
    }
    cr_assert_eq(note.calls, 1);
}

static void check_uploaded(void)
{
    finish();
    cr_assert_eq(note.error, SMP_OK, "%s", smp_error_name(note.error));
    cr_assert_eq(drawer.len, BYTES);
    cr_assert_eq(memcmp(drawer.data, ours, BYTES), 0);
    cr_assert_not(drawer.is_open);
}

static void check_downloaded(void)
{
    finish();
    cr_assert_eq(note.error, SMP_OK, "%s", smp_error_name(note.error));
    cr_assert_eq(memcmp(got, ours, BYTES), 0);
}

static void close_all(void)
{
    drawer_close(&drawer);
    world_close(&world);
}

static void link_is_gone_for(uint64_t ms)
{
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
    world_pass(&world, ms);
    smp_transport_up(world.near);
}

TestSuite(fs_transfer, .init = open_all, .fini = close_all);

Test(fs_transfer, up_and_down)
{
    upload();
    check_uploaded();
    cr_assert_eq(drawer.firsts, 1);
    cr_assert_eq(drawer.bytes, BYTES);
    download();
    check_downloaded();
}

/* ---- after a restart of the program ---- */

/* The first 20000 bytes are there already. */
static void take_up(void)
{
    drawer_fill(&drawer, ours, 20000);
    options.resume = 1;
    upload();
}

Test(fs_transfer, an_upload_goes_on_where_the_file_ends)
{
    take_up();
    check_uploaded();
    cr_assert_eq(drawer.firsts, 0);
    cr_assert_eq(drawer.bytes, BYTES - 20000);
    cr_assert_eq(drawer.hashes, 1);
}

Test(fs_transfer, by_its_crc_where_the_device_knows_no_sha)
{
    drawer.no_sha = true;
    take_up();
    check_uploaded();
    cr_assert_eq(drawer.bytes, BYTES - 20000);
    cr_assert_eq(drawer.hashes, 2);
}

Test(fs_transfer, another_file_of_the_same_name_is_not_continued)
{
    for (unsigned crc = 0; crc < 2; crc++) {
        drawer.no_sha = crc;
        ours[77] ^= 1;
        drawer_fill(&drawer, ours, 20000);
        ours[77] ^= 1;
        drawer.bytes = 0;
        options.resume = 1;
        upload();
        check_uploaded();
        cr_assert_eq(drawer.bytes, BYTES);
    }
}

Test(fs_transfer, what_cannot_be_compared_is_not_continued)
{
    drawer.no_sha = true;
    drawer.no_crc = true;
    take_up();
    check_uploaded();
    cr_assert_eq(drawer.bytes, BYTES);
    cr_assert_eq(drawer.firsts, 1);
}

Test(fs_transfer, a_file_that_is_all_there_is_not_sent_again)
{
    drawer_fill(&drawer, ours, BYTES);
    options.resume = 1;
    upload();
    check_uploaded();
    cr_assert_eq(drawer.uploads, 0);
}

Test(fs_transfer, a_longer_file_is_replaced)
{
    uint8_t more[BYTES + 1] = {0};
    drawer_fill(&drawer, more, sizeof(more));
    options.resume = 1;
    upload();
    check_uploaded();
    cr_assert_eq(drawer.bytes, BYTES);
}

static unsigned reads;

static int slow_read(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    (void)user;
    if (++reads % 2 == 1) {
        return SMP_ERR_AGAIN;
    }
    memcpy(data, ours + offset, len);
    return SMP_OK;
}

static int bad_read(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    (void)user;
    (void)offset;
    (void)data;
    (void)len;
    return -1;
}

Test(fs_transfer, comparing_waits_for_the_source)
{
    source.read = slow_read;
    take_up();
    for (unsigned i = 0; i < 1000 && note.calls == 0; i++) {
        world_pass(&world, 50);
        smp_transfer_continue(world.session, note.id);
    }
    check_uploaded();
    cr_assert_eq(drawer.bytes, BYTES - 20000);
}

Test(fs_transfer, comparing_with_a_source_that_fails)
{
    source.read = bad_read;
    take_up();
    finish();
    cr_assert_eq(note.error, SMP_ERR_SOURCE);
}

Test(fs_transfer, comparing_may_be_cancelled)
{
    for (unsigned turns = 0; turns < 200; turns++) {
        take_up();
        for (unsigned i = 0; i < turns; i++) {
            smp_loop_turn(world.loop, -1);
        }
        bool over = smp_session_cancel(world.session, note.id) == SMP_ERR_NOT_FOUND;
        finish();
        cr_assert_eq(note.error, over ? SMP_OK : SMP_ERR_CANCELLED);
        world_pass(&world, 10000);
        drawer_reset(&drawer);
    }
}

/* ---- the link, and the device ---- */

Test(fs_transfer, an_upload_goes_on_when_the_link_is_back)
{
    options.link_wait_ms = 10000;
    upload();
    world_pass(&world, 100);
    cr_assert_gt(drawer.at, 0);
    link_is_gone_for(5000);
    check_uploaded();
    cr_assert_eq(drawer.firsts, 1);
    cr_assert_eq(drawer.bytes, BYTES, "nothing twice");
}

Test(fs_transfer, an_upload_with_the_link_gone_at_any_point)
{
    options.link_wait_ms = 10000;
    for (uint64_t ms = 0; ms < 260; ms += 3) {
        drawer.len = 0;
        upload();
        world_pass(&world, ms);
        if (note.calls == 0) {
            link_is_gone_for(1000);
        }
        check_uploaded();
    }
}

Test(fs_transfer, a_resumed_upload_with_the_link_gone_at_any_point)
{
    options.link_wait_ms = 10000;
    for (uint64_t ms = 0; ms < 200; ms += 3) {
        drawer.bytes = 0;
        take_up();
        world_pass(&world, ms);
        if (note.calls == 0) {
            link_is_gone_for(1000);
        }
        check_uploaded();
        cr_assert_eq(drawer.bytes, BYTES - 20000);
    }
}

Test(fs_transfer, a_device_that_lost_what_it_had_not_written)
{
    upload();
    world_pass(&world, 100);
    cr_assert_gt(drawer.at, 4000);
    drawer.at -= 2000; /* a power cut, and the file system went back */
    drawer_reset(&drawer);
    check_uploaded();
}

Test(fs_transfer, a_first_chunk_that_counts_twice_makes_no_hole)
{
    drawer.counts_twice = true;
    upload();
    check_uploaded();
    cr_assert_eq(drawer.firsts, 2, "it is closed and begun anew");
}

Test(fs_transfer, a_close_that_was_cut_off_is_repeated)
{
    drawer.close_cut = 2;
    upload();
    check_uploaded();
    drawer.close_cut = 1000000;
    drawer.len = 0;
    upload();
    finish();
    cr_assert_eq(note.error, SMP_ERR_CORRUPT, "and not for ever");
}

Test(fs_transfer, a_slow_link_is_no_reason_to_give_up)
{
    const struct smp_faults slow = {.size = sizeof(slow), .delay_ns = 1500000000};
    smp_faulty_set(world.near, &slow);
    upload();
    check_uploaded();
}

Test(fs_transfer, a_download_goes_on_when_the_link_is_back)
{
    options.link_wait_ms = 10000;
    for (uint64_t ms = 0; ms < 200; ms += 3) {
        drawer_fill(&drawer, ours, BYTES);
        memset(got, 0, sizeof(got));
        download();
        world_pass(&world, ms);
        if (note.calls == 0) {
            link_is_gone_for(1000);
        }
        check_downloaded();
    }
}

Test(fs_transfer, a_download_of_a_file_that_changed_meanwhile_fails)
{
    options.link_wait_ms = 10000;
    drawer_fill(&drawer, ours, BYTES);
    download();
    world_pass(&world, 100);
    drawer.len = BYTES - 1;
    link_is_gone_for(1000);
    finish();
    cr_assert_eq(note.error, SMP_ERR_CORRUPT);
}

Test(fs_transfer, a_download_is_paused)
{
    drawer_fill(&drawer, ours, BYTES);
    download();
    world_pass(&world, 100);
    smp_transfer_pause(world.session, note.id);
    world_pass(&world, 100);
    size_t before = drawer.downloads;
    world_pass(&world, 3600000);
    cr_assert_eq(drawer.downloads, before);
    smp_transfer_continue(world.session, note.id);
    check_downloaded();
}
