/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image upload by Zephyr's rules (img_mgmt_upload() and its inspection).
 *
 * The answer's `off` is the offset wanted next, whatever was sent.  A wrong offset
 * is no error; every error ends the session.  Sectors are erased as the data
 * reaches them, the trailer's before the first byte.
 */
#include "upload.h"

#include "device.h"
#include "images.h"

#include <smp/img.h>

#include <string.h>

#define SHA_LEN 32u
#define VERSION_OFFSET 20u /* in the image header, see protocol of MCUboot */

void sim_upload_forget(struct sim_device *device)
{
    memset(&device->img.upload, 0, sizeof(device->img.upload));
}

static void fail(struct sim_device *device, struct smp_exchange *exchange, uint16_t rc)
{
    sim_upload_forget(device);
    smp_exchange_fail(exchange, rc, NULL);
}

static uint32_t le16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | le16(p + 2) << 16;
}

/* Whether the header's version is above the running one; the build number does not count. */
static bool is_upgrade(struct sim_device *device, const uint8_t *header)
{
    const uint8_t *v = header + VERSION_OFFSET;
    struct smp_mcuboot_version offered = {
        .major = v[0], .minor = v[1], .revision = (uint16_t)le16(v + 2)};
    struct smp_mcuboot_image running;

    if (!sim_images_read(device, 0, &running))
        return true;
    running.version.build = 0;
    return smp_mcuboot_version_compare(&offered, &running.version) > 0;
}

/* The slot an upload for `image` goes to, or -1. */
static int target(struct sim_device *device, uint32_t image)
{
    uint32_t slot;

    if (device->options.n_images == 1)
        image = 0; /* such a build does not look at the number */
    if (image >= device->options.n_images)
        return -1;
    slot = 2 * image + 1;
    return sim_images_in_use(device, slot) ? -1 : (int)slot;
}

static bool continues(const struct sim_upload *upload, const struct smp_img_upload_req *req)
{
    return upload->active && req->has_sha && req->sha.len > 0 && req->sha.len == upload->sha_len &&
           req->len == upload->len && memcmp(req->sha.data, upload->sha, req->sha.len) == 0;
}

/* Checks a first chunk.  0 or an enum smp_img_rc; *slot where it goes. */
static uint16_t inspect_first(struct sim_device *device, const struct smp_img_upload_req *req,
                              uint32_t *slot)
{
    int found;

    if (!req->has_data || req->data.len < SMP_MCUBOOT_HEADER_SIZE)
        return SMP_IMG_RC_INVALID_IMAGE_HEADER;
    if (!req->has_len)
        return SMP_IMG_RC_INVALID_LENGTH;
    if (le32(req->data.data) != SMP_MCUBOOT_MAGIC)
        return SMP_IMG_RC_INVALID_IMAGE_HEADER_MAGIC;
    if (req->has_sha && req->sha.len > SHA_LEN)
        return SMP_IMG_RC_INVALID_HASH;
    if (continues(&device->img.upload, req))
        return SMP_IMG_RC_OK;
    found = target(device, req->has_image ? req->image : 0);
    if (found < 0)
        return SMP_IMG_RC_NO_FREE_SLOT;
    *slot = (uint32_t)found;
    if (req->len > sim_boot_max_image(sim_device_slot(device, *slot)))
        return SMP_IMG_RC_INVALID_IMAGE_TOO_LARGE;
    if (req->data.len > req->len)
        return SMP_IMG_RC_INVALID_IMAGE_DATA_OVERRUN;
    if (req->has_upgrade && req->upgrade && !is_upgrade(device, req->data.data))
        return SMP_IMG_RC_CURRENT_VERSION_IS_NEWER;
    return SMP_IMG_RC_OK;
}

static void begin(struct sim_device *device, const struct smp_img_upload_req *req, uint32_t slot)
{
    struct sim_upload *upload = &device->img.upload;

    sim_upload_forget(device);
    upload->active = true;
    upload->slot = slot;
    upload->len = (uint32_t)req->len;
    if (req->has_sha) {
        upload->sha_len = (uint8_t)req->sha.len;
        memcpy(upload->sha, req->sha.data, req->sha.len);
    }
    sim_flash_writer_init(&upload->writer, sim_device_slot(device, slot), 0);
}

static int erase_trailer(struct sim_flash *flash)
{
    uint32_t offset = sim_boot_trailer_offset(flash);

    return sim_flash_erase(flash, offset, flash->size - offset);
}

/* Writes a chunk, erasing what is before it.  0 or an enum smp_img_rc. */
static uint16_t write_chunk(struct sim_upload *upload, const uint8_t *data, uint32_t len)
{
    struct sim_flash *flash = upload->writer.flash;
    uint32_t end = upload->off + len;

    if (end > upload->erased) {
        uint32_t up_to = (end + SIM_FLASH_SECTOR - 1) / SIM_FLASH_SECTOR * SIM_FLASH_SECTOR;

        if (sim_flash_erase(flash, upload->erased, up_to - upload->erased) != SMP_OK)
            return SMP_IMG_RC_FLASH_ERASE_FAILED;
        upload->erased = up_to;
    }
    if (sim_flash_writer_add(&upload->writer, data, len) != SMP_OK)
        return SMP_IMG_RC_FLASH_WRITE_FAILED;
    upload->off = end;
    if (upload->off == upload->len && sim_flash_writer_finish(&upload->writer) != SMP_OK)
        return SMP_IMG_RC_FLASH_WRITE_FAILED;
    return SMP_IMG_RC_OK;
}

static void reply(struct sim_device *device, struct smp_exchange *exchange, uint32_t wait_ms)
{
    struct sim_upload *upload = &device->img.upload;
    struct smp_img_upload_rsp rsp = {.size = sizeof(rsp), .has_off = true, .off = upload->off};

    if (upload->active && upload->off == upload->len) {
        rsp.has_match = true;
        rsp.match = upload->sha_len == SHA_LEN &&
                    sim_images_sha_is(upload->writer.flash, upload->len, upload->sha);
        sim_device_event(device, SIM_EVENT_LINE, "upload to slot %u complete: %u bytes%s",
                         (unsigned)upload->slot, (unsigned)upload->len,
                         rsp.match ? "" : ", not what its hash says");
        sim_upload_forget(device);
    }
    sim_img_reply_after(device, exchange, &rsp, wait_ms);
}

/* A multiple of the write alignment, or all that is left: the rest is asked for again. */
static uint32_t accepted(const struct sim_device *device, size_t len)
{
    const struct sim_upload *upload = &device->img.upload;

    if (upload->off + len == upload->len)
        return (uint32_t)len;
    return (uint32_t)(len - len % device->options.align);
}

static void take(struct sim_device *device, struct smp_exchange *exchange,
                 const struct smp_img_upload_req *req, uint32_t wait_ms)
{
    struct sim_upload *upload = &device->img.upload;
    uint32_t len = req->has_data ? accepted(device, req->data.len) : 0;
    uint16_t rc = len > 0 ? write_chunk(upload, req->data.data, len) : SMP_IMG_RC_OK;

    if (rc != SMP_IMG_RC_OK) {
        sim_device_event(device, SIM_EVENT_LINE, "%s", upload->writer.flash->error);
        fail(device, exchange, rc);
        return;
    }
    reply(device, exchange, wait_ms);
}

static void first(struct sim_device *device, struct smp_exchange *exchange,
                  const struct smp_img_upload_req *req)
{
    struct sim_upload *upload = &device->img.upload;
    uint32_t slot = 0;
    uint16_t rc = inspect_first(device, req, &slot);

    if (rc != SMP_IMG_RC_OK) {
        fail(device, exchange, rc);
        return;
    }
    if (continues(upload, req)) {
        sim_device_event(device, SIM_EVENT_LINE, "upload to slot %u taken up at %u of %u",
                         (unsigned)upload->slot, (unsigned)upload->off, (unsigned)upload->len);
        reply(device, exchange, 0);
        return;
    }
    begin(device, req, slot);
    if (upload->sha_len == SHA_LEN &&
        sim_images_sha_is(upload->writer.flash, upload->len, upload->sha)) {
        upload->off = upload->len; /* it is there already */
        reply(device, exchange, 0);
        return;
    }
    sim_device_event(device, SIM_EVENT_LINE, "upload to slot %u begins: %u bytes", (unsigned)slot,
                     (unsigned)upload->len);
    if (erase_trailer(upload->writer.flash) != SMP_OK) {
        fail(device, exchange, SMP_IMG_RC_FLASH_ERASE_FAILED);
        return;
    }
    take(device, exchange, req, device->options.erase_ms);
}

void sim_upload_handle(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_img_upload_req *req = request;
    const struct sim_upload *upload = &device->img.upload;

    if (req->off == 0) {
        first(device, exchange, req);
    } else if (!upload->active || req->off != upload->off) {
        reply(device, exchange, 0); /* no session: off is 0 */
    } else if (req->has_data && req->data.len > upload->len - upload->off) {
        fail(device, exchange, SMP_IMG_RC_INVALID_IMAGE_DATA_OVERRUN);
    } else {
        take(device, exchange, req, 0);
    }
}
