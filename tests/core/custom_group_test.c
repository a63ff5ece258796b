/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of the program's own: called, served, dumped, explained, and all that is refused. */
#include "codec/vector.h"

#include <smp/smp.h>

#include <stdio.h>

static struct smp_loop *loop;
static struct smp_fake_clock *clock_;
static struct smp_transport *near, *far;
static struct smp_session *session;
static struct smp_server *server;
static char said[256]; /* the log's last line */

static void on_log(enum smp_log_level level, const char *text, void *user)
{
    (void)user;
    (void)level;
    snprintf(said, sizeof(said), "%s", text);
}

static void set_up(void)
{
    cr_assert_eq(smp_fake_clock_new(&clock_), SMP_OK);
    const struct smp_loop_options options = {.size = sizeof(options),
                                             .clock = smp_fake_clock_get(clock_),
                                             .log = on_log,
                                             .log_level = SMP_LOG_ERROR};
    cr_assert_eq(smp_loop_new(&options, &loop), SMP_OK);
}

static void tear_down(void)
{
    smp_session_free(session);
    smp_server_free(server);
    smp_transport_free(near);
    smp_transport_free(far);
    smp_loop_free(loop);
    smp_fake_clock_free(clock_);
}

TestSuite(custom_group, .init = set_up, .fini = tear_down);

static void connect_both(bool v1)
{
    const struct smp_session_options options = {.size = sizeof(options), .v1 = v1};
    cr_assert_eq(smp_loopback_new(loop, 0, &near, &far), SMP_OK);
    cr_assert_eq(smp_session_new(near, &options, &session), SMP_OK);
    cr_assert_eq(smp_server_new(loop, NULL, &server), SMP_OK);
    cr_assert_eq(smp_server_listen(server, far), SMP_OK);
}

/* ---- one group, as a program would describe it ---- */

enum { HOME = 100, LAMP = 1, NO_SUCH_LAMP = 2 };

struct lamp_req {
    size_t size;
    struct smp_str name;
    bool has_level;
    uint8_t level;
};

struct lamp_rsp {
    size_t size;
    uint8_t level;
};

static void add(struct smp_message *message, struct smp_field_spec spec)
{
    spec.size = sizeof(spec);
    cr_assert_eq(smp_message_add(message, &spec), SMP_OK, "%s: %s", spec.key, said);
}

static struct smp_message *new_message(const char *name, size_t size)
{
    struct smp_message *message = NULL;
    cr_assert_eq(smp_message_new(loop, name, size, &message), SMP_OK, "%s", said);
    return message;
}

static struct smp_group *new_group(uint16_t id, const char *name)
{
    struct smp_group *group = NULL;
    cr_assert_eq(smp_group_new(loop, id, name, &group), SMP_OK, "%s", said);
    return group;
}

static int add_command(struct smp_group *group, struct smp_command_spec spec)
{
    spec.size = sizeof(spec);
    return smp_group_add_command(group, &spec);
}

static struct smp_group *make_home(void)
{
    struct smp_message *req = new_message("lamp_req", sizeof(struct lamp_req));
    struct smp_message *rsp = new_message("lamp_rsp", sizeof(struct lamp_rsp));
    struct smp_group *home = new_group(HOME, "home");
    add(req, (struct smp_field_spec){
                 .key = "name", .kind = SMP_KIND_STR, .offset = offsetof(struct lamp_req, name)});
    add(req, (struct smp_field_spec){.key = "level",
                                     .kind = SMP_KIND_UINT,
                                     .width = 1,
                                     .optional = true,
                                     .offset = offsetof(struct lamp_req, level),
                                     .has = offsetof(struct lamp_req, has_level)});
    add(rsp, (struct smp_field_spec){.key = "level",
                                     .kind = SMP_KIND_UINT,
                                     .width = 1,
                                     .offset = offsetof(struct lamp_rsp, level)});
    cr_assert_eq(add_command(home, (struct smp_command_spec){.name = "lamp_set",
                                                             .id = LAMP,
                                                             .op = SMP_OP_WRITE,
                                                             .request = req,
                                                             .response = rsp,
                                                             .enable = "CONFIG_HOME_LAMP"}),
                 SMP_OK);
    cr_assert_eq(add_command(home, (struct smp_command_spec){.name = "lamp_get",
                                                             .id = LAMP,
                                                             .op = SMP_OP_READ,
                                                             .request = req,
                                                             .response = rsp,
                                                             .idempotent = true}),
                 SMP_OK);
    cr_assert_eq(
        add_command(home,
                    (struct smp_command_spec){.name = "all_off", .id = 2, .op = SMP_OP_WRITE}),
        SMP_OK);
    const struct smp_code code = {.size = sizeof(code),
                                  .rc = NO_SUCH_LAMP,
                                  .name = "NO_SUCH_LAMP",
                                  .text = "there is no such lamp",
                                  .hint = "look under the table"};
    cr_assert_eq(smp_group_add_code(home, &code, SMP_RC_NOT_FOUND), SMP_OK);
    return home;
}

static void set_lamp(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct lamp_req *req = request;
    const struct lamp_rsp rsp = {.size = sizeof(rsp), .level = (uint8_t)(req->level / 2)};
    (void)user;
    if (req->name.len != 4 || memcmp(req->name.data, "desk", 4) != 0)
        cr_assert_eq(smp_exchange_fail(exchange, NO_SUCH_LAMP, NULL), SMP_OK);
    else
        cr_assert_eq(smp_exchange_reply(exchange, &rsp), SMP_OK);
}

static const struct smp_result *call(const char *lamp, uint8_t level)
{
    const struct lamp_req req = {
        .size = sizeof(req), .name = {lamp, strlen(lamp)}, .has_level = true, .level = level};
    const struct smp_result *result;
    smp_id id;
    cr_assert_eq(smp_session_call(session, smp_command_find(loop, HOME, LAMP, SMP_OP_WRITE), &req,
                                  NULL, NULL, &id),
                 SMP_OK);
    cr_assert_eq(smp_wait(session, id, &result), SMP_OK);
    return result;
}

Test(custom_group, called_and_served)
{
    make_home();
    connect_both(false);
    cr_assert_eq(smp_server_handle(server, HOME, LAMP, SMP_OP_WRITE, set_lamp, NULL), SMP_OK);
    const struct smp_result *result = call("desk", 200);
    cr_assert_eq(result->error, SMP_OK);
    cr_assert_str_eq(smp_message_name(result->message), "lamp_rsp");
    cr_assert_eq(((const struct lamp_rsp *)result->rsp)->level, 100);
}

Test(custom_group, codes_are_explained)
{
    char text[256];
    make_home();
    connect_both(false);
    cr_assert_eq(smp_server_handle(server, HOME, LAMP, SMP_OP_WRITE, set_lamp, NULL), SMP_OK);
    const struct smp_result *result = call("roof", 1);
    cr_assert_eq(result->error, SMP_ERR_DEVICE);
    cr_assert(result->from_group);
    cr_assert_eq(result->group, HOME);
    smp_result_text(loop, result, text, sizeof(text));
    cr_assert_str_eq(text, "device refused: home group, code 2 NO_SUCH_LAMP: there is no such "
                           "lamp; look under the table");
}

Test(custom_group, v1_gets_the_global_code)
{
    make_home();
    connect_both(true);
    cr_assert_eq(smp_server_handle(server, HOME, LAMP, SMP_OP_WRITE, set_lamp, NULL), SMP_OK);
    const struct smp_result *result = call("roof", 1);
    cr_assert_eq(result->error, SMP_ERR_DEVICE);
    cr_assert_not(result->from_group);
    cr_assert_eq(result->rc, SMP_RC_NOT_FOUND);
}

Test(custom_group, what_a_device_without_it_needs)
{
    char text[256];
    make_home();
    connect_both(false);
    const struct smp_result *result = call("desk", 1);
    cr_assert_eq(result->rc, SMP_RC_NOT_SUPPORTED);
    smp_result_text(loop, result, text, sizeof(text));
    cr_assert(strstr(text, "it needs CONFIG_HOME_LAMP in the firmware"), "%s", text);
}

Test(custom_group, dumped_by_name)
{
    char text[128];
    make_home();
    struct smp_bytes packet = vector("0a 00 0012 0064 07 01 a2 64'name' 64'desk' 65'level' 09");
    smp_packet_dump(loop, packet.data, packet.len, text, sizeof(text));
    cr_assert_str_eq(text,
                     "v2 write request, home lamp_set, seq 7: "
                     "{\"name\": \"desk\", \"level\": 9}",
                     "%s", text);
}

/* Everything a converter to JSON asks for. */
Test(custom_group, seen_by_reflection)
{
    make_home();
    const struct smp_group *home = smp_group_find(loop, HOME);
    cr_assert_str_eq(smp_group_name(home), "home");
    cr_assert_eq(smp_group_number(home), HOME);
    cr_assert_eq(smp_group_commands(home), 3);
    const struct smp_command *get = smp_group_command(home, 1);
    cr_assert_str_eq(smp_command_name(get), "lamp_get");
    cr_assert_eq(smp_command_group(get), HOME);
    cr_assert(smp_command_idempotent(get));
    cr_assert_not(smp_command_idempotent(smp_group_command(home, 0)));
    const struct smp_field *level = smp_message_find(smp_command_request(get), "level");
    cr_assert(smp_field_optional(level));
    cr_assert_eq(smp_field_kind(level), SMP_KIND_UINT);
    cr_assert_eq(smp_field_width(level), 1);
    const struct smp_command *off = smp_group_command(home, 2);
    cr_assert_eq(smp_message_fields(smp_command_request(off)), 0);
    cr_assert_eq(smp_message_fields(smp_command_response(off)), 0);
    cr_assert_eq(smp_command_find(loop, HOME, LAMP, SMP_OP_READ_RSP), get);
}

Test(custom_group, commands_without_fields)
{
    const struct smp_result *result;
    smp_id id;
    make_home();
    connect_both(false);
    cr_assert_eq(smp_session_call(session, smp_command_find(loop, HOME, 2, SMP_OP_WRITE), NULL,
                                  NULL, NULL, &id),
                 SMP_OK);
    cr_assert_eq(smp_wait(session, id, &result), SMP_OK);
    cr_assert_eq(result->rc, SMP_RC_NOT_SUPPORTED);
}

/* ---- the registry ---- */

Test(custom_group, stands_in_its_place)
{
    static const uint16_t ids[] = {65535, 64, 100, 127, 129};
    char name[8];
    int32_t last = -1;
    size_t found = 0;

    for (size_t i = 0; i < 5; i++) {
        snprintf(name, sizeof(name), "g%zu", i);
        new_group(ids[i], name);
    }
    for (const struct smp_group *g = smp_group_next(loop, NULL); g; g = smp_group_next(loop, g)) {
        cr_assert_gt(smp_group_number(g), last);
        last = smp_group_number(g);
        found += smp_group_name(g)[0] == 'g';
    }
    cr_assert_eq(found, 5);
    cr_assert_eq(last, 65535);
    cr_assert_str_eq(smp_group_name(smp_group_find(loop, 128)), "memfault");
}

Test(custom_group, a_vendor_s_group_gives_way)
{
    struct smp_loop *other;
    struct smp_group *group;
    cr_assert_str_eq(smp_group_name(smp_group_find(loop, SMP_GROUP_SUIT)), "suit");
    new_group(SMP_GROUP_SUIT, "mine");
    cr_assert_str_eq(smp_group_name(smp_group_find(loop, SMP_GROUP_SUIT)), "mine");
    cr_assert_eq(smp_group_commands(smp_group_find(loop, SMP_GROUP_SUIT)), 0);
    cr_assert_eq(smp_group_new(loop, SMP_GROUP_SUIT, "again", &group), SMP_ERR_EXISTS);
    cr_assert_eq(smp_loop_new(NULL, &other), SMP_OK);
    cr_assert_str_eq(smp_group_name(smp_group_find(other, SMP_GROUP_SUIT)), "suit");
    smp_loop_free(other);
}

Test(custom_group, numbers_and_names_that_cannot_be)
{
    struct smp_group *group;
    cr_assert_eq(smp_group_new(loop, 63, "g", &group), SMP_ERR_INVALID);
    cr_assert(strstr(said, "63"), "%s", said);
    cr_assert_eq(smp_group_new(loop, 0, "g", &group), SMP_ERR_INVALID);
    cr_assert_eq(smp_group_new(loop, 64, "", &group), SMP_ERR_INVALID);
    cr_assert_eq(smp_group_new(loop, 64, NULL, &group), SMP_ERR_INVALID);
    cr_assert_eq(smp_group_new(loop, 64, "two words", &group), SMP_ERR_INVALID);
    cr_assert_eq(smp_group_new(loop, 64, "os", &group), SMP_ERR_EXISTS);
    cr_assert_eq(smp_group_new(NULL, 64, "g", &group), SMP_ERR_INVALID);
    cr_assert_eq(smp_group_new(loop, 64, "g", NULL), SMP_ERR_INVALID);
    new_group(64, "g");
    cr_assert_eq(smp_group_new(loop, 65, "g", &group), SMP_ERR_EXISTS);
    cr_assert_eq(smp_group_new(loop, 64, "h", &group), SMP_ERR_EXISTS);
}

Test(custom_group, stands_still_once_there_is_a_session)
{
    struct smp_group *home = make_home();
    struct smp_message *message = new_message("late", 0);
    struct smp_group *group;
    const struct smp_code code = {.size = sizeof(code), .rc = 9, .name = "N", .text = "t"};
    const struct smp_field_spec field = {.size = sizeof(field), .key = "k", .kind = SMP_KIND_BOOL};

    cr_assert_eq(smp_loopback_new(loop, 0, &near, &far), SMP_OK);
    new_group(101, "before");
    cr_assert_eq(smp_session_new(near, NULL, &session), SMP_OK);
    smp_session_free(session);
    session = NULL;
    cr_assert_eq(smp_group_new(loop, 102, "after", &group), SMP_ERR_BUSY);
    cr_assert_eq(smp_message_new(loop, "after", 0, &message), SMP_ERR_BUSY);
    cr_assert_eq(smp_message_add(message, &field), SMP_ERR_BUSY);
    cr_assert_eq(smp_group_add_code(home, &code, 1), SMP_ERR_BUSY);
    cr_assert_eq(add_command(home, (struct smp_command_spec){.name = "x", .id = 9}), SMP_ERR_BUSY);
    cr_assert(strstr(said, "before the first session"), "%s", said);
}

Test(custom_group, stands_still_once_there_is_a_server)
{
    struct smp_group *group;
    cr_assert_eq(smp_server_new(loop, NULL, &server), SMP_OK);
    cr_assert_eq(smp_group_new(loop, 102, "after", &group), SMP_ERR_BUSY);
}

/* ---- commands and codes ---- */

Test(custom_group, commands_that_cannot_be)
{
    struct smp_group *home = make_home();
    struct smp_message *entry = new_message("entry", 0);
    add(entry, (struct smp_field_spec){.key = "", .kind = SMP_KIND_STR});
    const struct {
        struct smp_command_spec spec;
        int error;
    } mistakes[] = {
        {{.name = NULL, .id = 9}, SMP_ERR_INVALID},
        {{.name = "a b", .id = 9}, SMP_ERR_INVALID},
        {{.name = "x", .id = 9, .op = SMP_OP_READ_RSP}, SMP_ERR_INVALID},
        {{.name = "x", .id = 9, .op = 4}, SMP_ERR_INVALID},
        {{.name = "x", .id = LAMP, .op = SMP_OP_READ}, SMP_ERR_EXISTS},
        {{.name = "lamp_get", .id = 9}, SMP_ERR_EXISTS},
        {{.name = "x", .id = 9, .request = entry}, SMP_ERR_INVALID},
        {{.name = "x", .id = 9, .response = entry}, SMP_ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
        cr_assert_eq(add_command(home, mistakes[i].spec), mistakes[i].error, "mistake %zu", i);
    cr_assert_eq(smp_group_commands(home), 3);
    cr_assert_eq(smp_group_add_command(home, NULL), SMP_ERR_INVALID);
    cr_assert_eq(smp_group_add_command(home, &(struct smp_command_spec){.name = "x"}),
                 SMP_ERR_INVALID, "without a size");
}

static int with_answer(const char *key, enum smp_kind kind)
{
    static int made;
    char name[16];
    struct smp_message *rsp;
    struct smp_group *group;

    snprintf(name, sizeof(name), "m%d", ++made);
    rsp = new_message(name, 0);
    group = new_group((uint16_t)(1000 + made), name);
    add(rsp, (struct smp_field_spec){.key = key, .kind = kind});
    return add_command(group, (struct smp_command_spec){.name = "x", .response = rsp});
}

Test(custom_group, keys_of_a_refusal_are_not_for_answers)
{
    cr_assert_eq(with_answer("err", SMP_KIND_VALUE), SMP_ERR_INVALID);
    cr_assert_eq(with_answer("ret", SMP_KIND_VALUE), SMP_ERR_INVALID);
    cr_assert_eq(with_answer("rsn", SMP_KIND_STR), SMP_ERR_INVALID);
    cr_assert_eq(with_answer("ret", SMP_KIND_INT), SMP_OK);
    cr_assert_eq(with_answer("rsn", SMP_KIND_INT), SMP_OK);
}

/* A field `rc` is the program's, unless what has to be there is missing. */
Test(custom_group, rc_as_a_field)
{
    struct smp_message *rsp = new_message("rsp", 0);
    struct smp_group *group = new_group(64, "g");
    struct smp_result result;
    struct smp_value value;
    add(rsp, (struct smp_field_spec){.key = "o", .kind = SMP_KIND_STR});
    add(rsp, (struct smp_field_spec){.key = "rc", .kind = SMP_KIND_INT, .optional = true});
    cr_assert_eq(add_command(group, (struct smp_command_spec){.name = "x", .response = rsp}),
                 SMP_OK);

    struct smp_bytes ran = vector("09 00 0008 0040 00 00 a2 61'o' 60 62'rc' 07");
    cr_assert_eq(smp_packet_decode(loop, ran.data, ran.len, &result), SMP_OK);
    cr_assert_eq(result.error, SMP_OK);
    cr_assert_eq(smp_field_get(smp_message_find(rsp, "rc"), result.rsp, &value), SMP_OK);
    cr_assert_eq(value.as.sint, 7);
    struct smp_bytes refused = vector("09 00 0005 0040 00 00 a1 62'rc' 07");
    cr_assert_eq(smp_packet_decode(loop, refused.data, refused.len, &result), SMP_OK);
    cr_assert_eq(result.error, SMP_ERR_DEVICE);
    cr_assert_eq(result.rc, 7);
}

Test(custom_group, codes_that_cannot_be)
{
    struct smp_group *home = make_home();
    struct smp_code code = {.size = sizeof(code), .rc = 9, .name = "NINE", .text = "nine"};

    cr_assert_eq(smp_group_add_code(home, NULL, 1), SMP_ERR_INVALID);
    cr_assert_eq(smp_group_add_code(home, &code, -1), SMP_ERR_INVALID);
    cr_assert_eq(smp_group_add_code(home, &code, 1), SMP_OK);
    cr_assert_eq(smp_group_add_code(home, &code, 1), SMP_ERR_EXISTS);
    code.rc = -1;
    cr_assert_eq(smp_group_add_code(home, &code, 1), SMP_ERR_INVALID);
    code.rc = 65536;
    cr_assert_eq(smp_group_add_code(home, &code, 1), SMP_ERR_INVALID);
    code.rc = 10;
    code.name = NULL;
    cr_assert_eq(smp_group_add_code(home, &code, 1), SMP_ERR_INVALID);
    cr_assert_null(smp_group_code(home, 9)->hint);
}

/* ---- memory ---- */

struct counted {
    size_t alive;
    size_t left; /* allocations until there is no more */
};

static void *count_alloc(size_t bytes, void *user)
{
    struct counted *counted = user;
    if (counted->left == 0)
        return NULL;
    counted->left--;
    counted->alive++;
    return calloc(1, bytes);
}

static void count_free(void *memory, void *user)
{
    struct counted *counted = user;
    counted->alive--;
    free(memory);
}

/* Whichever allocation fails: an error, and nothing is lost. */
Test(custom_group, freed_with_the_loop_and_safe_without_memory)
{
    struct counted counted = {0};
    const struct smp_allocator allocator = {count_alloc, count_free, &counted};
    const struct smp_loop_options options = {.size = sizeof(options), .allocator = &allocator};
    const struct smp_field_spec field = {
        .size = sizeof(field), .key = "k", .alias = "l", .kind = SMP_KIND_BOOL};
    const struct smp_code code = {
        .size = sizeof(code), .rc = 1, .name = "N", .text = "t", .hint = "h"};
    const struct smp_command_spec command = {.size = sizeof(command), .name = "c", .enable = "o"};
    int error = SMP_ERR_NO_MEMORY;
    size_t tries = 0;

    for (; error != SMP_OK; tries++) {
        struct smp_loop *poor;
        struct smp_message *message;
        struct smp_group *group;
        counted.left = SIZE_MAX;
        cr_assert_eq(smp_loop_new(&options, &poor), SMP_OK);
        counted.left = tries;
        error = smp_message_new(poor, "m", 0, &message);
        if (error == SMP_OK)
            error = smp_message_add(message, &field);
        if (error == SMP_OK)
            error = smp_group_new(poor, 64, "g", &group);
        if (error == SMP_OK)
            error = smp_group_add_command(group, &command);
        if (error == SMP_OK)
            error = smp_group_add_code(group, &code, 1);
        cr_assert(error == SMP_OK || error == SMP_ERR_NO_MEMORY, "%s", smp_error_name(error));
        smp_loop_free(poor);
        cr_assert_eq(counted.alive, 0);
    }
    cr_assert_gt(tries, 10);
}
