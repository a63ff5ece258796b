/* SPDX-License-Identifier: Apache-2.0 */
/* Core list, load and erase. */
#include "core.h"

#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CORE_CHUNK 512u
/* What stands around the data in an answer: header, keys, numbers. */
#define CORE_OVERHEAD 64u

static bool core_path(const struct sim_device *device, char *path, size_t size)
{
    int n = snprintf(path, size, "%s/core", device->options.state);

    return n > 0 && (size_t)n < size;
}

static int core_open(const struct sim_device *device)
{
    char path[4096];

    return core_path(device, path, sizeof(path)) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

static void reply_found(struct smp_exchange *exchange, bool found)
{
    if (found)
        smp_exchange_reply(exchange, NULL);
    else
        smp_exchange_refuse(exchange, SMP_RC_NOT_FOUND, NULL);
}

void sim_core_list(struct smp_exchange *exchange, const void *request, void *user)
{
    int fd = core_open(user);

    (void)request;
    reply_found(exchange, fd >= 0);
    if (fd >= 0)
        close(fd);
}

void sim_core_erase(struct smp_exchange *exchange, const void *request, void *user)
{
    char path[4096];

    (void)request;
    reply_found(exchange, core_path(user, path, sizeof(path)) && unlink(path) == 0);
}

void sim_core_load(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    const struct smp_img_core_load_req *req = request;
    uint8_t data[CORE_CHUNK];
    size_t room = device->options.buf_size > CORE_OVERHEAD + CORE_CHUNK
                      ? CORE_CHUNK
                      : device->options.buf_size - CORE_OVERHEAD;
    struct smp_img_core_load_rsp rsp = {.size = sizeof(rsp), .off = req->off};
    struct stat st;
    ssize_t n = 0;
    int fd = core_open(device);

    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        reply_found(exchange, false);
        return;
    }
    if (req->off < (uint64_t)st.st_size)
        n = pread(fd, data, room, (off_t)req->off);
    close(fd);
    if (n < 0) {
        smp_exchange_refuse(exchange, SMP_RC_UNKNOWN, NULL);
        return;
    }
    rsp.has_len = req->off == 0;
    rsp.len = (uint64_t)st.st_size;
    rsp.data = (struct smp_bytes){data, (size_t)n};
    smp_exchange_reply(exchange, &rsp);
}
