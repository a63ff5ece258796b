/* SPDX-License-Identifier: Apache-2.0 */
/* SMP to a device at the end of a serial port, or of any descriptor. */
#include "transports/serial.h"
#include "transports/serial_port.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DEFAULT_BAUD = 115200,
    DEFAULT_LINES = 2,
    WIRE_GAP_US = 15000,  /* a real port's */
    OTHER_GAP_US = 25000, /* a pseudo-terminal's, or a descriptor's */
    DEFAULT_PACKET = 8192,
    DEFAULT_SILENCE_MS = 4000,
    LINE_MAX_BYTES = 16384,
    PACKET_LEAST = 64,
    READ_SIZE = 4096,
    PORT_NAME_MAX = 256,
};

struct serial {
    struct smpi_stream stream; /* first: see smpi_serial_stream() */
    struct smp_transport *transport;
    struct smp_loop *loop;
    struct smp_serial_options options; /* defaults filled in */
    char name[PORT_NAME_MAX];          /* "": a descriptor of the caller's */
    struct smpi_port port;
    int fd; /* -1: the link is down */
    bool socket;
    bool wants_write;
    struct smp_watch *watch;
    struct smpi_task lost; /* reports the loss that writing met */
    int system_error;
};

/* ---- the descriptor ---- */

/* The name of an unplugged port is free for the next one only when nobody has it open. */
static void let_go(struct serial *serial)
{
    smpi_task_cancel(&serial->lost);
    smp_watch_free(serial->watch);
    serial->watch = NULL;
    serial->fd = -1;
    serial->wants_write = false;
    smpi_port_close(&serial->port);
}

static void lose(struct serial *serial, int system_error)
{
    if (serial->fd < 0) {
        return;
    }
    let_go(serial);
    smpi_stream_reset(&serial->stream);
    smp_transport_down(serial->transport, SMP_ERR_CLOSED, system_error);
}

static void report_loss(struct smpi_task *task)
{
    struct serial *serial = SMPI_OF(task, struct serial, lost);
    lose(serial, serial->system_error);
}

static void watch_for(struct serial *serial, bool writing)
{
    if (serial->wants_write != writing) {
        serial->wants_write = writing;
        smp_watch_set(serial->watch, SMP_WATCH_READ | (writing ? SMP_WATCH_WRITE : 0u));
    }
}

static size_t serial_write(void *self, const uint8_t *data, size_t len)
{
    struct serial *serial = self;
    if (serial->fd < 0) {
        return 0;
    }
    ssize_t n =
        serial->socket ? send(serial->fd, data, len, MSG_NOSIGNAL) : write(serial->fd, data, len);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        serial->system_error = errno;
        smpi_task_schedule(serial->loop, &serial->lost);
        return 0;
    }
    size_t taken = n > 0 ? (size_t)n : 0;
    watch_for(serial, taken < len);
    return taken;
}

static void receive(struct serial *serial)
{
    uint8_t data[READ_SIZE];
    ssize_t n = read(serial->fd, data, sizeof(data));
    if (n > 0) {
        smpi_stream_feed(&serial->stream, data, (size_t)n);
    } else if (n == 0) {
        lose(serial, EIO); /* readable, and nothing to read: a hang-up */
    } else if (errno != EAGAIN && errno != EINTR) {
        lose(serial, errno);
    }
}

/* A transport freed on the way stays in memory until the turn is over. */
static void on_event(int fd, unsigned events, void *user)
{
    struct serial *serial = user;
    (void)fd;
    if (events & SMP_WATCH_WRITE) {
        watch_for(serial, false);
        smpi_stream_flush(&serial->stream);
    }
    if ((events & SMP_WATCH_READ) && serial->fd >= 0) {
        receive(serial);
    }
}

/* ---- the transport ---- */

static int serial_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct serial *serial = self;
    (void)peer;
    return serial->fd < 0 ? SMP_ERR_CLOSED : smpi_stream_send(&serial->stream, packet, len);
}

static size_t serial_max_packet(void *self, const struct smp_peer *peer)
{
    (void)peer;
    return ((struct serial *)self)->options.max_packet;
}

static size_t serial_step_down(void *self, size_t size)
{
    (void)self;
    return smpi_stream_step_down(size);
}

static void serial_reset(void *self)
{
    struct serial *serial = self;
    if (serial->options.framing == SMP_SERIAL_RAW) {
        smpi_raw_silence(&serial->stream.in.raw);
    } else {
        smpi_console_reset(&serial->stream.in.console);
    }
}

static void serial_free(void *self)
{
    struct serial *serial = self;
    let_go(serial);
    smpi_stream_unmake(&serial->stream);
    smpi_free(serial->loop, serial);
}

/* ---- making ---- */

static void default_to(uint32_t *value, uint32_t otherwise)
{
    *value = *value == 0 ? otherwise : *value;
}

static int own_options(struct smp_serial_options *own, const struct smp_serial_options *options)
{
    memset(own, 0, sizeof(*own));
    if (options != NULL) {
        memcpy(own, options, options->size < sizeof(*own) ? options->size : sizeof(*own));
    }
    own->size = sizeof(*own);
    bool raw = own->framing == SMP_SERIAL_RAW;
    default_to(&own->baud, DEFAULT_BAUD);
    default_to(&own->line_length, SMPI_CONSOLE_LINE);
    default_to(&own->lines, DEFAULT_LINES);
    default_to(&own->max_packet, DEFAULT_PACKET);
    default_to(&own->window, 1);
    default_to(&own->silence_ms, DEFAULT_SILENCE_MS);
    bool good = own->framing <= SMP_SERIAL_RAW && own->dtr <= SMP_SERIAL_OFF &&
                own->rts <= SMP_SERIAL_OFF && own->line_length >= SMPI_CONSOLE_LINE_MIN &&
                own->line_length <= LINE_MAX_BYTES && own->baud <= INT_MAX &&
                own->max_packet >= PACKET_LEAST &&
                own->max_packet <= (raw ? SMP_PACKET_MAX : SMPI_CONSOLE_PACKET_MAX);
    return good ? SMP_OK : SMP_ERR_INVALID;
}

static int make_stream(struct serial *serial)
{
    const struct smp_serial_options *options = &serial->options;
    const struct smpi_stream_options stream = {
        .raw = options->framing == SMP_SERIAL_RAW,
        .line = options->line_length,
        .max_packet = options->max_packet,
        .room = options->max_packet + sizeof(uint32_t),
        .lines = options->lines,
        .gap_ns = (options->gap_us != 0 ? options->gap_us : OTHER_GAP_US) * UINT64_C(1000),
        .window = options->window,
        .silence_ns = options->silence_ms * SMPI_MS,
        .console = options->console,
        .console_user = options->console_user,
    };
    return smpi_stream_make(&serial->stream, serial->loop, &stream, serial_write, serial);
}

static int open_port(struct serial *serial);

static int serial_reopen(void *self)
{
    struct serial *serial = self;
    int error = SMP_OK;
    if (serial->fd >= 0) {
        return error;
    }
    error = *serial->name == '\0' ? SMP_ERR_UNSUPPORTED : open_port(serial);
    if (error == SMP_OK) {
        smp_transport_up(serial->transport);
    } else {
        int system_error = errno;
        let_go(serial);
        errno = system_error;
    }
    return error;
}

static int make_transport(struct serial *serial)
{
    bool raw = serial->options.framing == SMP_SERIAL_RAW;
    const struct smp_transport_ops ops = {
        .size = sizeof(ops),
        .kind = SMP_TRANSPORT_STREAM,
        .send = serial_send,
        .max_packet = serial_max_packet,
        .step_down = serial_step_down,
        .reset = serial_reset,
        .free = serial_free,
        .reopen = serial_reopen,
        .overhead = raw ? 0 : SMPI_CONSOLE_OVERHEAD,
        .window = raw ? serial->options.window : 0,
    };
    int error = smp_transport_new(serial->loop, &ops, serial, &serial->transport);
    serial->stream.transport = serial->transport;
    return error;
}

/* Begins to use a descriptor. */
static int take(struct serial *serial, int fd)
{
    int type;
    socklen_t len = sizeof(type);
    serial->socket = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
    int error = smp_watch_new(serial->loop, fd, SMP_WATCH_READ, on_event, serial, &serial->watch);
    serial->fd = error == SMP_OK ? fd : -1;
    return error;
}

/* Opens the port by its name. */
static int open_port(struct serial *serial)
{
    char path[PATH_MAX];
    const char *name = serial->name;
    if (smpi_port_is_usb(name)) {
        int error = smp_serial_find(name, path, sizeof(path));
        if (error != SMP_OK) {
            return error;
        }
        name = path;
    }
    int error = smpi_port_open(name, &serial->options, &smpi_port_calls, &serial->port);
    if (error != SMP_OK) {
        return error;
    }
    /* Only a real wire carries as many bits as it was told; 8 of 10 are the byte's. */
    serial->stream.options.byte_ns =
        serial->port.real ? UINT64_C(10000000000) / serial->options.baud : 0;
    if (serial->port.real && serial->options.gap_us == 0) {
        serial->stream.options.gap_ns = WIRE_GAP_US * UINT64_C(1000);
    }
    smpi_stream_reset(&serial->stream);
    return take(serial, serial->port.fd);
}

static int give_up(struct serial *serial, int error)
{
    int system_error = errno;
    serial_free(serial);
    errno = system_error;
    return error;
}

/* All but the descriptor. */
static int make(struct smp_loop *loop, const struct smp_serial_options *options,
                struct serial **made)
{
    struct smp_serial_options own;
    int error = own_options(&own, options);
    error = error == SMP_OK ? smpi_loop_enter(loop) : error;
    if (error != SMP_OK) {
        return error;
    }
    struct serial *serial = smpi_alloc(loop, sizeof(*serial));
    if (serial == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    serial->loop = loop;
    serial->options = own;
    serial->port = (struct smpi_port){.fd = -1, .own = -1};
    serial->fd = -1;
    smpi_task_init(&serial->lost, report_loss);
    error = make_stream(serial);
    if (error != SMP_OK) {
        smpi_free(loop, serial);
        return error;
    }
    *made = serial;
    return SMP_OK;
}

int smp_serial_open(struct smp_loop *loop, const char *port,
                    const struct smp_serial_options *options, struct smp_transport **transport)
{
    struct serial *serial;
    if (loop == NULL || port == NULL || transport == NULL || *port == '\0' ||
        strlen(port) >= PORT_NAME_MAX || (options != NULL && options->size == 0)) {
        return SMP_ERR_INVALID;
    }
    int error = make(loop, options, &serial);
    if (error != SMP_OK) {
        return error;
    }
    strcpy(serial->name, port);
    error = open_port(serial);
    error = error == SMP_OK ? make_transport(serial) : error;
    if (error != SMP_OK) {
        return give_up(serial, error);
    }
    *transport = serial->transport;
    return SMP_OK;
}

int smp_serial_from_fd(struct smp_loop *loop, int fd, const struct smp_serial_options *options,
                       struct smp_transport **transport)
{
    struct serial *serial;
    if (loop == NULL || fd < 0 || transport == NULL || (options != NULL && options->size == 0)) {
        return SMP_ERR_INVALID;
    }
    int error = make(loop, options, &serial);
    if (error != SMP_OK) {
        return error;
    }
    error = smpi_port_unblock(fd);
    error = error == SMP_OK ? take(serial, fd) : error;
    error = error == SMP_OK ? make_transport(serial) : error;
    if (error != SMP_OK) {
        return give_up(serial, error);
    }
    *transport = serial->transport;
    return SMP_OK;
}

int smp_serial_reopen(struct smp_transport *transport)
{
    if (transport == NULL || transport->ops.free != serial_free) {
        return SMP_ERR_INVALID;
    }
    return smp_transport_reopen(transport);
}

/* ---- what both sides of a line have ---- */

struct smpi_stream *smpi_serial_stream(const struct smp_transport *transport)
{
    bool ours = transport != NULL &&
                (transport->ops.free == serial_free || transport->ops.free == smpi_pty_free);
    return ours ? transport->self : NULL;
}

int smp_serial_print(struct smp_transport *transport, const char *text, size_t len)
{
    struct smpi_stream *stream = smpi_serial_stream(transport);
    if (stream == NULL || (text == NULL && len > 0)) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_loop_enter(stream->loop);
    error = error == SMP_OK && !transport->is_up ? SMP_ERR_CLOSED : error;
    return error == SMP_OK ? smpi_stream_print(stream, text, len) : error;
}

int smp_serial_get_stats(const struct smp_transport *transport, struct smp_serial_stats *stats)
{
    const struct smpi_stream *stream = smpi_serial_stream(transport);
    if (stream == NULL || stats == NULL) {
        return SMP_ERR_INVALID;
    }
    struct smp_serial_stats all = {.size = sizeof(all)};
    smpi_stream_stats(stream, &all);
    if (transport->ops.free == smpi_pty_free) {
        all.vanished = smpi_pty_vanished(transport->self);
    }
    size_t size = stats->size < sizeof(all) ? stats->size : sizeof(all);
    memcpy(stats, &all, size);
    stats->size = size;
    return SMP_OK;
}
