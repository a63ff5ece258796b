/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

static struct sim_boot_pair pair;
static struct made_image old_image, new_image;

static void start(void)
{
    make_folder();
    open_pair(&pair, SMALL_SLOT);
    make_image(&old_image, 0, 9000);
    make_image(&new_image, 1, 14000);
    install(&pair.primary, &old_image);
}

static void stop(void)
{
    close_pair(&pair);
    remove_folder();
}

TestSuite(bootloader, .init = start, .fini = stop);

static struct sim_boot_result boot(void)
{
    struct sim_boot_result result;
    cr_assert_eq(sim_boot_run(&pair, 1, &result), SMP_OK);
    cr_expect_neq(result.text[0], '\0');
    return result;
}

static bool is_confirmed(void)
{
    bool confirmed = false;
    cr_assert_eq(sim_boot_is_confirmed(&pair.primary, &confirmed), SMP_OK);
    return confirmed;
}

static void expect_text(const struct sim_boot_result *result, const char *word)
{
    cr_expect_not_null(strstr(result->text, word), "\"%s\" lacks \"%s\"", result->text, word);
}

/* The last 48 bytes of a slot: swap size, swap info, copy done, image ok, magic. */
static void read_trailer(struct sim_flash *slot, uint8_t *trailer)
{
    cr_assert_eq(sim_flash_read(slot, slot->size - 48, trailer, 48), SMP_OK);
}

static const uint8_t magic[16] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                  0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};

Test(bootloader, room_in_a_slot)
{
    /* 8 sectors: 48 + 8 * 24 bytes of trailer fit one sector. */
    cr_expect_eq(sim_boot_trailer_offset(&pair.primary), 7 * SIM_FLASH_SECTOR);
    cr_expect_eq(sim_boot_max_image(&pair.primary), 6 * SIM_FLASH_SECTOR);
    /* 256 KiB: 64 sectors, 48 + 64 * 24 = 1584.  1 MiB: 256 sectors, 6192, which takes two. */
    struct sim_flash slot = {.size = 256 * 1024};
    cr_expect_eq(sim_boot_max_image(&slot), 62 * SIM_FLASH_SECTOR);
    slot.size = 1024 * 1024;
    cr_expect_eq(sim_boot_trailer_offset(&slot), 254 * SIM_FLASH_SECTOR);
}

Test(bootloader, plain_boot)
{
    struct sim_boot_result result = boot();
    cr_expect(result.bootable);
    cr_expect_not(result.swapped);
    cr_expect_eq(result.swap, SMP_MCUBOOT_SWAP_NONE);
    cr_expect_eq(result.image.version.minor, 0);
    cr_expect_str_eq(result.text, "image 0: running 1.0.0");
    cr_expect(is_confirmed());
    cr_expect_eq(pair.primary.writes, 3, "a plain boot wrote"); /* the image's three sectors */
}

Test(bootloader, request_leaves_a_trailer)
{
    uint8_t trailer[48], expected[48];
    install(&pair.secondary, &new_image);
    cr_assert_eq(sim_boot_request(&pair.secondary, 3, false), SMP_OK);
    memset(expected, 0xff, sizeof(expected));
    expected[8] = 0x32; /* image 3, test */
    memcpy(expected + 32, magic, 16);
    read_trailer(&pair.secondary, trailer);
    cr_expect_arr_eq(trailer, expected, 48);
    cr_expect_eq(next_swap(&pair), SMP_MCUBOOT_SWAP_TEST);

    cr_expect_eq(sim_boot_request(&pair.secondary, 3, true), SMP_OK, "asking twice");
    cr_expect_eq(next_swap(&pair), SMP_MCUBOOT_SWAP_TEST, "the first request stays");

    install(&pair.secondary, &new_image);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, true), SMP_OK);
    expected[8] = 0x03;
    expected[24] = 0x01;
    read_trailer(&pair.secondary, trailer);
    cr_expect_arr_eq(trailer, expected, 48);
    cr_expect_eq(next_swap(&pair), SMP_MCUBOOT_SWAP_PERM);
}

Test(bootloader, test_then_confirm)
{
    uint8_t trailer[48];
    install(&pair.secondary, &new_image);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    struct sim_boot_result result = boot();
    cr_expect(result.bootable);
    cr_expect(result.swapped);
    cr_expect_not(result.resumed);
    cr_expect_eq(result.swap, SMP_MCUBOOT_SWAP_TEST);
    cr_expect_eq(result.image.version.minor, 1);
    expect_text(&result, "on trial");
    cr_expect(holds(&pair.primary, 1));
    cr_expect(holds(&pair.secondary, 0));
    cr_expect_eq(next_swap(&pair), SMP_MCUBOOT_SWAP_REVERT);
    cr_expect_not(is_confirmed());
    read_trailer(&pair.primary, trailer);
    cr_expect_eq(trailer[0] | trailer[1] << 8, 14072, "swap size");
    cr_expect_eq(trailer[8], 0x02);
    cr_expect_eq(trailer[16], 0x01, "copy done");
    cr_expect_eq(trailer[24], 0xff, "image ok");
    cr_expect_arr_eq(trailer + 32, magic, 16);

    cr_assert_eq(sim_boot_confirm(&pair.primary), SMP_OK);
    cr_assert_eq(sim_boot_confirm(&pair.primary), SMP_OK, "twice");
    cr_expect(is_confirmed());
    read_trailer(&pair.primary, trailer);
    cr_expect_eq(trailer[24], 0x01);
    result = boot();
    cr_expect_not(result.swapped);
    cr_expect_eq(result.image.version.minor, 1);
    cr_expect(holds(&pair.secondary, 0));
}

Test(bootloader, test_then_revert)
{
    install(&pair.secondary, &new_image);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    boot();
    struct sim_boot_result result = boot();
    cr_expect_eq(result.swap, SMP_MCUBOOT_SWAP_REVERT);
    cr_expect(result.swapped);
    cr_expect_eq(result.image.version.minor, 0);
    expect_text(&result, "not confirmed");
    cr_expect(holds(&pair.primary, 0));
    cr_expect(holds(&pair.secondary, 1));
    cr_expect_eq(next_swap(&pair), SMP_MCUBOOT_SWAP_NONE);
    cr_expect(is_confirmed());
    result = boot();
    cr_expect_not(result.swapped);
    /* And again: what was reverted can be tried once more. */
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    result = boot();
    cr_expect_eq(result.image.version.minor, 1);
    cr_expect_not(is_confirmed());
}

Test(bootloader, permanent)
{
    uint8_t trailer[48];
    install(&pair.secondary, &new_image);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, true), SMP_OK);
    struct sim_boot_result result = boot();
    cr_expect_eq(result.swap, SMP_MCUBOOT_SWAP_PERM);
    cr_expect_eq(result.image.version.minor, 1);
    expect_text(&result, "for good");
    cr_expect(is_confirmed());
    cr_expect_eq(next_swap(&pair), SMP_MCUBOOT_SWAP_NONE);
    read_trailer(&pair.primary, trailer);
    cr_expect_eq(trailer[8], 0x03);
    cr_expect_eq(trailer[16], 0x01);
    cr_expect_eq(trailer[24], 0x01);
    cr_expect_not(boot().swapped);
}

/* Whatever is in the new slot, the old image keeps running and nobody asks again. */
static void expect_refused(const char *why)
{
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, true), SMP_OK, "%s", pair.secondary.error);
    struct sim_boot_result result = boot();
    cr_expect_eq(result.swap, SMP_MCUBOOT_SWAP_FAIL);
    cr_expect(result.bootable);
    cr_expect_not(result.swapped);
    cr_expect_eq(result.image.version.minor, 0);
    expect_text(&result, why);
    cr_expect(holds(&pair.primary, 0));
    struct smp_mcuboot_image image;
    cr_expect_eq(sim_boot_image(&pair.secondary, false, &image), SMP_ERR_NOT_IMAGE,
                 "slot 1 must not be listed any more");
    cr_expect_eq(next_swap(&pair), SMP_MCUBOOT_SWAP_NONE);
    cr_expect_not(boot().swapped);
}

Test(bootloader, refuses_a_flipped_bit)
{
    new_image.data[5000] ^= 4;
    install(&pair.secondary, &new_image);
    expect_refused("hash does not match");
}

Test(bootloader, refuses_nothing_at_all)
{
    expect_refused("there is no image");
}

Test(bootloader, refuses_half_an_image)
{
    new_image.len = 8192;
    install(&pair.secondary, &new_image);
    expect_refused("slot 1");
}

Test(bootloader, refuses_what_cannot_be_swapped)
{
    make_image(&new_image, 1, 6 * SIM_FLASH_SECTOR - 72 + 1);
    install(&pair.secondary, &new_image);
    expect_refused("too large");
}

Test(bootloader, takes_the_largest)
{
    make_image(&new_image, 1, 6 * SIM_FLASH_SECTOR - 72);
    install(&pair.secondary, &new_image);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    cr_expect(boot().swapped);
    cr_expect(holds(&pair.primary, 1));
    cr_expect(holds(&pair.secondary, 0));
}

Test(bootloader, refuses_encrypted_and_not_bootable)
{
    new_image.data[16] = SMP_MCUBOOT_ENCRYPTED_AES128;
    install(&pair.secondary, &new_image);
    expect_refused("encrypted");

    struct smpi_sha sha;
    make_image(&new_image, 1, 100);
    new_image.data[16] = SMP_MCUBOOT_NON_BOOTABLE;
    smpi_sha_init(&sha, SMPI_SHA256);
    smpi_sha_update(&sha, new_image.data, 132);
    smpi_sha_final(&sha, new_image.data + 140);
    install(&pair.secondary, &new_image);
    expect_refused("not bootable");
}

/* The image to go back to is damaged: the trial goes on, and is not undone at each boot. */
Test(bootloader, cannot_revert_to_a_damaged_image)
{
    install(&pair.secondary, &new_image);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, false), SMP_OK);
    boot();
    cr_assert_eq(sim_flash_erase(&pair.secondary, SIM_FLASH_SECTOR, SIM_FLASH_SECTOR), SMP_OK);
    struct sim_boot_result result = boot();
    cr_expect_eq(result.swap, SMP_MCUBOOT_SWAP_FAIL);
    cr_expect_eq(result.image.version.minor, 1);
    cr_expect(is_confirmed());
    cr_expect_eq(boot().swap, SMP_MCUBOOT_SWAP_NONE);
}

Test(bootloader, the_running_image_is_too_large)
{
    make_image(&old_image, 0, 7 * SIM_FLASH_SECTOR - 72);
    install(&pair.primary, &old_image);
    install(&pair.secondary, &new_image);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, true), SMP_OK);
    struct sim_boot_result result = boot();
    cr_expect(result.bootable);
    cr_expect_not(result.swapped);
    expect_text(&result, "too large");
    cr_expect(holds(&pair.primary, 0));
    cr_expect(holds(&pair.secondary, 1), "a good image is kept");
}

Test(bootloader, no_image)
{
    cr_assert_eq(sim_flash_erase(&pair.primary, 0, SMALL_SLOT), SMP_OK);
    struct sim_boot_result result = boot();
    cr_expect_not(result.bootable);
    expect_text(&result, "cannot boot: there is no image");
    /* A good one in the other slot is used when somebody asks. */
    install(&pair.secondary, &new_image);
    cr_expect_not(boot().bootable);
    cr_assert_eq(sim_boot_request(&pair.secondary, 0, true), SMP_OK);
    result = boot();
    cr_expect(result.bootable);
    cr_expect_eq(result.image.version.minor, 1);
}

Test(bootloader, damaged_running_image)
{
    cr_assert_eq(sim_flash_erase(&pair.primary, SIM_FLASH_SECTOR, SIM_FLASH_SECTOR), SMP_OK);
    struct sim_boot_result result = boot();
    cr_expect_not(result.bootable);
    expect_text(&result, "hash");
}

Test(bootloader, one_slot_only)
{
    struct sim_boot_result result;
    struct sim_boot_pair alone = {.primary = pair.primary, .secondary = {.fd = -1}};
    enum smp_mcuboot_swap swap;
    cr_assert_eq(sim_boot_run(&alone, 1, &result), SMP_OK);
    cr_expect(result.bootable);
    cr_assert_eq(sim_boot_swap_type(&alone, &swap), SMP_OK);
    cr_expect_eq(swap, SMP_MCUBOOT_SWAP_NONE);
}

Test(bootloader, several_images)
{
    struct sim_boot_pair pairs[2];
    struct sim_boot_result results[2];
    pairs[0] = pair;
    cr_assert_eq(sim_flash_open(&pairs[1].primary, folder, "slot2.bin", SMALL_SLOT), SMP_OK);
    cr_assert_eq(sim_flash_open(&pairs[1].secondary, folder, "slot3.bin", SMALL_SLOT), SMP_OK);
    install(&pairs[1].secondary, &new_image);
    cr_assert_eq(sim_boot_run(pairs, 2, results), SMP_OK);
    cr_expect(results[0].bootable);
    cr_expect_not(results[1].bootable);
    expect_text(&results[1], "image 1: slot 2");
    cr_assert_eq(sim_boot_request(&pairs[1].secondary, 1, false), SMP_OK);
    cr_assert_eq(sim_boot_run(pairs, 2, results), SMP_OK);
    cr_expect(results[1].bootable);
    cr_expect(results[1].swapped);
    uint8_t trailer[48];
    read_trailer(&pairs[1].primary, trailer);
    cr_expect_eq(trailer[8], 0x12, "image 1, test");
    close_pair(&pairs[1]);
}

Test(bootloader, garbage_in_the_trailer)
{
    static const uint8_t junk[16] = "not the magic";
    install(&pair.secondary, &new_image);
    cr_assert_eq(sim_flash_write(&pair.secondary, SMALL_SLOT - 16, junk, 16), SMP_OK);
    cr_expect_eq(sim_boot_request(&pair.secondary, 0, false), SMP_ERR_CORRUPT);
    cr_expect_not_null(strstr(pair.secondary.error, "upload again"));
    cr_expect_eq(sim_flash_is_erased(&pair.secondary, 0, SMALL_SLOT), 1);
    cr_expect_eq(boot().swap, SMP_MCUBOOT_SWAP_NONE);
    cr_assert_eq(sim_flash_write(&pair.primary, SMALL_SLOT - 16, junk, 16), SMP_OK);
    cr_expect_eq(sim_boot_confirm(&pair.primary), SMP_ERR_CORRUPT);
    cr_expect(boot().bootable);
}

/* A trailer that claims an unfinished swap of nonsense is not believed. */
Test(bootloader, hostile_swap_size)
{
    static const uint32_t sizes[] = {0, 6 * SIM_FLASH_SECTOR + 1, SMALL_SLOT, 0x80000000,
                                     0xffffffff};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t fields[16];
        memset(fields, 0xff, sizeof(fields));
        put_le(fields, sizes[i], 4);
        fields[8] = 0x02;
        install(&pair.primary, &old_image);
        cr_assert_eq(sim_flash_write(&pair.primary, SMALL_SLOT - 48, fields, 16), SMP_OK);
        cr_assert_eq(sim_flash_write(&pair.primary, SMALL_SLOT - 16, magic, 16), SMP_OK);
        struct sim_boot_result result = boot();
        cr_expect(result.bootable);
        cr_expect_not(result.swapped);
    }
}

/* imgtool --pad, uploaded or programmed: the file brings the request itself. */
Test(bootloader, padded_files)
{
    struct made_image padded = new_image;
    memset(padded.data + padded.len, 0xff, SMALL_SLOT - padded.len);
    memcpy(padded.data + SMALL_SLOT - 16, magic, 16);
    padded.len = SMALL_SLOT;
    install(&pair.secondary, &padded);
    cr_expect_eq(next_swap(&pair), SMP_MCUBOOT_SWAP_TEST);
    struct sim_boot_result result = boot();
    cr_expect_eq(result.swap, SMP_MCUBOOT_SWAP_TEST);
    cr_expect_eq(result.image.version.minor, 1);
    cr_expect(holds(&pair.secondary, 0));
    cr_expect_eq(boot().swap, SMP_MCUBOOT_SWAP_REVERT);
    /* A confirmed file in the primary slot is no unfinished swap. */
    padded.data[SMALL_SLOT - 24] = 0x01;
    install(&pair.primary, &padded);
    result = boot();
    cr_expect_eq(result.swap, SMP_MCUBOOT_SWAP_NONE);
    cr_expect(is_confirmed());
}

static int read_nothing(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    (void)user, (void)offset, (void)data, (void)len;
    return SMP_ERR_SYSTEM;
}

Test(bootloader, install_refuses)
{
    struct smp_source source = {
        .size = sizeof(source), .length = 7 * SIM_FLASH_SECTOR + 1, .read = read_nothing};
    cr_expect_eq(sim_boot_install(&pair.primary, &source), SMP_ERR_TOO_LARGE);
    cr_expect(holds(&pair.primary, 0), "too large, yet the old one was erased");
    source.length = (uint64_t)1 << 40;
    cr_expect_eq(sim_boot_install(&pair.primary, &source), SMP_ERR_TOO_LARGE);
    source.length = 100;
    cr_expect_eq(sim_boot_install(&pair.primary, &source), SMP_ERR_SOURCE);
}

/* The images of the demonstration, in slots of the usual size. */
Test(bootloader, real_images)
{
    static const char *const names[] = {"app-1.0.0.signed.bin", "app-1.1.0.signed.bin"};
    struct sim_boot_pair real;
    cr_assert_eq(sim_flash_open(&real.primary, folder, "slot4.bin", SIM_FLASH_SLOT_SIZE), SMP_OK);
    cr_assert_eq(sim_flash_open(&real.secondary, folder, "slot5.bin", SIM_FLASH_SLOT_SIZE), SMP_OK);
    for (unsigned i = 0; i < 2; i++) {
        static uint8_t data[64 * 1024];
        char path[512];
        struct sim_flash_writer writer;
        snprintf(path, sizeof(path), SMP_SOURCE_DIR "/tests/data/%s", names[i]);
        FILE *file = fopen(path, "rb");
        cr_assert_not_null(file, "%s is missing", path);
        size_t len = fread(data, 1, sizeof(data), file);
        fclose(file);
        sim_flash_writer_init(&writer, i == 0 ? &real.primary : &real.secondary, 0);
        cr_assert_eq(sim_flash_writer_add(&writer, data, (uint32_t)len), SMP_OK);
        cr_assert_eq(sim_flash_writer_finish(&writer), SMP_OK);
    }
    struct sim_boot_result result;
    cr_assert_eq(sim_boot_request(&real.secondary, 0, false), SMP_OK);
    cr_assert_eq(sim_boot_run(&real, 1, &result), SMP_OK);
    cr_expect(result.bootable);
    cr_expect(holds(&real.primary, 1));
    cr_expect(holds(&real.secondary, 0));
    close_pair(&real);
}
