/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and checksums of files. */
#include "fs.h"

#include "device.h"
#include "text.h"

#include <nettle/sha2.h>

#include <unistd.h>

#define CRC32_POLYNOMIAL 0xedb88320u /* IEEE, reflected */

/* Both at once: which one is wanted is decided at the end. */
struct sums {
    uint32_t crc;
    struct sha256_ctx sha;
};

static uint32_t crc32_add(uint32_t crc, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? CRC32_POLYNOMIAL : 0);
    }
    return crc;
}

static bool add_up(struct sums *sums, int fd, uint64_t off, uint64_t len)
{
    uint8_t data[4096];

    sums->crc = 0xffffffffu;
    sha256_init(&sums->sha);
    while (len > 0) {
        size_t want = len < sizeof(data) ? (size_t)len : sizeof(data);
        ssize_t n = pread(fd, data, want, (off_t)off);

        if (n <= 0)
            return false;
        sums->crc = crc32_add(sums->crc, data, (size_t)n);
        sha256_update(&sums->sha, (size_t)n, data);
        off += (uint64_t)n;
        len -= (uint64_t)n;
    }
    return true;
}

/* Adds up the part that is asked for; rsp->len becomes what there is of it. */
static uint16_t sum_file(const struct sim_files *files, const struct smp_fs_hash_req *req,
                         struct smp_fs_hash_rsp *rsp, struct sums *sums)
{
    struct sim_place place;
    uint64_t length = 0;
    int fd = -1;
    uint16_t rc = sim_files_find(files, req->name, &place);

    if (rc == SMP_FS_RC_OK) {
        rc = sim_files_read(&place, &fd, &length);
        sim_place_close(&place);
    }
    if (rc != SMP_FS_RC_OK)
        return rc;
    if (length == 0) {
        rc = SMP_FS_RC_FILE_EMPTY;
    } else if (rsp->off >= length) {
        rc = SMP_FS_RC_FILE_OFFSET_LARGER_THAN_FILE;
    } else {
        rsp->len = length - rsp->off;
        if (req->has_len && req->len < rsp->len)
            rsp->len = req->len;
        rc = add_up(sums, fd, rsp->off, rsp->len) ? SMP_FS_RC_OK : SMP_FS_RC_FILE_READ_FAILED;
    }
    close(fd);
    return rc;
}

void sim_fs_hash(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_fs_hash_req *req = request;
    struct smp_fs_hash_rsp rsp = {.size = sizeof(rsp)};
    struct smp_str type = req->has_type ? req->type : sim_str("crc32");
    bool sha = sim_str_is(type, "sha256");
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sums sums;
    uint16_t rc;

    if (!sim_fs_is_path(exchange, req->name))
        return;
    if (req->has_len && req->len == 0) {
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "len");
        return;
    }
    if (!sha && !sim_str_is(type, "crc32")) {
        sim_fs_fail(device, exchange, SMP_FS_RC_CHECKSUM_HASH_NOT_FOUND, NULL);
        return;
    }
    rsp.type = type;
    rsp.off = req->has_off ? req->off : 0;
    rsp.has_off = rsp.off != 0;
    rc = sum_file(&device->fs.files, req, &rsp, &sums);
    if (rc != SMP_FS_RC_OK) {
        sim_fs_fail(device, exchange, rc, NULL);
        return;
    }
    if (sha) {
        sha256_digest(&sums.sha, sizeof(digest), digest);
        rsp.output.kind = SMP_KIND_BYTES;
        rsp.output.as.bytes = (struct smp_bytes){digest, sizeof(digest)};
    } else {
        rsp.output.kind = SMP_KIND_UINT;
        rsp.output.as.uint = sums.crc ^ 0xffffffffu;
    }
    smp_exchange_reply(exchange, &rsp);
}

void sim_fs_hash_types(struct smp_exchange *exchange, const void *request, void *user)
{
    static const struct smp_fs_hash_type types[] = {
        {.size = sizeof(types[0]),
         .name = {"crc32", 5},
         .format = SMP_FS_HASH_NUMBER,
         .bytes = sizeof(uint32_t)},
        {.size = sizeof(types[0]),
         .name = {"sha256", 6},
         .format = SMP_FS_HASH_BYTES,
         .bytes = SHA256_DIGEST_SIZE},
    };
    static const struct smp_fs_hash_type *const pointers[] = {&types[0], &types[1]};
    struct smp_fs_hash_types_rsp rsp = {.size = sizeof(rsp), .n_types = 2, .types = pointers};

    (void)request;
    (void)user;
    smp_exchange_reply(exchange, &rsp);
}
