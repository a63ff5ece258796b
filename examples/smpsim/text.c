/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <string.h>

struct smp_str sim_str(const char *text)
{
    return (struct smp_str){text, strlen(text)};
}

bool sim_str_is(struct smp_str str, const char *text)
{
    return str.len == strlen(text) && memcmp(str.data, text, str.len) == 0;
}

const char *sim_shown(struct smp_str str, char shown[SIM_SHOWN_MAX])
{
    size_t len = str.len < SIM_SHOWN_MAX ? str.len : SIM_SHOWN_MAX - 1;

    for (size_t i = 0; i < len; i++)
        shown[i] = str.data[i] < ' ' || str.data[i] > '~' ? '?' : str.data[i];
    shown[len] = '\0';
    return shown;
}
