/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a server and of its exchanges. */
#ifndef SMPI_CORE_SERVER_H
#define SMPI_CORE_SERVER_H

#include "codec/encode.h"
#include "core/transport.h"

#include <smp/server.h>

enum smpi_exchange_state {
    SMPI_EXCHANGE_FREE,    /* in the server's stock */
    SMPI_EXCHANGE_WAITING, /* arrived; its turn has not come */
    SMPI_EXCHANGE_RUNNING, /* in its handler */
    SMPI_EXCHANGE_ANSWERED,
    SMPI_EXCHANGE_DEFERRED,
};

/* One request from arrival to answer: one of the advertised buffers. */
struct smp_exchange {
    struct smpi_list node;
    struct smp_server *server; /* NULL: gone; the handle is harmless */
    struct smp_transport *transport;
    struct smp_loop *loop;
    struct smp_peer peer;
    enum smpi_exchange_state state;
    struct smp_header header; /* of the request being executed */
    const struct smp_command *command;
    struct smp_bytes payload;
    uint64_t arrived;
    size_t len;
    uint8_t first;   /* the request's first byte, as it came */
    bool failed;     /* an error was answered: requests behind it in the packet are not executed */
    uint8_t *packet; /* buf_size bytes; NULL for a deferred one, which has handed its buffer on */
};

struct smpi_handler {
    const struct smp_command *command;
    smp_handler *handle;
    void *user;
};

struct smp_server {
    struct smp_loop *loop;
    struct smp_server_options options;
    struct smp_exchange *exchanges; /* buf_count of them */
    uint8_t *buffers;
    uint8_t *answer; /* buf_size bytes: the answer being written */
    struct smpi_list waiting;
    struct smpi_list deferred;
    struct smp_exchange *running; /* being executed, or NULL */
    uint32_t in_use;              /* buffers held */
    uint64_t free_at;             /* when the work queue is done with its last request */
    struct smpi_handler *handlers;
    size_t n_handlers;
    struct smp_transport **transports;
    size_t n_transports;
    bool off;
    bool dead;
    struct smpi_timer timer;
    struct smpi_corpse corpse;
};

/* server.c: gives the buffer back. */
void smpi_exchange_release(struct smp_exchange *exchange);

/* execute.c: asks the program's hook; 0 when there is none. */
int smpi_server_hook(struct smp_server *server, enum smp_server_event event,
                     struct smp_exchange *exchange);
/*
 * Executes a packet, which may hold several requests back to back; the first that fails ends it.
 * The buffer is given back, unless the server was freed meanwhile.
 */
void smpi_exchange_execute(struct smp_exchange *exchange);

#endif
