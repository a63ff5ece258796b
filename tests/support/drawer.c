/* SPDX-License-Identifier: Apache-2.0 */
#include "support/drawer.h"

#include "base/sha.h"

#include <string.h>

static void on_params(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct drawer *drawer = user;
    (void)request;
    const struct smp_os_params_rsp rsp = {.size = sizeof(rsp),
                                          .buf_size = drawer->options.buf_size,
                                          .buf_count = drawer->options.buf_count};
    smp_exchange_reply(exchange, &rsp);
}

void drawer_reset(struct drawer *drawer)
{
    if (drawer->is_open) {
        drawer->len = drawer->at;
        drawer->is_open = false;
    }
}

static void on_upload(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_fs_upload_req *req = request;
    struct drawer *drawer = user;
    struct smp_fs_upload_rsp rsp = {.size = sizeof(rsp)};
    if (req->off == 0) { /* truncates; the count begins anew only with a file that was closed */
        drawer->firsts++;
        drawer->at = drawer->is_open ? drawer->at : 0;
        drawer->is_open = true;
    } else if (!drawer->is_open) {
        drawer->is_open = true;
        drawer->at = drawer->len;
    }
    if (req->off != 0 && req->off != drawer->at) {
        rsp.has_len = true;
        rsp.len = drawer->at;
        smp_exchange_fail(exchange, SMP_FS_RC_FILE_OFFSET_NOT_VALID, &rsp);
        return;
    }
    WORLD_MUST(req->off + req->data.len <= DRAWER_SIZE);
    memcpy(drawer->data + req->off, req->data.data, req->data.len);
    drawer->at += req->data.len;
    drawer->uploads++;
    drawer->bytes += req->data.len;
    rsp.has_off = true;
    rsp.off = drawer->at;
    if (req->off == 0 && drawer->counts_twice) {
        drawer->counts_twice = false;
        drawer->at += req->data.len; /* the second copy, whose answer matches nothing */
    }
    smp_exchange_reply(exchange, &rsp);
}

static void on_download(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_fs_download_req *req = request;
    struct drawer *drawer = user;
    uint64_t rest = req->off < drawer->len ? drawer->len - req->off : 0;
    size_t room = drawer->options.buf_size - 64;
    const struct smp_fs_download_rsp rsp = {
        .size = sizeof(rsp),
        .off = req->off,
        .data = {drawer->data + req->off, rest < room ? (size_t)rest : room},
        .has_len = req->off == 0,
        .len = drawer->len,
    };
    drawer->downloads++;
    smp_exchange_reply(exchange, &rsp);
}

static void on_status(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct drawer *drawer = user;
    const struct smp_fs_status_rsp rsp = {.size = sizeof(rsp), .len = drawer->len};
    (void)request;
    smp_exchange_reply(exchange, &rsp);
}

static uint32_t crc32_of(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        }
    }
    return ~crc;
}

static void on_hash(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_fs_hash_req *req = request;
    struct drawer *drawer = user;
    uint8_t sha[SMPI_SHA256];
    bool is_sha = req->has_type && req->type.len == 6;
    struct smp_fs_hash_rsp rsp = {.size = sizeof(rsp), .type = req->type, .len = req->len};
    drawer->hashes++;
    if (is_sha ? drawer->no_sha : drawer->no_crc) {
        smp_exchange_fail(exchange, SMP_FS_RC_CHECKSUM_HASH_NOT_FOUND, NULL);
        return;
    }
    if (is_sha) {
        struct smpi_sha state;
        smpi_sha_init(&state, SMPI_SHA256);
        smpi_sha_update(&state, drawer->data, req->len);
        smpi_sha_final(&state, sha);
        rsp.output.kind = SMP_KIND_BYTES;
        rsp.output.as.bytes = (struct smp_bytes){sha, sizeof(sha)};
    } else {
        rsp.output.kind = SMP_KIND_UINT;
        rsp.output.as.uint = crc32_of(drawer->data, req->len);
    }
    smp_exchange_reply(exchange, &rsp);
}

static void on_close(struct smp_exchange *exchange, const void *request, void *user)
{
    struct drawer *drawer = user;
    (void)request;
    if (drawer->close_cut > 0) {
        drawer->close_cut--;
        smp_exchange_refuse(exchange, SMP_RC_CORRUPT, NULL);
        return;
    }
    drawer_reset(drawer);
    smp_exchange_reply(exchange, NULL);
}

void drawer_fill(struct drawer *drawer, const void *data, size_t len)
{
    WORLD_MUST(len <= DRAWER_SIZE);
    memcpy(drawer->data, data, len);
    drawer->len = len;
}

int drawer_open(struct drawer *drawer, struct world *world)
{
    struct smp_server_options *options = &drawer->options;
    drawer->world = world;
    drawer->data = calloc(1, DRAWER_SIZE);
    WORLD_MUST(drawer->data != NULL);
    options->size = sizeof(*options);
    options->buf_size = options->buf_size != 0 ? options->buf_size : 1024;
    options->buf_count = options->buf_count != 0 ? options->buf_count : 4;
    WORLD_MUST(smp_server_new(world->loop, options, &drawer->server) == SMP_OK);
    WORLD_MUST(smp_server_listen(drawer->server, world->far) == SMP_OK);
    smp_server_handle(drawer->server, 0, 6, SMP_OP_READ, on_params, drawer);
    smp_server_handle(drawer->server, SMP_GROUP_FS, 0, SMP_OP_WRITE, on_upload, drawer);
    smp_server_handle(drawer->server, SMP_GROUP_FS, 0, SMP_OP_READ, on_download, drawer);
    smp_server_handle(drawer->server, SMP_GROUP_FS, 1, SMP_OP_READ, on_status, drawer);
    smp_server_handle(drawer->server, SMP_GROUP_FS, 2, SMP_OP_READ, on_hash, drawer);
    smp_server_handle(drawer->server, SMP_GROUP_FS, 4, SMP_OP_WRITE, on_close, drawer);
    return SMP_OK;
}

void drawer_close(struct drawer *drawer)
{
    smp_server_free(drawer->server);
    free(drawer->data);
    memset(drawer, 0, sizeof(*drawer));
}
