/* SPDX-License-Identifier: Apache-2.0 */
#include "jlink.h"

#include "portinfo.h"

#include <stdio.h>

#define SEGGER 0x1366

bool jlink_hint(const char *port, char *text, size_t size)
{
    struct portinfo info;
    if (!portinfo_find(port, &info) || !info.has_usb || info.vendor != SEGGER) {
        return false;
    }
    snprintf(text, size,
             "small packets pass and large ones vanish: this port belongs to a J-Link, whose mass "
             "storage (drag and drop) limits how much its serial port takes at once; switch that "
             "off once with J-Link Commander (JLinkExe, command MSDDisable) and plug it in again, "
             "or use mtu=; see \"J-Link Virtual MSD Interaction Note\" in Zephyr's MCUmgr "
             "documentation");
    return true;
}
