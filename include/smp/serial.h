/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * SMP over serial lines: real ports, pseudo-terminals, and any other byte
 * stream with a descriptor; as client, and as a device on a pseudo-terminal.
 *
 * Two framings exist.  Console: packets are lines of text that share the line
 * with logs and a shell; what is no packet goes to a callback.  Raw: packets
 * follow each other bare, nothing else may be on the line.
 *
 * A device has few buffers for lines and loses what finds none free.  So never
 * more lines are on their way than it has (two, unless told), and a packet of
 * several lines waits for a moment between them; the largest packet leaves room
 * for the four bytes that framing adds in the device's buffer.
 * @see Zephyr documentation, "SMP transport specification", UART/serial and console
 */
#ifndef SMP_SERIAL_H
#define SMP_SERIAL_H

#include <smp/export.h>
#include <smp/transport.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Lines that can be limited; a larger number means no limit. */
#define SMP_SERIAL_LINES_MAX 64u

enum smp_serial_framing {
    SMP_SERIAL_CONSOLE, /**< Lines of text, with a CRC. */
    SMP_SERIAL_RAW,     /**< Packets as they are. */
};

/** What to do with a modem line when a port opens. */
enum smp_serial_modem {
    SMP_SERIAL_LEAVE, /**< As the system has it; it stays so when the port closes. */
    SMP_SERIAL_ON,
    SMP_SERIAL_OFF,
};

/** Text that shared the line, in pieces of any size.  Called from smp_loop_process(). */
typedef void smp_console_callback(struct smp_transport *transport, const char *text, size_t len,
                                  void *user);

/** How a line is used; zero means default. */
struct smp_serial_options {
    size_t size;           /**< sizeof(struct smp_serial_options). */
    uint32_t baud;         /**< Bits per second, any the system allows.  Default 115200. */
    enum smp_serial_framing framing;
    uint32_t line_length;  /**< Console: longest line, marker and newline included.  Default 127, which
                                every device takes; 7 to 16384. */
    uint32_t lines;        /**< Console: line buffers in the device.  Default 2; over
                                SMP_SERIAL_LINES_MAX: any number. */
    uint32_t gap_us;       /**< Console: time in which the device surely empties a line buffer.
                                Default 15000 on real ports, else 25000; less once the device's
                                answers show that it is faster. */
    uint32_t max_packet;   /**< Cap on the packet size, header included.  Default 8192. */
    uint32_t window;       /**< Raw: most requests with the device.  Default 1. */
    uint32_t silence_ms;   /**< Raw: silence before the next request when one was not answered, so
                                that the device finds step again.  Default 4000. */
    enum smp_serial_modem dtr; /**< Default: left alone, as many boards reset on an edge. */
    enum smp_serial_modem rts;
    bool flow_control;     /**< Hardware flow control (RTS/CTS). */
    bool shared;           /**< Let other programs open the port too. */
    smp_console_callback *console; /**< May be NULL. */
    void *console_user;
};

/**
 * Opens a port to a device.
 * @param port     A path, as "/dev/ttyACM0", or USB vendor and product, as "2fe3:0100" or
 *                 "2fe3:0100:SERIALNUMBER": see smp_serial_find().
 * @param options  Copied; may be NULL.
 * @retval SMP_ERR_NOT_FOUND    there is no such port.
 * @retval SMP_ERR_EXISTS       several ports are that USB device.
 * @retval SMP_ERR_SYSTEM       errno says why: EBUSY (in use), EACCES (no permission), ENOTTY (no
 *                              serial port), ...; smp_serial_explain() makes a sentence of it.
 * @retval SMP_ERR_INVALID      an option is out of range, or the port cannot do that baud rate.
 * @retval SMP_ERR_UNSUPPORTED  a loop with its own clock.
 * @retval SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_serial_open(struct smp_loop *loop, const char *port,
                            const struct smp_serial_options *options,
                            struct smp_transport **transport);

/**
 * Uses a descriptor of the caller's own: a port set up elsewhere, a socket to a terminal server or
 * to an emulator.  It becomes non-blocking, must be readable and writable, and is never closed
 * here; baud rate, modem lines and flow control are left as they are.
 * @retval as smp_serial_open()
 * @since 0.1
 */
SMP_API int smp_serial_from_fd(struct smp_loop *loop, int fd,
                               const struct smp_serial_options *options,
                               struct smp_transport **transport);

/**
 * Opens the port again after the link went down, as when a device has reset and its USB port
 * disappeared for a while.  Then the link is up again.  Call it now and then until it succeeds.
 * @retval SMP_OK               open, also when it had never gone down.
 * @retval SMP_ERR_UNSUPPORTED  made from a descriptor.
 * @retval as smp_serial_open()
 * @since 0.1
 */
SMP_API int smp_serial_reopen(struct smp_transport *transport);

/**
 * Sends text, for a shell on the same line (client) or as a log (pseudo-terminal).  It leaves
 * between packets and between the lines of one, never inside of a line.
 * @retval SMP_ERR_AGAIN        4096 bytes wait already.
 * @retval SMP_ERR_UNSUPPORTED  raw lines carry no text.
 * @retval SMP_ERR_CLOSED       the link is down.
 * @retval SMP_ERR_INVALID      not a transport of this file.
 * @since 0.1
 */
SMP_API int smp_serial_print(struct smp_transport *transport, const char *text, size_t len);

/** What a line has seen. */
struct smp_serial_stats {
    size_t size;           /**< Set by the caller to sizeof. */
    uint64_t lines_sent;   /**< Console: lines of packets. */
    uint64_t bad_encoding; /**< Dropped: not base64, or not a header. */
    uint64_t bad_crc;      /**< Dropped: the CRC is wrong. */
    uint64_t bad_length;   /**< Dropped: cut short or too long. */
    uint64_t orphans;      /**< Dropped: continuation lines without a beginning. */
    uint64_t steps_lost;   /**< Raw: silences kept, so that the device finds step again. */
    uint64_t vanished;     /**< Pseudo-terminal: lines that found no line buffer, or were too long. */
};
/** @retval SMP_ERR_INVALID  not a transport of this file.  @since 0.1 */
SMP_API int smp_serial_get_stats(const struct smp_transport *transport,
                                 struct smp_serial_stats *stats);

/**
 * Makes a sentence of a failed opening or a lost port: what is wrong, with the program that holds
 * the port or the group to join where that can be known, and what to do.
 * Blocks for some milliseconds at most.
 * @param port          As given to smp_serial_open().
 * @param error         What that returned, or a result's error.
 * @param system_error  errno, or a result's system_error.
 * @param text          Room for at least 64 bytes; longer sentences are cut.
 * @return @p text.  @since 0.1
 */
SMP_API const char *smp_serial_explain(const char *port, int error, int system_error, char *text,
                                       size_t size);

/* ---- finding ports ---- */

/** A serial port of this machine.  Strings are borrowed for the call, and may be NULL but for path. */
struct smp_serial_port {
    size_t size;              /**< sizeof(struct smp_serial_port) the library was built with. */
    const char *path;         /**< As smp_serial_open() takes it. */
    const char *description;
    bool has_usb;             /**< The members below are set. */
    uint16_t vendor;
    uint16_t product;
    const char *manufacturer;
    const char *product_name;
    const char *serial_number;
};

typedef void smp_serial_port_callback(const struct smp_serial_port *port, void *user);

/**
 * Lists the serial ports, sorted by path.  The environment variable SMP_SYSROOT names a folder to find
 * `sys` and `dev` in, as in a container that sees its host's there (Linux only).
 * @return how many, or SMP_ERR_SYSTEM, SMP_ERR_NO_MEMORY.  @since 0.1
 */
SMP_API int smp_serial_ports(smp_serial_port_callback *callback, void *user);

/**
 * Finds the port of a USB device.
 * @param usb   "VID:PID" or "VID:PID:SERIAL", numbers in hexadecimal.
 * @param path  Out.
 * @retval SMP_ERR_INVALID    not of that form, or @p size is too small.
 * @retval SMP_ERR_NOT_FOUND  no port is that device.
 * @retval SMP_ERR_EXISTS     several are: say the serial number, or the path.
 * @since 0.1
 */
SMP_API int smp_serial_find(const char *usb, char *path, size_t size);

/* ---- a device on a pseudo-terminal ---- */

struct smp_faults;

/** How a pseudo-terminal behaves; zero means default. */
struct smp_pty_options {
    size_t size;          /**< sizeof(struct smp_pty_options). */
    enum smp_serial_framing framing;
    uint32_t line_length; /**< Console: longest line it sends.  Default 127. */
    uint32_t max_packet;  /**< Largest packet it sends.  Default 65533, raw 65543. */
    smp_console_callback *console; /**< What clients type that is no packet.  May be NULL. */
    void *console_user;

    /* For simulators: a line as slow, and a device as small, as real ones. */
    uint32_t baud;         /**< Bits per second, both ways.  Default: no limit. */
    uint32_t line_buffers; /**< Console: lines that may wait; what finds none vanishes.  Default: no limit. */
    uint32_t line_room;    /**< Console: bytes in a line buffer, newline included; a longer line
                                vanishes.  Default 128; only with line_buffers. */
    uint32_t line_us;      /**< Time until a line is taken out of its buffer.  Default: 1000 with a
                                baud rate, else 10000, as Zephyr on a pseudo-terminal. */
    uint32_t max_received; /**< Larger packets vanish.  Default: none do. */
    const struct smp_faults *faults; /**< What is wrong with the line, a line or up to 128 raw bytes at a
                                time (loopback.h).  Copied.  Default: nothing. */
    bool strict_baud;      /**< Needs a baud rate: who has opened the port at another one hears garbage,
                                and is heard so, as on a wire.  Default: any rate will do. */
};

/**
 * Makes a pseudo-terminal for a server (smp_server_listen()).  Clients open its other side, one
 * after the other; the link is down while there is none.
 * @param link     Path of a symbolic link to make to it; one that is there is replaced, and it is
 *                 removed again at the end.  NULL: none.
 * @param options  Copied; may be NULL.
 * @retval SMP_ERR_EXISTS  @p link exists and is not a symbolic link.
 * @retval SMP_ERR_SYSTEM  errno says why.
 * @retval SMP_ERR_INVALID, SMP_ERR_UNSUPPORTED, SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_pty_new(struct smp_loop *loop, const char *link,
                        const struct smp_pty_options *options, struct smp_transport **transport);

/**
 * The path clients open, as "/dev/pts/3".  Borrowed from the transport.
 * @return NULL when @p transport is not a pseudo-terminal.  @since 0.1
 */
SMP_API const char *smp_pty_path(const struct smp_transport *transport);

#ifdef __cplusplus
}
#endif
#endif
