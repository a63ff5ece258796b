/* SPDX-License-Identifier: Apache-2.0 */
/* decode: captured packets by name. */
#include "capture.h"
#include "commands.h"
#include "device.h"
#include "hex.h"
#include "json.h"
#include "output.h"
#include "packet.h"
#include "recording.h"
#include "slurp.h"

#include <smp/framing.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int opt_serial;
static int opt_port = 1337;

struct poptOption decode_options[] = {
    {"serial", 0, POPT_ARG_NONE, &opt_serial, 0, "What went over a serial console, text and all",
     NULL},
    {"port", 0, POPT_ARG_INT, &opt_port, 0, "UDP port of captures (1337)", "N"},
    POPT_TABLEEND,
};

/* ---- where packets come from ---- */

static void from_console(const uint8_t *data, size_t len, void *user)
{
    packet_show(user, data, len, NULL);
}

static void from_capture(const struct datagram *datagram, void *user)
{
    packet_show(user, datagram->data, datagram->len, datagram);
}

static int decode_console(struct packets *packets, const uint8_t *data, size_t len)
{
    struct smp_framing_stats stats = {.size = sizeof stats};
    int error = smp_framing_console(data, len, from_console, NULL, packets, &stats);
    if (error) {
        return fail_error(packets->ctl, error);
    }
    uint64_t bad = stats.bad_encoding + stats.bad_crc + stats.bad_length + stats.orphans;
    if (bad) {
        note(packets->ctl,
             "%" PRIu64 " frames were damaged: %" PRIu64 " by their CRC, %" PRIu64
             " not base64, %" PRIu64 " by their length, %" PRIu64 " without a beginning",
             bad, stats.bad_crc, stats.bad_encoding, stats.bad_length, stats.orphans);
    }
    return STATUS_DONE;
}

/* What --record kept. */
static int decode_recording(struct packets *packets, const char *name, const char *text, size_t len)
{
    struct recording recording;
    char error[512];
    if (!recording_parse(name, text, len, &recording, error, sizeof error)) {
        return fail(packets->ctl, STATUS_FILE, "%s", error);
    }
    for (size_t i = 0; i < recording.n; i++) {
        const struct recorded *packet = &recording.packets[i];
        struct datagram datagram = {
            .data = packet->packet,
            .len = packet->len,
            .time = packet->time,
        };
        strcpy(datagram.from, packet->to_device ? "host" : "device");
        strcpy(datagram.to, packet->to_device ? "device" : "host");
        from_capture(&datagram, packets);
    }
    recording_free(&recording);
    return STATUS_DONE;
}

/* Hexadecimal, one packet a line; # begins a remark. */
static int decode_lines(struct packets *packets, const char *name, char *text)
{
    static uint8_t data[PACKET_ROOM];
    size_t len;
    unsigned number = 0;
    for (char *line = text; line; number++) {
        char *next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        line[strcspn(line, "#")] = '\0';
        if (!hex_read(line, data, sizeof data, &len)) {
            return fail(packets->ctl, STATUS_FILE,
                        "%s, line %u: not a packet in hexadecimal, two digits a byte (a console's "
                        "log needs --serial)",
                        name, number + 1);
        }
        if (len) {
            packet_show(packets, data, len, NULL);
        }
        line = next;
    }
    return STATUS_DONE;
}

static int decode_bytes(struct packets *packets, const char *name, uint8_t *data, size_t len)
{
    if (opt_serial) {
        return decode_console(packets, data, len);
    }
    if (capture_is(data, len)) {
        FILE *file = fmemopen(data, len, "rb");
        return file ? capture_read(packets->ctl, name, file, (uint16_t)opt_port, from_capture,
                                   packets)
                    : fail_error(packets->ctl, SMP_ERR_NO_MEMORY);
    }
    if (recording_is((const char *)data, len)) {
        return decode_recording(packets, name, (const char *)data, len);
    }
    if (memchr(data, '\0', len)) {
        return fail(packets->ctl, STATUS_FILE,
                    "%s: neither hexadecimal nor a capture (pcap, pcapng)", name);
    }
    return decode_lines(packets, name, (char *)data); /* a NUL stands behind */
}

static int decode_argument(struct packets *packets, const char *argument)
{
    static uint8_t data[PACKET_ROOM];
    size_t len;
    bool is_file = strcmp(argument, "-") == 0 || access(argument, F_OK) == 0;
    if (!is_file && hex_read(argument, data, sizeof data, &len) && len) {
        if (opt_serial) {
            return decode_console(packets, data, len);
        }
        packet_show(packets, data, len, NULL);
        return STATUS_DONE;
    }
    uint8_t *content = NULL;
    int status = slurp(packets->ctl, argument, &content, &len);
    status = status == STATUS_DONE ? decode_bytes(packets, argument, content, len) : status;
    free(content);
    return status;
}

int cmd_decode(struct smpctl *ctl)
{
    struct packets packets = {.ctl = ctl};
    if (opt_port < 1 || opt_port > UINT16_MAX) {
        return fail(ctl, STATUS_USAGE, "--port takes a number from 1 to 65535");
    }
    int status = device_loop(ctl);
    packets.list = ctl->options.json ? json_array() : NULL;
    for (int i = 0; status == STATUS_DONE && i < ctl->n_args; i++) {
        status = decode_argument(&packets, ctl->args[i]);
    }
    if (status == STATUS_DONE && packets.n == 0) {
        note(ctl, "there is no packet in it");
    }
    if (status == STATUS_DONE && ctl->options.json) {
        return put_result(ctl, json_pack("{s:o}", "packets", packets.list));
    }
    json_decref(packets.list);
    return status;
}
