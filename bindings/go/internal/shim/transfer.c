/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfers.  Data that is in the language is asked for in blocks, the next one ahead of time: two
 * blocks are kept, an even and an odd one, so that a chunk may lie across a border.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536u

struct block {
    enum { BLOCK_EMPTY, BLOCK_ASKED, BLOCK_FULL } state;
    uint64_t number;
    uint8_t *bytes;
};

struct transfer {
    struct request *request;
    const uint8_t *data; /* NULL: in the language */
    uint8_t *copy;
    uint64_t length;
    struct block blocks[2];
    bool waits; /* the library was told AGAIN */
    bool paused;
    bool failed;
    struct event progress; /* one is enough: the newest counts */
    bool progress_queued;
    bool over; /* the request is gone, only the progress event is still in the queue */
};

static struct transfer *of_progress(struct event *event)
{
    return (struct transfer *)((char *)event - offsetof(struct transfer, progress));
}

static void release_transfer(struct transfer *transfer)
{
    free(transfer->blocks[0].bytes);
    free(transfer->blocks[1].bytes);
    free(transfer->copy);
    free(transfer);
}

static void release_progress(struct event *event)
{
    struct transfer *transfer = of_progress(event);

    transfer->progress_queued = false;
    if (transfer->over)
        release_transfer(transfer);
}

void shimi_transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    transfer->over = true;
    if (!transfer->progress_queued)
        release_transfer(transfer);
}

/* ---- data to send ---- */

static size_t block_length(const struct transfer *transfer, uint64_t number)
{
    uint64_t rest = transfer->length - number * BLOCK_SIZE;

    return rest < BLOCK_SIZE ? (size_t)rest : BLOCK_SIZE;
}

static void ask(struct transfer *transfer, uint64_t number)
{
    struct block *block = &transfer->blocks[number % 2];

    if (block->state != BLOCK_EMPTY && block->number == number)
        return;
    struct event *event = shimi_event_new(SHIM_READ, transfer->request->handle, 0);
    if (!event)
        return;
    block->state = BLOCK_ASKED;
    block->number = number;
    event->event.offset = number * BLOCK_SIZE;
    event->event.len = block_length(transfer, number);
    shimi_push(transfer->request->shim, event);
}

static bool have(struct transfer *transfer, uint64_t number)
{
    const struct block *block = &transfer->blocks[number % 2];

    return block->state == BLOCK_FULL && block->number == number;
}

static int pull(struct transfer *transfer, uint64_t offset, uint8_t *data, size_t len)
{
    uint64_t first = offset / BLOCK_SIZE, last = (offset + len - 1) / BLOCK_SIZE;

    if (!have(transfer, first) || !have(transfer, last)) {
        ask(transfer, first);
        ask(transfer, last);
        transfer->waits = true;
        return SMP_ERR_AGAIN;
    }
    while (len > 0) {
        size_t from = (size_t)(offset % BLOCK_SIZE);
        size_t part = len < BLOCK_SIZE - from ? len : BLOCK_SIZE - from;
        memcpy(data, transfer->blocks[offset / BLOCK_SIZE % 2].bytes + from, part);
        offset += part;
        data += part;
        len -= part;
    }
    /* The other block is asked for when this one is half used; before that loss may go back to it. */
    bool half = (offset - 1) % BLOCK_SIZE >= BLOCK_SIZE / 2;
    if (half && first == last && (last + 1) * BLOCK_SIZE < transfer->length)
        ask(transfer, last + 1);
    return SMP_OK;
}

static int on_read(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    struct transfer *transfer = user;

    if (transfer->failed || offset > transfer->length || len > transfer->length - offset ||
        len > BLOCK_SIZE)
        return SMP_ERR_SOURCE;
    if (!transfer->data)
        return len > 0 ? pull(transfer, offset, data, len) : SMP_OK;
    memcpy(data, transfer->data + offset, len);
    return SMP_OK;
}

static int find_transfer(struct shim *shim, int64_t handle, struct transfer **transfer,
                         struct session **session)
{
    struct request *request;
    int error = shimi_find(shim, handle, OBJECT_REQUEST, &request);

    if (error == SMP_OK && !request->transfer)
        return SMP_ERR_INVALID;
    if (error == SMP_OK && request->is_done)
        return SMP_ERR_CLOSED;
    if (error == SMP_OK) {
        *transfer = request->transfer;
        error = shimi_find(shim, request->session, OBJECT_SESSION, session);
    }
    return error;
}

/* Goes on if it waits for the language. */
static int resume(struct transfer *transfer, const struct session *session)
{
    if (!transfer->waits || transfer->paused)
        return SMP_OK;
    transfer->waits = false;
    return smp_transfer_continue(session->session, transfer->request->id);
}

int shim_source_data(struct shim *shim, int64_t handle, uint64_t offset, const uint8_t *data,
                     size_t len)
{
    struct transfer *transfer;
    struct session *session;
    int error = find_transfer(shim, handle, &transfer, &session);

    if (error != SMP_OK)
        return error;
    uint64_t number = offset / BLOCK_SIZE;
    if (transfer->data || !data || offset % BLOCK_SIZE != 0 || offset >= transfer->length ||
        len != block_length(transfer, number))
        return SMP_ERR_INVALID;
    struct block *block = &transfer->blocks[number % 2];
    if (block->state != BLOCK_ASKED || block->number != number)
        return SMP_OK; /* not wanted any more */
    if (!block->bytes)
        block->bytes = malloc(BLOCK_SIZE);
    if (!block->bytes)
        return SMP_ERR_NO_MEMORY;
    memcpy(block->bytes, data, len);
    block->state = BLOCK_FULL;
    return resume(transfer, session);
}

int shim_transfer_fail(struct shim *shim, int64_t handle)
{
    struct transfer *transfer;
    struct session *session;
    int error = find_transfer(shim, handle, &transfer, &session);

    if (error != SMP_OK)
        return error;
    transfer->failed = true;
    return resume(transfer, session);
}

int shim_transfer_pause(struct shim *shim, int64_t handle)
{
    struct transfer *transfer;
    struct session *session;
    int error = find_transfer(shim, handle, &transfer, &session);

    if (error != SMP_OK)
        return error;
    transfer->paused = true;
    return smp_transfer_pause(session->session, transfer->request->id);
}

int shim_transfer_continue(struct shim *shim, int64_t handle)
{
    struct transfer *transfer;
    struct session *session;
    int error = find_transfer(shim, handle, &transfer, &session);

    if (error != SMP_OK)
        return error;
    transfer->paused = false;
    transfer->waits = false; /* it asks again if it has to */
    return smp_transfer_continue(session->session, transfer->request->id);
}

/* ---- data received, and progress ---- */

static int on_write(void *user, uint64_t offset, const uint8_t *data, size_t len)
{
    struct transfer *transfer = user;
    struct event *event =
        transfer->failed ? NULL : shimi_event_new(SHIM_WRITE, transfer->request->handle, len);

    if (!event)
        return SMP_ERR_SINK;
    event->event.offset = offset;
    if (len > 0)
        memcpy((uint8_t *)event->event.payload.data, data, len);
    shimi_push(transfer->request->shim, event);
    return SMP_OK;
}

static void on_progress(struct smp_session *session, const struct smp_progress *progress,
                        void *user)
{
    const struct request *request = user;
    struct transfer *transfer = request->transfer;
    struct smp_progress *own = &transfer->progress.event.progress;

    (void)session;
    memcpy(own, progress, progress->size < sizeof(*own) ? progress->size : sizeof(*own));
    if (!transfer->progress_queued) {
        transfer->progress_queued = true;
        shimi_push(request->shim, &transfer->progress);
    }
}

/* ---- beginning ---- */

static struct transfer *transfer_new(struct request *request)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));

    if (!transfer)
        return NULL;
    transfer->request = request;
    transfer->progress.event.kind = SHIM_PROGRESS;
    transfer->progress.event.handle = request->handle;
    transfer->progress.release = release_progress;
    request->transfer = transfer;
    return transfer;
}

static int set_source(struct transfer *transfer, const uint8_t *data, size_t len,
                      enum shim_source source)
{
    if (len == 0 || len > UINT32_MAX || (source == SHIM_PULL) != (data == NULL))
        return SMP_ERR_INVALID;
    transfer->length = len;
    transfer->data = data;
    if (source != SHIM_COPY)
        return SMP_OK;
    transfer->copy = malloc(len);
    if (!transfer->copy)
        return SMP_ERR_NO_MEMORY;
    transfer->data = memcpy(transfer->copy, data, len);
    return SMP_OK;
}

static struct smp_transfer_options own_options(const struct smp_transfer_options *options)
{
    struct smp_transfer_options own = {.size = sizeof(own)};

    if (options)
        memcpy(&own, options,
               options->size && options->size < sizeof(own) ? options->size : sizeof(own));
    own.size = sizeof(own);
    own.progress = on_progress;
    return own;
}

/* What the three have in common: a request with a transfer, begun by `begin`. */
struct start {
    struct session *session;
    struct request *request;
    struct smp_source source;
    struct smp_sink sink;
    struct smp_str name;
    const void *options;
};

static int begin_image(struct start *start)
{
    const struct smp_img_upload_options *options = start->options;
    struct smp_img_upload_options own = {.size = sizeof(own)};

    if (options)
        memcpy(&own, options,
               options->size && options->size < sizeof(own) ? options->size : sizeof(own));
    own.size = sizeof(own);
    own.transfer = own_options(&own.transfer);
    if (!start->request->transfer->data && !own.has_sha)
        return SMP_ERR_INVALID;
    return smp_img_upload(start->session->session, &start->source, &own, shimi_done, start->request,
                          &start->request->id);
}

static int begin_upload(struct start *start)
{
    const struct smp_transfer_options own = own_options(start->options);

    return smp_fs_upload(start->session->session, start->name, &start->source, &own, shimi_done,
                         start->request, &start->request->id);
}

static int begin_download(struct start *start)
{
    const struct smp_transfer_options own = own_options(start->options);

    return smp_fs_download(start->session->session, start->name, &start->sink, &own, shimi_done,
                           start->request, &start->request->id);
}

/* `source` -1: a download. */
static int64_t begin(struct shim *shim, int64_t handle, struct start *start,
                     int (*begin_it)(struct start *start), const uint8_t *data, size_t len,
                     int source)
{
    int64_t id = shimi_find(shim, handle, OBJECT_SESSION, &start->session);
    if (id == SMP_OK && start->session->is_closing)
        id = SMP_ERR_CLOSED;
    if (id != SMP_OK)
        return id;
    start->request = shimi_request_new(shim, handle, &id);
    if (!start->request)
        return id;
    struct transfer *transfer = transfer_new(start->request);
    int error = transfer ? SMP_OK : SMP_ERR_NO_MEMORY;
    if (error == SMP_OK && source >= 0)
        error = set_source(transfer, data, len, (enum shim_source)source);
    if (error == SMP_OK) {
        start->source =
            (struct smp_source){sizeof(start->source), transfer->length, on_read, transfer};
        start->sink = (struct smp_sink){sizeof(start->sink), on_write, transfer};
        error = begin_it(start);
    }
    if (error != SMP_OK) {
        shimi_remove(shim, start->request->handle);
        shimi_request_free(start->request);
        return error;
    }
    return id;
}

int64_t shim_img_upload(struct shim *shim, int64_t session, const uint8_t *data, size_t len,
                        enum shim_source source, const struct smp_img_upload_options *options)
{
    struct start start = {.options = options};

    return begin(shim, session, &start, begin_image, data, len, (int)source);
}

int64_t shim_fs_upload(struct shim *shim, int64_t session, const char *name, const uint8_t *data,
                       size_t len, enum shim_source source,
                       const struct smp_transfer_options *options)
{
    struct start start = {.options = options, .name = {name, name ? strlen(name) : 0}};

    return begin(shim, session, &start, begin_upload, data, len, (int)source);
}

int64_t shim_fs_download(struct shim *shim, int64_t session, const char *name,
                         const struct smp_transfer_options *options)
{
    struct start start = {.options = options, .name = {name, name ? strlen(name) : 0}};

    return begin(shim, session, &start, begin_download, NULL, 0, -1);
}
