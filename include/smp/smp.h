/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Everything at once.  Programs may also include just the parts they use.
 */
#ifndef SMP_SMP_H
#define SMP_SMP_H

#include <smp/error.h>
#include <smp/header.h>
#include <smp/img.h>
#include <smp/loop.h>
#include <smp/loopback.h>
#include <smp/mcuboot.h>
#include <smp/message.h>
#include <smp/os.h>
#include <smp/server.h>
#include <smp/session.h>
#include <smp/transfer.h>
#include <smp/transport.h>
#include <smp/udp.h>
#include <smp/version.h>

#endif
