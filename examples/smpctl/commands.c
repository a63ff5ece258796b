/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "output.h"

#include <stdio.h>
#include <string.h>

const struct command commands[] = {
    {"echo", "TEXT...", "Send text to the device and print what comes back", NULL, 1, -1, NULL,
     cmd_echo},
    {"image list", "", "Show the images in the device", NULL, 0, 0, NULL, cmd_image_list},
    {"image upload", "FILE", "Send new firmware to the device",
     "FILE is a MCUboot image (zephyr.signed.bin).  An interrupted upload goes on where it\n"
     "stopped when the same command is given again.\n",
     1, 1, upload_options, cmd_image_upload},
    {"image test", "HASH|SLOT|FILE", "Boot an image once, at the next reset",
     "HASH is the image's hash or at least 6 digits of its beginning, SLOT one digit (image k\n"
     "has slots 2k and 2k+1), FILE the file that was uploaded.\n",
     1, 1, NULL, cmd_image_test},
    {"image confirm", "[HASH|SLOT|FILE]", "Keep an image for good; without a name the running one",
     NULL, 0, 1, NULL, cmd_image_confirm},
    {"image erase", "[SLOT]", "Erase a slot; without a number the one not running",
     "Slots are counted through all images: image k has slots 2k and 2k+1.\n", 0, 1, NULL,
     cmd_image_erase},
    {"image slots", "", "Show how large the slots are", NULL, 0, 0, NULL, cmd_image_slots},
    {"image info", "FILE", "Show what an image file holds; needs no device", NULL, 1, 1, NULL,
     cmd_image_info},
    {"reset", "", "Reset the device", NULL, 0, 0, reset_options, cmd_reset},
    {"taskstat", "", "Show the device's tasks", "Stack sizes are in 4-byte words.\n", 0, 0, NULL,
     cmd_taskstat},
    {"mpstat", "", "Show the device's memory pools", NULL, 0, 0, NULL, cmd_mpstat},
    {"datetime", "[VALUE]", "Read the device's clock, or set it",
     "VALUE is `now` (UTC) or as 2026-03-02T22:44:00.  A time with Z or an offset is turned into\n"
     "UTC: devices have no time zones.\n",
     0, 1, NULL, cmd_datetime},
    {"info", "[FORMAT]", "Show what runs on the device",
     "FORMAT is `a` for all, or letters of: s kernel, n node, r release, v version, b build time,\n"
     "m machine, p processor, i hardware platform, o operating system.\n",
     0, 1, NULL, cmd_info},
    {"bootloader", "[QUERY]", "Show which boot loader the device has; QUERY `mode`: how it swaps",
     NULL, 0, 1, NULL, cmd_bootloader},
    {"params", "", "Show how much the device takes at once", NULL, 0, 0, NULL, cmd_params},
    {"conn add", "NAME KEY=VALUE...", "Save a connection for -c NAME",
     "For instance: conn add board type=udp connstring=[::1]:1337\n", 2, -1, NULL, cmd_conn_add},
    {"conn show", "[NAME]", "Show saved connections", NULL, 0, 1, NULL, cmd_conn_show},
    {"conn delete", "NAME", "Delete a saved connection", NULL, 1, 1, NULL, cmd_conn_delete},
    {"version", "", "Show the versions of this program and its library", NULL, 0, 0, NULL,
     cmd_version},
    {0},
};

/* How many characters to insert, delete or change to turn a into b (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t row[LONGEST + 1];
    size_t len = strlen(b);
    if (strlen(a) > LONGEST || len > LONGEST) {
        return LONGEST;
    }
    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t change = corner + (a[i - 1] != b[j - 1]);
            size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            corner = row[j];
            row[j] = change < step ? change : step;
        }
    }
    return row[len];
}

static const char *nearest(const char *name)
{
    const char *best = NULL;
    size_t best_distance = 4; /* further is no likeness */
    for (const struct command *c = commands; c->name; c++) {
        const char *word = strchr(c->name, ' ');
        size_t d = distance(name, c->name);
        size_t d_word = word ? distance(name, word + 1) + 1 : d; /* `list` for `image list` */
        d = d < d_word ? d : d_word;
        if (d < best_distance && d < strlen(c->name)) {
            best = c->name;
            best_distance = d;
        }
    }
    return best;
}

static const struct command *find_name(const char *name)
{
    for (const struct command *c = commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

static const char *find_family(const char *word)
{
    size_t len = strlen(word);
    for (const struct command *c = commands; c->name; c++) {
        if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ') {
            return word;
        }
    }
    return NULL;
}

int command_find(struct smpctl *ctl, const char *const *words, int n, int *used)
{
    *used = n > 0;
    if (n == 0) {
        return STATUS_DONE;
    }
    ctl->family = find_family(words[0]);
    ctl->command = ctl->family ? NULL : find_name(words[0]);
    if (ctl->command || (ctl->family && n == 1)) {
        return STATUS_DONE;
    }
    char name[80];
    snprintf(name, sizeof name, "%s%s%s", words[0], n > 1 ? " " : "", n > 1 ? words[1] : "");
    ctl->command = find_name(name);
    if (ctl->command) {
        *used = 2;
        return STATUS_DONE;
    }
    const char *guess = nearest(name);
    guess = guess ? guess : nearest(words[0]);
    const char *said = ctl->family ? name : words[0]; /* a lone word's arguments are not in doubt */
    return fail(ctl, STATUS_USAGE, "there is no command `%s`%s%s%s; %s -h lists all", said,
                guess ? ", did you mean `" : "", guess ? guess : "", guess ? "`?" : "", ctl->name);
}
