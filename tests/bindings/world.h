/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shim, as a language would use it: turn, fetch events, look at them at once.  Client and
 * server are on one shim with a fake clock, so that everything here is exact and quick.
 */
#ifndef TESTS_BINDINGS_WORLD_H
#define TESTS_BINDINGS_WORLD_H
#include "shim.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ = SMP_OP_READ, WRITE = SMP_OP_WRITE, ECHO = 0, PARAMS = 6 };

struct world {
    struct shim *shim;
    int64_t session, server, client_end, server_end;
    /* counts, and the last of each */
    int done[32]; /* by -error */
    int64_t last_done;
    int requests;
    int64_t held[64];
    int n_held;
    bool hold; /* keep exchanges open */
    uint8_t store[400000];
    uint64_t stored;
    uint64_t progress;
    const uint8_t *source;
    int reads, writes, logs, links;
    char text[600];
    char echoed[64];
    bool swap; /* feed the wrong length once */
};

/* The flat form of {text}, row 0. */
static inline size_t flat_text(uint8_t *out, const char *text)
{
    size_t len = strlen(text);
    const uint8_t head[] = {7, 1, 0, 0, 0, 4, (uint8_t)len, 0, 0, 0};

    memcpy(out, head, sizeof(head));
    memcpy(out + sizeof(head), text, len);
    return sizeof(head) + len;
}

static inline uint64_t number_at(const uint8_t *at)
{
    uint64_t number = 0;

    for (int i = 7; i >= 0; i--)
        number = number << 8 | at[i];
    return number;
}

static inline void serve(struct world *w, const struct shim_event *event)
{
    w->requests++;
    if (w->hold) {
        w->held[w->n_held++] = event->exchange;
        return;
    }
    if (event->header.group == SMP_GROUP_OS && event->header.id == ECHO) {
        struct smp_bytes flat = shim_event_flat(w->shim);
        cr_assert_eq(shim_reply(w->shim, event->exchange, flat.data, flat.len), SMP_OK);
    } else if (event->header.group == SMP_GROUP_OS && event->header.id == PARAMS) {
        const struct smp_os_params_rsp rsp = {.size = sizeof(rsp), .buf_size = 512, .buf_count = 4};
        cr_assert_eq(shim_reply_struct(w->shim, event->exchange, &rsp), SMP_OK);
    } else if (event->header.group == SMP_GROUP_IMG && event->header.id == 1) {
        const struct smp_img_upload_req *req = event->record;
        struct smp_img_upload_rsp rsp = {.size = sizeof(rsp), .has_off = true};
        if (req->off == 0)
            w->stored = 0;
        if (req->off == w->stored) {
            memcpy(w->store + w->stored, req->data.data, req->data.len);
            w->stored += req->data.len;
        }
        rsp.off = w->stored;
        cr_assert_eq(shim_reply_struct(w->shim, event->exchange, &rsp), SMP_OK);
    } else {
        cr_assert_eq(shim_fail(w->shim, event->exchange, 3, NULL, 0), SMP_OK);
    }
}

static inline void take(struct world *w, const struct shim_event *event)
{
    switch (event->kind) {
    case SHIM_DONE:
        w->done[-event->error]++;
        w->last_done = event->handle;
        cr_assert((event->text != NULL) == (event->error != SMP_OK));
        strcpy(w->text, event->text ? event->text : "");
        if (event->message && strcmp(smp_message_name(event->message), "smp_os_echo_rsp") == 0 &&
            event->record) {
            struct smp_str text = ((const struct smp_os_echo_rsp *)event->record)->text;
            snprintf(w->echoed, sizeof(w->echoed), "%.*s", (int)text.len, text.data);
        }
        break;
    case SHIM_REQUEST:
        serve(w, event);
        break;
    case SHIM_PROGRESS:
        cr_assert_geq(event->progress.done, w->progress);
        w->progress = event->progress.done;
        break;
    case SHIM_READ:
        w->reads++;
        if (w->source)
            cr_assert_eq(shim_source_data(w->shim, event->handle, event->offset,
                                          w->source + event->offset, event->len),
                         SMP_OK);
        break;
    case SHIM_WRITE:
        w->writes++;
        memcpy(w->store + event->offset, event->payload.data, event->payload.len);
        w->stored += event->payload.len;
        break;
    case SHIM_LOG:
        w->logs++;
        break;
    case SHIM_LINK:
        w->links++;
        break;
    default:
        break;
    }
}

static inline void fetch(struct world *w)
{
    const struct shim_event *event;

    while ((event = shim_next(w->shim)) != NULL)
        take(w, event);
}

/* Turns until nothing happens any more. */
static inline void run(struct world *w)
{
    for (int i = 0; i < 100000; i++) {
        fetch(w);
        if (shim_timeout(w->shim) < 0)
            return;
        cr_assert_geq(shim_turn(w->shim, -1), 0);
    }
    cr_assert_fail("it never comes to rest");
}

/* Turns a few times: what needs no waiting is done then. */
static inline void turn(struct world *w)
{
    for (int i = 0; i < 8; i++) {
        cr_assert_geq(shim_process(w->shim), 0);
        fetch(w);
    }
}

static inline struct world *world_bare(void)
{
    static struct world w;
    const struct shim_options options = {.fake_clock = true};

    memset(&w, 0, sizeof(w));
    w.shim = shim_new(&options);
    cr_assert_not_null(w.shim);
    return &w;
}

static inline struct world *world(void)
{
    struct world *w = world_bare();

    w->client_end = shim_open(w->shim, "loopback:x");
    w->server_end = shim_listen(w->shim, "loopback:x");
    cr_assert(w->client_end > 0 && w->server_end > 0);
    w->server = shim_server_new(w->shim, NULL);
    cr_assert_gt(w->server, 0);
    cr_assert_eq(shim_server_handle(w->shim, w->server, SMP_GROUP_OS, ECHO, WRITE, true), SMP_OK);
    cr_assert_eq(shim_server_handle(w->shim, w->server, SMP_GROUP_OS, PARAMS, READ, true), SMP_OK);
    cr_assert_eq(shim_server_handle(w->shim, w->server, SMP_GROUP_IMG, 0, READ, true), SMP_OK);
    cr_assert_eq(shim_server_handle(w->shim, w->server, SMP_GROUP_IMG, 1, WRITE, true), SMP_OK);
    cr_assert_eq(shim_server_listen(w->shim, w->server, w->server_end), SMP_OK);
    w->session = shim_session_new(w->shim, w->client_end, NULL);
    cr_assert_gt(w->session, 0);
    return w;
}

static inline int64_t echo(struct world *w, const char *text)
{
    uint8_t flat[100];

    return shim_call(w->shim, w->session, SMP_GROUP_OS, ECHO, WRITE, flat, flat_text(flat, text));
}

static uint8_t image[300000];

static inline void make_image(void)
{
    for (size_t i = 0; i < sizeof(image); i++)
        image[i] = (uint8_t)(i * 7 + i / 251);
}

#endif
