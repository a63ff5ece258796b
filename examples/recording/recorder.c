/* SPDX-License-Identifier: Apache-2.0 */
#include "recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct recorder {
    FILE *file;
    int error;
    double began; /* seconds since 1970 when the steady clock stood at `steady` */
    double steady;
};

static double seconds(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* As a JSON string; what is not printable ASCII becomes a question mark. */
static void put_string(FILE *file, const char *text)
{
    putc('"', file);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            putc('\\', file);
        }
        putc(*text >= 0x20 && *text < 0x7f ? *text : '?', file);
    }
    putc('"', file);
}

static int flush(struct recorder *recorder)
{
    errno = 0;
    if (!recorder->error && (fflush(recorder->file) != 0 || ferror(recorder->file))) {
        recorder->error = errno ? errno : EIO;
    }
    return recorder->error;
}

struct recorder *recorder_new(const char *path, const char *device, const char *by)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    if (!recorder) {
        return NULL;
    }
    recorder->file = fopen(path, "we");
    if (!recorder->file) {
        int error = errno;
        free(recorder);
        errno = error;
        return NULL;
    }
    /* A clock that is set meanwhile must not tear the times apart. */
    recorder->began = seconds(CLOCK_REALTIME);
    recorder->steady = seconds(CLOCK_MONOTONIC);
    fputs("{\"smp_recording\":1,\"device\":", recorder->file);
    put_string(recorder->file, device);
    fputs(",\"by\":", recorder->file);
    put_string(recorder->file, by);
    fputs("}\n", recorder->file);
    flush(recorder);
    return recorder;
}

int recorder_add(struct recorder *recorder, bool to_device, const uint8_t *packet, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    if (recorder->error) {
        return recorder->error;
    }
    fprintf(recorder->file, "{\"time\":%.6f,\"to\":\"%s\",\"bytes\":\"",
            recorder->began + seconds(CLOCK_MONOTONIC) - recorder->steady,
            to_device ? "device" : "host");
    for (size_t i = 0; i < len; i++) {
        putc(digits[packet[i] >> 4], recorder->file);
        putc(digits[packet[i] & 15], recorder->file);
    }
    fputs("\"}\n", recorder->file);
    return flush(recorder);
}

int recorder_close(struct recorder *recorder)
{
    if (!recorder) {
        return 0;
    }
    int error = flush(recorder);
    if (fclose(recorder->file) != 0 && !error) {
        error = errno;
    }
    free(recorder);
    return error;
}
