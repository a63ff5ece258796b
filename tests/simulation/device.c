/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/device.h"

#include <stdlib.h>
#include <string.h>

static int on_event(struct smp_server *server, enum smp_server_event event,
                    struct smp_exchange *exchange, void *user)
{
    struct device *device = user;
    (void)server;
    (void)exchange;
    device->overruns += event == SMP_SERVER_OVERRUN;
    device->starved += event == SMP_SERVER_STARVED;
    return 0;
}

static void on_params(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct device *device = user;
    const struct smp_os_params_rsp rsp = {
        .size = sizeof(rsp), .buf_size = device->buf_size, .buf_count = device->buf_count};
    (void)request;
    smp_exchange_reply(exchange, &rsp);
}

/* ---- image ---- */

/* The work queue is busy erasing; the answer comes when that is over. */
static void on_erased(void *user)
{
    struct device *device = user;
    const struct smp_img_upload_rsp rsp = {
        .size = sizeof(rsp), .has_off = true, .off = device->erased};
    smp_exchange_reply(device->erasing, &rsp);
    device->erasing = NULL;
}

static void image_answer(struct smp_exchange *exchange, const struct device *device, bool match)
{
    const struct smp_img_upload_rsp rsp = {
        .size = sizeof(rsp),
        .has_off = true,
        .off = match ? device->len : device->have,
        .has_match = match,
        .match = match,
    };
    smp_exchange_reply(exchange, &rsp);
}

/* True: this packet begins an upload, or takes up the one under way. */
static bool image_first(struct device *device, struct smp_exchange *exchange,
                        const struct smp_img_upload_req *req)
{
    bool same = req->sha.len == 32 && memcmp(req->sha.data, device->sha, 32) == 0;
    if (device->complete && device->checks_image && same) {
        device->len = req->len;
        image_answer(exchange, device, true);
        device->len = 0;
        return false;
    }
    if (device->len == req->len && device->len != 0 && same) {
        image_answer(exchange, device, false); /* goes on where it was */
        return false;
    }
    if (req->len > device->capacity) {
        smp_exchange_fail(exchange, SMP_IMG_RC_INVALID_IMAGE_TOO_LARGE, NULL);
        return false;
    }
    device->len = req->len;
    device->have = 0;
    device->complete = false;
    if (req->sha.len == 32) {
        memcpy(device->sha, req->sha.data, 32);
    }
    return true;
}

static void on_image(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_img_upload_req *req = request;
    struct device *device = user;
    bool first = req->off == 0;
    if (first) {
        if (!image_first(device, exchange, req)) {
            return;
        }
    } else if (device->len == 0) {
        device->have = 0; /* no upload is known: "give me the first packet" */
        image_answer(exchange, device, false);
        return;
    }
    if (req->off == device->have) {
        uint64_t take = req->data.len;
        bool last = device->have + take >= device->len;
        if (device->have + take > device->len) {
            smp_exchange_fail(exchange, SMP_IMG_RC_INVALID_IMAGE_DATA_OVERRUN, NULL);
            return;
        }
        take -= last ? 0 : take % device->align;
        memcpy(device->slot + device->have, req->data.data, take);
        device->have += take;
    }
    if (device->have == device->len && device->len != 0) {
        device->complete = true;
        image_answer(exchange, device, device->checks_image);
        device->len = 0; /* the upload is over: its context is gone */
        return;
    }
    if (first && device->erase_ns > 0 && device->erasing == NULL &&
        smp_exchange_defer(exchange, &device->erasing) == SMP_OK) {
        device->erased = device->have;
        smp_server_stall(device->server, device->erase_ns);
        smp_timer_start(device->timer, device->erase_ns);
        return;
    }
    image_answer(exchange, device, false);
}

/* ---- file ---- */

static void on_file_upload(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_fs_upload_req *req = request;
    struct device *device = user;
    struct smp_fs_upload_rsp rsp = {.size = sizeof(rsp)};
    if (req->off == 0) {
        if (!device->is_open) {
            device->file_len = 0;
        }
        device->is_open = true;
    }
    if (req->off == 0 ? device->file_len != 0 : req->off != device->file_len) {
        rsp.has_len = true;
        rsp.len = device->file_len;
        smp_exchange_fail(exchange, SMP_FS_RC_FILE_OFFSET_NOT_VALID, &rsp);
        return;
    }
    if (device->file_len + req->data.len > device->capacity) {
        smp_exchange_fail(exchange, SMP_FS_RC_FILE_WRITE_FAILED, NULL);
        return;
    }
    memcpy(device->file + device->file_len, req->data.data, req->data.len);
    device->file_len += req->data.len;
    rsp.has_off = true;
    rsp.off = device->file_len;
    smp_exchange_reply(exchange, &rsp);
}

static void on_file_download(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_fs_download_req *req = request;
    struct device *device = user;
    uint64_t room = device->buf_size - 48;
    uint64_t rest = req->off < device->file_len ? device->file_len - req->off : 0;
    const struct smp_fs_download_rsp rsp = {
        .size = sizeof(rsp),
        .off = req->off,
        .has_len = req->off == 0,
        .len = device->file_len,
        .data = {device->file + req->off, rest < room ? rest : room},
    };
    smp_exchange_reply(exchange, &rsp);
}

static void on_file_status(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct device *device = user;
    const struct smp_fs_status_rsp rsp = {.size = sizeof(rsp), .len = device->file_len};
    (void)request;
    smp_exchange_reply(exchange, &rsp);
}

static void on_file_close(struct smp_exchange *exchange, const void *request, void *user)
{
    struct device *device = user;
    (void)request;
    device->is_open = false;
    smp_exchange_reply(exchange, NULL);
}

/* ---- life ---- */

void device_open(struct device *device, struct smp_loop *loop, uint64_t work_ns)
{
    const struct smp_server_options options = {
        .size = sizeof(options),
        .buf_size = device->buf_size,
        .buf_count = device->buf_count,
        .work_ns = work_ns,
        .hook = on_event,
        .hook_user = device,
    };
    device->loop = loop;
    device->slot = calloc(1, device->capacity);
    device->file = calloc(1, device->capacity);
    if (device->slot == NULL || device->file == NULL ||
        smp_timer_new(loop, on_erased, device, &device->timer) != SMP_OK ||
        smp_server_new(loop, &options, &device->server) != SMP_OK) {
        abort();
    }
    struct smp_server *server = device->server;
    if (!device->no_params) {
        smp_server_handle(server, SMP_GROUP_OS, 6, SMP_OP_READ, on_params, device);
    }
    smp_server_handle(server, SMP_GROUP_IMG, 1, SMP_OP_WRITE, on_image, device);
    smp_server_handle(server, SMP_GROUP_FS, 0, SMP_OP_WRITE, on_file_upload, device);
    smp_server_handle(server, SMP_GROUP_FS, 0, SMP_OP_READ, on_file_download, device);
    smp_server_handle(server, SMP_GROUP_FS, 1, SMP_OP_READ, on_file_status, device);
    smp_server_handle(server, SMP_GROUP_FS, 4, SMP_OP_WRITE, on_file_close, device);
}

void device_restart(struct device *device)
{
    smp_timer_stop(device->timer);
    smp_exchange_free(device->erasing);
    device->erasing = NULL;
    smp_server_power(device->server, false);
    smp_server_power(device->server, true);
    device->len = 0;
    device->have = 0;
    device->is_open = false;
}

void device_close(struct device *device)
{
    smp_exchange_free(device->erasing);
    smp_timer_free(device->timer);
    smp_server_free(device->server);
    free(device->slot);
    free(device->file);
}
