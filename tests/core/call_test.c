/* SPDX-License-Identifier: Apache-2.0 */
/* One request, one answer, whatever its shape. */
#include "core/dialogue.h"

#include <criterion/criterion.h>

#include <string.h>

static struct note other;

TestSuite(call, .init = open_world, .fini = close_world);
/* Tests that open their session with options of their own. */
TestSuite(call_options, .fini = close_world);

/* ---- one request, one completion, never from inside the call ---- */

Test(call, a_lone_echo_is_one_packet)
{
    peer.script = peer_ok;
    cr_assert_eq(note_echo(&note, world.session, "hi"), SMP_OK);
    cr_assert_eq(note.calls, 0, "never from inside the call");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert(note.has_answer);
    cr_assert_eq(peer.n, 1);
    const struct peer_packet *packet = &peer.packets[0];
    cr_assert_eq(packet->header.version, SMP_PROTOCOL_V2);
    cr_assert_eq(packet->header.op, SMP_OP_WRITE);
    cr_assert_eq(packet->len, 6);
    cr_assert_arr_eq(packet->payload, "\xa1\x61\x64\x62hi", 6);
    cr_assert_eq(stats().sent, 1);
    cr_assert_eq(stats().answered, 1);
    cr_assert_eq(stats().bytes_sent, 14);
    cr_assert_eq(stats().bytes_received, 14);
}

Test(call, only_idempotent_requests_are_repeated)
{
    smp_os_reset(world.session, NULL, note_result, &note, NULL);
    world_pass(&world, 2500);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(peer.n, 1);
    smp_session_request(world.session, 64, 1, SMP_OP_READ, NULL, 0, note_result, &other, NULL);
    world_pass(&world, 10000);
    cr_assert_eq(other.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(peer.n, 2, "nobody knows whether an unknown command may be repeated");
}

Test(call_options, retry_all_repeats_everything)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .retry_all = true, .tries = 2});
    smp_os_reset(world.session, NULL, note_result, &note, NULL);
    world_pass(&world, 10000);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(peer.n, 2);
}

static void ask_again(struct note *n, struct smp_session *session, const struct smp_result *result)
{
    (void)result;
    n->then = NULL;
    cr_assert_eq(note_echo(&other, session, "again"), SMP_OK);
    cr_assert_eq(other.calls, 0);
}

Test(call, a_callback_may_ask_again)
{
    note.then = ask_again;
    peer.script = peer_ok;
    note_echo(&note, world.session, "a");
    world_settle(&world);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_OK);
    cr_assert_eq(peer.n, 2);
}

Test(call, done_may_be_null)
{
    peer.script = peer_ok;
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {"x", 1}};
    cr_assert_eq(smp_os_echo(world.session, &req, NULL, NULL, NULL), SMP_OK);
    world_settle(&world);
    cr_assert_eq(stats().answered, 1);
}

Test(call_options, in_a_hurry_the_first_repeats_come_soon)
{
    open_with(&(struct smp_session_options){.size = sizeof(struct smp_session_options),
                                            .timeout_ms = 1000,
                                            .tries = 2,
                                            .hurry_ms = 250});
    note_echo(&note, world.session, "x");
    const unsigned at[] = {0, 250, 750, 1750};
    for (unsigned i = 0; i < 4; i++) {
        world_pass(&world, at[i] + 1 - (unsigned)world_now(&world));
        cr_assert_eq(peer.n, i + 1, "after %u ms: %zu", at[i], peer.n);
        cr_assert_eq(peer.packets[i].header.sequence, peer.packets[0].header.sequence);
    }
    world_pass(&world, 900);
    cr_assert_eq(note.calls, 0, "a whole try for the last one");
    world_pass(&world, 200);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(peer.n, 4);
}

Test(call, nothing_larger_than_the_header_can_describe)
{
    static uint8_t huge[70000];
    cr_assert_eq(smp_session_request(world.session, 64, 0, SMP_OP_WRITE, huge, sizeof(huge),
                                     note_result, &note, NULL),
                 SMP_ERR_TOO_LARGE);
    world_settle(&world);
    cr_assert_eq(note.calls, 0);
}

Test(call, requests_and_answers_do_not_allocate)
{
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    const uint64_t count = world.heap.count;
    for (unsigned i = 0; i < 500; i++) {
        struct note n = {0};
        note_echo(&n, world.session, "x");
        note_echo(&n, world.session, "y");
        world_settle(&world);
        cr_assert_eq(n.calls, 2);
    }
    cr_assert_eq(world.heap.count, count);
}

/* ---- answers ---- */

static bool has_rsp;

static void look(struct note *n, struct smp_session *session, const struct smp_result *result)
{
    (void)n;
    (void)session;
    has_rsp = result->rsp != NULL;
    cr_assert_eq(result->size, sizeof(*result));
    cr_assert((result->rsp != NULL) == (result->message != NULL));
    cr_assert_not_null(result->command);
}

/* Asks for the image state, answers with `hex` as SMP version `version`. */
static void ask(uint8_t version, const char *hex)
{
    note = (struct note){.then = look};
    cr_assert_eq(smp_img_state_read(world.session, note_result, &note, NULL), SMP_OK);
    world_settle(&world);
    struct smp_header header = peer.packets[peer.n - 1].header;
    header.op++;
    header.version = version;
    peer_send_as(&peer, header, hex);
    world_settle(&world);
    cr_assert_eq(note.calls, 1, "%s", hex);
}

struct shape {
    const char *what;
    uint8_t version;
    const char *hex;
    int error;
    bool from_group;
    uint16_t group;
    int64_t rc;
    const char *reason;
    const char *key;
};

/* protocol: 2.1, by hand. */
static const struct shape shapes[] = {
    {"rc", 0, "a1 627263 03", SMP_ERR_DEVICE, false, 0, 3, "", ""},
    {"rc, indefinite", 0, "bf 627263 03 ff", SMP_ERR_DEVICE, false, 0, 3, "", ""},
    {"rc and rsn", 0, "a2 627263 01 6372736e 66 6e6f20776179", SMP_ERR_DEVICE, false, 0, 1,
     "no way", ""},
    {"rsn before rc", 0, "a2 6372736e 66 6e6f20776179 627263 01", SMP_ERR_DEVICE, false, 0, 1,
     "no way", ""},
    {"rc in v2", 1, "bf 627263 08 ff", SMP_ERR_DEVICE, false, 0, 8, "", ""},
    {"a code of the application", 1, "a1 627263 190100", SMP_ERR_DEVICE, false, 0, 256, "", ""},
    {"a negative rc", 1, "a1 627263 24", SMP_ERR_DEVICE, false, 0, -5, "", ""},
    {"err", 1, "a1 63657272 a2 6567726f7570 01 627263 08", SMP_ERR_DEVICE, true, 1, 8, "", ""},
    {"err, indefinite", 1, "bf 63657272 bf 6567726f7570 01 627263 08 ff ff", SMP_ERR_DEVICE, true,
     1, 8, "", ""},
    {"err, rc first", 1, "a1 63657272 a2 627263 08 6567726f7570 01", SMP_ERR_DEVICE, true, 1, 8, "",
     ""},
    {"err of another group", 1, "a1 63657272 a2 6567726f7570 183f 627263 03", SMP_ERR_DEVICE, true,
     63, 3, "", ""},
    {"keys beside err", 1, "a3 616c 05 63657272 a2 6567726f7570 08 627263 0b 636c656e 19 0200",
     SMP_ERR_DEVICE, true, 8, 11, "", ""},
    {"keys inside err", 1, "a1 63657272 a3 6178 f6 6567726f7570 01 627263 08", SMP_ERR_DEVICE, true,
     1, 8, "", ""},
    {"ret as err (Zephyr 3.4)", 1, "a1 63726574 a2 6567726f7570 01 627263 08", SMP_ERR_DEVICE, true,
     1, 8, "", ""},
    {"err with rc 0", 1, "a2 63657272 a2 6567726f7570 01 627263 00 66696d61676573 80", SMP_OK,
     false, 0, 0, "", ""},
    {"rc 0 beside the answer", 0, "a2 66696d61676573 80 627263 00", SMP_OK, false, 0, 0, "", ""},
    {"rc 0 before the answer", 1, "bf 627263 00 66696d61676573 9f ff ff", SMP_OK, false, 0, 0, "",
     ""},
    {"no rc at all", 1, "bf 66696d61676573 9f ff ff", SMP_OK, false, 0, 0, "", ""},
    {"ret as a number is nothing here", 1, "a2 63726574 05 66696d61676573 80", SMP_OK, false, 0, 0,
     "", ""},
    {"rc 0, and nothing of what was asked", 1, "a1 627263 00", SMP_ERR_MALFORMED, false, 0, 0, "",
     "images"},
    {"nothing of what was asked", 1, "a0", SMP_ERR_MALFORMED, false, 0, 0, "", "images"},
    {"rc as text", 1, "a1 627263 6131", SMP_ERR_MALFORMED, false, 0, 0, "", "rc"},
    {"err as a number", 1, "a1 63657272 05", SMP_ERR_MALFORMED, false, 0, 0, "", "err"},
    {"err without rc", 1, "a1 63657272 a1 6567726f7570 01", SMP_ERR_MALFORMED, false, 0, 0, "",
     "rc"},
    {"rc twice", 1, "a2 627263 01 627263 02", SMP_ERR_MALFORMED, false, 0, 0, "", "rc"},
    {"an array", 1, "80", SMP_ERR_MALFORMED, false, 0, 0, "", ""},
    {"not CBOR", 1, "1c", SMP_ERR_MALFORMED, false, 0, 0, "", ""},
    {"cut off", 1, "a1 627263", SMP_ERR_MALFORMED, false, 0, 0, "", ""},
};

Test(call, every_shape_of_error_arrives_in_one)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const struct shape *shape = &shapes[i];
        ask(shape->version, shape->hex);
        cr_expect_eq(note.error, shape->error, "%s: error %d", shape->what, note.error);
        cr_expect_eq(note.from_group, shape->from_group, "%s: from_group", shape->what);
        cr_expect_eq(note.group, shape->group, "%s: group %u", shape->what, note.group);
        cr_expect_eq(note.rc, shape->rc, "%s: rc %lld", shape->what, (long long)note.rc);
        cr_expect_str_eq(note.reason, shape->reason, "%s: reason %s", shape->what, note.reason);
        cr_expect_str_eq(note.key, shape->key, "%s: key \"%s\"", shape->what, note.key);
        cr_expect(note.has_answer, "%s: answered", shape->what);
        bool usable = shape->error == SMP_OK || shape->error == SMP_ERR_DEVICE;
        cr_expect_eq(has_rsp, usable, "%s: rsp", shape->what);
    }
}

static char text[512];

static void to_text(struct note *n, struct smp_session *session, const struct smp_result *result)
{
    (void)n;
    smp_result_text(smp_session_loop(session), result, text, sizeof(text));
}

Test(call, the_devices_code_has_a_name_and_a_sentence)
{
    note = (struct note){.then = to_text};
    smp_img_state_read(world.session, note_result, &note, NULL);
    world_settle(&world);
    peer_answer(&peer, &peer.packets[0], "a1 63657272 a2 6567726f7570 01 627263 181b");
    world_settle(&world);
    cr_assert_not_null(strstr(text, "CURRENT_VERSION_IS_NEWER"), "%s", text);
    cr_assert_not_null(strstr(text, "27"), "%s", text);
}

Test(call, groups_of_the_application_may_answer_with_anything)
{
    smp_session_request(world.session, 64, 7, SMP_OP_WRITE, (const uint8_t *)"\x01\x02", 2,
                        note_result, &note, NULL);
    world_settle(&world);
    cr_assert_eq(peer.packets[0].len, 2);
    cr_assert_arr_eq(peer.packets[0].payload, "\x01\x02", 2);
    peer_answer(&peer, &peer.packets[0], "de ad be ef");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.payload_len, 4);
    cr_assert_arr_eq(note.payload, "\xde\xad\xbe\xef", 4);
    cr_assert_eq(note.error, SMP_OK, "%s", smp_error_name(note.error));
}

Test(call, raw_requests_of_unknown_commands_give_the_payload)
{
    note.then = NULL;
    smp_session_request(world.session, 2, 1, SMP_OP_READ, NULL, 0, note_result, &note, NULL);
    world_settle(&world);
    cr_assert_eq(peer.packets[0].len, 1);
    cr_assert_eq(peer.packets[0].payload[0], 0xa0, "an empty map is sent for nothing");
    peer_answer(&peer, &peer.packets[0], "a1 69 737461745f6c697374 80");
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(note.payload_len, 12);
}

/* ---- other people's requests ---- */

static void keep_version(struct note *n, struct smp_session *session,
                         const struct smp_result *result)
{
    (void)session;
    n->header = result->header;
}

/* A bridge's client may be older than the device: the device answers it in its own words. */
Test(call, forwards_a_request_in_its_own_version)
{
    static const uint8_t echo[] = {0xa1, 0x61, 'd', 0x61, 'x'};
    const struct smp_header header = {.op = SMP_OP_WRITE, .version = SMP_PROTOCOL_V1, .id = 0};
    note = (struct note){.then = keep_version};
    cr_assert_eq(
        smp_session_forward(world.session, &header, echo, sizeof(echo), note_result, &note, NULL),
        SMP_OK);
    world_settle(&world);
    cr_assert_eq(peer.n, 1);
    cr_expect_eq(peer.packets[0].header.version, SMP_PROTOCOL_V1);
    cr_expect_arr_eq(peer.packets[0].payload, echo, sizeof(echo));
    peer_answer(&peer, &peer.packets[0], "a1 62 7263 0d"); /* too new: the client's to know */
    world_settle(&world);
    cr_expect_eq(note.calls, 1);
    cr_expect_eq(note.rc, SMP_RC_TOO_NEW);
    cr_expect_eq(note.header.version, SMP_PROTOCOL_V1);
    cr_expect_eq(peer.n, 1, "nothing is asked a second time");
}

Test(call, forwards_any_payload_once)
{
    const struct smp_header header = {
        .op = SMP_OP_READ, .version = SMP_PROTOCOL_V2, .id = 0, .group = 1};
    note = (struct note){0};
    cr_assert_eq(smp_session_forward(world.session, &header, NULL, 0, note_result, &note, NULL),
                 SMP_OK);
    world_pass(&world, 100000);
    cr_expect_eq(peer.n, 1, "a state read is idempotent, but repeating is the client's affair");
    cr_expect_eq(peer.packets[0].len, 0);
    cr_expect_eq(note.error, SMP_ERR_TIMEOUT);
}

Test(call, forwards_no_nonsense)
{
    static uint8_t large[UINT16_MAX + 1];
    struct smp_header header = {.op = SMP_OP_READ_RSP};
    cr_expect_eq(smp_session_forward(world.session, &header, NULL, 0, NULL, NULL, NULL),
                 SMP_ERR_INVALID);
    header.op = SMP_OP_READ;
    cr_expect_eq(smp_session_forward(NULL, &header, NULL, 0, NULL, NULL, NULL), SMP_ERR_INVALID);
    cr_expect_eq(smp_session_forward(world.session, NULL, NULL, 0, NULL, NULL, NULL),
                 SMP_ERR_INVALID);
    cr_expect_eq(smp_session_forward(world.session, &header, NULL, 1, NULL, NULL, NULL),
                 SMP_ERR_INVALID);
    cr_expect_eq(
        smp_session_forward(world.session, &header, large, sizeof(large), NULL, NULL, NULL),
        SMP_ERR_TOO_LARGE);
}
