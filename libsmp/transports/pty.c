/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device on a pseudo-terminal: its other side is the port that clients open, one after the
 * other.  With a baud rate and line buffers it is as slow and as small as a real one.
 */
#include "transports/bad_line.h"
#include "transports/pty_terminal.h"
#include "transports/serial.h"
#include "transports/serial_baud.h"
#include "transports/serial_uart.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* How often is looked whether a client has come: nothing tells. */
#define LOOK_EVERY (20 * SMPI_MS)

/* Packets that may wait to leave: as many as a server with many buffers answers at once. */
#define WAITING_ROOM ((size_t)256 * 1024)

enum { LINE_MAX_BYTES = 16384, DEFAULT_LINE_ROOM = 128, LINE_BUFFERS_MAX = 1024 };

struct pty {
    struct smpi_stream stream; /* first: see smpi_serial_stream() */
    struct smp_transport *transport;
    struct smp_loop *loop;
    struct smp_pty_options options; /* defaults filled in */
    struct smpi_terminal terminal;
    bool open; /* a client has the other side */
    bool wants_write;
    struct smp_watch *watch; /* NULL while there is no client */
    struct smpi_wire in, out;
    struct smpi_lines lines;
    struct smpi_bad_line *bad; /* between the wires and the rest; NULL: the line is good */
    struct smpi_timer timer;
    uint64_t look_at;
    struct smpi_task hung_up; /* reports what writing met */
};

/* ---- clients come and go ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void set_timer(struct pty *pty)
{
    uint64_t due = earlier(pty->look_at, smpi_lines_due(&pty->lines));
    due = earlier(due, smpi_wire_due(&pty->in));
    due = pty->wants_write || pty->out.len == 0 ? due : earlier(due, pty->out.idle_at);
    if (due == SMPI_NEVER) {
        smpi_timer_cancel(pty->loop, &pty->timer);
    } else {
        smpi_timer_set(pty->loop, &pty->timer, due);
    }
}

static void set_watch(struct pty *pty)
{
    if (pty->watch != NULL) {
        smp_watch_set(pty->watch, (pty->in.len == 0 ? (unsigned)SMP_WATCH_READ : 0) |
                                      (pty->wants_write ? (unsigned)SMP_WATCH_WRITE : 0));
    }
}

static void hang_up(struct pty *pty)
{
    if (!pty->open) {
        return;
    }
    pty->open = false;
    pty->wants_write = false;
    pty->in.len = 0;
    pty->in.going = false;
    pty->out.len = 0;
    pty->out.going = false;
    smp_watch_free(pty->watch);
    pty->watch = NULL;
    smpi_lines_reset(&pty->lines);
    if (pty->bad != NULL) {
        smpi_bad_line_reset(pty->bad);
    }
    smpi_stream_reset(&pty->stream);
    pty->look_at = pty->loop->now + LOOK_EVERY;
    set_timer(pty);
    smp_transport_down(pty->transport, SMP_ERR_CLOSED, 0);
}

static void report_hang_up(struct smpi_task *task)
{
    hang_up(SMPI_OF(task, struct pty, hung_up));
}

static void on_event(int fd, unsigned events, void *user);

/* Whether a client has come. */
static void look(struct pty *pty)
{
    struct pollfd poll_fd = {.fd = pty->terminal.fd, .events = POLLIN};
    pty->look_at = pty->loop->now + LOOK_EVERY;
    if (poll(&poll_fd, 1, 0) < 0 || (poll_fd.revents & POLLHUP)) {
        return;
    }
    if (smp_watch_new(pty->loop, pty->terminal.fd, SMP_WATCH_READ, on_event, pty, &pty->watch) ==
        SMP_OK) {
        pty->look_at = SMPI_NEVER;
        pty->open = true;
        smp_transport_up(pty->transport);
    }
}

/* ---- bytes out ---- */

/* Returns how many the terminal took. */
static size_t write_now(struct pty *pty, const uint8_t *data, size_t len)
{
    ssize_t n = write(pty->terminal.fd, data, len);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        smpi_task_schedule(pty->loop, &pty->hung_up);
        return len;
    }
    size_t taken = n > 0 ? (size_t)n : 0;
    pty->wants_write = taken < len;
    set_watch(pty);
    return taken;
}

/* What a UART makes of bytes at another rate than its own. */
static void garble(const struct pty *pty, uint8_t *data, size_t len)
{
    if (pty->options.strict_baud && !smpi_baud_is(pty->terminal.fd, pty->options.baud)) {
        for (size_t i = 0; i < len; i++) {
            data[i] = (uint8_t)(data[i] << 1 | 0x80);
        }
    }
}

/* Onto the wire.  Returns how many it took. */
static size_t put_bytes(void *self, const uint8_t *data, size_t len)
{
    struct pty *pty = self;
    if (pty->out.byte_ns == 0) {
        return write_now(pty, data, len);
    }
    if (pty->out.len > 0) {
        return 0;
    }
    size_t room = smpi_wire_room(&pty->out);
    len = len < room ? len : room;
    memcpy(pty->out.piece, data, len);
    garble(pty, pty->out.piece, len);
    smpi_wire_start(&pty->out, pty->loop->now, len);
    set_timer(pty);
    return len;
}

static size_t pty_write(void *self, const uint8_t *data, size_t len)
{
    struct pty *pty = self;
    if (!pty->open) {
        return len; /* nobody listens: it goes to the air */
    }
    return pty->bad != NULL ? smpi_bad_line_out(pty->bad, data, len) : put_bytes(pty, data, len);
}

/* The wire is free: what waits may leave. */
static void flush(struct pty *pty)
{
    if (pty->bad != NULL) {
        smpi_bad_line_writable(pty->bad);
    }
    smpi_stream_flush(&pty->stream);
}

/* The piece on the wire has arrived; what waits follows it. */
static void deliver_out(struct pty *pty)
{
    size_t taken = write_now(pty, pty->out.piece, pty->out.len);
    pty->out.len -= taken;
    memmove(pty->out.piece, pty->out.piece + taken, pty->out.len);
    flush(pty);
    pty->out.going = pty->out.len > 0;
}

/* ---- bytes in ---- */

static bool begins_with_marker(const uint8_t *line, size_t len)
{
    return len >= 2 && (memcmp(line, "\x06\x09", 2) == 0 || memcmp(line, "\x04\x14", 2) == 0);
}

static void take_lines(struct pty *pty, uint64_t now)
{
    const uint8_t *line;
    size_t len;
    while ((line = smpi_lines_take(&pty->lines, now, &len)) != NULL) {
        if (begins_with_marker(line, len)) {
            smpi_stream_feed(&pty->stream, line, len);
        } else {
            smpi_stream_console(&pty->stream, line,
                                len); /* a marker further on counts for nothing */
        }
    }
}

/* What came at a time that the loop may be a little behind. */
static void take_bytes_at(struct pty *pty, uint64_t at, const uint8_t *data, size_t len)
{
    if (pty->lines.count == 0) {
        smpi_stream_feed(&pty->stream, data, len);
    } else {
        take_lines(pty, at);
        smpi_lines_feed(&pty->lines, at, data, len);
    }
}

static void take_bytes(void *self, const uint8_t *data, size_t len)
{
    struct pty *pty = self;
    take_bytes_at(pty, pty->loop->now, data, len);
    take_lines(pty, pty->loop->now);
    set_timer(pty);
}

static void deliver_in(struct pty *pty)
{
    uint64_t at;
    while ((at = smpi_wire_due(&pty->in)) <= pty->loop->now) {
        uint8_t data[sizeof(pty->in.piece)];
        size_t len = smpi_wire_take(&pty->in, data);
        if (pty->bad != NULL) {
            smpi_bad_line_in(pty->bad, data, len);
        } else {
            take_bytes_at(pty, at, data, len);
        }
    }
    take_lines(pty, pty->loop->now);
}

/* Puts on the wire what the client wrote, as long as that arrives at once or has arrived. */
static void receive(struct pty *pty)
{
    while (pty->open && pty->in.len == 0) {
        ssize_t n = read(pty->terminal.fd, pty->in.piece, smpi_wire_room(&pty->in));
        if (n <= 0) {
            pty->in.going = false;
            if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
                hang_up(pty);
            }
            return;
        }
        garble(pty, pty->in.piece, (size_t)n);
        smpi_wire_start(&pty->in, pty->loop->now, (size_t)n);
        deliver_in(pty);
    }
}

/* A transport freed on the way stays in memory until the turn is over. */
static void on_event(int fd, unsigned events, void *user)
{
    struct pty *pty = user;
    (void)fd;
    if (events & SMP_WATCH_WRITE) {
        pty->wants_write = false;
        if (pty->out.len > 0) {
            deliver_out(pty);
        } else {
            flush(pty);
        }
    }
    if (events & SMP_WATCH_READ) {
        receive(pty);
    }
    set_watch(pty);
    set_timer(pty);
}

static void on_timer(struct smpi_timer *timer)
{
    struct pty *pty = SMPI_OF(timer, struct pty, timer);
    uint64_t now = pty->loop->now;
    if (pty->look_at <= now) {
        look(pty);
    }
    if (pty->out.len > 0 && pty->out.idle_at <= now && !pty->wants_write) {
        deliver_out(pty);
    }
    bool carried = pty->in.len > 0;
    deliver_in(pty);
    if (carried) {
        receive(pty); /* what waited already follows without a gap */
    }
    set_watch(pty);
    set_timer(pty);
}

/* ---- the transport ---- */

static int pty_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct pty *pty = self;
    (void)peer;
    return pty->open ? smpi_stream_send(&pty->stream, packet, len) : SMP_ERR_CLOSED;
}

static size_t pty_max_packet(void *self, const struct smp_peer *peer)
{
    (void)peer;
    return ((struct pty *)self)->options.max_packet;
}

static void free_bad_line(struct pty *pty)
{
    if (pty->bad != NULL) {
        smpi_bad_line_unmake(pty->bad);
        smpi_free(pty->loop, pty->bad);
    }
}

void smpi_pty_free(void *self)
{
    struct pty *pty = self;
    smpi_task_cancel(&pty->hung_up);
    smpi_timer_unmake(pty->loop, &pty->timer);
    smp_watch_free(pty->watch);
    smpi_terminal_close(&pty->terminal, !smpi_loop_forked(pty->loop));
    free_bad_line(pty);
    smpi_lines_unmake(&pty->lines);
    smpi_stream_unmake(&pty->stream);
    smpi_free(pty->loop, pty);
}

uint64_t smpi_pty_vanished(const void *self)
{
    return ((const struct pty *)self)->lines.vanished;
}

/* ---- making ---- */

static void default_to(uint32_t *value, uint32_t otherwise)
{
    *value = *value == 0 ? otherwise : *value;
}

static int own_options(struct smp_pty_options *own, const struct smp_pty_options *options)
{
    memset(own, 0, sizeof(*own));
    if (options != NULL) {
        memcpy(own, options, options->size < sizeof(*own) ? options->size : sizeof(*own));
    }
    own->size = sizeof(*own);
    bool raw = own->framing == SMP_SERIAL_RAW;
    uint32_t most = raw ? SMP_PACKET_MAX : SMPI_CONSOLE_PACKET_MAX;
    default_to(&own->line_length, SMPI_CONSOLE_LINE);
    default_to(&own->max_packet, most);
    default_to(&own->line_room, DEFAULT_LINE_ROOM);
    default_to(&own->line_us, own->baud != 0 ? 1000 : 10000);
    bool good = own->framing <= SMP_SERIAL_RAW && own->max_packet >= SMP_HEADER_SIZE &&
                own->max_packet <= most &&
                (own->max_received == 0 || own->max_received >= SMP_HEADER_SIZE) &&
                own->line_length >= SMPI_CONSOLE_LINE_MIN && own->line_length <= LINE_MAX_BYTES &&
                own->line_room <= LINE_MAX_BYTES && own->line_buffers <= LINE_BUFFERS_MAX &&
                own->baud <= 1000000000 && (own->baud != 0 || !own->strict_baud) &&
                (own->faults == NULL || own->faults->size != 0);
    return good ? SMP_OK : SMP_ERR_INVALID;
}

static int make_transport(struct pty *pty)
{
    static const struct smp_transport_ops ops = {
        .size = sizeof(ops),
        .kind = SMP_TRANSPORT_STREAM,
        .send = pty_send,
        .max_packet = pty_max_packet,
        .free = smpi_pty_free,
    };
    int error = smp_transport_new(pty->loop, &ops, pty, &pty->transport);
    if (error == SMP_OK) {
        pty->stream.transport = pty->transport;
        smp_transport_down(pty->transport, SMP_ERR_CLOSED, 0); /* until a client comes */
        pty->look_at = pty->loop->now;
        set_timer(pty);
    }
    return error;
}

static int make_bad_line(struct pty *pty)
{
    if (pty->options.faults == NULL) {
        return SMP_OK;
    }
    struct smpi_bad_line *bad = smpi_alloc(pty->loop, sizeof(*bad));
    if (bad == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    bad->raw = pty->options.framing == SMP_SERIAL_RAW;
    bad->self = pty;
    bad->write = put_bytes;
    bad->arrive = take_bytes;
    int error = smpi_bad_line_make(bad, pty->loop, pty->options.faults);
    if (error != SMP_OK) {
        smpi_free(pty->loop, bad);
        return error;
    }
    pty->bad = bad;
    return SMP_OK;
}

static int fill(struct pty *pty, const char *link)
{
    const struct smp_pty_options *options = &pty->options;
    int error = smpi_lines_make(&pty->lines, pty->loop,
                                options->framing == SMP_SERIAL_RAW ? 0 : options->line_buffers,
                                options->line_room, options->line_us * UINT64_C(1000));
    error = error == SMP_OK ? make_bad_line(pty) : error;
    error = error == SMP_OK ? smpi_terminal_open(&pty->terminal, link) : error;
    return error == SMP_OK ? make_transport(pty) : error;
}

/* What has to be undone if anything fails after it. */
static int begin(struct pty *pty)
{
    const struct smpi_stream_options stream = {
        .raw = pty->options.framing == SMP_SERIAL_RAW,
        .server = true,
        .line = pty->options.line_length,
        .max_packet = pty->options.max_packet,
        .max_received = pty->options.max_received,
        .room = WAITING_ROOM,
        .console = pty->options.console,
        .console_user = pty->options.console_user,
    };
    int error = smpi_timer_make(pty->loop, &pty->timer, on_timer);
    if (error != SMP_OK) {
        return error;
    }
    error = smpi_stream_make(&pty->stream, pty->loop, &stream, pty_write, pty);
    if (error != SMP_OK) {
        smpi_timer_unmake(pty->loop, &pty->timer);
    }
    return error;
}

int smp_pty_new(struct smp_loop *loop, const char *link, const struct smp_pty_options *options,
                struct smp_transport **transport)
{
    struct smp_pty_options own;
    if (loop == NULL || transport == NULL || (options != NULL && options->size == 0) ||
        (link != NULL && *link == '\0')) {
        return SMP_ERR_INVALID;
    }
    int error = own_options(&own, options);
    error = error == SMP_OK ? smpi_loop_enter(loop) : error;
    if (error != SMP_OK) {
        return error;
    }
    if (loop->platform == NULL) {
        return SMP_ERR_UNSUPPORTED;
    }
    struct pty *pty = smpi_alloc(loop, sizeof(*pty));
    if (pty == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    pty->loop = loop;
    pty->options = own;
    pty->terminal.fd = -1;
    pty->look_at = SMPI_NEVER;
    pty->in.byte_ns = pty->out.byte_ns = own.baud != 0 ? UINT64_C(10000000000) / own.baud : 0;
    smpi_task_init(&pty->hung_up, report_hang_up);
    error = begin(pty);
    if (error != SMP_OK) {
        smpi_free(loop, pty);
        return error;
    }
    error = fill(pty, link);
    if (error != SMP_OK) {
        int system_error = errno;
        smpi_pty_free(pty);
        errno = system_error;
        return error;
    }
    *transport = pty->transport;
    return SMP_OK;
}

const char *smp_pty_path(const struct smp_transport *transport)
{
    return transport != NULL && transport->ops.free == smpi_pty_free
               ? ((const struct pty *)transport->self)->terminal.path
               : NULL;
}
