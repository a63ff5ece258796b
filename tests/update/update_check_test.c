/* SPDX-License-Identifier: Apache-2.0 */
/* The file: what is no image, is damaged, or is not signed with the right key. */
#include "update/updating.h"

TestSuite(update_check, .init = setup, .fini = teardown);

static void expect_refused(int error, const char *text)
{
    run();
    expect(error, SMP_UPDATE_UNTOUCHED, NULL);
    expect_text(text);
    cr_expect_eq(board.looks + board.chunks, 0, "the device was not even asked");
    cr_expect_eq(told.phase, SMP_UPDATE_CHECKING);
}

Test(update_check, refuses_what_is_no_image)
{
    smp_source_memory(&source, "\177ELF and so on, and more than 32 bytes of it", 43);
    expect_refused(SMP_ERR_NOT_IMAGE, "checking: an ELF file");
    smp_source_memory(&source, "", 0);
    expect_refused(SMP_ERR_NOT_IMAGE, "checking: an empty file");
    smp_source_memory(&source, v2.data, v2.len - 1);
    expect_refused(SMP_ERR_MALFORMED, "checking: the file is cut short");
}

Test(update_check, refuses_a_damaged_file)
{
    v2.data[500] ^= 1;
    expect_refused(SMP_ERR_CORRUPT, "checking: the hash does not match");
}

static int read_fails(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    (void)user, (void)offset, (void)data, (void)len;
    return -1;
}

Test(update_check, a_file_that_cannot_be_read)
{
    source.read = read_fails;
    expect_refused(SMP_ERR_SOURCE, "the file cannot be read");
}

Test(update_check, refuses_an_image_without_the_right_signature)
{
    static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                              "-----END PUBLIC KEY-----\n"; /* RFC 8032, 7.1, test 1 */
    options.key = (struct smp_str){key, sizeof(key) - 1};
    expect_refused(SMP_ERR_SIGNATURE, "checking: the image is not signed with that key");
    options.key = (struct smp_str){"key", 3};
    expect_refused(SMP_ERR_INVALID, "no public key in PEM form");
}
