/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device: it boots, answers, resets, is away while it boots, and answers again.
 *
 * It runs on any loop and any transport: the program gives it UDP, the tests a
 * loopback and a clock of their own.  What survives a reset is in the slots
 * (flash.h); everything else is in struct sim_device and is lost, as RAM is.
 */
#ifndef SMPSIM_DEVICE_H
#define SMPSIM_DEVICE_H

#include "bootloader.h"
#include "clock.h"
#include "custom.h"
#include "faults.h"
#include "fs.h"
#include "group.h"
#include "img.h"
#include "log.h"
#include "os.h"
#include "profile.h"
#include "settings.h"
#include "shell.h"
#include "stat.h"
#include "suit.h"

#include <smp/server.h>

#include <stdbool.h>
#include <stdint.h>

#define SIM_IMAGES_MAX 8u
#define SIM_SLOTS_MAX (2u * SIM_IMAGES_MAX)
#define SIM_TRANSPORTS_MAX 16u

/* Zephyr's default for CONFIG_MCUMGR_GRP_OS_RESET_MS. */
#define SIM_RESET_DELAY_MS 250u

#define SIM_NS_PER_MS UINT64_C(1000000)

struct sim_device;

enum sim_event {
    SIM_EVENT_LINE,   /* something happened: one line for people */
    SIM_EVENT_DETAIL, /* the same, of less interest */
    SIM_EVENT_CRASH,  /* the device died of a packet too many, and stays dead */
    SIM_EVENT_BROKEN, /* its flash failed: it stays off */
};

typedef void sim_event_callback(enum sim_event event, const char *text, void *user);

/* Where errors of groups stand. */
enum sim_error_key {
    SIM_ERROR_KEY_OF_PROFILE,
    SIM_ERROR_KEY_ERR,
    SIM_ERROR_KEY_RET,
};

/* What kind of device.  Zero means the default, and what the profile says holds besides. */
struct sim_device_options {
    const char *state;                  /* folder of the slots */
    const char *images[SIM_IMAGES_MAX]; /* firmware for the primary slots; NULL: none */
    uint32_t slot_size;
    uint32_t n_images; /* pairs of slots */
    uint32_t buf_size;
    uint32_t buf_count;
    uint32_t announce; /* the buffer size it tells, 0: the true one */
    uint32_t work_us;  /* what each request costs */
    uint32_t boot_ms;  /* away for so long at a reset */
    uint32_t erase_ms; /* what erasing a slot costs */
    uint32_t align;    /* an upload is taken in multiples of it */
    bool no_params;
    bool v1;                /* from before SMP v2, and `rc: 0` on success */
    bool guard_pending;     /* upload and erase are refused while an image is pending */
    bool rtc_unset;         /* the clock is not set until somebody sets it */
    bool reset_needs_force; /* a reset without `force` is refused during an upload */
    bool crash_on_overrun;
    bool frugal;                       /* image lists without what is false */
    bool recovery;                     /* has MCUboot's serial recovery */
    const struct sim_profile *profile; /* NULL: the current Zephyr */
    enum sim_error_key error_key;
    uint32_t with;        /* enum sim_group_bit: groups beyond the profile's */
    uint32_t without;     /* groups it has not */
    const char *fs_mount; /* where the file system is mounted; NULL: /lfs */
    uint32_t fs_size;
    const char *settings[SIM_SETTINGS_MAX];       /* NAME=TEXT, before anything was saved */
    const char *group_files[SIM_GROUP_FILES_MAX]; /* groups of the user's own, see custom.h */
    size_t n_group_files;
    struct smp_faults faults;  /* those of the device itself: restart, power cut */
    sim_event_callback *event; /* may be NULL */
    void *event_user;
};

enum sim_phase {
    SIM_RUNNING,
    SIM_RESETTING, /* has answered a reset, and goes down any moment */
    SIM_BOOTING,   /* away */
    SIM_DEAD,      /* crashed or broken: only a new start helps */
};

struct sim_device {
    struct sim_device_options options;
    const struct sim_profile *profile;
    uint32_t groups; /* enum sim_group_bit */
    struct smp_loop *loop;
    struct smp_server *server;
    struct smp_transport *transports[SIM_TRANSPORTS_MAX];
    size_t n_transports;
    struct smp_timer *timer; /* what the device does next by itself */
    enum sim_phase phase;
    bool recovering;     /* in serial recovery: no application runs */
    bool recovery_asked; /* the next boot stays there */
    uint64_t booted;     /* loop time of the last boot, ns */
    struct sim_boot_pair pairs[SIM_IMAGES_MAX];
    struct sim_boot_result boots[SIM_IMAGES_MAX]; /* what the last boot did */
    struct sim_faults faults;                     /* so far */
    struct sim_rtc rtc;                           /* runs on through resets */
    struct sim_os os;
    struct sim_img img;
    struct sim_stat stat;
    struct sim_settings settings;
    struct sim_fs fs;
    struct sim_shell shell;
    struct sim_log log;
    struct sim_suit suit;
    struct sim_custom custom;
    bool bridged; /* group transport */
};

/*
 * Opens or makes the slots, programs the firmware where a primary slot has none
 * that boots, boots, and serves.  On failure `error` holds a sentence.
 * SMP_ERR_NO_MEMORY, SMP_ERR_NOT_IMAGE, SMP_ERR_CORRUPT, or an error of flash.h.
 */
int sim_device_new(struct smp_loop *loop, const struct sim_device_options *options,
                   struct sim_device **made, char *error, size_t error_size);
void sim_device_free(struct sim_device *device);

/* Serves one more transport, which must outlive the device. */
int sim_device_listen(struct sim_device *device, struct smp_transport *transport);

/* Slot `n` in Zephyr's count: image k has 2k and 2k+1.  NULL past the last. */
struct sim_flash *sim_device_slot(struct sim_device *device, uint64_t n);

/* The sentence of the flash that failed, or of the error itself. */
const char *sim_device_flash_error(struct sim_device *device, int error);

/* The loop's time since the last boot, ns. */
uint64_t sim_device_uptime(const struct sim_device *device);

/* Goes down in a moment, and comes up again after the boot time. */
void sim_device_reset(struct sim_device *device);
/* Goes down at once. */
void sim_device_die(struct sim_device *device);
/* The same, without another answer to anybody, in the middle of whatever it does. */
void sim_device_fall(struct sim_device *device);

/* Whether the answer will be one of SMP v1. */
bool sim_device_speaks_v1(const struct sim_device *device, const struct smp_exchange *exchange);
/* Ends a request without any answer. */
void sim_device_keep_silent(struct smp_exchange *exchange);

/* Tells whoever listens. */
void sim_device_event(const struct sim_device *device, enum sim_event event, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

#endif
