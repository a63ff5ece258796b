/* SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

#include "datagram.h"
#include "optional.h"
#include "output.h"
#include "smpctl.h"

#include <string.h>
#include <sys/time.h>

/* What is used of libpcap, as its manual declares it. */
struct pcap;
struct pcap_pkthdr {
    struct timeval ts;
    uint32_t caplen;
    uint32_t len;
};
#define PCAP_ERRBUF_SIZE 256

static struct pcap *(*fopen_offline)(FILE *file, char *error);
static int (*next_ex)(struct pcap *pcap, struct pcap_pkthdr **header, const uint8_t **data);
static int (*datalink)(struct pcap *pcap);
static char *(*geterr)(struct pcap *pcap);
static void (*close_pcap)(struct pcap *pcap);

static bool load(void)
{
    static const char *const names[] = {"libpcap.so.0.8", "libpcap.so.1", "libpcap.so",
                                        "libpcap.A.dylib", NULL};
    const struct optional_function functions[] = {
        {"pcap_fopen_offline", &fopen_offline},
        {"pcap_next_ex", &next_ex},
        {"pcap_datalink", &datalink},
        {"pcap_geterr", &geterr},
        {"pcap_close", &close_pcap},
    };
    return optional_load(names, functions, sizeof functions / sizeof *functions);
}

bool capture_is(const uint8_t *data, size_t len)
{
    static const uint8_t magics[][4] = {
        {0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, /* pcap */
        {0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, /* with nanoseconds */
        {0x0a, 0x0d, 0x0d, 0x0a},                           /* pcapng */
    };
    for (size_t i = 0; len >= 4 && i < sizeof magics / sizeof *magics; i++) {
        if (memcmp(data, magics[i], 4) == 0) {
            return true;
        }
    }
    return false;
}

int capture_read(struct smpctl *ctl, const char *name, FILE *file, uint16_t port,
                 void (*found)(const struct datagram *datagram, void *user), void *user)
{
    char error[PCAP_ERRBUF_SIZE] = "";
    struct pcap_pkthdr *header;
    const uint8_t *data;
    int rc;
    if (!load()) {
        fclose(file);
        return fail(ctl, STATUS_FILE,
                    "%s: capture files need libpcap, which is not installed (Debian: libpcap0.8)",
                    name);
    }
    struct pcap *pcap = fopen_offline(file, error);
    if (!pcap) {
        fclose(file);
        return fail(ctl, STATUS_FILE, "%s: %s", name, error);
    }
    int type = datalink(pcap);
    int status = STATUS_DONE;
    if (!datagram_link_known(type)) {
        status =
            fail(ctl, STATUS_FILE, "%s: captures of link type %d are not known here", name, type);
    }
    while (status == STATUS_DONE && (rc = next_ex(pcap, &header, &data)) != -2) {
        struct datagram datagram = {0};
        if (rc < 0) {
            status = fail(ctl, STATUS_FILE, "%s: %s", name, geterr(pcap));
        } else if (rc > 0 && datagram_find(type, data, header->caplen, port, &datagram)) {
            datagram.time = (double)header->ts.tv_sec + (double)header->ts.tv_usec / 1e6;
            found(&datagram, user);
        }
    }
    close_pcap(pcap);
    return status;
}
