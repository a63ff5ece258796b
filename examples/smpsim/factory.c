/* SPDX-License-Identifier: Apache-2.0 */
#include "factory.h"

#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int read_file(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    FILE *file = user;

    if (fseek(file, (long)offset, SEEK_SET) != 0 || fread(data, 1, len, file) != len)
        return SMP_ERR_SOURCE;
    return SMP_OK;
}

/* Checks the file and writes it. */
static int install(struct sim_flash *slot, FILE *file, const char *path, char *error, size_t size)
{
    struct smp_source source = {.size = sizeof(source), .read = read_file, .user = file};
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    long length = -1;
    int code;

    if (fseek(file, 0, SEEK_END) == 0)
        length = ftell(file);
    if (length <= 0 || length > (long)UINT32_MAX) {
        snprintf(error, size, "%s: %s", path, length == 0 ? "is empty" : "not a plain file");
        return SMP_ERR_SOURCE;
    }
    source.length = (uint64_t)length;
    code = smp_mcuboot_image_check(&source, &image, NULL);
    if (code == SMP_OK)
        code = sim_boot_install(slot, &source);
    if (code == SMP_ERR_NOT_IMAGE)
        snprintf(error, size, "%s: %s", path, smp_mcuboot_file_text(image.file));
    else if (code == SMP_ERR_TOO_LARGE)
        snprintf(error, size, "%s: %ld bytes do not fit a slot of %u (see --slot-size)", path,
                 length, (unsigned)slot->size);
    else if (code != SMP_OK)
        snprintf(error, size, "%s: %s", path, smp_error_text(code));
    return code;
}

/* Boots one image alone: another boot of the others would end their trials. */
static int boot(struct sim_device *device, uint32_t k, const char *path, char *error, size_t size)
{
    int code = sim_boot_run(&device->pairs[k], 1, &device->boots[k]);

    if (code != SMP_OK) {
        snprintf(error, size, "%s", sim_device_flash_error(device, code));
    } else if (!device->boots[k].bootable) {
        snprintf(error, size, "%s: the boot loader refuses it: %s", path, device->boots[k].text);
        code = SMP_ERR_CORRUPT;
    }
    return code;
}

static int program(struct sim_device *device, uint32_t k, const char *path, char *error,
                   size_t size)
{
    FILE *file = fopen(path, "rb");
    int code;

    if (file == NULL) {
        snprintf(error, size, "%s: cannot be opened: %s", path, strerror(errno));
        return SMP_ERR_SOURCE;
    }
    code = install(&device->pairs[k].primary, file, path, error, size);
    fclose(file);
    return code == SMP_OK ? boot(device, k, path, error, size) : code;
}

int sim_factory_program(struct sim_device *device, char *error, size_t size)
{
    int code = SMP_OK;

    for (uint32_t k = 0; k < device->options.n_images && code == SMP_OK; k++) {
        const char *path = device->options.images[k];

        if (path == NULL)
            continue;
        if (device->boots[k].bootable)
            sim_device_event(device, SIM_EVENT_LINE,
                             "note: %s is not used: slot %u in %s holds firmware already", path,
                             (unsigned)(2 * k), device->options.state);
        else
            code = program(device, k, path, error, size);
    }
    return code;
}
