# SPDX-License-Identifier: Apache-2.0
"""A serial line with SMP console frames for the fake device, from the protocol's description."""

from __future__ import annotations

import base64
import binascii
import os
import pty
import select
import time
import tty

FIRST, NEXT = b"\x06\x09", b"\x04\x14"
PART = 124  # base64 characters in a line of 127 bytes


def frame(packet: bytes) -> bytes:
    """The lines of one packet; anything at all may be put into them."""
    crc = binascii.crc_hqx(packet, 0).to_bytes(2, "big")
    message = (len(packet) + 2).to_bytes(2, "big") + packet + crc
    text = base64.b64encode(message)
    parts = [text[i : i + PART] for i in range(0, len(text), PART)]
    return b"".join((NEXT if i else FIRST) + part + b"\n" for i, part in enumerate(parts))


class Line:
    """The device's end of a pseudo-terminal: bytes in, packets out."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.url = f"serial://{os.ttyname(slave)}?lines=64"
        os.close(slave)
        os.set_blocking(self._master, False)
        self._bytes = b""
        self._message = b""
        self._packets: list[bytes] = []

    def receive(self, timeout: float) -> tuple[bytes, None] | None:
        """The next packet, with its sender; None when there is none in time."""
        end = time.monotonic() + timeout
        while not self._packets:
            left = end - time.monotonic()
            if left <= 0:
                return None
            if select.select([self._master], [], [], left)[0]:
                try:
                    self._take(os.read(self._master, 65536))
                except OSError:  # nobody has the other end open
                    time.sleep(min(left, 0.005))
        return self._packets.pop(0), None

    def _take(self, data: bytes) -> None:
        *lines, self._bytes = (self._bytes + data).split(b"\n")
        for line in lines:
            if line.startswith(FIRST):
                self._message = b""
            elif not line.startswith(NEXT):
                continue
            self._message += base64.b64decode(line[2:])
            length = int.from_bytes(self._message[:2], "big")
            if len(self._message) >= 2 + length:
                body, crc = self._message[2:length], self._message[length : 2 + length]
                assert binascii.crc_hqx(body, 0).to_bytes(2, "big") == crc
                self._packets.append(body)

    def send(self, packet: bytes, _peer: None = None) -> None:
        self.write(frame(packet))

    def write(self, data: bytes) -> None:
        """Bytes as they are: a log, half a frame.  What nobody takes for a second is lost."""
        while data and select.select([], [self._master], [], 1)[1]:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                continue
            except OSError:  # nobody listens
                return

    def close(self) -> None:
        """Whoever has the other end open sees it hang up."""
        if self._master >= 0:
            os.close(self._master)
        self._master = -1
