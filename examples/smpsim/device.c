/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the device. */
#include "device.h"

#include "factory.h"
#include "lenient.h"
#include "recovery.h"

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
    for (char *c = text; *c != '\0'; c++) { /* a terminal may show it */
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
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

bool sim_device_speaks_v1(const struct sim_device *device, const struct smp_exchange *exchange)
{
    return device->options.v1 || smp_exchange_header(exchange)->version == SMP_PROTOCOL_V1;
}

void sim_device_keep_silent(struct smp_exchange *exchange)
{
    struct smp_exchange *forgotten = NULL;

    if (smp_exchange_defer(exchange, &forgotten) == SMP_OK)
        smp_exchange_free(forgotten);
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

/* Again from the start when the power goes meanwhile. */
static int run_bootloader(struct sim_device *device)
{
    int error;

    do {
        sim_faults_power_on(device);
        error = sim_boot_run(device->pairs, device->options.n_images, device->boots);
    } while (error == SMP_ERR_CLOSED);
    return error;
}

static void tell_boot(const struct sim_device *device)
{
    if (device->recovering) {
        sim_device_event(device, SIM_EVENT_LINE, "waits in serial recovery");
        return;
    }
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

static int watch(struct smp_server *server, enum smp_server_event event,
                 struct smp_exchange *exchange, void *user)
{
    struct sim_device *device = user;

    switch (event) {
    case SMP_SERVER_REQUEST:
        device->os.requests++;
        if (sim_faults_request(device))
            return SMP_RC_UNKNOWN; /* down: the answer goes nowhere */
        device->os.previous = device->os.current;
        device->os.current = *smp_exchange_header(exchange);
        if (device->recovering)
            sim_recovery_lenient(device, exchange);
        else
            sim_lenient(device, exchange);
        break;
    case SMP_SERVER_STARVED:
        device->stat.starved++;
        sim_device_event(device, SIM_EVENT_DETAIL, "no buffer for an answer: rc 2");
        break;
    case SMP_SERVER_OVERRUN:
        device->stat.lost++;
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

/* The server of what runs now: the application, or the boot loader. */
static int make_server(struct sim_device *device)
{
    const struct sim_device_options *o = &device->options;
    struct smp_server_options options = {
        .size = sizeof(options),
        .buf_size = device->recovering ? SIM_RECOVERY_BUF_SIZE : o->buf_size,
        .buf_count = device->recovering ? SIM_RECOVERY_BUF_COUNT : o->buf_count,
        .work_ns = o->work_us * UINT64_C(1000),
        .v1_only = o->v1,
        .rc_always = device->profile->rc_always || o->v1,
        .err_as_ret = o->error_key == SIM_ERROR_KEY_RET,
        .hook = watch,
        .hook_user = device,
        .mcuboot = device->recovering,
    };
    int error;

    smp_server_free(device->server);
    device->server = NULL;
    if (device->recovering) /* the boot loader's answers have rc where it says so */
        options.rc_always = false;
    error = smp_server_new(device->loop, &options, &device->server);
    if (error == SMP_OK)
        error = device->recovering ? sim_recovery_serve(device) : sim_groups_serve(device);
    for (size_t i = 0; i < device->n_transports && error == SMP_OK; i++)
        error = smp_server_listen(device->server, device->transports[i]);
    return error;
}

static int come_up(struct sim_device *device)
{
    int error = make_server(device);

    if (error != SMP_OK)
        return error;
    device->phase = SIM_RUNNING;
    device->booted = smp_loop_now(device->loop);
    sim_groups_boot(device);
    tell_boot(device);
    return SMP_OK;
}

/* Whether the boot loader keeps the device: it was told to, or has nothing to start. */
static bool stays_in_recovery(struct sim_device *device)
{
    bool asked = device->recovery_asked;

    device->recovery_asked = false;
    if (!device->options.recovery)
        return false;
    return asked || !device->boots[0].bootable;
}

static void stop_dead(struct sim_device *device, const char *why)
{
    device->phase = SIM_DEAD;
    sim_device_event(device, SIM_EVENT_BROKEN, "%s", why);
}

static void go_down(struct sim_device *device)
{
    int error;

    device->phase = SIM_BOOTING;
    smp_server_power(device->server, false);
    sim_groups_halt(device);
    sim_device_event(device, SIM_EVENT_LINE, "resets");
    error = device->recovery_asked && device->options.recovery ? SMP_OK : run_bootloader(device);
    if (error != SMP_OK) {
        char why[EVENT_MAX + 32];

        snprintf(why, sizeof(why), "the flash failed: %s", sim_device_flash_error(device, error));
        stop_dead(device, why);
        return;
    }
    device->recovering = stays_in_recovery(device);
    smp_timer_start(device->timer, device->options.boot_ms * SIM_NS_PER_MS);
}

static void next_phase(void *user)
{
    struct sim_device *device = user;

    if (device->phase == SIM_RESETTING) {
        go_down(device);
    } else if (device->phase == SIM_BOOTING) {
        int error = come_up(device);

        if (error != SMP_OK)
            stop_dead(device, smp_error_text(error));
    }
}

static void reset_in(struct sim_device *device, uint32_t ms)
{
    device->phase = SIM_RESETTING;
    smp_timer_start(device->timer, ms * SIM_NS_PER_MS);
}

void sim_device_reset(struct sim_device *device)
{
    if (device->phase == SIM_RUNNING)
        reset_in(device, SIM_RESET_DELAY_MS);
}

void sim_device_die(struct sim_device *device)
{
    if (device->phase == SIM_RUNNING || device->phase == SIM_RESETTING)
        reset_in(device, 0);
}

void sim_device_fall(struct sim_device *device)
{
    if (device->phase == SIM_RUNNING || device->phase == SIM_RESETTING) {
        smp_server_power(device->server, false);
        reset_in(device, 0);
    }
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

/* What the profile says, and options can add to. */
static void apply_profile(struct sim_device *device)
{
    struct sim_device_options *o = &device->options;
    const struct sim_profile *profile = o->profile;

    if (profile == NULL)
        profile = sim_profile_find("zephyr-4.4");
    device->profile = profile;
    device->groups = (profile->groups | o->with) & ~o->without;
    o->v1 = o->v1 || profile->v1_only;
    o->no_params = o->no_params || profile->no_params;
    o->guard_pending = o->guard_pending || profile->guard_pending;
    o->recovery = o->recovery || profile->recovery;
    if (o->error_key == SIM_ERROR_KEY_OF_PROFILE && profile->err_as_ret)
        o->error_key = SIM_ERROR_KEY_RET;
    if (o->fs_mount == NULL)
        o->fs_mount = "/lfs";
    if (o->fs_size == 0)
        o->fs_size = SIM_FS_SIZE;
}

static int open_groups(struct sim_device *device, char *error, size_t error_size)
{
    const struct sim_group *group;
    int code = smp_timer_new(device->loop, next_phase, device, &device->timer);

    if (code != SMP_OK)
        snprintf(error, error_size, "%s", smp_error_text(code));
    for (size_t i = 0; code == SMP_OK && (group = sim_group_at(i)) != NULL; i++) {
        if (group->open != NULL)
            code = group->open(device, error, error_size);
    }
    return code == SMP_OK ? sim_custom_open(device, error, error_size) : code;
}

static int first_power_on(struct sim_device *device, char *error, size_t error_size)
{
    int code = first_boot(device, error, error_size);

    if (code == SMP_OK)
        code = open_groups(device, error, error_size);
    if (code != SMP_OK)
        return code;
    device->recovery_asked = device->profile->recovery;
    device->recovering = stays_in_recovery(device);
    sim_faults_arm(device);
    code = come_up(device);
    if (code != SMP_OK)
        snprintf(error, error_size, "%s", smp_error_text(code));
    return code;
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
    apply_profile(device);
    for (uint32_t k = 0; k < SIM_IMAGES_MAX; k++)
        device->pairs[k].primary.fd = device->pairs[k].secondary.fd = -1;
    if (!options->rtc_unset)
        device->rtc = (struct sim_rtc){true, (int64_t)time(NULL), smp_loop_now(loop)};
    sim_files_init(&device->fs.files);
    code = first_power_on(device, error, error_size);
    if (code != SMP_OK) {
        sim_device_free(device);
        return code;
    }
    *made = device;
    return SMP_OK;
}

int sim_device_listen(struct sim_device *device, struct smp_transport *transport)
{
    int error;

    if (device->n_transports == SIM_TRANSPORTS_MAX)
        return SMP_ERR_BUSY;
    error = smp_server_listen(device->server, transport);
    if (error == SMP_OK)
        device->transports[device->n_transports++] = transport;
    return error;
}

void sim_device_free(struct sim_device *device)
{
    if (device == NULL)
        return;
    smp_timer_free(device->timer);
    smp_server_free(device->server);
    sim_groups_close(device);
    for (uint32_t n = 0; n < 2 * device->options.n_images; n++)
        sim_flash_close(sim_device_slot(device, n));
    free(device);
}
