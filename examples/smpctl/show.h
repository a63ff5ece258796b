/* SPDX-License-Identifier: Apache-2.0 */
/* Any answer as text: a key and its value a line, what is inside indented. */
#ifndef SMPCTL_SHOW_H
#define SMPCTL_SHOW_H

#include <jansson.h>

void show_json(json_t *json);

#endif
