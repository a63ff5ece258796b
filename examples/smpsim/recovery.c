/* SPDX-License-Identifier: Apache-2.0 */
#include "recovery.h"

#include "device.h"
#include "text.h"

#include <string.h>

#define HASH_LEN 32u
#define HEADER_LEN 32u
#define WRITE_ALIGN 4u

/* ---- commands without effect on the flash ---- */

static void done(struct smp_exchange *exchange)
{
    smp_exchange_refuse(exchange, SMP_RC_OK, NULL); /* `rc` 0, which is no refusal */
}

static void console_echo(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    (void)user;
    done(exchange);
}

static void params(struct smp_exchange *exchange, const void *request, void *user)
{
    struct smp_os_params_rsp rsp = {
        .size = sizeof(rsp), .buf_size = SIM_RECOVERY_BUF_SIZE, .buf_count = 1};

    (void)request;
    (void)user;
    smp_exchange_reply(exchange, &rsp);
}

/* From here it is always the application that boots, if there is one. */
static void reset(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    done(exchange);
    sim_device_reset(user);
}

/* ---- the list ---- */

static bool has_header(struct sim_flash *slot, uint8_t header[HEADER_LEN])
{
    uint32_t magic;

    if (sim_flash_read(slot, 0, header, HEADER_LEN) != SMP_OK)
        return false;
    magic = header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16 |
            (uint32_t)header[3] << 24;
    return magic == SMP_MCUBOOT_MAGIC;
}

/* Whatever begins as an image is listed; a hash that cannot be found is zeros. */
static void describe(struct sim_flash *slot, const uint8_t *header, struct smp_mcuboot_image *image)
{
    *image = (struct smp_mcuboot_image){.size = sizeof(*image)};
    if (sim_boot_image(slot, false, image) == SMP_OK)
        return;
    *image = (struct smp_mcuboot_image){.size = sizeof(*image), .hash_len = HASH_LEN};
    if (header[20] == SIM_FLASH_ERASED && header[21] == SIM_FLASH_ERASED)
        return; /* the version has not come yet */
    image->version.major = header[20];
    image->version.minor = header[21];
    image->version.revision = (uint16_t)(header[22] | header[23] << 8);
    image->version.build = header[24] | (uint32_t)header[25] << 8 | (uint32_t)header[26] << 16 |
                           (uint32_t)header[27] << 24;
}

static void list(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    struct smp_img_image entries[SIM_SLOTS_MAX];
    const struct smp_img_image *pointers[SIM_SLOTS_MAX];
    struct smp_mcuboot_image found[SIM_SLOTS_MAX];
    char versions[SIM_SLOTS_MAX][SMP_MCUBOOT_VERSION_MAX];
    struct smp_img_state_rsp rsp = {.size = sizeof(rsp), .images = pointers};
    uint8_t header[HEADER_LEN];

    (void)request;
    for (uint32_t slot = 0; slot < 2 * device->options.n_images; slot++) {
        size_t n = rsp.n_images;

        if (!has_header(sim_device_slot(device, slot), header))
            continue;
        describe(sim_device_slot(device, slot), header, &found[n]);
        smp_mcuboot_version_text(&found[n].version, versions[n]);
        entries[n] = (struct smp_img_image){
            .size = sizeof(entries[n]),
            .has_image = device->options.n_images > 1,
            .image = slot / 2,
            .slot = slot % 2,
            .version = sim_str(versions[n]),
            .has_hash = true,
            .hash = {found[n].hash, found[n].hash_len},
        };
        pointers[rsp.n_images++] = &entries[n];
    }
    smp_exchange_reply(exchange, &rsp);
}

/* ---- upload ---- */

static void refuse(struct smp_exchange *exchange)
{
    smp_exchange_refuse(exchange, SMP_RC_INVALID, NULL); /* whatever it was */
}

static void want(struct sim_device *device, struct smp_exchange *exchange, uint32_t wait_ms)
{
    struct smp_img_upload_rsp rsp = {
        .size = sizeof(rsp), .has_off = true, .off = device->img.upload.off};

    sim_img_reply_after(device, exchange, &rsp, wait_ms);
}

/* Offset 0 erases the whole slot and begins anew, whatever was under way. */
static bool begin(struct sim_device *device, const struct smp_img_upload_req *req)
{
    struct sim_upload *upload = &device->img.upload;
    uint32_t image = req->has_image ? req->image : 0;
    struct sim_flash *slot;

    if (image >= device->options.n_images || !req->has_len || !req->has_data)
        return false;
    slot = &device->pairs[image].primary;
    if (req->len > sim_boot_max_image(slot) || sim_flash_erase(slot, 0, slot->size) != SMP_OK)
        return false;
    memset(upload, 0, sizeof(*upload));
    upload->active = true;
    upload->slot = 2 * image;
    upload->len = (uint32_t)req->len;
    sim_flash_writer_init(&upload->writer, slot, 0);
    sim_device_event(device, SIM_EVENT_LINE, "recovery: upload to slot %u begins: %u bytes",
                     (unsigned)upload->slot, (unsigned)upload->len);
    return true;
}

/* Takes whole words only, until the end; the rest is asked for again. */
static bool take(struct sim_device *device, struct smp_bytes data)
{
    struct sim_upload *upload = &device->img.upload;
    uint32_t len = (uint32_t)data.len;
    bool last = upload->off + len >= upload->len;

    if (!last)
        len -= len % WRITE_ALIGN;
    if (upload->off + len > upload->writer.flash->size ||
        (len > 0 && sim_flash_writer_add(&upload->writer, data.data, len) != SMP_OK))
        return false;
    upload->off += len;
    if (last && len > 0) {
        sim_device_event(device, SIM_EVENT_LINE, "recovery: upload to slot %u complete",
                         (unsigned)upload->slot);
        return sim_flash_writer_finish(&upload->writer) == SMP_OK;
    }
    return true;
}

static void upload(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_img_upload_req *req = request;
    const struct sim_upload *upload = &device->img.upload;
    bool first = req->off == 0;

    if (first && !begin(device, req)) {
        refuse(exchange);
        return;
    }
    if (!upload->active || req->off != upload->off) {
        want(device, exchange, 0);
        return;
    }
    /* What is too long for the length is noticed behind the first chunk only. */
    if (!req->has_data || (!first && upload->off + req->data.len > upload->len) ||
        !take(device, req->data))
        refuse(exchange);
    else
        want(device, exchange, first ? device->options.erase_ms : 0);
}

/* Small builds cannot choose an image. */
static void choose(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    (void)user;
    smp_exchange_refuse(exchange, SMP_RC_NOT_SUPPORTED, NULL);
}

static const struct command {
    uint16_t group;
    struct sim_handler handler;
    bool blind; /* does not look at the request */
} commands[] = {
    {SMP_GROUP_OS, {1, SMP_OP_WRITE, console_echo}, true},
    {SMP_GROUP_OS, {5, SMP_OP_WRITE, reset}, true},
    {SMP_GROUP_OS, {6, SMP_OP_READ, params}, true},
    {SMP_GROUP_IMG, {0, SMP_OP_READ, list}, true},
    {SMP_GROUP_IMG, {0, SMP_OP_WRITE, choose}, true},
    {SMP_GROUP_IMG, {1, SMP_OP_WRITE, upload}, false},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

int sim_recovery_serve(struct sim_device *device)
{
    int error = SMP_OK;

    for (size_t i = 0; i < COMMANDS && error == SMP_OK; i++)
        error = smp_server_handle(device->server, commands[i].group, commands[i].handler.id,
                                  commands[i].handler.op, commands[i].handler.handle, device);
    return error;
}

void sim_recovery_lenient(struct sim_device *device, struct smp_exchange *exchange)
{
    const struct smp_command *asked = smp_exchange_command(exchange);

    for (size_t i = 0; i < COMMANDS; i++) {
        const struct sim_handler *handler = &commands[i].handler;

        if (commands[i].blind && commands[i].group == smp_command_group(asked) &&
            handler->id == smp_command_id(asked) && handler->op == smp_command_op(asked)) {
            handler->handle(exchange, NULL, device);
            return;
        }
    }
}
