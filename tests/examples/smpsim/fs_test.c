/* SPDX-License-Identifier: Apache-2.0 */
/* Group file system, by what was recorded with Zephyr (protocol.md 4.6 and 10). */
#include "rig.h"
#include "text.h"

#include <sys/stat.h>

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(fs, .init = setup, .fini = teardown);

#define NO_LEN UINT64_MAX

static const struct smp_result *upload_result(const char *name, uint64_t off, const char *data,
                                              size_t n, uint64_t len)
{
    struct smp_fs_upload_req req = {
        .size = sizeof(req),
        .name = sim_str(name),
        .off = off,
        .data = {(const uint8_t *)data, n},
        .has_len = len != NO_LEN,
        .len = len,
    };

    return rig_call(&rig, SMP_GROUP_FS, 0, SMP_OP_WRITE, &req);
}

/* The offset wanted next, or minus the error. */
static int64_t upload(const char *name, uint64_t off, const char *data, uint64_t len)
{
    const struct smp_result *result = upload_result(name, off, data, strlen(data), len);
    const struct smp_fs_upload_rsp *rsp = result->rsp;

    return result->error == SMP_OK ? (int64_t)rsp->off : -rig_rc(result);
}

static int64_t status(const char *name)
{
    struct smp_fs_status_req req = {.size = sizeof(req), .name = sim_str(name)};
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_FS, 1, SMP_OP_READ, &req);
    const struct smp_fs_status_rsp *rsp = result->rsp;

    return result->error == SMP_OK ? (int64_t)rsp->len : -rig_rc(result);
}

/* A chunk as text, with the length behind it at offset 0; or its error in brackets. */
static const char *download(const char *name, uint64_t off)
{
    static char text[4096];
    struct smp_fs_download_req req = {.size = sizeof(req), .name = sim_str(name), .off = off};
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_FS, 0, SMP_OP_READ, &req);
    const struct smp_fs_download_rsp *rsp = result->rsp;
    size_t n;

    if (result->error != SMP_OK) {
        snprintf(text, sizeof(text), "(%lld)", (long long)rig_rc(result));
        return text;
    }
    cr_assert_eq(rsp->off, off);
    n = (size_t)snprintf(text, sizeof(text), "%.*s", (int)rsp->data.len,
                         (const char *)rsp->data.data);
    if (rsp->has_len)
        snprintf(text + n, sizeof(text) - n, " of %llu", (unsigned long long)rsp->len);
    return text;
}

static void close_file(void)
{
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_FS, 4, SMP_OP_WRITE, NULL)), 0);
}

Test(fs, a_file_goes_up_and_comes_down)
{
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/a.txt", 0, "hello, ", 12), 7);
    cr_assert_eq(upload("/lfs/a.txt", 7, "world", NO_LEN), 12);
    cr_assert(rig_told(&rig, "file /lfs/a.txt written: 12 bytes"), "%s", rig.events);
    cr_assert_eq(status("/lfs/a.txt"), 12);
    cr_assert_str_eq(download("/lfs/a.txt", 0), "hello, world of 12");
    cr_assert_str_eq(download("/lfs/a.txt", 7), "world");
    cr_assert_str_eq(download("/lfs/a.txt", 12), "");
    cr_assert_str_eq(download("/lfs/a.txt", 99999), "");
    cr_assert_str_eq(download("/lfs/a.txt", UINT64_MAX), "");
}

Test(fs, files_survive_a_power_cut)
{
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/kept", 0, "all of it", 9), 9);
    cr_assert_eq(upload("/lfs/half", 0, "half", 8), 4);
    rig_stop(&rig);
    rig_start(&rig);
    cr_assert_str_eq(download("/lfs/kept", 0), "all of it of 9");
    cr_assert_eq(status("/lfs/half"), 0, "what was never closed is empty");
    cr_assert_eq(upload("/lfs/kept", 0, "new", 6), 3);
    rig_reset(&rig);
    cr_assert_str_eq(download("/lfs/kept", 0), "all of it of 9", "or what it was before");
}

Test(fs, an_open_file_shows_its_old_length)
{
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/r", 0, "AAAAAAAAAA", 30), 10);
    cr_assert_eq(status("/lfs/r"), 0);
    cr_assert_eq(upload("/lfs/r2", 0, "B", 1), 1, "another file closes it");
    cr_assert_eq(status("/lfs/r"), 10);
    cr_assert_eq(upload("/lfs/r", 10, "AAAAAAAAAA", NO_LEN), 20);
    cr_assert_eq(status("/lfs/r"), 10);
    close_file();
    cr_assert_eq(status("/lfs/r"), 20);
}

Test(fs, a_file_left_alone_is_closed_after_a_second)
{
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/r", 0, "abc", 30), 3);
    rig_sleep(&rig, 900);
    cr_assert_eq(status("/lfs/r"), 0);
    rig_sleep(&rig, 200);
    cr_assert_eq(status("/lfs/r"), 3);
    close_file();
}

Test(fs, a_wrong_offset_is_answered_with_the_length)
{
    const struct smp_result *result;
    const struct smp_fs_upload_rsp *rsp;

    rig_start(&rig);
    cr_assert_eq(upload("/lfs/t", 0, "abc", 30), 3);
    result = upload_result("/lfs/t", 50, "x", 1, NO_LEN);
    rsp = result->rsp;
    cr_assert_eq(rig_rc(result), SMP_FS_RC_FILE_OFFSET_NOT_VALID);
    cr_assert(rsp != NULL && rsp->has_len && rsp->len == 3);
    cr_assert_eq(status("/lfs/t"), 3, "and the file is closed");
    cr_assert_eq(upload("/lfs/t", 3, "def", NO_LEN), 6, "from there it goes on");
}

Test(fs, offset_0_again_empties_what_was_closed_but_counts_on)
{
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/new", 0, "abc", 30), 3);
    cr_assert_eq(upload("/lfs/new", 0, "abc", 30), 6, "a file that was never closed grows");
    close_file();
    cr_assert_str_eq(download("/lfs/new", 0), "abcabc of 6");
    cr_assert_eq(upload("/lfs/new", 0, "ghi", 30), 3, "closed before, it begins anew");
    cr_assert_eq(upload("/lfs/new", 0, "jk", 30), 5, "the count runs on");
    close_file();
    cr_assert_str_eq(download("/lfs/new", 0), "jk of 2");
}

Test(fs, the_length_given_is_not_enforced)
{
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/r3", 0, "DDDDDDDDDD", 5), 10);
    cr_assert_eq(status("/lfs/r3"), 10);
}

Test(fs, what_is_missing_or_no_file)
{
    char path[128];

    rig_start(&rig);
    snprintf(path, sizeof(path), "%s/fs/dir", rig.state);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(status("/lfs/no"), -SMP_FS_RC_FILE_NOT_FOUND);
    cr_assert_str_eq(download("/lfs/no", 0), "(3)");
    cr_assert_str_eq(download("/nope/x", 0), "(3)");
    cr_assert_eq(upload("/nope/x", 0, "abc", 3), -SMP_FS_RC_MOUNT_POINT_NOT_FOUND);
    cr_assert_eq(upload("/lfs/d/x", 0, "abc", 3), -SMP_FS_RC_MOUNT_POINT_NOT_FOUND);
    cr_assert_eq(upload("/lfsx/y", 0, "abc", 3), -SMP_FS_RC_MOUNT_POINT_NOT_FOUND);
    cr_assert_eq(upload("x", 0, "abc", 3), -SMP_FS_RC_FILE_INVALID_NAME);
    cr_assert_eq(upload("/lfs/t", 0, "abc", NO_LEN), SMP_RC_INVALID, "the length is required");
    cr_assert_eq(upload("", 0, "abc", 3), SMP_RC_INVALID);
    cr_assert_eq(status("/lfs"), -SMP_FS_RC_FILE_IS_DIRECTORY);
    cr_assert_eq(status("/lfs/"), -SMP_FS_RC_FILE_IS_DIRECTORY);
    cr_assert_eq(status("/lfs/dir"), -SMP_FS_RC_FILE_IS_DIRECTORY);
    cr_assert_eq(upload("/lfs/dir", 0, "abc", 3), -SMP_FS_RC_FILE_IS_DIRECTORY);
    cr_assert_eq(upload("/lfs/dir/x", 0, "abc", 3), 3, "folders that are there can be used");
    cr_assert_str_eq(download("/lfs//dir/x", 0), "abc of 3");
}

Test(fs, a_full_disk_leaves_a_new_file_empty)
{
    char data[1025] = "";

    memset(data, 'x', 1024);
    rig.device_options.fs_size = 8 * SIM_FS_BLOCK;
    rig_start(&rig);
    for (uint64_t off = 0; off < 4096; off += 1024)
        cr_assert_eq(upload("/lfs/full", off, data, 20000), off + 1024);
    cr_assert_eq(upload("/lfs/full", 4096, data, NO_LEN), -SMP_FS_RC_FILE_WRITE_FAILED);
    cr_assert_eq(status("/lfs/full"), 0);
    cr_assert_eq(upload("/lfs/z", 0, "abc", 3), 3);
}

Test(fs, the_number_of_files_is_bounded)
{
    char name[32];
    unsigned n = 0;

    rig.device_options.fs_size = 8 * SIM_FS_BLOCK;
    rig_start(&rig);
    for (; n < 100; n++) {
        snprintf(name, sizeof(name), "/lfs/%u", n);
        if (upload(name, 0, "", 0) != 0)
            break;
    }
    cr_assert_eq(n, 8);
    cr_assert_eq(upload(name, 0, "", 0), -SMP_FS_RC_FILE_OPEN_FAILED);
    cr_assert_eq(upload("/lfs/0", 0, "abc", 3), 3, "those that are there can be written");
}

/* ---- hashes ---- */

static int64_t crc(const char *name, uint64_t off, uint64_t len, uint64_t *taken)
{
    struct smp_fs_hash_req req = {.size = sizeof(req),
                                  .name = sim_str(name),
                                  .has_off = true,
                                  .off = off,
                                  .has_len = len != NO_LEN,
                                  .len = len};
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_FS, 2, SMP_OP_READ, &req);
    const struct smp_fs_hash_rsp *rsp = result->rsp;

    if (result->error != SMP_OK)
        return -rig_rc(result);
    cr_assert(sim_str_is(rsp->type, "crc32"));
    cr_assert_eq(rsp->has_off, off != 0);
    *taken = rsp->len;
    return (int64_t)rsp->output.as.uint;
}

Test(fs, checksums)
{
    uint64_t taken = 0;

    rig_start(&rig);
    cr_assert_eq(upload("/lfs/n", 0, "123456789", 9), 9);
    cr_assert_eq(upload("/lfs/x", 0, "ab123456789cd", 13), 13);
    cr_assert_eq(upload("/lfs/e", 0, "", 0), 0);
    /* The check value of CRC-32/ISO-HDLC. */
    cr_assert_eq(crc("/lfs/n", 0, NO_LEN, &taken), 0xcbf43926);
    cr_assert_eq(taken, 9);
    cr_assert_eq(crc("/lfs/x", 2, 9, &taken), 0xcbf43926);
    cr_assert_eq(taken, 9);
    crc("/lfs/n", 5, 1000, &taken);
    cr_assert_eq(taken, 4, "clipped to the end");
    cr_assert_eq(crc("/lfs/n", 0, 0, &taken), SMP_RC_INVALID);
    cr_assert_eq(crc("/lfs/n", 9, NO_LEN, &taken), -SMP_FS_RC_FILE_OFFSET_LARGER_THAN_FILE);
    cr_assert_eq(crc("/lfs/e", 0, NO_LEN, &taken), -SMP_FS_RC_FILE_EMPTY);
    cr_assert_eq(crc("/lfs/no", 0, NO_LEN, &taken), -SMP_FS_RC_FILE_NOT_FOUND);
}

Test(fs, sha256_and_the_list_of_types)
{
    /* FIPS 180-2, appendix B.1: "abc" */
    static const uint8_t abc[32] =
        "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
        "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad";
    struct smp_fs_hash_req req = {.size = sizeof(req),
                                  .name = sim_str("/lfs/a"),
                                  .has_type = true,
                                  .type = sim_str("sha256")};
    const struct smp_fs_hash_rsp *rsp;
    const struct smp_fs_hash_types_rsp *types;

    rig_start(&rig);
    cr_assert_eq(upload("/lfs/a", 0, "abc", 3), 3);
    rsp = rig_call(&rig, SMP_GROUP_FS, 2, SMP_OP_READ, &req)->rsp;
    cr_assert(rsp != NULL && rsp->len == 3 && rsp->output.kind == SMP_KIND_BYTES);
    cr_assert_eq(rsp->output.as.bytes.len, 32);
    cr_assert_arr_eq(rsp->output.as.bytes.data, abc, 32);
    req.type = sim_str("md5");
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_FS, 2, SMP_OP_READ, &req)),
                 SMP_FS_RC_CHECKSUM_HASH_NOT_FOUND);
    types = rig_call(&rig, SMP_GROUP_FS, 3, SMP_OP_READ, NULL)->rsp;
    cr_assert_eq(types->n_types, 2);
    cr_assert(sim_str_is(types->types[1]->name, "sha256"));
    cr_assert(types->types[1]->format == SMP_FS_HASH_BYTES && types->types[1]->bytes == 32);
}

/* ---- other servers, other transports ---- */

Test(fs, on_3_4_the_codes_are_fewer)
{
    uint64_t taken;

    rig.device_options.profile = sim_profile_find("zephyr-3.4");
    rig_start(&rig);
    cr_assert_eq(upload("/nope/x", 0, "abc", 3), -SMP_FS_RC_FILE_NOT_FOUND);
    cr_assert_eq(upload("/lfs/e", 0, "", 0), 0);
    cr_assert_eq(crc("/lfs/e", 0, NO_LEN, &taken), -SMP_FS_RC_FILE_OFFSET_LARGER_THAN_FILE);
}

Test(fs, v1_servers_tell_no_length_and_close_each_time)
{
    const struct smp_result *result;

    rig.device_options.profile = sim_profile_find("zephyr-3.2");
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/t", 0, "abc", 30), 3);
    cr_assert_eq(status("/lfs/t"), 3);
    cr_assert_eq(upload("/lfs/t", 3, "def", NO_LEN), 6);
    cr_assert_eq(upload("/lfs/t", 0, "abc", 30), 3, "offset 0 begins anew");
    result = upload_result("/lfs/t", 50, "x", 1, NO_LEN);
    cr_assert_eq(rig_rc(result), -SMP_RC_UNKNOWN);
    cr_assert(result->rsp == NULL || !((const struct smp_fs_upload_rsp *)result->rsp)->has_len);
}

Test(fs, a_file_belongs_to_the_transport_that_opened_it)
{
    struct smp_transport *near = NULL, *far = NULL;
    struct smp_session *other = NULL, *first;

    rig_start(&rig);
    cr_assert_eq(smp_loopback_new(rig.loop, 0, &near, &far), SMP_OK);
    cr_assert_eq(sim_device_listen(rig.device, far), SMP_OK);
    cr_assert_eq(smp_session_new(near, &rig.session_options, &other), SMP_OK);
    cr_assert_eq(upload("/lfs/t", 0, "abc", 30), 3);
    first = rig.session;
    rig.session = other;
    cr_assert_eq(upload("/lfs/t", 3, "x", NO_LEN), SMP_RC_BUSY);
    cr_assert_str_eq(download("/lfs/t", 0), "(-10)");
    close_file(); /* anybody may */
    cr_assert_eq(upload("/lfs/t", 3, "x", NO_LEN), 4);
    rig.session = first;
    smp_session_free(other);
    sim_device_free(rig.device);
    rig.device = NULL;
    smp_transport_free(near);
    smp_transport_free(far);
}

Test(fs, erasing_the_storage_breaks_the_files_until_the_next_boot)
{
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/t", 0, "abc", 3), 3);
    cr_assert_eq(upload("/lfs/open", 0, "abc", 30), 3);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_ZEPHYR, 0, SMP_OP_WRITE, NULL)), 0);
    cr_assert_eq(status("/lfs/t"), -SMP_FS_RC_UNKNOWN);
    rig_reset(&rig);
    cr_assert_eq(status("/lfs/t"), -SMP_FS_RC_FILE_NOT_FOUND);
    cr_assert_eq(status("/lfs/open"), -SMP_FS_RC_FILE_NOT_FOUND);
    cr_assert_eq(upload("/lfs/t", 0, "abc", 3), 3);
}

Test(fs, has_its_own_mount_point)
{
    rig.device_options.fs_mount = "/ext/data";
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/t", 0, "abc", 3), -SMP_FS_RC_MOUNT_POINT_NOT_FOUND);
    cr_assert_eq(upload("/ext/t", 0, "abc", 3), -SMP_FS_RC_MOUNT_POINT_NOT_FOUND);
    cr_assert_eq(upload("/ext/data/t", 0, "abc", 3), 3);
}

Test(fs, downloads_fill_the_buffer_as_zephyr_does)
{
    char data[513] = "";

    memset(data, 'x', 512);
    rig.device_options.buf_size = 384;
    rig_start(&rig);
    cr_assert_eq(upload("/lfs/t", 0, "abcdefghijkl", 600), 12);
    for (uint64_t off = 12; off < 588; off += 64) {
        data[64] = '\0';
        cr_assert_eq(upload("/lfs/t", off, data, NO_LEN), off + 64);
    }
    close_file();
    cr_assert_eq(strlen(download("/lfs/t", 1)), 340);
}
