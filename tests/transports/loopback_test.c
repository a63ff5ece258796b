/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/catcher.h"

struct ends {
    struct fake fake;
    struct smp_transport *a, *b;
    struct catcher *at_a, *at_b;
};

static struct ends ends_new(size_t max_packet)
{
    struct ends e = {.fake = fake_new()};
    cr_assert_eq(smp_loopback_new(e.fake.loop, max_packet, &e.a, &e.b), SMP_OK);
    e.at_a = catcher_new(e.a);
    e.at_b = catcher_new(e.b);
    return e;
}

static void ends_free(struct ends *e)
{
    smp_transport_free(e->a);
    smp_transport_free(e->b);
    free(e->at_a);
    free(e->at_b);
    fake_free(&e->fake);
}

/* Takes every block of the pool.  Returns how many there were. */
static size_t hold_all(struct smp_loop *loop, void *held[1000])
{
    size_t n = 0;
    while (n < 1000 && (held[n] = smpi_pool_get(loop, 1)) != NULL) {
        n++;
    }
    cr_assert_lt(n, (size_t)1000);
    return n;
}

static void give_back(struct smp_loop *loop, void *held[1000], size_t n)
{
    while (n > 0) {
        smpi_pool_put(loop, held[--n]);
    }
}

Test(loopback, packets_arrive_at_the_next_process_in_order)
{
    struct ends e = ends_new(0);
    for (uint32_t i = 0; i < 10; i++) {
        cr_assert_eq(send_number(e.a, i, 4 + i), SMP_OK);
    }
    cr_expect_eq(e.at_b->count, 0);
    settle(e.fake.loop);
    cr_assert_eq(e.at_b->count, 10);
    for (uint32_t i = 0; i < 10; i++) {
        cr_expect_eq(caught_number(e.at_b, i), i);
        cr_expect_eq(e.at_b->caught[i].len, 4 + i);
        cr_expect_eq(e.at_b->caught[i].peer.len, 0);
    }
    cr_expect_eq(e.at_a->count, 0, "nothing comes back to the sender");
    ends_free(&e);
}

Test(loopback, both_ways_at_once)
{
    struct ends e = ends_new(0);
    e.at_b->echo = true;
    for (uint32_t i = 0; i < 1000; i++) {
        cr_assert_eq(send_number(e.a, i, 100), SMP_OK);
        settle(e.fake.loop);
        cr_assert_eq(e.at_a->count, i + 1);
        cr_expect_eq(caught_number(e.at_a, i), i);
    }
    ends_free(&e);
}

Test(loopback, a_turn_ends_even_if_both_ends_answer_each_other_for_ever)
{
    struct ends e = ends_new(0);
    e.at_a->echo = true;
    e.at_b->echo = true;
    cr_assert_eq(send_number(e.a, 1, 10), SMP_OK);
    for (int i = 0; i < 10; i++) {
        cr_expect_eq(smp_loop_process(e.fake.loop), 1);
    }
    cr_expect_leq(e.at_a->count + e.at_b->count, (size_t)20);
    ends_free(&e);
}

Test(loopback, sizes)
{
    struct ends e = ends_new(0);
    cr_expect_eq(smpi_transport_max_packet(e.a, NULL), SMP_PACKET_MAX);
    cr_expect_eq(send_number(e.a, 0, 0), SMP_OK);
    cr_expect_eq(send_number(e.a, 0, SMP_PACKET_MAX), SMP_OK);
    cr_expect_eq(send_number(e.a, 0, SMP_PACKET_MAX + 1), SMP_ERR_TOO_LARGE);
    settle(e.fake.loop);
    cr_assert_eq(e.at_b->count, 2);
    cr_expect_eq(e.at_b->caught[0].len, 0);
    cr_expect_eq(e.at_b->caught[1].len, SMP_PACKET_MAX);
    ends_free(&e);
}

Test(loopback, a_small_link_says_so)
{
    struct ends e = ends_new(2048);
    cr_expect_eq(smpi_transport_max_packet(e.a, NULL), 2048);
    cr_expect_eq(send_number(e.a, 0, 2048), SMP_OK);
    cr_expect_eq(send_number(e.a, 0, 2049), SMP_ERR_TOO_LARGE);
    cr_expect_eq(smpi_transport_step_down(e.a, 2048), 1472);
    cr_expect_eq(smpi_transport_step_down(e.a, 1472), 512);
    cr_expect_eq(smpi_transport_step_down(e.a, 512), 0);
    settle(e.fake.loop);
    ends_free(&e);
}

Test(loopback, a_full_queue_says_again_and_then_writable)
{
    struct ends e = ends_new(64);
    uint32_t sent = 0;
    while (send_number(e.a, sent, 64) == SMP_OK) {
        sent++;
        cr_assert_lt(sent, 100000u);
    }
    cr_expect_eq(send_number(e.a, sent, 64), SMP_ERR_AGAIN);
    cr_expect_eq(e.at_a->writables, 0);
    settle(e.fake.loop);
    cr_expect_eq(e.at_b->count, sent, "what was accepted arrives");
    cr_expect_eq(e.at_a->writables, 1);
    cr_expect_eq(send_number(e.a, sent, 64), SMP_OK);
    settle(e.fake.loop);
    cr_expect_eq(e.at_b->count, sent + 1);
    ends_free(&e);
}

/* With no buffer in the pool and nothing under way, no event could follow SMP_ERR_AGAIN. */
Test(loopback, without_any_buffer_packets_are_lost_and_nothing_hangs)
{
    struct ends e = ends_new(64);
    void *held[1000];
    size_t n = hold_all(e.fake.loop, held);
    cr_expect_eq(send_number(e.a, 1, 64), SMP_OK);
    settle(e.fake.loop);
    cr_expect_eq(e.at_b->count, 0);
    give_back(e.fake.loop, held, n);
    cr_expect_eq(send_number(e.a, 2, 64), SMP_OK);
    settle(e.fake.loop);
    cr_expect_eq(e.at_b->count, 1);
    ends_free(&e);
}

Test(loopback, the_other_end_gets_what_was_sent_and_then_sees_down)
{
    struct ends e = ends_new(0);
    cr_expect_eq(send_number(e.a, 7, 10), SMP_OK);
    smp_transport_free(e.a);
    e.a = NULL;
    cr_expect_eq(send_number(e.b, 8, 10), SMP_ERR_CLOSED);
    cr_expect_eq(e.at_b->downs, 0, "not inside the call");
    settle(e.fake.loop);
    cr_expect_eq(e.at_b->count, 1);
    cr_expect_eq(e.at_b->downs, 1);
    cr_expect_eq(e.at_b->reason, SMP_ERR_CLOSED);
    ends_free(&e);
}

Test(loopback, packets_to_a_freed_end_are_forgotten)
{
    struct ends e = ends_new(0);
    cr_expect_eq(send_number(e.b, 7, 10), SMP_OK);
    smp_transport_free(e.a);
    e.a = NULL;
    smp_transport_free(e.b);
    e.b = NULL;
    settle(e.fake.loop);
    cr_expect_eq(e.at_a->count, 0);
    ends_free(&e);
}

Test(loopback, the_receiver_may_free_itself)
{
    struct ends e = ends_new(0);
    e.at_b->victim = e.b;
    cr_expect_eq(send_number(e.a, 1, 10), SMP_OK);
    cr_expect_eq(send_number(e.a, 2, 10), SMP_OK);
    settle(e.fake.loop);
    e.b = NULL;
    cr_expect_eq(e.at_b->count, 1, "nothing is told after the free");
    cr_expect_eq(e.at_a->downs, 1);
    ends_free(&e);
}

Test(loopback, the_receiver_may_free_the_sender)
{
    struct ends e = ends_new(0);
    e.at_b->victim = e.a;
    e.at_b->echo = true;
    cr_expect_eq(send_number(e.a, 1, 10), SMP_OK);
    cr_expect_eq(send_number(e.a, 2, 10), SMP_OK);
    settle(e.fake.loop);
    e.a = NULL;
    cr_expect_eq(e.at_b->count, 2);
    cr_expect_eq(e.at_b->downs, 1);
    cr_expect_eq(e.at_a->count, 0);
    ends_free(&e);
}

/* What smp_wait() hands out points into the last packet, until the next call on the loop. */
Test(loopback, a_delivered_packet_keeps_its_block)
{
    struct ends e = ends_new(64);
    void *held[1000];
    size_t before = hold_all(e.fake.loop, held);
    give_back(e.fake.loop, held, before);
    cr_expect_eq(send_number(e.a, 1, 10), SMP_OK);
    settle(e.fake.loop);
    size_t after = hold_all(e.fake.loop, held);
    cr_expect_eq(after, before - 1);
    give_back(e.fake.loop, held, after);
    ends_free(&e);
}

Test(loopback, wrong_arguments)
{
    struct fake fake = fake_new();
    struct smp_transport *a, *b;
    cr_expect_eq(smp_loopback_new(NULL, 0, &a, &b), SMP_ERR_INVALID);
    cr_expect_eq(smp_loopback_new(fake.loop, 0, NULL, &b), SMP_ERR_INVALID);
    cr_expect_eq(smp_loopback_new(fake.loop, 0, &a, NULL), SMP_ERR_INVALID);
    cr_expect_eq(smp_loopback_new(fake.loop, SMP_PACKET_MAX + 1, &a, &b), SMP_ERR_INVALID);
    fake_free(&fake);
}

Test(fake_clock, moves_only_when_told_or_when_the_loop_would_sleep)
{
    struct smp_fake_clock *clock;
    cr_assert_eq(smp_fake_clock_new(&clock), SMP_OK);
    const struct smp_clock *face = smp_fake_clock_get(clock);
    cr_expect_eq(face->now(face->user), 1000000000u);
    cr_expect_eq(face->now(face->user), 1000000000u);
    smp_fake_clock_advance(clock, 5);
    cr_expect_eq(face->now(face->user), 1000000005u);
    face->sleep(1000000100u, face->user);
    cr_expect_eq(face->now(face->user), 1000000100u);
    face->sleep(7, face->user);          /* the past */
    face->sleep(UINT64_MAX, face->user); /* for ever */
    cr_expect_eq(face->now(face->user), 1000000100u);
    smp_fake_clock_advance(clock, UINT64_MAX);
    cr_expect_eq(face->now(face->user), UINT64_MAX - 1);
    smp_fake_clock_free(clock);
    smp_fake_clock_free(NULL);
}

static int make_pair(struct smp_loop *loop)
{
    struct smp_transport *a;
    struct smp_transport *b;
    int error = smp_loopback_new(loop, 0, &a, &b);
    if (error == SMP_OK) {
        smp_transport_free(a);
        smp_transport_free(b);
    }
    return error;
}

Test(loopback, without_memory)
{
    expect_no_leak_without_memory(make_pair);
}
