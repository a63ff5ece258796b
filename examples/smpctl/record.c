/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "output.h"
#include "recording.h"
#include "smpctl.h"

#include <smp/transport.h>
#include <smp/version.h>

#include <errno.h>
#include <string.h>

static void on_packet(struct smp_transport *transport, bool sent, const struct smp_peer *peer,
                      const uint8_t *packet, size_t len, void *user)
{
    struct smpctl *ctl = user;
    (void)transport;
    (void)peer;
    if (sent && len > ctl->link.sent_most) {
        ctl->link.sent_most = len;
    }
    if (ctl->recorder) {
        recorder_add(ctl->recorder, sent, packet, len); /* record_end() tells of failures */
    }
}

int record_begin(struct smpctl *ctl)
{
    const char *path = ctl->options.record;
    char by[64];
    smp_transport_tap(ctl->transport, on_packet, ctl);
    if (!path) {
        return STATUS_DONE;
    }
    if (ctl->task) {
        return fail(ctl, STATUS_USAGE, "--record keeps one device's packets: give one -d");
    }
    snprintf(by, sizeof by, "smpctl %s", smp_version());
    if (!ctl->recorder) {
        ctl->recorder = recorder_new(path, ctl->device, by);
    }
    return ctl->recorder ? STATUS_DONE
                         : fail(ctl, STATUS_FILE, "--record %s: %s", path, strerror(errno));
}

int record_end(struct smpctl *ctl, int status)
{
    int error = recorder_close(ctl->recorder);
    ctl->recorder = NULL;
    if (error) {
        note(ctl, "--record %s: %s; the recording is not whole", ctl->options.record,
             strerror(error));
        return status ? status : STATUS_FILE;
    }
    return status;
}
