/* SPDX-License-Identifier: Apache-2.0 */
/* The platform that loops use unless a test chooses another. */
#include "platform/platform.h"

const struct smpi_platform_ops *smpi_platform_default(void)
{
#if defined(__linux__) && !defined(SMP_FORCE_POLL)
    return smpi_platform_epoll();
#else
    return smpi_platform_poll();
#endif
}
