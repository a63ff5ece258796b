/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 0, OS: echo, statistics of tasks and memory, date and time, reset,
 * parameters, and what the device is.
 *
 * Every call follows the rules at the top of session.h.
 * @see Zephyr documentation, "OS management group"
 */
#ifndef SMP_OS_H
#define SMP_OS_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes of this group (`err.rc`).  @see Zephyr, enum os_mgmt_err_code_t */
enum smp_os_rc {
    SMP_OS_RC_OK = 0,
    SMP_OS_RC_UNKNOWN = 1,
    SMP_OS_RC_INVALID_FORMAT = 2,
    SMP_OS_RC_QUERY_YIELDS_NO_ANSWER = 3,
    SMP_OS_RC_RTC_NOT_SET = 4,
    SMP_OS_RC_RTC_COMMAND_FAILED = 5,
    SMP_OS_RC_QUERY_RESPONSE_VALUE_NOT_VALID = 6,
    SMP_OS_RC_HEAP_STATS_FETCH_FAILED = 7,
};

/** A command without fields, in either direction. */
struct smp_empty {
    size_t size;
};

/** @name Echo (0)
 * @{ */
struct smp_os_echo_req {
    size_t size;
    struct smp_str text; /**< `d` */
};
struct smp_os_echo_rsp {
    size_t size;
    struct smp_str text; /**< `r`: what was sent */
};
/** Sends text and gets it back.  @param done  rsp: struct smp_os_echo_rsp.  @since 0.1 */
SMP_API int smp_os_echo(struct smp_session *session, const struct smp_os_echo_req *req,
                        smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Console echo (1), Mynewt
 * @{ */
struct smp_os_console_echo_req {
    size_t size;
    int64_t echo; /**< 1 on, 0 off */
};
/** Switches the echo of the device's console.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_os_console_echo(struct smp_session *session,
                                const struct smp_os_console_echo_req *req, smp_callback *done,
                                void *user, smp_id *id);
/** @} */

/** @name Task statistics (2)
 * @{ */
/** Bits of smp_os_task.state on Zephyr. */
enum smp_os_task_state {
    SMP_OS_TASK_DUMMY = 1,
    SMP_OS_TASK_PENDING = 2,
    SMP_OS_TASK_SLEEPING = 4,
    SMP_OS_TASK_DEAD = 8,
    SMP_OS_TASK_SUSPENDED = 16,
    SMP_OS_TASK_ABORTING = 32,
    SMP_OS_TASK_SUSPENDING = 64,
    SMP_OS_TASK_QUEUED = 128,
};
struct smp_os_task {
    size_t size;
    struct smp_str name;    /**< Key of the map: thread name, index or priority. */
    bool has_priority;
    int64_t priority;       /**< `prio` */
    bool has_id;
    uint64_t id;            /**< `tid` */
    bool has_state;
    uint64_t state;         /**< `state`, enum smp_os_task_state */
    bool has_stack_used;
    uint64_t stack_used;    /**< `stkuse`, in 4-byte words */
    bool has_stack_size;
    uint64_t stack_size;    /**< `stksiz`, in 4-byte words */
    bool has_switches;
    uint64_t switches;      /**< `cswcnt`, context switches */
    bool has_runtime;
    uint64_t runtime;       /**< `runtime`, in ticks of the device */
    bool has_last_checkin;
    uint64_t last_checkin;  /**< `last_checkin` */
    bool has_next_checkin;
    uint64_t next_checkin;  /**< `next_checkin` */
};
struct smp_os_task_stats_rsp {
    size_t size;
    size_t n_tasks;
    const struct smp_os_task *const *tasks; /**< `tasks` */
};
/** Lists the tasks.  @param done  rsp: struct smp_os_task_stats_rsp.  @since 0.1 */
SMP_API int smp_os_task_stats(struct smp_session *session, smp_callback *done, void *user,
                              smp_id *id);
/** @} */

/** @name Memory pool statistics (3)
 * @{ */
struct smp_os_memory_pool {
    size_t size;
    struct smp_str name; /**< Key of the map. */
    bool has_block_size;
    uint64_t block_size; /**< `blksiz`, bytes; absent means 1 */
    bool has_blocks;
    uint64_t blocks;     /**< `nblks` */
    bool has_free_blocks;
    uint64_t free_blocks; /**< `nfree` */
    bool has_min_free;
    uint64_t min_free;   /**< `min`, fewest ever free */
};
struct smp_os_memory_pools_rsp {
    size_t size;
    size_t n_pools;
    /** `mpools`, `tasks` (first Zephyr implementation), or the root map itself (a later one). */
    const struct smp_os_memory_pool *const *pools;
};
/** Lists the memory pools.  @param done  rsp: struct smp_os_memory_pools_rsp.  @since 0.1 */
SMP_API int smp_os_memory_pools(struct smp_session *session, smp_callback *done, void *user,
                                smp_id *id);
/** @} */

/** @name Date and time (4)
 * @{ */
struct smp_os_datetime {
    size_t size;
    struct smp_str datetime; /**< `datetime`: send exactly YYYY-MM-DDTHH:MM:SS */
};
/** Reads the clock.  @param done  rsp: struct smp_os_datetime.  @since 0.1 */
SMP_API int smp_os_datetime_read(struct smp_session *session, smp_callback *done, void *user,
                                 smp_id *id);
/** Sets the clock.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_os_datetime_write(struct smp_session *session, const struct smp_os_datetime *req,
                                  smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Reset (5)
 * @{ */
enum smp_os_boot_mode {
    SMP_OS_BOOT_NORMAL = 0,
    SMP_OS_BOOT_RECOVERY = 1, /**< Stay in the boot loader (serial recovery). */
};
struct smp_os_reset_req {
    size_t size;
    bool has_force;
    bool force;        /**< `force`: even when the application would refuse */
    bool has_boot_mode;
    uint8_t boot_mode; /**< `boot_mode`, enum smp_os_boot_mode; Zephyr 4.2 and newer */
};
/** Resets the device, after it has answered.  @param req  May be NULL.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_os_reset(struct smp_session *session, const struct smp_os_reset_req *req,
                         smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Parameters (6)
 * @{ */
struct smp_os_params_rsp {
    size_t size;
    uint32_t buf_size;  /**< `buf_size`: largest packet in bytes, header included */
    uint32_t buf_count; /**< `buf_count`: buffers shared by requests and answers */
};
/** Asks how much the device takes.  @param done  rsp: struct smp_os_params_rsp.  @since 0.1 */
SMP_API int smp_os_params(struct smp_session *session, smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name OS and application information (7)
 * @{ */
struct smp_os_info_req {
    size_t size;
    bool has_format;
    struct smp_str format; /**< `format`: letters of snrvbmpio, or a for all; default s */
};
struct smp_os_info_rsp {
    size_t size;
    struct smp_str output; /**< `output`: the values, joined by spaces */
};
/** Asks what runs on the device.  @param req  May be NULL.  @param done  rsp: struct smp_os_info_rsp.  @since 0.1 */
SMP_API int smp_os_info(struct smp_session *session, const struct smp_os_info_req *req,
                        smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Boot loader information (8)
 * @{ */
/** MCUboot's modes, as `mode` gives them. */
enum smp_os_boot_loader_mode {
    SMP_OS_MODE_UNKNOWN = -1,
    SMP_OS_MODE_SINGLE_SLOT = 0,
    SMP_OS_MODE_SWAP_SCRATCH = 1,
    SMP_OS_MODE_OVERWRITE = 2,
    SMP_OS_MODE_SWAP_MOVE = 3,
    SMP_OS_MODE_DIRECT_XIP = 4,
    SMP_OS_MODE_DIRECT_XIP_REVERT = 5,
    SMP_OS_MODE_RAM_LOAD = 6,
    SMP_OS_MODE_FIRMWARE_LOADER = 7,
    SMP_OS_MODE_SINGLE_SLOT_RAM_LOAD = 8,
    SMP_OS_MODE_SWAP_OFFSET = 9,
};
struct smp_os_bootloader_req {
    size_t size;
    bool has_query;
    struct smp_str query; /**< `query`: "mode", or absent for the name */
};
struct smp_os_bootloader_rsp {
    size_t size;
    bool has_bootloader;
    struct smp_str bootloader; /**< `bootloader`: "MCUboot" */
    bool has_mode;
    int64_t mode;              /**< `mode`, enum smp_os_boot_loader_mode */
    bool has_no_downgrade;
    bool no_downgrade;         /**< `no-downgrade` */
    bool has_active;
    int64_t active;            /**< `active`: Nordic's "active_b0_slot" query */
};
/** Asks about the boot loader.  @param req  May be NULL.  @param done  rsp: struct smp_os_bootloader_rsp.  @since 0.1 */
SMP_API int smp_os_bootloader(struct smp_session *session, const struct smp_os_bootloader_req *req,
                              smp_callback *done, void *user, smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
