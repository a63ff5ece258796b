/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the shim: objects behind handles, and the queue of events. */
#ifndef SHIM_INTERNAL_H
#define SHIM_INTERNAL_H

#include "shim.h"

enum object_type {
    OBJECT_NONE, /* a free slot */
    OBJECT_SESSION,
    OBJECT_SERVER,
    OBJECT_EXCHANGE,
    OBJECT_REQUEST, /* a transfer or update too */
    OBJECT_TRANSPORT,
    OBJECT_MESSAGE,
    OBJECT_GROUP,
};

/* A handle is the slot's generation and its index: see handle.c. */
struct slot {
    int64_t generation;
    void *object;
    enum object_type type;
    uint32_t next_free;
};

/* An event in the queue.  Some are part of a larger object, which `release` then frees. */
struct event {
    struct shim_event event; /* first: what the language sees */
    struct event *next;
    void *memory; /* what it points to, or NULL */
    void (*release)(struct event *event);
};

/* Memory given back all at once: records built from the flat form. */
struct chunk {
    struct chunk *next;
    size_t size, used;
};

struct bytes {
    uint8_t *data;
    size_t len, capacity;
    bool failed; /* no memory */
};

struct shim {
    struct smp_loop *loop; /* NULL: closed */
    struct smp_fake_clock *clock;
    struct slot *slots;
    uint32_t n_slots, free_slot;
    size_t objects;

    struct event *first, *last, *current;
    size_t pending;
    bool busy; /* in process or next: whoever called looks at the queue afterwards */

    struct session *starved; /* sessions with requests that wait in the shim */
    uint32_t backlog, backlog_max;
    char open_text[300]; /* why opening failed */
    struct half *halves; /* loopbacks of which one end is taken */
    struct port *ports;  /* found by shim_ports() */
    size_t n_ports;
    struct chunk *chunks;
    struct bytes flat; /* of the current event */
};

struct session {
    struct shim *shim;
    struct smp_session *session;
    int64_t handle;
    struct session *next_starved;
    bool is_starved;
    bool is_closing, was_told;
    struct request *waiting, *waiting_last;
};

/* A call, a transfer or an update.  Its last event is part of it, so that no completion gets lost. */
struct request {
    struct event done; /* first */
    struct shim *shim;
    int64_t handle;
    int64_t session;
    smp_id id; /* 0: waits in the shim */
    bool is_done;
    struct transfer *transfer; /* or NULL */
    struct update *update;     /* or NULL */
    char *reason;              /* a copy, where the answer that held it is not kept */

    struct request *next_waiting;
    const struct smp_command *command; /* NULL: raw, see header */
    struct smp_header header;
    uint8_t *cbor;
    size_t len;
};

/* ---- handle.c ---- */

#define SHIM_SLOTS_MAX (1u << 20)

/* A new handle, or a negative error. */
int64_t shimi_add(struct shim *shim, enum object_type type, void *object);
/* SMP_OK and the object, or why there is none. */
int shimi_find(const struct shim *shim, int64_t handle, enum object_type type, void *object);
enum object_type shimi_type(const struct shim *shim, int64_t handle);
void shimi_remove(struct shim *shim, int64_t handle);

/* ---- event.c ---- */

/* An event with room for `room` bytes at its payload, or NULL. */
struct event *shimi_event_new(enum shim_event_kind kind, int64_t handle, size_t room);
void shimi_push(struct shim *shim, struct event *event);
/* Copies and decodes what came into the event's own memory.  SMP_OK or SMP_ERR_NO_MEMORY. */
int shimi_event_fill(struct event *event, const struct smp_message *message, bool is_answer,
                     struct smp_bytes payload);
/* Frees what shim_next() gave last. */
void shimi_drop_current(struct shim *shim);
void shimi_drop_events(struct shim *shim);

/* ---- request.c ---- */

struct request *shimi_request_new(struct shim *shim, int64_t session, int64_t *error);
void shimi_request_free(struct request *request);
void shimi_done(struct smp_session *session, const struct smp_result *result, void *user);
/* Sends what waits in the shim, as far as there is room. */
void shimi_feed(struct shim *shim);
/* Ends what waits in the shim for this session. */
void shimi_starve(struct session *session, int error);
int shimi_cancel(struct request *request);

/* ---- session.c, server.c, transport.c, transfer.c, update.c ---- */

/* Room for the CBOR of a report: a text of 768 bytes, versions and hashes. */
enum { SHIM_REPORT_MAX = 2048 };

void shimi_session_free(struct session *session);
void shimi_session_drain(struct session *session);
void shimi_server_free(void *object);
void shimi_exchange_free(void *object);
void shimi_transport_free(void *object);
void shimi_update_free(struct update *update);
void shimi_halves_free(struct shim *shim);
void shimi_ports_free(struct shim *shim);

/* ---- url.c ---- */

/* Reads the options after the `?`.  SMP_ERR_INVALID: one is not known, or its value is wrong. */
int shimi_serial_options(const char *query, struct smp_serial_options *options);
int shimi_pty_options(const char *query, struct smp_pty_options *options);

/* ---- transport.c again ---- */

/* A SHIM_SEND event was fetched: there may be room again. */
void shimi_transport_fetched(struct shim *shim, int64_t handle);
struct smp_transport *shimi_transport_of(void *transport);
void shimi_transfer_free(struct transfer *transfer);

/* ---- flat.c, record.c ---- */

/* Appends a record in the flat form. */
void shimi_flatten(struct bytes *out, const struct smp_message *message, const void *record);
/* Builds a record in the shim's chunks, or NULL with *error set. */
const void *shimi_build(struct shim *shim, const struct smp_message *message, const uint8_t *data,
                        size_t len, int *error);
void shimi_chunks_reset(struct shim *shim);

#endif
