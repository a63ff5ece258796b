/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server with a handler for every command of every group, asked anything.  The
 * input is a script of packets, of what the handlers do, and of time.
 */
#include <smp/smp.h>

#include <stdlib.h>
#include <string.h>

enum { LATER = 8, STEPS = 300 };

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

struct run {
    struct input input;
    struct smp_fake_clock *clock;
    struct smp_loop *loop;
    struct smp_server *server;
    struct smp_transport *transport;
    struct smp_exchange *later[LATER];
    uint8_t behaviour; /* of the handlers */
    uint32_t buf_size;
};

static void must(int condition)
{
    if (!condition) {
        abort();
    }
}

static uint8_t byte(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* ---- the link ---- */

static int wire_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    const struct run *run = self;
    (void)peer;
    must(len >= SMP_HEADER_SIZE && len <= run->buf_size);
    must((packet[0] & 1) == 1);
    must((size_t)(packet[2] << 8 | packet[3]) == len - SMP_HEADER_SIZE);
    return SMP_OK;
}

static size_t wire_max_packet(void *self, const struct smp_peer *peer)
{
    (void)self;
    (void)peer;
    return SMP_PACKET_MAX;
}

/* ---- the handlers ---- */

static void put_off(struct run *run, struct smp_exchange *exchange)
{
    for (unsigned i = 0; i < LATER; i++) {
        if (run->later[i] == NULL) {
            must(smp_exchange_defer(exchange, &run->later[i]) == SMP_OK);
            return;
        }
    }
}

static void answer(struct smp_exchange *exchange, uint8_t how)
{
    switch (how % 4) {
    case 0:
        smp_exchange_reply(exchange, NULL);
        break;
    case 1:
        smp_exchange_fail(exchange, how, NULL);
        break;
    case 2:
        smp_exchange_refuse(exchange, how, how & 16 ? "because" : NULL);
        break;
    default:
        smp_exchange_free(exchange); /* harmless unless it was put off */
        break;
    }
}

static void handle(struct smp_exchange *exchange, const void *request, void *user)
{
    struct run *run = user;
    uint8_t behaviour = run->behaviour;
    uint8_t cbor[4096];
    size_t len;
    const struct smp_message *message = smp_command_request(smp_exchange_command(exchange));
    /* What was decoded can be encoded: reads every byte of it. */
    int error = smp_message_encode(message, request, cbor, sizeof(cbor), &len);
    must(error == SMP_OK || error == SMP_ERR_TOO_LARGE);
    if (behaviour & 128) {
        put_off(run, exchange);
    } else if (behaviour & 64) {
        smp_server_stall(run->server, 20000000);
        answer(exchange, behaviour);
    } else if ((behaviour & 32) == 0) {
        answer(exchange, behaviour);
    }
}

static int hook(struct smp_server *server, enum smp_server_event event,
                struct smp_exchange *exchange, void *user)
{
    const struct run *run = user;
    (void)server;
    must((exchange == NULL) == (event == SMP_SERVER_OVERRUN));
    return (run->behaviour & 31) == 31 ? SMP_RC_ACCESS_DENIED : 0;
}

static void serve_everything(struct run *run)
{
    const struct smp_group *group = smp_group_next(run->loop, NULL);
    for (; group != NULL; group = smp_group_next(run->loop, group)) {
        for (size_t i = 0; i < smp_group_commands(group); i++) {
            const struct smp_command *command = smp_group_command(group, i);
            must(smp_server_handle(run->server, smp_group_number(group), smp_command_id(command),
                                   smp_command_op(command), handle, run) == SMP_OK);
        }
    }
}

/* ---- the script ---- */

static void receive(struct run *run)
{
    struct input *input = &run->input;
    size_t len = byte(input);
    size_t left = (size_t)(input->end - input->at);
    len = len < left ? len : left;
    smp_transport_received(run->transport, NULL, input->at, len);
    input->at += len;
}

static void pass_time(struct run *run, uint64_t ms)
{
    smp_fake_clock_advance(run->clock, ms * 1000000);
    for (unsigned turns = 0; smp_loop_process(run->loop) == 1; turns++) {
        must(turns < 10000);
    }
}

static void step(struct run *run)
{
    uint8_t what = byte(&run->input);
    struct smp_exchange **later = &run->later[(what >> 4) % LATER];
    switch (what % 8) {
    case 0:
    case 1:
    case 2:
        receive(run);
        break;
    case 3:
        run->behaviour = byte(&run->input);
        break;
    case 4:
        pass_time(run, what);
        break;
    case 5:
        answer(*later, byte(&run->input));
        *later = NULL;
        break;
    case 6:
        smp_server_power(run->server, (what & 16) != 0);
        break;
    default:
        if (what & 16) {
            smp_transport_down(run->transport, SMP_ERR_CLOSED, 0);
        } else {
            smp_transport_up(run->transport);
        }
        break;
    }
    if (what & 128) {
        pass_time(run, 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t sizes[] = {64, 96, 384, 2048};
    static struct run run;
    memset(&run, 0, sizeof(run));
    run.input = (struct input){data, data + size};
    must(smp_fake_clock_new(&run.clock) == SMP_OK);
    const struct smp_loop_options loop_options = {
        .size = sizeof(loop_options), .clock = smp_fake_clock_get(run.clock), .arena = 4096};
    must(smp_loop_new(&loop_options, &run.loop) == SMP_OK);
    const struct smp_transport_ops ops = {
        .size = sizeof(ops), .send = wire_send, .max_packet = wire_max_packet};
    must(smp_transport_new(run.loop, &ops, &run, &run.transport) == SMP_OK);
    uint8_t flags = byte(&run.input);
    const struct smp_server_options options = {
        .size = sizeof(options),
        .buf_size = sizes[flags & 3],
        .buf_count = 1u + (flags >> 2 & 3),
        .work_ns = flags & 16 ? 5000000 : 0,
        .v1_only = (flags & 32) != 0,
        .rc_always = (flags & 64) != 0,
        .mcuboot = (flags & 128) != 0,
        .hook = hook,
        .hook_user = &run,
    };
    run.buf_size = options.buf_size;
    must(smp_server_new(run.loop, &options, &run.server) == SMP_OK);
    must(smp_server_listen(run.server, run.transport) == SMP_OK);
    serve_everything(&run);
    for (unsigned i = 0; i < STEPS && run.input.at < run.input.end; i++) {
        step(&run);
    }
    pass_time(&run, 1000);
    bool server_first = size % 2 == 0;
    if (server_first) {
        smp_server_free(run.server);
    }
    for (unsigned i = 0; i < LATER; i++) {
        smp_exchange_free(run.later[i]);
    }
    if (!server_first) {
        smp_transport_free(run.transport);
        smp_server_free(run.server);
    } else {
        smp_transport_free(run.transport);
    }
    smp_loop_free(run.loop);
    smp_fake_clock_free(run.clock);
    return 0;
}
