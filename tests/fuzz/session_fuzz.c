/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session with requests and transfers under way, whose device says anything at
 * any time.  The input is a script: what the device sends, what the caller does,
 * how time passes.  Nothing may crash, leak, hang, or complete twice or never.
 */
#include <smp/smp.h>

#include <stdlib.h>
#include <string.h>

/* Requests kept an eye on, and packets of the session the device can answer. */
enum { REQUESTS = 64, SENT = 16, STEPS = 400 };

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

struct wire {
    uint8_t sent[SENT][SMP_HEADER_SIZE];
    size_t n_sent;
    uint8_t codes; /* bits: what `send` answers next */
};

struct request {
    smp_id id;
    int calls;
    int begun;
};

struct run {
    struct input input;
    struct wire wire;
    struct smp_fake_clock *clock;
    struct smp_loop *loop;
    struct smp_transport *transport;
    struct smp_session *session;
    struct request requests[REQUESTS];
    size_t n;
    uint8_t in_callback; /* what the next callbacks do */
};

static uint8_t image[3000];

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
    static const int codes[] = {SMP_ERR_AGAIN, SMP_ERR_TOO_LARGE, SMP_ERR_CLOSED, SMP_ERR_SYSTEM};
    struct wire *wire = self;
    (void)peer;
    must(len >= SMP_HEADER_SIZE);
    if (wire->codes & 1) {
        int code = codes[wire->codes >> 1 & 3];
        wire->codes >>= 3;
        return code;
    }
    wire->codes >>= 1;
    memcpy(wire->sent[wire->n_sent++ % SENT], packet, SMP_HEADER_SIZE);
    return SMP_OK;
}

static size_t wire_max_packet(void *self, const struct smp_peer *peer)
{
    (void)self;
    (void)peer;
    return 2000;
}

static size_t wire_step_down(void *self, size_t size)
{
    (void)self;
    return size > 1472 ? 1472 : size > 512 ? 512 : 0;
}

static void new_link(struct run *run)
{
    const struct smp_transport_ops ops = {
        .size = sizeof(ops),
        .send = wire_send,
        .max_packet = wire_max_packet,
        .step_down = wire_step_down,
    };
    must(smp_transport_new(run->loop, &ops, &run->wire, &run->transport) == SMP_OK);
}

/* ---- the caller ---- */

static void free_session(struct run *run)
{
    struct smp_session *session = run->session;
    run->session = NULL;
    smp_session_free(session);
}

static void misbehave(struct run *run)
{
    uint8_t what = run->in_callback;
    run->in_callback = 0;
    if (what == 1) {
        free_session(run);
    } else if (what == 2 && run->session != NULL && run->n > 0) {
        smp_session_cancel(run->session, run->requests[run->n - 1].id);
    } else if (what == 3) {
        smp_transport_down(run->transport, SMP_ERR_CLOSED, 0);
    } else if (what == 4) {
        must(smp_loop_process(run->loop) == SMP_ERR_REENTRANT);
    }
}

static struct run *current;

/* Reads all that was decoded, so that a wrong pointer is found. */
static void look_at(const struct smp_message *message, const void *record)
{
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        struct smp_value value;
        volatile uint8_t sum = 0;
        if (smp_field_get(field, record, &value) == SMP_OK &&
            (value.kind == SMP_KIND_STR || value.kind == SMP_KIND_BYTES)) {
            for (size_t k = 0; k < value.as.bytes.len; k++) {
                sum = (uint8_t)(sum + value.as.bytes.data[k]);
            }
        }
        for (size_t k = 0; k < smp_field_count(field, record); k++) {
            const void *element = smp_field_element(field, record, k);
            if (element != NULL && smp_field_message(field) != NULL) {
                look_at(smp_field_message(field), element);
            }
        }
    }
}

static void on_done(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct request *request = user;
    char text[200];
    (void)session;
    must(++request->calls == 1);
    must(request->begun);
    if (result->rsp != NULL) {
        look_at(result->message, result->rsp);
    }
    smp_result_text(current->loop, result, text, sizeof(text));
    misbehave(current);
}

static void on_progress(struct smp_session *session, const struct smp_progress *progress,
                        void *user)
{
    (void)session;
    (void)user;
    must(progress->done <= progress->total);
    misbehave(current);
}

static int take(void *user, uint64_t offset, const uint8_t *data, size_t len)
{
    volatile uint8_t last;
    (void)user;
    must(len > 0 && offset + len >= offset);
    last = data[len - 1];
    (void)last;
    return SMP_OK;
}

static void begin(struct run *run, uint8_t what)
{
    const struct smp_sink sink = {.size = sizeof(sink), .write = take};
    const struct smp_str name = {"/lfs/a", 6};
    struct request *request = &run->requests[run->n];
    struct smp_source source;
    const struct smp_os_echo_req echo = {.size = sizeof(echo), .text = {"hello", 5}};
    const struct smp_img_upload_options options = {
        .size = sizeof(options),
        .has_sha = true,
        .hash_len = what & 16 ? 32 : 0,
        .transfer = {.size = sizeof(options.transfer), .progress = on_progress},
    };
    int error = SMP_ERR_BUSY;
    if (run->session == NULL || run->n == REQUESTS) {
        return;
    }
    request->begun = 1;
    smp_source_memory(&source, image, what & 8 ? 200 : sizeof(image));
    switch (what & 7) {
    case 0:
        error = smp_os_echo(run->session, &echo, on_done, request, &request->id);
        break;
    case 1:
        error = smp_img_upload(run->session, &source, &options, on_done, request, &request->id);
        break;
    case 2:
        error = smp_img_state_read(run->session, on_done, request, &request->id);
        break;
    case 3:
        error = smp_os_task_stats(run->session, on_done, request, &request->id);
        break;
    case 4:
        error = smp_fs_upload(run->session, name, &source, &options.transfer, on_done, request,
                              &request->id);
        break;
    case 5:
        error = smp_fs_download(run->session, name, &sink, &options.transfer, on_done, request,
                                &request->id);
        break;
    default:
        error = smp_os_memory_pools(run->session, on_done, request, &request->id);
        break;
    }
    must(request->calls == 0);
    if (error == SMP_OK) {
        run->n++;
    } else {
        *request = (struct request){0};
    }
}

static void on_closed(struct smp_session *session, void *user)
{
    const struct run *run = user;
    must(session == run->session);
    for (size_t i = 0; i < run->n; i++) {
        must(run->requests[i].calls == 1);
    }
}

static void act(struct run *run, uint8_t what)
{
    smp_id id = run->n > 0 ? run->requests[(size_t)(what >> 4) % run->n].id : 0;
    if (run->session == NULL) {
        return;
    }
    switch (what % 4) {
    case 0:
        smp_session_cancel(run->session, id);
        break;
    case 1:
        smp_transfer_pause(run->session, id);
        break;
    case 2:
        smp_transfer_continue(run->session, id);
        break;
    default:
        run->in_callback = what >> 4;
        break;
    }
}

/* ---- the device ---- */

/* As many bytes as the next one says. */
static void receive(struct run *run, bool as_answer)
{
    static uint8_t packet[SMP_HEADER_SIZE + 255];
    struct input *input = &run->input;
    size_t len = byte(input);
    size_t left = (size_t)(input->end - input->at);
    size_t head = 0;
    len = len < left ? len : left;
    if (as_answer && run->wire.n_sent > 0) {
        size_t back = len > 0 ? input->at[0] % SENT : 0;
        memcpy(packet, run->wire.sent[(run->wire.n_sent - 1 - back) % SENT], SMP_HEADER_SIZE);
        packet[0]++; /* the op of an answer */
        input->at += len > 0;
        len -= len > 0;
        packet[2] = 0;
        packet[3] = (uint8_t)len;
        head = SMP_HEADER_SIZE;
    }
    memcpy(packet + head, input->at, len);
    input->at += len;
    smp_transport_received(run->transport, NULL, packet, head + len);
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
    switch (what % 11) {
    case 0:
    case 1:
    case 2:
        receive(run, true);
        break;
    case 10:
        if (run->session != NULL) {
            smp_session_close(run->session, what & 64 ? on_closed : NULL, run);
        }
        break;
    case 3:
        receive(run, false);
        break;
    case 4:
        pass_time(run, (uint64_t)what * 5);
        break;
    case 5:
        begin(run, what / 11);
        break;
    case 6:
        act(run, byte(&run->input));
        break;
    case 7:
        run->wire.codes = byte(&run->input);
        break;
    case 8:
        smp_transport_writable(run->transport);
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
    static struct run run;
    memset(&run, 0, sizeof(run));
    current = &run;
    run.input = (struct input){data, data + size};
    must(smp_fake_clock_new(&run.clock) == SMP_OK);
    const struct smp_loop_options loop_options = {
        .size = sizeof(loop_options), .clock = smp_fake_clock_get(run.clock), .arena = 4096};
    must(smp_loop_new(&loop_options, &run.loop) == SMP_OK);
    new_link(&run);
    uint8_t flags = byte(&run.input);
    const struct smp_session_options options = {.size = sizeof(options),
                                                .window = flags & 7,
                                                .no_params = (flags & 8) != 0,
                                                .v1 = (flags & 16) != 0,
                                                .retry_all = (flags & 32) != 0,
                                                .max_packet = flags & 64 ? 1024 : 0};
    must(smp_session_new(run.transport, &options, &run.session) == SMP_OK);
    begin(&run, 0);
    begin(&run, (uint8_t)(flags >> 5 | (flags & 16 ? 8 | 16 : 0)));
    for (unsigned i = 0; i < STEPS && run.input.at < run.input.end; i++) {
        step(&run);
    }
    /* Left alone, everything ends by itself: transfers that are paused do not. */
    for (size_t i = 0; i < run.n && run.session != NULL; i++) {
        smp_transfer_continue(run.session, run.requests[i].id);
    }
    smp_transport_writable(run.transport);
    for (unsigned i = 0; i < 60; i++) {
        pass_time(&run, 10000);
    }
    for (size_t i = 0; i < run.n; i++) {
        must(run.requests[i].calls == 1);
    }
    if (flags & 128) {
        smp_transport_free(run.transport);
        smp_session_free(run.session);
    } else {
        smp_session_free(run.session);
        smp_transport_free(run.transport);
    }
    smp_loop_free(run.loop);
    smp_fake_clock_free(run.clock);
    return 0;
}
