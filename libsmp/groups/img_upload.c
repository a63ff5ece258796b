/* SPDX-License-Identifier: Apache-2.0 */
/* Image upload: what the transfer engine needs to know about it. */
#include "groups/img.h"

#include "base/sha.h"
#include "codec/encode.h"
#include "core/transfer.h"

#include <string.h>

struct upload {
    struct smpi_transfer transfer; /* first: the engine frees it */
    uint32_t image;
    bool upgrade;
    uint8_t sha[32];
    size_t hash_len; /* 0: not told */
    uint8_t hash[sizeof(((struct smp_img_upload_options *)0)->hash)];
};

static int build(struct smpi_transfer *transfer, uint64_t offset, uint8_t *payload, size_t room,
                 size_t *len, uint32_t *data_len)
{
    const struct upload *upload = SMPI_OF(transfer, struct upload, transfer);
    struct smp_img_upload_req req = {.size = sizeof(req), .off = offset, .has_data = true};
    size_t gap = 0;
    if (offset == 0) {
        req.has_image = upload->image != 0;
        req.image = upload->image;
        req.has_len = true;
        req.len = transfer->total;
        req.has_sha = true;
        req.sha = (struct smp_bytes){upload->sha, sizeof(upload->sha)};
        req.has_upgrade = upload->upgrade;
        req.upgrade = upload->upgrade;
    }
    /* All but the data takes what an empty data string's message takes, less its head. */
    int error = smpi_encode(&smpi_img_upload_req, &req, NULL, payload, room, len, NULL);
    if (error != SMP_OK) {
        return error;
    }
    size_t fits = smpi_bytes_that_fit(room - (*len - 1));
    fits = fits < *data_len ? fits : *data_len;
    if (fits == 0) {
        return SMP_ERR_TOO_LARGE;
    }
    req.data.len = fits;
    error = smpi_encode(&smpi_img_upload_req, &req, NULL, payload, room, len, &gap);
    if (error != SMP_OK) {
        return error;
    }
    *data_len = (uint32_t)fits;
    error = transfer->source.read(transfer->source.user, offset, payload + gap, fits);
    return error == SMP_OK || error == SMP_ERR_AGAIN ? error : SMP_ERR_SOURCE;
}

static bool wanted(const struct smp_result *result, uint64_t *offset)
{
    const struct smp_img_upload_rsp *rsp = result->rsp;
    *offset = rsp->off;
    return result->error == SMP_OK && rsp->has_off;
}

/* The last answer may say whether the flash holds what `sha` promised. */
static void finish(struct smpi_transfer *transfer, struct smp_result *result)
{
    const struct smp_img_upload_rsp told = {
        .size = sizeof(told), .has_off = true, .off = transfer->total};
    const struct smp_command *command = transfer->ops->command;
    struct smp_result own = {
        .command = command,
        .message = command->response,
        .rsp = &told,
        .header = {.op = SMP_OP_WRITE_RSP, .id = command->id, .group = command->group},
        .has_answer = true,
    };
    result = result != NULL ? result : &own;
    const struct smp_img_upload_rsp *rsp = result->rsp;
    if (rsp->has_match && !rsp->match) {
        result->error = SMP_ERR_CORRUPT;
    }
    smpi_transfer_complete(transfer, result);
}

/* A slot that holds the image's hash and does not run holds what was uploaded. */
static void on_state(struct smpi_transfer *transfer, const struct smp_result *result)
{
    const struct upload *upload = SMPI_OF(transfer, struct upload, transfer);
    const struct smp_img_state_rsp *state = result->rsp;
    bool there = false;
    for (size_t i = 0; result->error == SMP_OK && i < state->n_images; i++) {
        const struct smp_img_image *image = state->images[i];
        there =
            there || (image->has_hash && !image->active && image->hash.len == upload->hash_len &&
                      memcmp(image->hash.data, upload->hash, upload->hash_len) == 0);
    }
    smpi_transfer_go_on(transfer, there ? transfer->total : 0);
}

static bool ask(struct smpi_transfer *transfer)
{
    const struct upload *upload = SMPI_OF(transfer, struct upload, transfer);
    return upload->hash_len > 0 &&
           smpi_transfer_call(transfer, &smpi_img_commands[SMPI_IMG_STATE_READ], NULL, on_state) ==
               SMP_OK;
}

/* The first chunk again tells how far the device is; but one that has all of it starts anew. */
static bool rejoin(struct smpi_transfer *transfer)
{
    return transfer->high == transfer->total && ask(transfer);
}

static const struct smpi_transfer_ops upload_ops = {
    .command = &smpi_img_commands[SMPI_IMG_UPLOAD],
    .build = build,
    .wanted = wanted,
    .ask = ask,
    .rejoin = rejoin,
    .finish = finish,
};

/* SHA-256 of all of it: what tells this upload from any other. */
static int hash_source(const struct smp_source *source, uint8_t *sha)
{
    uint8_t block[4096];
    struct smpi_sha state;
    smpi_sha_init(&state, SMPI_SHA256);
    for (uint64_t done = 0; done < source->length;) {
        uint64_t rest = source->length - done;
        size_t len = rest < sizeof(block) ? (size_t)rest : sizeof(block);
        if (source->read(source->user, done, block, len) != SMP_OK) {
            return SMP_ERR_SOURCE;
        }
        smpi_sha_update(&state, block, len);
        done += len;
    }
    smpi_sha_final(&state, sha);
    return SMP_OK;
}

int smp_img_upload(struct smp_session *session, const struct smp_source *source,
                   const struct smp_img_upload_options *options, smp_callback *done, void *user,
                   smp_id *id)
{
    struct smp_img_upload_options own = {.size = sizeof(own)};
    if (session == NULL || source == NULL || source->read == NULL || source->length == 0 ||
        source->length > UINT32_MAX || (options != NULL && options->size == 0)) {
        return SMP_ERR_INVALID;
    }
    if (options != NULL) {
        memcpy(&own, options, options->size < sizeof(own) ? options->size : sizeof(own));
    }
    if (own.hash_len > sizeof(own.hash)) {
        return SMP_ERR_INVALID;
    }
    struct upload *upload = smpi_alloc(session->loop, sizeof(*upload));
    if (upload == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    upload->image = own.image;
    upload->upgrade = own.upgrade;
    upload->hash_len = own.hash_len;
    memcpy(upload->hash, own.hash, sizeof(upload->hash));
    upload->transfer.ops = &upload_ops;
    upload->transfer.way = &smpi_transfer_send;
    upload->transfer.source = *source;
    upload->transfer.total = source->length;
    upload->transfer.options = own.transfer;
    upload->transfer.done = done;
    upload->transfer.user = user;
    int error = SMP_OK;
    if (own.has_sha) {
        memcpy(upload->sha, own.sha, sizeof(upload->sha));
    } else {
        error = hash_source(source, upload->sha);
    }
    error = error == SMP_OK ? smpi_transfer_begin(session, &upload->transfer, id) : error;
    if (error != SMP_OK) {
        smpi_free(session->loop, upload);
    }
    return error;
}
