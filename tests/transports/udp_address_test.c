/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/udp_address.h"

#include <smp/error.h>
#include <smp/udp.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

struct good {
    const char *text;
    const char *printed;
};

/* Scope 1 is the loopback interface wherever there is one; its name differs. */
static const struct good good[] = {
    {"192.0.2.1", "192.0.2.1:1337"},
    {"192.0.2.1:1337", "192.0.2.1:1337"},
    {"192.0.2.1:1", "192.0.2.1:1"},
    {"192.0.2.1:65535", "192.0.2.1:65535"},
    {"0.0.0.0:80", "0.0.0.0:80"},
    {"255.255.255.255", "255.255.255.255:1337"},
    {"::1", "[::1]:1337"},
    {"[::1]", "[::1]:1337"},
    {"[127.0.0.1]", "127.0.0.1:1337"},
    {"[127.0.0.1]:9", "127.0.0.1:9"},
    {"[::1]:1337", "[::1]:1337"},
    {"[::1]:9", "[::1]:9"},
    {"::", "[::]:1337"},
    {"2001:db8::1", "[2001:db8::1]:1337"},
    {"2001:DB8:0:0:0:0:0:1", "[2001:db8::1]:1337"},
    {"2001:db8::1:1337", "[2001:db8::1:1337]:1337"}, /* without brackets all is the address */
    {"[2001:db8::1]:5000", "[2001:db8::1]:5000"},
    {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:1337"},
    {"[fe80::1%4294967295]:7", "[fe80::1%4294967295]:7"},
    {"fe80::1%4294967295", "[fe80::1%4294967295]:1337"},
    {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
};

Test(udp_address, good_ones_are_read_and_printed)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct smpi_udp_address address;
        char text[SMP_UDP_ADDRESS_MAX];
        cr_expect_eq(smpi_udp_parse(good[i].text, false, &address), SMP_OK, "%s", good[i].text);
        cr_expect_eq(smpi_udp_print(&address, text, sizeof(text)), SMP_OK, "%s", good[i].text);
        cr_expect_str_eq(text, good[i].printed);
    }
}

static const char *const bad[] = {
    "",
    " ",
    ":",
    "::::",
    ":1337",
    "[]",
    "[]:1337",
    "[",
    "]",
    "[::1",
    "::1]",
    "[::1]1337",
    "[::1]:",
    "[::1]:0",
    "[::1]:65536",
    "[::1]: 80",
    "[::1]:80 ",
    "[::1]:+80",
    "[::1]:-1",
    "[::1]:0x50",
    "[::1]:99999999999999999999999999",
    "[[::1]]:80",
    "[localhost]:80",
    "192.0.2.1:",
    "192.0.2.1:0",
    "192.0.2.1:65536",
    "192.0.2.1:4294967377", /* 81 in 32 bits */
    "192.0.2.1:18446744073709551697",
    "192.0.2.1:12a",
    "192.0.2.1 ",
    " 192.0.2.1",
    "192.0.2.1\n",
    "192.0.2",
    "192.0.2.1.1",
    "192.0.2.256",
    "192.0.2.-1",
    "192.0.2.0x1",
    "127.1",
    "2130706433",
    "192.0.2.1%1",
    "192.0.2.1/24",
    "2001:db8::1::2",
    "2001:db8::12345",
    "2001:db8:1:2:3:4:5",
    "2001:db8:1:2:3:4:5:6:7",
    "2001:db8::1%",
    "fe80::1%",
    "[fe80::1%]:80",
    "fe80::1", /* link-local: on which link? */
    "[fe80::1]:80",
    "ff02::1",
    "%1",
    "localhost",
    "localhost:1337",
    "device.example",
    "udp://192.0.2.1",
    "192.0.2.1:80:90",
    "\xff\xfe\xfd",
    "192.0.2.1\x80",
};

Test(udp_address, bad_ones_are_refused)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct smpi_udp_address address;
        cr_expect_eq(smpi_udp_parse(bad[i], false, &address), SMP_ERR_INVALID, "\"%s\"", bad[i]);
    }
    cr_expect_eq(smpi_udp_parse(NULL, false, &(struct smpi_udp_address){.len = 0}),
                 SMP_ERR_INVALID);
}

Test(udp_address, only_servers_may_leave_the_port_open)
{
    struct smpi_udp_address address;
    cr_expect_eq(smpi_udp_parse("127.0.0.1:0", true, &address), SMP_OK);
    cr_expect_eq(smpi_udp_parse("[::1]:0", true, &address), SMP_OK);
    cr_expect_eq(smpi_udp_parse("[::1]:", true, &address), SMP_ERR_INVALID);
    cr_expect_eq(smpi_udp_parse("127.0.0.1:0", false, &address), SMP_ERR_INVALID);
}

Test(udp_address, an_unknown_interface_is_the_systems_word)
{
    struct smpi_udp_address address;
    errno = 0;
    cr_expect_eq(smpi_udp_parse("fe80::1%no-such-if0", false, &address), SMP_ERR_SYSTEM);
    cr_expect_neq(errno, 0);
    cr_expect_eq(smpi_udp_parse("fe80::1%1%2", false, &address), SMP_ERR_SYSTEM);
    cr_expect_eq(smpi_udp_parse("fe80::1%4294967296", false, &address), SMP_ERR_SYSTEM);
}

Test(udp_address, very_long_strings_are_refused)
{
    static char text[100000];
    struct smpi_udp_address address;
    char out[SMP_UDP_ADDRESS_MAX];
    static const char fills[] = ":1.[]%a";
    for (size_t i = 0; fills[i] != '\0'; i++) {
        memset(text, fills[i], sizeof(text) - 1);
        cr_expect_eq(smpi_udp_parse(text, false, &address), SMP_ERR_INVALID);
        cr_expect_eq(smp_udp_resolve(text, out, sizeof(out)), SMP_ERR_INVALID);
    }
}

/* Every byte string of a few characters is either refused or printed so that it reads the same. */
Test(udp_address, whatever_is_read_survives_printing)
{
    static const char alphabet[] = "1:[]%.f0";
    char text[7];
    for (unsigned code = 0; code < 8u * 8 * 8 * 8 * 8 * 8; code++) {
        struct smpi_udp_address address;
        struct smpi_udp_address again;
        char printed[SMP_UDP_ADDRESS_MAX];
        for (int i = 0; i < 6; i++) {
            text[i] = alphabet[code >> (3 * i) & 7];
        }
        text[6] = '\0';
        if (smpi_udp_parse(text, true, &address) == SMP_OK) {
            cr_assert_eq(smpi_udp_print(&address, printed, sizeof(printed)), SMP_OK, "%s", text);
            cr_assert_eq(smpi_udp_parse(printed, true, &again), SMP_OK, "%s: %s", text, printed);
            cr_assert_arr_eq(&address.v6, &again.v6, sizeof(address.v6), "%s: %s", text, printed);
        }
    }
}

Test(udp_address, printing_needs_room)
{
    struct smpi_udp_address address;
    char text[SMP_UDP_ADDRESS_MAX];
    cr_assert_eq(smpi_udp_parse("[2001:db8::1]:5000", false, &address), SMP_OK);
    size_t len = strlen("[2001:db8::1]:5000");
    cr_expect_eq(smpi_udp_print(&address, text, len), SMP_ERR_INVALID);
    cr_expect_eq(smpi_udp_print(&address, text, len + 1), SMP_OK);
    cr_expect_eq(smpi_udp_print(&address, text, 0), SMP_ERR_INVALID);
}

Test(udp_address, peers_hold_whole_addresses)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct smpi_udp_address address;
        struct smpi_udp_address back;
        struct smp_peer peer;
        char text[SMP_UDP_ADDRESS_MAX];
        cr_assert_eq(smpi_udp_parse(good[i].text, false, &address), SMP_OK);
        uint8_t asked = 0;
        smpi_udp_to_peer(&address, (uint8_t)i, &peer);
        cr_expect(smpi_udp_from_peer(&peer, &back, &asked));
        cr_expect_eq(asked, i);
        cr_expect_eq(back.len, address.len);
        cr_expect_eq(smpi_udp_print(&back, text, sizeof(text)), SMP_OK);
        cr_expect_str_eq(text, good[i].printed);
    }
}

Test(udp_address, strange_peers_are_refused)
{
    struct smpi_udp_address address;
    struct smp_peer peer;
    uint8_t asked;
    memset(&peer, 0xff, sizeof(peer));
    cr_expect_not(smpi_udp_from_peer(NULL, &address, &asked));
    for (unsigned len = 0; len < 256; len++) {
        peer.len = (uint8_t)len;
        cr_expect_eq(smpi_udp_from_peer(&peer, &address, &asked), len == 7 || len == 23,
                     "length %u", len);
    }
}

/* ---- names ---- */

Test(udp_resolve, numbers_need_no_resolver)
{
    char text[SMP_UDP_ADDRESS_MAX];
    cr_expect_eq(smp_udp_resolve("192.0.2.1", text, sizeof(text)), SMP_OK);
    cr_expect_str_eq(text, "192.0.2.1:1337");
    cr_expect_eq(smp_udp_resolve("[2001:db8::1]:99", text, sizeof(text)), SMP_OK);
    cr_expect_str_eq(text, "[2001:db8::1]:99");
    cr_expect_eq(smp_udp_resolve("[2001:db8::1]:99", text, 5), SMP_ERR_INVALID);
}

Test(udp_resolve, localhost_is_here)
{
    char text[SMP_UDP_ADDRESS_MAX];
    cr_assert_eq(smp_udp_resolve("localhost:4711", text, sizeof(text)), SMP_OK);
    cr_expect(strcmp(text, "127.0.0.1:4711") == 0 || strcmp(text, "[::1]:4711") == 0, "%s", text);
    cr_assert_eq(smp_udp_resolve("localhost", text, sizeof(text)), SMP_OK);
    cr_expect_not_null(strstr(text, ":1337"));
}

Test(udp_resolve, what_is_neither_name_nor_number)
{
    static const char *const not_names[] = {
        "",
        ":1337",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "127.1",
        "0x7f.1",
        "2130706433",
        "a b",
        "a\nb",
        "-l;reboot$",
        "name:1:2",
        "[fe80::1]:1",
        "\xc3\xa4.example",
    };
    char text[SMP_UDP_ADDRESS_MAX];
    for (size_t i = 0; i < sizeof(not_names) / sizeof(not_names[0]); i++) {
        cr_expect_eq(smp_udp_resolve(not_names[i], text, sizeof(text)), SMP_ERR_INVALID, "\"%s\"",
                     not_names[i]);
    }
    cr_expect_eq(smp_udp_resolve(NULL, text, sizeof(text)), SMP_ERR_INVALID);
    cr_expect_eq(smp_udp_resolve("localhost", NULL, 0), SMP_ERR_INVALID);
}
