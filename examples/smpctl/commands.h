/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of commands.  To add one: a function in a cmd_*.c, a line here, a
 * row in commands.c.
 */
#ifndef SMPCTL_COMMANDS_H
#define SMPCTL_COMMANDS_H

#include "smpctl.h"

/* In the order help shows them; ends with a NULL name. */
extern const struct command commands[];

/*
 * Finds the command the words name: sets ctl->command, or ctl->family when they
 * name only a family, or neither when there are no words; used says how many
 * words did it.  An unknown name is STATUS_USAGE, with the nearest one shown.
 */
int command_find(struct smpctl *ctl, const char *const *words, int n, int *used);

/* cmd_os.c */
int cmd_echo(struct smpctl *ctl);
int cmd_reset(struct smpctl *ctl);
int cmd_taskstat(struct smpctl *ctl);
int cmd_mpstat(struct smpctl *ctl);
int cmd_datetime(struct smpctl *ctl);
int cmd_info(struct smpctl *ctl);
int cmd_bootloader(struct smpctl *ctl);
int cmd_params(struct smpctl *ctl);
extern struct poptOption reset_options[];

/* cmd_img.c */
int cmd_image_list(struct smpctl *ctl);
int cmd_image_test(struct smpctl *ctl);
int cmd_image_confirm(struct smpctl *ctl);
int cmd_image_erase(struct smpctl *ctl);
int cmd_image_slots(struct smpctl *ctl);

/* cmd_upload.c */
int cmd_image_upload(struct smpctl *ctl);
extern struct poptOption upload_options[];

/* cmd_conn.c */
int cmd_conn_add(struct smpctl *ctl);
int cmd_conn_show(struct smpctl *ctl);
int cmd_conn_delete(struct smpctl *ctl);

/* cmd_local.c */
int cmd_image_info(struct smpctl *ctl);
int cmd_version(struct smpctl *ctl);

#endif
