/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a link, as people write it: "drop=5%,burst=3,delay=50,seed=42". */
#include <smp/error.h>
#include <smp/loopback.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Numbers are read to six decimals and held in millionths: milliseconds so become nanoseconds. */
enum { DECIMALS = 6, MILLION = 1000000, HOUR_MS = 3600000 };

enum kind {
    COUNT,     /* a whole number */
    PERCENT,   /* in the struct: out of a million */
    MS,        /* ns */
    MS_HALVED, /* of a round trip; ns one way */
};

struct word {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t width;
    uint64_t min;
    uint64_t max;
};

#define WORD(name, kind, member, min, max)                                                         \
    {                                                                                              \
        name, kind, offsetof(struct smp_faults, member),                                           \
            sizeof(((struct smp_faults *)NULL)->member), min, max                                  \
    }

static const struct word words[] = {
    WORD("drop", PERCENT, drop, 0, 100),
    WORD("burst", COUNT, burst, 1, 1000),
    WORD("duplicate", PERCENT, duplicate, 0, 100),
    WORD("reorder", PERCENT, reorder, 0, 100),
    WORD("corrupt", PERCENT, corrupt, 0, 100),
    WORD("truncate", PERCENT, truncate, 0, 100),
    WORD("delay", MS_HALVED, delay_ns, 0, HOUR_MS),
    WORD("jitter", MS, jitter_ns, 0, HOUR_MS),
    WORD("rate", COUNT, bytes_per_s, 0, 1000000000),
    WORD("silence-after", COUNT, silent_after_bytes, 0, UINT64_MAX),
    WORD("silence-after-packets", COUNT, silent_after, 0, UINT64_MAX),
    WORD("drop-above", COUNT, drop_above, 0, UINT32_MAX),
    WORD("restart-at", COUNT, restart_at, 0, UINT64_MAX),
    WORD("power-cut-at", COUNT, power_cut_at, 0, UINT64_MAX),
    WORD("seed", COUNT, seed, 0, UINT64_MAX),
};

enum { N_WORDS = sizeof(words) / sizeof(words[0]) };

/* ---- members ---- */

static uint64_t get(const struct smp_faults *faults, const struct word *word)
{
    const char *at = (const char *)faults + word->offset;
    uint32_t narrow;
    uint64_t wide;
    if (word->width == sizeof(narrow)) {
        memcpy(&narrow, at, sizeof(narrow));
        return narrow;
    }
    memcpy(&wide, at, sizeof(wide));
    return wide;
}

static void put(struct smp_faults *faults, const struct word *word, uint64_t value)
{
    char *at = (char *)faults + word->offset;
    uint32_t narrow = (uint32_t)value;
    if (word->width == sizeof(narrow)) {
        memcpy(at, &narrow, sizeof(narrow));
    } else {
        memcpy(at, &value, sizeof(value));
    }
}

/* ---- reading ---- */

/* A piece of the text that is read. */
struct span {
    const char *at;
    size_t len;
};

struct reading {
    const char *text;
    char *error;
    size_t error_size;
};

/* Says what is wrong with a word.  Control characters do not come through. */
static int wrong(const struct reading *reading, struct span span, const char *format, ...)
{
    char shown[32];
    size_t len = span.len < sizeof(shown) - 1 ? span.len : sizeof(shown) - 1;
    va_list args;
    if (reading->error == NULL || reading->error_size == 0) {
        return SMP_ERR_INVALID;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)span.at[i];
        shown[i] = c < ' ' || c >= 0x7f ? '?' : span.at[i];
    }
    shown[len] = '\0';
    int n = snprintf(reading->error, reading->error_size, "'%s' at character %zu: ", shown,
                     (size_t)(span.at - reading->text) + 1);
    if (n >= 0 && (size_t)n < reading->error_size) {
        va_start(args, format);
        vsnprintf(reading->error + n, reading->error_size - (size_t)n, format, args);
        va_end(args);
    }
    return SMP_ERR_INVALID;
}

/* Digits at the span's beginning, which then begins behind them.  False: none, or too many. */
static bool take_digits(struct span *span, uint64_t *value)
{
    size_t digits = 0;
    for (; span->len > 0 && *span->at >= '0' && *span->at <= '9'; digits++) {
        uint64_t digit = (uint64_t)(*span->at - '0');
        if (*value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *value = *value * 10 + digit;
        span->at++;
        span->len--;
    }
    return digits > 0;
}

/* What follows a decimal point, in millionths.  False: no digits, or more than `DECIMALS`. */
static bool take_decimals(struct span *span, uint64_t *millionths)
{
    size_t before = span->len;
    if (!take_digits(span, millionths) || before - span->len > DECIMALS) {
        return false;
    }
    for (size_t n = before - span->len; n < DECIMALS; n++) {
        *millionths *= 10;
    }
    return true;
}

static bool read_number(const struct word *word, struct span span, uint64_t *value)
{
    uint64_t whole = 0;
    uint64_t millionths = 0;
    if (!take_digits(&span, &whole) || whole < word->min || whole > word->max) {
        return false;
    }
    *value = whole;
    if (word->kind == COUNT) {
        return span.len == 0;
    }
    if (span.len > 0 && *span.at == '.') {
        span = (struct span){span.at + 1, span.len - 1};
        if (!take_decimals(&span, &millionths)) {
            return false;
        }
    }
    if (word->kind == PERCENT && span.len > 0 && *span.at == '%') {
        span.len--;
    }
    *value = whole * MILLION + millionths;
    return span.len == 0 && *value <= word->max * MILLION;
}

static uint64_t to_member(const struct word *word, uint64_t value)
{
    switch (word->kind) {
    case PERCENT:
        return value / 100;
    case MS_HALVED:
        return value / 2;
    default:
        return value;
    }
}

static const struct word *find(struct span name)
{
    for (size_t i = 0; i < N_WORDS; i++) {
        if (strlen(words[i].name) == name.len && memcmp(words[i].name, name.at, name.len) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

static int wrong_name(const struct reading *reading, struct span name)
{
    char names[256] = "";
    for (size_t i = 0, used = 0; i < N_WORDS; i++) {
        int n =
            snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "", words[i].name);
        used += n > 0 && (size_t)n < sizeof(names) - used ? (size_t)n : 0;
    }
    return wrong(reading, name, "no such fault; there are %s", names);
}

static int wrong_value(const struct reading *reading, const struct word *word, struct span value)
{
    if (word->kind == PERCENT) {
        return wrong(reading, value, "%s takes a percentage from 0 to 100", word->name);
    }
    if (word->kind != COUNT) {
        return wrong(reading, value, "%s takes milliseconds from 0 to %" PRIu64, word->name,
                     word->max);
    }
    if (word->max == UINT64_MAX) {
        return wrong(reading, value, "%s takes a whole number", word->name);
    }
    return wrong(reading, value, "%s takes a whole number from %" PRIu64 " to %" PRIu64, word->name,
                 word->min, word->max);
}

/* One `word=value`. */
static int read_fault(const struct reading *reading, struct span fault, struct smp_faults *faults)
{
    const char *equals = memchr(fault.at, '=', fault.len);
    struct span name = {fault.at, equals != NULL ? (size_t)(equals - fault.at) : fault.len};
    const struct word *word = find(name);
    uint64_t value;
    if (word == NULL) {
        return wrong_name(reading, name);
    }
    if (equals == NULL) {
        return wrong(reading, name, "a value is missing: %s=NUMBER", word->name);
    }
    struct span text = {equals + 1, fault.len - name.len - 1};
    if (!read_number(word, text, &value)) {
        return wrong_value(reading, word, text);
    }
    if (word->offset + word->width > faults->size) {
        return wrong(reading, name, "the program is older than this word");
    }
    put(faults, word, to_member(word, value));
    return SMP_OK;
}

/* A struct of another release, as one of this. */
static struct smp_faults own_faults(const struct smp_faults *faults)
{
    struct smp_faults own;
    memset(&own, 0, sizeof(own));
    memcpy(&own, faults, faults->size < sizeof(own) ? faults->size : sizeof(own));
    return own;
}

int smp_faults_parse(struct smp_faults *faults, const char *text, char *error, size_t error_size)
{
    const struct reading reading = {text, error, error_size};
    if (error != NULL && error_size > 0) {
        *error = '\0';
    }
    if (faults == NULL || faults->size == 0 || text == NULL) {
        return SMP_ERR_INVALID;
    }
    struct smp_faults own = own_faults(faults);
    int result = SMP_OK;
    while (result == SMP_OK && *text != '\0') {
        struct span fault = {text, strcspn(text, ",")};
        result = read_fault(&reading, fault, &own);
        text += fault.len;
        if (result == SMP_OK && *text == ',' && *++text == '\0') {
            result = wrong(&reading, (struct span){text - 1, 1}, "nothing follows");
        }
    }
    if (result == SMP_OK) {
        memcpy(faults, &own, own.size < sizeof(own) ? own.size : sizeof(own));
    }
    return result;
}

/* ---- writing ---- */

/* "5.25" of 5250000 millionths. */
static int decimal_text(uint64_t millionths, char *text, size_t size)
{
    int n =
        snprintf(text, size, "%" PRIu64 ".%06" PRIu64, millionths / MILLION, millionths % MILLION);
    while (n > 0 && text[n - 1] == '0') {
        text[--n] = '\0';
    }
    if (n > 0 && text[n - 1] == '.') {
        text[--n] = '\0';
    }
    return n;
}

static void value_text(const struct word *word, uint64_t value, char *text, size_t size)
{
    if (word->kind == COUNT) {
        snprintf(text, size, "%" PRIu64, value);
    } else if (word->kind == PERCENT) {
        int n = decimal_text(value * 100, text, size);
        snprintf(text + n, size - (size_t)n, "%%");
    } else {
        decimal_text(word->kind == MS_HALVED && value < UINT64_MAX / 2 ? value * 2 : value, text,
                     size);
    }
}

int smp_faults_print(const struct smp_faults *faults, char *text, size_t size)
{
    size_t used = 0;
    if (faults == NULL || faults->size == 0 || text == NULL || size == 0) {
        return SMP_ERR_INVALID;
    }
    const struct smp_faults own = own_faults(faults);
    text[0] = '\0';
    for (size_t i = 0; i < N_WORDS; i++) {
        char number[48];
        uint64_t value = get(&own, &words[i]);
        if (value == 0) {
            continue;
        }
        value_text(&words[i], value, number, sizeof(number));
        int n = snprintf(text + used, size - used, "%s%s=%s", used > 0 ? "," : "", words[i].name,
                         number);
        if (n < 0 || (size_t)n >= size - used) {
            return SMP_ERR_TOO_LARGE;
        }
        used += (size_t)n;
    }
    return SMP_OK;
}
