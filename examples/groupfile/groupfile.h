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
 *              "response": [{"key": "level", "type": "uint8", "value": 20}]}],
 *         "codes": [{"rc": 2, "name": "TOO_HOT", "text": "the lamp is too hot",
 *                    "hint": "let it cool down"}]}]}
 *
 * Types: bool, uint8 to uint64 (uint), int8 to int64 (int), text, bytes, any,
 * record, "list of" and "map of" any of these; what holds records lists their
 * "fields".  `smpctl describe --json` prints groups in the same form.  A "value"
 * is what a device has there at first, in JSON, bytes in hexadecimal: one for a
 * key in a group.
 */
#ifndef GROUPFILE_H
#define GROUPFILE_H

#include <smp/loop.h>
#include <smp/message.h>

#include <stdbool.h>

/* Who serves the groups. */
struct groupfile_server {
    /* Each group that is found.  False: no memory. */
    bool (*group)(const struct smp_group *group, void *user);
    /* Each value of a key in the group that was found last, one CBOR item.  False: no memory. */
    bool (*value)(const char *key, const uint8_t *cbor, size_t len, void *user);
    void *user;
};

/*
 * Adds the groups of a file to a loop that has no session or server yet.
 * False: error says file, line and reason.  The server may be NULL.
 */
bool groupfile_load(struct smp_loop *loop, const char *path, const struct groupfile_server *server,
                    char *error, size_t size);

/* All files *.json of a folder, by name. */
bool groupfile_load_folder(struct smp_loop *loop, const char *folder,
                           const struct groupfile_server *server, char *error, size_t size);

#endif
