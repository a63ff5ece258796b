/* SPDX-License-Identifier: Apache-2.0 */
#include <smp/version.h>

#include <criterion/criterion.h>

#include <stdio.h>

Test(version, text_and_numbers_agree)
{
    char text[32];

    snprintf(text, sizeof(text), "%d.%d.%d", SMP_VERSION_MAJOR, SMP_VERSION_MINOR,
             SMP_VERSION_PATCH);
    cr_assert_str_eq(smp_version(), text);
    cr_assert_str_eq(smp_version(), SMP_VERSION_STRING);
}
