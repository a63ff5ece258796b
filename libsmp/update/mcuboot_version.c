/* SPDX-License-Identifier: Apache-2.0 */
#include <smp/mcuboot.h>

#include <inttypes.h>
#include <stdio.h>

void smp_mcuboot_version_text(const struct smp_mcuboot_version *version, char *text)
{
    int len = snprintf(text, SMP_MCUBOOT_VERSION_MAX, "%u.%u.%u", version->major, version->minor,
                       version->revision);
    if (version->build != 0) {
        snprintf(text + len, SMP_MCUBOOT_VERSION_MAX - (size_t)len, ".%" PRIu32, version->build);
    }
}

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

int smp_mcuboot_version_compare(const struct smp_mcuboot_version *a,
                                const struct smp_mcuboot_version *b)
{
    int order = compare(a->major, b->major);
    if (order == 0) {
        order = compare(a->minor, b->minor);
    }
    if (order == 0) {
        order = compare(a->revision, b->revision);
    }
    return order != 0 ? order : compare(a->build, b->build);
}
