/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/result.h"
#include "base/text.h"
#include "codec/registry.h"

#include <inttypes.h>
#include <string.h>

static void add_code(struct smpi_text *text, int64_t rc, const struct smp_code *code)
{
    smpi_text_print(text, "code %" PRId64, rc);
    if (!code) {
        smpi_text_add(text, ", which this library does not know; look it up in the firmware");
        return;
    }
    smpi_text_print(text, " %s: ", code->name);
    smpi_text_add(text, code->text);
}

/* What to do: the option that this very command needs is better than general advice. */
static void add_hint(struct smpi_text *text, const struct smp_result *result,
                     const struct smp_code *code)
{
    const struct smp_command *command = result->command;

    if (!result->from_group && result->rc == SMP_RC_NOT_SUPPORTED && command && command->enable) {
        smpi_text_add(text, "; it needs ");
        smpi_text_add(text, command->enable);
        smpi_text_add(text, " in the firmware");
    } else if (code && code->hint) {
        smpi_text_add(text, "; ");
        smpi_text_add(text, code->hint);
    }
}

static void add_refusal(struct smpi_text *text, const struct smpi_registry *registry,
                        const struct smp_result *result)
{
    const struct smp_group *group = NULL;
    const struct smp_code *code;

    smpi_text_add(text, "device refused: ");
    if (result->from_group) {
        group = smpi_registry_group(registry, result->group);
        code = smp_group_code(group, result->rc);
    } else {
        code = smp_rc_find(result->rc > SMP_RC_USER ? SMP_RC_USER : result->rc);
    }
    if (group)
        smpi_text_print(text, "%s group, ", group->name);
    else if (result->from_group)
        smpi_text_print(text, "group %u, ", result->group);
    add_code(text, result->rc, code);
    if (result->reason.len > 0) {
        smpi_text_add(text, "; it says \"");
        smpi_text_escape(text, result->reason.data, result->reason.len);
        smpi_text_add(text, "\"");
    }
    add_hint(text, result, code);
}

size_t smpi_result_text(const struct smpi_registry *registry, const struct smp_result *result,
                        char *text_out, size_t size)
{
    struct smpi_text text;

    smpi_text_init(&text, text_out, size);
    if (result->error == SMP_ERR_DEVICE) {
        add_refusal(&text, registry, result);
        return text.len;
    }
    smpi_text_add(&text, smp_error_text(result->error));
    if (result->error == SMP_ERR_MALFORMED && result->key) {
        smpi_text_add(&text, ": \"");
        smpi_text_escape(&text, result->key, strlen(result->key));
        smpi_text_add(&text, "\" is missing, there twice, of the wrong type or out of range");
    }
    if (result->error == SMP_ERR_TIMEOUT && result->command && result->command->silence) {
        smpi_text_add(&text, "; ");
        smpi_text_add(&text, result->command->silence);
    }
    if (result->system_error != 0) {
        smpi_text_add(&text, ": ");
        smpi_text_add(&text, strerror(result->system_error));
    }
    return text.len;
}
