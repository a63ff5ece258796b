/* SPDX-License-Identifier: Apache-2.0 */
/* Time, process and chance: what every POSIX system has in the same form. */
#include "platform/platform.h"

#include <time.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

uint64_t smpi_clock_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t smpi_clock_process(void)
{
    return (uint64_t)getpid();
}

uint64_t smpi_clock_random(void)
{
    uint64_t random;
    if (getentropy(&random, sizeof(random)) != 0) {
        random = smpi_clock_now() ^ smpi_clock_process() << 48;
    }
    return random;
}
