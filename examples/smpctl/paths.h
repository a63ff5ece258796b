/* SPDX-License-Identifier: Apache-2.0 */
/* Where this program keeps its files: the folders of the XDG base directory specification. */
#ifndef SMPCTL_PATHS_H
#define SMPCTL_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * $XDG_CONFIG_HOME/smpctl or ~/.config/smpctl, with a name appended.  False:
 * there is neither XDG_CONFIG_HOME nor HOME, or it is too long.
 */
bool paths_config(const char *name, char *path, size_t size);

/* The same in $XDG_STATE_HOME or ~/.local/state: what a program remembers. */
bool paths_state(const char *name, char *path, size_t size);

/* Makes all folders of a path but its last part, for this user only.  0, or -1 with errno. */
int paths_make_folders(char *path);

#endif
