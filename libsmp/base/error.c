/* SPDX-License-Identifier: Apache-2.0 */
/* Names and plain sentences for what goes wrong, here and in the device. */
#include <smp/error.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct error {
    const char *name;
    const char *text;
};

/* By -error. */
static const struct error errors[] = {
    {"SMP_OK", "done"},
    {"SMP_ERR_INVALID", "an argument is wrong; nothing was done"},
    {"SMP_ERR_NO_MEMORY", "out of memory"},
    {"SMP_ERR_BUSY", "too much is waiting already; try again after an answer has come"},
    {"SMP_ERR_TOO_LARGE", "too large for the device's buffer, the link or the memory set aside"},
    {"SMP_ERR_AGAIN", "not possible now, but later"},
    {"SMP_ERR_CLOSED", "the link is down or was closed"},
    {"SMP_ERR_REFUSED", "nobody listens at that address; check address and port, and that the "
                        "device's SMP server is running"},
    {"SMP_ERR_TIMEOUT", "no answer in the time allowed; check the connection, or allow more time"},
    {"SMP_ERR_CANCELLED", "cancelled"},
    {"SMP_ERR_MALFORMED", "what the device sent is not a valid SMP answer"},
    {"SMP_ERR_DEVICE", "the device refused"},
    {"SMP_ERR_NOT_FOUND", "not found"},
    {"SMP_ERR_REENTRANT", "process, run and wait cannot be called inside a callback"},
    {"SMP_ERR_FORKED", "the loop belongs to the process before fork(); make a new one"},
    {"SMP_ERR_SYSTEM", "an operating system call failed"},
    {"SMP_ERR_STALLED", "the transfer made no progress for too long; start it again to resume"},
    {"SMP_ERR_OFFSET", "the device asked for an offset that does not exist or was not sent yet"},
    {"SMP_ERR_NOT_IMAGE", "not a MCUboot image; use the signed binary, in Zephyr "
                          "zephyr.signed.bin"},
    {"SMP_ERR_CORRUPT", "a hash or checksum does not match; the data are damaged"},
    {"SMP_ERR_UNSUPPORTED", "not supported by this build or by the device"},
    {"SMP_ERR_SOURCE", "reading the data to send failed"},
    {"SMP_ERR_EXISTS", "that group, name or address is taken"},
    {"SMP_ERR_SINK", "storing the received data failed"},
    {"SMP_ERR_SIGNATURE", "the image is not signed with that key"},
    {"SMP_ERR_DOWNGRADE", "the image is not known to be as new as the one that runs"},
    {"SMP_ERR_NOT_STARTED", "after its reset the device does not run the new image"},
    {"SMP_ERR_STUCK", "the device keeps asking for the same bytes, although they were sent; reset "
                      "it, or erase the slot, and start again"},
    {"SMP_ERR_STALE", "only answers to earlier requests came, and none to the last ones; something "
                      "on the way repeats old packets"},
};

static const struct error unknown = {"SMP_ERR_UNKNOWN", "an error this version does not know"};

static const struct error *find(int error)
{
    return error <= 0 && error > -(int)COUNT(errors) ? &errors[-error] : &unknown;
}

const char *smp_error_name(int error)
{
    return find(error)->name;
}

const char *smp_error_text(int error)
{
    return find(error)->text;
}

#define CODE(number, name_, text_, hint_)                                                          \
    {                                                                                              \
        .size = sizeof(struct smp_code), .rc = (number), .name = (name_), .text = (text_),         \
        .hint = (hint_)                                                                            \
    }

/* By rc.  @see Zephyr, mgmt_defines.h, enum mcumgr_err_t */
static const struct smp_code codes[] = {
    CODE(SMP_RC_OK, "EOK", "no error", NULL),
    CODE(SMP_RC_UNKNOWN, "EUNKNOWN", "the device failed without saying why",
         "look at the device's own log"),
    CODE(SMP_RC_NO_MEMORY, "ENOMEM", "the device has no buffer or memory left",
         "send fewer requests at a time or smaller ones, or raise "
         "CONFIG_MCUMGR_TRANSPORT_NETBUF_COUNT in the firmware"),
    CODE(SMP_RC_INVALID, "EINVAL", "the device found an argument wrong or missing",
         "check the values given; older firmware may not know this form of the command"),
    CODE(SMP_RC_TIMEOUT, "ETIMEOUT", "something timed out inside the device", "try again"),
    CODE(SMP_RC_NOT_FOUND, "ENOENT", "the device has no such item",
         "check the name or number, or list what there is"),
    CODE(SMP_RC_BAD_STATE, "EBADSTATE", "the device's state does not allow this now",
         "read the state first; an update may be pending or not yet confirmed"),
    CODE(SMP_RC_RESPONSE_TOO_LARGE, "EMSGSIZE", "the answer does not fit the device's buffer",
         "ask for less, or raise CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE in the firmware"),
    CODE(SMP_RC_NOT_SUPPORTED, "ENOTSUP", "the device's firmware does not have this command",
         "switch the command on in the firmware's Kconfig (CONFIG_MCUMGR_GRP_...)"),
    CODE(SMP_RC_CORRUPT, "ECORRUPT", "the request arrived damaged or cut off",
         "send smaller packets, and check the link's MTU and the device's buffer size"),
    CODE(SMP_RC_BUSY, "EBUSY", "the device is busy", "try again in a moment"),
    CODE(SMP_RC_ACCESS_DENIED, "EACCESSDENIED", "the device's application does not allow this",
         "the firmware decides who may do it: look at its access hook"),
    CODE(SMP_RC_TOO_OLD, "UNSUPPORTED_TOO_OLD", "the device no longer speaks this SMP version",
         "send SMP version 2, or enable CONFIG_MCUMGR_SMP_SUPPORT_ORIGINAL_PROTOCOL"),
    CODE(SMP_RC_TOO_NEW, "UNSUPPORTED_TOO_NEW", "the device does not speak this SMP version yet",
         "send SMP version 1"),
};

static const struct smp_code user_code =
    CODE(SMP_RC_USER, "EPERUSER", "a code of the device's own application",
         "its firmware's documentation says what it means");

const struct smp_code *smp_rc_find(int64_t rc)
{
    if (rc >= 0 && rc < (int64_t)COUNT(codes))
        return &codes[rc];
    return rc == SMP_RC_USER ? &user_code : NULL;
}
