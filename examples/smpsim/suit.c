/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group SUIT: an envelope is uploaded, its installation asks for one image, and when that has
 * come the manifest's sequence number is one higher.  Nothing is kept of what is uploaded.
 */
#include "suit.h"

#include "device.h"
#include "text.h"

#include <smp/suit.h>

/* Where an upload ends: no memory is needed for it, but no device takes more. */
#define UPLOAD_MAX (UINT64_C(64) << 20)

static const struct smp_suit_manifest manifests[] = {
    {.size = sizeof(struct smp_suit_manifest), .role = 0x10}, /* Nordic's, the top one */
    {.size = sizeof(struct smp_suit_manifest), .role = 0x20}, /* the application's, the root */
};
#define MANIFESTS (sizeof(manifests) / sizeof(manifests[0]))

static void manifest_list(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_suit_manifest *pointers[MANIFESTS];
    struct smp_suit_manifest_list_rsp rsp = {
        .size = sizeof(rsp), .n_manifests = MANIFESTS, .manifests = pointers};

    (void)request;
    (void)user;
    for (size_t i = 0; i < MANIFESTS; i++)
        pointers[i] = &manifests[i];
    smp_exchange_reply(exchange, &rsp);
}

static void manifest_state(struct smp_exchange *exchange, const void *request, void *user)
{
    static const uint8_t class_id[16] = {1}, vendor_id[16] = {2}, digest[32] = {3};
    static const int64_t version[] = {1, 0, 0};
    const struct sim_device *device = user;
    const struct smp_suit_manifest_state_req *req = request;
    struct smp_suit_manifest_state_rsp rsp = {
        .size = sizeof(rsp),
        .has_class_id = true,
        .class_id = {class_id, sizeof(class_id)},
        .has_vendor_id = true,
        .vendor_id = {vendor_id, sizeof(vendor_id)},
        .has_downgrade_prevention_policy = true,
        .downgrade_prevention_policy = 1,
        .has_independent_updateability_policy = true,
        .independent_updateability_policy = 1,
        .has_signature_verification_policy = true,
        .signature_verification_policy = 1,
        .has_digest = true,
        .digest = {digest, sizeof(digest)},
        .has_digest_algorithm = true,
        .digest_algorithm = -16, /* COSE: SHA-256 */
        .has_signature_check = true,
        .signature_check = 2,
        .has_sequence_number = true,
        .sequence_number = 1 + device->suit.sequence,
        .n_semantic_version = 3,
        .semantic_version = version,
    };

    for (size_t i = 0; i < MANIFESTS; i++) {
        if (manifests[i].role == req->role) {
            smp_exchange_reply(exchange, &rsp);
            return;
        }
    }
    smp_exchange_refuse(exchange, SMP_RC_NOT_FOUND, NULL);
}

/* ---- uploads ---- */

static void reply_offset(struct smp_exchange *exchange, const struct sim_suit_upload *upload)
{
    struct smp_suit_upload_rsp rsp = {.size = sizeof(rsp), .has_off = true, .off = upload->off};

    smp_exchange_reply(exchange, &rsp);
}

/* Takes a chunk and answers; true: that was the last one. */
static bool take(struct smp_exchange *exchange, struct sim_suit_upload *upload, uint64_t off,
                 const uint64_t *len, size_t n)
{
    if (off == 0) {
        if (len == NULL || *len == 0 || *len > UPLOAD_MAX) {
            smp_exchange_refuse(exchange, SMP_RC_INVALID, "len");
            return false;
        }
        *upload = (struct sim_suit_upload){.active = true, .len = *len};
    }
    if (upload->active && off == upload->off) {
        if (n > upload->len - upload->off) {
            upload->active = false;
            smp_exchange_refuse(exchange, SMP_RC_INVALID, "data");
            return false;
        }
        upload->off += n;
    }
    reply_offset(exchange, upload);
    if (!upload->active || upload->off < upload->len)
        return false;
    upload->active = false;
    return true;
}

static void install(struct sim_device *device)
{
    device->suit.step = SIM_SUIT_WAITING;
    device->suit.session++;
    sim_device_event(device, SIM_EVENT_LINE, "SUIT: installs, and waits for an image");
}

static void envelope_upload(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    struct sim_suit *suit = &device->suit;
    const struct smp_suit_envelope_upload_req *req = request;

    if (req->off == 0 && req->has_len && req->len == 0 && !req->has_data) {
        if (suit->step != SIM_SUIT_STORED) {
            smp_exchange_refuse(exchange, SMP_RC_BAD_STATE, NULL);
            return;
        }
        install(device);
        smp_exchange_reply(exchange, NULL);
        return;
    }
    if (req->off == 0)
        suit->defer = req->has_defer_install && req->defer_install;
    if (!take(exchange, &suit->envelope, req->off, req->has_len ? &req->len : NULL,
              req->has_data ? req->data.len : 0))
        return;
    if (suit->defer)
        suit->step = SIM_SUIT_STORED;
    else
        install(device);
}

static void missing_poll(struct smp_exchange *exchange, const void *request, void *user)
{
    static const char resource[] = "file://app.bin";
    const struct sim_device *device = user;
    struct smp_suit_missing_poll_rsp rsp = {.size = sizeof(rsp)};

    (void)request;
    rsp.has_stream_session_id = rsp.has_resource_id = device->suit.step == SIM_SUIT_WAITING;
    rsp.stream_session_id = device->suit.session;
    rsp.resource_id = (struct smp_bytes){(const uint8_t *)resource, sizeof(resource) - 1};
    smp_exchange_reply(exchange, &rsp);
}

static void missing_upload(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    struct sim_suit *suit = &device->suit;
    const struct smp_suit_missing_upload_req *req = request;

    if (suit->step != SIM_SUIT_WAITING) {
        smp_exchange_refuse(exchange, SMP_RC_BAD_STATE, NULL);
        return;
    }
    if (req->off == 0 && (!req->has_stream_session_id || req->stream_session_id != suit->session)) {
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "stream_session_id");
        return;
    }
    if (!take(exchange, &suit->missing, req->off, req->has_len ? &req->len : NULL, req->data.len))
        return;
    suit->step = SIM_SUIT_IDLE;
    suit->sequence++;
    sim_device_event(device, SIM_EVENT_LINE, "SUIT: installed");
}

static void cache_upload(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_suit_cache_upload_req *req = request;

    if (req->off == 0 && !req->has_target_id)
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "target_id");
    else
        take(exchange, &device->suit.cache, req->off, req->has_len ? &req->len : NULL,
             req->data.len);
}

static void forget(struct sim_device *device)
{
    device->suit =
        (struct sim_suit){.session = device->suit.session, .sequence = device->suit.sequence};
}

static void cleanup(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    forget(user);
    smp_exchange_reply(exchange, NULL);
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_READ, manifest_list},    {1, SMP_OP_READ, manifest_state},
    {2, SMP_OP_WRITE, envelope_upload}, {3, SMP_OP_READ, missing_poll},
    {4, SMP_OP_WRITE, missing_upload},  {5, SMP_OP_WRITE, cache_upload},
    {6, SMP_OP_WRITE, cleanup},
};

const struct sim_group sim_group_suit = {
    .bit = SIM_GROUP_SUIT,
    .id = SMP_GROUP_SUIT,
    .name = "suit",
    .title = "suit mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
    .boot = forget,
};
