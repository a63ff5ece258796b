/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a person, one question at a time, on standard error and input. */
#ifndef DFU_ASK_H
#define DFU_ASK_H

struct run;
struct unit;

/* Asks whether the unit's new image is good, when those before it were answered. */
void ask_person(struct unit *unit);
/* It need not be asked any more. */
void ask_forget(struct unit *unit);
void ask_close(struct run *run);

#endif
