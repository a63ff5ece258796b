/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The C shim that the bindings for Python, Go and Node share.
 *
 * One `struct shim` is one loop with a queue of events.  The language watches
 * shim_fd() in its own event loop; when that is readable it calls shim_process()
 * and then shim_next() until it says NULL.  Nothing ever calls back into the
 * language: completions, progress, log lines, requests to a server, packets of
 * custom transports and wishes for data are all events.
 *
 * Handles: every object (session, transport, server, request, transfer, exchange)
 * is an `int64_t` greater than 0 and below 2^53, never reused.  A handle of what is
 * gone is harmless: calls answer SMP_ERR_CLOSED, or SMP_ERR_INVALID when it never was
 * of that type.  Functions that make something return its handle, or a negative
 * enum smp_error.
 *
 * Memory: what an event points to lives until the next shim_next(), shim_process(), shim_turn() or
 * shim_close().
 * Arguments are copied, except SHIM_BORROW data.
 *
 * Threads: one call at a time on one shim, from any thread (Go); only shim_wake()
 * may be called while another call runs.  Different shims do not know each other.
 *
 * After fork() the child's calls return SMP_ERR_FORKED; shim_close() only frees.
 */
#ifndef SHIM_H
#define SHIM_H

#include <smp/smp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct shim;

/** @name The shim
 * @{ */

/** Zero means default. */
struct shim_options {
    enum smp_log_level log_level; /**< Lines up to this level become SHIM_LOG events. */
    bool log;                     /**< Make SHIM_LOG events at all. */
    bool fake_clock;              /**< Time stands still: shim_turn() jumps, shim_advance(). */
    uint32_t requests;            /**< As in struct smp_loop_options. */
    uint32_t arena;               /**< The same. */
    uint32_t backlog;             /**< Requests that wait in the shim when the session's queue is
                                       full; SMP_ERR_BUSY past that.  Default 1 000 000. */
};

/** @param options  May be NULL.  @return NULL: no memory, or no descriptors. */
struct shim *shim_new(const struct shim_options *options);

/**
 * Closes everything and forgets events not fetched.  The shim itself stays: every call on it
 * answers SMP_ERR_CLOSED from now on.  Twice does no harm.  NULL is ignored.
 */
void shim_close(struct shim *shim);

/** shim_close(), and gives the memory back: for the garbage collector.  NULL is ignored. */
void shim_free(struct shim *shim);

/** The descriptor to watch for readability.  @retval SMP_ERR_UNSUPPORTED  with a fake clock. */
int shim_fd(const struct shim *shim);

/** Does what is due, never blocks.  @retval 0 all done; 1 more is due, call again; or an error. */
int shim_process(struct shim *shim);

/**
 * Promises that shim_process() follows at once: until then nothing makes the descriptor readable.
 * Saves a system call for each call in between, and a wake of whoever watches the descriptor.
 */
void shim_promise(struct shim *shim);

/** Blocks up to @p timeout_ms (-1: until something happens), then processes.  @retval as above. */
int shim_turn(struct shim *shim, int timeout_ms);

/** Milliseconds until shim_process() is due; -1: no timer runs. */
int shim_timeout(struct shim *shim);

/** Makes the descriptor readable once.  Any thread, at any time before shim_close(). */
void shim_wake(struct shim *shim);

/** With a fake clock: moves the time. */
int shim_advance(struct shim *shim, uint64_t ns);

/** The loop, for the tables (smp_group_next() ...).  Borrowed; NULL when closed. */
struct smp_loop *shim_loop(const struct shim *shim);

/** Objects that are not released: for leak tests. */
size_t shim_objects(const struct shim *shim);

/**
 * Releases any object: a session's requests end with SMP_ERR_CLOSED events, an exchange goes
 * without an answer, a request is cancelled, a transport's session sees the link go down.
 * @retval SMP_ERR_CLOSED  it was gone before.
 */
int shim_release(struct shim *shim, int64_t handle);
/** @} */

/** @name Events
 * @{ */
enum shim_event_kind {
    SHIM_DONE = 1,     /**< A request or transfer ended; its handle is gone. */
    SHIM_PROGRESS = 2, /**< `progress` of the transfer `handle`.  Only the newest is kept. */
    SHIM_LINK = 3,     /**< Session `handle`: `error` SMP_OK up, else why it went down. */
    SHIM_LOG = 4,      /**< `level`, `text`. */
    SHIM_READ = 5,    /**< Transfer `handle` wants `len` bytes from `offset`: shim_source_data(). */
    SHIM_WRITE = 6,   /**< Transfer `handle` received `payload`, to be stored at `offset`. */
    SHIM_SEND = 7,    /**< Custom transport `handle`: send `payload` to `peer`. */
    SHIM_RESET = 8,   /**< Custom transport `handle`: forget a packet received in part. */
    SHIM_REQUEST = 9, /**< Server `handle`: answer `exchange` once. */
    SHIM_OVERRUN = 10, /**< Server `handle`: a request vanished, there was no buffer. */
    SHIM_STARVED = 11, /**< Server `handle`: a request was refused, there was no buffer. */
    SHIM_CONSOLE = 12, /**< Serial transport `handle`: text `payload` that shared the line. */
    SHIM_DRAINED = 13, /**< Session `handle`: shim_session_close() is through, release it. */
    SHIM_UPDATE =
        14,         /**< `update` of the update `handle`.  Of each phase only the newest is kept. */
    SHIM_STEP = 15, /**< Update `handle` ended the step `update.phase` with `error`; the report so
                           far is `record`. */
    SHIM_DECIDE = 16, /**< Update `handle`: the new image runs, `record` is the report; is it good?
                           shim_update_decide() answers. */
    SHIM_REOPEN = 17, /**< Custom transport `handle`: the link is wanted back.  Comes twice a second
                           until shim_transport_up(). */
};

/** What happened.  Members that a kind does not name are zero. */
struct shim_event {
    enum shim_event_kind kind;
    int64_t handle;
    int error;        /**< SMP_OK or enum smp_error. */
    int system_error; /**< errno, or 0. */
    /* SHIM_DONE and SHIM_REQUEST; see struct smp_result. */
    struct smp_header header;
    const struct smp_command *command; /**< NULL: not known to the loop. */
    const struct smp_message *message; /**< Table of record; NULL when record is. */
    const void *record;       /**< The decoded response or request, in the event's memory. */
    struct smp_bytes payload; /**< CBOR as it came; or a packet, or data. */
    bool bad_utf8;
    /* SHIM_DONE */
    bool has_answer;
    bool from_group;
    uint16_t group;
    int64_t rc;
    struct smp_str reason;
    const char *key;             /**< Or NULL. */
    const char *text;            /**< One line for people when error is not SMP_OK, else NULL. */
    const struct smp_code *code; /**< What `rc` means, or NULL. */
    /* others */
    struct smp_progress progress;      /**< SHIM_PROGRESS. */
    struct smp_update_progress update; /**< SHIM_UPDATE; SHIM_STEP: its phase. */
    uint64_t offset;                   /**< SHIM_READ, SHIM_WRITE. */
    size_t len;                        /**< SHIM_READ. */
    int64_t exchange;                  /**< SHIM_REQUEST. */
    int64_t transport;                 /**< SHIM_REQUEST: where it came from, 0: gone. */
    struct smp_peer peer;              /**< SHIM_SEND. */
    enum smp_log_level level;          /**< SHIM_LOG. */
};

/** The next event, or NULL: nothing more (shim_pending() is 0).  Frees the one before. */
const struct shim_event *shim_next(struct shim *shim);

/** Events that wait for shim_next(). */
size_t shim_pending(const struct shim *shim);

/**
 * The record of an event in the flat form (README.md), made on the first call.
 * Empty when there is no record.  Lives as long as the event.
 */
struct smp_bytes shim_event_flat(struct shim *shim);
/** @} */

/** @name Transports
 * @{ */

/**
 * Opens a transport to a device by URL:
 * - "udp://192.0.2.1:1337" (numeric, see smp_udp_resolve());
 * - "serial:///dev/ttyACM0?baud=115200", "serial://2fe3:0100" (USB vendor and product), with the
 *   options baud, framing (console, raw), line_length, lines, gap_us, max_packet, window,
 *   silence_ms, dtr and rts (leave, on, off), flow_control and shared (0, 1);
 * - "loopback:name": the first to open it gets one end, the second the other;
 * - and whatever transports the library has besides.
 * @retval SMP_ERR_UNSUPPORTED  the scheme is not known.
 */
int64_t shim_open(struct shim *shim, const char *url);

/** The same for a server to listen on: "udp://0.0.0.0:1337", "pty:" or "pty:LINK" with the options
 *  framing, line_length and max_packet, "loopback:name". */
int64_t shim_listen(struct shim *shim, const char *url);

/** One line for people: why the last shim_open() or shim_listen() failed, and what to do. */
const char *shim_open_text(const struct shim *shim);

/** The URL a transport can be reached at ("udp://127.0.0.1:49152").  @return its length, or an error. */
int shim_transport_url(struct shim *shim, int64_t handle, char *text, size_t size);

/** How a custom transport is; zero means default. */
struct shim_transport_options {
    enum smp_transport_kind kind;
    uint32_t max_packet; /**< Largest packet, header included.  Default SMP_PACKET_MAX. */
    uint32_t overhead;   /**< As in struct smp_transport_ops. */
    uint32_t window;     /**< As in struct smp_transport_ops. */
    uint32_t queue;      /**< SHIM_SEND events that may wait to be fetched.  Default 64. */
};

/** Makes a transport of the language's own.  The link counts as up.  @param options  May be NULL. */
int64_t shim_transport_new(struct shim *shim, const struct shim_transport_options *options);

/** Changes the largest packet. */
int shim_transport_set_max_packet(struct shim *shim, int64_t handle, uint32_t max_packet);
/** Hands over one whole received packet.  @param peer  NULL: the only one. */
int shim_transport_received(struct shim *shim, int64_t handle, const struct smp_peer *peer,
                            const uint8_t *data, size_t len);
/** False: no more SHIM_SEND events until true is said. */
int shim_transport_writable(struct shim *shim, int64_t handle, bool writable);
int shim_transport_up(struct shim *shim, int64_t handle);
/** @param reason  SMP_ERR_CLOSED, SMP_ERR_REFUSED or SMP_ERR_SYSTEM.  @param system_error  errno or 0. */
int shim_transport_down(struct shim *shim, int64_t handle, int reason, int system_error);

/** Sends text for a shell on the same serial line (smp_serial_print()). */
int shim_transport_print(struct shim *shim, int64_t handle, const uint8_t *data, size_t len);
/** Opens a serial port again that went away (smp_transport_reopen()). */
int shim_transport_reopen(struct shim *shim, int64_t handle);

/** Lists this machine's serial ports.  @return how many, for shim_port(), or an error. */
int shim_ports(struct shim *shim);
/** One of them, or NULL.  Its strings live until the next shim_ports() or shim_close(). */
const struct smp_serial_port *shim_port(const struct shim *shim, size_t index);

/** Puts a bad link in front of a transport that serves nothing yet; the handle stays.  For tests. */
int shim_transport_faults(struct shim *shim, int64_t handle, const struct smp_faults *faults);
/** @} */

/** @name Sessions
 * @{ */

/** @param options  May be NULL; `size` 0 counts as all of it; `link` is set by the shim. */
int64_t shim_session_new(struct shim *shim, int64_t transport,
                         const struct smp_session_options *options);

/** Takes nothing new and lets the rest end (smp_session_close()); then comes SHIM_DRAINED. */
int shim_session_close(struct shim *shim, int64_t handle);

int shim_session_stats(struct shim *shim, int64_t handle, struct smp_session_stats *stats);
/** @retval >= 0  smp_session_window() */
int shim_session_window(struct shim *shim, int64_t handle);
/** @retval >= 0  smp_session_max_packet() */
int shim_session_max_packet(struct shim *shim, int64_t handle);

/**
 * Sends a command; SHIM_DONE follows for the handle that is returned.
 * @param data  The request's fields in the flat form; NULL: none.
 * @retval SMP_ERR_NOT_FOUND  no table describes that command: shim_request().
 * @retval SMP_ERR_INVALID    the fields do not fit the table.
 * @retval as smp_session_call(), but a full queue is no error: the request waits in the shim.
 */
int64_t shim_call(struct shim *shim, int64_t session, uint16_t group, uint8_t command, uint8_t op,
                  const uint8_t *data, size_t len);

/** The same with the command's request struct, for languages that know C's structs. */
int64_t shim_call_struct(struct shim *shim, int64_t session, const struct smp_command *command,
                         const void *record);

/** Sends any CBOR to any group and command.  @param data  NULL: an empty map. */
int64_t shim_request(struct shim *shim, int64_t session, uint16_t group, uint8_t command,
                     uint8_t op, const uint8_t *data, size_t len);

/** Ends a request or transfer early: SHIM_DONE with SMP_ERR_CANCELLED follows. */
int shim_cancel(struct shim *shim, int64_t handle);
/** @} */

/** @name Transfers
 * @{ */

/** Where the data to send is. */
enum shim_source {
    SHIM_COPY = 0,   /**< In memory: copied now. */
    SHIM_BORROW = 1, /**< In memory that stands still until SHIM_DONE was fetched. */
    SHIM_PULL = 2,   /**< In the language: `data` is NULL, SHIM_READ events ask for it. */
};

/**
 * Uploads an image; SHIM_PROGRESS events, then SHIM_DONE.
 * @param options  May be NULL; `size` 0 counts as all of it; `transfer.progress` is set by the
 *                 shim.  SHIM_PULL needs `sha`.
 */
int64_t shim_img_upload(struct shim *shim, int64_t session, const uint8_t *data, size_t len,
                        enum shim_source source, const struct smp_img_upload_options *options);

/** Sends a file.  @param options  May be NULL; `progress` is set by the shim. */
int64_t shim_fs_upload(struct shim *shim, int64_t session, const char *name, const uint8_t *data,
                       size_t len, enum shim_source source,
                       const struct smp_transfer_options *options);

/** Fetches a file: SHIM_WRITE events, then SHIM_DONE.  @param options  As above. */
int64_t shim_fs_download(struct shim *shim, int64_t session, const char *name,
                         const struct smp_transfer_options *options);

/** Answers SHIM_READ with exactly the bytes asked for.  @retval SMP_ERR_INVALID  others. */
int shim_source_data(struct shim *shim, int64_t handle, uint64_t offset, const uint8_t *data,
                     size_t len);
/** Reading or storing failed in the language: ends with SMP_ERR_SOURCE, or SMP_ERR_SINK. */
int shim_transfer_fail(struct shim *shim, int64_t handle);
int shim_transfer_pause(struct shim *shim, int64_t handle);
int shim_transfer_continue(struct shim *shim, int64_t handle);
/** @} */

/** @name Updates (update.h)
 * @{ */

/**
 * Updates a device; SHIM_UPDATE, SHIM_STEP and SHIM_DECIDE events, then SHIM_DONE, whose record
 * always is a struct smp_update_report.  shim_cancel() ends it early.
 * @param source   SHIM_COPY or SHIM_BORROW.
 * @param options  May be NULL; `size` 0 counts as all of it; the callbacks are set by the shim.
 * @param ask      Ask with SHIM_DECIDE, instead of going for `goal`.
 */
int64_t shim_update(struct shim *shim, int64_t handle, const uint8_t *data, size_t len,
                    enum shim_source source, const struct smp_update_options *options, bool ask);

/** Answers SHIM_DECIDE.  @retval as smp_update_decide() */
int shim_update_decide(struct shim *shim, int64_t handle, enum smp_update_decision decision);
/** @} */

/** @name Servers
 * @{ */

/** @param options  May be NULL; `size` 0 counts as all of it; `hook` is set by the shim. */
int64_t shim_server_new(struct shim *shim, const struct smp_server_options *options);
int shim_server_listen(struct shim *shim, int64_t handle, int64_t transport);
/** From now on (true) such requests become SHIM_REQUEST events; others are refused with rc 8. */
int shim_server_handle(struct shim *shim, int64_t handle, uint16_t group, uint8_t command,
                       uint8_t op, bool on);
int shim_server_power(struct shim *shim, int64_t handle, bool on);
int shim_server_stall(struct shim *shim, int64_t handle, uint64_t ns);

/** Answers with success; @p data: the response in the flat form, NULL: empty.  The handle is gone. */
int shim_reply(struct shim *shim, int64_t exchange, const uint8_t *data, size_t len);
/** The same with the command's response struct, or NULL. */
int shim_reply_struct(struct shim *shim, int64_t exchange, const void *record);
/** Answers with a code of the command's own group, and fields beside it unless NULL. */
int shim_fail(struct shim *shim, int64_t exchange, uint16_t rc, const uint8_t *data, size_t len);
int shim_fail_struct(struct shim *shim, int64_t exchange, uint16_t rc, const void *record);
/** Answers with a global code.  @param reason  May be NULL. */
int shim_refuse(struct shim *shim, int64_t exchange, int64_t rc, const char *reason);
/** @} */

/** @name Groups of the language's own (custom.h), before the first session or server
 * @{ */

/** Begins a message; its handle is for the next three calls. */
int64_t shim_message_new(struct shim *shim, const char *name);
/**
 * Adds a field; rows count from 0 in the flat form.
 * @param alias    NULL: none.
 * @param element  Of a SMP_KIND_LIST.
 * @param width    Bytes of a number, 0: 8.
 * @param message  Of records, 0: none.
 */
int shim_message_add(struct shim *shim, int64_t handle, const char *key, const char *alias,
                     enum smp_kind kind, enum smp_kind element, uint32_t width, bool optional,
                     int64_t field_message);
int64_t shim_group_new(struct shim *shim, uint16_t id, const char *name);
/** @param request, response  0: without fields.  @param enable  May be NULL. */
int shim_group_add_command(struct shim *shim, int64_t handle, const char *name, uint8_t id,
                           uint8_t op, bool idempotent, int64_t request, int64_t response,
                           const char *enable);
/** @param hint  May be NULL.  @param v1  enum smp_rc for SMP v1. */
int shim_group_add_code(struct shim *shim, int64_t handle, int32_t rc, const char *name,
                        const char *text, const char *hint, int v1);
/** @} */

/** @name MCUboot images in memory (mcuboot.h)
 * @{ */
/** Parses; @p check: also recomputes the hash, and @p sha (32 bytes, may be NULL) of all of it. */
int shim_image_read(const uint8_t *data, size_t len, bool check, struct smp_mcuboot_image *image,
                    uint8_t *sha);
/**
 * Checks the signature as smp_mcuboot_signature_check() does; @p image as shim_image_read() found it
 * with @p check.
 */
int shim_image_signature(const uint8_t *data, size_t len, const struct smp_mcuboot_image *image,
                         const char *pem, size_t pem_len);
/** Walks the TLVs as smp_mcuboot_tlv_next() does. */
int shim_image_tlv(const uint8_t *data, size_t len, const struct smp_mcuboot_image *image,
                   uint32_t *cursor, struct smp_mcuboot_tlv *tlv);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
