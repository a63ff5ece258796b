/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <smp/version.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES_MAX = 10000, PARALLEL_MAX = 1000, PARALLEL = 8, IMAGE_MAX = 15, CHECK_SECONDS = 60 };

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("dfu_update: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return STATUS_USAGE;
}

/* ---- devices ---- */

static int add_device(struct options *options, const char *text, size_t len)
{
    if (options->n_devices == DEVICES_MAX) {
        return complain("more than %d devices", DEVICES_MAX);
    }
    const char **devices =
        realloc((void *)options->devices, (options->n_devices + 1) * sizeof *devices);
    char *copy = strndup(text, len);
    if (devices) {
        options->devices = devices;
    }
    if (!devices || !copy) {
        free(copy);
        return complain("out of memory");
    }
    devices[options->n_devices++] = copy;
    return -1;
}

/* One device a line; # begins a comment. */
static int read_devices(struct options *options)
{
    FILE *file = fopen(options->devices_file, "re");
    char *line = NULL;
    size_t room = 0;
    int status = -1;
    if (!file) {
        complain("%s: %s", options->devices_file, strerror(errno));
        return STATUS_FILE;
    }
    while (status < 0 && getline(&line, &room, file) >= 0) {
        const char *text = line + strspn(line, " \t");
        size_t len = strcspn(text, " \t\r\n#");
        status = len > 0 ? add_device(options, text, len) : -1;
    }
    if (status < 0 && ferror(file)) {
        complain("%s: %s", options->devices_file, strerror(errno));
        status = STATUS_FILE;
    }
    free(line);
    fclose(file);
    return status;
}

const char *options_address(const char *device)
{
    size_t len = strcspn(device, "=:/?");
    return device[len] == '=' ? device + len + 1 : device;
}

/* Two updates of one device at a time would be in each other's way. */
static int find_twins(const struct options *options)
{
    for (size_t i = 0; i < options->n_devices; i++) {
        const char *address = options_address(options->devices[i]);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(address, options_address(options->devices[k])) == 0) {
                return complain("%s is named twice", address);
            }
        }
    }
    return -1;
}

/* ---- what belongs together ---- */

static int read_confirm(struct options *options)
{
    static const char *const words[] = {"never", "yes", "ask"};
    options->confirm = options->check ? CONFIRM_CHECK : CONFIRM_NEVER;
    if (!options->confirm_word) {
        return -1;
    }
    if (options->check) {
        return complain("--confirm-after says when to confirm: leave out --confirm");
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(options->confirm_word, words[i]) == 0) {
            options->confirm = (enum confirm)i;
            return -1;
        }
    }
    return complain("--confirm %s: say yes, ask or never; or --confirm-after COMMAND",
                    options->confirm_word);
}

static int check_numbers(const struct options *options)
{
    if (options->number < 0 || options->number > IMAGE_MAX) {
        return complain("-n %d: the number of an image is 0 to %d", options->number, IMAGE_MAX);
    }
    if (options->parallel < 1 || options->parallel > PARALLEL_MAX) {
        return complain("-j %d: 1 to %d devices at a time", options->parallel, PARALLEL_MAX);
    }
    if (options->window < 0 || options->window > 64 || options->chunk < 0 ||
        options->chunk > 65535) {
        return complain("-w takes 1 to 64 packets, --chunk 32 to 65535 bytes");
    }
    if (!(options->wait >= 0 && options->wait <= 86400 && options->link >= 0 &&
          options->link <= 86400 && options->check_seconds > 0 &&
          options->check_seconds <= 86400)) {
        return complain("a time is a number of seconds, a day at most");
    }
    if (options->recovery && options->confirm != CONFIRM_NEVER) {
        return complain("--recovery: there is nothing to confirm in serial recovery");
    }
    return -1;
}

static int read_arguments(struct options *options)
{
    const char **rest = poptGetArgs(options->context);
    int status = -1;
    if (options->verify) {
        return rest && *rest ? complain("--verify-audit checks a log, and does nothing else") : -1;
    }
    if (!rest || !*rest) {
        return complain("which image?  dfu_update --help tells more");
    }
    options->image = *rest++;
    for (; *rest && status < 0; rest++) {
        status = add_device(options, *rest, strlen(*rest));
    }
    if (status < 0 && options->devices_file) {
        status = read_devices(options);
    }
    if (status < 0 && options->n_devices == 0) {
        status = complain("which devices?  Give addresses, as udp://192.0.2.1 or "
                          "serial:///dev/ttyACM0, or --devices FILE");
    }
    status = status < 0 ? find_twins(options) : status;
    status = status < 0 ? read_confirm(options) : status;
    return status < 0 ? check_numbers(options) : status;
}

/* ---- popt ---- */

enum { OPT_HELP = 1, OPT_VERSION };

static int print_help(poptContext context)
{
    poptPrintHelp(context, stdout, 0);
    fputs("\nAn address is udp://HOST:PORT or serial:///dev/ttyACM0?baud=115200; SERIAL=ADDRESS\n"
          "gives the device the serial number that results and audit log name it by.\n"
          "\nExit status, the highest of all devices: 0 done, 1 a device refused, 2 usage,\n"
          "3 no answer, 4 a file, 5 the new image did not start or was found bad,\n"
          "130 interrupted.\n",
          stdout);
    return STATUS_DONE;
}

int options_read(struct options *o, int argc, const char **argv)
{
    *o = (struct options){.parallel = PARALLEL, .check_seconds = CHECK_SECONDS};
    const struct poptOption table[] = {
        {"confirm", 'c', POPT_ARG_STRING, &o->confirm_word, 0,
         "Confirm the new image once it runs: yes, ask (a person), never (stays on trial)", "WHEN"},
        {"confirm-after", 0, POPT_ARG_STRING, &o->check, 0,
         "Confirm when this command ends with status 0, else go back to the old image", "COMMAND"},
        {"check-time", 0, POPT_ARG_DOUBLE, &o->check_seconds, 0,
         "What --confirm-after's command may take (60)", "SECONDS"},
        {"key", 'k', POPT_ARG_STRING, &o->key, 0,
         "Refuse an image that was not signed with this key (imgtool getpub -e pem)", "FILE"},
        {"no-downgrade", 0, POPT_ARG_NONE, &o->no_downgrade, 0,
         "Refuse an image older than the one that runs", NULL},
        {"again", 0, POPT_ARG_NONE, &o->again, 0,
         "Upload even what a device has already; without it such a device is skipped", NULL},
        {"image", 'n', POPT_ARG_INT, &o->number, 0, "Number of the image, not of a slot (0)", "N"},
        {"recovery", 0, POPT_ARG_NONE, &o->recovery, 0,
         "The devices are in MCUboot's serial recovery: upload and reset only", NULL},
        {"force-reset", 0, POPT_ARG_NONE, &o->force_reset, 0,
         "Reset even when the application would refuse", NULL},
        {"devices", 'f', POPT_ARG_STRING, &o->devices_file, 0, "More devices, one a line", "FILE"},
        {"parallel", 'j', POPT_ARG_INT, &o->parallel, 0, "Devices at a time (8)", "N"},
        {"wait", 0, POPT_ARG_DOUBLE, &o->wait, 0, "For a device to come back after a reset (120)",
         "SECONDS"},
        {"link-time", 0, POPT_ARG_DOUBLE, &o->link, 0,
         "For a lost link to come back at other times (30)", "SECONDS"},
        {"maxwinsize", 'w', POPT_ARG_INT, &o->window, 0, "At most so many packets on the way", "N"},
        {"chunk", 0, POPT_ARG_INT, &o->chunk, 0, "At most so many bytes of data in a packet",
         "BYTES"},
        {"audit", 'a', POPT_ARG_STRING, &o->audit, 0,
         "Append each step to this log, whose lines are chained by hashes", "FILE"},
        {"who", 0, POPT_ARG_STRING, &o->who, 0, "Who does it, for the log (USER@HOST)", "NAME"},
        {"verify-audit", 0, POPT_ARG_STRING, &o->verify, 0,
         "Check that no line of a log was changed, added or taken away; do nothing else", "FILE"},
        {"json", 0, POPT_ARG_NONE, &o->json, 0, "Results as JSON, one line a device", NULL},
        {"quiet", 'q', POPT_ARG_NONE, &o->quiet, 0, "Print failures only", NULL},
        {"verbose", 'v', POPT_ARG_NONE, &o->verbose, 0, "Print each step", NULL},
        {"version", 'V', POPT_ARG_NONE, NULL, OPT_VERSION, "Print the version", NULL},
        {"help", 'h', POPT_ARG_NONE, NULL, OPT_HELP, "Print this", NULL},
        POPT_TABLEEND,
    };
    o->context = poptGetContext("dfu_update", argc, argv, table, 0);
    poptSetOtherOptionHelp(o->context, "[OPTION...] IMAGE [SERIAL=]ADDRESS...");
    int option = poptGetNextOpt(o->context);
    if (option == OPT_HELP) {
        return print_help(o->context);
    }
    if (option == OPT_VERSION) {
        puts("dfu_update " SMP_VERSION_STRING);
        return STATUS_DONE;
    }
    if (option < -1) {
        return complain("%s: %s", poptBadOption(o->context, POPT_BADOPTION_NOALIAS),
                        poptStrerror(option));
    }
    return read_arguments(o);
}

void options_free(struct options *options)
{
    for (size_t i = 0; i < options->n_devices; i++) {
        free((char *)(uintptr_t)options->devices[i]);
    }
    free((void *)options->devices);
    char *const strings[] = {options->check,       options->key, options->audit,
                             options->verify,      options->who, options->devices_file,
                             options->confirm_word};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        free(strings[i]);
    }
    poptFreeContext(options->context);
}
