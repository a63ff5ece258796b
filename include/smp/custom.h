/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Groups of the program's own: tables made at run time, for commands that this
 * library does not know.
 *
 * A group from here is like those of the library: typed calls
 * (smp_session_call()), server handlers (smp_server_handle()), names in dumps
 * (smp_packet_dump()) and reflection (message.h), so JSON and bindings too.
 *
 *     struct lamp { size_t size; bool has_level; uint8_t level; };
 *
 *     struct smp_message *lamp;
 *     smp_message_new(loop, "lamp", sizeof(struct lamp), &lamp);
 *     const struct smp_field_spec level = {
 *         .size = sizeof(level), .key = "level", .kind = SMP_KIND_UINT, .width = 1,
 *         .optional = true,
 *         .offset = offsetof(struct lamp, level), .has = offsetof(struct lamp, has_level)};
 *     smp_message_add(lamp, &level);
 *
 *     struct smp_group *home;
 *     smp_group_new(loop, 100, "home", &home);
 *     const struct smp_command_spec set = {
 *         .size = sizeof(set), .name = "set", .id = 1, .op = SMP_OP_WRITE, .request = lamp};
 *     smp_group_add_command(home, &set);
 *
 *     smp_session_call(session, smp_command_find(loop, 100, 1, SMP_OP_WRITE), &on, ...);
 *
 * A program without structs (a description file, a scripting language) gives
 * the size 0 and no offsets: the library lays the struct out, and its members
 * are reached by key, with smp_message_find(), smp_field_get(), _set() and
 * _set_elements().
 *
 * All of it belongs to the loop, is freed with it, and stands still once the
 * first session or server was made on the loop: SMP_ERR_BUSY from then on.
 * What was wrong with an argument goes to the loop's log, level error.
 *
 * Names of groups, commands and messages are letters, digits, `_` and `-`, a
 * letter first, 63 at most.  All strings are copied.
 *
 * Threads: the loop's only.
 */
#ifndef SMP_CUSTOM_H
#define SMP_CUSTOM_H

#include <smp/export.h>
#include <smp/message.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name Messages
 * @{ */

/**
 * Begins a table.
 * @param size     sizeof the program's struct, whose first member is `size_t size`; 0: the library
 *                 lays it out, and smp_message_size() tells how large it has become.
 * @param message  Out; owned by the loop.
 * @retval SMP_ERR_INVALID    the name, or a size that cannot be.
 * @retval SMP_ERR_EXISTS     another message of this loop has that name.
 * @retval SMP_ERR_BUSY       there is or was a session or server.
 * @retval SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_message_new(struct smp_loop *loop, const char *name, size_t size,
                            struct smp_message **message);

/** One field.  Zero means none, or default. */
struct smp_field_spec {
    size_t size;       /**< sizeof(struct smp_field_spec). */
    /**
     * The CBOR key.  "" has two uses: the first field of a MAP's element, of kind STR, is the
     * entry's key, and when the second and last one is a scalar with the key "" too, it is the
     * entry's value ({"a": 1}); a MAP with the key "" holds all entries that no other field takes.
     */
    const char *key;
    const char *alias; /**< Another spelling to accept; may be NULL. */
    enum smp_kind kind;
    enum smp_kind element; /**< Of a LIST: a scalar's kind, or SMP_KIND_RECORD. */
    size_t width;          /**< Bytes of a number (or a LIST's): 1, 2, 4 or 8.  Default 8. */
    bool optional;         /**< May be missing on the wire. */
    const struct smp_message *message; /**< Of a RECORD, a MAP's entries, a LIST's records. */
    size_t offset; /**< Of the member, as message.h describes it for each kind. */
    size_t has;    /**< Of its `bool has_x`: must be with optional scalars, may be with optional
                        lists and maps. */
    size_t count;  /**< Of its `size_t n_x`: lists and maps. */
};

/**
 * Adds a field.  A message that a field or command refers to does not change any more.
 * @retval SMP_ERR_INVALID    kind, width, key or message do not go together, or a member overlaps
 *                            another, is not aligned, or lies outside of the struct.
 * @retval SMP_ERR_EXISTS     the key is taken.
 * @retval SMP_ERR_TOO_LARGE  more than 64 fields, or a struct over 65535 bytes.
 * @retval SMP_ERR_BUSY       something refers to the message, or there is or was a session or server.
 * @retval SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_message_add(struct smp_message *message, const struct smp_field_spec *spec);

/** @} */

/** @name Groups
 * @{ */

/**
 * Begins a group.  It takes the place of a vendor's group (suit.h, memfault.h) of that number.
 * @param id     64 to 65535.
 * @param group  Out; owned by the loop.
 * @retval SMP_ERR_INVALID  the number belongs to Zephyr, or the name.
 * @retval SMP_ERR_EXISTS   number or name are taken.
 * @retval SMP_ERR_BUSY     there is or was a session or server.
 * @retval SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_group_new(struct smp_loop *loop, uint16_t id, const char *name,
                          struct smp_group **group);

/** One command and op. */
struct smp_command_spec {
    size_t size; /**< sizeof(struct smp_command_spec). */
    const char *name;
    uint8_t id;
    uint8_t op;      /**< SMP_OP_READ or SMP_OP_WRITE. */
    bool idempotent; /**< May be executed twice without harm: repeated by default. */
    const struct smp_message *request;  /**< NULL: without fields. */
    /**
     * NULL: without fields.  The keys `err` and `ret` with a map and `rsn` with a text are always
     * the device's refusal, so fields of those kinds are refused.  With a field `rc` a number there
     * is the device's refusal only when a required field is missing.
     */
    const struct smp_message *response;
    const char *enable; /**< What a device without the command lacks ("CONFIG_..."), or NULL. */
};

/**
 * Adds a command.  Find it with smp_command_find() when the group is complete.
 * @retval SMP_ERR_INVALID  name, op or a message.
 * @retval SMP_ERR_EXISTS   the group has such a command, by number and op or by name.
 * @retval SMP_ERR_BUSY     there is or was a session or server.
 * @retval SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_group_add_command(struct smp_group *group, const struct smp_command_spec *spec);

/**
 * Explains a code of the group.
 * @param code  `rc` 0 to 65535, name and text; hint may be NULL.
 * @param v1    The enum smp_rc that a server answers to requests of SMP v1 instead.
 * @retval SMP_ERR_INVALID, SMP_ERR_EXISTS, SMP_ERR_BUSY, SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_group_add_code(struct smp_group *group, const struct smp_code *code, int v1);

/** @} */

#ifdef __cplusplus
}
#endif
#endif
