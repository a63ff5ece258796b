/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include "options.h"
#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { HASH = SHA256_DIGEST_SIZE, HEX = 2 * HASH + 1, LINE_MAX_BYTES = 64 * 1024, WHO_MAX = 320 };
enum { LOCK_AGAIN_MS = 20, LOCK_MOST_MS = 3000 };

struct audit {
    int fd;
    off_t end; /* as we left it: somebody else may have written since */
    uint64_t seq;
    char prev[HEX];
    char who[WHO_MAX];
};

static void hash_line(const char *line, size_t len, char *hex)
{
    struct sha256_ctx sha;
    uint8_t digest[HASH];
    sha256_init(&sha);
    sha256_update(&sha, len, (const uint8_t *)line);
    sha256_digest(&sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        sprintf(hex + 2 * i, "%02x", digest[i]);
    }
}

static void no_hash(char *hex)
{
    memset(hex, '0', HEX - 1);
    hex[HEX - 1] = '\0';
}

/* ---- where the log ends ---- */

/* The last line, which must be whole; its length, 0: the file is empty, -1: it is not. */
static ssize_t last_line(int fd, off_t end, char *line)
{
    size_t len = end < LINE_MAX_BYTES ? (size_t)end : LINE_MAX_BYTES;
    if (end == 0) {
        return 0;
    }
    if (pread(fd, line, len, end - (off_t)len) != (ssize_t)len || line[len - 1] != '\n') {
        return -1;
    }
    size_t begin = --len;
    while (begin > 0 && line[begin - 1] != '\n') {
        begin--;
    }
    memmove(line, line + begin, len - begin);
    line[len - begin] = '\0';
    return (ssize_t)(len - begin);
}

static bool find_end(struct audit *audit, char *error, size_t size)
{
    char line[LINE_MAX_BYTES + 1];
    off_t end = lseek(audit->fd, 0, SEEK_END);
    if (end < 0) { /* a pipe, a terminal */
        snprintf(error, size, "a log has to be a file: %s", strerror(errno));
        return false;
    }
    if (end == audit->end) {
        return true;
    }
    ssize_t len = last_line(audit->fd, end, line);
    json_t *json = len > 0 ? json_loads(line, 0, NULL) : NULL;
    json_t *seq = json_object_get(json, "seq");
    json_int_t last = json_is_integer(seq) ? json_integer_value(seq) : -1;
    bool good = len == 0 || (last >= 0 && last < INT64_MAX);
    audit->end = end;
    audit->seq = (uint64_t)last + 1;
    if (len > 0) {
        hash_line(line, (size_t)len, audit->prev);
    } else {
        no_hash(audit->prev);
    }
    json_decref(json);
    if (!good) {
        snprintf(error, size,
                 "it does not end with a line of an audit log; --verify-audit tells "
                 "more");
    }
    return good;
}

/* ---- opening ---- */

static void default_who(char *who, size_t size)
{
    char host[256] = "?";
    const struct passwd *user = getpwuid(getuid());
    gethostname(host, sizeof host - 1);
    if (user) {
        snprintf(who, size, "%s@%s", user->pw_name, host);
    } else {
        snprintf(who, size, "uid %u@%s", (unsigned)getuid(), host);
    }
}

struct audit *audit_open(const char *path, const char *who, char *error, size_t size)
{
    struct audit *audit = calloc(1, sizeof *audit);
    if (!audit) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    audit->end = -1;
    audit->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (audit->fd < 0) {
        snprintf(error, size, "%s", strerror(errno));
        free(audit);
        return NULL;
    }
    if (who) {
        snprintf(audit->who, sizeof audit->who, "%s", who);
    } else {
        default_who(audit->who, sizeof audit->who);
    }
    show_plain(audit->who);
    if (!find_end(audit, error, size)) {
        audit_close(audit);
        return NULL;
    }
    return audit;
}

void audit_close(struct audit *audit)
{
    if (audit) {
        close(audit->fd);
        free(audit);
    }
}

/* ---- writing ---- */

static json_t *text_or_null(bool has, struct smp_str text)
{
    return has ? json_stringn(text.data, text.len) : json_null();
}

static json_t *hex_or_null(bool has, struct smp_bytes bytes)
{
    char hex[2 * 64 + 1] = "";
    if (!has) {
        return json_null();
    }
    for (size_t i = 0; i < bytes.len && i < 64; i++) {
        sprintf(hex + 2 * i, "%02x", bytes.data[i]);
    }
    return json_string(hex);
}

static void put_time(json_t *line)
{
    char text[40];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + len, sizeof text - len, ".%03ldZ", now.tv_nsec / 1000000);
    json_object_set_new(line, "time", json_string(text));
}

static json_t *make_line(const struct audit *audit, const char *device, const char *serial,
                         const struct smp_update_event *event)
{
    const struct smp_update_report *r = event->report;
    json_t *line = json_object();
    json_object_set_new(line, "seq", json_integer((json_int_t)audit->seq));
    put_time(line);
    json_object_set_new(line, "who", json_string(audit->who));
    json_object_set_new(line, "device", json_string(device));
    json_object_set_new(line, "serial", serial ? json_string(serial) : json_null());
    json_object_set_new(line, "image", json_integer(r->image));
    json_object_set_new(line, "step", json_string(smp_update_phase_name(event->phase)));
    json_object_set_new(line, "result",
                        json_string(event->error ? smp_error_name(event->error) : "ok"));
    json_object_set_new(line, "state", json_string(smp_update_state_name(r->state)));
    json_object_set_new(line, "same", json_boolean(r->same));
    json_object_set_new(line, "from_version", text_or_null(r->has_from_version, r->from_version));
    json_object_set_new(line, "from_hash", hex_or_null(r->has_from_hash, r->from_hash));
    json_object_set_new(line, "to_version", text_or_null(r->has_to_version, r->to_version));
    json_object_set_new(line, "to_hash", hex_or_null(r->has_to_hash, r->to_hash));
    json_object_set_new(line, "file_sha256", hex_or_null(r->has_file_sha, r->file_sha));
    json_object_set_new(line, "text", json_stringn(r->text.data, r->text.len));
    json_object_set_new(line, "prev", json_string(audit->prev));
    return line;
}

/* The whole line at once, so that it is there or not. */
static bool append(struct audit *audit, char *text, char *error, size_t size)
{
    size_t len = strlen(text);
    char hash[HEX];
    hash_line(text, len, hash);
    text[len] = '\n'; /* in the place of the NUL */
    ssize_t n = write(audit->fd, text, len + 1);
    if (n != (ssize_t)len + 1 || fsync(audit->fd) != 0) {
        snprintf(error, size, "%s",
                 n >= 0 && n != (ssize_t)len + 1 ? "the disk is full" : strerror(errno));
        if (n > 0 && ftruncate(audit->fd, audit->end) != 0) {
            audit->end = -1; /* half a line stays: the next one will be refused */
        }
        return false;
    }
    memcpy(audit->prev, hash, sizeof hash);
    audit->end += n;
    audit->seq++;
    return true;
}

/* Other runs may write to it too: each for a moment, but somebody may hold it and sleep. */
static bool lock(struct audit *audit, char *error, size_t size)
{
    const struct timespec pause = {.tv_nsec = LOCK_AGAIN_MS * 1000000};
    for (int ms = 0; ms < LOCK_MOST_MS; ms += LOCK_AGAIN_MS) {
        if (flock(audit->fd, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            snprintf(error, size, "%s", strerror(errno));
            return false;
        }
        nanosleep(&pause, NULL);
    }
    snprintf(error, size, "another program keeps it locked");
    return false;
}

bool audit_write(struct audit *audit, const char *device, const char *serial,
                 const struct smp_update_event *event, char *error, size_t size)
{
    bool good = false;
    if (!lock(audit, error, size)) {
        return false;
    }
    if (find_end(audit, error, size)) {
        json_t *line = make_line(audit, device, serial, event);
        char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
        json_decref(line);
        if (text) {
            good = append(audit, text, error, size);
        } else {
            snprintf(error, size, "out of memory");
        }
        free(text);
    }
    flock(audit->fd, LOCK_UN);
    return good;
}

/* ---- checking ---- */

static const char *check_line(const char *line, size_t len, uint64_t n, const char *prev)
{
    json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    const char *said = json_string_value(json_object_get(json, "prev"));
    json_t *seq = json_object_get(json, "seq");
    const char *problem = NULL;
    if (!json_is_object(json) || !said || !json_is_integer(seq)) {
        problem = "is no line of an audit log";
    } else if (strcmp(said, prev) != 0) {
        problem = n == 0 ? "does not begin a log: lines before it were taken away"
                         : "does not follow from the line before: one of the two was changed, or "
                           "a line between them was taken away or added";
    } else if (json_integer_value(seq) != (json_int_t)n) {
        problem = "has the wrong number";
    }
    json_decref(json);
    return problem;
}

int audit_verify(const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    char prev[HEX];
    uint64_t n = 0;
    ssize_t len;
    const char *problem = NULL;
    no_hash(prev);
    if (!file) {
        fprintf(stderr, "dfu_update: %s: %s\n", path, strerror(errno));
        return STATUS_FILE;
    }
    while (!problem && (len = getline(&line, &room, file)) > 0) {
        bool whole = line[len - 1] == '\n';
        len -= whole;
        problem = !whole ? "is cut short" : check_line(line, (size_t)len, n, prev);
        hash_line(line, (size_t)len, prev);
        n++;
    }
    if (ferror(file) && !problem) {
        problem = "cannot be read";
    }
    free(line);
    fclose(file);
    if (problem) {
        fprintf(stderr, "dfu_update: %s, line %" PRIu64 ": %s\n", path, n, problem);
        return STATUS_FILE;
    }
    printf("%s: %" PRIu64 " lines, the chain is whole; the last hash is %s\n", path, n, prev);
    return STATUS_DONE;
}
