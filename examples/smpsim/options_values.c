/* SPDX-License-Identifier: Apache-2.0 */
#include "options_values.h"

#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int sim_complain(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "smpsim: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nTry 'smpsim --help'.\n");
    return SIM_EXIT_USAGE;
}

int sim_set_profile(struct sim_device_options *device, const char *name)
{
    device->profile = sim_profile_find(name);
    return device->profile != NULL
               ? -1
               : sim_complain("--profile %s: there are %s", name, sim_profile_names());
}

int sim_set_error_key(struct sim_device_options *device, const char *key)
{
    if (strcmp(key, "err") == 0)
        device->error_key = SIM_ERROR_KEY_ERR;
    else if (strcmp(key, "ret") == 0)
        device->error_key = SIM_ERROR_KEY_RET;
    else
        return sim_complain("--error-key %s: there are err and ret", key);
    return -1;
}

int sim_add_group(const char *option, const char *name, uint32_t *set)
{
    const struct sim_group *group = sim_group_find(name);

    if (group == NULL)
        return sim_complain("--%s %s: there are %s", option, name, sim_group_names());
    *set |= group->bit;
    return -1;
}

/* A path that files can follow: a slash, and names with single slashes between them. */
int sim_set_mount(struct sim_device_options *device, const char *path)
{
    size_t len = strlen(path);

    if (path[0] != '/' || len < 2 || len > SIM_PATH_MAX / 2 || path[len - 1] == '/' ||
        strstr(path, "//") != NULL)
        return sim_complain("--fs-mount %s: give a path such as /lfs, of up to %u characters", path,
                            SIM_PATH_MAX / 2);
    device->fs_mount = path;
    return -1;
}

int sim_set_faults(struct smp_faults *faults, const char *text)
{
    char error[320];

    return smp_faults_parse(faults, text, error, sizeof(error)) == SMP_OK
               ? -1
               : sim_complain("--faults: %s", error);
}

int sim_set_fault(struct smp_faults *faults, const char *name, const char *value)
{
    char text[64], error[320];
    int len = snprintf(text, sizeof(text), "%s=%s", name, value);

    if (len < 0 || (size_t)len >= sizeof(text) || strchr(value, ',') != NULL)
        return sim_complain("--%s %s: give one number", name, value);
    if (smp_faults_parse(faults, text, error, sizeof(error)) != SMP_OK)
        return sim_complain("--%s %s%s", name, value, strrchr(error, ':')); /* the place is plain */
    return -1;
}
