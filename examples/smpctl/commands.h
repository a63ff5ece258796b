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

/* The most that -n and -w take.  A larger -n is a chunk size, as some guides have it. */
#define IMAGE_MAX 15
#define WINDOW_MAX 64

/* cmd_upload.c */
int cmd_image_upload(struct smpctl *ctl);
extern struct poptOption upload_options[];

/* cmd_upgrade.c */
int cmd_upgrade(struct smpctl *ctl);
extern struct poptOption upgrade_options[];

/* cmd_core.c */
int cmd_image_corelist(struct smpctl *ctl);
int cmd_image_coredownload(struct smpctl *ctl);
int cmd_image_coreerase(struct smpctl *ctl);

/* cmd_fs.c */
int cmd_fs_status(struct smpctl *ctl);
int cmd_fs_hash(struct smpctl *ctl);
int cmd_fs_types(struct smpctl *ctl);
int cmd_fs_close(struct smpctl *ctl);
extern struct poptOption fs_hash_options[];

/* cmd_fs_transfer.c */
int cmd_fs_upload(struct smpctl *ctl);
int cmd_fs_download(struct smpctl *ctl);
extern struct poptOption fs_upload_options[];
extern struct poptOption fs_download_options[];

/* cmd_stat.c */
int cmd_stat(struct smpctl *ctl);
int cmd_stat_list(struct smpctl *ctl);

/* cmd_monitor.c */
int cmd_monitor(struct smpctl *ctl);
extern struct poptOption monitor_options[];

/* cmd_settings.c */
int cmd_settings_read(struct smpctl *ctl);
int cmd_settings_write(struct smpctl *ctl);
int cmd_settings_delete(struct smpctl *ctl);
int cmd_settings_commit(struct smpctl *ctl);
int cmd_settings_load(struct smpctl *ctl);
int cmd_settings_save(struct smpctl *ctl);
extern struct poptOption settings_read_options[];
extern struct poptOption settings_write_options[];

/* cmd_config.c */
int cmd_config(struct smpctl *ctl);
int cmd_config_save(struct smpctl *ctl);

/* cmd_shell.c */
int cmd_shell(struct smpctl *ctl);
int cmd_shell_exec(struct smpctl *ctl);

/* cmd_enum.c */
int cmd_enum_count(struct smpctl *ctl);
int cmd_enum_list(struct smpctl *ctl);
int cmd_enum_info(struct smpctl *ctl);

/* cmd_mynewt.c */
int cmd_crash(struct smpctl *ctl);
int cmd_run_test(struct smpctl *ctl);
int cmd_run_list(struct smpctl *ctl);

/* cmd_log.c */
int cmd_log_show(struct smpctl *ctl);
int cmd_log_list(struct smpctl *ctl);
int cmd_log_module_list(struct smpctl *ctl);
int cmd_log_level_list(struct smpctl *ctl);
int cmd_log_clear(struct smpctl *ctl);
extern struct poptOption log_show_options[];

/* cmd_storage.c */
int cmd_storage_erase(struct smpctl *ctl);
extern struct poptOption storage_options[];

/* cmd_call.c */
int cmd_call(struct smpctl *ctl);
extern struct poptOption call_options[];

/* cmd_raw.c */
int cmd_raw(struct smpctl *ctl);
extern struct poptOption raw_options[];

/* cmd_describe.c */
int cmd_describe(struct smpctl *ctl);

/* cmd_decode.c */
int cmd_decode(struct smpctl *ctl);
extern struct poptOption decode_options[];

/* cmd_conn.c */
int cmd_conn_add(struct smpctl *ctl);
int cmd_conn_show(struct smpctl *ctl);
int cmd_conn_delete(struct smpctl *ctl);

/* cmd_ports.c */
int cmd_ports(struct smpctl *ctl);

/* cmd_doctor.c */
int cmd_doctor(struct smpctl *ctl);

/* cmd_local.c */
int cmd_image_info(struct smpctl *ctl);
int cmd_version(struct smpctl *ctl);

/* cmd_completion.c */
int cmd_completion(struct smpctl *ctl);

#endif
