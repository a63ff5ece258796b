/* SPDX-License-Identifier: Apache-2.0 */
/* Group 1, image: messages, commands, codes.  The upload is in img_upload.c. */
#include "groups/img.h"

#include "groups/group.h"

/* ---- messages ---- */

static const struct smp_field image_fields[] = {
    SMPI_OPT(smp_img_image, "image", image),         SMPI_FIELD(smp_img_image, "slot", slot),
    SMPI_FIELD(smp_img_image, "version", version),   SMPI_OPT(smp_img_image, "hash", hash),
    SMPI_OPT(smp_img_image, "bootable", bootable),   SMPI_OPT(smp_img_image, "pending", pending),
    SMPI_OPT(smp_img_image, "confirmed", confirmed), SMPI_OPT(smp_img_image, "active", active),
    SMPI_OPT(smp_img_image, "permanent", permanent),
};
static const struct smp_message image = SMPI_MESSAGE(smp_img_image, image_fields);

static const struct smp_field state_rsp_fields[] = {
    SMPI_LIST(smp_img_state_rsp, "images", images, smp_img_image, image),
    SMPI_OPT(smp_img_state_rsp, "splitStatus", split_status),
};
static const struct smp_message state_rsp = SMPI_MESSAGE(smp_img_state_rsp, state_rsp_fields);

static const struct smp_field state_write_req_fields[] = {
    SMPI_OPT(smp_img_state_write_req, "hash", hash),
    SMPI_OPT(smp_img_state_write_req, "confirm", confirm),
};
static const struct smp_message state_write_req =
    SMPI_MESSAGE(smp_img_state_write_req, state_write_req_fields);

/* `data` comes last, so that a chunk's bytes can be read straight into the packet. */
static const struct smp_field upload_req_fields[] = {
    SMPI_OPT(smp_img_upload_req, "image", image),     SMPI_OPT(smp_img_upload_req, "len", len),
    SMPI_FIELD(smp_img_upload_req, "off", off),       SMPI_OPT(smp_img_upload_req, "sha", sha),
    SMPI_OPT(smp_img_upload_req, "upgrade", upgrade), SMPI_OPT(smp_img_upload_req, "data", data),
};
const struct smp_message smpi_img_upload_req = SMPI_MESSAGE(smp_img_upload_req, upload_req_fields);

static const struct smp_field upload_rsp_fields[] = {
    SMPI_OPT(smp_img_upload_rsp, "off", off),
    SMPI_OPT(smp_img_upload_rsp, "match", match),
};
static const struct smp_message upload_rsp = SMPI_MESSAGE(smp_img_upload_rsp, upload_rsp_fields);

static const struct smp_field core_load_req_fields[] = {
    SMPI_FIELD(smp_img_core_load_req, "off", off),
};
static const struct smp_message core_load_req =
    SMPI_MESSAGE(smp_img_core_load_req, core_load_req_fields);

static const struct smp_field core_load_rsp_fields[] = {
    SMPI_FIELD(smp_img_core_load_rsp, "off", off),
    SMPI_OPT(smp_img_core_load_rsp, "len", len),
    SMPI_FIELD(smp_img_core_load_rsp, "data", data),
};
static const struct smp_message core_load_rsp =
    SMPI_MESSAGE(smp_img_core_load_rsp, core_load_rsp_fields);

static const struct smp_field erase_req_fields[] = {
    SMPI_OPT(smp_img_erase_req, "slot", slot),
};
static const struct smp_message erase_req = SMPI_MESSAGE(smp_img_erase_req, erase_req_fields);

static const struct smp_field slot_fields[] = {
    SMPI_FIELD(smp_img_slot, "slot", slot),
    SMPI_OPT(smp_img_slot, "size", bytes),
    SMPI_OPT(smp_img_slot, "upload_image_id", upload_image_id),
    SMPI_OPT(smp_img_slot, "rc", rc),
};
static const struct smp_message slot = SMPI_MESSAGE(smp_img_slot, slot_fields);

static const struct smp_field slots_fields[] = {
    SMPI_FIELD(smp_img_slots, "image", image),
    SMPI_LIST(smp_img_slots, "slots", slots, smp_img_slot, slot),
    SMPI_OPT(smp_img_slots, "max_image_size", max_image_size),
};
static const struct smp_message slots = SMPI_MESSAGE(smp_img_slots, slots_fields);

static const struct smp_field slot_info_rsp_fields[] = {
    SMPI_LIST(smp_img_slot_info_rsp, "images", images, smp_img_slots, slots),
};
static const struct smp_message slot_info_rsp =
    SMPI_MESSAGE(smp_img_slot_info_rsp, slot_info_rsp_fields);

/* ---- commands ---- */

#define READ SMP_OP_READ
#define WRITE SMP_OP_WRITE
#define COMMAND(id, op, name, request, response, flags)                                            \
    SMPI_COMMAND_NEEDS(SMP_GROUP_IMG, id, op, name, request, response, flags,                      \
                       "CONFIG_MCUMGR_GRP_IMG")
#define CORE_COMMAND(id, op, name, request, response, flags)                                       \
    SMPI_COMMAND_NEEDS(SMP_GROUP_IMG, id, op, name, request, response, flags,                      \
                       "Mynewt with IMGMGR_COREDUMP")

/* Places in the list below. */
enum {
    STATE_READ = SMPI_IMG_STATE_READ,
    STATE_WRITE = SMPI_IMG_STATE_WRITE,
    UPLOAD = SMPI_IMG_UPLOAD,
    CORE_LIST,
    CORE_LOAD,
    CORE_ERASE,
    ERASE,
    SLOT_INFO,
};

const struct smp_command smpi_img_commands[] = {
    [STATE_READ] = COMMAND(0, READ, "state_read", smpi_empty, state_rsp, SMPI_IDEMPOTENT),
    [STATE_WRITE] = COMMAND(0, WRITE, "state_write", state_write_req, state_rsp, SMPI_IDEMPOTENT),
    [UPLOAD] = COMMAND(1, WRITE, "upload", smpi_img_upload_req, upload_rsp, SMPI_IDEMPOTENT),
    [CORE_LIST] = CORE_COMMAND(3, READ, "core_list", smpi_empty, smpi_empty, SMPI_IDEMPOTENT),
    [CORE_LOAD] = CORE_COMMAND(4, READ, "core_load", core_load_req, core_load_rsp, SMPI_IDEMPOTENT),
    [CORE_ERASE] = CORE_COMMAND(4, WRITE, "core_erase", smpi_empty, smpi_empty, 0),
    [ERASE] = SMPI_COMMAND_PATIENT(SMP_GROUP_IMG, 5, WRITE, "erase", erase_req, smpi_empty, 0,
                                   "CONFIG_MCUMGR_GRP_IMG",
                                   "the device answers when the slot is erased: allow more time"),
    [SLOT_INFO] = SMPI_COMMAND_NEEDS(SMP_GROUP_IMG, 6, READ, "slot_info", smpi_empty, slot_info_rsp,
                                     SMPI_IDEMPOTENT, "CONFIG_MCUMGR_GRP_IMG_SLOT_INFO"),
};

/* ---- codes ---- */

#define FLASH_HINT "the flash driver or the partition table is wrong, or the flash is worn out"
#define SIGNED_HINT "send the signed binary (zephyr.signed.bin), not a hex, ELF or unsigned file"

static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason", NULL),
    SMPI_CODE(2, 1, "FLASH_CONFIG_QUERY_FAIL", "the slot's flash area could not be looked up",
              FLASH_HINT),
    SMPI_CODE(3, 5, "NO_IMAGE", "there is no image in that slot", "upload one first"),
    SMPI_CODE(4, 5, "NO_TLVS", "the image in the slot has no TLV area", SIGNED_HINT),
    SMPI_CODE(5, 1, "INVALID_TLV", "the image in the slot has a broken TLV", SIGNED_HINT),
    SMPI_CODE(6, 1, "TLV_MULTIPLE_HASHES_FOUND", "the image in the slot has more than one hash",
              "sign it again with imgtool"),
    SMPI_CODE(7, 1, "TLV_INVALID_SIZE", "a TLV of the image has a wrong size",
              "sign it again with imgtool"),
    SMPI_CODE(8, 1, "HASH_NOT_FOUND", "no image in the device has that hash",
              "list the images: the slot may be empty, or MCUboot refused what was in it"),
    SMPI_CODE(9, 6, "NO_FREE_SLOT", "no slot is free for it",
              "confirm or revert the image on trial first (an image that is pending, confirmed or "
              "running cannot be overwritten)"),
    SMPI_CODE(10, 1, "FLASH_OPEN_FAILED", "the slot's flash could not be opened", FLASH_HINT),
    SMPI_CODE(11, 1, "FLASH_READ_FAILED", "the flash could not be read", FLASH_HINT),
    SMPI_CODE(12, 1, "FLASH_WRITE_FAILED", "the flash could not be written",
              "erase the slot and try again; " FLASH_HINT),
    SMPI_CODE(13, 1, "FLASH_ERASE_FAILED", "the flash could not be erased", FLASH_HINT),
    SMPI_CODE(14, 3, "INVALID_SLOT", "there is no such slot", "list the slots"),
    SMPI_CODE(15, 2, "NO_FREE_MEMORY", "the device is out of memory",
              "raise CONFIG_HEAP_MEM_POOL_SIZE"),
    SMPI_CODE(16, 1, "FLASH_CONTEXT_ALREADY_SET", "another flash write is under way",
              "wait for it, or reset the device"),
    SMPI_CODE(17, 1, "FLASH_CONTEXT_NOT_SET", "the device lost its flash write",
              "start the upload again"),
    SMPI_CODE(18, 1, "FLASH_AREA_DEVICE_NULL", "the slot's flash device is missing", FLASH_HINT),
    SMPI_CODE(19, 3, "INVALID_PAGE_OFFSET", "a flash page offset is wrong", FLASH_HINT),
    SMPI_CODE(20, 3, "INVALID_OFFSET", "the first packet has no offset, or a wrong one", NULL),
    SMPI_CODE(21, 3, "INVALID_LENGTH", "the first packet has no length", NULL),
    SMPI_CODE(22, 3, "INVALID_IMAGE_HEADER", "the first packet does not hold an image header",
              SIGNED_HINT),
    SMPI_CODE(23, 1, "INVALID_IMAGE_HEADER_MAGIC", "this is not a MCUboot image", SIGNED_HINT),
    SMPI_CODE(24, 3, "INVALID_HASH", "the hash is missing or of the wrong length",
              "give the image's own hash as image list prints it, not the file's SHA-256"),
    SMPI_CODE(25, 3, "INVALID_FLASH_ADDRESS", "the image is linked for another address",
              "with direct-XIP each slot needs its own build"),
    SMPI_CODE(26, 1, "VERSION_GET_FAILED", "the running image's version could not be read", NULL),
    SMPI_CODE(27, 6, "CURRENT_VERSION_IS_NEWER", "the device runs the same or a newer version",
              "raise the version, or upload without the upgrade-only option"),
    SMPI_CODE(28, 6, "IMAGE_ALREADY_PENDING", "another image is chosen for the next boot already",
              "reset the device, or confirm the image on trial, first"),
    SMPI_CODE(29, 1, "INVALID_IMAGE_VECTOR_TABLE", "the image's vector table is wrong",
              SIGNED_HINT),
    SMPI_CODE(30, 1, "INVALID_IMAGE_TOO_LARGE", "the image does not fit the slot",
              "compare its size with the slot's (slot information)"),
    SMPI_CODE(31, 1, "INVALID_IMAGE_DATA_OVERRUN", "more data came than the length announced",
              NULL),
    SMPI_CODE(32, 1, "IMAGE_CONFIRMATION_DENIED", "an image that does not run cannot be confirmed",
              "test it first, or build the device with "
              "CONFIG_MCUMGR_GRP_IMG_ALLOW_CONFIRM_NON_ACTIVE_SLOT"),
    SMPI_CODE(33, 1, "IMAGE_SETTING_TEST_TO_ACTIVE_DENIED", "the running image cannot be tested",
              "it runs already: confirm it instead"),
    SMPI_CODE(34, 1, "ACTIVE_SLOT_NOT_KNOWN", "the device does not know which slot it runs from",
              NULL),
};

const struct smp_group smpi_group_img = {
    .id = SMP_GROUP_IMG,
    .name = "img",
    .commands = smpi_img_commands,
    .n_commands = SMPI_COUNT(smpi_img_commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- calls ---- */

int smp_img_state_read(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_img_commands[STATE_READ], NULL, done, user, id);
}

int smp_img_state_write(struct smp_session *session, const struct smp_img_state_write_req *req,
                        smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_img_commands[STATE_WRITE], req, done, user, id);
}

int smp_img_upload_chunk(struct smp_session *session, const struct smp_img_upload_req *req,
                         smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_img_commands[UPLOAD], req, done, user, id);
}

int smp_img_core_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_img_commands[CORE_LIST], NULL, done, user, id);
}

int smp_img_core_load(struct smp_session *session, const struct smp_img_core_load_req *req,
                      smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_img_commands[CORE_LOAD], req, done, user, id);
}

int smp_img_core_erase(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_img_commands[CORE_ERASE], NULL, done, user, id);
}

int smp_img_erase(struct smp_session *session, const struct smp_img_erase_req *req,
                  smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_img_commands[ERASE], req, done, user, id);
}

int smp_img_slot_info(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &smpi_img_commands[SLOT_INFO], NULL, done, user, id);
}
