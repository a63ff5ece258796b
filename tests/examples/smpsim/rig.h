/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated device and a client of the library in one process, joined by a
 * loopback, with a clock that only moves when nothing is left to do.
 */
#ifndef TESTS_SMPSIM_RIG_H
#define TESTS_SMPSIM_RIG_H

#include "device.h"

#include <smp/smp.h>

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APP_100 SMP_SOURCE_DIR "/tests/data/app-1.0.0.signed.bin"
#define APP_110 SMP_SOURCE_DIR "/tests/data/app-1.1.0.signed.bin"

struct rig {
    struct sim_device_options device_options;
    struct smp_session_options session_options;
    struct smp_fake_clock *clock;
    struct smp_loop *loop;
    struct smp_transport *near;
    struct smp_transport *far;
    struct sim_device *device;
    struct smp_session *session;
    char state[64];
    char error[1024];
    char events[16384]; /* every line, each with a newline */
    unsigned crashes;
};

static void rig_event(enum sim_event event, const char *text, void *user)
{
    struct rig *rig = user;
    size_t used = strlen(rig->events);

    rig->crashes += event == SIM_EVENT_CRASH;
    snprintf(rig->events + used, sizeof(rig->events) - used, "%s\n", text);
}

/* A folder of its own, and the defaults of the program (but small slots and no cost). */
static inline void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    strcpy(rig->state, "/tmp/smpsim-test-XXXXXX");
    cr_assert(mkdtemp(rig->state) != NULL);
    rig->device_options = (struct sim_device_options){
        .state = rig->state,
        .images = {APP_100},
        .slot_size = 128 * 1024,
        .n_images = 1,
        .buf_size = 2048,
        .buf_count = 4,
        .boot_ms = 1000,
        .align = 1,
        .event = rig_event,
        .event_user = rig,
    };
    rig->session_options = (struct smp_session_options){
        .size = sizeof(rig->session_options), .timeout_ms = 100, .tries = 1, .grace_ms = 1};
}

/* Starts the device, as the program does; returns what sim_device_new() said. */
static inline int rig_try(struct rig *rig)
{
    struct smp_loop_options options = {.size = sizeof(options)};
    int code;

    cr_assert_eq(smp_fake_clock_new(&rig->clock), SMP_OK);
    options.clock = smp_fake_clock_get(rig->clock);
    cr_assert_eq(smp_loop_new(&options, &rig->loop), SMP_OK);
    code = sim_device_new(rig->loop, &rig->device_options, &rig->device, rig->error,
                          sizeof(rig->error));
    if (code != SMP_OK)
        return code;
    cr_assert_eq(smp_loopback_new(rig->loop, 0, &rig->near, &rig->far), SMP_OK);
    cr_assert_eq(sim_device_listen(rig->device, rig->far), SMP_OK);
    cr_assert_eq(smp_session_new(rig->near, &rig->session_options, &rig->session), SMP_OK);
    return SMP_OK;
}

static inline void rig_start(struct rig *rig)
{
    int code = rig_try(rig);

    cr_assert_eq(code, SMP_OK, "%s: %s", smp_error_name(code), rig->error);
}

/* Stops all at once: as far as the device sees, the power went away. */
static inline void rig_stop(struct rig *rig)
{
    smp_session_free(rig->session);
    sim_device_free(rig->device);
    smp_transport_free(rig->near);
    smp_transport_free(rig->far);
    smp_loop_free(rig->loop);
    smp_fake_clock_free(rig->clock);
    rig->session = NULL;
    rig->device = NULL;
    rig->near = rig->far = NULL;
    rig->loop = NULL;
    rig->clock = NULL;
}

/* Deletes the folder with all that is in it. */
static inline void rig_remove(const char *path)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -r %s", path);
    cr_assert_eq(system(command), 0);
}

static inline void rig_end(struct rig *rig)
{
    rig_stop(rig);
    rig_remove(rig->state);
}

static inline bool rig_told(const struct rig *rig, const char *text)
{
    return strstr(rig->events, text) != NULL;
}

/* Lets time pass, and everything that is due happen. */
static inline void rig_sleep(struct rig *rig, unsigned ms)
{
    uint64_t end = smp_loop_now(rig->loop) + ms * SIM_NS_PER_MS;

    while (smp_loop_now(rig->loop) < end) {
        unsigned left =
            (unsigned)((end - smp_loop_now(rig->loop) + SIM_NS_PER_MS - 1) / SIM_NS_PER_MS);

        cr_assert_geq(smp_loop_turn(rig->loop, (int)left), 0);
    }
    while (smp_loop_process(rig->loop) == 1) {
    }
}

/* Asks any command by its number and waits. */
static inline const struct smp_result *rig_call(struct rig *rig, uint16_t group, uint8_t id,
                                                uint8_t op, const void *request)
{
    const struct smp_command *command = smp_command_find(rig->loop, group, id, op);
    const struct smp_result *result = NULL;
    smp_id call = 0;

    cr_assert(command != NULL);
    cr_assert_eq(smp_session_call(rig->session, command, request, NULL, NULL, &call), SMP_OK);
    cr_assert_eq(smp_wait(rig->session, call, &result), SMP_OK);
    return result;
}

/* The same, with the payload as it is. */
static inline const struct smp_result *rig_raw(struct rig *rig, uint16_t group, uint8_t id,
                                               uint8_t op, const void *cbor, size_t len)
{
    const struct smp_result *result = NULL;
    smp_id call = 0;

    cr_assert_eq(smp_session_request(rig->session, group, id, op, cbor, len, NULL, NULL, &call),
                 SMP_OK);
    cr_assert_eq(smp_wait(rig->session, call, &result), SMP_OK);
    return result;
}

/* Error of a result: 0, the group's own code, or minus the global code. */
static inline int64_t rig_rc(const struct smp_result *result)
{
    if (result->error == SMP_OK)
        return 0;
    cr_assert_eq(result->error, SMP_ERR_DEVICE, "%s", smp_error_name(result->error));
    return result->from_group ? result->rc : -result->rc;
}

static inline bool rig_alive(struct rig *rig)
{
    struct smp_os_echo_req req = {.size = sizeof(req), .text = {"x", 1}};

    return rig_call(rig, SMP_GROUP_OS, 0, SMP_OP_WRITE, &req)->error == SMP_OK;
}

/* Resets, and comes back when the device does. */
static inline void rig_reset(struct rig *rig)
{
    cr_assert_eq(rig_call(rig, SMP_GROUP_OS, 5, SMP_OP_WRITE, NULL)->error, SMP_OK);
    rig_sleep(rig, SIM_RESET_DELAY_MS + rig->device_options.boot_ms + 1);
    cr_assert(rig_alive(rig));
}

/* ---- images ---- */

struct blob {
    uint8_t data[64 * 1024];
    size_t len;
    uint8_t sha[32];                    /* of the file */
    uint8_t hash[SMP_MCUBOOT_HASH_MAX]; /* of the image */
};

static inline void blob_describe(struct blob *blob)
{
    struct smp_source source;
    struct smp_mcuboot_image image = {.size = sizeof(image)};

    smp_source_memory(&source, blob->data, blob->len);
    smp_mcuboot_image_check(&source, &image, blob->sha);
    memcpy(blob->hash, image.hash, sizeof(blob->hash));
}

static inline void blob_read(struct blob *blob, const char *path)
{
    FILE *file = fopen(path, "rb");

    cr_assert(file != NULL, "%s", path);
    blob->len = fread(blob->data, 1, sizeof(blob->data), file);
    cr_assert(blob->len > 0 && blob->len < sizeof(blob->data));
    fclose(file);
    blob_describe(blob);
}

/* The library's own upload; returns the error of its end. */
static inline int rig_upload(struct rig *rig, const struct blob *blob)
{
    const struct smp_result *result = NULL;
    struct smp_source source;
    smp_id id = 0;

    smp_source_memory(&source, blob->data, blob->len);
    cr_assert_eq(smp_img_upload(rig->session, &source, NULL, NULL, NULL, &id), SMP_OK);
    cr_assert_eq(smp_wait(rig->session, id, &result), SMP_OK);
    return result->error;
}

static inline int64_t rig_state_write(struct rig *rig, const uint8_t *hash, size_t len,
                                      bool confirm)
{
    struct smp_img_state_write_req req = {.size = sizeof(req),
                                          .has_hash = hash != NULL,
                                          .hash = {hash, len},
                                          .has_confirm = true,
                                          .confirm = confirm};

    return rig_rc(rig_call(rig, SMP_GROUP_IMG, 0, SMP_OP_WRITE, &req));
}

/* The list as text, such as "0:1.0.0 active confirmed; 1:1.1.0 pending". */
static inline const char *rig_list(struct rig *rig)
{
    static char text[512];
    const struct smp_result *result = rig_call(rig, SMP_GROUP_IMG, 0, SMP_OP_READ, NULL);
    const struct smp_img_state_rsp *rsp = result->rsp;
    size_t used = 0;

    cr_assert_eq(result->error, SMP_OK);
    text[0] = '\0';
    for (size_t i = 0; i < rsp->n_images; i++) {
        const struct smp_img_image *image = rsp->images[i];

        used += (size_t)snprintf(
            text + used, sizeof(text) - used, "%s%u:%.*s%s%s%s%s%s", i > 0 ? "; " : "",
            (unsigned)(2 * image->image + image->slot), (int)image->version.len,
            image->version.data, image->active ? " active" : "",
            image->confirmed ? " confirmed" : "", image->pending ? " pending" : "",
            image->permanent ? " permanent" : "", image->bootable ? "" : " unbootable");
    }
    return text;
}

#endif
