/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"
#include "doctor.h"
#include "interrupt.h"
#include "output.h"

#include <smp/os.h>

#include <string.h>

#define NS_PER_MS 1e6
#define ECHO_HEAD 14u /* header, map, key and the text's length: of the longest */
#define TEXT_MOST 65536u
#define PATIENCE_MOST_MS 30000

int doctor_session(struct doctor *doctor, uint32_t window)
{
    struct smpctl *ctl = doctor->ctl;
    const struct smp_session_options options = {
        .size = sizeof options,
        .timeout_ms = doctor->patience_ms,
        .tries = 1,
        .grace_ms = 1,
        .window = window,
        .max_packet = SMP_PACKET_MAX,
        .no_params = true,
    };
    smp_session_free(ctl->session);
    ctl->session = NULL;
    return smp_session_new(ctl->transport, &options, &ctl->session);
}

/* ---- what came of it ---- */

static enum doctor_answer judge(const struct smp_result *result)
{
    if (result->error == SMP_ERR_DEVICE) {
        return result->rc == SMP_RC_CORRUPT && !result->from_group ? DOCTOR_CUT : DOCTOR_ANSWERED;
    }
    switch (result->error) {
    case SMP_OK:
        return DOCTOR_ANSWERED;
    case SMP_ERR_REFUSED:
        return DOCTOR_NOBODY;
    case SMP_ERR_CLOSED:
    case SMP_ERR_SYSTEM:
        return DOCTOR_LOST;
    case SMP_ERR_CANCELLED:
        return DOCTOR_STOPPED;
    default:
        return result->has_answer ? DOCTOR_ANSWERED : DOCTOR_SILENT;
    }
}

static enum doctor_answer judge_error(int error)
{
    return error == SMP_ERR_CLOSED || error == SMP_ERR_SYSTEM ? DOCTOR_LOST : DOCTOR_SILENT;
}

enum doctor_answer doctor_ask(struct doctor *doctor)
{
    struct smpctl *ctl = doctor->ctl;
    const struct smp_result *result;
    smp_id id = 0;
    uint64_t begun = smp_loop_now(ctl->loop);
    int error = smp_os_params(ctl->session, device_done, ctl, &id);
    ctl->waiting = id;
    error = error ? error : smp_wait(ctl->session, id, &result);
    if (interrupt_seen()) {
        return DOCTOR_STOPPED;
    }
    if (error) {
        return judge_error(error);
    }
    enum doctor_answer answer = judge(result);
    if (answer == DOCTOR_ANSWERED) {
        doctor->round_trip_ms = (double)(smp_loop_now(ctl->loop) - begun) / NS_PER_MS;
    }
    if (result->error == SMP_OK) {
        const struct smp_os_params_rsp *params = result->rsp;
        doctor->buf_size = params->buf_size;
        doctor->buf_count = params->buf_count;
    }
    return answer;
}

/* ---- echoes ---- */

struct burst {
    struct doctor *doctor;
    struct smp_str text;
    uint32_t left;
    enum doctor_answer worst;
};

static void on_echo(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct burst *burst = user;
    enum doctor_answer answer = judge(result);
    (void)session;
    burst->left--;
    if (result->error == SMP_OK) {
        const struct smp_os_echo_rsp *rsp = result->rsp;
        bool same = rsp->text.len == burst->text.len &&
                    memcmp(rsp->text.data, burst->text.data, burst->text.len) == 0;
        answer = same ? answer : DOCTOR_CUT;
    }
    if (result->error == SMP_ERR_DEVICE && !result->from_group &&
        result->rc == SMP_RC_NOT_SUPPORTED) {
        burst->doctor->has_echo = false;
    }
    burst->worst = answer > burst->worst ? answer : burst->worst;
}

/* Wire and gaps take their time with long packets: twice what they took so far, by their size. */
static uint32_t patience_for(const struct doctor *doctor, uint32_t size, uint32_t n)
{
    double ms = 2 * doctor->ms_per_byte * size * n;
    return doctor->patience_ms + (uint32_t)(ms < PATIENCE_MOST_MS ? ms : PATIENCE_MOST_MS);
}

enum doctor_answer doctor_echo(struct doctor *doctor, uint32_t size, uint32_t n)
{
    static char text[TEXT_MOST];
    struct smpctl *ctl = doctor->ctl;
    uint32_t patience = doctor->patience_ms;
    memset(text, 'x', sizeof text);
    struct burst burst = {doctor, {text, size - ECHO_HEAD}, 0, DOCTOR_ANSWERED};
    const struct smp_os_echo_req req = {.size = sizeof req, .text = burst.text};
    doctor->patience_ms = patience_for(doctor, size, n);
    int error = doctor_session(doctor, n);
    doctor->patience_ms = patience;
    uint64_t begun = smp_loop_now(ctl->loop);
    for (uint32_t i = 0; i < n && !error; i++) {
        error = smp_os_echo(ctl->session, &req, on_echo, &burst, NULL);
        burst.left += !error;
    }
    while (burst.left > 0 && !interrupt_seen() && smp_loop_turn(ctl->loop, -1) >= 0) {
    }
    if (burst.left > 0) { /* what is left ends here, while `burst` is there */
        smp_session_free(ctl->session);
        ctl->session = NULL;
    }
    if (interrupt_seen()) {
        return DOCTOR_STOPPED;
    }
    if (burst.worst == DOCTOR_ANSWERED) {
        doctor->ms_per_byte =
            (double)(smp_loop_now(ctl->loop) - begun) / NS_PER_MS / ((double)size * n);
    }
    enum doctor_answer local = error ? judge_error(error) : DOCTOR_ANSWERED;
    return local > burst.worst ? local : burst.worst;
}
