/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR that a device sent, as JSON; it may be anything. */
#include "cbor_read.h"

#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

enum { UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

/* One item's head; info 31: its length is not told, or it ends such an item. */
struct head {
    unsigned major;
    unsigned info;
    uint64_t number;
};

static bool read_head(struct reader *reader, struct head *head)
{
    static const uint8_t widths[] = {1, 2, 4, 8};
    if (reader->at == reader->end) {
        return false;
    }
    *head = (struct head){.major = *reader->at >> 5, .info = *reader->at & 31};
    reader->at++;
    head->number = head->info;
    if (head->info >= 24 && head->info <= 27) {
        size_t width = widths[head->info - 24];
        if ((size_t)(reader->end - reader->at) < width) {
            return false;
        }
        head->number = 0;
        for (size_t i = 0; i < width; i++) {
            head->number = head->number << 8 | *reader->at++;
        }
    }
    bool open = head->info == 31 && head->major >= BYTES && head->major != TAG;
    return head->info < 28 || open;
}

static bool is_break(const struct head *head)
{
    return head->major == SIMPLE && head->info == 31;
}

/* Whether another element follows; takes the break that ends an open list. */
static bool more(struct reader *reader, const struct head *head, uint64_t done)
{
    if (head->info != 31) {
        return done < head->number;
    }
    if (reader->at < reader->end && *reader->at == 0xff) {
        reader->at++;
        return false;
    }
    return true;
}

static double half(uint64_t bits)
{
    int exponent = bits >> 10 & 31;
    double mantissa = (double)(bits & 1023);
    double value = exponent == 0    ? ldexp(mantissa, -24)
                   : exponent == 31 ? (mantissa != 0 ? NAN : INFINITY)
                                    : ldexp(mantissa + 1024, exponent - 25);
    return bits & 0x8000 ? -value : value;
}

static json_t *simple(const struct head *head)
{
    double real = NAN;
    if (head->info == 20 || head->info == 21) {
        return json_boolean(head->info == 21);
    }
    if (head->info == 25) {
        real = half(head->number);
    } else if (head->info == 26) {
        uint32_t bits = (uint32_t)head->number;
        float single;
        memcpy(&single, &bits, sizeof single);
        real = (double)single;
    } else if (head->info == 27) {
        memcpy(&real, &head->number, sizeof real);
    }
    return isfinite(real) ? json_real(real) : json_null(); /* JSON knows no other */
}

static json_t *string(struct reader *reader, const struct head *head)
{
    if (head->number > (uint64_t)(reader->end - reader->at)) {
        return NULL;
    }
    const uint8_t *data = reader->at;
    size_t len = (size_t)head->number;
    reader->at += len;
    return head->major == TEXT ? json_text((struct smp_str){(const char *)data, len})
                               : json_pack("{s:o}", "$hex", json_hex(data, len));
}

static json_t *item(struct reader *reader, unsigned depth);

/* A string in chunks: they are shown as a list. */
static json_t *list(struct reader *reader, const struct head *head, unsigned depth)
{
    json_t *json = json_array();
    for (uint64_t i = 0; more(reader, head, i); i++) {
        json_t *element = item(reader, depth + 1);
        if (json_array_append_new(json, element) != 0) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

static json_t *map(struct reader *reader, const struct head *head, unsigned depth)
{
    json_t *json = json_object();
    for (uint64_t i = 0; more(reader, head, i); i++) {
        json_t *key = item(reader, depth + 1);
        json_t *value = key ? item(reader, depth + 1) : NULL;
        char *other = json_is_string(key) ? NULL : json_dumps(key, JSON_ENCODE_ANY | JSON_COMPACT);
        const char *name = other ? other : json_string_value(key);
        int failed = !name || json_object_set_new(json, name, value) != 0;
        free(other);
        json_decref(key);
        if (failed) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

static json_t *item(struct reader *reader, unsigned depth)
{
    struct head head;
    if (depth > DEPTH_MAX || !read_head(reader, &head) || is_break(&head)) {
        return NULL;
    }
    switch (head.major) {
    case UINT:
        return head.number <= INT64_MAX ? json_integer((json_int_t)head.number)
                                        : json_real((double)head.number);
    case NEGATIVE:
        return head.number <= INT64_MAX ? json_integer(-1 - (json_int_t)head.number)
                                        : json_real(-1 - (double)head.number);
    case BYTES:
    case TEXT:
        return head.info == 31 ? list(reader, &head, depth) : string(reader, &head);
    case ARRAY:
        return list(reader, &head, depth);
    case MAP:
        return map(reader, &head, depth);
    case TAG:
        return item(reader, depth + 1);
    default:
        return simple(&head);
    }
}

json_t *cbor_to_json(const uint8_t *data, size_t len, size_t *used)
{
    struct reader reader = {data, data + len};
    json_t *json = item(&reader, 0);
    *used = (size_t)(reader.at - data);
    return json;
}
