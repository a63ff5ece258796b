/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads whose link goes down, and uploads that are paused. */
#include "support/flash.h"
#include "support/note.h"

#include <criterion/criterion.h>

#include <string.h>

enum { BYTES = 100000 };

static struct world world;
static struct flash flash;
static struct note note;
static struct smp_session_options session_options;
static struct smp_img_upload_options upload_options;
static struct smp_source source;
static uint8_t image[BYTES];
static enum smp_phase phases[1000];
static size_t n_phases;

static void note_phase(struct smp_session *session, const struct smp_progress *progress, void *user)
{
    (void)session;
    (void)user;
    if (n_phases == 0 || phases[n_phases - 1] != progress->phase) {
        phases[n_phases++] = progress->phase;
    }
}

static void begin(void)
{
    for (size_t i = 0; i < BYTES; i++) {
        image[i] = (uint8_t)(i * 7 + (i >> 8));
    }
    smp_source_memory(&source, image, BYTES);
    note = (struct note){0};
    n_phases = 0;
    session_options.size = sizeof(session_options);
    upload_options.size = sizeof(upload_options);
    upload_options.transfer.progress = note_phase;
    flash.options.buf_count = 8;
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 5000000};
    cr_assert_eq(world_open(&world, &session_options), SMP_OK);
    cr_assert_eq(flash_open(&flash, &world), SMP_OK);
    cr_assert_eq(
        smp_img_upload(world.session, &source, &upload_options, note_result, &note, &note.id),
        SMP_OK);
}

static void end(void)
{
    flash_close(&flash);
    world_close(&world);
}

static void pass_until_at(uint64_t off)
{
    while (flash.off < off) {
        cr_assert_eq(note.calls, 0);
        world_pass(&world, 1);
    }
}

static void finish(uint64_t limit_ms)
{
    while (note.calls == 0 && world_now(&world) < limit_ms) {
        world_pass(&world, 10);
    }
    cr_assert_eq(note.calls, 1, "no end after %llu ms", (unsigned long long)limit_ms);
}

static void check_all_arrived(void)
{
    cr_assert_eq(note.error, SMP_OK, "%s", smp_error_name(note.error));
    cr_assert(flash.done);
    cr_assert_eq(memcmp(flash.data, image, BYTES), 0);
}

static void down(void)
{
    smp_transport_down(world.near, SMP_ERR_CLOSED, 5);
    world_pass(&world, 0);
}

static void up(void)
{
    smp_transport_up(world.near);
    world_pass(&world, 0);
}

static uint64_t sent(void)
{
    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_session_get_stats(world.session, &stats);
    return stats.sent;
}

TestSuite(transfer_link);

/* ---- the link ---- */

Test(transfer_link, a_link_that_is_down_ends_it_unless_told)
{
    begin();
    pass_until_at(30000);
    down();
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    cr_assert_eq(note.system_error, 5);
    end();
}

Test(transfer_link, it_goes_on_where_the_device_stands)
{
    session_options.link_wait_ms = 20000;
    begin();
    pass_until_at(30000);
    down();
    world_pass(&world, 10000);
    cr_assert_eq(note.calls, 0);
    const uint64_t had = flash.off;
    const size_t before = flash.n_chunks;
    up();
    finish(20000);
    check_all_arrived();
    cr_assert_eq(flash.chunks[before].off, 0, "the first chunk asks");
    cr_assert(flash.chunks[before].has_sha);
    cr_assert_geq(flash.chunks[before + 1].off, had, "what is there is not sent again");
    const enum smp_phase expected[] = {SMP_PHASE_STARTING,     SMP_PHASE_SENDING,
                                       SMP_PHASE_RECONNECTING, SMP_PHASE_STARTING,
                                       SMP_PHASE_SENDING,      SMP_PHASE_DONE};
    size_t i = 0;
    for (size_t j = 0; j < n_phases && i < 6; j++) {
        i += phases[j] == expected[i];
    }
    cr_assert_eq(i, 6, "each phase is told");
    end();
}

Test(transfer_link, at_any_point)
{
    session_options.link_wait_ms = 20000;
    for (uint64_t ms = 0; ms < 150; ms++) {
        begin();
        world_pass(&world, ms);
        bool over = note.calls > 0;
        down();
        world_pass(&world, 700);
        cr_assert(over || note.calls == 0);
        up();
        finish(20000);
        check_all_arrived();
        end();
    }
}

Test(transfer_link, a_device_that_was_reset_meanwhile_gets_all_again)
{
    upload_options.transfer.link_wait_ms = 20000; /* of this transfer only */
    begin();
    pass_until_at(30000);
    down();
    flash.active = false;
    flash.off = 0;
    world_pass(&world, 5000);
    up();
    finish(20000);
    check_all_arrived();
    end();
}

Test(transfer_link, a_link_that_stays_down_ends_it)
{
    session_options.link_wait_ms = 20000;
    begin();
    pass_until_at(30000);
    down();
    uint64_t start = world_now(&world);
    finish(30000);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    cr_assert_eq(note.system_error, 5);
    cr_assert_geq(world_now(&world), start + 20000);
    cr_assert_leq(world_now(&world), start + 20020);
    end();
}

Test(transfer_link, a_link_that_comes_and_goes_for_nothing_ends_it)
{
    session_options.link_wait_ms = 20000;
    begin();
    pass_until_at(30000);
    uint64_t start = world_now(&world);
    uint64_t packets = sent();
    while (note.calls == 0 && world_now(&world) < 60000) {
        down();
        if (note.calls == 0) {
            up();
            world_pass(&world, 1); /* too short for an answer */
        }
    }
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    cr_assert_leq(world_now(&world), start + 21000);
    cr_assert_leq(sent() - packets, 100, "and it is not asked in a hurry: %llu",
                  (unsigned long long)(sent() - packets));
    end();
}

Test(transfer_link, cancelled_while_it_is_down)
{
    session_options.link_wait_ms = 20000;
    begin();
    pass_until_at(30000);
    down();
    world_pass(&world, 1000);
    cr_assert_eq(smp_session_cancel(world.session, note.id), SMP_OK);
    world_pass(&world, 0);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
    end();
}

Test(transfer_link, freed_while_it_is_down)
{
    session_options.link_wait_ms = 20000;
    begin();
    pass_until_at(30000);
    down();
    smp_session_free(world.session);
    world.session = NULL;
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    end();
}

Test(transfer_link, a_transport_that_is_freed_does_not_come_back)
{
    session_options.link_wait_ms = 20000;
    begin();
    pass_until_at(30000);
    smp_transport_free(world.near);
    world.near = NULL;
    world_pass(&world, 0);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    end();
}

/* ---- after a restart of the program ---- */

Test(transfer_link, another_session_goes_on_by_the_sha)
{
    begin();
    pass_until_at(60000);
    smp_session_free(world.session);
    cr_assert_eq(smp_session_new(world.near, NULL, &world.session), SMP_OK);
    const uint64_t had = flash.off;
    const size_t before = flash.n_chunks;
    note = (struct note){0};
    smp_img_upload(world.session, &source, &upload_options, note_result, &note, &note.id);
    finish(20000);
    check_all_arrived();
    cr_assert_geq(flash.chunks[before + 1].off, had);
    end();
}

Test(transfer_link, another_image_does_not_go_on_where_the_first_one_was)
{
    begin();
    pass_until_at(60000);
    smp_session_free(world.session);
    cr_assert_eq(smp_session_new(world.near, NULL, &world.session), SMP_OK);
    image[99] ^= 1;
    note = (struct note){0};
    smp_img_upload(world.session, &source, &upload_options, note_result, &note, &note.id);
    finish(20000);
    check_all_arrived();
    end();
}

/* ---- pausing ---- */

Test(transfer_link, paused_nothing_is_on_the_way_and_no_clock_runs)
{
    begin();
    pass_until_at(30000);
    cr_assert_eq(smp_transfer_pause(world.session, note.id), SMP_OK);
    cr_assert_eq(smp_transfer_pause(world.session, note.id), SMP_OK, "twice is once");
    world_pass(&world, 100);
    const uint64_t packets = sent();
    cr_assert_eq(phases[n_phases - 1], SMP_PHASE_PAUSED);
    world_pass(&world, 5000); /* the places of what was lost, if anything was */
    cr_assert_eq(smp_loop_timeout(world.loop), -1, "no timer is left");
    world_pass(&world, 24ull * 3600 * 1000);
    cr_assert_eq(sent(), packets);
    cr_assert_eq(note.calls, 0);
    cr_assert_eq(smp_transfer_continue(world.session, note.id), SMP_OK);
    world_pass(&world, 1);
    cr_assert_eq(phases[n_phases - 1], SMP_PHASE_SENDING);
    finish(UINT64_MAX);
    check_all_arrived();
    end();
}

Test(transfer_link, paused_its_lost_packets_give_their_places_back)
{
    struct note echo = {0};
    flash.options.buf_count = 2;
    begin();
    pass_until_at(30000);
    struct smp_faults silent = {.size = sizeof(silent), .drop = 1000000};
    cr_assert_eq(smp_faulty_set(world.near, &silent), SMP_OK);
    world_pass(&world, 20);
    smp_transfer_pause(world.session, note.id);
    silent.drop = 0;
    smp_faulty_set(world.near, &silent);
    world_pass(&world, 5000);
    cr_assert_eq(note_echo(&echo, world.session, "free?"), SMP_OK);
    world_pass(&world, 100);
    cr_assert_eq(echo.calls, 1);
    cr_assert_eq(echo.error, SMP_OK);
    smp_transfer_continue(world.session, note.id);
    finish(20000);
    check_all_arrived();
    end();
}

Test(transfer_link, cancelled_while_paused)
{
    begin();
    pass_until_at(30000);
    smp_transfer_pause(world.session, note.id);
    world_pass(&world, 100000);
    cr_assert_eq(smp_session_cancel(world.session, note.id), SMP_OK);
    world_pass(&world, 0);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
    end();
}

Test(transfer_link, paused_at_any_point)
{
    for (uint64_t ms = 0; ms < 150; ms++) {
        begin();
        world_pass(&world, ms);
        smp_transfer_pause(world.session, note.id);
        world_pass(&world, 100000);
        cr_assert(note.calls == 0 || note.error == SMP_OK);
        smp_transfer_continue(world.session, note.id);
        finish(200000);
        check_all_arrived();
        end();
    }
}

Test(transfer_link, paused_while_the_link_is_down)
{
    session_options.link_wait_ms = 20000;
    begin();
    pass_until_at(30000);
    down();
    smp_transfer_pause(world.session, note.id);
    world_pass(&world, 600000);
    cr_assert_eq(note.calls, 0);
    up();
    const uint64_t packets = sent();
    world_pass(&world, 600000);
    cr_assert_eq(sent(), packets);
    smp_transfer_continue(world.session, note.id);
    finish(1300000);
    check_all_arrived();
    end();
}

Test(transfer_link, the_link_goes_down_while_paused)
{
    session_options.link_wait_ms = 20000;
    begin();
    pass_until_at(30000);
    smp_transfer_pause(world.session, note.id);
    world_pass(&world, 1000);
    down();
    world_pass(&world, 600000);
    cr_assert_eq(note.calls, 0);
    smp_transfer_continue(world.session, note.id);
    world_pass(&world, 1000);
    cr_assert_eq(phases[n_phases - 1], SMP_PHASE_RECONNECTING);
    up();
    finish(700000);
    check_all_arrived();
    end();
}
