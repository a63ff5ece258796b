# SPDX-License-Identifier: Apache-2.0
"""The least time that links and devices leave an upload: what the benchmark measures against.

Nothing here knows how libsmp does it: only the bytes that the protocol asks for.  One-time costs
(starting the program, asking for the buffers, the first chunk that goes alone) are not allowed for.
"""

from __future__ import annotations

from collections.abc import Iterator

SMP_HEADER = 8
CONSOLE_OVERHEAD = 4  # length and CRC, in the device's buffer
LINE_PAYLOAD = 93  # bytes in a full line of 127: marker, 124 characters of base64, newline
BITS_PER_BYTE = 10  # start, 8, stop


def head(number: int) -> int:
    """Bytes of a CBOR head."""
    return 1 if number < 24 else 2 if number < 256 else 3 if number < 65536 else 5


def upload_fields(offset: int, total: int) -> int:
    """Bytes around the data of an image upload: header, map, off; len and sha in the first."""
    size = SMP_HEADER + 1 + len("_off") + head(offset) + len("_data")
    return size + (len("_len") + head(total) + len("_sha") + 2 + 32 if offset == 0 else 0)


def packets(total: int, room: int) -> Iterator[int]:
    """Sizes of the packets of an upload, each filled up to `room`."""
    offset = 0
    while offset < total:
        around = upload_fields(offset, total)
        data = room - around - 1
        while around + head(data) + data > room:
            data -= 1
        data = min(data, total - offset)
        yield around + head(data) + data
        offset += data


def frame(packet: int) -> int:
    """Bytes on the line of a packet in console framing."""
    full, rest = divmod(packet + CONSOLE_OVERHEAD, LINE_PAYLOAD)
    return full * 127 + (3 + 4 * -(-rest // 3) if rest else 0)


def console_seconds(total: int, buf_size: int, baud: int) -> float:
    """The line is never idle: nothing but framing and base64 costs."""
    line = sum(frame(packet) for packet in packets(total, buf_size - CONSOLE_OVERHEAD))
    return line * BITS_PER_BYTE / baud


def raw_seconds(total: int, buf_size: int, baud: int, device: float) -> float:
    """One packet at a time: each crosses the line, costs the device, and its answer comes back."""
    answer = SMP_HEADER + 1 + len("_off") + head(total)
    line = sum(packet + answer for packet in packets(total, buf_size))
    return line * BITS_PER_BYTE / baud + device * sum(1 for _ in packets(total, buf_size))


def window_seconds(total: int, buf_size: int, window: int, rtt: float) -> float:
    """`window` packets in each round trip."""
    return sum(1 for _ in packets(total, buf_size)) * rtt / window
