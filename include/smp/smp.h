/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Everything at once.  Programs may also include just the parts they use.
 */
#ifndef SMP_SMP_H
#define SMP_SMP_H

#include <smp/crash.h>
#include <smp/custom.h>
#include <smp/enum.h>
#include <smp/error.h>
#include <smp/framing.h>
#include <smp/fs.h>
#include <smp/header.h>
#include <smp/img.h>
#include <smp/log.h>
#include <smp/loop.h>
#include <smp/loopback.h>
#include <smp/mcuboot.h>
#include <smp/memfault.h>
#include <smp/message.h>
#include <smp/os.h>
#include <smp/run.h>
#include <smp/serial.h>
#include <smp/server.h>
#include <smp/session.h>
#include <smp/settings.h>
#include <smp/shell.h>
#include <smp/stat.h>
#include <smp/suit.h>
#include <smp/transfer.h>
#include <smp/transport.h>
#include <smp/transport_group.h>
#include <smp/udp.h>
#include <smp/update.h>
#include <smp/version.h>
#include <smp/zephyr.h>

#endif
