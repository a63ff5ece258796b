/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Messages as C structs, and the tables that describe them.
 *
 * Each request and response is a plain struct (os.h, img.h, ...) with a
 * constant table beside it: CBOR key, offset, kind.  The functions here walk
 * those tables, so that a program can print, convert or generate code for any
 * command without knowing it.
 *
 * Rules for every struct described by a table:
 * - it begins with `size_t size`, which the one who fills the struct sets to
 *   sizeof.  Structs only grow at the end; members past `size` count as absent;
 * - what may be missing on the wire has a `bool has_x` beside it, except lists
 *   and maps, whose `n_x` is 0 (and `has_x` tells empty from absent where it
 *   exists);
 * - text and bytes are a pointer and a length: never NUL-terminated;
 * - lists and maps of records are arrays of pointers to elements.
 *
 * Tables are constant: any thread may walk them at any time.
 */
#ifndef SMP_MESSAGE_H
#define SMP_MESSAGE_H

#include <smp/error.h>
#include <smp/export.h>
#include <smp/header.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct smp_loop;

/** Text as it stands on the wire: UTF-8 if the device keeps to the rules.  Borrowed. */
struct smp_str {
    const char *data; /**< Not NUL-terminated; may be NULL when len is 0. */
    size_t len;       /**< Bytes. */
};

/** Bytes.  Borrowed. */
struct smp_bytes {
    const uint8_t *data; /**< May be NULL when len is 0. */
    size_t len;
};

/** What a field holds. */
enum smp_kind {
    SMP_KIND_NONE = 0,
    SMP_KIND_BOOL = 1,   /**< bool */
    SMP_KIND_UINT = 2,   /**< uint8_t ... uint64_t */
    SMP_KIND_INT = 3,    /**< int8_t ... int64_t */
    SMP_KIND_STR = 4,    /**< struct smp_str */
    SMP_KIND_BYTES = 5,  /**< struct smp_bytes */
    SMP_KIND_VALUE = 6,  /**< struct smp_value: more than one wire type is possible. */
    SMP_KIND_RECORD = 7, /**< A nested struct. */
    SMP_KIND_LIST = 8,   /**< Array of records or of scalars. */
    SMP_KIND_MAP = 9,    /**< Map of records; each element's first member is its key. */
    SMP_KIND_CBOR = 10,  /**< In struct smp_value only: any other item, as raw CBOR in `bytes`. */
};

/** A field whose wire type varies. */
struct smp_value {
    enum smp_kind kind; /**< BOOL, UINT, INT, STR, BYTES, CBOR or NONE. */
    union {
        bool boolean;
        uint64_t uint;
        int64_t sint; /**< Negative numbers only, when it came from the wire. */
        struct smp_str str;
        struct smp_bytes bytes;
    } as;
};

struct smp_group;   /**< A group of commands with its error codes. */
struct smp_command; /**< One command and op of a group. */
struct smp_message; /**< The table of one struct. */
struct smp_field;   /**< One row of a table. */

/** @name Groups
 * @{ */
/** Walks the groups known to a loop, by rising number.  @p previous NULL: the first.  NULL: no more.  @since 0.1 */
SMP_API const struct smp_group *smp_group_next(const struct smp_loop *loop,
                                               const struct smp_group *previous);
/** @return the group, or NULL when the loop does not know it.  @since 0.1 */
SMP_API const struct smp_group *smp_group_find(const struct smp_loop *loop, uint16_t id);
SMP_API uint16_t smp_group_number(const struct smp_group *group);
/** The short name: "os", "img".  @since 0.1 */
SMP_API const char *smp_group_name(const struct smp_group *group);
/** Explains a group's own code; NULL when not known.  @p group may be NULL.  @since 0.1 */
SMP_API const struct smp_code *smp_group_code(const struct smp_group *group, int64_t rc);
/** @} */

/** @name Commands
 * @{ */
SMP_API size_t smp_group_commands(const struct smp_group *group);
/** @return command @p index in the group's order, NULL past the end.  @since 0.1 */
SMP_API const struct smp_command *smp_group_command(const struct smp_group *group, size_t index);
/** @return the command, NULL when not known.  @p op may be a request's or a response's.  @since 0.1 */
SMP_API const struct smp_command *smp_command_find(const struct smp_loop *loop, uint16_t group,
                                                   uint8_t id, uint8_t op);
/** As the C call spells it without prefix: "state_read".  @since 0.1 */
SMP_API const char *smp_command_name(const struct smp_command *command);
SMP_API uint16_t smp_command_group(const struct smp_command *command);
SMP_API uint8_t smp_command_id(const struct smp_command *command);
/** SMP_OP_READ or SMP_OP_WRITE. */
SMP_API uint8_t smp_command_op(const struct smp_command *command);
/** Whether it may be sent twice without harm.  @since 0.1 */
SMP_API bool smp_command_idempotent(const struct smp_command *command);
/** What firmware without the command lacks ("CONFIG_..."), or NULL.  @since 0.1 */
SMP_API const char *smp_command_enable(const struct smp_command *command);
SMP_API const struct smp_message *smp_command_request(const struct smp_command *command);
SMP_API const struct smp_message *smp_command_response(const struct smp_command *command);
/** @} */

/** @name Messages and fields
 * @{ */
/** The C struct's name: "smp_img_state_rsp".  @since 0.1 */
SMP_API const char *smp_message_name(const struct smp_message *message);
/** sizeof the struct, as the library knows it. */
SMP_API size_t smp_message_size(const struct smp_message *message);
SMP_API size_t smp_message_fields(const struct smp_message *message);
/** @return field @p index, NULL past the end.  @since 0.1 */
SMP_API const struct smp_field *smp_message_field(const struct smp_message *message, size_t index);
/** @return the field with that CBOR key, or NULL.  @p key is NUL-terminated.  @since 0.1 */
SMP_API const struct smp_field *smp_message_find(const struct smp_message *message,
                                                 const char *key);

/** The CBOR key; "" for a root that is itself a keyed map.  @since 0.1 */
SMP_API const char *smp_field_key(const struct smp_field *field);
SMP_API enum smp_kind smp_field_kind(const struct smp_field *field);
/** Kind of a list's elements; the kind itself for all others.  @since 0.1 */
SMP_API enum smp_kind smp_field_element_kind(const struct smp_field *field);
/** Offset of the member in its struct, in bytes. */
SMP_API size_t smp_field_offset(const struct smp_field *field);
/** sizeof the member (of one element, for lists of scalars). */
SMP_API size_t smp_field_width(const struct smp_field *field);
SMP_API bool smp_field_optional(const struct smp_field *field);
/** The table of RECORD, LIST and MAP elements; NULL for scalars.  @since 0.1 */
SMP_API const struct smp_message *smp_field_message(const struct smp_field *field);

/** Whether @p record has the field.  @since 0.1 */
SMP_API bool smp_field_has(const struct smp_field *field, const void *record);
/**
 * Reads a scalar field of any width.
 * @retval SMP_ERR_NOT_FOUND  absent in @p record.
 * @retval SMP_ERR_INVALID    a record, list or map: see smp_field_count() and _element().
 * @since 0.1
 */
SMP_API int smp_field_get(const struct smp_field *field, const void *record,
                          struct smp_value *value);
/**
 * Writes a scalar field of any width, sets `has_x`.  Pointers are stored, not copied.
 * @retval SMP_ERR_INVALID  wrong kind, or the number does not fit.
 * @since 0.1
 */
SMP_API int smp_field_set(const struct smp_field *field, void *record,
                          const struct smp_value *value);
/**
 * Points a list, map or record to its elements, sets `n_x` and `has_x`.  Nothing is copied.
 * @param elements  A list of scalars: an array of them, each as wide as smp_field_width(); a list
 *                  or map of records: an array of pointers to records; a record: the record itself.
 * @param count     How many; at most 1 for a record.
 * @retval SMP_ERR_INVALID  a scalar, or the count does not fit.
 * @since 0.1
 */
SMP_API int smp_field_set_elements(const struct smp_field *field, void *record,
                                   const void *elements, size_t count);
/** Elements of a list or map, 1 for a present record, else 0.  @since 0.1 */
SMP_API size_t smp_field_count(const struct smp_field *field, const void *record);
/** Element @p index as a record; NULL past the end or for scalars.  @since 0.1 */
SMP_API const void *smp_field_element(const struct smp_field *field, const void *record,
                                      size_t index);
/** Element @p index of a list of scalars.  @retval SMP_ERR_NOT_FOUND, SMP_ERR_INVALID  @since 0.1 */
SMP_API int smp_field_scalar(const struct smp_field *field, const void *record, size_t index,
                             struct smp_value *value);
/** @} */

/** How a request ended, or what a packet says.  Everything it points to is borrowed. */
struct smp_result {
    size_t size;                       /**< sizeof(struct smp_result) the library was built with. */
    int error;                         /**< SMP_OK or enum smp_error. */
    struct smp_header header;          /**< Of the answer; of the request if none came. */
    bool has_answer;                   /**< Whether any answer was received. */
    bool from_group;                   /**< rc is @p group's own code, else an enum smp_rc. */
    uint16_t group;                    /**< Whose code rc is, when from_group. */
    int64_t rc;                        /**< What the device said; 0 unless error is SMP_ERR_DEVICE. */
    struct smp_str reason;             /**< The device's `rsn`, or empty. */
    const struct smp_command *command; /**< What was asked; NULL for raw requests. */
    const struct smp_message *message; /**< Table of rsp; NULL when rsp is. */
    const void *rsp;                   /**< The decoded struct, or NULL.  Present with an SMP_ERR_DEVICE
                                            too, then every member is optional. */
    struct smp_bytes payload;          /**< The answer's CBOR as it came. */
    const char *key;                   /**< SMP_ERR_MALFORMED: the key that was wrong, or NULL. */
    bool bad_utf8;                     /**< Some text in the answer was not UTF-8. */
    int system_error;                  /**< errno for SMP_ERR_SYSTEM and link errors, else 0. */
};

/**
 * Writes one line for people: what went wrong, the device's group, code, name,
 * reason, and what to do next.  Control characters of the device are escaped.
 * @param loop    For the names of groups; may be NULL.
 * @return Length of the whole line; what did not fit in @p size was cut (snprintf's rule).
 * @since 0.1
 */
SMP_API size_t smp_result_text(const struct smp_loop *loop, const struct smp_result *result,
                               char *text, size_t size);

/**
 * Decodes one whole SMP packet, request or response, by the loop's tables.
 * Unknown commands give header and payload, with message NULL.
 * @param result  Out; what it points to is borrowed from @p packet and from the loop, and valid
 *                until the next call on the loop.
 * @retval SMP_ERR_MALFORMED, SMP_ERR_TOO_LARGE  also in result->error, with the key.
 * @retval SMP_OK  also when the device said no: see result->error.
 * @since 0.1
 */
SMP_API int smp_packet_decode(struct smp_loop *loop, const uint8_t *packet, size_t len,
                              struct smp_result *result);

/**
 * Writes a packet as one line of text: op, group and command by name, then the
 * payload in CBOR diagnostic notation (RFC 8949, 8), long byte strings cut.
 * Never fails: what is not CBOR is shown as hex.
 * @return as snprintf.  @since 0.1
 */
SMP_API size_t smp_packet_dump(const struct smp_loop *loop, const uint8_t *packet, size_t len,
                               char *text, size_t size);

/**
 * Encodes a struct as one CBOR map.
 * @param len  Out: bytes written.
 * @retval SMP_ERR_TOO_LARGE  does not fit @p capacity.
 * @retval SMP_ERR_INVALID    `size` is 0, or a member is inconsistent.
 * @since 0.1
 */
SMP_API int smp_message_encode(const struct smp_message *message, const void *record,
                               uint8_t *cbor, size_t capacity, size_t *len);

/**
 * Decodes one CBOR map into memory of the caller's: for results that have to outlive a callback.
 * @param message    May be NULL: only the device's verdict is looked for.
 * @param is_answer  A response: `rc`, `err`, `ret` and `rsn` are the device's verdict.
 * @param memory     Aligned as malloc() does.  The record and all it points to are there and in
 *                   @p cbor.
 * @param result     Out: as smp_packet_decode() sets it, without header and command.
 * @retval SMP_ERR_TOO_LARGE  @p size is not enough.
 * @retval as smp_packet_decode()
 * @since 0.1
 */
SMP_API int smp_message_decode(const struct smp_message *message, bool is_answer,
                               const uint8_t *cbor, size_t len, void *memory, size_t size,
                               struct smp_result *result);

#ifdef __cplusplus
}
#endif
#endif
