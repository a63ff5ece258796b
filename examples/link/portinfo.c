/* SPDX-License-Identifier: Apache-2.0 */
#include "portinfo.h"

#include <smp/serial.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
    struct portinfo *info;
    bool found;
};

static void on_port(const struct smp_serial_port *port, void *user)
{
    struct search *search = user;
    struct portinfo *info = search->info;
    char path[PATH_MAX];
    if (search->found || !realpath(port->path, path) || strcmp(path, info->path) != 0) {
        return;
    }
    search->found = true;
    info->has_usb = port->has_usb;
    info->vendor = port->vendor;
    info->product = port->product;
    snprintf(info->serial_number, sizeof info->serial_number, "%s",
             port->serial_number ? port->serial_number : "");
    snprintf(info->description, sizeof info->description, "%s",
             port->description ? port->description : "");
}

bool portinfo_find(const char *place, struct portinfo *info)
{
    char found[PATH_MAX];
    struct search search = {.info = info};
    *info = (struct portinfo){0};
    if (smp_serial_find(place, found, sizeof found) == SMP_OK) {
        place = found;
    }
    return realpath(place, info->path) && smp_serial_ports(on_port, &search) >= 0 && search.found;
}
