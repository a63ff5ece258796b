/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at a firmware file: which version, which hash, whole and undamaged?  Needs no device.
 *
 *     img_info zephyr.signed.bin
 */
#include <smp/mcuboot.h>

#include <stdio.h>

static int read_file(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    FILE *file = user;
    return fseek(file, (long)offset, SEEK_SET) == 0 && fread(data, 1, len, file) == len
               ? SMP_OK
               : SMP_ERR_SOURCE;
}

static void print_image(const struct smp_mcuboot_image *image)
{
    char version[SMP_MCUBOOT_VERSION_MAX];

    smp_mcuboot_version_text(&image->version, version);
    printf("version %s, %s, hash ", version, image->is_signed ? "signed" : "not signed");
    for (size_t i = 0; i < image->hash_len; i++) {
        printf("%02x", image->hash[i]);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "usage: img_info FILE\n");
        return 2;
    }
    const struct smp_source source = {
        .size = sizeof(source), .length = (uint64_t)ftell(file), .read = read_file, .user = file};
    int error = smp_mcuboot_image_check(&source, &image, NULL);
    if (error == SMP_OK) {
        print_image(&image);
    } else if (error == SMP_ERR_NOT_IMAGE) {
        fprintf(stderr, "%s: %s\n", argv[1], smp_mcuboot_file_text(image.file));
    } else {
        fprintf(stderr, "%s: %s\n", argv[1], smp_error_text(error));
    }
    fclose(file);
    return error == SMP_OK ? 0 : 1;
}
