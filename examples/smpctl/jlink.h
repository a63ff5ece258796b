/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segger's on-board debuggers, whose serial ports lose large packets as long as
 * they are mass storage too: "J-Link Virtual MSD Interaction Note" in the
 * MCUmgr documentation of Zephyr.
 */
#ifndef SMPCTL_JLINK_H
#define SMPCTL_JLINK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a port is one of Segger's (USB vendor 1366); then text says what to do. */
bool jlink_hint(const char *port, char *text, size_t size);

#endif
