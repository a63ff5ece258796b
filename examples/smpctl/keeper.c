/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include "device.h"
#include "interrupt.h"
#include "output.h"
#include "smpctl.h"

#include <smp/transport.h>

#define MS 1000000ull /* in nanoseconds */
#define AGAIN_MS 100u
#define KEEP_MS 10000u /* with --console alone */
#define QUIET_MS 3000u /* no text for so long: it has booted */
#define FOLLOW_MS 10000u

static void on_again(void *user)
{
    struct smpctl *ctl = user;
    if (ctl->link.down && smp_transport_reopen(ctl->transport) != SMP_OK) {
        smp_timer_start(ctl->link.again, AGAIN_MS * MS);
    }
}

static void on_link(struct smp_session *session, int reason, void *user)
{
    struct smpctl *ctl = user;
    (void)session;
    ctl->link.down = reason != SMP_OK;
    ctl->link.heard = smp_loop_now(ctl->loop);
    if (ctl->link.down) {
        smp_timer_start(ctl->link.again, AGAIN_MS * MS);
    }
}

void keeper_begin(struct smpctl *ctl, struct smp_session_options *options)
{
    const struct options *o = &ctl->options;
    if ((!o->console && !o->wait) ||
        smp_timer_new(ctl->loop, on_again, ctl, &ctl->link.again) != SMP_OK) {
        return;
    }
    options->link = on_link;
    options->link_user = ctl;
    options->link_wait_ms = o->wait ? (uint32_t)(o->wait * 1000) : KEEP_MS;
}

void keeper_end(struct smpctl *ctl)
{
    smp_timer_free(ctl->link.again);
    ctl->link.again = NULL;
}

void keeper_follow(struct smpctl *ctl)
{
    uint64_t most = ctl->options.timeout ? (uint64_t)(ctl->options.timeout * 1e9) : FOLLOW_MS * MS;
    uint64_t quiet = most < QUIET_MS * MS ? most : QUIET_MS * MS;
    uint64_t now = smp_loop_now(ctl->loop);
    uint64_t end = now + most;
    if (device_catch_interrupts(ctl) != STATUS_DONE) {
        return;
    }
    flush_output(); /* that it is done, before what follows */
    ctl->link.heard = now;
    while (now < end && !interrupt_seen() && (ctl->link.down || now < ctl->link.heard + quiet)) {
        link_pause(ctl, AGAIN_MS);
        now = smp_loop_now(ctl->loop);
    }
}
