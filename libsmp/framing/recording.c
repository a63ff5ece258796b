/* SPDX-License-Identifier: Apache-2.0 */
/* Console lines that were recorded: see framing.h. */
#include "framing/console.h"

#include <smp/framing.h>
#include <smp/header.h>

#include <stdlib.h>

struct recording {
    smp_framing_packet *packet;
    smp_framing_text *text;
    void *user;
    uint64_t packets;
};

static void on_packet(void *user, const uint8_t *packet, size_t len)
{
    struct recording *recording = user;

    recording->packets++;
    if (recording->packet)
        recording->packet(packet, len, recording->user);
}

static void on_text(void *user, const uint8_t *text, size_t len)
{
    struct recording *recording = user;

    if (recording->text)
        recording->text((const char *)text, len, recording->user);
}

int smp_framing_console(const uint8_t *data, size_t len, smp_framing_packet *packet,
                        smp_framing_text *text, void *user, struct smp_framing_stats *stats)
{
    struct recording recording = {.packet = packet, .text = text, .user = user};
    const struct smpi_framing_events events = {on_packet, on_text, &recording};
    struct smpi_console console;
    uint8_t *buffer = malloc(smpi_console_room(SMPI_CONSOLE_PACKET_MAX));

    if (buffer == NULL)
        return SMP_ERR_NO_MEMORY;
    smpi_console_init(&console, &events, buffer, SMPI_CONSOLE_PACKET_MAX);
    smpi_console_feed(&console, data, len);
    if (console.state == SMPI_CONSOLE_IN) /* the recording ends with the line */
        smpi_console_feed(&console, (const uint8_t *)"\n", 1);
    if (stats != NULL) {
        stats->packets = recording.packets;
        stats->bad_encoding = console.stats.bad_encoding;
        stats->bad_crc = console.stats.bad_crc;
        stats->bad_length = console.stats.bad_length;
        stats->orphans = console.stats.orphans;
    }
    free(buffer);
    return SMP_OK;
}
