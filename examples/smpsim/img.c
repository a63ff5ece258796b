/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group image: state, erase, slot info, core dump.  (Upload: upload.c.)
 */
#include "img.h"

#include "core.h"
#include "device.h"
#include "images.h"
#include "upload.h"

#include <stdio.h>
#include <string.h>

static void reply_state(struct sim_device *device, struct smp_exchange *exchange)
{
    struct smp_img_image entries[SIM_SLOTS_MAX];
    const struct smp_img_image *pointers[SIM_SLOTS_MAX];
    struct smp_mcuboot_image found[SIM_SLOTS_MAX];
    char versions[SIM_SLOTS_MAX][SMP_MCUBOOT_VERSION_MAX];
    bool all = !device->options.frugal; /* else what is false is left out */
    struct smp_img_state_rsp rsp = {
        .size = sizeof(rsp), .images = pointers, .has_split_status = all};

    for (uint32_t slot = 0; slot < 2 * device->options.n_images; slot++) {
        size_t n = rsp.n_images;
        bool active = slot % 2 == 0;
        enum sim_next next = sim_images_next(device, slot / 2);

        if (!sim_images_read(device, slot, &found[n]))
            continue;
        smp_mcuboot_version_text(&found[n].version, versions[n]);
        entries[n] = (struct smp_img_image){
            .size = sizeof(entries[n]),
            .has_image = device->options.n_images > 1,
            .image = slot / 2,
            .slot = slot % 2,
            .version = {versions[n], strlen(versions[n])},
            .has_hash = true,
            .hash = {found[n].hash, found[n].hash_len},
            .bootable = (found[n].flags & SMP_MCUBOOT_NON_BOOTABLE) == 0,
            .pending = !active && (next == SIM_NEXT_TEST || next == SIM_NEXT_PERMANENT),
            .confirmed = active ? next != SIM_NEXT_REVERT : next == SIM_NEXT_REVERT,
            .active = active,
            .permanent = !active && next == SIM_NEXT_PERMANENT,
        };
        entries[n].has_bootable = all || entries[n].bootable;
        entries[n].has_pending = all || entries[n].pending;
        entries[n].has_confirmed = all || entries[n].confirmed;
        entries[n].has_active = all || entries[n].active;
        entries[n].has_permanent = all || entries[n].permanent;
        pointers[rsp.n_images++] = &entries[n];
    }
    smp_exchange_reply(exchange, &rsp);
}

static void state_read(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    reply_state(user, exchange);
}

static void state_write(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_img_state_write_req *req = request;
    bool confirm = req->has_confirm && req->confirm;
    size_t len = req->has_hash ? req->hash.len : 0;
    int slot = 0; /* without a hash: the running image */
    uint16_t rc;

    if (len == 0 ? !confirm : len != sim_images_hash_len(device)) {
        smp_exchange_fail(exchange, SMP_IMG_RC_INVALID_HASH, NULL);
        return;
    }
    if (len > 0)
        slot = sim_images_find(device, req->hash.data, len);
    if (slot < 0) {
        smp_exchange_fail(exchange, SMP_IMG_RC_HASH_NOT_FOUND, NULL);
        return;
    }
    rc = sim_images_set_next(device, (uint32_t)slot, confirm);
    if (rc != SMP_IMG_RC_OK) {
        smp_exchange_fail(exchange, rc, NULL);
        return;
    }
    sim_device_event(device, SIM_EVENT_LINE, "image in slot %d %s", slot,
                     confirm ? "confirmed" : "marked for test");
    reply_state(device, exchange);
}

static void erase(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_img_erase_req *req = request;
    uint32_t n = req->has_slot ? req->slot : 1;
    struct sim_flash *slot = sim_device_slot(device, n);
    struct smp_mcuboot_image image;

    if (slot == NULL) {
        smp_exchange_fail(exchange,
                          device->profile->old_erase ? SMP_IMG_RC_FLASH_OPEN_FAILED
                                                     : SMP_IMG_RC_INVALID_SLOT,
                          NULL);
        return;
    }
    if (sim_images_read(device, n, &image) && sim_images_in_use(device, n)) {
        smp_exchange_fail(exchange, SMP_IMG_RC_NO_FREE_SLOT, NULL);
        return;
    }
    if (device->profile->old_erase && sim_flash_is_erased(slot, 0, slot->size) == 1) {
        smp_exchange_fail(exchange, SMP_IMG_RC_UNKNOWN, NULL);
        return;
    }
    sim_upload_forget(device);
    if (sim_flash_erase(slot, 0, slot->size) != SMP_OK) {
        sim_device_event(device, SIM_EVENT_LINE, "%s", slot->error);
        smp_exchange_fail(exchange, SMP_IMG_RC_FLASH_ERASE_FAILED, NULL);
        return;
    }
    sim_device_event(device, SIM_EVENT_LINE, "slot %u erased", (unsigned)n);
    sim_img_reply_after(device, exchange, NULL, device->options.erase_ms);
}

static void slot_info(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    struct smp_img_slot slots[SIM_SLOTS_MAX];
    const struct smp_img_slot *slot_pointers[SIM_SLOTS_MAX];
    struct smp_img_slots images[SIM_IMAGES_MAX];
    const struct smp_img_slots *pointers[SIM_IMAGES_MAX];
    struct smp_img_slot_info_rsp rsp = {
        .size = sizeof(rsp), .n_images = device->options.n_images, .images = pointers};

    (void)request;
    for (uint32_t n = 0; n < 2 * device->options.n_images; n++) {
        slots[n] = (struct smp_img_slot){
            .size = sizeof(slots[n]),
            .slot = n % 2,
            .has_bytes = true,
            .bytes = sim_device_slot(device, n)->size,
            .has_upload_image_id = n % 2 == 1, /* nobody uploads to the slot that runs */
            .upload_image_id = n / 2,
        };
        slot_pointers[n] = &slots[n];
    }
    for (size_t k = 0; k < device->options.n_images; k++) {
        images[k] = (struct smp_img_slots){
            .size = sizeof(images[k]),
            .image = (uint32_t)k,
            .n_slots = 2,
            .slots = &slot_pointers[2 * k],
            .has_max_image_size = true,
            .max_image_size = sim_boot_max_image(&device->pairs[k].primary),
        };
        pointers[k] = &images[k];
    }
    smp_exchange_reply(exchange, &rsp);
}

/* MCUboot tells `rc` beside the offset. */
static void reply(const struct sim_device *device, struct smp_exchange *exchange,
                  const struct smp_img_upload_rsp *rsp)
{
    if (device->recovering)
        smp_exchange_fail(exchange, SMP_IMG_RC_OK, rsp);
    else
        smp_exchange_reply(exchange, rsp);
}

static void reply_late(void *user)
{
    struct sim_device *device = user;
    struct sim_late *late = &device->img.late;
    struct smp_exchange *exchange = late->exchange;

    late->exchange = NULL;
    reply(device, exchange, late->rsp.size != 0 ? &late->rsp : NULL);
}

void sim_img_reply_after(struct sim_device *device, struct smp_exchange *exchange,
                         const struct smp_img_upload_rsp *rsp, uint32_t ms)
{
    struct sim_late *late = &device->img.late;

    if (ms == 0) {
        reply(device, exchange, rsp);
        return;
    }
    if (late->exchange != NULL) { /* a second erase in the same packet */
        smp_exchange_refuse(exchange, SMP_RC_BUSY, NULL);
        return;
    }
    if (smp_exchange_defer(exchange, &late->exchange) != SMP_OK) {
        smp_exchange_refuse(exchange, SMP_RC_NO_MEMORY, NULL);
        return;
    }
    late->rsp = rsp != NULL ? *rsp : (struct smp_img_upload_rsp){0};
    smp_timer_start(late->timer, ms * SIM_NS_PER_MS);
    smp_server_stall(device->server, ms * SIM_NS_PER_MS); /* one work queue does it all */
}

static void halt(struct sim_device *device)
{
    struct sim_late *late = &device->img.late;

    sim_upload_forget(device);
    smp_timer_stop(late->timer);
    smp_exchange_free(late->exchange);
    late->exchange = NULL;
}

static void close_timer(struct sim_device *device)
{
    smp_timer_free(device->img.late.timer);
    smp_exchange_free(device->img.late.exchange);
}

static int open_timer(struct sim_device *device, char *error, size_t error_size)
{
    int code = smp_timer_new(device->loop, reply_late, device, &device->img.late.timer);

    if (code != SMP_OK)
        snprintf(error, error_size, "%s", smp_error_text(code));
    return code;
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_READ, state_read},
    {0, SMP_OP_WRITE, state_write},
    {1, SMP_OP_WRITE, sim_upload_handle},
    {3, SMP_OP_READ, sim_core_list},
    {4, SMP_OP_READ, sim_core_load},
    {4, SMP_OP_WRITE, sim_core_erase},
    {5, SMP_OP_WRITE, erase},
    {6, SMP_OP_READ, slot_info},
};

const struct sim_group sim_group_img = {
    .bit = SIM_GROUP_IMG,
    .id = SMP_GROUP_IMG,
    .name = "img",
    .title = "img mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
    .open = open_timer,
    .halt = halt,
    .close = close_timer,
};
