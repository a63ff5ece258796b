/* SPDX-License-Identifier: Apache-2.0 */
/* What a group's file is made of: see docs/add-a-command.md. */
#ifndef SMPI_GROUPS_GROUP_H
#define SMPI_GROUPS_GROUP_H

#include "codec/table.h"

#include <smp/session.h>

/* One row of a group's commands. */
#define SMPI_COMMAND(g, i, o, n, req, rsp, f)                                                      \
    {                                                                                              \
        .name = (n), .request = &(req), .response = &(rsp), .group = (g), .id = (i), .op = (o),    \
        .flags = (f)                                                                               \
    }

/* The same for a command that firmware can leave out: the option that switches it on. */
#define SMPI_COMMAND_NEEDS(g, i, o, n, req, rsp, f, option)                                        \
    {                                                                                              \
        .name = (n), .request = &(req), .response = &(rsp), .group = (g), .id = (i), .op = (o),    \
        .flags = (f), .enable = (option)                                                           \
    }

/* The same for one to which no answer may come: what to do then. */
#define SMPI_COMMAND_PATIENT(g, i, o, n, req, rsp, f, option, advice)                              \
    {                                                                                              \
        .name = (n), .request = &(req), .response = &(rsp), .group = (g), .id = (i), .op = (o),    \
        .flags = (f), .enable = (option), .silence = (advice)                                      \
    }

/* One row of a group's codes. */
#define SMPI_CODE(number, v1_, n, t, h)                                                            \
    {                                                                                              \
        .code = {.size = sizeof(struct smp_code),                                                  \
                 .rc = (number),                                                                   \
                 .name = (n),                                                                      \
                 .text = (t),                                                                      \
                 .hint = (h)},                                                                     \
        .v1 = (v1_)                                                                                \
    }

/* The groups the library knows. */
extern const struct smp_group smpi_group_os;
extern const struct smp_group smpi_group_img;
extern const struct smp_group smpi_group_stat;
extern const struct smp_group smpi_group_settings;
extern const struct smp_group smpi_group_log;
extern const struct smp_group smpi_group_crash;
extern const struct smp_group smpi_group_run;
extern const struct smp_group smpi_group_fs;
extern const struct smp_group smpi_group_shell;
extern const struct smp_group smpi_group_enum;
extern const struct smp_group smpi_group_transport;
extern const struct smp_group smpi_group_zephyr;
extern const struct smp_group smpi_group_suit;
extern const struct smp_group smpi_group_memfault;

/* How the parameters of a device are asked for (os.c). */
extern const struct smpi_probe smpi_os_probe;

/* A command or answer without fields (empty.c). */
extern const struct smp_message smpi_empty;

#endif
