/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include "address.h"
#include "json.h"
#include "output.h"
#include "smpctl.h"

#include <errno.h>
#include <string.h>

/* Flash erase before the first chunk's answer: longer than any other patience. */
#define FIRST_CHUNK_MS 40000u

static void log_line(enum smp_log_level level, const char *text, void *user)
{
    static const char *const names[] = {"critical", "error", "warn", "info", "debug"};
    (void)user;
    fprintf(stderr, "%s: ", names[level]);
    put_text(stderr, (struct smp_str){text, strlen(text)});
    fputc('\n', stderr);
}

/* Numeric addresses go straight to the socket; only names trouble the resolver. */
static int connect_udp(struct smpctl *ctl, const char *address)
{
    char numeric[SMP_UDP_ADDRESS_MAX];
    snprintf(ctl->device, sizeof ctl->device, "udp://%s", address);
    int error = smp_udp_connect(ctl->loop, address, &ctl->transport);
    if (error == SMP_ERR_INVALID) {
        error = smp_udp_resolve(address, numeric, sizeof numeric);
        if (error == SMP_ERR_INVALID) {
            return fail(ctl, STATUS_USAGE,
                        "`%s` is not an address; use HOST:PORT or [IPV6]:PORT, port 1 to 65535",
                        address);
        }
        if (error == SMP_ERR_NOT_FOUND) {
            return fail(ctl, STATUS_LINK, "`%s`: there is no host of that name", address);
        }
        error = error ? error : smp_udp_connect(ctl->loop, numeric, &ctl->transport);
    }
    return error == SMP_ERR_SYSTEM ? fail(ctl, STATUS_LINK, "%s: %s", ctl->device, strerror(errno))
           : error                 ? fail_error(ctl, error)
                                   : STATUS_DONE;
}

static void session_options(const struct options *o, const struct device_needs *needs,
                            struct smp_session_options *options)
{
    uint32_t timeout_ms = (uint32_t)((o->timeout ? o->timeout : DEFAULT_TIMEOUT) * 1000);
    *options = (struct smp_session_options){
        .size = sizeof *options,
        .timeout_ms = timeout_ms,
        .tries = o->tries ? (uint32_t)o->tries : DEFAULT_TRIES,
        .window = needs->window,
        .first_chunk_ms = timeout_ms > FIRST_CHUNK_MS ? timeout_ms : FIRST_CHUNK_MS,
        .stall_ms = timeout_ms * 3,
    };
    if (needs->patience_ms && !o->timeout) {
        options->timeout_ms = needs->patience_ms;
    } else if (needs->lossy && !o->tries) {
        options->timeout_ms = timeout_ms / 4 ? timeout_ms / 4 : 1;
        options->tries = 4;
    }
}

int device_open(struct smpctl *ctl, const struct device_needs *needs)
{
    static const struct device_needs none = {0};
    char address[sizeof ctl->device - sizeof "udp://"];
    int status = address_find(ctl, address, sizeof address);
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_loop_options loop_options = {
        .size = sizeof loop_options,
        .log = log_line,
        .log_level = ctl->options.level,
    };
    int error = smp_loop_new(&loop_options, &ctl->loop);
    if (error) {
        return fail_error(ctl, error);
    }
    status = connect_udp(ctl, address);
    if (status != STATUS_DONE) {
        return status;
    }
    struct smp_session_options options;
    session_options(&ctl->options, needs ? needs : &none, &options);
    error = smp_session_new(ctl->transport, &options, &ctl->session);
    return error ? fail_error(ctl, error) : STATUS_DONE;
}

void device_close(struct smpctl *ctl)
{
    smp_session_free(ctl->session);
    smp_transport_free(ctl->transport);
    smp_loop_free(ctl->loop);
    ctl->session = NULL;
    ctl->transport = NULL;
    ctl->loop = NULL;
}

const struct smp_result *device_wait(struct smpctl *ctl, int error, smp_id id, int *status)
{
    const struct smp_result *result = NULL;
    error = error ? error : smp_wait(ctl->session, id, &result);
    if (error) {
        *status = fail_error(ctl, error);
        return NULL;
    }
    if (result->error) {
        *status = fail_result(ctl, result);
        return NULL;
    }
    return result;
}

int device_finish(struct smpctl *ctl, int error, smp_id id,
                  void (*print)(const struct smp_result *result))
{
    int status = STATUS_LINK;
    const struct smp_result *result = device_wait(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    if (ctl->options.json) {
        return put_result(ctl,
                          result->rsp ? json_record(result->message, result->rsp) : json_object());
    }
    if (print) {
        print(result);
    } else {
        puts("Done");
    }
    return STATUS_DONE;
}
