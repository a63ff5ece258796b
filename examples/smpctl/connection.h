/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved connections: smpctl/connections.json in the user's configuration folder
 * ($XDG_CONFIG_HOME, or ~/.config), an object of name -> {type, connstring}.
 * Those of the Go tool (~/.mcumgr.cp.json) are read too, never written.
 */
#ifndef SMPCTL_CONNECTION_H
#define SMPCTL_CONNECTION_H

#include <jansson.h>

struct smpctl;

struct connection {
    char type[16];
    char connstring[128];
};

/* Finds one by name.  Returns STATUS_DONE, or what was reported. */
int connection_find(struct smpctl *ctl, const char *name, struct connection *connection);

/* All of them, {name: {type, connstring}}; NULL when reported (status is set). */
json_t *connection_all(struct smpctl *ctl, int *status);

/* Saves one, or replaces it; connection NULL deletes it. */
int connection_save(struct smpctl *ctl, const char *name, const struct connection *connection);

#endif
