/* SPDX-License-Identifier: Apache-2.0 */
/* Finding ports, in a made-up /sys and among made-up ports. */
#include "transports/serial_port.h"

#include <smp/error.h>

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- by USB numbers ---- */

static int list_some(smp_serial_port_callback *callback, void *user)
{
    static const struct smp_serial_port ports[] = {
        {.size = sizeof(ports[0]), .path = "/dev/ttyS0", .description = "ttyS0"},
        {.size = sizeof(ports[0]),
         .path = "/dev/ttyACM0",
         .has_usb = true,
         .vendor = 0x2fe3,
         .product = 0x0100,
         .serial_number = "A1"},
        {.size = sizeof(ports[0]),
         .path = "/dev/ttyACM1",
         .has_usb = true,
         .vendor = 0x2fe3,
         .product = 0x0100,
         .serial_number = "B:2"},
        {.size = sizeof(ports[0]),
         .path = "/dev/ttyUSB0",
         .has_usb = true,
         .vendor = 0x1366,
         .product = 0x1015},
    };
    for (int i = 0; i < 4; i++) {
        callback(&ports[i], user);
    }
    return 4;
}

static int find(const char *usb, char *path)
{
    return smpi_port_find(list_some, usb, path, 64);
}

Test(serial_list, by_vendor_product_and_serial_number)
{
    char path[64];
    cr_expect_eq(find("1366:1015", path), SMP_OK);
    cr_expect_str_eq(path, "/dev/ttyUSB0");
    cr_expect_eq(find("2FE3:100:A1", path), SMP_OK);
    cr_expect_str_eq(path, "/dev/ttyACM0");
    cr_expect_eq(find("2fe3:0100:B:2", path), SMP_OK);
    cr_expect_str_eq(path, "/dev/ttyACM1");
    cr_expect_eq(find("1366:1015:", path), SMP_OK);
}

Test(serial_list, none_or_several)
{
    char path[64];
    cr_expect_eq(find("2fe3:0100", path), SMP_ERR_EXISTS);
    cr_expect_eq(find("2fe3:0100:C3", path), SMP_ERR_NOT_FOUND);
    cr_expect_eq(find("1366:1015:X", path), SMP_ERR_NOT_FOUND);
    cr_expect_eq(find("0000:0000", path), SMP_ERR_NOT_FOUND);
}

Test(serial_list, what_is_no_usb_device)
{
    static const char *const bad[] = {"",       "2fe3",    ":",         "2fe3:",    ":0100",
                                      "2fe3:g", "12345:1", "/dev/tty0", "2fe3:01x", "com1:1"};
    char path[64], small[4];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_eq(find(bad[i], path), SMP_ERR_INVALID, "%s", bad[i]);
        cr_expect_not(smpi_port_is_usb(bad[i]), "%s", bad[i]);
    }
    cr_expect_eq(smpi_port_find(list_some, NULL, path, 64), SMP_ERR_INVALID);
    cr_expect_eq(smpi_port_find(list_some, "1366:1015", small, sizeof(small)), SMP_ERR_INVALID);
}

/* ---- Linux's files ---- */

#if defined(__linux__)

static char root[] = "/tmp/smp-sysfs-XXXXXX";

static void put(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof(full), "%s/%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    if (text == NULL) {
        mkdir(full, 0755);
        return;
    }
    FILE *file = fopen(full, "w");
    cr_assert_not_null(file, "%s", full);
    fputs(text, file);
    fclose(file);
}

static void put_link(const char *path, const char *target)
{
    char full[512];
    snprintf(full, sizeof(full), "%s/%s", root, path);
    cr_assert_eq(symlink(target, full), 0);
}

/* A board on USB as the kernel shows it, a port on the mainboard, one without hardware, a console. */
static void make_sysfs(void)
{
    cr_assert_not_null(mkdtemp(root));
    put("devices/pci/usb1/1-2/idVendor", "2fe3\n");
    put("devices/pci/usb1/1-2/idProduct", "0100\n");
    put("devices/pci/usb1/1-2/manufacturer", "ZEPHYR\n");
    put("devices/pci/usb1/1-2/product", "USB-DEV\n");
    put("devices/pci/usb1/1-2/serial", "86FE679A598AC47A\n");
    put("devices/pci/usb1/1-2/1-2:1.0/tty/ttyACM0/dev", "166:0\n");
    put_link("devices/pci/usb1/1-2/1-2:1.0/tty/ttyACM0/device", "../../../1-2:1.0");
    put("devices/pnp0/tty/ttyS0/type", "4\n");
    put_link("devices/pnp0/tty/ttyS0/device", "../../../pnp0");
    put("devices/serial8250/tty/ttyS1/type", "0\n");
    put_link("devices/serial8250/tty/ttyS1/device", "../../../serial8250");
    put("devices/virtual/tty/tty0/dev", "4:0\n");
    put("class/tty", NULL);
    put_link("class/tty/ttyACM0", "../../devices/pci/usb1/1-2/1-2:1.0/tty/ttyACM0");
    put_link("class/tty/ttyS0", "../../devices/pnp0/tty/ttyS0");
    put_link("class/tty/ttyS1", "../../devices/serial8250/tty/ttyS1");
    put_link("class/tty/tty0", "../../devices/virtual/tty/tty0");
}

static void remove_sysfs(void)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", root);
    cr_assert_eq(system(command), 0);
}

static void print_port(const struct smp_serial_port *port, void *user)
{
    char *text = user;
    snprintf(text + strlen(text), 512 - strlen(text), "%s %s", port->path, port->description);
    if (port->has_usb) {
        snprintf(text + strlen(text), 512 - strlen(text), " %04x:%04x %s %s %s", port->vendor,
                 port->product, port->manufacturer, port->product_name, port->serial_number);
    }
    strcat(text, "\n");
}

Test(serial_list, linux_files)
{
    char text[512] = "";
    make_sysfs();
    cr_expect_eq(smpi_port_list_sysfs(root, "/dev", print_port, text), 2);
    cr_expect_str_eq(text, "/dev/ttyACM0 USB-DEV 2fe3:0100 ZEPHYR USB-DEV 86FE679A598AC47A\n"
                           "/dev/ttyS0 ttyS0\n");
    remove_sysfs();
}

static int list_made_up(smp_serial_port_callback *callback, void *user)
{
    return smpi_port_list_sysfs(root, "/dev", callback, user);
}

/* After a reset the same board has come back under another name. */
Test(serial_list, a_port_under_another_name)
{
    char path[64], from[128], to[128];
    make_sysfs();
    cr_expect_eq(smpi_port_find(list_made_up, "2fe3:0100", path, sizeof(path)), SMP_OK);
    cr_expect_str_eq(path, "/dev/ttyACM0");
    snprintf(from, sizeof(from), "%s/class/tty/ttyACM0", root);
    snprintf(to, sizeof(to), "%s/class/tty/ttyACM1", root);
    cr_assert_eq(rename(from, to), 0);
    cr_expect_eq(smpi_port_find(list_made_up, "2fe3:0100", path, sizeof(path)), SMP_OK);
    cr_expect_str_eq(path, "/dev/ttyACM1");
    cr_assert_eq(unlink(to), 0);
    cr_expect_eq(smpi_port_find(list_made_up, "2fe3:0100", path, sizeof(path)), SMP_ERR_NOT_FOUND);
    remove_sysfs();
}

Test(serial_list, below_another_root)
{
    char text[512] = "", expected[512], sys[64];
    make_sysfs();
    snprintf(sys, sizeof(sys), "%s/sys", root);
    cr_assert_eq(symlink(".", sys), 0);
    cr_assert_eq(setenv("SMP_SYSROOT", root, 1), 0);
    cr_expect_eq(smp_serial_ports(print_port, text), 2);
    snprintf(expected, sizeof(expected), "%s/dev/ttyS0 ttyS0\n", root);
    cr_expect_not_null(strstr(text, expected), "%s", text);
    setenv("SMP_SYSROOT", "/nowhere", 1);
    cr_expect_eq(smp_serial_ports(print_port, text), SMP_ERR_SYSTEM);
    unsetenv("SMP_SYSROOT");
    remove_sysfs();
}

Test(serial_list, linux_files_that_are_missing)
{
    char text[512] = "";
    cr_expect_eq(smpi_port_list_sysfs("/nowhere", "/dev", print_port, text), SMP_ERR_SYSTEM);
    cr_expect_str_empty(text);
}

#endif

Test(serial_list, this_machine)
{
    char text[512] = "";
    cr_expect_eq(smp_serial_ports(NULL, NULL), SMP_ERR_INVALID);
    /* Whatever there is: no crash, and each is told once. */
    int count = smp_serial_ports(print_port, text);
    cr_expect_geq(count, 0);
}
