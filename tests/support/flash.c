/* SPDX-License-Identifier: Apache-2.0 */
#include "support/flash.h"

#include <string.h>

static int on_event(struct smp_server *server, enum smp_server_event event,
                    struct smp_exchange *exchange, void *user)
{
    struct flash *flash = user;
    (void)server;
    (void)exchange;
    flash->overrun += event == SMP_SERVER_OVERRUN;
    flash->starved += event == SMP_SERVER_STARVED;
    return 0;
}

static void on_params(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct flash *flash = user;
    (void)request;
    const struct smp_os_params_rsp rsp = {.size = sizeof(rsp),
                                          .buf_size = flash->options.buf_size,
                                          .buf_count = flash->options.buf_count};
    smp_exchange_reply(exchange, &rsp);
}

static void on_echo(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_echo_req *req = request;
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = req->text};
    (void)user;
    smp_exchange_reply(exchange, &rsp);
}

void flash_answer(struct smp_exchange *exchange, uint64_t off)
{
    const struct smp_img_upload_rsp rsp = {.size = sizeof(rsp), .has_off = true, .off = off};
    smp_exchange_reply(exchange, &rsp);
}

/* The first chunk of another image, or of one that cannot be told from others. */
static void begin(struct flash *flash, const struct smp_img_upload_req *req)
{
    bool same = flash->active && req->has_sha && req->sha.len == 32 &&
                memcmp(flash->sha, req->sha.data, 32) == 0 && flash->len == req->len;
    if (same) {
        return;
    }
    flash->active = true;
    flash->done = false;
    flash->off = 0;
    flash->len = req->len;
    memset(flash->data, 0xff, FLASH_SIZE);
    if (req->has_sha && req->sha.len == 32) {
        memcpy(flash->sha, req->sha.data, 32);
    }
}

static void all_here(struct flash *flash, struct smp_exchange *exchange)
{
    const struct smp_img_upload_rsp rsp = {.size = sizeof(rsp),
                                           .has_off = true,
                                           .off = flash->len,
                                           .has_match = flash->check,
                                           .match = true};
    smp_exchange_reply(exchange, &rsp);
}

void flash_take(struct flash *flash, struct smp_exchange *exchange,
                const struct smp_img_upload_req *req)
{
    if (req->off == 0 && req->has_len) {
        if (flash->check && flash->done && req->has_sha && req->sha.len == 32 &&
            memcmp(flash->sha, req->sha.data, 32) == 0) {
            all_here(flash, exchange);
            return;
        }
        begin(flash, req);
    }
    if (!flash->active || req->off != flash->off) {
        flash_answer(exchange, flash->active ? flash->off : 0);
        return;
    }
    WORLD_MUST(flash->len <= FLASH_SIZE);
    if (req->data.len > flash->len - flash->off) {
        smp_exchange_fail(exchange, SMP_IMG_RC_INVALID_IMAGE_DATA_OVERRUN, NULL);
        return;
    }
    memcpy(flash->data + flash->off, req->data.data, req->data.len);
    flash->off += req->data.len;
    if (flash->off == flash->len) { /* Zephyr forgets an upload that is complete */
        flash->done = true;
        flash->active = false;
        all_here(flash, exchange);
        return;
    }
    flash_answer(exchange, flash->off);
}

static void on_upload(struct smp_exchange *exchange, const void *request, void *user)
{
    struct flash *flash = user;
    const struct smp_img_upload_req *req = request;
    WORLD_MUST(flash->n_chunks < FLASH_CHUNKS);
    flash->chunks[flash->n_chunks++] = (struct flash_chunk){
        .off = req->off,
        .len = req->data.len,
        .packet = SMP_HEADER_SIZE + smp_exchange_payload(exchange).len,
        .at = world_now(flash->world),
        .has_sha = req->has_sha,
    };
    if (flash->twist == NULL || !flash->twist(flash, exchange, req)) {
        flash_take(flash, exchange, req);
    }
}

int flash_open(struct flash *flash, struct world *world)
{
    struct smp_server_options *options = &flash->options;
    flash->world = world;
    flash->data = calloc(1, FLASH_SIZE);
    flash->chunks = calloc(FLASH_CHUNKS, sizeof(*flash->chunks));
    WORLD_MUST(flash->data != NULL && flash->chunks != NULL);
    options->size = sizeof(*options);
    options->buf_size = options->buf_size != 0 ? options->buf_size : 2048;
    options->buf_count = options->buf_count != 0 ? options->buf_count : 4;
    options->hook = on_event;
    options->hook_user = flash;
    int error = smp_server_new(world->loop, options, &flash->server);
    error = error == SMP_OK ? smp_server_listen(flash->server, world->far) : error;
    if (error == SMP_OK && !flash->no_params) {
        error = smp_server_handle(flash->server, 0, 6, SMP_OP_READ, on_params, flash);
    }
    if (error == SMP_OK) {
        error = smp_server_handle(flash->server, 0, 0, SMP_OP_WRITE, on_echo, flash);
    }
    return error == SMP_OK ? smp_server_handle(flash->server, 1, 1, SMP_OP_WRITE, on_upload, flash)
                           : error;
}

void flash_close(struct flash *flash)
{
    smp_server_free(flash->server);
    free(flash->data);
    free(flash->chunks);
    memset(flash, 0, sizeof(*flash));
}
