/* SPDX-License-Identifier: Apache-2.0 */
#include <smp/version.h>

const char *smp_version(void)
{
    return SMP_VERSION_STRING;
}
