/* SPDX-License-Identifier: Apache-2.0 */
/* Faults as text, read and written. */
#include <smp/error.h>
#include <smp/loopback.h>

#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#define MS UINT64_C(1000000)

static struct smp_faults parse(const char *text)
{
    struct smp_faults faults = {.size = sizeof(faults)};
    char error[320];
    cr_assert_eq(smp_faults_parse(&faults, text, error, sizeof(error)), SMP_OK, "%s: %s", text,
                 error);
    cr_expect_str_eq(error, "");
    return faults;
}

Test(faults_text, every_word)
{
    struct smp_faults faults =
        parse("drop=5%,burst=3,duplicate=1%,reorder=0.5,corrupt=0.0001%,truncate=100%,delay=50,"
              "jitter=10.25,rate=11520,silence-after=70000,silence-after-packets=6,drop-above=1500,"
              "restart-at=9,power-cut-at=18446744073709551615,seed=42");
    cr_expect_eq(faults.drop, 50000);
    cr_expect_eq(faults.burst, 3);
    cr_expect_eq(faults.duplicate, 10000);
    cr_expect_eq(faults.reorder, 5000);
    cr_expect_eq(faults.corrupt, 1);
    cr_expect_eq(faults.truncate, 1000000);
    cr_expect_eq(faults.delay_ns, 25 * MS, "half of the round trip");
    cr_expect_eq(faults.jitter_ns, 10 * MS + MS / 4);
    cr_expect_eq(faults.bytes_per_s, 11520);
    cr_expect_eq(faults.silent_after_bytes, 70000);
    cr_expect_eq(faults.silent_after, 6);
    cr_expect_eq(faults.drop_above, 1500);
    cr_expect_eq(faults.restart_at, 9);
    cr_expect_eq(faults.power_cut_at, UINT64_MAX);
    cr_expect_eq(faults.seed, 42);
}

Test(faults_text, what_is_not_named_stays)
{
    struct smp_faults faults = {.size = sizeof(faults), .drop = 7, .seed = 3};
    cr_expect_eq(smp_faults_parse(&faults, "", NULL, 0), SMP_OK);
    cr_expect_eq(smp_faults_parse(&faults, "burst=2", NULL, 0), SMP_OK);
    cr_expect_eq(faults.drop, 7);
    cr_expect_eq(faults.seed, 3);
    cr_expect_eq(faults.burst, 2);
}

static const struct {
    const char *text;
    const char *says; /* the word, where, and what is right */
} wrong[] = {
    {"dorp=5", "'dorp' at character 1: no such fault; there are drop, burst, "},
    {"drop=5,dup=1", "'dup' at character 8: no such fault"},
    {"drop", "'drop' at character 1: a value is missing: drop=NUMBER"},
    {"seed=1,drop=abc", "'abc' at character 13: drop takes a percentage from 0 to 100"},
    {"drop=100.1", "'100.1' at character 6: drop takes"},
    {"drop=101%", "'101%' at character 6: drop takes"},
    {"drop=5%%", "'5%%' at character 6: drop takes"},
    {"drop=-1", "'-1' at character 6: drop takes"},
    {"drop=1.", "'1.' at character 6: drop takes"},
    {"drop=0.1234567", "'0.1234567' at character 6: drop takes"},
    {"drop=", "'' at character 6: drop takes"},
    {"burst=0", "'0' at character 7: burst takes a whole number from 1 to 1000"},
    {"burst=1.5", "'1.5' at character 7: burst takes a whole number"},
    {"delay=50ms", "'50ms' at character 7: delay takes milliseconds from 0 to 3600000"},
    {"jitter=3600001", "'3600001' at character 8: jitter takes milliseconds"},
    {"rate=9%", "'9%' at character 6: rate takes a whole number"},
    {"seed=18446744073709551616", "at character 6: seed takes a whole number"},
    {"seed=0x10", "'0x10' at character 6: seed takes a whole number"},
    {",", "'' at character 1: no such fault"},
    {"drop=1,,seed=1", "'' at character 8: no such fault"},
    {"drop=1,", "',' at character 7: nothing follows"},
    {"drop =1", "'drop ' at character 1: no such fault"},
    {"\x1b[2J=1", "'?[2J' at character 1: no such fault"},
    {"a-word-that-is-so-long-that-nobody-can-want-to-read-it=1",
     "'a-word-that-is-so-long-that-nob' at character 1"},
};

Test(faults_text, what_is_wrong_is_named_with_its_place)
{
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct smp_faults faults = {.size = sizeof(faults), .drop = 11, .seed = 12};
        const struct smp_faults before = faults;
        char error[320];
        cr_expect_eq(smp_faults_parse(&faults, wrong[i].text, error, sizeof(error)),
                     SMP_ERR_INVALID, "%s", wrong[i].text);
        cr_expect(strstr(error, wrong[i].says) != NULL, "%s: %s", wrong[i].text, error);
        cr_expect(memcmp(&faults, &before, sizeof(faults)) == 0, "%s", wrong[i].text);
    }
}

Test(faults_text, all_words_are_told)
{
    struct smp_faults faults = {.size = sizeof(faults)};
    char error[320];
    cr_expect_eq(smp_faults_parse(&faults, "x=1", error, sizeof(error)), SMP_ERR_INVALID);
    cr_expect(strstr(error, ", power-cut-at, seed") != NULL, "%s", error);
    char little[20];
    cr_expect_eq(smp_faults_parse(&faults, "x=1", little, sizeof(little)), SMP_ERR_INVALID);
    cr_expect_eq(strlen(little), sizeof(little) - 1);
    cr_expect_eq(smp_faults_parse(&faults, "x=1", NULL, 0), SMP_ERR_INVALID);
}

Test(faults_text, written_as_it_is_read)
{
    static const char *const texts[] = {
        "",
        "drop=5%",
        "drop=0.0001%,burst=1000",
        "delay=50,jitter=0.5",
        "drop=100%,burst=3,duplicate=1.5%,reorder=2%,corrupt=0.25%,truncate=3%,delay=3600000,"
        "jitter=3599999.999999,rate=1000000000,silence-after=18446744073709551615,"
        "silence-after-packets=18446744073709551615,drop-above=4294967295,"
        "restart-at=18446744073709551615,power-cut-at=18446744073709551615,"
        "seed=18446744073709551615",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct smp_faults faults = parse(texts[i]);
        char text[SMP_FAULTS_TEXT_MAX];
        cr_expect_eq(smp_faults_print(&faults, text, sizeof(text)), SMP_OK);
        cr_expect_str_eq(text, texts[i]);
    }
}

Test(faults_text, a_struct_of_an_older_release)
{
    struct smp_faults faults;
    char text[SMP_FAULTS_TEXT_MAX], error[320];
    memset(&faults, 0xa5, sizeof(faults));
    faults.size = offsetof(struct smp_faults, burst);
    faults.drop = 1;
    cr_expect_eq(smp_faults_parse(&faults, "drop=2", error, sizeof(error)), SMP_OK);
    cr_expect_eq(faults.drop, 20000);
    cr_expect_eq(faults.burst, 0xa5a5a5a5u, "it does not have that member");
    cr_expect_eq(smp_faults_parse(&faults, "burst=2", error, sizeof(error)), SMP_ERR_INVALID);
    cr_expect_str_eq(error, "'burst' at character 1: the program is older than this word");
    faults = (struct smp_faults){.size = offsetof(struct smp_faults, burst), .burst = 5, .seed = 1};
    cr_expect_eq(smp_faults_print(&faults, text, sizeof(text)), SMP_OK);
    cr_expect_str_eq(text, "seed=1");
}

Test(faults_text, wrong_arguments)
{
    struct smp_faults faults = {.size = sizeof(faults), .drop = 10000, .seed = 1};
    char text[8];
    cr_expect_eq(smp_faults_parse(NULL, "", NULL, 0), SMP_ERR_INVALID);
    cr_expect_eq(smp_faults_parse(&faults, NULL, NULL, 0), SMP_ERR_INVALID);
    cr_expect_eq(smp_faults_print(&faults, text, sizeof(text)), SMP_ERR_TOO_LARGE);
    cr_expect_str_eq(text, "drop=1%");
    cr_expect_eq(smp_faults_print(&faults, text, 0), SMP_ERR_INVALID);
    cr_expect_eq(smp_faults_print(&faults, NULL, 8), SMP_ERR_INVALID);
    faults.size = 0;
    cr_expect_eq(smp_faults_print(&faults, text, sizeof(text)), SMP_ERR_INVALID);
    cr_expect_eq(smp_faults_parse(&faults, "", NULL, 0), SMP_ERR_INVALID);
}
