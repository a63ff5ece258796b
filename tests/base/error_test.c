/* SPDX-License-Identifier: Apache-2.0 */
#include <smp/error.h>

#include <criterion/criterion.h>

#include <string.h>

/* The newest code: a new one needs its row in error.c, and this line. */
enum { LAST = -28 };

Test(error, every_code_has_its_own_spelling_and_a_sentence)
{
    cr_assert_str_eq(smp_error_name(SMP_OK), "SMP_OK");
    cr_assert_str_eq(smp_error_name(SMP_ERR_INVALID), "SMP_ERR_INVALID");
    cr_assert_str_eq(smp_error_name(SMP_ERR_TIMEOUT), "SMP_ERR_TIMEOUT");
    cr_assert_str_eq(smp_error_name(SMP_ERR_DEVICE), "SMP_ERR_DEVICE");
    cr_assert_str_eq(smp_error_name(SMP_ERR_STALLED), "SMP_ERR_STALLED");
    cr_assert_str_eq(smp_error_name(SMP_ERR_EXISTS), "SMP_ERR_EXISTS");
    for (int error = SMP_OK; error >= LAST; error--) {
        const char *text = smp_error_text(error);
        cr_assert_gt(strlen(text), 3);
        cr_assert_neq(text[strlen(text) - 1], '.', "%s", text);
        cr_assert_str_neq(smp_error_name(error), "SMP_ERR_UNKNOWN", "%d", error);
        for (int other = SMP_OK; other > error; other--)
            cr_assert_str_neq(smp_error_name(error), smp_error_name(other));
    }
}

Test(error, numbers_that_are_not_codes_are_named_too)
{
    const int numbers[] = {1, LAST - 1, -1000, 1000, -2147483647 - 1, 2147483647};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        cr_assert_str_eq(smp_error_name(numbers[i]), "SMP_ERR_UNKNOWN");
        cr_assert_not_null(smp_error_text(numbers[i]));
    }
}

/* @see protocol, 2.2 */
Test(error, global_device_codes_are_explained)
{
    static const char *const names[] = {"EOK",
                                        "EUNKNOWN",
                                        "ENOMEM",
                                        "EINVAL",
                                        "ETIMEOUT",
                                        "ENOENT",
                                        "EBADSTATE",
                                        "EMSGSIZE",
                                        "ENOTSUP",
                                        "ECORRUPT",
                                        "EBUSY",
                                        "EACCESSDENIED",
                                        "UNSUPPORTED_TOO_OLD",
                                        "UNSUPPORTED_TOO_NEW"};

    for (int rc = 0; rc < 14; rc++) {
        const struct smp_code *code = smp_rc_find(rc);
        cr_assert_not_null(code);
        cr_assert_eq(code->size, sizeof(*code));
        cr_assert_eq(code->rc, rc);
        cr_assert_str_eq(code->name, names[rc]);
        cr_assert_gt(strlen(code->text), 5);
        cr_assert(rc == 0 || code->hint, "%s has no hint", code->name);
    }
    cr_assert_str_eq(smp_rc_find(256)->name, "EPERUSER");
}

Test(error, hints_name_what_decides)
{
    cr_assert_not_null(strstr(smp_rc_find(SMP_RC_RESPONSE_TOO_LARGE)->hint,
                              "CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE"));
    cr_assert_not_null(strstr(smp_rc_find(SMP_RC_NOT_SUPPORTED)->hint, "Kconfig"));
}

Test(error, unknown_device_codes_are_not_made_up)
{
    cr_assert_null(smp_rc_find(14));
    cr_assert_null(smp_rc_find(255));
    cr_assert_null(smp_rc_find(257));
    cr_assert_null(smp_rc_find(-1));
    cr_assert_null(smp_rc_find(INT64_MAX));
    cr_assert_null(smp_rc_find(INT64_MIN));
}
