/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, by popt. */
#include "options.h"

#include "options_values.h"

#include <smp/version.h>

#include <popt.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_STATE "smpsim-state"

/* Options with a value: what popt calls `val`. */
enum option {
    OPT_UDP = 1,
    OPT_IMAGE,
    OPT_STATE,
    OPT_FAULTS,
    OPT_DROP,
    OPT_SEED,
    OPT_SLOT_SIZE,
    OPT_IMAGES,
    OPT_BUF_SIZE,
    OPT_BUF_COUNT,
    OPT_ANNOUNCE,
    OPT_WORK,
    OPT_BOOT,
    OPT_ERASE,
    OPT_ALIGN,
    OPT_DELAY,
    OPT_FS_SIZE,
    OPT_PROFILE,
    OPT_ERROR_KEY,
    OPT_WITH,
    OPT_WITHOUT,
    OPT_FS_MOUNT,
    OPT_SETTING,
    OPT_GROUPS,
    OPT_PTY,
    OPT_BAUD,
    OPT_LINE_BUFFERS,
    OPT_LINE_LENGTH,
    OPT_LINE_US,
    OPT_REPLAY,
    OPT_VERSION,
    OPT_HELP,
};

static const char help_end[] =
    "\nExit status: 0 stopped by a signal, 2 usage, 3 an address cannot be listened on,\n"
    "4 a file or the state folder, 70 died of an overrun (--crash-on-overrun).\n";

struct sim_option_memory {
    poptContext popt;
    char *values[64];
    size_t n_values;
    size_t n_images;   /* --image given so often */
    size_t n_settings; /* --setting */
    uint32_t delay_ms;
    int flags[16];
};

/* What `flags` holds. */
enum flag {
    NO_PARAMS,
    V1,
    RTC_UNSET,
    GUARD_PENDING,
    NEEDS_FORCE,
    CRASH,
    QUIET,
    VERBOSE,
    FRUGAL,
    RECOVERY,
    RAW,
    LOG_TEXT,
    REPLAY_DELAYS,
    STRICT_BAUD,
};

/* The options whose value is a whole number. */
struct number {
    const char *name;
    uint32_t min;
    uint32_t max;
    uint32_t *target;
};

/* Decimal, or hexadecimal with 0x. */
static bool parse_u64(const char *text, uint64_t *value)
{
    char *end;
    int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, base);
    return errno == 0 && *end == '\0';
}

static int set_number(const struct number *number, const char *text)
{
    uint64_t value;

    if (!parse_u64(text, &value) || value < number->min || value > number->max)
        return sim_complain("--%s %s: give a whole number from %" PRIu32 " to %" PRIu32,
                            number->name, text, number->min, number->max);
    *number->target = (uint32_t)value;
    return -1;
}

static int set_text(struct sim_options *options, enum option option, const char *text)
{
    struct sim_option_memory *memory = options->memory;

    switch (option) {
    case OPT_UDP:
        if (options->n_udp == SIM_UDP_MAX)
            return sim_complain("--udp %s: too many addresses", text);
        options->udp[options->n_udp++] = text;
        return -1;
    case OPT_PTY:
        options->serial.path = text;
        return -1;
    case OPT_REPLAY:
        options->replay = text;
        return -1;
    case OPT_IMAGE:
        if (memory->n_images == SIM_IMAGES_MAX)
            return sim_complain("--image %s: too many images", text);
        options->device.images[memory->n_images++] = text;
        return -1;
    case OPT_STATE:
        if (*text == '\0')
            return sim_complain("--state: give a folder");
        options->device.state = text;
        return -1;
    case OPT_SEED:
        if (!parse_u64(text, &options->faults.seed))
            return sim_complain("--seed %s: give a whole number", text);
        return -1;
    case OPT_PROFILE:
        return sim_set_profile(&options->device, text);
    case OPT_ERROR_KEY:
        return sim_set_error_key(&options->device, text);
    case OPT_WITH:
        return sim_add_group("with", text, &options->device.with);
    case OPT_WITHOUT:
        return sim_add_group("without", text, &options->device.without);
    case OPT_FS_MOUNT:
        return sim_set_mount(&options->device, text);
    case OPT_SETTING:
        if (memory->n_settings == SIM_SETTINGS_MAX)
            return sim_complain("--setting %s: too many settings", text);
        options->device.settings[memory->n_settings++] = text;
        return -1;
    case OPT_GROUPS:
        if (options->device.n_group_files == SIM_GROUP_FILES_MAX)
            return sim_complain("--groups %s: too many files; a folder is one", text);
        options->device.group_files[options->device.n_group_files++] = text;
        return -1;
    case OPT_FAULTS:
        return sim_set_faults(&options->faults, text);
    case OPT_DROP:
        return sim_set_fault(&options->faults, "drop", text);
    default:
        return sim_set_fault(&options->faults, "delay", text);
    }
}

static int set(struct sim_options *options, int option, const char *text)
{
    struct sim_device_options *device = &options->device;
    const struct number numbers[] = {
        [OPT_SLOT_SIZE] = {"slot-size", 8 * SIM_FLASH_SECTOR, 64u << 20, &device->slot_size},
        [OPT_IMAGES] = {"images", 1, SIM_IMAGES_MAX, &device->n_images},
        [OPT_BUF_SIZE] = {"buf-size", 128, 65535, &device->buf_size},
        [OPT_BUF_COUNT] = {"buf-count", 1, 64, &device->buf_count},
        [OPT_ANNOUNCE] = {"announce", 128, 65535, &device->announce},
        [OPT_WORK] = {"work-us", 0, 10000000, &device->work_us},
        [OPT_BOOT] = {"boot-time", 0, 3600000, &device->boot_ms},
        [OPT_ERASE] = {"erase-time", 0, 3600000, &device->erase_ms},
        [OPT_ALIGN] = {"align", 1, 4096, &device->align},
        [OPT_FS_SIZE] = {"fs-size", SIM_FS_BLOCK, 64u << 20, &device->fs_size},
        [OPT_BAUD] = {"baud", 0, 100000000, &options->serial.baud},
        [OPT_LINE_BUFFERS] = {"line-buffers", 0, 1024, &options->serial.line_buffers},
        [OPT_LINE_LENGTH] = {"line-length", 16, 16384, &options->serial.line_length},
        [OPT_LINE_US] = {"line-us", 1, 10000000, &options->serial.line_us},
    };

    if (option < (int)(sizeof(numbers) / sizeof(numbers[0])) && numbers[option].name != NULL)
        return set_number(&numbers[option], text);
    return set_text(options, (enum option)option, text);
}

/* What cannot be seen from one option alone. */
static int finish(struct sim_options *options)
{
    const struct sim_option_memory *memory = options->memory;
    struct sim_device_options *device = &options->device;

    if (poptPeekArg(memory->popt) != NULL)
        return sim_complain("%s: there are options only, no arguments", poptPeekArg(memory->popt));
    if (device->slot_size % SIM_FLASH_SECTOR != 0)
        return sim_complain("--slot-size: give a multiple of 4096, the size of a sector");
    if (memory->n_images > device->n_images)
        return sim_complain("more files with --image than the device has images: see --images");
    if (options->n_udp == 0 && options->serial.path == NULL)
        options->udp[options->n_udp++] = "127.0.0.1:1337";
    options->device.faults = options->faults;
    device->no_params = memory->flags[NO_PARAMS];
    device->v1 = memory->flags[V1];
    device->rtc_unset = memory->flags[RTC_UNSET];
    device->guard_pending = memory->flags[GUARD_PENDING];
    device->reset_needs_force = memory->flags[NEEDS_FORCE];
    device->crash_on_overrun = memory->flags[CRASH];
    device->frugal = memory->flags[FRUGAL];
    device->recovery = memory->flags[RECOVERY];
    options->quiet = memory->flags[QUIET];
    options->verbose = memory->flags[VERBOSE];
    options->replay_delays = memory->flags[REPLAY_DELAYS];
    options->serial.raw = memory->flags[RAW];
    options->serial.log_text = memory->flags[LOG_TEXT];
    options->serial.strict_baud = memory->flags[STRICT_BAUD];
    if (options->serial.strict_baud && options->serial.baud == 0)
        return sim_complain("--strict-baud: --baud 0 is no rate");
    if (options->serial.raw && options->serial.log_text)
        return sim_complain("--log-text: a raw line carries no text");
    return -1;
}

static void defaults(struct sim_options *options)
{
    *options = (struct sim_options){
        .device =
            {
                .state = DEFAULT_STATE,
                .slot_size = 1024 * 1024,
                .n_images = 1,
                .buf_size = 2048,
                .buf_count = 4,
                .work_us = 200,
                .boot_ms = 1000,
                .align = 1,
            },
        .faults = {.size = sizeof(options->faults), .seed = 1},
        .serial = {.baud = 115200, .line_buffers = 2, .line_length = 128},
    };
}

static int parse(struct sim_options *options)
{
    struct sim_option_memory *memory = options->memory;
    int option, status = -1;

    while (status < 0 && (option = poptGetNextOpt(memory->popt)) > 0) {
        char *text = poptGetOptArg(memory->popt);

        if (option == OPT_VERSION) {
            printf("smpsim %s\n", smp_version());
            return SIM_EXIT_OK;
        }
        if (option == OPT_HELP) {
            poptPrintHelp(memory->popt, stdout, 0);
            fputs(help_end, stdout);
            return SIM_EXIT_OK;
        }
        if (text == NULL || memory->n_values == sizeof(memory->values) / sizeof(char *))
            return sim_complain("too many options");
        memory->values[memory->n_values++] = text;
        status = set(options, option, text);
    }
    if (status < 0 && option < -1)
        return sim_complain("%s: %s", poptBadOption(memory->popt, POPT_BADOPTION_NOALIAS),
                            poptStrerror(option));
    return status;
}

int sim_options_read(struct sim_options *options, int argc, const char **argv)
{
    int *flags, status;

    defaults(options);
    options->memory = calloc(1, sizeof(*options->memory));
    if (options->memory == NULL)
        return sim_complain("out of memory");
    flags = options->memory->flags;

    const struct poptOption table[] = {
        {"udp", 'u', POPT_ARG_STRING, NULL, OPT_UDP,
         "listen there; may be given again; port 0 lets the system choose (127.0.0.1:1337)",
         "ADDR:PORT"},
        {"pty", 'p', POPT_ARG_STRING, NULL, OPT_PTY,
         "have a serial line: a link of that name to a pseudo-terminal", "PATH"},
        {"baud", 0, POPT_ARG_STRING, NULL, OPT_BAUD,
         "serial: bits per second, both ways; 0: no limit (115200)", "N"},
        {"strict-baud", 0, POPT_ARG_NONE, &flags[STRICT_BAUD], 0,
         "serial: at another rate than --baud there is only garbage", NULL},
        {"line-buffers", 0, POPT_ARG_STRING, NULL, OPT_LINE_BUFFERS,
         "serial: lines that may wait, more vanish; 0: any number (2)", "N"},
        {"line-length", 0, POPT_ARG_STRING, NULL, OPT_LINE_LENGTH,
         "serial: longer lines vanish, newline included (128)", "BYTES"},
        {"line-us", 0, POPT_ARG_STRING, NULL, OPT_LINE_US,
         "serial: so long a line stays in its buffer (1000, with --baud 0 10000)", "US"},
        {"raw", 0, POPT_ARG_NONE, &flags[RAW], 0, "serial: bare packets, no console", NULL},
        {"log-text", 0, POPT_ARG_NONE, &flags[LOG_TEXT], 0,
         "serial: the device's log and prompts share the line", NULL},
        {"state", 's', POPT_ARG_STRING, NULL, OPT_STATE,
         "folder that holds the flash; made when missing (" DEFAULT_STATE ")", "DIR"},
        {"image", 'i', POPT_ARG_STRING, NULL, OPT_IMAGE,
         "firmware of slot 0 when that holds none; again for image 1, ...", "FILE"},
        {"slot-size", 0, POPT_ARG_STRING, NULL, OPT_SLOT_SIZE, "size of a slot (1048576)", "BYTES"},
        {"profile", 'P', POPT_ARG_STRING, NULL, OPT_PROFILE,
         "what kind of server: zephyr-4.4, zephyr-3.4, zephyr-3.2, mynewt, mcuboot (zephyr-4.4)",
         "NAME"},
        {"with", 0, POPT_ARG_STRING, NULL, OPT_WITH,
         "a group beyond the profile's, such as transport, suit, memfault; may be given again",
         "GROUP"},
        {"without", 0, POPT_ARG_STRING, NULL, OPT_WITHOUT,
         "a group that is not there; may be given again", "GROUP"},
        {"groups", 0, POPT_ARG_STRING, NULL, OPT_GROUPS,
         "serve the groups that a JSON file describes, or each *.json of a folder; may be given "
         "again",
         "FILE"},
        {"fs-mount", 0, POPT_ARG_STRING, NULL, OPT_FS_MOUNT,
         "where the file system is mounted (/lfs)", "PATH"},
        {"fs-size", 0, POPT_ARG_STRING, NULL, OPT_FS_SIZE, "what it holds (262144)", "BYTES"},
        {"setting", 0, POPT_ARG_STRING, NULL, OPT_SETTING,
         "a setting as long as none was saved; may be given again", "NAME=TEXT"},
        {"recovery", 0, POPT_ARG_NONE, &flags[RECOVERY], 0,
         "has MCUboot's serial recovery: reset with boot mode 1 enters it", NULL},
        {"images", 0, POPT_ARG_STRING, NULL, OPT_IMAGES, "pairs of slots (1)", "N"},
        {"buf-size", 0, POPT_ARG_STRING, NULL, OPT_BUF_SIZE, "largest packet (2048)", "BYTES"},
        {"buf-count", 0, POPT_ARG_STRING, NULL, OPT_BUF_COUNT,
         "buffers, one of which the answer needs (4)", "N"},
        {"announce", 0, POPT_ARG_STRING, NULL, OPT_ANNOUNCE,
         "tell this buffer size, whatever the true one is", "BYTES"},
        {"work-us", 0, POPT_ARG_STRING, NULL, OPT_WORK, "what each request costs the device (200)",
         "US"},
        {"boot-time", 0, POPT_ARG_STRING, NULL, OPT_BOOT, "away for so long at a reset (1000)",
         "MS"},
        {"erase-time", 0, POPT_ARG_STRING, NULL, OPT_ERASE,
         "what erasing a slot takes, at an upload's first chunk too (0)", "MS"},
        {"align", 0, POPT_ARG_STRING, NULL, OPT_ALIGN,
         "take uploads in multiples of it only, and ask for the rest again (1)", "BYTES"},
        {"no-params", 0, POPT_ARG_NONE, &flags[NO_PARAMS], 0,
         "do not tell buffer size and count (rc 8)", NULL},
        {"v1", 0, POPT_ARG_NONE, &flags[V1], 0,
         "answer as before SMP version 2, with rc 0 on success", NULL},
        {"error-key", 0, POPT_ARG_STRING, NULL, OPT_ERROR_KEY,
         "where errors of groups stand: err, or ret as in Zephyr 3.4", "KEY"},
        {"frugal", 0, POPT_ARG_NONE, &flags[FRUGAL], 0,
         "image lists leave out what is false, as small builds do", NULL},
        {"rtc-unset", 0, POPT_ARG_NONE, &flags[RTC_UNSET], 0,
         "the clock is not set until somebody sets it", NULL},
        {"guard-pending", 0, POPT_ARG_NONE, &flags[GUARD_PENDING], 0,
         "refuse upload and erase while an image is pending, as Zephyr 3.4 does", NULL},
        {"reset-needs-force", 0, POPT_ARG_NONE, &flags[NEEDS_FORCE], 0,
         "refuse a reset without force during an upload (rc 10)", NULL},
        {"crash-on-overrun", 0, POPT_ARG_NONE, &flags[CRASH], 0,
         "die, with status 70, of a request too many", NULL},
        {"faults", 0, POPT_ARG_STRING, NULL, OPT_FAULTS,
         "what goes wrong with links and device, as in drop=5%,burst=3,restart-at=40 (nothing)",
         "TEXT"},
        {"delay", 0, POPT_ARG_STRING, NULL, OPT_DELAY, "the same as --faults delay=MS", "MS"},
        {"drop", 0, POPT_ARG_STRING, NULL, OPT_DROP, "the same as --faults drop=PERCENT",
         "PERCENT"},
        {"seed", 0, POPT_ARG_STRING, NULL, OPT_SEED, "the same as --faults seed=N (1)", "N"},
        {"replay", 0, POPT_ARG_STRING, NULL, OPT_REPLAY,
         "answer as in a recording that smpctl made, instead of being a device", "FILE"},
        {"replay-delays", 0, POPT_ARG_NONE, &flags[REPLAY_DELAYS], 0,
         "replay: answers take as long as they did", NULL},
        {"quiet", 'q', POPT_ARG_NONE, &flags[QUIET], 0, "say only where it listens", NULL},
        {"verbose", 'v', POPT_ARG_NONE, &flags[VERBOSE], 0, "say more, packets included", NULL},
        {"version", 'V', POPT_ARG_NONE, NULL, OPT_VERSION, "print the version", NULL},
        {"help", 'h', POPT_ARG_NONE, NULL, OPT_HELP, "print this", NULL},
        POPT_TABLEEND};

    options->memory->popt = poptGetContext("smpsim", argc, argv, table, 0);
    status = parse(options);
    if (status < 0)
        status = finish(options);
    poptFreeContext(options->memory->popt); /* the table ends with this function */
    return status;
}

void sim_options_free(struct sim_options *options)
{
    struct sim_option_memory *memory = options->memory;

    if (memory == NULL)
        return;
    while (memory->n_values > 0)
        free(memory->values[--memory->n_values]);
    free(memory);
}
