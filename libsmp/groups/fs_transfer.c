/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files up and down: what the transfer engine needs to know about them.
 *
 * A device keeps a file open between chunks.  Sending offset 0 a second time to
 * an open file confuses some, and an open file's length is not told: so asking
 * where it stands is "close", then "status".
 */
#include "groups/fs.h"
#include "groups/fs_resume.h"

#include "codec/encode.h"
#include "core/transfer.h"

#include <string.h>

enum { CLOSES_MAX = 10 };

struct file {
    struct smpi_transfer transfer; /* first: the engine frees it */
    struct smp_str name;           /* of the remote file, in `text` */
    bool resuming;                 /* asked before the first chunk, to go on with what is there */
    bool checking;                 /* and it is not known whether that is ours */
    bool starting;                 /* asked in order to begin with the first chunk */
    unsigned closes;               /* of those cut off on the way */
    struct smpi_fs_resume resume;
    char text[];
};

static struct file *file_of(struct smpi_transfer *transfer)
{
    return SMPI_OF(transfer, struct file, transfer);
}

struct smpi_fs_resume *smpi_fs_resume_of(struct smpi_transfer *transfer)
{
    return &file_of(transfer)->resume;
}

/* ---- sending ---- */

static int build_upload(struct smpi_transfer *transfer, uint64_t offset, uint8_t *payload,
                        size_t room, size_t *len, uint32_t *data_len)
{
    struct smp_fs_upload_req req = {
        .size = sizeof(req), .off = offset, .name = file_of(transfer)->name};
    size_t gap = 0;
    req.has_len = offset == 0;
    req.len = transfer->total;
    int error = smpi_encode(&smpi_fs_upload_req, &req, NULL, payload, room, len, NULL);
    if (error != SMP_OK) {
        return error;
    }
    size_t fits = smpi_bytes_that_fit(room - (*len - 1));
    fits = fits < *data_len ? fits : *data_len;
    if (fits == 0) {
        return SMP_ERR_TOO_LARGE;
    }
    req.data.len = fits;
    error = smpi_encode(&smpi_fs_upload_req, &req, NULL, payload, room, len, &gap);
    if (error != SMP_OK) {
        return error;
    }
    *data_len = (uint32_t)fits;
    error = transfer->source.read(transfer->source.user, offset, payload + gap, fits);
    return error == SMP_OK || error == SMP_ERR_AGAIN ? error : SMP_ERR_SOURCE;
}

static bool is_offset_error(const struct smp_result *result)
{
    return result->error == SMP_ERR_DEVICE && result->from_group && result->group == SMP_GROUP_FS &&
           (result->rc == SMP_FS_RC_FILE_OFFSET_NOT_VALID ||
            result->rc == SMP_FS_RC_FILE_OFFSET_LARGER_THAN_FILE);
}

/* Refusals for a wrong offset say how long the file is: that is where to go on. */
static bool upload_wanted(const struct smp_result *result, uint64_t *offset)
{
    const struct smp_fs_upload_rsp *rsp = result->rsp;
    if (result->error == SMP_OK) {
        *offset = rsp->off;
        return rsp->has_off;
    }
    if (rsp == NULL || !is_offset_error(result) || !rsp->has_len) {
        return false;
    }
    *offset = rsp->len;
    return true;
}

/* SMP v1 has no code for a wrong offset. */
static bool upload_lost(const struct smp_result *result)
{
    bool v1 = result->header.version == SMP_PROTOCOL_V1 && result->rc == SMP_RC_UNKNOWN;
    return is_offset_error(result) || (result->error == SMP_ERR_DEVICE && v1);
}

static void on_checked(struct smpi_transfer *transfer, bool same)
{
    smpi_transfer_go_on(transfer, same ? file_of(transfer)->resume.there : 0);
}

static void on_length(struct smpi_transfer *transfer, const struct smp_result *result)
{
    const struct smp_fs_status_rsp *rsp = result->rsp;
    struct file *file = file_of(transfer);
    if (file->checking && result->error == SMP_OK && rsp->len > 0 && rsp->len <= transfer->total) {
        smpi_fs_resume_check(transfer, file->name, rsp->len, on_checked);
    } else if (result->error == SMP_OK && rsp->len <= transfer->total) {
        smpi_transfer_go_on(transfer, rsp->len);
    } else if (result->error == SMP_OK || result->error == SMP_ERR_DEVICE) {
        smpi_transfer_go_on(transfer, 0);
    } else {
        smpi_transfer_fail(transfer, result->error, result->system_error);
    }
}

static int ask_length(struct smpi_transfer *transfer,
                      void (*then)(struct smpi_transfer *transfer, const struct smp_result *result))
{
    const struct smp_fs_status_req req = {.size = sizeof(req), .name = file_of(transfer)->name};
    return smpi_transfer_call(transfer, &smpi_fs_commands[SMPI_FS_STATUS], &req, then);
}

/* "Close" was cut off on the way: the file is still open.  True: it was sent again. */
static bool close_again(struct smpi_transfer *transfer, const struct smp_result *result,
                        void (*then)(struct smpi_transfer *transfer,
                                     const struct smp_result *result))
{
    bool cut =
        result->error == SMP_ERR_DEVICE && !result->from_group && result->rc == SMP_RC_CORRUPT;
    return cut && file_of(transfer)->closes++ < CLOSES_MAX &&
           smpi_transfer_call(transfer, &smpi_fs_commands[SMPI_FS_CLOSE], NULL, then) == SMP_OK;
}

static void on_closed(struct smpi_transfer *transfer, const struct smp_result *result)
{
    if (close_again(transfer, result, on_closed)) {
        return;
    }
    if (result->error != SMP_OK && result->error != SMP_ERR_DEVICE) {
        smpi_transfer_fail(transfer, result->error, result->system_error);
    } else if (file_of(transfer)->starting) {
        smpi_transfer_go_on(transfer, 0); /* what was there before tells nothing */
    } else if (ask_length(transfer, on_length) != SMP_OK) {
        smpi_transfer_fail(transfer, SMP_ERR_BUSY, 0);
    }
}

static bool upload_ask(struct smpi_transfer *transfer)
{
    struct file *file = file_of(transfer);
    file->starting = transfer->acked == 0 && !file->resuming;
    file->checking = file->resuming;
    file->resuming = false;
    return smpi_transfer_call(transfer, &smpi_fs_commands[SMPI_FS_CLOSE], NULL, on_closed) ==
           SMP_OK;
}

/* A request that came twice was counted twice: the device's file has a hole. */
static void upload_anew(struct smpi_transfer *transfer)
{
    file_of(transfer)->starting = true;
    if (smpi_transfer_call(transfer, &smpi_fs_commands[SMPI_FS_CLOSE], NULL, on_closed) != SMP_OK) {
        smpi_transfer_fail(transfer, SMP_ERR_BUSY, 0);
    }
}

static bool upload_rejoin(struct smpi_transfer *transfer)
{
    file_of(transfer)->resuming = transfer->first_answer == 0 && transfer->options.resume != 0;
    return upload_ask(transfer);
}

/* ---- the end of an upload: closed, and as long as it should be ---- */

static void upload_complete(struct smpi_transfer *transfer, int error)
{
    const struct smp_command *command = transfer->ops->command;
    struct smp_fs_upload_rsp rsp = {.size = sizeof(rsp), .has_off = true, .off = transfer->acked};
    struct smp_result result = {
        .error = error,
        .command = command,
        .message = command->response,
        .rsp = &rsp,
        .header = {.op = SMP_OP_WRITE_RSP, .id = command->id, .group = command->group},
        .has_answer = true,
    };
    smpi_transfer_complete(transfer, &result);
}

static void on_final_length(struct smpi_transfer *transfer, const struct smp_result *result)
{
    const struct smp_fs_status_rsp *rsp = result->rsp;
    if (result->error == SMP_OK) {
        upload_complete(transfer, rsp->len == transfer->total ? SMP_OK : SMP_ERR_CORRUPT);
    } else if (result->error == SMP_ERR_DEVICE) {
        upload_complete(transfer, SMP_OK); /* a device without that command */
    } else {
        smpi_transfer_fail(transfer, result->error, result->system_error);
    }
}

static void on_final_close(struct smpi_transfer *transfer, const struct smp_result *result)
{
    if (close_again(transfer, result, on_final_close)) {
        return;
    }
    if (result->error != SMP_OK && result->error != SMP_ERR_DEVICE) {
        smpi_transfer_fail(transfer, result->error, result->system_error);
    } else if (ask_length(transfer, on_final_length) != SMP_OK) {
        smpi_transfer_fail(transfer, SMP_ERR_BUSY, 0);
    }
}

static void upload_finish(struct smpi_transfer *transfer, struct smp_result *result)
{
    (void)result;
    transfer->state = SMPI_TRANSFER_ASKING;
    if (smpi_transfer_call(transfer, &smpi_fs_commands[SMPI_FS_CLOSE], NULL, on_final_close) !=
        SMP_OK) {
        smpi_transfer_fail(transfer, SMP_ERR_BUSY, 0);
    }
}

static const struct smpi_transfer_ops upload_ops = {
    .command = &smpi_fs_commands[SMPI_FS_UPLOAD],
    .build = build_upload,
    .wanted = upload_wanted,
    .ask = upload_ask,
    .rejoin = upload_rejoin,
    .anew = upload_anew,
    .lost = upload_lost,
    .ask_before_repeat = true,
    .finish = upload_finish,
};

/* ---- receiving ---- */

static int build_download(struct smpi_transfer *transfer, uint64_t offset, uint8_t *payload,
                          size_t room, size_t *len, uint32_t *data_len)
{
    const struct smp_fs_download_req req = {
        .size = sizeof(req), .off = offset, .name = file_of(transfer)->name};
    (void)data_len; /* the device decides how much it sends */
    return smpi_encode(&smpi_fs_download_req, &req, NULL, payload, room, len, NULL);
}

static void carried(const struct smp_result *result, uint64_t *offset, struct smp_bytes *data,
                    uint64_t *total)
{
    const struct smp_fs_download_rsp *rsp = result->rsp;
    *offset = rsp->off;
    *data = rsp->data;
    *total = rsp->has_len ? rsp->len : *total;
}

static void download_finish(struct smpi_transfer *transfer, struct smp_result *result)
{
    smpi_transfer_complete(transfer, result);
}

/* After a loss of the link the file must still be the one that was begun. */
static void on_length_again(struct smpi_transfer *transfer, const struct smp_result *result)
{
    const struct smp_fs_status_rsp *rsp = result->rsp;
    if (result->error != SMP_OK && result->error != SMP_ERR_DEVICE) {
        smpi_transfer_fail(transfer, result->error, result->system_error);
    } else if (result->error == SMP_OK && rsp->len != transfer->total) {
        smpi_transfer_fail(transfer, SMP_ERR_CORRUPT, 0);
    } else {
        smpi_transfer_go_on_receiving(transfer);
    }
}

static bool download_rejoin(struct smpi_transfer *transfer)
{
    return transfer->first_answer != 0 && ask_length(transfer, on_length_again) == SMP_OK;
}

static const struct smpi_transfer_ops download_ops = {
    .command = &smpi_fs_commands[SMPI_FS_DOWNLOAD],
    .build = build_download,
    .rejoin = download_rejoin,
    .carried = carried,
    .finish = download_finish,
};

/* ---- calls ---- */

/* The part that both directions share. */
static struct file *file_new(struct smp_session *session, struct smp_str name,
                             const struct smp_transfer_options *options, smp_callback *done,
                             void *user)
{
    struct file *file = smpi_alloc(session->loop, sizeof(*file) + name.len);
    if (file == NULL) {
        return NULL;
    }
    memcpy(file->text, name.data, name.len);
    file->name = (struct smp_str){file->text, name.len};
    file->transfer.done = done;
    file->transfer.user = user;
    if (options != NULL) {
        size_t size = sizeof(file->transfer.options);
        memcpy(&file->transfer.options, options, options->size < size ? options->size : size);
    }
    return file;
}

static int file_begin(struct smp_session *session, struct file *file, smp_id *id)
{
    int error = smpi_transfer_begin(session, &file->transfer, id);
    if (error != SMP_OK) {
        smpi_free(session->loop, file);
    }
    return error;
}

static bool usable(const struct smp_session *session, struct smp_str name,
                   const struct smp_transfer_options *options)
{
    return session != NULL && name.data != NULL && name.len > 0 &&
           (options == NULL || options->size != 0);
}

int smp_fs_upload(struct smp_session *session, struct smp_str name, const struct smp_source *source,
                  const struct smp_transfer_options *options, smp_callback *done, void *user,
                  smp_id *id)
{
    if (!usable(session, name, options) || source == NULL || source->read == NULL ||
        source->length == 0 || source->length > UINT32_MAX) {
        return SMP_ERR_INVALID;
    }
    struct file *file = file_new(session, name, options, done, user);
    if (file == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    file->transfer.ops = &upload_ops;
    file->transfer.way = &smpi_transfer_send;
    file->transfer.source = *source;
    file->transfer.total = source->length;
    int error = file_begin(session, file, id);
    if (error == SMP_OK && file->transfer.options.resume != 0) {
        file->resuming = true;
        smpi_transfer_ask(&file->transfer);
    }
    return error;
}

int smp_fs_download(struct smp_session *session, struct smp_str name, const struct smp_sink *sink,
                    const struct smp_transfer_options *options, smp_callback *done, void *user,
                    smp_id *id)
{
    if (!usable(session, name, options) || sink == NULL || sink->write == NULL) {
        return SMP_ERR_INVALID;
    }
    struct file *file = file_new(session, name, options, done, user);
    if (file == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    file->transfer.ops = &download_ops;
    file->transfer.way = &smpi_transfer_receive;
    file->transfer.sink = *sink;
    return file_begin(session, file, id);
}
