/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a pseudo-terminal: clients come and go, bytes take their time. */
#include "transports/pty.h"
#include "transports/serial_baud.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* How often is looked whether a client has come: nothing tells. */
#define LOOK_EVERY (20 * SMPI_MS)

/* ---- clients come and go ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void smpi_pty_set_timer(struct smpi_pty *pty)
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

static void set_watch(struct smpi_pty *pty)
{
    if (pty->watch != NULL) {
        smp_watch_set(pty->watch, (pty->in.len == 0 ? (unsigned)SMP_WATCH_READ : 0) |
                                      (pty->wants_write ? (unsigned)SMP_WATCH_WRITE : 0));
    }
}

static void hang_up(struct smpi_pty *pty)
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
    smpi_pty_set_timer(pty);
    smp_transport_down(pty->transport, SMP_ERR_CLOSED, 0);
}

void smpi_pty_hung_up(struct smpi_task *task)
{
    hang_up(SMPI_OF(task, struct smpi_pty, hung_up));
}

static void on_event(int fd, unsigned events, void *user);

/* Whether a client has come. */
static void look(struct smpi_pty *pty)
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
static size_t write_now(struct smpi_pty *pty, const uint8_t *data, size_t len)
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
static void garble(const struct smpi_pty *pty, uint8_t *data, size_t len)
{
    if (pty->options.strict_baud && !smpi_baud_is(pty->terminal.fd, pty->options.baud)) {
        for (size_t i = 0; i < len; i++) {
            data[i] = (uint8_t)(data[i] << 1 | 0x80);
        }
    }
}

/* Onto the wire.  Returns how many it took. */
size_t smpi_pty_put(void *self, const uint8_t *data, size_t len)
{
    struct smpi_pty *pty = self;
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
    smpi_pty_set_timer(pty);
    return len;
}

size_t smpi_pty_write(void *self, const uint8_t *data, size_t len)
{
    struct smpi_pty *pty = self;
    if (!pty->open) {
        return len; /* nobody listens: it goes to the air */
    }
    return pty->bad != NULL ? smpi_bad_line_out(pty->bad, data, len) : smpi_pty_put(pty, data, len);
}

/* The wire is free: what waits may leave. */
static void flush(struct smpi_pty *pty)
{
    if (pty->bad != NULL) {
        smpi_bad_line_writable(pty->bad);
    }
    smpi_stream_flush(&pty->stream);
}

/* The piece on the wire has arrived; what waits follows it. */
static void deliver_out(struct smpi_pty *pty)
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

static void take_lines(struct smpi_pty *pty, uint64_t now)
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
static void take_bytes_at(struct smpi_pty *pty, uint64_t at, const uint8_t *data, size_t len)
{
    if (pty->lines.count == 0) {
        smpi_stream_feed(&pty->stream, data, len);
    } else {
        take_lines(pty, at);
        smpi_lines_feed(&pty->lines, at, data, len);
    }
}

void smpi_pty_take(void *self, const uint8_t *data, size_t len)
{
    struct smpi_pty *pty = self;
    take_bytes_at(pty, pty->loop->now, data, len);
    take_lines(pty, pty->loop->now);
    smpi_pty_set_timer(pty);
}

static void deliver_in(struct smpi_pty *pty)
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
static void receive(struct smpi_pty *pty)
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
    struct smpi_pty *pty = user;
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
    smpi_pty_set_timer(pty);
}

void smpi_pty_on_timer(struct smpi_timer *timer)
{
    struct smpi_pty *pty = SMPI_OF(timer, struct smpi_pty, timer);
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
    smpi_pty_set_timer(pty);
}
