/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device on a pseudo-terminal: its other side is the port that clients open, one after the
 * other.  With a baud rate and line buffers it is as slow and as small as a real one.
 */
#include "transports/pty.h"

#include <errno.h>
#include <string.h>

/* Packets that may wait to leave: as many as a server with many buffers answers at once. */
#define WAITING_ROOM ((size_t)256 * 1024)

enum { LINE_MAX_BYTES = 16384, DEFAULT_LINE_ROOM = 128, LINE_BUFFERS_MAX = 1024 };

/* ---- the transport ---- */

static int pty_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct smpi_pty *pty = self;
    (void)peer;
    return pty->open ? smpi_stream_send(&pty->stream, packet, len) : SMP_ERR_CLOSED;
}

static size_t pty_max_packet(void *self, const struct smp_peer *peer)
{
    (void)peer;
    return ((struct smpi_pty *)self)->options.max_packet;
}

static void free_bad_line(struct smpi_pty *pty)
{
    if (pty->bad != NULL) {
        smpi_bad_line_unmake(pty->bad);
        smpi_free(pty->loop, pty->bad);
    }
}

void smpi_pty_free(void *self)
{
    struct smpi_pty *pty = self;
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
    return ((const struct smpi_pty *)self)->lines.vanished;
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

static int make_transport(struct smpi_pty *pty)
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
        smpi_pty_set_timer(pty);
    }
    return error;
}

static int make_bad_line(struct smpi_pty *pty)
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
    bad->write = smpi_pty_put;
    bad->arrive = smpi_pty_take;
    int error = smpi_bad_line_make(bad, pty->loop, pty->options.faults);
    if (error != SMP_OK) {
        smpi_free(pty->loop, bad);
        return error;
    }
    pty->bad = bad;
    return SMP_OK;
}

static int fill(struct smpi_pty *pty, const char *link)
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
static int begin(struct smpi_pty *pty)
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
    int error = smpi_timer_make(pty->loop, &pty->timer, smpi_pty_on_timer);
    if (error != SMP_OK) {
        return error;
    }
    error = smpi_stream_make(&pty->stream, pty->loop, &stream, smpi_pty_write, pty);
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
    struct smpi_pty *pty = smpi_alloc(loop, sizeof(*pty));
    if (pty == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    pty->loop = loop;
    pty->options = own;
    pty->terminal.fd = -1;
    pty->look_at = SMPI_NEVER;
    pty->in.byte_ns = pty->out.byte_ns = own.baud != 0 ? UINT64_C(10000000000) / own.baud : 0;
    smpi_task_init(&pty->hung_up, smpi_pty_hung_up);
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
               ? ((const struct smpi_pty *)transport->self)->terminal.path
               : NULL;
}
