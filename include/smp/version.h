/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The library's release number (not its ABI number, which is in the SONAME).
 */
#ifndef SMP_VERSION_H
#define SMP_VERSION_H

#include <smp/export.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SMP_VERSION_MAJOR 0
#define SMP_VERSION_MINOR 1
#define SMP_VERSION_PATCH 0
#define SMP_VERSION_STRING "0.1.0"

/** @return The version of the library in use, as "0.1.0".  Any thread.  @since 0.1 */
SMP_API const char *smp_version(void);

#ifdef __cplusplus
}
#endif
#endif
