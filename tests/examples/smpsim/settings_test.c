/* SPDX-License-Identifier: Apache-2.0 */
/* Group settings: RAM, the file, and what differs between servers. */
#include "rig.h"
#include "text.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(settings, .init = setup, .fini = teardown);

static int64_t put(const char *name, const char *text)
{
    struct smp_settings_write_req req = {
        .size = sizeof(req),
        .name = sim_str(name),
        .value = {.kind = SMP_KIND_BYTES, .as.bytes = {(const uint8_t *)text, strlen(text)}},
    };

    return rig_rc(rig_call(&rig, SMP_GROUP_SETTINGS, 0, SMP_OP_WRITE, &req));
}

static int64_t delete (const char *name)
{
    struct smp_settings_delete_req req = {.size = sizeof(req), .name = sim_str(name)};

    return rig_rc(rig_call(&rig, SMP_GROUP_SETTINGS, 1, SMP_OP_WRITE, &req));
}

static int64_t command(uint8_t id, uint8_t op)
{
    return rig_rc(rig_call(&rig, SMP_GROUP_SETTINGS, id, op, NULL));
}

/* The value as text, or its error as a number in brackets. */
static const char *get_up_to(const char *name, uint32_t max_size)
{
    static char text[256];
    struct smp_settings_read_req req = {.size = sizeof(req),
                                        .name = sim_str(name),
                                        .has_max_size = max_size != 0,
                                        .max_size = max_size};
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_SETTINGS, 0, SMP_OP_READ, &req);
    const struct smp_settings_read_rsp *rsp = result->rsp;

    if (result->error != SMP_OK)
        snprintf(text, sizeof(text), "(%lld)", (long long)rig_rc(result));
    else
        snprintf(text, sizeof(text), "%.*s%s", (int)rsp->value.as.bytes.len,
                 (const char *)rsp->value.as.bytes.data,
                 rsp->has_max_size && rsp->max_size == 32 ? " (at most 32)" : "");
    return text;
}

static const char *get(const char *name)
{
    return get_up_to(name, 0);
}

Test(settings, what_is_not_saved_is_lost)
{
    rig_start(&rig);
    cr_assert_str_eq(get("app/name"), "smpsim");
    cr_assert_eq(put("app/name", "kettle"), 0);
    cr_assert_eq(put("app/new", "leaf"), 0);
    cr_assert_str_eq(get("app/name"), "kettle");
    cr_assert_eq(command(2, SMP_OP_WRITE), 0);
    cr_assert(rig_told(&rig, "settings committed"));
    rig_reset(&rig);
    cr_assert_str_eq(get("app/name"), "smpsim");
    cr_assert_str_eq(get("app/new"), "(3)");
}

Test(settings, what_is_saved_survives_a_reset_and_a_power_cut)
{
    rig_start(&rig);
    cr_assert_eq(put("app/name", "kettle"), 0);
    cr_assert_eq(put("app/empty", ""), 0);
    cr_assert_eq(command(3, SMP_OP_WRITE), 0);
    rig_reset(&rig);
    cr_assert_str_eq(get("app/name"), "kettle");
    rig_stop(&rig);
    rig_start(&rig);
    cr_assert_str_eq(get("app/name"), "kettle");
    cr_assert_str_eq(get("app/empty"), "");
}

Test(settings, load_brings_back_what_was_saved)
{
    rig_start(&rig);
    cr_assert_eq(put("app/name", "saved"), 0);
    cr_assert_eq(command(3, SMP_OP_WRITE), 0);
    cr_assert_eq(put("app/name", "changed"), 0);
    cr_assert_eq(command(3, SMP_OP_READ), 0);
    cr_assert_str_eq(get("app/name"), "saved");
}

Test(settings, delete_forgets_what_was_saved_too)
{
    rig_start(&rig);
    cr_assert_eq(put("app/x", "1"), 0);
    cr_assert_eq(command(3, SMP_OP_WRITE), 0);
    cr_assert_eq(delete ("app/x"), 0);
    cr_assert_str_eq(get("app/x"), "(3)");
    cr_assert_eq(delete ("app/x"), SMP_SETTINGS_RC_KEY_NOT_FOUND);
    rig_reset(&rig);
    cr_assert_str_eq(get("app/x"), "(3)");
}

Test(settings, a_value_is_clipped_to_what_was_asked_and_to_the_limit)
{
    char longer[41] = "";

    memset(longer, 'x', 40);
    rig_start(&rig);
    cr_assert_str_eq(get_up_to("app/name", 2), "sm");
    cr_assert_str_eq(get_up_to("app/name", 32), "smpsim");
    cr_assert_str_eq(get_up_to("app/name", 1000), "smpsim (at most 32)");
    cr_assert_eq(put("app/long", longer), 0);
    cr_assert_eq(strlen(get("app/long")), 32);
}

Test(settings, names_and_values_have_limits)
{
    char value[SIM_SETTING_VALUE_MAX + 2] = "";

    memset(value, 'v', SIM_SETTING_VALUE_MAX + 1);
    rig_start(&rig);
    cr_assert_str_eq(get(""), "(-3)");
    cr_assert_str_eq(get("app/nnnnnnnnnnnnnnnnnnnnnnnnnnnn"), "(2)");
    cr_assert_str_eq(get("app/nnnnnnnnnnnnnnnnnnnnnnnnnnn"), "(3)");
    cr_assert_str_eq(get("zzz/a"), "(5)");
    cr_assert_eq(put("zzz/a", "x"), SMP_SETTINGS_RC_ROOT_KEY_NOT_FOUND);
    cr_assert_eq(put("ap/name", "x"), SMP_SETTINGS_RC_ROOT_KEY_NOT_FOUND);
    cr_assert_eq(put("app/a\nb=00", "x"), SMP_SETTINGS_RC_UNKNOWN, "not a line of the file");
    cr_assert_eq(put("app/v", value), SMP_SETTINGS_RC_ROOT_KEY_NOT_FOUND);
    value[SIM_SETTING_VALUE_MAX] = '\0';
    cr_assert_eq(put("app/v", value), 0);
}

Test(settings, there_is_room_for_so_many)
{
    char name[16];
    unsigned n = 0;

    rig_start(&rig);
    for (; n < 100; n++) {
        snprintf(name, sizeof(name), "app/%u", n);
        if (put(name, "x") != 0)
            break;
    }
    cr_assert_eq(n, SIM_SETTINGS_MAX - 2, "two were there already");
    cr_assert_eq(delete ("app/0"), 0);
    cr_assert_eq(put("app/other", "x"), 0, "a place that became free is used again");
    cr_assert_str_eq(get("app/name"), "smpsim");
}

Test(settings, options_give_first_values_and_names)
{
    rig.device_options.settings[0] = "peer/a=hello";
    rig.device_options.settings[1] = "peer/b=";
    rig_start(&rig);
    cr_assert_str_eq(get("peer/a"), "hello");
    cr_assert_str_eq(get("peer/b"), "");
    cr_assert_str_eq(get("peer/c"), "(3)");
    cr_assert_eq(put("peer/c", "x"), 0);
    rig_stop(&rig);
    rig.device_options.settings[1] = "no equals sign";
    cr_assert_eq(rig_try(&rig), SMP_ERR_INVALID);
    cr_assert(strstr(rig.error, "no equals sign") != NULL, "%s", rig.error);
}

Test(settings, on_3_4_codes_and_deletion_are_others)
{
    rig.device_options.profile = sim_profile_find("zephyr-3.4");
    rig_start(&rig);
    cr_assert_str_eq(get("zzz/a"), "(3)");
    cr_assert_str_eq(get("app/zzz"), "(1)");
    cr_assert_eq(put("zzz/a", "x"), 3);
    cr_assert_eq(delete ("zzz/zz"), 0);
    cr_assert_eq(delete ("app/name"), 0);
    cr_assert_str_eq(get("app/name"), "");
}

Test(settings, mynewt_has_text_and_saves_with_a_write)
{
    struct smp_settings_write_req req = {
        .size = sizeof(req),
        .name = sim_str("app/name"),
        .value = {.kind = SMP_KIND_STR, .as.str = sim_str("kettle")},
        .has_save = true,
        .save = true,
    };

    rig.device_options.profile = sim_profile_find("mynewt");
    rig_start(&rig);
    cr_assert_str_eq(get("app/interval"), "1000");
    cr_assert_eq(put("app/name", "bytes"), -SMP_RC_INVALID);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_SETTINGS, 0, SMP_OP_WRITE, &req)), 0);
    rig_reset(&rig);
    cr_assert_str_eq(get("app/name"), "kettle");
}

Test(settings, a_file_that_is_wrong_is_named_with_its_line)
{
    char path[128];
    FILE *file;

    rig_start(&rig);
    rig_stop(&rig);
    snprintf(path, sizeof(path), "%s/settings", rig.state);
    file = fopen(path, "w");
    cr_assert(file != NULL);
    fputs("app/name=41\napp/interval=4\n", file);
    fclose(file);
    cr_assert_eq(rig_try(&rig), SMP_ERR_MALFORMED);
    cr_assert(strstr(rig.error, "settings:2:") != NULL, "%s", rig.error);
}

Test(settings, erasing_the_storage_forgets_what_was_saved)
{
    rig_start(&rig);
    cr_assert_eq(put("app/name", "kettle"), 0);
    cr_assert_eq(command(3, SMP_OP_WRITE), 0);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_ZEPHYR, 0, SMP_OP_WRITE, NULL)), 0);
    cr_assert_str_eq(get("app/name"), "kettle", "what is in RAM stays");
    rig_reset(&rig);
    cr_assert_str_eq(get("app/name"), "smpsim");
}
