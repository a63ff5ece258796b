/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/result.h"
#include "codec/groups.h"
#include "codec/vector.h"

#include <errno.h>

static const char *text_of(const struct smp_result *result)
{
    static char text[512];
    size_t len = smpi_result_text(&t_registry, result, text, sizeof(text));

    cr_assert_eq(len, strlen(text));
    return text;
}

Test(result, a_groups_code_is_explained_with_what_to_do)
{
    struct smp_result result = {.error = SMP_ERR_DEVICE, .from_group = true, .group = 1, .rc = 24};

    cr_assert_str_eq(text_of(&result), "device refused: img group, code 24 INVALID_HASH: the hash "
                                       "is of the wrong length; take it from the image list");
    result.rc = 8;
    cr_assert_str_eq(text_of(&result),
                     "device refused: img group, code 8 HASH_NOT_FOUND: no image has this hash");
}

Test(result, codes_and_groups_that_are_not_known_are_numbers)
{
    struct smp_result result = {.error = SMP_ERR_DEVICE, .from_group = true, .group = 1, .rc = 99};

    cr_assert_str_eq(text_of(&result), "device refused: img group, code 99, which this library "
                                       "does not know; look it up in the firmware");
    result.group = 321;
    result.rc = -7;
    cr_assert_str_eq(text_of(&result), "device refused: group 321, code -7, which this library "
                                       "does not know; look it up in the firmware");
}

Test(result, a_global_code_is_explained)
{
    struct smp_result result = {.error = SMP_ERR_DEVICE, .rc = SMP_RC_RESPONSE_TOO_LARGE};
    cr_assert_str_eq(text_of(&result),
                     "device refused: code 7 EMSGSIZE: the answer does not fit the device's "
                     "buffer; ask for less, or raise CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE in the "
                     "firmware");
    result.rc = 300;
    cr_assert(
        strstr(text_of(&result), "code 300 EPERUSER: a code of the device's own application"));
    result.rc = 200;
    cr_assert(strstr(text_of(&result), "code 200, which this library does not know"));
}

Test(result, not_supported_names_what_this_command_needs)
{
    struct smp_result result = {
        .error = SMP_ERR_DEVICE, .rc = SMP_RC_NOT_SUPPORTED, .command = &t_os_commands[0]};

    cr_assert_str_eq(text_of(&result),
                     "device refused: code 8 ENOTSUP: the device's firmware does not have this "
                     "command; it needs CONFIG_POOLS in the firmware");
    result.command = &t_img_commands[0];
    cr_assert(strstr(text_of(&result), "Kconfig"));
    result.command = &t_os_commands[0];
    result.rc = SMP_RC_BUSY;
    cr_assert_not(strstr(text_of(&result), "CONFIG_POOLS"));
    result.rc = SMP_RC_NOT_SUPPORTED; /* as a group's own code it is something else */
    result.from_group = true;
    result.group = 1;
    cr_assert_not(strstr(text_of(&result), "CONFIG_POOLS"));
}

Test(result, the_devices_own_words_are_quoted_and_escaped)
{
    struct smp_result result = {
        .error = SMP_ERR_DEVICE, .rc = SMP_RC_UNKNOWN, .reason = {"no\x1b[2J \"slot\"\n\xff", 15}};

    cr_assert_str_eq(text_of(&result),
                     "device refused: code 1 EUNKNOWN: the device failed without saying why; it "
                     "says \"no\\u001b[2J \\\"slot\\\"\\n\\xff\"; look at the device's own log");
}

Test(result, a_malformed_answer_names_the_key)
{
    struct smp_result result = {.error = SMP_ERR_MALFORMED};
    cr_assert_str_eq(text_of(&result), "what the device sent is not a valid SMP answer");
    result.key = "off";
    cr_assert_str_eq(text_of(&result),
                     "what the device sent is not a valid SMP answer: \"off\" is missing, there "
                     "twice, of the wrong type or out of range");
}

Test(result, everything_else_is_its_own_sentence)
{
    struct smp_result result = {.error = SMP_OK};
    cr_assert_str_eq(text_of(&result), "done");
    result.error = SMP_ERR_TIMEOUT;
    cr_assert_str_eq(text_of(&result), smp_error_text(SMP_ERR_TIMEOUT));
    result.error = SMP_ERR_SYSTEM;
    result.system_error = ENOENT;
    cr_assert_str_eq(text_of(&result),
                     "an operating system call failed: No such file or directory");
}

Test(result, works_without_a_registry_and_without_room)
{
    struct smp_result result = {.error = SMP_ERR_DEVICE, .from_group = true, .group = 1, .rc = 24};
    char text[21];

    size_t whole = smpi_result_text(NULL, &result, NULL, 0);
    cr_assert_gt(whole, 40);
    cr_assert_eq(smpi_result_text(NULL, &result, text, sizeof(text)), whole);
    cr_assert_str_eq(text, "device refused: grou");
}
