/* SPDX-License-Identifier: Apache-2.0 */
/* What goes through a whole folder.  Links are not followed. */
#ifndef SMPSIM_TREE_H
#define SMPSIM_TREE_H

#include <stdint.h>

/* Blocks (SIM_FS_BLOCK) that the plain files take. */
uint64_t sim_tree_blocks(int folder);
/* Deletes everything in it. */
void sim_tree_wipe(int folder);

#endif
