/* SPDX-License-Identifier: Apache-2.0 */
#include "serial.h"

#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOG_EVERY_MS 50u

/* What console framing takes of the device's buffer. */
#define OVERHEAD 4u

/* As Zephyr prints it, with the colour that its log has by default. */
void sim_serial_log(struct sim_serial *serial, const char *text)
{
    char line[512];
    uint64_t us, s;
    int len;

    if (serial->timer == NULL)
        return;
    us = smp_loop_now(serial->loop) / 1000;
    s = us / 1000000;
    len = snprintf(line, sizeof(line),
                   "[%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64 ",%03" PRIu64
                   "] \x1b[0m<inf> smpsim: %s\x1b[0m\r\n",
                   s / 3600 % 100, s / 60 % 60, s % 60, us / 1000 % 1000, us % 1000, text);
    if (len > 0 && (size_t)len < sizeof(line))
        (void)smp_serial_print(serial->transport, line, (size_t)len); /* nobody there: lost */
}

/* Sometimes a prompt without an end of line: the next frame is glued to it. */
static void next_line(void *user)
{
    static const char prompt[] = "uart:~$ ";
    struct sim_serial *serial = user;
    char text[64];

    serial->lines++;
    if (serial->lines % 3 == 0) {
        (void)smp_serial_print(serial->transport, prompt, strlen(prompt));
    } else {
        snprintf(text, sizeof(text), "line %" PRIu32 " of the log", serial->lines);
        sim_serial_log(serial, text);
    }
    smp_timer_start(serial->timer, LOG_EVERY_MS * SIM_NS_PER_MS);
}

static int complain(const char *path, int error)
{
    if (error == SMP_ERR_EXISTS)
        fprintf(stderr, "smpsim: --pty %s: is there and is not a link: remove it first\n", path);
    else
        fprintf(stderr, "smpsim: --pty %s: %s%s%s\n", path, smp_error_text(error),
                error == SMP_ERR_SYSTEM ? ": " : "",
                error == SMP_ERR_SYSTEM ? strerror(errno) : "");
    return SIM_EXIT_LINK;
}

int sim_serial_open(struct sim_serial *serial, struct smp_loop *loop,
                    const struct sim_serial_options *options, uint32_t buf_size,
                    const struct smp_faults *faults)
{
    struct smp_pty_options pty = {
        .size = sizeof(pty),
        .framing = options->raw ? SMP_SERIAL_RAW : SMP_SERIAL_CONSOLE,
        .baud = options->baud,
        .strict_baud = options->strict_baud,
        .line_buffers = options->line_buffers,
        .line_room = options->line_length,
        .line_us = options->line_us,
        .max_received = options->raw ? buf_size : buf_size - OVERHEAD,
        .faults = faults,
    };
    int error;

    if (options->path == NULL)
        return SIM_EXIT_OK;
    serial->loop = loop;
    error = smp_pty_new(loop, options->path, &pty, &serial->transport);
    if (error == SMP_OK && options->log_text)
        error = smp_timer_new(loop, next_line, serial, &serial->timer);
    if (error != SMP_OK)
        return complain(options->path, error);
    if (serial->timer != NULL)
        smp_timer_start(serial->timer, LOG_EVERY_MS * SIM_NS_PER_MS);
    return SIM_EXIT_OK;
}

void sim_serial_close(struct sim_serial *serial)
{
    smp_timer_free(serial->timer);
    smp_transport_free(serial->transport);
}
