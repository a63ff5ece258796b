/* SPDX-License-Identifier: Apache-2.0 */
#include "packet.h"

#include "cbor_read.h"
#include "json.h"
#include "output.h"
#include "smpctl.h"

#include <stdlib.h>
#include <time.h>

/* ---- text ---- */

static void put_time(double seconds)
{
    time_t whole = (time_t)seconds;
    struct tm parts;
    char text[32];
    if (gmtime_r(&whole, &parts) && strftime(text, sizeof text, "%H:%M:%S", &parts)) {
        fprintf(out, "%s.%06u ", text, (unsigned)((seconds - (double)whole) * 1e6));
    }
}

static void put_packet(struct smpctl *ctl, const uint8_t *data, size_t len,
                       const struct smp_result *result, const struct datagram *datagram)
{
    size_t size = smp_packet_dump(ctl->loop, data, len, NULL, 0) + 1;
    char *text = malloc(size);
    if (!text) {
        return;
    }
    smp_packet_dump(ctl->loop, data, len, text, size);
    if (datagram) {
        put_time(datagram->time);
        fprintf(out, "%s > %s ", datagram->from, datagram->to);
    }
    put_text(out, str_of(text));
    putc('\n', out);
    free(text);
    if (result->error && len >= SMP_HEADER_SIZE) {
        char line[1024];
        smp_result_text(ctl->loop, result, line, sizeof line);
        fputs("    ", out);
        put_text(out, str_of(line));
        putc('\n', out);
    }
}

/* ---- JSON ---- */

static void add_header(json_t *json, struct smpctl *ctl, const struct smp_header *header)
{
    static const char *const ops[] = {"read", "read_rsp", "write", "write_rsp", "4", "5", "6", "7"};
    const struct smp_group *group = smp_group_find(ctl->loop, header->group);
    const struct smp_command *command =
        smp_command_find(ctl->loop, header->group, header->id, header->op);
    json_object_set_new(json, "version", json_integer(header->version + 1));
    json_object_set_new(json, "op", json_string(ops[header->op & 7]));
    json_object_set_new(json, "group", json_integer(header->group));
    json_object_set_new(json, "id", json_integer(header->id));
    json_object_set_new(json, "sequence", json_integer(header->sequence));
    json_object_set_new(json, "length", json_integer(header->length));
    if (group) {
        json_object_set_new(json, "group_name", json_string(smp_group_name(group)));
    }
    if (command) {
        json_object_set_new(json, "command", json_string(smp_command_name(command)));
    }
}

/* By name where the tables know it and it is what they say, else as it stands there. */
static json_t *payload_json(const struct smp_result *result)
{
    size_t used;
    if (result->rsp && result->error == SMP_OK) {
        return json_record(result->message, result->rsp);
    }
    json_t *json = cbor_to_json(result->payload.data, result->payload.len, &used);
    return json ? json : json_null();
}

static json_t *to_json(struct smpctl *ctl, const uint8_t *data, size_t len,
                       const struct smp_result *result, const struct datagram *datagram)
{
    json_t *json = json_object();
    json_object_set_new(json, "bytes", json_hex(data, len));
    if (datagram) {
        json_object_set_new(json, "time", json_real(datagram->time));
        json_object_set_new(json, "from", json_string(datagram->from));
        json_object_set_new(json, "to", json_string(datagram->to));
    }
    if (len >= SMP_HEADER_SIZE) {
        add_header(json, ctl, &result->header);
        json_object_set_new(json, "payload", payload_json(result));
    }
    if (result->error) {
        char line[1024];
        smp_result_text(ctl->loop, result, line, sizeof line);
        json_object_set_new(json, "error", json_text(str_of(line)));
    }
    return json;
}

/* ---- both ---- */

/* The bytes of the packet at the beginning; several may follow each other in a datagram. */
static size_t packet_len(const uint8_t *data, size_t len)
{
    struct smp_header header;
    if (smp_header_decode(data, len, &header) != SMP_OK) {
        return len;
    }
    size_t whole = SMP_HEADER_SIZE + header.length;
    return whole + SMP_HEADER_SIZE <= len ? whole : len; /* less than a header behind: all one */
}

void packet_show(struct packets *packets, const uint8_t *data, size_t len,
                 const struct datagram *datagram)
{
    struct smpctl *ctl = packets->ctl;
    do {
        struct smp_result result;
        size_t one = packet_len(data, len);
        smp_packet_decode(ctl->loop, data, one, &result);
        if (packets->list) {
            json_array_append_new(packets->list, to_json(ctl, data, one, &result, datagram));
        } else {
            put_packet(ctl, data, one, &result, datagram);
        }
        packets->n++;
        data += one;
        len -= one;
    } while (len > 0);
}
