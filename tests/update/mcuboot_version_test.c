/* SPDX-License-Identifier: Apache-2.0 */
#include <smp/mcuboot.h>

#include <criterion/criterion.h>

#include <string.h>

Test(mcuboot_version, versions)
{
    static const struct smp_mcuboot_version order[] = {
        {0, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 1, 0},          {0, 0, 255, 0},        {0, 0, 256, 0},
        {0, 1, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0x80000000}, {1, 0, 0, 0xffffffff}, {255, 0, 0, 0}};
    const int count = (int)(sizeof(order) / sizeof(order[0]));
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            int found = smp_mcuboot_version_compare(&order[i], &order[j]);
            cr_expect_eq((found > 0) - (found < 0), (i > j) - (i < j), "%d and %d", i, j);
        }
    }
    char text[SMP_MCUBOOT_VERSION_MAX];
    smp_mcuboot_version_text(&(struct smp_mcuboot_version){1, 2, 3, 0}, text);
    cr_expect_str_eq(text, "1.2.3");
    smp_mcuboot_version_text(&(struct smp_mcuboot_version){255, 255, 65535, 4294967295u}, text);
    cr_expect_str_eq(text, "255.255.65535.4294967295");
}
