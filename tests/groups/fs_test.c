/* SPDX-License-Identifier: Apache-2.0 */
/* Files, chunk by chunk: typed calls to a server by the same tables.  Bytes: tests/vectors/fs.jsonl. */
#include "support/duet.h"

#include <criterion/criterion.h>
#include <string.h>

static struct duet duet;

static void set_up(void)
{
    duet_open(&duet, NULL, false);
}

static void tear_down(void)
{
    duet_close(&duet);
}

TestSuite(fs, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_FS, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

static const uint8_t abc[] = "abc";

Test(fs, download_chunk)
{
    const struct smp_fs_download_rsp rsp = {
        .size = sizeof(rsp), .data = {abc, 3}, .has_len = true, .len = 3};
    const struct smp_fs_download_req req = {.size = sizeof(req), .name = STR("/a")};
    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_fs_download_chunk(duet.session, &req, WITH), SMP_OK);
    const struct smp_fs_download_rsp *got = duet_answer(&duet, "a2 636f6666 00 646e616d65 622f61");
    cr_assert_eq(got->off, 0);
    cr_assert_eq(got->data.len, 3);
    cr_assert_arr_eq(got->data.data, abc, 3);
    cr_assert_eq(got->len, 3);
}

Test(fs, upload_chunk)
{
    const struct smp_fs_upload_rsp rsp = {.size = sizeof(rsp), .has_off = true, .off = 3};
    const struct smp_fs_upload_req req = {
        .size = sizeof(req), .name = STR("/a"), .has_len = true, .len = 3, .data = {abc, 3}};
    SERVE(0, SMP_OP_WRITE, &rsp);
    cr_assert_eq(smp_fs_upload_chunk(duet.session, &req, WITH), SMP_OK);
    const struct smp_fs_upload_rsp *got =
        duet_answer(&duet, "a4 636f6666 00 646e616d65 622f61 636c656e 03 6464617461 43616263");
    cr_assert_eq(got->off, 3);
    cr_assert_not(got->has_len);
}

/* The refusal carries what is needed to go on. */
Test(fs, upload_at_a_wrong_offset)
{
    const struct smp_fs_upload_rsp rsp = {.size = sizeof(rsp), .has_len = true, .len = 568};
    const struct smp_fs_upload_req req = {
        .size = sizeof(req), .off = 10, .name = STR("/a"), .data = {abc, 3}};
    duet.rc = SMP_FS_RC_FILE_OFFSET_NOT_VALID;
    SERVE(0, SMP_OP_WRITE, &rsp);
    cr_assert_eq(smp_fs_upload_chunk(duet.session, &req, WITH), SMP_OK);
    const struct smp_result *result = duet_result(&duet);
    cr_assert_eq(result->error, SMP_ERR_DEVICE);
    cr_assert_eq(result->rc, SMP_FS_RC_FILE_OFFSET_NOT_VALID);
    const struct smp_fs_upload_rsp *got = result->rsp;
    cr_assert(got->has_len);
    cr_assert_eq(got->len, 568);
    cr_assert_not(got->has_off);
}

/* A device counts a first chunk twice when it comes twice. */
Test(fs, upload_is_not_repeated)
{
    const struct smp_fs_upload_req req = {
        .size = sizeof(req), .name = STR("/a"), .has_len = true, .len = 3, .data = {abc, 3}};
    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_server_power(duet.server, false);
    cr_assert_eq(smp_fs_upload_chunk(duet.session, &req, WITH), SMP_OK);
    cr_assert_eq(duet_result(&duet)->error, SMP_ERR_TIMEOUT);
    smp_session_get_stats(duet.session, &stats);
    cr_assert_eq(stats.repeated, 0);
}

Test(fs, status)
{
    const struct smp_fs_status_rsp rsp = {.size = sizeof(rsp), .len = UINT64_C(1) << 32};
    const struct smp_fs_status_req req = {.size = sizeof(req), .name = STR("/a")};
    SERVE(1, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_fs_status(duet.session, &req, WITH), SMP_OK);
    const struct smp_fs_status_rsp *got = duet_answer(&duet, "a1 646e616d65 622f61");
    cr_assert_eq(got->len, UINT64_C(1) << 32);
}

Test(fs, hash_as_bytes)
{
    const struct smp_fs_hash_rsp rsp = {.size = sizeof(rsp),
                                        .type = STR("sha256"),
                                        .has_off = true,
                                        .off = 1,
                                        .len = 2,
                                        .output = {.kind = SMP_KIND_BYTES, .as.bytes = {abc, 3}}};
    const struct smp_fs_hash_req req = {.size = sizeof(req),
                                        .name = STR("/a"),
                                        .has_type = true,
                                        .type = STR("sha256"),
                                        .has_off = true,
                                        .off = 1,
                                        .has_len = true,
                                        .len = 2};
    SERVE(2, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_fs_hash(duet.session, &req, WITH), SMP_OK);
    const struct smp_fs_hash_rsp *got = duet_answer(
        &duet, "a4 646e616d65 622f61 6474797065 66736861323536 636f6666 01 636c656e 02");
    cr_assert(is(got->type, "sha256"));
    cr_assert_eq(got->off, 1);
    cr_assert_eq(got->len, 2);
    cr_assert_eq(got->output.kind, SMP_KIND_BYTES);
    cr_assert_eq(got->output.as.bytes.len, 3);
}

Test(fs, checksum_as_a_number)
{
    const struct smp_fs_hash_rsp rsp = {.size = sizeof(rsp),
                                        .type = STR("crc32"),
                                        .len = 3,
                                        .output = {.kind = SMP_KIND_UINT, .as.uint = 0xffffffff}};
    const struct smp_fs_hash_req req = {.size = sizeof(req), .name = STR("/a")};
    SERVE(2, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_fs_hash(duet.session, &req, WITH), SMP_OK);
    const struct smp_fs_hash_rsp *got = duet_answer(&duet, "a1 646e616d65 622f61");
    cr_assert_eq(got->output.kind, SMP_KIND_UINT);
    cr_assert_eq(got->output.as.uint, 0xffffffff);
    cr_assert_not(got->has_off);
}

Test(fs, hash_types)
{
    static const struct smp_fs_hash_type crc = {
        .size = sizeof(crc), .name = STR("crc32"), .format = SMP_FS_HASH_NUMBER, .bytes = 4};
    static const struct smp_fs_hash_type *const types[] = {&crc};
    const struct smp_fs_hash_types_rsp rsp = {.size = sizeof(rsp), .n_types = 1, .types = types};
    SERVE(3, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_fs_hash_types(duet.session, WITH), SMP_OK);
    const struct smp_fs_hash_types_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_types, 1);
    cr_assert(is(got->types[0]->name, "crc32"));
    cr_assert_eq(got->types[0]->format, SMP_FS_HASH_NUMBER);
    cr_assert_eq(got->types[0]->bytes, 4);
}

Test(fs, close)
{
    SERVE(4, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_fs_close(duet.session, WITH), SMP_OK);
    duet_answer(&duet, "a0");
}

Test(fs, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},
        {2, 3, "FILE_INVALID_NAME"},
        {3, 5, "FILE_NOT_FOUND"},
        {4, 1, "FILE_IS_DIRECTORY"},
        {5, 1, "FILE_OPEN_FAILED"},
        {6, 1, "FILE_SEEK_FAILED"},
        {7, 1, "FILE_READ_FAILED"},
        {8, 1, "FILE_TRUNCATE_FAILED"},
        {9, 1, "FILE_DELETE_FAILED"},
        {10, 1, "FILE_WRITE_FAILED"},
        {11, 1, "FILE_OFFSET_NOT_VALID"},
        {12, 1, "FILE_OFFSET_LARGER_THAN_FILE"},
        {13, 3, "CHECKSUM_HASH_NOT_FOUND"},
        {14, 5, "MOUNT_POINT_NOT_FOUND"},
        {15, 1, "READ_ONLY_FILESYSTEM"},
        {16, 1, "FILE_EMPTY"},
    };
    duet_codes(SMP_GROUP_FS, 4, SMP_OP_WRITE, NULL, codes, sizeof(codes) / sizeof(codes[0]));
}
