/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT, a vendor's group: typed calls to a server by the same tables.  Bytes: tests/vectors/suit.jsonl. */
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

TestSuite(suit, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_SUIT, id, op, answer)
#define WITH NULL, NULL, &duet.id

static const uint8_t bytes[] = {1, 2, 3};
static const struct smp_suit_upload_rsp upload = {
    .size = sizeof(upload), .has_off = true, .off = 3};

Test(suit, manifest_list)
{
    static const struct smp_suit_manifest root = {.size = sizeof(root), .role = 32};
    static const struct smp_suit_manifest *const manifests[] = {&root};
    const struct smp_suit_manifest_list_rsp rsp = {
        .size = sizeof(rsp), .n_manifests = 1, .manifests = manifests};
    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_suit_manifest_list(duet.session, WITH), SMP_OK);
    const struct smp_suit_manifest_list_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_manifests, 1);
    cr_assert_eq(got->manifests[0]->role, 32);
}

Test(suit, manifest_state)
{
    static const int64_t version[] = {1, 0, -2};
    const struct smp_suit_manifest_state_rsp rsp = {.size = sizeof(rsp),
                                                    .has_class_id = true,
                                                    .class_id = {bytes, 3},
                                                    .has_digest_algorithm = true,
                                                    .digest_algorithm = -16,
                                                    .has_sequence_number = true,
                                                    .sequence_number = 5,
                                                    .n_semantic_version = 3,
                                                    .semantic_version = version};
    const struct smp_suit_manifest_state_req req = {.size = sizeof(req), .role = 32};
    SERVE(1, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_suit_manifest_state(duet.session, &req, WITH), SMP_OK);
    const struct smp_suit_manifest_state_rsp *got = duet_answer(&duet, "a1 64726f6c65 1820");
    cr_assert_eq(got->class_id.len, 3);
    cr_assert_eq(got->digest_algorithm, -16);
    cr_assert_eq(got->sequence_number, 5);
    cr_assert_eq(got->n_semantic_version, 3);
    cr_assert_eq(got->semantic_version[2], -2);
    cr_assert_not(got->has_vendor_id);
}

Test(suit, envelope_upload)
{
    const struct smp_suit_envelope_upload_req req = {.size = sizeof(req),
                                                     .has_len = true,
                                                     .len = 9,
                                                     .has_defer_install = true,
                                                     .defer_install = true,
                                                     .has_data = true,
                                                     .data = {bytes, 3}};
    SERVE(2, SMP_OP_WRITE, &upload);
    cr_assert_eq(smp_suit_envelope_upload_chunk(duet.session, &req, WITH), SMP_OK);
    const struct smp_suit_upload_rsp *got = duet_answer(
        &duet, "a4 636c656e 09 636f6666 00 6d64656665725f696e7374616c6c f5 6464617461 43010203");
    cr_assert_eq(got->off, 3);
}

Test(suit, missing_poll)
{
    const struct smp_suit_missing_poll_rsp rsp = {.size = sizeof(rsp),
                                                  .has_stream_session_id = true,
                                                  .stream_session_id = 7,
                                                  .has_resource_id = true,
                                                  .resource_id = {bytes, 3}};
    SERVE(3, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_suit_missing_poll(duet.session, WITH), SMP_OK);
    const struct smp_suit_missing_poll_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->stream_session_id, 7);
    cr_assert_eq(got->resource_id.len, 3);
}

Test(suit, missing_upload)
{
    const struct smp_suit_missing_upload_req req = {.size = sizeof(req),
                                                    .has_stream_session_id = true,
                                                    .stream_session_id = 7,
                                                    .data = {bytes, 3}};
    SERVE(4, SMP_OP_WRITE, &upload);
    cr_assert_eq(smp_suit_missing_upload_chunk(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet,
                "a3 7173747265616d5f73657373696f6e5f6964 07 636f6666 00 6464617461 43010203");
}

Test(suit, cache_upload)
{
    const struct smp_suit_cache_upload_req req = {
        .size = sizeof(req), .has_target_id = true, .target_id = 1, .off = 6, .data = {bytes, 3}};
    SERVE(5, SMP_OP_WRITE, &upload);
    cr_assert_eq(smp_suit_cache_upload_chunk(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet, "a3 697461726765745f6964 01 636f6666 06 6464617461 43010203");
}

Test(suit, cleanup)
{
    SERVE(6, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_suit_cleanup(duet.session, WITH), SMP_OK);
    duet_answer(&duet, "a0");
}
