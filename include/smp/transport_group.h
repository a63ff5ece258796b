/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 11, transport: the device as a bridge from one of its transports to
 * another.  (The transports of this library are in transport.h.)
 *
 * EXPERIMENTAL: Zephyr has it in development for 4.5.  Keys and codes may still
 * change there, and then this file follows without regard to older versions.
 *
 * Every call follows the rules at the top of session.h.
 * @see Zephyr documentation, "Transport management group"
 */
#ifndef SMP_TRANSPORT_GROUP_H
#define SMP_TRANSPORT_GROUP_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes of this group (`err.rc`).  @see Zephyr, enum transport_mgmt_ret_code_t */
enum smp_transport_group_rc {
    SMP_TRANSPORT_GROUP_RC_OK = 0,
    SMP_TRANSPORT_GROUP_RC_UNKNOWN = 1,
    SMP_TRANSPORT_GROUP_RC_TRANSPORT_MISSING_REQUIRED_FUNCTIONS = 2,
    SMP_TRANSPORT_GROUP_RC_TRANSPORT_MISSING_INFO_FUNCTIONS = 3,
    SMP_TRANSPORT_GROUP_RC_INVALID_TRANSPORT = 4,
    SMP_TRANSPORT_GROUP_RC_INVALID_MODE = 5,
    SMP_TRANSPORT_GROUP_RC_ALL_CONTEXTS_USED = 6,
    SMP_TRANSPORT_GROUP_RC_BOTH_TRANSPORT_AND_ALL_PARAMETERS = 7,
    SMP_TRANSPORT_GROUP_RC_NOT_BRIDGED = 8,
    SMP_TRANSPORT_GROUP_RC_SAME_BRIDGE_DEVICE_DISALLOWED = 9,
    SMP_TRANSPORT_GROUP_RC_INGOING_NOT_SUPPORTED = 10,
    SMP_TRANSPORT_GROUP_RC_OUTGOING_NOT_SUPPORTED = 11,
    SMP_TRANSPORT_GROUP_RC_INCOMING_ALREADY_BRIDGED = 12,
    SMP_TRANSPORT_GROUP_RC_OUTGOING_ALREADY_BRIDGED = 13,
    SMP_TRANSPORT_GROUP_RC_CONNECT_MISSING_PARAMETER = 14,
    SMP_TRANSPORT_GROUP_RC_CONNECT_INVALID_PARAMETER = 15,
    SMP_TRANSPORT_GROUP_RC_CONNECT_UNSUPPORTED_PARAMETER = 16,
    SMP_TRANSPORT_GROUP_RC_CONNECT_FAILED = 17,
};

/** Numbers of the device's transports. */
enum smp_transport_group_id {
    SMP_TRANSPORT_GROUP_CONSOLE = 0,
    SMP_TRANSPORT_GROUP_RAW_SERIAL = 1,
    SMP_TRANSPORT_GROUP_BLUETOOTH = 2,
    SMP_TRANSPORT_GROUP_SHELL = 3,
    SMP_TRANSPORT_GROUP_UDP_V4 = 4,
    SMP_TRANSPORT_GROUP_UDP_V6 = 5,
    SMP_TRANSPORT_GROUP_LORAWAN = 6,
    SMP_TRANSPORT_GROUP_SPI = 7,
    SMP_TRANSPORT_GROUP_USER = 64, /**< From here on they belong to applications. */
};

/** @name Connect (0)
 * @{ */
/** What a transport wants to know besides (smp_transport_group_configs() lists it). */
struct smp_transport_group_parameter {
    size_t size;
    struct smp_str name;    /**< Key in the request. */
    struct smp_value value; /**< Its value. */
};
struct smp_transport_group_connect_req {
    size_t size;
    uint32_t transport;  /**< `transport`, enum smp_transport_group_id */
    bool has_mode;
    uint32_t mode;       /**< `mode`; absent: 0 */
    size_t n_parameters;
    const struct smp_transport_group_parameter *const *parameters; /**< Beside the two above. */
};
/** Bridges the transport this request came by to another one.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_transport_group_connect(struct smp_session *session,
                                        const struct smp_transport_group_connect_req *req,
                                        smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Disconnect (1)
 * @{ */
struct smp_transport_group_disconnect_req {
    size_t size;
    bool has_transport;
    uint32_t transport; /**< `transport`; absent: the one this request came by */
    bool has_all;
    bool all;           /**< `all` bridges */
};
/** Ends a bridge.  @param req  May be NULL.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_transport_group_disconnect(struct smp_session *session,
                                           const struct smp_transport_group_disconnect_req *req,
                                           smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Status (2)
 * @{ */
struct smp_transport_group_status_rsp {
    size_t size;
    uint32_t supported; /**< `supported`: bridges there can be */
    uint32_t active;    /**< `active`: bridges there are */
    bool has_bridged;
    bool bridged;       /**< `bridged`: the transport this request came by is */
    bool has_transport;
    uint32_t transport; /**< `transport` it is bridged to */
};
/** Asks for the bridges.  @param done  rsp: struct smp_transport_group_status_rsp.  @since 0.1 */
SMP_API int smp_transport_group_status(struct smp_session *session, smp_callback *done,
                                       void *user, smp_id *id);
/** @} */

/** @name List (6)
 * @{ */
struct smp_transport_group_transport {
    size_t size;
    uint32_t id;         /**< `id`, enum smp_transport_group_id */
    bool has_name;
    struct smp_str name; /**< `name` */
};
struct smp_transport_group_list_rsp {
    size_t size;
    size_t n_transports;
    const struct smp_transport_group_transport *const *transports; /**< `transports` */
};
/** Lists the device's transports.  @param done  rsp: struct smp_transport_group_list_rsp.  @since 0.1 */
SMP_API int smp_transport_group_list(struct smp_session *session, smp_callback *done, void *user,
                                     smp_id *id);
/** @} */

/** @name Modes (7)
 * @{ */
struct smp_transport_group_modes_req {
    size_t size;
    uint32_t transport; /**< `transport` */
};
struct smp_transport_group_mode {
    size_t size;
    uint32_t id;                /**< `id`; `type` from Bluetooth */
    struct smp_str description; /**< `description` */
    bool has_incoming;
    bool incoming;              /**< `incoming` */
    bool has_outgoing;
    bool outgoing;              /**< `outgoing` */
};
struct smp_transport_group_modes_rsp {
    size_t size;
    size_t n_modes;
    const struct smp_transport_group_mode *const *modes; /**< `modes` */
};
/** Lists a transport's modes.  @param done  rsp: struct smp_transport_group_modes_rsp.  @since 0.1 */
SMP_API int smp_transport_group_modes(struct smp_session *session,
                                      const struct smp_transport_group_modes_req *req,
                                      smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Configurations (8)
 * @{ */
struct smp_transport_group_configs_req {
    size_t size;
    uint32_t transport; /**< `transport` */
    uint32_t mode;      /**< `mode` */
};
enum smp_transport_group_config_type {
    SMP_TRANSPORT_GROUP_CONFIG_UINT = 0,
    SMP_TRANSPORT_GROUP_CONFIG_INT = 1,
    SMP_TRANSPORT_GROUP_CONFIG_BOOL = 2,
    SMP_TRANSPORT_GROUP_CONFIG_TEXT = 3,
    SMP_TRANSPORT_GROUP_CONFIG_BYTES = 4,
};
struct smp_transport_group_config {
    size_t size;
    struct smp_str name; /**< `name`: key in a connect request */
    uint32_t type;       /**< `type`, enum smp_transport_group_config_type */
    bool has_required;
    bool required;       /**< `required` */
};
struct smp_transport_group_configs_rsp {
    size_t size;
    size_t n_configs;
    const struct smp_transport_group_config *const *configs; /**< `configs` */
};
/** Lists what a transport wants to know to connect.  @param done  rsp: struct smp_transport_group_configs_rsp.  @since 0.1 */
SMP_API int smp_transport_group_configs(struct smp_session *session,
                                        const struct smp_transport_group_configs_req *req,
                                        smp_callback *done, void *user, smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
