/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The 8 bytes at the head of every SMP packet.
 * @see Zephyr documentation, "SMP protocol specification", frame header
 */
#ifndef SMP_HEADER_H
#define SMP_HEADER_H

#include <smp/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a header. */
#define SMP_HEADER_SIZE 8u

/** Largest packet the header can describe: 8 + 65535 bytes. */
#define SMP_PACKET_MAX 65543u

/** The op field.  A response's op is its request's plus one. */
enum smp_op {
    SMP_OP_READ = 0,
    SMP_OP_READ_RSP = 1,
    SMP_OP_WRITE = 2,
    SMP_OP_WRITE_RSP = 3,
};

/** Protocol version, two bits of the first byte. */
enum smp_protocol {
    SMP_PROTOCOL_V1 = 0, /**< "Legacy": errors are `rc`. */
    SMP_PROTOCOL_V2 = 1, /**< Group errors are `err: {group, rc}`. */
};

/** Numbers of the groups.  @see Zephyr's mgmt_defines.h, enum mcumgr_group_t */
enum smp_group_id {
    SMP_GROUP_OS = 0,
    SMP_GROUP_IMG = 1,
    SMP_GROUP_STAT = 2,
    SMP_GROUP_SETTINGS = 3,
    SMP_GROUP_LOG = 4,
    SMP_GROUP_CRASH = 5,
    SMP_GROUP_SPLIT = 6,
    SMP_GROUP_RUN = 7,
    SMP_GROUP_FS = 8,
    SMP_GROUP_SHELL = 9,
    SMP_GROUP_ENUM = 10,
    SMP_GROUP_TRANSPORT = 11,
    SMP_GROUP_ZEPHYR = 63,
    SMP_GROUP_USER = 64, /**< Groups from here on belong to applications. */
};

/** A header, unpacked.  Its fields are bounded by the wire format, so it never grows. */
struct smp_header {
    uint8_t op;       /**< enum smp_op, 0 to 7. */
    uint8_t version;  /**< enum smp_protocol, 0 to 3. */
    uint8_t flags;    /**< None are defined: send 0, ignore what comes. */
    uint8_t sequence; /**< Chosen by the requester, echoed in the answer. */
    uint8_t id;       /**< Command within the group. */
    uint16_t group;   /**< enum smp_group_id or an application's own. */
    uint16_t length;  /**< Bytes of payload that follow. */
};

/**
 * Unpacks a header.  Any thread.
 * @retval SMP_ERR_MALFORMED  fewer than SMP_HEADER_SIZE bytes.
 * @since 0.1
 */
SMP_API int smp_header_decode(const uint8_t *data, size_t len, struct smp_header *header);

/** Packs a header into the 8 bytes at @p out.  Bits over a field's width are cut.  @since 0.1 */
SMP_API void smp_header_encode(const struct smp_header *header, uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
