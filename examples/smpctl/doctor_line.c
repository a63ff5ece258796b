/* SPDX-License-Identifier: Apache-2.0 */
/* At which rate, and how, a device answers on a serial line. */
#include "doctor.h"
#include "interrupt.h"
#include "link.h"
#include "output.h"
#include "record.h"

#include <smp/serial.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define NS_PER_MS 1000000ull
#define DEFAULT_BAUD 115200u
#define DEFAULT_SILENCE_MS 4000u
#define READABLE_LEAST 4 /* console bytes that make a rate look right */

/* As they are met in practice. */
static const uint32_t console_rates[] = {115200, 1000000, 921600, 460800, 230400,
                                         57600,  38400,   19200,  9600};
static const uint32_t raw_rates[] = {115200, 1000000, 921600, 460800, 230400, 57600};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void on_text(struct smp_transport *transport, const char *text, size_t len, void *user)
{
    struct doctor *doctor = user;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool good = (c >= 0x20 && c < 0x7f) || strchr("\r\n\t\x1b", c);
        doctor->readable += good && c != '\r' && c != '\n';
        doctor->garbage += !good || c == '\0';
    }
    if (doctor->ctl->options.console) {
        link_show_text(transport, text, len, doctor->ctl);
    }
}

int doctor_open(struct doctor *doctor)
{
    struct smpctl *ctl = doctor->ctl;
    struct smp_serial_options *options = &ctl->link.options;
    smp_session_free(ctl->session);
    smp_transport_free(ctl->transport);
    ctl->session = NULL;
    ctl->transport = NULL;
    doctor->readable = doctor->garbage = 0;
    options->console = on_text;
    options->console_user = doctor;
    /* The freed one has to let go of the port. */
    int error = smp_loop_process(ctl->loop);
    if (error >= 0) {
        error = ctl->link.fd
                    ? smp_serial_from_fd(ctl->loop, ctl->link.fd - 1, options, &ctl->transport)
                    : smp_serial_open(ctl->loop, doctor->address.place, options, &ctl->transport);
    }
    if (error == SMP_OK) {
        record_begin(ctl); /* goes on */
    }
    return error;
}

static void be_silent(struct doctor *doctor)
{
    uint32_t ms = doctor->ctl->link.options.silence_ms;
    uint64_t end = smp_loop_now(doctor->ctl->loop) + (ms ? ms : DEFAULT_SILENCE_MS) * NS_PER_MS;
    while (smp_loop_now(doctor->ctl->loop) < end && !interrupt_seen()) {
        uint64_t left = (end - smp_loop_now(doctor->ctl->loop)) / NS_PER_MS + 1;
        if (smp_loop_turn(doctor->ctl->loop, (int)left) < 0) {
            return;
        }
    }
}

/* ---- one try ---- */

static const char *framing_name(const struct doctor *doctor)
{
    return doctor->ctl->link.options.framing == SMP_SERIAL_RAW ? "raw" : "console";
}

static enum doctor_answer try_line(struct doctor *doctor, enum smp_serial_framing framing,
                                   uint32_t baud)
{
    struct smp_serial_options *options = &doctor->ctl->link.options;
    options->framing = framing;
    options->baud = baud;
    int error = doctor_open(doctor);
    if (error == SMP_ERR_INVALID) { /* the port cannot do that rate */
        return DOCTOR_SILENT;
    }
    error = error ? error : doctor_session(doctor, 1);
    if (error) {
        return DOCTOR_LOST;
    }
    enum doctor_answer answer = doctor_ask(doctor);
    if (answer == DOCTOR_SILENT && doctor->readable >= READABLE_LEAST && !doctor->garbage) {
        doctor_step(doctor, "baud", "%" PRIu32 ": readable text comes, but no answer", baud);
    } else if (answer == DOCTOR_SILENT && doctor->garbage) {
        doctor_step(doctor, "baud", "%" PRIu32 ": %zu bytes of garbage come", baud,
                    doctor->garbage + doctor->readable);
    }
    return answer;
}

/* ---- all of them ---- */

struct search {
    enum smp_serial_framing framing;
    uint32_t baud;        /* what was tried first */
    uint32_t readable_at; /* a rate at which text was readable, or 0 */
    bool garbage;         /* something came at some rate */
};

static enum doctor_answer try_rates(struct doctor *doctor, struct search *search,
                                    enum smp_serial_framing framing, const uint32_t *rates,
                                    size_t n)
{
    enum doctor_answer answer = DOCTOR_SILENT;
    for (size_t i = 0; i < n && answer == DOCTOR_SILENT; i++) {
        if (framing == search->framing && rates[i] == search->baud) {
            continue;
        }
        if (framing == SMP_SERIAL_RAW) {
            be_silent(doctor);
        }
        answer = try_line(doctor, framing, rates[i]);
        search->garbage |= doctor->garbage > 0;
        if (doctor->readable >= READABLE_LEAST && !doctor->garbage) {
            search->readable_at = rates[i];
        }
    }
    return answer;
}

static int report_silence(struct doctor *doctor, const struct search *search)
{
    struct smpctl *ctl = doctor->ctl;
    if (search->readable_at) {
        return fail(ctl, STATUS_LINK,
                    "%s: text arrives at %" PRIu32 " baud, but nothing answers SMP: the firmware "
                    "needs CONFIG_MCUMGR_TRANSPORT_UART or CONFIG_MCUMGR_TRANSPORT_SHELL, and "
                    "this must be the port it uses (zephyr,uart-mcumgr)",
                    ctl->device, search->readable_at);
    }
    if (search->garbage) {
        return fail(
            ctl, STATUS_LINK,
            "%s: something speaks there, but at none of the usual rates: say baud=", ctl->device);
    }
    return fail(ctl, STATUS_LINK,
                "%s: the port works, but nobody answers at any usual rate, neither console "
                "framing nor raw: is the device on, is this its port (%s ports), are RX and TX "
                "the right way round, and does its firmware have SMP?",
                ctl->device, ctl->name);
}

int doctor_find(struct doctor *doctor)
{
    struct smpctl *ctl = doctor->ctl;
    const struct smp_serial_options *options = &ctl->link.options;
    struct search search = {.framing = options->framing,
                            .baud = options->baud ? options->baud : DEFAULT_BAUD};
    bool rates = doctor->serial; /* else they are somebody else's */
    enum doctor_answer answer = try_line(doctor, search.framing, search.baud);
    search.garbage = doctor->garbage > 0;
    if (doctor->readable >= READABLE_LEAST && !doctor->garbage) {
        search.readable_at = search.baud;
    }
    if (answer == DOCTOR_SILENT) {
        doctor_step(doctor, "answer", "none at %" PRIu32 " baud, framing %s: trying others",
                    search.baud, framing_name(doctor));
        answer = try_rates(doctor, &search, SMP_SERIAL_CONSOLE, console_rates,
                           rates ? COUNT(console_rates) : 1);
    }
    if (answer == DOCTOR_SILENT) {
        answer =
            try_rates(doctor, &search, SMP_SERIAL_RAW, raw_rates, rates ? COUNT(raw_rates) : 1);
    }
    if (answer == DOCTOR_ANSWERED || answer == DOCTOR_CUT) {
        doctor_step(doctor, "baud", rates ? "%" PRIu32 : "set elsewhere", options->baud);
        doctor_step(doctor, "framing", "%s", framing_name(doctor));
        return STATUS_DONE;
    }
    if (answer == DOCTOR_LOST) {
        char text[512];
        const char *why = link_explain(ctl, SMP_ERR_CLOSED, 0, text, sizeof text);
        return fail(ctl, STATUS_LINK, "%s", why ? why : "the link went down");
    }
    return answer == DOCTOR_STOPPED ? fail(ctl, STATUS_INTERRUPTED, "interrupted")
                                    : report_silence(doctor, &search);
}
