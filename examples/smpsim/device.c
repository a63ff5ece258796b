/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the device. */
#include "device.h"

#include "factory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENT_MAX 512u

void sim_device_event(const struct sim_device *device, enum sim_event event, const char *format,
                      ...)
{
    char text[EVENT_MAX];
    va_list args;

    if (device->options.event == NULL)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    device->options.event(event, text, device->options.event_user);
}

uint64_t sim_device_uptime(const struct sim_device *device)
{
    return smp_loop_now(device->loop) - device->booted;
}

struct sim_flash *sim_device_slot(struct sim_device *device, uint64_t n)
{
    if (n / 2 >= device->options.n_images)
        return NULL;
    return n % 2 == 0 ? &device->pairs[n / 2].primary : &device->pairs[n / 2].secondary;
}

int sim_device_handle(struct sim_device *device, const struct sim_handler *handlers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int error = smp_server_handle(device->server, handlers[i].group, handlers[i].id,
                                      handlers[i].op, handlers[i].handler, device);

        if (error != SMP_OK)
            return error;
    }
    return SMP_OK;
}

/* ---- boot and reset ---- */

const char *sim_device_flash_error(struct sim_device *device, int error)
{
    for (uint32_t n = 0; n < 2 * device->options.n_images; n++) {
        if (sim_device_slot(device, n)->error[0] != '\0')
            return sim_device_slot(device, n)->error;
    }
    return smp_error_text(error);
}

static int run_bootloader(struct sim_device *device)
{
    return sim_boot_run(device->pairs, device->options.n_images, device->boots);
}

static void tell_boot(const struct sim_device *device)
{
    for (uint32_t k = 0; k < device->options.n_images; k++) {
        const struct sim_boot_result *boot = &device->boots[k];
        char version[SMP_MCUBOOT_VERSION_MAX];
        const char *how = "";

        if (boot->text[0] != '\0')
            sim_device_event(device, SIM_EVENT_DETAIL, "boot loader: %s", boot->text);
        if (!boot->bootable) {
            sim_device_event(
                device, SIM_EVENT_LINE,
                "slot %u holds nothing that boots: a board would stay in its boot loader",
                (unsigned)(2 * k));
            continue;
        }
        if (boot->swapped && boot->swap == SMP_MCUBOOT_SWAP_TEST)
            how = " (test)";
        else if (boot->swapped && boot->swap == SMP_MCUBOOT_SWAP_PERM)
            how = " (permanent)";
        else if (boot->swapped && boot->swap == SMP_MCUBOOT_SWAP_REVERT)
            how = " (reverted)";
        else if (boot->swap == SMP_MCUBOOT_SWAP_FAIL)
            how = " (the other image was refused)";
        smp_mcuboot_version_text(&boot->image.version, version);
        sim_device_event(device, SIM_EVENT_LINE, "boots %s from slot %u%s", version,
                         (unsigned)(2 * k), how);
    }
}

static void come_up(struct sim_device *device)
{
    device->phase = SIM_RUNNING;
    device->booted = smp_loop_now(device->loop);
    sim_os_boot(device);
    tell_boot(device);
    smp_server_power(device->server, true);
}

static void go_down(struct sim_device *device)
{
    int error;

    smp_server_power(device->server, false);
    sim_img_forget(device);
    sim_device_event(device, SIM_EVENT_LINE, "resets");
    error = run_bootloader(device);
    if (error != SMP_OK) {
        device->phase = SIM_DEAD;
        sim_device_event(device, SIM_EVENT_BROKEN, "the flash failed: %s",
                         sim_device_flash_error(device, error));
        return;
    }
    device->phase = SIM_BOOTING;
    smp_timer_start(device->timer, device->options.boot_ms * SIM_NS_PER_MS);
}

static void next_phase(void *user)
{
    struct sim_device *device = user;

    if (device->phase == SIM_RESETTING)
        go_down(device);
    else if (device->phase == SIM_BOOTING)
        come_up(device);
}

void sim_device_reset(struct sim_device *device)
{
    if (device->phase != SIM_RUNNING)
        return;
    device->phase = SIM_RESETTING;
    smp_timer_start(device->timer, SIM_RESET_DELAY_MS * SIM_NS_PER_MS);
}

static int watch(struct smp_server *server, enum smp_server_event event,
                 struct smp_exchange *exchange, void *user)
{
    struct sim_device *device = user;

    (void)exchange;
    switch (event) {
    case SMP_SERVER_REQUEST:
        device->os.requests++;
        break;
    case SMP_SERVER_STARVED:
        sim_device_event(device, SIM_EVENT_DETAIL, "no buffer for an answer: rc 2");
        break;
    case SMP_SERVER_OVERRUN:
        if (!device->options.crash_on_overrun) {
            sim_device_event(device, SIM_EVENT_DETAIL, "no buffer for a request: it is lost");
        } else if (device->phase != SIM_DEAD) {
            device->phase = SIM_DEAD;
            smp_timer_stop(device->timer);
            smp_server_power(server, false);
            sim_device_event(device, SIM_EVENT_CRASH, "a request came with all %u buffers taken",
                             (unsigned)device->options.buf_count);
        }
        break;
    }
    return 0;
}

/* ---- birth and death ---- */

static int open_slots(struct sim_device *device, char *error, size_t error_size)
{
    for (uint32_t n = 0; n < 2 * device->options.n_images; n++) {
        struct sim_flash *slot = sim_device_slot(device, n);
        char name[16];
        int code;

        snprintf(name, sizeof(name), "slot%u", (unsigned)n);
        code = sim_flash_open(slot, device->options.state, name, device->options.slot_size);
        if (code != SMP_OK) {
            snprintf(error, error_size, "%s", slot->error);
            return code;
        }
    }
    return SMP_OK;
}

static int first_boot(struct sim_device *device, char *error, size_t error_size)
{
    int code = open_slots(device, error, error_size);

    if (code != SMP_OK)
        return code;
    code = run_bootloader(device); /* may finish a swap that was cut short */
    if (code == SMP_OK)
        return sim_factory_program(device, error, error_size);
    snprintf(error, error_size, "%s", sim_device_flash_error(device, code));
    return code;
}

static int make_server(struct sim_device *device)
{
    const struct sim_device_options *o = &device->options;
    struct smp_server_options options = {
        .size = sizeof(options),
        .buf_size = o->buf_size,
        .buf_count = o->buf_count,
        .work_ns = o->work_us * UINT64_C(1000),
        .v1_only = o->v1,
        .rc_always = o->v1,
        .hook = watch,
        .hook_user = device,
    };
    int error = smp_server_new(device->loop, &options, &device->server);

    if (error == SMP_OK)
        error = smp_timer_new(device->loop, next_phase, device, &device->timer);
    if (error == SMP_OK)
        error = sim_os_init(device);
    if (error == SMP_OK)
        error = sim_img_init(device);
    return error;
}

int sim_device_new(struct smp_loop *loop, const struct sim_device_options *options,
                   struct sim_device **made, char *error, size_t error_size)
{
    struct sim_device *device = calloc(1, sizeof(*device));
    int code = SMP_ERR_NO_MEMORY;

    snprintf(error, error_size, "%s", smp_error_text(code));
    if (device == NULL)
        return code;
    device->options = *options;
    device->loop = loop;
    for (uint32_t k = 0; k < SIM_IMAGES_MAX; k++)
        device->pairs[k].primary.fd = device->pairs[k].secondary.fd = -1;
    if (!options->rtc_unset)
        device->rtc = (struct sim_rtc){true, (int64_t)time(NULL), smp_loop_now(loop)};
    code = first_boot(device, error, error_size);
    if (code == SMP_OK) {
        code = make_server(device);
        if (code != SMP_OK)
            snprintf(error, error_size, "%s", smp_error_text(code));
    }
    if (code != SMP_OK) {
        sim_device_free(device);
        return code;
    }
    come_up(device);
    *made = device;
    return SMP_OK;
}

int sim_device_listen(struct sim_device *device, struct smp_transport *transport)
{
    return smp_server_listen(device->server, transport);
}

void sim_device_free(struct sim_device *device)
{
    if (device == NULL)
        return;
    sim_img_free(device);
    smp_timer_free(device->timer);
    smp_server_free(device->server);
    for (uint32_t n = 0; n < 2 * device->options.n_images; n++)
        sim_flash_close(sim_device_slot(device, n));
    free(device);
}
