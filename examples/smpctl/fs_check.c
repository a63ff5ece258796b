/* SPDX-License-Identifier: Apache-2.0 */
#include "fs_check.h"

#include "device.h"
#include "output.h"
#include "smpctl.h"

#include <smp/fs.h>

#include <errno.h>
#include <nettle/sha2.h>
#include <string.h>
#include <unistd.h>

/* What is left of length behind offset, but no more than most. */
static size_t part_of(uint64_t length, off_t offset, size_t most)
{
    uint64_t left = length - (uint64_t)offset;
    return left < most ? (size_t)left : most;
}

struct digests {
    uint8_t sha256[SHA256_DIGEST_SIZE];
    uint32_t crc32;
};

/* CRC-32 (IEEE 802.3), to be begun with and finished by ~. */
static uint32_t crc32_update(uint32_t crc, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        }
    }
    return crc;
}

/* Of a file's first bytes. */
static bool digest_file(int fd, uint64_t length, struct digests *digests)
{
    struct sha256_ctx sha256;
    uint32_t crc = ~0u;
    uint8_t data[8192];
    off_t offset = 0;
    ssize_t n;
    sha256_init(&sha256);
    while ((n = pread(fd, data, part_of(length, offset, sizeof data), offset)) > 0 ||
           (n < 0 && errno == EINTR)) {
        if (n > 0) {
            sha256_update(&sha256, (size_t)n, data);
            crc = crc32_update(crc, data, (size_t)n);
            offset += n;
        }
    }
    sha256_digest(&sha256, sizeof digests->sha256, digests->sha256);
    digests->crc32 = ~crc;
    return n == 0;
}

static bool same(const struct digests *digests, const struct smp_value *output)
{
    if (output->kind == SMP_KIND_UINT) {
        return output->as.uint == digests->crc32;
    }
    return output->kind == SMP_KIND_BYTES && output->as.bytes.len == sizeof digests->sha256 &&
           memcmp(output->as.bytes.data, digests->sha256, sizeof digests->sha256) == 0;
}

/*
 * Asks for one type, of the first bytes or (length 0) of all.  Returns whether
 * the device has it; *good: the digests are the same.
 */
static bool ask(struct smpctl *ctl, const char *remote, uint64_t length, const char *type,
                const struct digests *digests, bool *good)
{
    const struct smp_fs_hash_req req = {
        .size = sizeof req,
        .name = str_of(remote),
        .has_type = true,
        .type = str_of(type),
        .has_len = length > 0,
        .len = length,
    };
    smp_id id = 0;
    int status;
    int error = smp_fs_hash(ctl->session, &req, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    if (!result || result->error) {
        if (result && result->error != SMP_ERR_DEVICE) {
            note(ctl, "the device did not tell the file's hash: only the length was checked");
        }
        return false;
    }
    const struct smp_fs_hash_rsp *rsp = result->rsp;
    *good = same(digests, &rsp->output);
    return true;
}

/* The first type that the device has; NULL: none. */
static const char *compare(struct smpctl *ctl, const char *remote, uint64_t length,
                           const struct digests *digests, bool *good)
{
    static const char *const types[] = {"sha256", "crc32"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (ask(ctl, remote, length, types[i], digests, good)) {
            return types[i];
        }
    }
    return NULL;
}

bool fs_begins_alike(struct smpctl *ctl, const char *remote, int fd, uint64_t length)
{
    struct digests digests;
    bool good = false;
    return length > 0 && digest_file(fd, length, &digests) &&
           compare(ctl, remote, length, &digests, &good) && good;
}

int fs_check(struct smpctl *ctl, const char *remote, int fd, const char **type)
{
    struct digests digests;
    bool good = false;
    *type = NULL;
    if (!digest_file(fd, UINT64_MAX, &digests)) {
        return fail(ctl, STATUS_FILE, "cannot read the file again to check it: %s",
                    strerror(errno));
    }
    *type = compare(ctl, remote, 0, &digests, &good);
    if (*type && !good) {
        return fail(ctl, STATUS_DEVICE,
                    "the file arrived damaged: its %s is not the device's, or somebody changed it "
                    "meanwhile; try again",
                    *type);
    }
    return STATUS_DONE;
}
