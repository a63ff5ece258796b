/* SPDX-License-Identifier: Apache-2.0 */
#include <smp/framing.h>

#include <criterion/criterion.h>
#include <string.h>

/* The echo "hi" of protocol.md 5.1, and what it holds. */
#define LINE                                                                                       \
    "\x06\x09"                                                                                     \
    "ABAKAAAGAABCAKFhZGJoaZsK"
static const uint8_t packet_bytes[] = {0x0a, 0x00, 0x00, 0x06, 0x00, 0x00, 0x42,
                                       0x00, 0xa1, 0x61, 0x64, 0x62, 0x68, 0x69};

struct found {
    size_t packets;
    char text[200];
    size_t text_len;
};

static void on_packet(const uint8_t *packet, size_t len, void *user)
{
    struct found *found = user;

    cr_assert_eq(len, sizeof(packet_bytes));
    cr_assert_arr_eq(packet, packet_bytes, sizeof(packet_bytes));
    found->packets++;
}

static void on_text(const char *text, size_t len, void *user)
{
    struct found *found = user;

    cr_assert(found->text_len + len < sizeof(found->text));
    memcpy(found->text + found->text_len, text, len);
    found->text_len += len;
}

static struct smp_framing_stats run(const char *bytes, struct found *found)
{
    struct smp_framing_stats stats = {.size = sizeof(stats)};

    *found = (struct found){0};
    cr_assert_eq(smp_framing_console((const uint8_t *)bytes, strlen(bytes), on_packet, on_text,
                                     found, &stats),
                 SMP_OK);
    cr_assert_eq(stats.packets, found->packets);
    return stats;
}

Test(recording, finds_packets_among_text)
{
    struct found found;

    run("boot 1.0\r\n" LINE "\r\nlog line\n" LINE "\n", &found);
    cr_assert_eq(found.packets, 2);
    cr_assert_str_eq(found.text, "boot 1.0\r\nlog line\n");
}

Test(recording, may_end_with_the_line)
{
    struct found found;

    run(LINE, &found);
    cr_assert_eq(found.packets, 1);
    cr_assert_eq(found.text_len, 0);
}

Test(recording, counts_what_is_damaged)
{
    struct found found;
    struct smp_framing_stats stats;

    stats = run("\x06\x09"
                "ABAKAAAGAABCAKFhZGJoaZsL\n",
                &found);
    cr_assert_eq(stats.bad_crc, 1);
    stats = run("\x06\x09"
                "AB!K\n",
                &found);
    cr_assert_eq(stats.bad_encoding, 1);
    stats = run("\x06\x09"
                "ABAK\n\x06\x09"
                "ABAK\n",
                &found);
    cr_assert_eq(stats.bad_length, 1, "the first never ended");
    stats = run("\x04\x14"
                "ABAK\n",
                &found);
    cr_assert_eq(stats.orphans, 1);
    cr_assert_eq(found.packets, 0);
}

Test(recording, callbacks_and_stats_may_be_missing)
{
    const char *bytes = "text\n" LINE "\n";

    cr_assert_eq(smp_framing_console((const uint8_t *)bytes, strlen(bytes), NULL, NULL, NULL, NULL),
                 SMP_OK);
    cr_assert_eq(smp_framing_console(NULL, 0, NULL, NULL, NULL, NULL), SMP_OK);
}
