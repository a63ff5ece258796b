/* SPDX-License-Identifier: Apache-2.0 */
/* What a callback was told, kept for later. */
#ifndef TESTS_SUPPORT_NOTE_H
#define TESTS_SUPPORT_NOTE_H

#include "support/world.h"

struct note {
    unsigned calls; /* how often the callback came: never more than once */
    int error;
    int system_error;
    bool has_answer;
    bool from_group;
    uint16_t group;
    int64_t rc;
    struct smp_header header;
    char reason[64];
    char key[32];
    size_t payload_len;
    uint8_t payload[4096];
    smp_id id; /* for the caller's use */
    /* Called at the end of the callback, for tests that do things there. */
    void (*then)(struct note *note, struct smp_session *session, const struct smp_result *result);
    void *user;
};

/* A smp_callback whose user is a struct note. */
void note_result(struct smp_session *session, const struct smp_result *result, void *user);

/* Sends an echo of `text`; returns what the call returned. */
int note_echo(struct note *note, struct smp_session *session, const char *text);

#endif
