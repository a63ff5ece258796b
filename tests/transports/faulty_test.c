/* SPDX-License-Identifier: Apache-2.0 */
/* A bad link in front of a transport, as a transport: what it takes over, refuses, frees. */
#include "transports/bad_ends.h"

Test(faulty, without_faults_it_changes_nothing)
{
    struct smp_faults none = {.size = sizeof(none)};
    struct ends e = ends_new(&none);
    send_many(&e, e.near, 500);
    send_many(&e, e.far, 500);
    cr_assert_eq(e.at_far->count, 500);
    cr_assert_eq(e.at_near->count, 500);
    for (uint32_t i = 0; i < 500; i++) {
        cr_expect_eq(caught_number(e.at_far, i), i);
        cr_expect_eq(caught_number(e.at_near, i), i);
        cr_expect_eq(e.at_far->caught[i].len, 100);
    }
    ends_free(&e);
}

Test(faulty, it_is_what_the_inner_transport_is)
{
    struct smp_faults none = {.size = sizeof(none)};
    struct ends e = ends_new(&none);
    cr_expect_eq(smpi_transport_max_packet(e.near, NULL), 4096);
    cr_expect_eq(smpi_transport_step_down(e.near, 4096), 1472);
    cr_expect_eq(smpi_transport_step_down(e.near, 512), 0);
    cr_expect_eq(send_number(e.near, 0, 4097), SMP_ERR_TOO_LARGE);
    cr_expect_eq(e.near->ops.kind, SMP_TRANSPORT_DATAGRAM);
    ends_free(&e);
}

/* ---- the link's state, and freeing ---- */

Test(faulty, down_comes_through)
{
    struct smp_faults faults = {.size = sizeof(faults), .delay_ns = MS};
    struct ends e = ends_new(&faults);
    smp_transport_free(e.far);
    e.far = NULL;
    settle(e.fake.loop);
    cr_expect_eq(e.at_near->downs, 1);
    cr_expect_eq(e.at_near->reason, SMP_ERR_CLOSED);
    cr_expect_eq(send_number(e.near, 1, 10), SMP_ERR_CLOSED);
    ends_free(&e);
}

Test(faulty, freed_with_packets_under_way)
{
    struct smp_faults faults = everything;
    faults.reorder = 500000;
    struct ends e = ends_new(&faults);
    for (uint32_t i = 0; i < 30; i++) {
        cr_assert_eq(send_number(e.near, i, 16), SMP_OK);
        cr_assert_eq(send_number(e.far, i, 16), SMP_OK);
    }
    settle(e.fake.loop);
    smp_transport_free(e.near);
    e.near = NULL;
    run(&e);
    cr_expect_eq(e.at_near->count, 0);
    cr_expect_eq(e.at_far->downs, 1, "the inner transport went with it");
    ends_free(&e);
}

Test(faulty, freed_by_its_receiver)
{
    struct smp_faults faults = {.size = sizeof(faults), .delay_ns = MS};
    struct ends e = ends_new(&faults);
    e.at_near->victim = e.near;
    e.at_near->echo = true;
    for (uint32_t i = 0; i < 5; i++) {
        cr_assert_eq(send_number(e.far, i, 16), SMP_OK);
    }
    run(&e);
    e.near = NULL;
    cr_expect_eq(e.at_near->count, 1);
    ends_free(&e);
}

/* A transport that is full when told to be. */
struct stubborn {
    struct smp_transport *transport;
    bool full;
    uint32_t sent[64];
    size_t count;
};

static int stubborn_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct stubborn *s = self;
    (void)peer;
    if (s->full) {
        return SMP_ERR_AGAIN;
    }
    cr_assert_geq(len, sizeof(uint32_t));
    cr_assert_lt(s->count, (size_t)64);
    memcpy(&s->sent[s->count++], packet, sizeof(uint32_t));
    return SMP_OK;
}

static size_t stubborn_max(void *self, const struct smp_peer *peer)
{
    (void)self;
    (void)peer;
    return 2048;
}

Test(faulty, a_full_inner_transport_loses_nothing)
{
    struct fake fake = fake_new();
    struct stubborn s = {.full = true};
    const struct smp_transport_ops ops = {
        .size = sizeof(ops), .send = stubborn_send, .max_packet = stubborn_max};
    const struct smp_faults none = {.size = sizeof(none)};
    struct smp_transport *near;
    cr_assert_eq(smp_transport_new(fake.loop, &ops, &s, &s.transport), SMP_OK);
    cr_assert_eq(smp_faulty_new(s.transport, &none, &near), SMP_OK);
    struct catcher *at_near = catcher_new(near);
    for (uint32_t i = 0; i < 5; i++) {
        cr_expect_eq(send_number(near, i, 16), SMP_OK);
    }
    settle(fake.loop);
    cr_expect_eq(s.count, 0);
    s.full = false;
    smp_transport_writable(s.transport);
    settle(fake.loop);
    cr_assert_eq(s.count, 5, "%zu of 5", s.count);
    for (uint32_t i = 0; i < 5; i++) {
        cr_expect_eq(s.sent[i], i);
    }
    cr_expect_eq(send_number(near, 5, 16), SMP_OK);
    cr_expect_eq(s.count, 6);
    smp_transport_free(near);
    free(at_near);
    fake_free(&fake);
}

/* A transport that answers before its `send` returns. */
struct mirror {
    struct smp_transport *transport;
    size_t left;
};

static int mirror_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct mirror *m = self;
    if (m->left > 0) {
        m->left--;
        smp_transport_received(m->transport, peer, packet, len);
    }
    return SMP_OK;
}

Test(faulty, a_transport_that_answers_inside_send)
{
    struct fake fake = fake_new();
    struct mirror m = {.left = 10};
    const struct smp_transport_ops ops = {
        .size = sizeof(ops), .send = mirror_send, .max_packet = stubborn_max};
    const struct smp_faults faults = {.size = sizeof(faults), .corrupt = 1000000};
    struct smp_transport *near;
    cr_assert_eq(smp_transport_new(fake.loop, &ops, &m, &m.transport), SMP_OK);
    cr_assert_eq(smp_faulty_new(m.transport, &faults, &near), SMP_OK);
    struct catcher *at_near = catcher_new(near);
    at_near->echo = true;
    cr_expect_eq(send_number(near, 1, 16), SMP_OK);
    settle(fake.loop);
    cr_expect_eq(at_near->count, 10);
    smp_transport_free(near);
    free(at_near);
    fake_free(&fake);
}

Test(faulty, wrong_arguments)
{
    struct smp_faults faults = {.size = sizeof(faults)};
    struct ends e = ends_new(&faults);
    struct smp_transport *made;
    cr_expect_eq(smp_faulty_new(NULL, &faults, &made), SMP_ERR_INVALID);
    cr_expect_eq(smp_faulty_new(e.far, NULL, &made), SMP_ERR_INVALID);
    cr_expect_eq(smp_faulty_new(e.far, &faults, NULL), SMP_ERR_INVALID);
    cr_expect_eq(smp_faulty_new(e.far, &faults, &made), SMP_ERR_BUSY, "it serves somebody");
    cr_expect_eq(smp_faulty_set(e.far, &faults), SMP_ERR_INVALID, "not a bad link");
    cr_expect_eq(smp_faulty_set(e.near, NULL), SMP_ERR_INVALID);
    faults.size = 0;
    cr_expect_eq(smp_faulty_set(e.near, &faults), SMP_ERR_INVALID);
    cr_expect_eq(send_number(e.far, 1, 16), SMP_OK, "what failed changed nothing");
    settle(e.fake.loop);
    cr_expect_eq(e.at_near->count, 1);
    ends_free(&e);
}

static int make_faulty(struct smp_loop *loop)
{
    const struct smp_faults faults = {.size = sizeof(faults)};
    struct smp_transport *inner;
    struct smp_transport *far;
    struct smp_transport *near;
    int error = smp_loopback_new(loop, 0, &inner, &far);
    if (error != SMP_OK) {
        return error;
    }
    error = smp_faulty_new(inner, &faults, &near);
    smp_transport_free(error == SMP_OK ? near : inner);
    smp_transport_free(far);
    return error;
}

Test(faulty, without_memory)
{
    expect_no_leak_without_memory(make_faulty);
}
