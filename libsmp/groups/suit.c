/* SPDX-License-Identifier: Apache-2.0 */
/* Group 66, SUIT: a vendor's, without known codes of its own. */
#include "groups/group.h"

#include <smp/suit.h>

/* ---- messages ---- */

static const struct smp_field manifest_fields[] = {
    SMPI_FIELD(smp_suit_manifest, "role", role),
};
static const struct smp_message manifest = SMPI_MESSAGE(smp_suit_manifest, manifest_fields);

static const struct smp_field manifest_list_rsp_fields[] = {
    SMPI_LIST(smp_suit_manifest_list_rsp, "manifests", manifests, smp_suit_manifest, manifest),
};
static const struct smp_message manifest_list_rsp =
    SMPI_MESSAGE(smp_suit_manifest_list_rsp, manifest_list_rsp_fields);

static const struct smp_field manifest_state_req_fields[] = {
    SMPI_FIELD(smp_suit_manifest_state_req, "role", role),
};
static const struct smp_message manifest_state_req =
    SMPI_MESSAGE(smp_suit_manifest_state_req, manifest_state_req_fields);

#define STATE(key) SMPI_OPT(smp_suit_manifest_state_rsp, #key, key)

static const struct smp_field manifest_state_rsp_fields[] = {
    STATE(class_id),
    STATE(vendor_id),
    STATE(downgrade_prevention_policy),
    STATE(independent_updateability_policy),
    STATE(signature_verification_policy),
    STATE(digest),
    STATE(digest_algorithm),
    STATE(signature_check),
    STATE(sequence_number),
    SMPI_SCALARS(smp_suit_manifest_state_rsp, "semantic_version", semantic_version, SMPI_OPTIONAL),
};
static const struct smp_message manifest_state_rsp =
    SMPI_MESSAGE(smp_suit_manifest_state_rsp, manifest_state_rsp_fields);

static const struct smp_field upload_rsp_fields[] = {
    SMPI_OPT(smp_suit_upload_rsp, "off", off),
};
static const struct smp_message upload_rsp = SMPI_MESSAGE(smp_suit_upload_rsp, upload_rsp_fields);

static const struct smp_field envelope_upload_req_fields[] = {
    SMPI_OPT(smp_suit_envelope_upload_req, "len", len),
    SMPI_FIELD(smp_suit_envelope_upload_req, "off", off),
    SMPI_OPT(smp_suit_envelope_upload_req, "defer_install", defer_install),
    SMPI_OPT(smp_suit_envelope_upload_req, "data", data),
};
static const struct smp_message envelope_upload_req =
    SMPI_MESSAGE(smp_suit_envelope_upload_req, envelope_upload_req_fields);

static const struct smp_field missing_poll_rsp_fields[] = {
    SMPI_OPT(smp_suit_missing_poll_rsp, "stream_session_id", stream_session_id),
    SMPI_OPT(smp_suit_missing_poll_rsp, "resource_id", resource_id),
};
static const struct smp_message missing_poll_rsp =
    SMPI_MESSAGE(smp_suit_missing_poll_rsp, missing_poll_rsp_fields);

static const struct smp_field missing_upload_req_fields[] = {
    SMPI_OPT(smp_suit_missing_upload_req, "stream_session_id", stream_session_id),
    SMPI_OPT(smp_suit_missing_upload_req, "len", len),
    SMPI_FIELD(smp_suit_missing_upload_req, "off", off),
    SMPI_FIELD(smp_suit_missing_upload_req, "data", data),
};
static const struct smp_message missing_upload_req =
    SMPI_MESSAGE(smp_suit_missing_upload_req, missing_upload_req_fields);

static const struct smp_field cache_upload_req_fields[] = {
    SMPI_OPT(smp_suit_cache_upload_req, "target_id", target_id),
    SMPI_OPT(smp_suit_cache_upload_req, "len", len),
    SMPI_FIELD(smp_suit_cache_upload_req, "off", off),
    SMPI_FIELD(smp_suit_cache_upload_req, "data", data),
};
static const struct smp_message cache_upload_req =
    SMPI_MESSAGE(smp_suit_cache_upload_req, cache_upload_req_fields);

/* ---- commands ---- */

/* Places in the list below. */
enum {
    MANIFEST_LIST,
    MANIFEST_STATE,
    ENVELOPE_UPLOAD,
    MISSING_POLL,
    MISSING_UPLOAD,
    CACHE_UPLOAD,
    CLEANUP,
};

#define READ SMP_OP_READ
#define WRITE SMP_OP_WRITE
#define COMMAND(id, op, name, request, response, flags)                                            \
    SMPI_COMMAND_NEEDS(SMP_GROUP_SUIT, id, op, name, request, response, flags, "CONFIG_MGMT_SUITFU")

static const struct smp_command commands[] = {
    [MANIFEST_LIST] =
        COMMAND(0, READ, "manifest_list", smpi_empty, manifest_list_rsp, SMPI_IDEMPOTENT),
    [MANIFEST_STATE] =
        COMMAND(1, READ, "manifest_state", manifest_state_req, manifest_state_rsp, SMPI_IDEMPOTENT),
    [ENVELOPE_UPLOAD] =
        COMMAND(2, WRITE, "envelope_upload", envelope_upload_req, upload_rsp, SMPI_IDEMPOTENT),
    [MISSING_POLL] =
        COMMAND(3, READ, "missing_poll", smpi_empty, missing_poll_rsp, SMPI_IDEMPOTENT),
    [MISSING_UPLOAD] =
        COMMAND(4, WRITE, "missing_upload", missing_upload_req, upload_rsp, SMPI_IDEMPOTENT),
    [CACHE_UPLOAD] =
        COMMAND(5, WRITE, "cache_upload", cache_upload_req, upload_rsp, SMPI_IDEMPOTENT),
    [CLEANUP] = COMMAND(6, WRITE, "cleanup", smpi_empty, smpi_empty, SMPI_IDEMPOTENT),
};

const struct smp_group smpi_group_suit = {
    .id = SMP_GROUP_SUIT,
    .name = "suit",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
};

/* ---- calls ---- */

int smp_suit_manifest_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[MANIFEST_LIST], NULL, done, user, id);
}

int smp_suit_manifest_state(struct smp_session *session,
                            const struct smp_suit_manifest_state_req *req, smp_callback *done,
                            void *user, smp_id *id)
{
    return smp_session_call(session, &commands[MANIFEST_STATE], req, done, user, id);
}

int smp_suit_envelope_upload_chunk(struct smp_session *session,
                                   const struct smp_suit_envelope_upload_req *req,
                                   smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[ENVELOPE_UPLOAD], req, done, user, id);
}

int smp_suit_missing_poll(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[MISSING_POLL], NULL, done, user, id);
}

int smp_suit_missing_upload_chunk(struct smp_session *session,
                                  const struct smp_suit_missing_upload_req *req, smp_callback *done,
                                  void *user, smp_id *id)
{
    return smp_session_call(session, &commands[MISSING_UPLOAD], req, done, user, id);
}

int smp_suit_cache_upload_chunk(struct smp_session *session,
                                const struct smp_suit_cache_upload_req *req, smp_callback *done,
                                void *user, smp_id *id)
{
    return smp_session_call(session, &commands[CACHE_UPLOAD], req, done, user, id);
}

int smp_suit_cleanup(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[CLEANUP], NULL, done, user, id);
}
