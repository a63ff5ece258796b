/* SPDX-License-Identifier: Apache-2.0 */
/* Group 0, OS. */
#include "core/loop.h"
#include "groups/group.h"

#include <smp/os.h>

/* ---- messages ---- */

static const struct smp_field echo_req_fields[] = {
    SMPI_FIELD(smp_os_echo_req, "d", text),
};
static const struct smp_message echo_req = SMPI_MESSAGE(smp_os_echo_req, echo_req_fields);

static const struct smp_field echo_rsp_fields[] = {
    SMPI_FIELD(smp_os_echo_rsp, "r", text),
};
static const struct smp_message echo_rsp = SMPI_MESSAGE(smp_os_echo_rsp, echo_rsp_fields);

static const struct smp_field console_echo_req_fields[] = {
    SMPI_FIELD(smp_os_console_echo_req, "echo", echo),
};
static const struct smp_message console_echo_req =
    SMPI_MESSAGE(smp_os_console_echo_req, console_echo_req_fields);

static const struct smp_field task_fields[] = {
    SMPI_FIELD(smp_os_task, "", name),
    SMPI_OPT(smp_os_task, "prio", priority),
    SMPI_OPT(smp_os_task, "tid", id),
    SMPI_OPT(smp_os_task, "state", state),
    SMPI_OPT(smp_os_task, "stkuse", stack_used),
    SMPI_OPT(smp_os_task, "stksiz", stack_size),
    SMPI_OPT(smp_os_task, "cswcnt", switches),
    SMPI_OPT(smp_os_task, "runtime", runtime),
    SMPI_OPT(smp_os_task, "last_checkin", last_checkin),
    SMPI_OPT(smp_os_task, "next_checkin", next_checkin),
};
static const struct smp_message task = SMPI_MESSAGE(smp_os_task, task_fields);

static const struct smp_field task_stats_rsp_fields[] = {
    SMPI_MAP(smp_os_task_stats_rsp, "tasks", tasks, smp_os_task, task),
};
static const struct smp_message task_stats_rsp =
    SMPI_MESSAGE(smp_os_task_stats_rsp, task_stats_rsp_fields);

static const struct smp_field memory_pool_fields[] = {
    SMPI_FIELD(smp_os_memory_pool, "", name),
    SMPI_OPT(smp_os_memory_pool, "blksiz", block_size),
    SMPI_OPT(smp_os_memory_pool, "nblks", blocks),
    SMPI_OPT(smp_os_memory_pool, "nfree", free_blocks),
    SMPI_OPT(smp_os_memory_pool, "min", min_free),
};
static const struct smp_message memory_pool = SMPI_MESSAGE(smp_os_memory_pool, memory_pool_fields);

/* Zephyr sent them under "tasks" at first, and as the root map later. */
static const struct smp_field memory_pools_rsp_fields[] = {
    SMPI_MAP_ALIAS(smp_os_memory_pools_rsp, "mpools", "tasks", pools, smp_os_memory_pool,
                   memory_pool, SMPI_FLAT),
};
static const struct smp_message memory_pools_rsp =
    SMPI_MESSAGE(smp_os_memory_pools_rsp, memory_pools_rsp_fields);

static const struct smp_field datetime_fields[] = {
    SMPI_FIELD(smp_os_datetime, "datetime", datetime),
};
static const struct smp_message datetime = SMPI_MESSAGE(smp_os_datetime, datetime_fields);

static const struct smp_field reset_req_fields[] = {
    SMPI_OPT(smp_os_reset_req, "force", force),
    SMPI_OPT(smp_os_reset_req, "boot_mode", boot_mode),
};
static const struct smp_message reset_req = SMPI_MESSAGE(smp_os_reset_req, reset_req_fields);

static const struct smp_field params_rsp_fields[] = {
    SMPI_FIELD(smp_os_params_rsp, "buf_size", buf_size),
    SMPI_FIELD(smp_os_params_rsp, "buf_count", buf_count),
};
static const struct smp_message params_rsp = SMPI_MESSAGE(smp_os_params_rsp, params_rsp_fields);

static const struct smp_field info_req_fields[] = {
    SMPI_OPT(smp_os_info_req, "format", format),
};
static const struct smp_message info_req = SMPI_MESSAGE(smp_os_info_req, info_req_fields);

static const struct smp_field info_rsp_fields[] = {
    SMPI_FIELD(smp_os_info_rsp, "output", output),
};
static const struct smp_message info_rsp = SMPI_MESSAGE(smp_os_info_rsp, info_rsp_fields);

static const struct smp_field bootloader_req_fields[] = {
    SMPI_OPT(smp_os_bootloader_req, "query", query),
};
static const struct smp_message bootloader_req =
    SMPI_MESSAGE(smp_os_bootloader_req, bootloader_req_fields);

static const struct smp_field bootloader_rsp_fields[] = {
    SMPI_OPT(smp_os_bootloader_rsp, "bootloader", bootloader),
    SMPI_OPT(smp_os_bootloader_rsp, "mode", mode),
    SMPI_OPT(smp_os_bootloader_rsp, "no-downgrade", no_downgrade),
    SMPI_OPT(smp_os_bootloader_rsp, "active", active),
};
static const struct smp_message bootloader_rsp =
    SMPI_MESSAGE(smp_os_bootloader_rsp, bootloader_rsp_fields);

/* ---- commands ---- */

/* Places in the list below. */
enum {
    ECHO,
    ECHO_READ,
    CONSOLE_ECHO,
    TASK_STATS,
    MEMORY_POOLS,
    DATETIME_READ,
    DATETIME_WRITE,
    RESET,
    PARAMS,
    INFO,
    BOOTLOADER,
};

#define READ SMP_OP_READ
#define WRITE SMP_OP_WRITE
#define COMMAND(id, op, name, request, response, flags, option)                                    \
    SMPI_COMMAND_NEEDS(SMP_GROUP_OS, id, op, name, request, response, flags, option)

#define ECHO_OPTION "CONFIG_MCUMGR_GRP_OS_ECHO"
#define DATETIME_OPTION "CONFIG_MCUMGR_GRP_OS_DATETIME"

static const struct smp_command commands[] = {
    [ECHO] = COMMAND(0, WRITE, "echo", echo_req, echo_rsp, SMPI_IDEMPOTENT, ECHO_OPTION),
    [ECHO_READ] = COMMAND(0, READ, "echo_read", echo_req, echo_rsp, SMPI_IDEMPOTENT, ECHO_OPTION),
    [CONSOLE_ECHO] = COMMAND(1, WRITE, "console_echo", console_echo_req, smpi_empty,
                             SMPI_IDEMPOTENT, "Mynewt, or MCUboot's serial recovery,"),
    [TASK_STATS] = COMMAND(2, READ, "task_stats", smpi_empty, task_stats_rsp, SMPI_IDEMPOTENT,
                           "CONFIG_MCUMGR_GRP_OS_TASKSTAT and CONFIG_THREAD_MONITOR"),
    [MEMORY_POOLS] = COMMAND(3, READ, "memory_pools", smpi_empty, memory_pools_rsp, SMPI_IDEMPOTENT,
                             "CONFIG_MCUMGR_GRP_OS_MPSTAT"),
    [DATETIME_READ] =
        COMMAND(4, READ, "datetime_read", smpi_empty, datetime, SMPI_IDEMPOTENT, DATETIME_OPTION),
    [DATETIME_WRITE] =
        COMMAND(4, WRITE, "datetime_write", datetime, smpi_empty, SMPI_IDEMPOTENT, DATETIME_OPTION),
    [RESET] = COMMAND(5, WRITE, "reset", reset_req, smpi_empty, 0, "CONFIG_REBOOT"),
    [PARAMS] = COMMAND(6, READ, "params", smpi_empty, params_rsp, SMPI_IDEMPOTENT,
                       "CONFIG_MCUMGR_GRP_OS_MCUMGR_PARAMS"),
    [INFO] =
        COMMAND(7, READ, "info", info_req, info_rsp, SMPI_IDEMPOTENT, "CONFIG_MCUMGR_GRP_OS_INFO"),
    [BOOTLOADER] = COMMAND(8, READ, "bootloader", bootloader_req, bootloader_rsp, SMPI_IDEMPOTENT,
                           "CONFIG_MCUMGR_GRP_OS_BOOTLOADER_INFO"),
};

/* ---- codes ---- */

static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason", NULL),
    SMPI_CODE(2, 3, "INVALID_FORMAT", "the format has a letter the device does not know",
              "use letters of snrvbmpio, or a for all"),
    SMPI_CODE(3, 5, "QUERY_YIELDS_NO_ANSWER", "the boot loader knows no answer to that query",
              "ask for \"mode\", or without a query for the boot loader's name"),
    SMPI_CODE(4, 5, "RTC_NOT_SET", "the device's clock was never set", "set it first"),
    SMPI_CODE(5, 1, "RTC_COMMAND_FAILED", "the device's clock refused",
              "check the date: the clock may not know that year"),
    SMPI_CODE(6, 1, "QUERY_RESPONSE_VALUE_NOT_VALID",
              "the boot loader's answer makes no sense to the device", NULL),
    SMPI_CODE(7, 1, "HEAP_STATS_FETCH_FAILED", "the device could not read its heap's statistics",
              NULL),
};

const struct smp_group smpi_group_os = {
    .id = SMP_GROUP_OS,
    .name = "os",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- parameters, as the session asks for them ---- */

static void read_params(const void *response, uint32_t *buf_size, uint32_t *buf_count)
{
    const struct smp_os_params_rsp *params = response;
    *buf_size = params->buf_size;
    *buf_count = params->buf_count;
}

const struct smpi_probe smpi_os_probe = {.command = &commands[PARAMS], .read = read_params};

/* ---- calls ---- */

int smp_os_echo(struct smp_session *session, const struct smp_os_echo_req *req, smp_callback *done,
                void *user, smp_id *id)
{
    return smp_session_call(session, &commands[ECHO], req, done, user, id);
}

int smp_os_console_echo(struct smp_session *session, const struct smp_os_console_echo_req *req,
                        smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[CONSOLE_ECHO], req, done, user, id);
}

int smp_os_task_stats(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[TASK_STATS], NULL, done, user, id);
}

int smp_os_memory_pools(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[MEMORY_POOLS], NULL, done, user, id);
}

int smp_os_datetime_read(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[DATETIME_READ], NULL, done, user, id);
}

int smp_os_datetime_write(struct smp_session *session, const struct smp_os_datetime *req,
                          smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[DATETIME_WRITE], req, done, user, id);
}

int smp_os_reset(struct smp_session *session, const struct smp_os_reset_req *req,
                 smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[RESET], req, done, user, id);
}

int smp_os_params(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[PARAMS], NULL, done, user, id);
}

int smp_os_info(struct smp_session *session, const struct smp_os_info_req *req, smp_callback *done,
                void *user, smp_id *id)
{
    return smp_session_call(session, &commands[INFO], req, done, user, id);
}

int smp_os_bootloader(struct smp_session *session, const struct smp_os_bootloader_req *req,
                      smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[BOOTLOADER], req, done, user, id);
}
