/* SPDX-License-Identifier: Apache-2.0 */
/* Which serial ports there are: by libserialport, or from Linux's own files. */
#include "transports/serial_port.h"

#include <smp/error.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(SMP_HAVE_LIBSERIALPORT)
#include <libserialport.h>
#endif

/* ---- Linux: /sys/class/tty ---- */

#if defined(__linux__)

enum { TEXT_MAX = 256 };

/* One attribute, without its newline.  False: it is not there. */
static bool read_attribute(const char *folder, const char *name, char *text)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path)) {
        return false;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool there = fgets(text, TEXT_MAX, file) != NULL;
    fclose(file);
    if (there) {
        text[strcspn(text, "\n")] = '\0';
    }
    return there;
}

/* Cuts `path` back to the USB device it is part of.  False: it is none. */
static bool find_usb(char *path, size_t root)
{
    char text[TEXT_MAX];
    while (strlen(path) > root) {
        if (read_attribute(path, "idVendor", text)) {
            return true;
        }
        *strrchr(path, '/') = '\0';
    }
    return false;
}

struct usb_texts {
    char manufacturer[TEXT_MAX], product[TEXT_MAX], serial[TEXT_MAX], id[TEXT_MAX];
};

static void fill_usb(const char *usb, struct usb_texts *texts, struct smp_serial_port *port)
{
    port->has_usb = true;
    if (read_attribute(usb, "idVendor", texts->id)) {
        port->vendor = (uint16_t)strtoul(texts->id, NULL, 16);
    }
    if (read_attribute(usb, "idProduct", texts->id)) {
        port->product = (uint16_t)strtoul(texts->id, NULL, 16);
    }
    if (read_attribute(usb, "manufacturer", texts->manufacturer)) {
        port->manufacturer = texts->manufacturer;
    }
    if (read_attribute(usb, "product", texts->product)) {
        port->product_name = texts->product;
        port->description = texts->product;
    }
    if (read_attribute(usb, "serial", texts->serial)) {
        port->serial_number = texts->serial;
    }
}

/* True: a port with hardware behind it; the kernel keeps some serial names in reserve. */
static bool report(const char *root, const char *dev, const char *name,
                   smp_serial_port_callback *callback, void *user)
{
    char link[PATH_MAX], device[PATH_MAX], path[PATH_MAX], type[TEXT_MAX];
    struct usb_texts texts;
    struct smp_serial_port port = {.size = sizeof(port), .path = path, .description = name};
    if (snprintf(link, sizeof(link), "%s/class/tty/%s", root, name) >= (int)sizeof(link) ||
        (read_attribute(link, "type", type) && strcmp(type, "0") == 0)) {
        return false;
    }
    size_t len = strlen(link);
    if (len + sizeof("/device") > sizeof(link)) {
        return false;
    }
    memcpy(link + len, "/device", sizeof("/device"));
    if (realpath(link, device) == NULL ||
        snprintf(path, sizeof(path), "%s/%s", dev, name) >= (int)sizeof(path)) {
        return false;
    }
    if (find_usb(device, strlen(root))) {
        fill_usb(device, &texts, &port);
    }
    callback(&port, user);
    return true;
}

int smpi_port_list_sysfs(const char *root, const char *dev, smp_serial_port_callback *callback,
                         void *user)
{
    char folder[PATH_MAX], real_root[PATH_MAX];
    struct dirent **names;
    if (realpath(root, real_root) == NULL ||
        snprintf(folder, sizeof(folder), "%s/class/tty", real_root) >= (int)sizeof(folder)) {
        return SMP_ERR_SYSTEM;
    }
    int count = scandir(folder, &names, NULL, alphasort);
    if (count < 0) {
        return SMP_ERR_SYSTEM;
    }
    int found = 0;
    for (int i = 0; i < count; i++) {
        found += report(real_root, dev, names[i]->d_name, callback, user);
        free(names[i]);
    }
    free(names);
    return found;
}

#else

int smpi_port_list_sysfs(const char *root, const char *dev, smp_serial_port_callback *callback,
                         void *user)
{
    (void)root;
    (void)dev;
    (void)callback;
    (void)user;
    return SMP_ERR_UNSUPPORTED;
}

#endif

/* ---- libserialport ---- */

#if defined(SMP_HAVE_LIBSERIALPORT)

static void report_known(const struct sp_port *known, smp_serial_port_callback *callback,
                         void *user)
{
    struct smp_serial_port port = {
        .size = sizeof(port),
        .path = sp_get_port_name(known),
        .description = sp_get_port_description(known),
    };
    int vendor, product;
    if (sp_get_port_usb_vid_pid(known, &vendor, &product) == SP_OK) {
        port.has_usb = true;
        port.vendor = (uint16_t)vendor;
        port.product = (uint16_t)product;
        port.manufacturer = sp_get_port_usb_manufacturer(known);
        port.product_name = sp_get_port_usb_product(known);
        port.serial_number = sp_get_port_usb_serial(known);
    }
    callback(&port, user);
}

static int by_name(const void *a, const void *b)
{
    const struct sp_port *const *left = a, *const *right = b;
    return strcmp(sp_get_port_name(*left), sp_get_port_name(*right));
}

static int list_all(smp_serial_port_callback *callback, void *user)
{
    struct sp_port **ports;
    int count = 0;
    if (sp_list_ports(&ports) != SP_OK) {
        return SMP_ERR_SYSTEM;
    }
    while (ports[count] != NULL) {
        count++;
    }
    qsort(ports, (size_t)count, sizeof(void *), by_name);
    for (int i = 0; i < count; i++) {
        report_known(ports[i], callback, user);
    }
    sp_free_port_list(ports);
    return count;
}

#else

static int list_all(smp_serial_port_callback *callback, void *user)
{
    return smpi_port_list_sysfs("/sys", "/dev", callback, user);
}

#endif

/* Below another root, where a container has its host's files, or a test its own. */
static int list_below(const char *root, smp_serial_port_callback *callback, void *user)
{
    char sys[PATH_MAX], dev[PATH_MAX];
    if (snprintf(sys, sizeof(sys), "%s/sys", root) >= (int)sizeof(sys) ||
        snprintf(dev, sizeof(dev), "%s/dev", root) >= (int)sizeof(dev)) {
        errno = ENAMETOOLONG;
        return SMP_ERR_SYSTEM;
    }
    return smpi_port_list_sysfs(sys, dev, callback, user);
}

int smp_serial_ports(smp_serial_port_callback *callback, void *user)
{
    const char *root = getenv("SMP_SYSROOT");
    if (callback == NULL) {
        return SMP_ERR_INVALID;
    }
    return root != NULL && *root != '\0' ? list_below(root, callback, user)
                                         : list_all(callback, user);
}

/* ---- by USB numbers ---- */

struct wanted {
    unsigned vendor;
    unsigned product;
    const char *serial; /* NULL: any */
};

/* Up to four hexadecimal digits.  Returns what follows them, or NULL. */
static const char *read_number(const char *text, unsigned *number)
{
    const char *start = text;
    *number = 0;
    while (isxdigit((unsigned char)*text) && text - start < 5) {
        int digit = tolower((unsigned char)*text++);
        *number = *number * 16 + (unsigned)(isdigit(digit) ? digit - '0' : digit - 'a' + 10);
    }
    return text == start || text - start > 4 ? NULL : text;
}

static bool read_usb(const char *text, struct wanted *wanted)
{
    text = text == NULL ? NULL : read_number(text, &wanted->vendor);
    if (text == NULL || *text != ':') {
        return false;
    }
    text = read_number(text + 1, &wanted->product);
    if (text == NULL || (*text != '\0' && *text != ':')) {
        return false;
    }
    wanted->serial = *text == '\0' || text[1] == '\0' ? NULL : text + 1;
    return true;
}

bool smpi_port_is_usb(const char *text)
{
    struct wanted wanted;
    return read_usb(text, &wanted);
}

struct search {
    struct wanted wanted;
    char *path;
    size_t size;
    int found;
    bool too_small;
};

static void look_at(const struct smp_serial_port *port, void *user)
{
    struct search *search = user;
    const struct wanted *wanted = &search->wanted;
    if (!port->has_usb || port->vendor != wanted->vendor || port->product != wanted->product ||
        (wanted->serial != NULL &&
         (port->serial_number == NULL || strcmp(port->serial_number, wanted->serial) != 0))) {
        return;
    }
    if (search->found++ == 0) {
        int len = snprintf(search->path, search->size, "%s", port->path);
        search->too_small = len < 0 || (size_t)len >= search->size;
    }
}

int smpi_port_find(smpi_port_lister *lister, const char *usb, char *path, size_t size)
{
    struct search search = {.path = path, .size = size};
    if (path == NULL || size == 0 || !read_usb(usb, &search.wanted)) {
        return SMP_ERR_INVALID;
    }
    int error = lister(look_at, &search);
    return error < 0           ? error
           : search.too_small  ? SMP_ERR_INVALID
           : search.found == 0 ? SMP_ERR_NOT_FOUND
           : search.found == 1 ? SMP_OK
                               : SMP_ERR_EXISTS;
}

int smp_serial_find(const char *usb, char *path, size_t size)
{
    return smpi_port_find(smp_serial_ports, usb, path, size);
}
