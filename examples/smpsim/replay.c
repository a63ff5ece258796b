/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include "recording.h"

#include <smp/header.h>
#include <smp/message.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1e9
#define DELAY_MAX_NS 60000000000ull /* who waits longer has given up */
#define DELAYED_MOST 256 /* answers on their way: a client that asks for more loses them */
#define NONE SIZE_MAX

/* Where the parts of a packet's header stand. */
enum { AT_OP = 0, AT_LENGTH = 2, AT_GROUP = 4, AT_SEQUENCE = 6, AT_ID = 7 };

struct answer {
    const struct recorded *packet;
    uint64_t delay_ns;
    size_t next; /* to the same request, or NONE */
};

/* All requests that are the same but for their sequence number. */
struct question {
    uint32_t hash;
    const struct recorded *packet;
    size_t first, last; /* answers, or NONE */
    size_t due;         /* the one that is given next */
};

/* An answer on its way, for as long as the recorded one took. */
struct delayed {
    struct delayed *next;
    struct sim_replay *replay;
    struct smp_timer *timer;
    struct smp_transport *transport;
    struct smp_peer peer;
    size_t len;
    uint8_t packet[];
};

struct sim_replay {
    struct smp_loop *loop;
    struct recording recording;
    struct question *questions;
    struct answer *answers;
    size_t n_questions, n_answers;
    size_t *table; /* of questions by their hashes: indices, or NONE */
    size_t table_mask;
    struct delayed *delayed;
    unsigned n_delayed;
    bool delays;
};

static uint8_t op_of(const uint8_t *packet)
{
    return packet[AT_OP] & 7;
}

/* FNV-1a over what a request is known by. */
static uint32_t hash_of(const uint8_t *packet, size_t len)
{
    uint32_t hash = 2166136261u;

    for (size_t i = AT_GROUP; i < len; i++)
        if (i != AT_SEQUENCE)
            hash = (hash ^ packet[i]) * 16777619u;
    return hash ^ op_of(packet);
}

static bool same(const struct recorded *known, const uint8_t *packet, size_t len)
{
    const uint8_t *other = known->packet;

    return known->len == len && op_of(other) == op_of(packet) && other[AT_ID] == packet[AT_ID] &&
           memcmp(other + AT_GROUP, packet + AT_GROUP, 2) == 0 &&
           memcmp(other + SMP_HEADER_SIZE, packet + SMP_HEADER_SIZE, len - SMP_HEADER_SIZE) == 0;
}

/* Where a question stands in the table, or (NONE) belongs. */
static size_t *place_of(const struct sim_replay *replay, const uint8_t *packet, size_t len)
{
    uint32_t hash = hash_of(packet, len);
    size_t i = hash & replay->table_mask;

    for (; replay->table[i] != NONE; i = (i + 1) & replay->table_mask) {
        const struct question *question = &replay->questions[replay->table[i]];

        if (question->hash == hash && same(question->packet, packet, len))
            break;
    }
    return &replay->table[i];
}

/* ---- reading ---- */

/* The latest request of each sequence number that has no answer yet. */
struct asked {
    struct question *question;
    const struct recorded *packet;
};

static void add_request(struct sim_replay *replay, const struct recorded *packet,
                        struct asked asked[256])
{
    size_t *place = place_of(replay, packet->packet, packet->len);

    if (*place == NONE) {
        *place = replay->n_questions++;
        replay->questions[*place] = (struct question){.hash = hash_of(packet->packet, packet->len),
                                                      .packet = packet,
                                                      .first = NONE,
                                                      .last = NONE,
                                                      .due = NONE};
    }
    asked[packet->packet[AT_SEQUENCE]] = (struct asked){&replay->questions[*place], packet};
}

static bool answers(const uint8_t *answer, const uint8_t *request)
{
    return op_of(answer) == op_of(request) + 1 && answer[AT_ID] == request[AT_ID] &&
           memcmp(answer + AT_GROUP, request + AT_GROUP, 2) == 0;
}

/* What answers nothing, or a second time, is passed over. */
static void add_answer(struct sim_replay *replay, const struct recorded *packet,
                       struct asked asked[256])
{
    struct asked *request = &asked[packet->packet[AT_SEQUENCE]];
    struct question *question = request->question;
    size_t n = replay->n_answers;
    double seconds;

    if (question == NULL || !answers(packet->packet, request->packet->packet))
        return;
    seconds = packet->time - request->packet->time;
    replay->answers[n] = (struct answer){
        .packet = packet,
        .next = NONE,
        .delay_ns = !(seconds > 0)                              ? 0
                    : seconds * NS_PER_S > (double)DELAY_MAX_NS ? DELAY_MAX_NS
                                                                : (uint64_t)(seconds * NS_PER_S),
    };
    if (question->last == NONE)
        question->first = question->due = n;
    else
        replay->answers[question->last].next = n;
    question->last = n;
    replay->n_answers++;
    request->question = NULL;
}

/* Room for all packets, and a table that is never more than half full. */
static bool make_room(struct sim_replay *replay)
{
    size_t n = replay->recording.n;
    size_t room = 2;

    while (room < 2 * n)
        room *= 2;
    replay->questions = calloc(n + 1, sizeof(*replay->questions));
    replay->answers = calloc(n + 1, sizeof(*replay->answers));
    replay->table = malloc(room * sizeof(*replay->table));
    if (replay->questions == NULL || replay->answers == NULL || replay->table == NULL)
        return false;
    for (size_t i = 0; i < room; i++)
        replay->table[i] = NONE;
    replay->table_mask = room - 1;
    return true;
}

static bool arrange(struct sim_replay *replay)
{
    const struct recording *recording = &replay->recording;
    struct asked asked[256] = {0};

    if (!make_room(replay))
        return false;
    for (size_t i = 0; i < recording->n; i++) {
        const struct recorded *packet = &recording->packets[i];

        if (packet->len < SMP_HEADER_SIZE)
            continue;
        if (packet->to_device)
            add_request(replay, packet, asked);
        else
            add_answer(replay, packet, asked);
    }
    return true;
}

struct sim_replay *sim_replay_new(struct smp_loop *loop, const char *path, bool delays, char *error,
                                  size_t size)
{
    struct sim_replay *replay = calloc(1, sizeof(*replay));

    snprintf(error, size, "%s: no memory", path);
    if (replay == NULL)
        return NULL;
    replay->loop = loop;
    replay->delays = delays;
    if (!recording_read(path, &replay->recording, error, size) || !arrange(replay)) {
        sim_replay_free(replay);
        return NULL;
    }
    if (replay->n_answers == 0) {
        snprintf(error, size, "%s: no request with its answer is in it", path);
        sim_replay_free(replay);
        return NULL;
    }
    return replay;
}

void sim_replay_describe(const struct sim_replay *replay, char *text, size_t size)
{
    snprintf(text, size, "replays %zu requests, %zu answers", replay->n_questions,
             replay->n_answers);
}

/* ---- answering ---- */

static void forget(struct delayed *delayed)
{
    struct delayed **place = &delayed->replay->delayed;

    while (*place != delayed)
        place = &(*place)->next;
    *place = delayed->next;
    delayed->replay->n_delayed--;
    smp_timer_free(delayed->timer);
    free(delayed);
}

static void on_due(void *user)
{
    struct delayed *delayed = user;

    /* A link that takes no more loses it, as links do. */
    (void)smp_transport_send(delayed->transport, &delayed->peer, delayed->packet, delayed->len);
    forget(delayed);
}

static void send_later(struct sim_replay *replay, struct smp_transport *transport,
                       const struct smp_peer *peer, const uint8_t *packet, size_t len,
                       uint64_t delay_ns)
{
    struct delayed *delayed =
        replay->n_delayed < DELAYED_MOST ? calloc(1, sizeof(*delayed) + len) : NULL;

    if (delayed == NULL ||
        smp_timer_new(replay->loop, on_due, delayed, &delayed->timer) != SMP_OK) {
        free(delayed);
        return;
    }
    delayed->replay = replay;
    delayed->transport = transport;
    delayed->peer = *peer;
    delayed->len = len;
    memcpy(delayed->packet, packet, len);
    delayed->next = replay->delayed;
    replay->delayed = delayed;
    replay->n_delayed++;
    smp_timer_start(delayed->timer, delay_ns);
}

static void refuse(struct smp_transport *transport, const struct smp_peer *peer,
                   const uint8_t *request)
{
    /* {"rc": 8, "rsn": "not in the recording"} behind the request's own header */
    static const char payload[] = "\xa2\x62rc\x08\x63rsn\x74not in the recording";
    uint8_t packet[SMP_HEADER_SIZE + sizeof(payload) - 1];

    memcpy(packet, request, SMP_HEADER_SIZE);
    packet[AT_OP] = request[AT_OP] + 1;
    packet[AT_LENGTH] = 0;
    packet[AT_LENGTH + 1] = sizeof(payload) - 1;
    memcpy(packet + SMP_HEADER_SIZE, payload, sizeof(payload) - 1);
    (void)smp_transport_send(transport, peer, packet, sizeof(packet));
}

static void on_request(struct smp_transport *transport, const struct smp_peer *peer,
                       const uint8_t *packet, size_t len, void *user)
{
    struct sim_replay *replay = user;
    static uint8_t copy[SMP_PACKET_MAX];
    const struct answer *answer;
    struct question *question;
    size_t known;

    if (len < SMP_HEADER_SIZE || (op_of(packet) != SMP_OP_READ && op_of(packet) != SMP_OP_WRITE))
        return;
    known = *place_of(replay, packet, len);
    if (known == NONE) {
        refuse(transport, peer, packet);
        return;
    }
    question = &replay->questions[known];
    if (question->due == NONE)
        return;
    answer = &replay->answers[question->due];
    if (answer->next != NONE)
        question->due = answer->next;
    memcpy(copy, answer->packet->packet, answer->packet->len);
    copy[AT_SEQUENCE] = packet[AT_SEQUENCE];
    if (replay->delays)
        send_later(replay, transport, peer, copy, answer->packet->len, answer->delay_ns);
    else
        (void)smp_transport_send(transport, peer, copy, answer->packet->len);
}

int sim_replay_listen(struct sim_replay *replay, struct smp_transport *transport)
{
    return smp_transport_use(transport, on_request, replay);
}

void sim_replay_free(struct sim_replay *replay)
{
    if (replay == NULL)
        return;
    while (replay->delayed != NULL)
        forget(replay->delayed);
    free(replay->table);
    free(replay->questions);
    free(replay->answers);
    recording_free(&replay->recording);
    free(replay);
}
