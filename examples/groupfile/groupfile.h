/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of one's own, described by a JSON file instead of C structs:
 *
 *     {"groups": [{
 *         "id": 100, "name": "lamp",
 *         "commands": [
 *             {"id": 1, "name": "set", "op": "write", "needs": "CONFIG_LAMP",
 *              "request": [{"key": "level", "type": "uint8"},
 *                          {"key": "fade_ms", "type": "uint32", "optional": true}]},
 *             {"id": 1, "name": "get", "op": "read",
 *              "response": [{"key": "level", "type": "uint8"}]}],
 *         "codes": [{"rc": 2, "name": "TOO_HOT", "text": "the lamp is too hot",
 *                    "hint": "let it cool down"}]}]}
 *
 * Types: bool, uint8 to uint64 (uint), int8 to int64 (int), text, bytes, any,
 * record, "list of" and "map of" any of these; what holds records lists their
 * "fields".  `smpctl describe --json` prints groups in the same form.
 */
#ifndef GROUPFILE_H
#define GROUPFILE_H

#include <smp/loop.h>

#include <stdbool.h>

/*
 * Adds the groups of a file to a loop that has no session or server yet.
 * False: error says file, line and reason.
 */
bool groupfile_load(struct smp_loop *loop, const char *path, char *error, size_t size);

#endif
