/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what is wrong with a link, and how to speak on it. */
#include "commands.h"
#include "device.h"
#include "doctor.h"
#include "json.h"
#include "keys.h"
#include "learnt.h"
#include "output.h"
#include "portinfo.h"
#include "record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define PATIENCE_MS 500u

void doctor_step(struct doctor *doctor, const char *step, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (doctor->ctl->options.json) {
        put_json(json_pack("{s:s, s:o}", "step", step, "text", json_text(str_of(text))));
        return;
    }
    fprintf(out, "%-8s ", step);
    put_text(out, str_of(text));
    fputc('\n', out);
    flush_output();
}

/* ---- the port ---- */

static void describe_port(struct doctor *doctor)
{
    struct portinfo info;
    char usb[256] = "";
    if (portinfo_find(doctor->address.place, &info) && info.has_usb) {
        snprintf(usb, sizeof usb, " (USB %04x:%04x%s%s, %s)", info.vendor, info.product,
                 *info.serial_number ? ":" : "", info.serial_number, info.description);
    }
    doctor_step(doctor, "port", "%s: there, free and permitted%s", info.path, usb);
}

static int open_link(struct doctor *doctor)
{
    struct smpctl *ctl = doctor->ctl;
    int status = link_connect(ctl, &doctor->address);
    learnt_forget(ctl);
    status = status == STATUS_DONE ? record_begin(ctl) : status;
    if (status == STATUS_DONE && doctor->serial) {
        describe_port(doctor);
    } else if (status == STATUS_DONE) {
        doctor_step(doctor, "address", "%s", ctl->device);
    }
    return status;
}

/* ---- UDP ---- */

static int find_udp(struct doctor *doctor)
{
    struct smpctl *ctl = doctor->ctl;
    enum doctor_answer answer = DOCTOR_SILENT;
    for (int i = 0; i < 3 && answer == DOCTOR_SILENT; i++) { /* one may be lost */
        int error = doctor_session(doctor, 1);
        if (error) {
            return fail_error(ctl, error);
        }
        answer = doctor_ask(doctor);
    }
    switch (answer) {
    case DOCTOR_ANSWERED:
    case DOCTOR_CUT:
        return STATUS_DONE;
    case DOCTOR_STOPPED:
        return fail(ctl, STATUS_INTERRUPTED, "interrupted");
    case DOCTOR_NOBODY:
        return fail(ctl, STATUS_LINK,
                    "nobody listens at %s: the machine is there, but no SMP server on that port "
                    "(usually 1337)",
                    ctl->device);
    case DOCTOR_LOST:
        return fail(ctl, STATUS_LINK, "%s cannot be reached from this machine", ctl->device);
    default:
        return fail(ctl, STATUS_LINK,
                    "no answer from %s: is it on, is the address right, does a firewall drop UDP, "
                    "and does the firmware have CONFIG_MCUMGR_TRANSPORT_UDP?",
                    ctl->device);
    }
}

/* ---- the end ---- */

/* mtu= only where large packets vanish: else the device's own word counts. */
static void settle(struct doctor *doctor)
{
    struct link *link = &doctor->ctl->link;
    if (doctor->line && doctor->largest && (doctor->vanished || !doctor->buf_size)) {
        link->packet = doctor->largest;
    }
    if (link->options.framing == SMP_SERIAL_RAW && doctor->window > 1) {
        link->options.window = doctor->window;
    }
}

static void write_advice(const struct doctor *doctor, char *url, char *connstring, size_t size)
{
    char keys[256] = "";
    const struct address *address = &doctor->address;
    const struct link *link = &doctor->ctl->link;
    if (!doctor->line) {
        snprintf(url, size, "%s://%s", address->type, address->place);
        snprintf(connstring, size, "%s", address->place);
        return;
    }
    link_keys_write(&link->options, link->packet, '&', keys, sizeof keys);
    if (*keys) {
        *keys = '?';
    }
    snprintf(url, size, "%s://%s%s", address->type, address->place, keys);
    link_keys_write(&link->options, link->packet, ',', keys, sizeof keys);
    snprintf(connstring, size, "%s%s%s", doctor->serial ? "dev=" : "", address->place, keys);
}

static json_t *advice_json(const struct doctor *doctor, const char *url, const char *connstring)
{
    json_t *json = json_object();
    const struct link *link = &doctor->ctl->link;
    json_object_set_new(json, "url", json_text(str_of(url)));
    json_object_set_new(json, "type", json_string(doctor->address.type));
    json_object_set_new(json, "connstring", json_text(str_of(connstring)));
    json_object_set_new(json, "round_trip_ms", json_real(doctor->round_trip_ms));
    if (doctor->line) {
        bool raw = link->options.framing == SMP_SERIAL_RAW;
        json_object_set_new(json, "framing", json_string(raw ? "raw" : "console"));
    }
    const struct {
        const char *key;
        uint32_t value;
    } numbers[] = {
        {"baud", doctor->serial ? link->options.baud : 0},
        {"lines", link->options.lines},
        {"buf_size", doctor->buf_size},
        {"buf_count", doctor->buf_count},
        {"largest", doctor->largest},
        {"vanished", doctor->vanished},
        {"window", doctor->window},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].value) {
            json_object_set_new(json, numbers[i].key, json_integer(numbers[i].value));
        }
    }
    return json;
}

static int advise(struct doctor *doctor)
{
    struct smpctl *ctl = doctor->ctl;
    char url[512], connstring[512];
    settle(doctor);
    write_advice(doctor, url, connstring, sizeof url);
    if (ctl->options.json) {
        return put_result(ctl, advice_json(doctor, url, connstring));
    }
    fprintf(out, "\nUse:     %s -d \"", ctl->name);
    put_text(out, str_of(url));
    fprintf(out, "\" image list\nOr save: %s conn add NAME type=%s \"connstring=", ctl->name,
            doctor->address.type);
    put_text(out, str_of(connstring));
    fputs("\"\n", out);
    return STATUS_DONE;
}

int cmd_doctor(struct smpctl *ctl)
{
    double timeout = ctl->options.timeout;
    struct doctor doctor = {.ctl = ctl,
                            .patience_ms = timeout ? (uint32_t)(timeout * 1000) : PATIENCE_MS};
    int status = address_find(ctl, &doctor.address);
    doctor.serial = strcmp(doctor.address.type, "serial") == 0;
    doctor.line = strcmp(doctor.address.type, "udp") != 0;
    status = status == STATUS_DONE ? device_loop(ctl) : status;
    status = status == STATUS_DONE ? device_catch_interrupts(ctl) : status;
    status = status == STATUS_DONE ? link_prepare(ctl, &doctor.address) : status;
    status = status == STATUS_DONE ? open_link(&doctor) : status;
    if (status == STATUS_DONE) {
        status = doctor.line ? doctor_find(&doctor) : find_udp(&doctor);
    }
    status = status == STATUS_DONE ? doctor_params(&doctor) : status;
    status = status == STATUS_DONE ? doctor_sizes(&doctor) : status;
    status = status == STATUS_DONE ? doctor_window(&doctor) : status;
    status = status == STATUS_DONE ? doctor_lines(&doctor) : status;
    return status == STATUS_DONE ? advise(&doctor) : status;
}
