/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostic notation (RFC 8949, 8), written item by item without recursion.
 * The payload is checked first: what is not CBOR, nested too deeply or followed
 * by more than zero bytes is shown as hex.  Tags are left out.
 */
#include "codec/dump.h"
#include "base/text.h"
#include "codec/reader.h"
#include "codec/registry.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Byte strings longer than this are cut to it. */
#define BYTES_SHOWN 32

/* A map, an array or a string in chunks that is being written. */
struct open {
    struct smpi_item container;
    size_t items;
};

static void write_bytes(struct smpi_text *text, const uint8_t *data, size_t len)
{
    smpi_text_add(text, "h'");
    smpi_text_hex(text, data, len < BYTES_SHOWN ? len : BYTES_SHOWN);
    if (len > BYTES_SHOWN)
        smpi_text_print(text, "...' /%zu bytes/", len);
    else
        smpi_text_add(text, "'");
}

static void write_negative(struct smpi_text *text, uint64_t number)
{
    if (number == UINT64_MAX) /* the one that has no uint64_t to print */
        smpi_text_add(text, "-18446744073709551616");
    else
        smpi_text_print(text, "-%" PRIu64, number + 1);
}

static void write_real(struct smpi_text *text, double real)
{
    struct smpi_text number;
    char digits[40];

    if (isnan(real) || isinf(real)) {
        smpi_text_add(text, isnan(real) ? "NaN" : real < 0 ? "-Infinity" : "Infinity");
        return;
    }
    smpi_text_init(&number, digits, sizeof(digits));
    smpi_text_print(&number, "%.9g", real);
    char *point = strchr(digits, ','); /* some locales */
    if (point)
        *point = '.';
    smpi_text_add(text, digits);
    if (!strpbrk(digits, ".e"))
        smpi_text_add(text, ".0");
}

static void write_simple(struct smpi_text *text, const struct smpi_item *item)
{
    if (item->kind == SMPI_ITEM_BOOL)
        smpi_text_add(text, item->number ? "true" : "false");
    else if (item->kind == SMPI_ITEM_NULL)
        smpi_text_add(text, item->number == 22 ? "null" : "undefined");
    else
        smpi_text_print(text, "simple(%" PRIu64 ")", item->number);
}

/* Writes an item, or how it opens; returns whether it did open. */
static bool write_item(struct smpi_text *text, const struct smpi_item *item)
{
    switch (item->kind) {
    case SMPI_ITEM_UINT:
        smpi_text_print(text, "%" PRIu64, item->number);
        return false;
    case SMPI_ITEM_NEGINT:
        write_negative(text, item->number);
        return false;
    case SMPI_ITEM_FLOAT:
        write_real(text, item->real);
        return false;
    case SMPI_ITEM_BYTES:
    case SMPI_ITEM_TEXT:
        if (item->indefinite) {
            smpi_text_add(text, "(_ ");
            return true;
        }
        if (item->kind == SMPI_ITEM_BYTES) {
            write_bytes(text, item->data, (size_t)item->number);
            return false;
        }
        smpi_text_add(text, "\"");
        smpi_text_escape(text, item->data, (size_t)item->number);
        smpi_text_add(text, "\"");
        return false;
    case SMPI_ITEM_ARRAY:
        smpi_text_add(text, item->indefinite ? "[_ " : "[");
        return true;
    case SMPI_ITEM_MAP:
        smpi_text_add(text, item->indefinite ? "{_ " : "{");
        return true;
    default:
        write_simple(text, item);
        return false;
    }
}

static void write_close(struct smpi_text *text, enum smpi_item_kind kind)
{
    smpi_text_add(text, kind == SMPI_ITEM_MAP ? "}" : kind == SMPI_ITEM_ARRAY ? "]" : ")");
}

/* Writes one item that was checked by smpi_reader_skip() before. */
static void write_cbor(struct smpi_text *text, struct smpi_reader *reader)
{
    struct open stack[SMPI_DEPTH_MAX + 1]; /* one more for a string in chunks */
    int open = 0;

    do {
        struct smpi_item item;
        if (smpi_reader_next(reader, &item) != SMP_OK)
            return;
        if (write_item(text, &item)) {
            if (item.kind == SMPI_ITEM_MAP)
                item.number *= 2;
            stack[open++] = (struct open){.container = item};
        }
        while (open > 0 && smpi_reader_more(reader, &stack[open - 1].container) != 1)
            write_close(text, stack[--open].container.kind);
        if (open > 0) {
            struct open *in = &stack[open - 1];
            if (in->items > 0)
                smpi_text_add(text,
                              in->container.kind == SMPI_ITEM_MAP && in->items % 2 ? ": " : ", ");
            in->items++;
        }
    } while (open > 0);
}

static bool is_cbor(const uint8_t *data, size_t len)
{
    struct smpi_reader reader = {data, data + len};
    struct smpi_item item;

    if (smpi_reader_next(&reader, &item) != SMP_OK || smpi_reader_skip(&reader, &item, 0) != SMP_OK)
        return false;
    while (reader.at < reader.end && *reader.at == 0)
        reader.at++;
    return reader.at == reader.end;
}

static void write_header(struct smpi_text *text, const struct smpi_registry *registry,
                         const struct smp_header *header)
{
    static const char *const ops[] = {"read request",   "read response", "write request",
                                      "write response", "op 4",          "op 5",
                                      "op 6",           "op 7"};
    const struct smp_group *group = smpi_registry_group(registry, header->group);
    const struct smp_command *command =
        smpi_registry_command(registry, header->group, header->id, header->op);

    smpi_text_print(text, "v%d %s, ", header->version + 1, ops[header->op & 7]);
    if (group)
        smpi_text_print(text, "%s ", group->name);
    else
        smpi_text_print(text, "group %u ", header->group);
    if (command)
        smpi_text_print(text, "%s", command->name);
    else
        smpi_text_print(text, "command %u", header->id);
    smpi_text_print(text, ", seq %u", header->sequence);
}

size_t smpi_packet_dump(const struct smpi_registry *registry, const uint8_t *packet, size_t len,
                        char *text_out, size_t size)
{
    struct smp_header header;
    struct smpi_text text;

    smpi_text_init(&text, text_out, size);
    if (smp_header_decode(packet, len, &header) != SMP_OK) {
        smpi_text_print(&text, "%zu bytes, too short for a header: ", len);
        write_bytes(&text, packet, len);
        return text.len;
    }
    const uint8_t *payload = packet + SMP_HEADER_SIZE;
    size_t payload_len = len - SMP_HEADER_SIZE;
    write_header(&text, registry, &header);
    if (header.length != payload_len)
        smpi_text_print(&text, ", length says %u and %zu came", header.length, payload_len);
    if (payload_len == 0)
        return text.len;
    smpi_text_add(&text, ": ");
    if (is_cbor(payload, payload_len)) {
        struct smpi_reader reader = {payload, payload + payload_len};
        write_cbor(&text, &reader);
    } else {
        smpi_text_add(&text, "not CBOR, h'");
        smpi_text_hex(&text, payload, payload_len);
        smpi_text_add(&text, "'");
    }
    return text.len;
}
