/* SPDX-License-Identifier: Apache-2.0 */
/* How much a device takes: parameters, packet size, lines and requests at once. */
#include "doctor.h"
#include "jlink.h"
#include "output.h"

#include <inttypes.h>

#define SMALL 64u
#define SAFE 384u /* what every device takes */
#define FINE 32u  /* a part of the size: the border is not looked for more closely */
#define FINE_LEAST 8u
#define CONSOLE_FRAME 4u /* what framing takes of the device's buffer */
#define LINE_BYTES 90u   /* of a packet in a line */
#define ANY_LINES 100u   /* more than can be limited */
#define LINE_ROUNDS 3
#define WINDOW_MOST 64u /* as -w takes */

/* What ends all steps; else STATUS_DONE. */
static int ended(struct doctor *doctor, enum doctor_answer answer)
{
    struct smpctl *ctl = doctor->ctl;
    if (answer == DOCTOR_STOPPED) {
        return fail(ctl, STATUS_INTERRUPTED, "interrupted");
    }
    if (answer == DOCTOR_LOST || answer == DOCTOR_NOBODY) {
        return fail(ctl, STATUS_LINK,
                    "%s: the link went down meanwhile: unplugged, or the device has crashed or "
                    "reset; its log may tell",
                    ctl->device);
    }
    return STATUS_DONE;
}

int doctor_params(struct doctor *doctor)
{
    (void)doctor_ask(doctor); /* the first one waited until the line was clear */
    doctor_step(doctor, "answer", "after %.1f ms", doctor->round_trip_ms);
    if (doctor->buf_size) {
        doctor_step(doctor, "params", "%" PRIu32 " buffer%s of %" PRIu32 " bytes",
                    doctor->buf_count, doctor->buf_count == 1 ? "" : "s", doctor->buf_size);
    } else {
        doctor_step(doctor, "params",
                    "not told: one request at a time is safe; CONFIG_MCUMGR_GRP_OS_MCUMGR_PARAMS=y "
                    "makes the device faster");
    }
    return STATUS_DONE;
}

/* ---- size ---- */

/* The largest that may be tried.  A packet over its buffers can damage a device, but on a console. */
static uint32_t most(const struct doctor *doctor)
{
    uint32_t link = smp_session_max_packet(doctor->ctl->session);
    bool console = doctor->line && doctor->ctl->link.options.framing == SMP_SERIAL_CONSOLE;
    uint32_t frame = console ? CONSOLE_FRAME : 0;
    /* Less than that is nonsense: what has been asked already took as much. */
    uint32_t told = doctor->buf_size > SMALL + frame ? doctor->buf_size - frame : SMALL;
    uint32_t device = doctor->buf_size           ? told
                      : console                  ? UINT32_MAX
                      : doctor->ctl->link.packet ? doctor->ctl->link.packet
                                                 : SAFE;
    return device < link ? device : link;
}

/* Twice, as anything may be lost once. */
static enum doctor_answer passes(struct doctor *doctor, uint32_t size)
{
    enum doctor_answer answer = doctor_echo(doctor, size, 1);
    return answer == DOCTOR_SILENT ? doctor_echo(doctor, size, 1) : answer;
}

/* Between what passed and what did not. */
static enum doctor_answer find_border(struct doctor *doctor)
{
    while (doctor->vanished - doctor->largest > FINE_LEAST + doctor->largest / FINE) {
        uint32_t size = doctor->largest + (doctor->vanished - doctor->largest) / 2;
        enum doctor_answer answer = passes(doctor, size);
        if (answer > DOCTOR_SILENT) {
            return answer;
        }
        *(answer == DOCTOR_ANSWERED ? &doctor->largest : &doctor->vanished) = size;
    }
    return DOCTOR_ANSWERED;
}

static enum doctor_answer try_sizes(struct doctor *doctor, uint32_t top)
{
    static const uint32_t sizes[] = {SMALL, 128, 256, SAFE, 512, 1024, 2048, 4096, 8192, 16384};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && doctor->largest < top; i++) {
        uint32_t size = sizes[i] < top ? sizes[i] : top;
        enum doctor_answer answer = passes(doctor, size);
        if (answer > DOCTOR_SILENT || !doctor->has_echo) {
            return answer;
        }
        if (answer != DOCTOR_ANSWERED) {
            doctor->vanished = size;
            return find_border(doctor);
        }
        doctor->largest = size;
    }
    return DOCTOR_ANSWERED;
}

static void report_vanishing(struct doctor *doctor)
{
    char text[512];
    if (doctor->largest == 0) {
        doctor_step(doctor, "size",
                    "not even %" PRIu32 " bytes come back, but smaller packets do: the line loses "
                    "bytes, or the device's line buffers are too small (see line= and gap=)",
                    doctor->vanished);
    } else if (doctor->buf_size) {
        doctor_step(doctor, "size",
                    "%" PRIu32 " bytes come back, %" PRIu32 " vanish, though the device says it "
                    "has room for %" PRIu32,
                    doctor->largest, doctor->vanished, doctor->buf_size);
    } else {
        doctor_step(doctor, "size", "%" PRIu32 " bytes come back, %" PRIu32 " vanish",
                    doctor->largest, doctor->vanished);
    }
    if (doctor->serial && jlink_hint(doctor->address.place, text, sizeof text)) {
        doctor_step(doctor, "hint", "%s", text);
    }
}

int doctor_sizes(struct doctor *doctor)
{
    doctor->has_echo = true;
    uint32_t top = most(doctor);
    enum doctor_answer answer = try_sizes(doctor, top);
    int status = ended(doctor, answer);
    if (status != STATUS_DONE) {
        return status;
    }
    if (!doctor->has_echo) {
        doctor->largest = doctor->vanished = 0;
        doctor_step(doctor, "size",
                    "not tried: the device has no echo (MCUboot's serial recovery has none)");
    } else if (doctor->vanished) {
        report_vanishing(doctor);
    } else if (!doctor->buf_size && top == SAFE) {
        doctor_step(doctor, "size",
                    "%" PRIu32 " bytes come back; more may harm a device that does not tell its "
                    "buffers, so more was not tried",
                    doctor->largest);
    } else {
        doctor_step(doctor, "size", "%" PRIu32 " bytes come back", doctor->largest);
    }
    return STATUS_DONE;
}

/* ---- window ---- */

int doctor_window(struct doctor *doctor)
{
    uint32_t told = doctor->buf_count <= WINDOW_MOST ? doctor->buf_count : WINDOW_MOST + 1;
    uint32_t allowed = told > 2 ? told - 1 : 1;
    uint32_t size = doctor->largest < SAFE ? doctor->largest : SAFE;
    uint32_t n = allowed;
    if (!doctor->has_echo || !doctor->largest || allowed == 1) {
        doctor->window = 1;
        doctor_step(doctor, "window", "1 request at a time%s",
                    doctor->buf_count ? ": the device has buffers for no more"
                                      : ": more were not tried, they can crash a device");
        return STATUS_DONE;
    }
    for (; n > 1; n /= 2) {
        enum doctor_answer answer = doctor_echo(doctor, size, n);
        answer = answer == DOCTOR_SILENT ? doctor_echo(doctor, size, n) : answer;
        int status = ended(doctor, answer);
        if (status != STATUS_DONE) {
            return status;
        }
        if (answer == DOCTOR_ANSWERED) {
            break;
        }
    }
    doctor->window = n;
    if (n < allowed) {
        doctor_step(doctor, "window",
                    "%" PRIu32 " requests at once; %" PRIu32 ", as its buffers should allow, lose "
                    "some: give uploads -w %" PRIu32,
                    n, allowed, n);
    } else {
        doctor_step(doctor, "window", "%" PRIu32 " requests at once", n);
    }
    return STATUS_DONE;
}

/* ---- lines ---- */

/* Packets of many lines, a few times, with so many lines on the way. */
static enum doctor_answer try_lines(struct doctor *doctor, uint32_t lines)
{
    /* Twice as many lines as are let go, so that the limit is what counts. */
    uint32_t enough = 2 * lines * LINE_BYTES / doctor->window;
    uint32_t size = lines == ANY_LINES || doctor->largest < enough ? doctor->largest : enough;
    doctor->ctl->link.options.lines = lines;
    enum doctor_answer answer = doctor_open(doctor) == SMP_OK ? DOCTOR_ANSWERED : DOCTOR_LOST;
    for (int i = 0; i < LINE_ROUNDS && answer == DOCTOR_ANSWERED; i++) {
        answer = doctor_echo(doctor, size, doctor->window);
    }
    return answer;
}

int doctor_lines(struct doctor *doctor)
{
    static const uint32_t counts[] = {ANY_LINES, 32, 8};
    uint32_t *lines = &doctor->ctl->link.options.lines;
    uint32_t given = *lines;
    if (!doctor->line || doctor->ctl->link.options.framing != SMP_SERIAL_CONSOLE ||
        doctor->largest < SAFE - CONSOLE_FRAME) {
        return STATUS_DONE; /* too few lines to tell */
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        enum doctor_answer answer = try_lines(doctor, counts[i]);
        int status = ended(doctor, answer);
        if (status != STATUS_DONE) {
            return status;
        }
        if (answer == DOCTOR_ANSWERED) {
            doctor_step(doctor, "lines",
                        counts[i] == ANY_LINES ? "any number at once" : "%" PRIu32 " at once",
                        counts[i]);
            return STATUS_DONE;
        }
    }
    *lines = given;
    doctor_step(doctor, "lines",
                "no more than the usual 2 at once, which is slow: raise "
                "CONFIG_UART_MCUMGR_RX_BUF_COUNT in the firmware");
    return doctor_open(doctor) == SMP_OK ? STATUS_DONE : ended(doctor, DOCTOR_LOST);
}
