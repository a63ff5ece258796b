/* SPDX-License-Identifier: Apache-2.0 */
/* Group 8, file system: messages, commands, codes. */
#include "groups/fs.h"

#include "groups/group.h"

/* ---- messages ---- */

static const struct smp_field download_req_fields[] = {
    SMPI_FIELD(smp_fs_download_req, "off", off),
    SMPI_FIELD(smp_fs_download_req, "name", name),
};
const struct smp_message smpi_fs_download_req =
    SMPI_MESSAGE(smp_fs_download_req, download_req_fields);

static const struct smp_field download_rsp_fields[] = {
    SMPI_FIELD(smp_fs_download_rsp, "off", off),
    SMPI_FIELD(smp_fs_download_rsp, "data", data),
    SMPI_OPT(smp_fs_download_rsp, "len", len),
};
static const struct smp_message download_rsp =
    SMPI_MESSAGE(smp_fs_download_rsp, download_rsp_fields);

static const struct smp_field upload_req_fields[] = {
    SMPI_FIELD(smp_fs_upload_req, "off", off),
    SMPI_FIELD(smp_fs_upload_req, "name", name),
    SMPI_OPT(smp_fs_upload_req, "len", len),
    SMPI_FIELD(smp_fs_upload_req, "data", data),
};
const struct smp_message smpi_fs_upload_req = SMPI_MESSAGE(smp_fs_upload_req, upload_req_fields);

static const struct smp_field upload_rsp_fields[] = {
    SMPI_OPT(smp_fs_upload_rsp, "off", off),
    SMPI_OPT(smp_fs_upload_rsp, "len", len),
};
static const struct smp_message upload_rsp = SMPI_MESSAGE(smp_fs_upload_rsp, upload_rsp_fields);

static const struct smp_field status_req_fields[] = {
    SMPI_FIELD(smp_fs_status_req, "name", name),
};
static const struct smp_message status_req = SMPI_MESSAGE(smp_fs_status_req, status_req_fields);

static const struct smp_field status_rsp_fields[] = {
    SMPI_FIELD(smp_fs_status_rsp, "len", len),
};
static const struct smp_message status_rsp = SMPI_MESSAGE(smp_fs_status_rsp, status_rsp_fields);

static const struct smp_field hash_req_fields[] = {
    SMPI_FIELD(smp_fs_hash_req, "name", name),
    SMPI_OPT(smp_fs_hash_req, "type", type),
    SMPI_OPT(smp_fs_hash_req, "off", off),
    SMPI_OPT(smp_fs_hash_req, "len", len),
};
static const struct smp_message hash_req = SMPI_MESSAGE(smp_fs_hash_req, hash_req_fields);

static const struct smp_field hash_rsp_fields[] = {
    SMPI_FIELD(smp_fs_hash_rsp, "type", type),
    SMPI_OPT(smp_fs_hash_rsp, "off", off),
    SMPI_FIELD(smp_fs_hash_rsp, "len", len),
    SMPI_FIELD(smp_fs_hash_rsp, "output", output),
};
static const struct smp_message hash_rsp = SMPI_MESSAGE(smp_fs_hash_rsp, hash_rsp_fields);

static const struct smp_field hash_type_fields[] = {
    SMPI_FIELD(smp_fs_hash_type, "", name),
    SMPI_FIELD(smp_fs_hash_type, "format", format),
    SMPI_FIELD(smp_fs_hash_type, "size", bytes),
};
static const struct smp_message hash_type = SMPI_MESSAGE(smp_fs_hash_type, hash_type_fields);

static const struct smp_field hash_types_rsp_fields[] = {
    SMPI_MAP(smp_fs_hash_types_rsp, "types", types, smp_fs_hash_type, hash_type),
};
static const struct smp_message hash_types_rsp =
    SMPI_MESSAGE(smp_fs_hash_types_rsp, hash_types_rsp_fields);

/* ---- commands ---- */

#define COMMAND(id, op, name, request, response, flags, option)                                    \
    SMPI_COMMAND_NEEDS(SMP_GROUP_FS, id, op, name, request, response, flags, option)

/* A repeated upload at offset 0 would count twice on a file that is still open. */
const struct smp_command smpi_fs_commands[] = {
    [SMPI_FS_DOWNLOAD] = COMMAND(0, SMP_OP_READ, "download", smpi_fs_download_req, download_rsp,
                                 SMPI_IDEMPOTENT, "CONFIG_MCUMGR_GRP_FS"),
    [SMPI_FS_UPLOAD] = COMMAND(0, SMP_OP_WRITE, "upload", smpi_fs_upload_req, upload_rsp, 0,
                               "CONFIG_MCUMGR_GRP_FS"),
    [SMPI_FS_STATUS] = COMMAND(1, SMP_OP_READ, "status", status_req, status_rsp, SMPI_IDEMPOTENT,
                               "CONFIG_MCUMGR_GRP_FS_FILE_STATUS"),
    [SMPI_FS_HASH] = COMMAND(2, SMP_OP_READ, "hash", hash_req, hash_rsp, SMPI_IDEMPOTENT,
                             "CONFIG_MCUMGR_GRP_FS_CHECKSUM_HASH"),
    [SMPI_FS_HASH_TYPES] =
        COMMAND(3, SMP_OP_READ, "hash_types", smpi_empty, hash_types_rsp, SMPI_IDEMPOTENT,
                "CONFIG_MCUMGR_GRP_FS_CHECKSUM_HASH_SUPPORTED_CMD"),
    [SMPI_FS_CLOSE] = COMMAND(4, SMP_OP_WRITE, "close", smpi_empty, smpi_empty, SMPI_IDEMPOTENT,
                              "CONFIG_MCUMGR_GRP_FS"),
};

/* ---- codes ---- */

#define CARE_HINT "the file system may be full, damaged or mounted read-only"

static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason", NULL),
    SMPI_CODE(2, 3, "FILE_INVALID_NAME", "that is not a path the device can use",
              "begin with a slash and the mount point, as in /lfs/log.txt"),
    SMPI_CODE(3, 5, "FILE_NOT_FOUND", "there is no such file",
              "check the mount point and the path"),
    SMPI_CODE(4, 1, "FILE_IS_DIRECTORY", "that is a directory", "name a file in it"),
    SMPI_CODE(5, 1, "FILE_OPEN_FAILED", "the file could not be opened", CARE_HINT),
    SMPI_CODE(6, 1, "FILE_SEEK_FAILED", "the device could not go to that place in the file",
              CARE_HINT),
    SMPI_CODE(7, 1, "FILE_READ_FAILED", "the file could not be read", CARE_HINT),
    SMPI_CODE(8, 1, "FILE_TRUNCATE_FAILED", "the old file could not be emptied", CARE_HINT),
    SMPI_CODE(9, 1, "FILE_DELETE_FAILED", "the old file could not be deleted", CARE_HINT),
    SMPI_CODE(10, 1, "FILE_WRITE_FAILED", "the file could not be written",
              CARE_HINT "; what was written so far may be lost"),
    SMPI_CODE(11, 1, "FILE_OFFSET_NOT_VALID", "the device expects another part of the file",
              "go on from the length it gives"),
    SMPI_CODE(12, 1, "FILE_OFFSET_LARGER_THAN_FILE", "the file is not that long",
              "go on from the length it gives; a hash cannot begin past the end"),
    SMPI_CODE(13, 3, "CHECKSUM_HASH_NOT_FOUND", "the device does not know that hash or checksum",
              "list the supported types"),
    SMPI_CODE(14, 5, "MOUNT_POINT_NOT_FOUND", "nothing is mounted at the path's beginning",
              "check the mount point in the firmware, as /lfs"),
    SMPI_CODE(15, 1, "READ_ONLY_FILESYSTEM", "the file system is read-only", NULL),
    SMPI_CODE(16, 1, "FILE_EMPTY", "the file is empty", "there is nothing to hash"),
};

const struct smp_group smpi_group_fs = {
    .id = SMP_GROUP_FS,
    .name = "fs",
    .commands = smpi_fs_commands,
    .n_commands = SMPI_COUNT(smpi_fs_commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- calls ---- */

int smp_fs_download_chunk(struct smp_session *session, const struct smp_fs_download_req *req,
                          smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_fs_commands[SMPI_FS_DOWNLOAD], req, done, user, id);
}

int smp_fs_upload_chunk(struct smp_session *session, const struct smp_fs_upload_req *req,
                        smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_fs_commands[SMPI_FS_UPLOAD], req, done, user, id);
}

int smp_fs_status(struct smp_session *session, const struct smp_fs_status_req *req,
                  smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_fs_commands[SMPI_FS_STATUS], req, done, user, id);
}

int smp_fs_hash(struct smp_session *session, const struct smp_fs_hash_req *req, smp_callback *done,
                void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_fs_commands[SMPI_FS_HASH], req, done, user, id);
}

int smp_fs_hash_types(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_fs_commands[SMPI_FS_HASH_TYPES], NULL, done, user, id);
}

int smp_fs_close(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_fs_commands[SMPI_FS_CLOSE], NULL, done, user, id);
}
