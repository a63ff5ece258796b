/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group file system, by Zephyr's rules: one file is kept open between chunks, for
 * the transport that opened it, until it is complete, closed, or left alone for a
 * second.  (Hashes: fs_hash.c.)
 */
#include "fs.h"

#include "device.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Zephyr's default for CONFIG_MCUMGR_GRP_FS_FILE_AUTOMATIC_IDLE_CLOSE_TIME. */
#define IDLE_MS 1000u
/* What stands around the data of a download: as much as in Zephyr with small files. */
#define CHUNK_OVERHEAD 44u

void sim_fs_fail(const struct sim_device *device, struct smp_exchange *exchange, uint16_t rc,
                 const void *response)
{
    bool v1 = sim_device_speaks_v1(device, exchange);

    if (device->profile->old_fs_codes) {
        if (rc == SMP_FS_RC_MOUNT_POINT_NOT_FOUND)
            rc = SMP_FS_RC_FILE_NOT_FOUND;
        else if (rc == SMP_FS_RC_FILE_EMPTY)
            rc = SMP_FS_RC_FILE_OFFSET_LARGER_THAN_FILE;
    }
    if (v1 && device->profile->old_fs_codes)
        smp_exchange_refuse(exchange, SMP_RC_UNKNOWN, NULL);
    else
        smp_exchange_fail(exchange, rc, v1 ? NULL : response);
}

bool sim_fs_is_path(struct smp_exchange *exchange, struct smp_str name)
{
    bool good = name.len > 0 && name.len <= SIM_PATH_MAX;

    if (!good)
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "name");
    return good;
}

/* ---- the open file ---- */

static void forget(struct sim_fs *fs)
{
    if (fs->reading >= 0)
        close(fs->reading);
    fs->reading = -1;
    fs->state = SIM_FS_CLOSED;
    fs->path[0] = '\0';
    fs->off = fs->len = 0;
    fs->owner = NULL;
    smp_timer_stop(fs->idle);
}

void sim_fs_close(struct sim_device *device)
{
    struct sim_fs *fs = &device->fs;

    if (fs->state == SIM_FS_WRITING) {
        char shown[SIM_SHOWN_MAX];

        sim_device_event(device, SIM_EVENT_LINE, "file %s written: %llu bytes",
                         sim_shown(sim_str(fs->path), shown), (unsigned long long)fs->copy.len);
        sim_copy_keep(&fs->files, &fs->copy);
    }
    forget(fs);
}

/* Leaves the file being written what it was. */
static void drop(struct sim_fs *fs)
{
    sim_copy_drop(&fs->files, &fs->copy);
    forget(fs);
}

static void on_idle(void *user)
{
    sim_fs_close(user);
}

/* After a chunk: it was the last one, or the next is waited for. */
static void go_on(struct sim_device *device)
{
    struct sim_fs *fs = &device->fs;
    bool complete = fs->len > 0 && fs->off >= fs->len;

    if (complete || device->profile->fs_closes)
        sim_fs_close(device);
    else
        smp_timer_start(fs->idle, IDLE_MS * SIM_NS_PER_MS);
}

/*
 * Whether a request goes on with the open file.  Another one is closed for it, but not
 * when another transport has it: then the request has been answered, and *busy is set.
 */
static bool goes_on(struct sim_device *device, struct smp_exchange *exchange,
                    enum sim_fs_state state, struct smp_str name, bool *busy)
{
    struct sim_fs *fs = &device->fs;

    *busy = fs->state != SIM_FS_CLOSED && fs->owner != smp_exchange_transport(exchange);
    if (*busy) {
        smp_exchange_refuse(exchange, SMP_RC_BUSY, NULL);
        return false;
    }
    if (fs->state == state && sim_str_is(name, fs->path))
        return true;
    sim_fs_close(device);
    return false;
}

static void own(struct sim_fs *fs, const struct smp_exchange *exchange, enum sim_fs_state state,
                struct smp_str name)
{
    fs->state = state;
    fs->owner = smp_exchange_transport(exchange);
    memcpy(fs->path, name.data, name.len);
    fs->path[name.len] = '\0';
}

/* ---- download ---- */

static uint16_t open_to_read(struct sim_fs *fs, const struct smp_exchange *exchange,
                             struct smp_str name)
{
    struct sim_place place;
    uint16_t rc = sim_files_find(&fs->files, name, &place);

    if (rc != SMP_FS_RC_OK)
        return rc;
    rc = sim_files_read(&place, &fs->reading, &fs->len);
    sim_place_close(&place);
    if (rc == SMP_FS_RC_OK)
        own(fs, exchange, SIM_FS_READING, name);
    return rc;
}

static void download(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    struct sim_fs *fs = &device->fs;
    const struct smp_fs_download_req *req = request;
    struct smp_fs_download_rsp rsp = {.size = sizeof(rsp), .off = req->off};
    size_t room = device->options.buf_size - CHUNK_OVERHEAD;
    ssize_t n = 0;
    bool busy;

    if (!sim_fs_is_path(exchange, req->name))
        return;
    if (!goes_on(device, exchange, SIM_FS_READING, req->name, &busy)) {
        uint16_t rc = busy ? SMP_FS_RC_OK : open_to_read(fs, exchange, req->name);

        if (rc != SMP_FS_RC_OK)
            sim_fs_fail(device, exchange, rc, NULL);
        if (busy || rc != SMP_FS_RC_OK)
            return;
    }
    if (req->off < fs->len)
        n = pread(fs->reading, fs->chunk, room, (off_t)req->off);
    if (n < 0) {
        forget(fs);
        sim_fs_fail(device, exchange, SMP_FS_RC_FILE_READ_FAILED, NULL);
        return;
    }
    rsp.data = (struct smp_bytes){fs->chunk, (size_t)n};
    rsp.has_len = req->off == 0;
    rsp.len = fs->len;
    fs->off = req->off + (uint64_t)n;
    smp_exchange_reply(exchange, &rsp);
    go_on(device);
}

/* ---- upload ---- */

static uint16_t open_to_write(struct sim_fs *fs, const struct smp_exchange *exchange,
                              struct smp_str name)
{
    struct sim_place place;
    uint16_t rc = sim_files_find(&fs->files, name, &place);

    if (rc == SMP_FS_RC_OK) {
        rc = sim_copy_open(&fs->files, &place, &fs->copy);
        sim_place_close(&place);
    }
    if (rc == SMP_FS_RC_FILE_NOT_FOUND) /* it would have been made: the way to it is missing */
        return SMP_FS_RC_MOUNT_POINT_NOT_FOUND;
    if (rc == SMP_FS_RC_OK)
        own(fs, exchange, SIM_FS_WRITING, name);
    return rc;
}

/*
 * Offset 0 begins anew.  But the old contents go only if the file had any when it was
 * closed last: a second offset 0 on a new file adds to it, and the count runs on.
 */
static uint16_t write_chunk(struct sim_fs *fs, const struct smp_fs_upload_req *req,
                            uint64_t length_before)
{
    uint16_t rc = SMP_FS_RC_OK;

    if (req->data.len == 0)
        return rc;
    if (req->off == 0 && length_before != 0)
        rc = sim_copy_truncate(&fs->copy);
    if (rc == SMP_FS_RC_OK)
        rc = sim_copy_add(&fs->copy, req->data);
    if (rc == SMP_FS_RC_OK)
        fs->off += req->data.len;
    return rc;
}

static void take(struct sim_device *device, struct smp_exchange *exchange,
                 const struct smp_fs_upload_req *req)
{
    struct sim_fs *fs = &device->fs;
    struct smp_fs_upload_rsp rsp = {.size = sizeof(rsp)};
    uint64_t before = 0;
    uint16_t rc = sim_files_length(&fs->copy.place, &before);

    if (req->off == 0)
        fs->len = req->len;
    else if (fs->off == 0)
        fs->off = before;
    if (rc == SMP_FS_RC_OK && req->off > 0 && req->off != fs->off) {
        rsp.has_len = true;
        rsp.len = fs->off;
        sim_fs_close(device);
        sim_fs_fail(device, exchange, SMP_FS_RC_FILE_OFFSET_NOT_VALID, &rsp);
        return;
    }
    if (rc == SMP_FS_RC_OK)
        rc = write_chunk(fs, req, before);
    if (rc != SMP_FS_RC_OK) {
        drop(fs);
        sim_fs_fail(device, exchange, rc, NULL);
        return;
    }
    rsp.has_off = true;
    rsp.off = fs->off;
    go_on(device);
    smp_exchange_reply(exchange, &rsp);
}

static void upload(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_fs_upload_req *req = request;
    bool busy;

    if (!sim_fs_is_path(exchange, req->name))
        return;
    if (req->off == 0 && !req->has_len) {
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "len");
        return;
    }
    if (!goes_on(device, exchange, SIM_FS_WRITING, req->name, &busy)) {
        uint16_t rc = busy ? SMP_FS_RC_OK : open_to_write(&device->fs, exchange, req->name);

        if (rc != SMP_FS_RC_OK)
            sim_fs_fail(device, exchange, rc, NULL);
        if (busy || rc != SMP_FS_RC_OK)
            return;
    }
    take(device, exchange, req);
}

/* ---- status and close ---- */

static void status(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_fs_status_req *req = request;
    struct smp_fs_status_rsp rsp = {.size = sizeof(rsp)};
    struct sim_place place;
    uint16_t rc;

    if (!sim_fs_is_path(exchange, req->name))
        return;
    rc = sim_files_find(&device->fs.files, req->name, &place);
    if (rc == SMP_FS_RC_OK) {
        rc = sim_files_length(&place, &rsp.len);
        sim_place_close(&place);
    }
    if (rc == SMP_FS_RC_OK)
        smp_exchange_reply(exchange, &rsp);
    else
        sim_fs_fail(device, exchange, rc, NULL);
}

static void close_file(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    sim_fs_close(user);
    smp_exchange_reply(exchange, NULL);
}

/* ---- the group ---- */

static int open_group(struct sim_device *device, char *error, size_t error_size)
{
    struct sim_fs *fs = &device->fs;
    int code;

    fs->reading = fs->copy.fd = fs->copy.place.dir = -1;
    fs->files.mount = device->options.fs_mount;
    fs->files.size = device->options.fs_size;
    fs->chunk = malloc(device->options.buf_size);
    code = fs->chunk == NULL ? SMP_ERR_NO_MEMORY
                             : smp_timer_new(device->loop, on_idle, device, &fs->idle);
    if (code == SMP_OK)
        return sim_files_open(&fs->files, device->options.state, error, error_size);
    snprintf(error, error_size, "%s", smp_error_text(code));
    return code;
}

/* A file that was open is what it was before. */
static void halt(struct sim_device *device)
{
    drop(&device->fs);
}

static void boot(struct sim_device *device)
{
    device->fs.files.erased = false;
}

static void close_group(struct sim_device *device)
{
    struct sim_fs *fs = &device->fs;

    if (fs->idle != NULL)
        drop(fs);
    smp_timer_free(fs->idle);
    sim_files_close(&fs->files);
    free(fs->chunk);
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_READ, download},
    {0, SMP_OP_WRITE, upload},
    {1, SMP_OP_READ, status},
    {2, SMP_OP_READ, sim_fs_hash},
    {3, SMP_OP_READ, sim_fs_hash_types},
    {4, SMP_OP_WRITE, close_file},
};

const struct sim_group sim_group_fs = {
    .bit = SIM_GROUP_FS,
    .id = SMP_GROUP_FS,
    .name = "fs",
    .title = "fs mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
    .open = open_group,
    .halt = halt,
    .boot = boot,
    .close = close_group,
};
