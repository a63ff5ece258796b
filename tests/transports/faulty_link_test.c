/* SPDX-License-Identifier: Apache-2.0 */
/* Each fault does what it says, as often as asked for, and the same again with the same seed. */
#include "transports/bad_ends.h"

/* ---- each fault ---- */

Test(faulty_link, rates_are_what_was_asked_for)
{
    struct smp_faults faults = {.size = sizeof(faults), .seed = 1, .drop = 100000};
    struct ends e = ends_new(&faults);
    send_many(&e, e.near, 10000);
    cr_expect(e.at_far->count > 8800 && e.at_far->count < 9200, "%zu of 10000 at 10 %% loss",
              e.at_far->count);
    faults.drop = 1000000;
    cr_expect_eq(smp_faulty_set(e.near, &faults), SMP_OK);
    e.at_far->count = 0;
    send_many(&e, e.near, 1000);
    cr_expect_eq(e.at_far->count, 0);
    send_many(&e, e.far, 1000);
    cr_expect_eq(e.at_near->count, 0, "loss is both ways");
    ends_free(&e);
}

Test(faulty_link, duplicates_come_right_after)
{
    struct smp_faults faults = {.size = sizeof(faults), .duplicate = 1000000};
    struct ends e = ends_new(&faults);
    send_many(&e, e.near, 3);
    expect_numbers(e.at_far, (const uint32_t[]){0, 0, 1, 1, 2, 2}, 6);
    send_many(&e, e.far, 2);
    expect_numbers(e.at_near, (const uint32_t[]){0, 0, 1, 1}, 4);
    ends_free(&e);
}

Test(faulty_link, a_reordered_packet_comes_after_the_next_one)
{
    struct smp_faults faults = {.size = sizeof(faults), .reorder = 1000000};
    struct ends e = ends_new(&faults);
    for (uint32_t i = 0; i < 6; i++) {
        cr_assert_eq(send_number(e.near, i, 10), SMP_OK);
    }
    settle(e.fake.loop);
    expect_numbers(e.at_far, (const uint32_t[]){1, 0, 3, 2, 5, 4}, 6);
    ends_free(&e);
}

Test(faulty_link, a_reordered_packet_does_not_wait_longer_than_for_the_next)
{
    struct smp_faults faults = {.size = sizeof(faults), .reorder = 1000000};
    struct ends e = ends_new(&faults);
    cr_assert_eq(send_number(e.near, 0, 10), SMP_OK);
    faults.reorder = 0;
    cr_assert_eq(smp_faulty_set(e.near, &faults), SMP_OK);
    cr_assert_eq(send_number(e.near, 1, 10), SMP_OK);
    settle(e.fake.loop);
    expect_numbers(e.at_far, (const uint32_t[]){1, 0}, 2);
    ends_free(&e);
}

Test(faulty_link, a_reordered_packet_without_a_next_one_is_late_but_not_lost)
{
    struct smp_faults faults = {.size = sizeof(faults), .reorder = 1000000, .delay_ns = 10 * MS};
    struct ends e = ends_new(&faults);
    uint64_t start = smp_loop_now(e.fake.loop);
    cr_assert_eq(send_number(e.near, 7, 10), SMP_OK);
    run(&e);
    expect_numbers(e.at_far, (const uint32_t[]){7}, 1);
    cr_expect_eq(e.at_far->caught[0].when, start + 30 * MS);
    ends_free(&e);
}

Test(faulty_link, corruption_changes_exactly_one_byte)
{
    struct smp_faults faults = {.size = sizeof(faults), .corrupt = 1000000};
    struct ends e = ends_new(&faults);
    size_t places[8] = {0};
    for (int i = 0; i < 400; i++) {
        e.at_far->count = 0;
        cr_assert_eq(send_number(e.near, 0xa5a5a5a5, 8), SMP_OK);
        settle(e.fake.loop);
        cr_assert_eq(e.at_far->count, 1);
        cr_expect_eq(e.at_far->caught[0].len, 8);
        int changed = 0;
        for (int j = 0; j < 8; j++) {
            if (e.at_far->caught[0].head[j] != 0xa5) {
                changed++;
                places[j]++;
            }
        }
        cr_expect_eq(changed, 1);
    }
    for (int j = 0; j < 8; j++) {
        cr_expect_gt(places[j], 20u, "byte %d was changed %zu times in 400", j, places[j]);
    }
    ends_free(&e);
}

Test(faulty_link, truncation_leaves_less)
{
    struct smp_faults faults = {.size = sizeof(faults), .truncate = 1000000, .corrupt = 1000000};
    struct ends e = ends_new(&faults);
    send_many(&e, e.near, 300);
    cr_assert_eq(send_number(e.near, 0, 0), SMP_OK); /* nothing to cut */
    settle(e.fake.loop);
    cr_assert_eq(e.at_far->count, 301);
    size_t least = 100;
    size_t most = 0;
    for (size_t i = 0; i < 300; i++) {
        size_t len = e.at_far->caught[i].len;
        least = len < least ? len : least;
        most = len > most ? len : most;
    }
    cr_expect_lt(most, 100u);
    cr_expect_gt(most, 80u);
    cr_expect_lt(least, 20u);
    ends_free(&e);
}

Test(faulty_link, delay_is_exact_and_each_way)
{
    struct smp_faults faults = {.size = sizeof(faults), .delay_ns = 25 * MS};
    struct ends e = ends_new(&faults);
    e.at_far->echo = true;
    uint64_t start = smp_loop_now(e.fake.loop);
    cr_assert_eq(send_number(e.near, 1, 10), SMP_OK);
    settle(e.fake.loop);
    cr_expect_eq(e.at_far->count, 0);
    run(&e);
    cr_assert_eq(e.at_far->count, 1);
    cr_assert_eq(e.at_near->count, 1);
    cr_expect_eq(e.at_far->caught[0].when, start + 25 * MS);
    cr_expect_eq(e.at_near->caught[0].when, start + 50 * MS);
    ends_free(&e);
}

Test(faulty_link, a_delayed_link_holds_many_packets)
{
    struct smp_faults faults = {.size = sizeof(faults), .delay_ns = 50 * MS};
    struct ends e = ends_new(&faults);
    for (uint32_t i = 0; i < 32; i++) {
        cr_assert_eq(send_number(e.near, i, 2048), SMP_OK);
        smp_fake_clock_advance(e.fake.clock, MS);
        settle(e.fake.loop);
    }
    run(&e);
    cr_assert_eq(e.at_far->count, 32);
    for (uint32_t i = 0; i < 32; i++) {
        cr_expect_eq(caught_number(e.at_far, i), i);
        cr_expect_eq(e.at_far->caught[i].when, 1000 * MS + 50 * MS + i * MS);
    }
    ends_free(&e);
}

Test(faulty_link, jitter_is_bounded_and_keeps_the_order)
{
    struct smp_faults faults = {
        .size = sizeof(faults), .seed = 3, .delay_ns = 10 * MS, .jitter_ns = 5 * MS};
    struct ends e = ends_new(&faults);
    uint64_t start = smp_loop_now(e.fake.loop);
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (uint32_t i = 0; i < 500; i++) {
        cr_assert_eq(send_number(e.near, i, 10), SMP_OK);
        run(&e);
        cr_assert_eq(e.at_far->count, i + 1);
        uint64_t took = e.at_far->caught[i].when - start;
        least = took < least ? took : least;
        most = took > most ? took : most;
        start = smp_loop_now(e.fake.loop);
    }
    cr_expect(least >= 10 * MS && least < 11 * MS);
    cr_expect(most <= 15 * MS && most > 14 * MS);

    e.at_far->count = 0;
    for (uint32_t i = 0; i < 30; i++) {
        cr_assert_eq(send_number(e.near, i, 10), SMP_OK);
    }
    run(&e);
    cr_assert_eq(e.at_far->count, 30);
    for (uint32_t i = 0; i < 30; i++) {
        cr_expect_eq(caught_number(e.at_far, i), i);
    }
    ends_free(&e);
}

Test(faulty_link, silence_begins_after_so_many_packets_of_both_ways)
{
    struct smp_faults faults = {.size = sizeof(faults), .silent_after = 5};
    struct ends e = ends_new(&faults);
    e.at_far->echo = true;
    send_many(&e, e.near, 10);
    cr_expect_eq(e.at_far->count, 3);
    cr_expect_eq(e.at_near->count, 2);
    ends_free(&e);
}

Test(faulty_link, silence_begins_after_so_many_bytes_of_both_ways)
{
    struct smp_faults faults = {.size = sizeof(faults), .silent_after_bytes = 60};
    struct ends e = ends_new(&faults);
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_eq(send_number(e.near, i, 10), SMP_OK);
        cr_assert_eq(send_number(e.far, i, 10), SMP_OK);
        settle(e.fake.loop);
    }
    cr_assert_eq(send_number(e.near, 9, 4), SMP_OK); /* however small */
    run(&e);
    expect_numbers(e.at_far, (const uint32_t[]){0, 1, 2}, 3);
    expect_numbers(e.at_near, (const uint32_t[]){0, 1, 2}, 3);
    ends_free(&e);
}

/* How long the runs of lost packets are, of `sent` with numbers from 0. */
static void expect_runs(const struct catcher *c, uint32_t sent, uint32_t burst)
{
    uint32_t next = 0;
    for (size_t i = 0; i <= c->count; i++) {
        uint32_t number = i < c->count ? caught_number(c, i) : sent;
        if (i < c->count) { /* the last run may be cut off */
            cr_expect_eq((number - next) % burst, 0u, "%u lost before %u", number - next, number);
        }
        next = number + 1;
    }
}

Test(faulty_link, losses_come_in_bursts_and_are_as_many_as_asked_for)
{
    static const uint32_t bursts[] = {2, 3, 10};
    for (size_t i = 0; i < 3; i++) {
        struct smp_faults faults = {
            .size = sizeof(faults), .seed = i, .drop = 200000, .burst = bursts[i]};
        struct ends e = ends_new(&faults);
        send_many(&e, e.near, 10000);
        cr_expect(e.at_far->count > 7700 && e.at_far->count < 8300, "%zu of 10000 came, by %u",
                  e.at_far->count, bursts[i]);
        expect_runs(e.at_far, 10000, bursts[i]);
        ends_free(&e);
    }
}

Test(faulty_link, all_is_lost_in_bursts_too)
{
    struct smp_faults faults = {.size = sizeof(faults), .drop = 2000000, .burst = 5};
    struct ends e = ends_new(&faults);
    send_many(&e, e.near, 100);
    cr_expect_eq(e.at_far->count, 0);
    ends_free(&e);
}

/* 1000 bytes a second: what comes at once leaves one after the other, each way for itself. */
Test(faulty_link, a_slow_line_takes_its_time)
{
    struct smp_faults faults = {.size = sizeof(faults), .bytes_per_s = 1000, .delay_ns = 5 * MS};
    struct ends e = ends_new(&faults);
    uint64_t start = smp_loop_now(e.fake.loop);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(send_number(e.near, i, 20), SMP_OK);
        cr_assert_eq(send_number(e.far, i, 10), SMP_OK);
    }
    run(&e);
    cr_assert(e.at_far->count == 3 && e.at_near->count == 3);
    for (uint64_t i = 0; i < 3; i++) {
        cr_expect_eq(e.at_far->caught[i].when, start + (20 * (i + 1) + 5) * MS);
        cr_expect_eq(e.at_near->caught[i].when, start + (10 * (i + 1) + 5) * MS);
    }
    start = smp_loop_now(e.fake.loop) + 100 * MS;
    smp_fake_clock_advance(e.fake.clock, 100 * MS);
    settle(e.fake.loop);
    cr_assert_eq(send_number(e.near, 3, 20), SMP_OK);
    run(&e);
    cr_expect_eq(e.at_far->caught[3].when, start + 25 * MS, "it was idle meanwhile");
    ends_free(&e);
}

Test(faulty_link, large_packets_vanish)
{
    struct smp_faults faults = {.size = sizeof(faults), .drop_above = 1500};
    struct ends e = ends_new(&faults);
    cr_expect_eq(send_number(e.near, 1, 1501), SMP_OK, "a link does not say what it loses");
    cr_expect_eq(send_number(e.near, 2, 1500), SMP_OK);
    cr_expect_eq(send_number(e.far, 3, 1501), SMP_OK);
    cr_expect_eq(send_number(e.far, 4, 1500), SMP_OK);
    settle(e.fake.loop);
    expect_numbers(e.at_far, (const uint32_t[]){2}, 1);
    expect_numbers(e.at_near, (const uint32_t[]){4}, 1);
    ends_free(&e);
}

/* ---- the seed ---- */

/* What arrives of 2000 packets, as one number. */
static uint64_t fingerprint(const struct smp_faults *faults, bool both_ways)
{
    struct ends e = ends_new(faults);
    uint64_t hash = 1469598103934665603u;
    for (uint32_t i = 0; i < 2000; i++) {
        cr_assert_eq(send_number(e.near, i, 16), SMP_OK);
        if (both_ways) {
            cr_assert_eq(send_number(e.far, i, 16), SMP_OK);
        }
        smp_fake_clock_advance(e.fake.clock, MS);
        settle(e.fake.loop);
    }
    run(&e);
    cr_assert_gt(e.at_far->count, (size_t)1500);
    for (size_t i = 0; i < e.at_far->count; i++) {
        const struct caught *c = &e.at_far->caught[i];
        hash = (hash ^ c->len) * 1099511628211u;
        hash = (hash ^ c->when) * 1099511628211u;
        for (size_t j = 0; j < c->len && j < CAUGHT_BYTES; j++) {
            hash = (hash ^ c->head[j]) * 1099511628211u;
        }
    }
    ends_free(&e);
    return hash;
}

Test(faulty_link, the_same_seed_gives_the_same_faults)
{
    struct smp_faults other = everything;
    other.seed++;
    cr_expect_eq(fingerprint(&everything, false), fingerprint(&everything, false));
    cr_expect_neq(fingerprint(&everything, false), fingerprint(&other, false));
}

Test(faulty_link, the_other_direction_changes_nothing)
{
    cr_expect_eq(fingerprint(&everything, false), fingerprint(&everything, true));
}

static uint64_t lost_ones(const struct smp_faults *faults)
{
    struct ends e = ends_new(faults);
    uint64_t arrived = 0;
    for (uint32_t i = 0; i < 64; i++) {
        cr_assert_eq(send_number(e.near, i, 16), SMP_OK);
    }
    run(&e);
    for (size_t i = 0; i < e.at_far->count; i++) {
        arrived |= UINT64_C(1) << caught_number(e.at_far, i);
    }
    ends_free(&e);
    return ~arrived;
}

Test(faulty_link, another_fault_does_not_change_which_packets_are_lost)
{
    struct smp_faults faults = {.size = sizeof(faults), .seed = 9, .drop = 300000};
    uint64_t lost = lost_ones(&faults);
    cr_expect_neq(lost, 0);
    faults.duplicate = 200000;
    faults.jitter_ns = MS;
    cr_expect_eq(lost_ones(&faults), lost);
}

Test(faulty_link, setting_faults_starts_the_chance_anew)
{
    struct smp_faults faults = {.size = sizeof(faults), .seed = 5, .drop = 500000};
    struct ends e = ends_new(&faults);
    uint32_t first[100];
    send_many(&e, e.near, 100);
    size_t count = e.at_far->count;
    for (size_t i = 0; i < count; i++) {
        first[i] = caught_number(e.at_far, i);
    }
    cr_expect_eq(smp_faulty_set(e.near, &faults), SMP_OK);
    e.at_far->count = 0;
    send_many(&e, e.near, 100);
    expect_numbers(e.at_far, first, count);
    ends_free(&e);
}

Test(faulty_link, absurd_delays_do_not_wrap_around)
{
    struct smp_faults faults = {
        .size = sizeof(faults), .delay_ns = UINT64_MAX, .jitter_ns = UINT64_MAX};
    struct ends e = ends_new(&faults);
    cr_expect_eq(send_number(e.near, 1, 16), SMP_OK);
    faults.delay_ns = 1;
    cr_expect_eq(smp_faulty_set(e.near, &faults), SMP_OK);
    cr_expect_eq(send_number(e.near, 2, 16), SMP_OK);
    settle(e.fake.loop);
    cr_expect_eq(e.at_far->count, 0);
    ends_free(&e);
}
