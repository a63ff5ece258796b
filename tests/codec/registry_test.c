/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/registry.h"
#include "codec/groups.h"

#include <criterion/criterion.h>

Test(registry, finds_groups_by_number)
{
    cr_assert_eq(smpi_registry_group(&t_registry, 0), &t_os);
    cr_assert_eq(smpi_registry_group(&t_registry, 1), &t_img);
    cr_assert_eq(smpi_registry_group(&t_registry, 70), &t_user);
    cr_assert_null(smpi_registry_group(&t_registry, 2));
    cr_assert_null(smpi_registry_group(&t_registry, 65535));
}

Test(registry, walks_groups_by_rising_number)
{
    cr_assert_eq(smpi_registry_next(&t_registry, -1), &t_os);
    cr_assert_eq(smpi_registry_next(&t_registry, 0), &t_img);
    cr_assert_eq(smpi_registry_next(&t_registry, 1), &t_user);
    cr_assert_eq(smpi_registry_next(&t_registry, 69), &t_user);
    cr_assert_null(smpi_registry_next(&t_registry, 70));
}

Test(registry, finds_commands_by_the_op_of_request_or_response)
{
    cr_assert_eq(smpi_registry_command(&t_registry, 1, 0, SMP_OP_READ), &t_img_commands[0]);
    cr_assert_eq(smpi_registry_command(&t_registry, 1, 0, SMP_OP_READ_RSP), &t_img_commands[0]);
    cr_assert_eq(smpi_registry_command(&t_registry, 1, 0, SMP_OP_WRITE), &t_img_commands[1]);
    cr_assert_eq(smpi_registry_command(&t_registry, 1, 0, SMP_OP_WRITE_RSP), &t_img_commands[1]);
    cr_assert_null(smpi_registry_command(&t_registry, 1, 1, SMP_OP_READ));
    cr_assert_null(smpi_registry_command(&t_registry, 1, 2, SMP_OP_WRITE));
    cr_assert_null(smpi_registry_command(&t_registry, 1, 0, 4));
    cr_assert_null(smpi_registry_command(&t_registry, 9, 0, SMP_OP_READ));
    cr_assert_null(smpi_registry_command(&t_registry, 70, 0, SMP_OP_READ));
}

Test(registry, knows_nothing_when_there_is_none)
{
    static const struct smpi_registry empty;

    cr_assert_null(smpi_registry_group(NULL, 0));
    cr_assert_null(smpi_registry_next(NULL, -1));
    cr_assert_null(smpi_registry_command(NULL, 0, 0, 0));
    cr_assert_null(smpi_registry_next(&empty, -1));
}
