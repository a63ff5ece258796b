# SPDX-License-Identifier: Apache-2.0
"""SMP packets and a fake device over UDP, written from the protocol's description alone.

Nothing here knows libsmp: what both agree on is the protocol.
"""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

import cbor2

HEADER = struct.Struct(">BBHHBB")

OS = 0
IMG = 1
ECHO, PARAMS, RESET = 0, 6, 5
STATE, UPLOAD, ERASE, SLOTS = 0, 1, 5, 6

Payload = dict[str, Any]


@dataclass(frozen=True)
class Packet:
    """One packet, request or answer."""

    op: int
    group: int
    id: int
    sequence: int
    payload: Payload
    version: int = 1

    @classmethod
    def decode(cls, data: bytes) -> Packet:
        first, _flags, length, group, sequence, command = HEADER.unpack_from(data)
        payload = cbor2.loads(data[HEADER.size : HEADER.size + length]) if length else {}
        return cls(first & 7, group, command, sequence, payload, first >> 3 & 3)

    def encode(self, **header: int) -> bytes:
        """The bytes; a keyword overrules a header field: op, length, group, sequence, id."""
        payload = cbor2.dumps(self.payload)
        field = {
            "op": self.op,
            "length": len(payload),
            "group": self.group,
            "sequence": self.sequence,
            "id": self.id,
        } | header
        head = HEADER.pack(
            self.version << 3 | field["op"],
            0,
            field["length"],
            field["group"],
            field["sequence"] & 0xFF,
            field["id"],
        )
        return head + payload

    def answer(self, payload: Payload) -> Packet:
        return replace(self, op=self.op + 1, payload=payload)


@dataclass(frozen=True)
class Send:
    """One datagram to send, after a pause."""

    data: bytes
    after_s: float = 0.0


# What a test does with a request and the answer a good device would give.
Behaviour = Callable[[Packet, Packet], Iterable[Send]]


def good(_request: Packet, answer: Packet) -> list[Send]:
    return [Send(answer.encode())]


class Datagrams:
    """The device's end of UDP."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"udp://127.0.0.1:{self._socket.getsockname()[1]}"

    def receive(self, timeout: float) -> tuple[bytes, Any] | None:
        """The next packet, with its sender; None when there is none in time."""
        self._socket.settimeout(timeout)
        try:
            return self._socket.recvfrom(70000)
        except TimeoutError:
            return None

    def send(self, packet: bytes, peer: Any) -> None:
        self._socket.sendto(packet, peer)

    def close(self) -> None:
        self._socket.close()


class Device:
    """A device that answers well, as far as `behaviour` lets it.

    `port` is where: UDP, or a serial line (line.py).

    It knows echo, parameters, reset, image state, erase and upload; all else is `rc` 8.
    """

    def __init__(self, behaviour: Behaviour = good, **options: Any) -> None:
        self.behaviour = behaviour
        self.buf_size: int = options.pop("buf_size", 512)
        self.buf_count: int = options.pop("buf_count", 4)
        self.images: list[Payload] = options.pop("images", [])
        self.slots: Payload | None = options.pop("slots", None)
        self.room: int = options.pop("room", 1 << 32)  # bytes of an upload that are kept
        self.port: Any = options.pop("port", None) or Datagrams()
        assert not options, options
        self.requests: list[Packet] = []
        self.data = b""
        self.length = 0
        self.sha = b""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stop = threading.Event()
        self._later: list[tuple[float, bytes, Any]] = []

    @property
    def url(self) -> str:
        url: str = self.port.url
        return url

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.port.close()

    def switch_off(self) -> None:
        """Closes the port: who sends to it is refused."""
        self._stop.set()
        self.port.close()

    def count(self, group: int, command: int) -> int:
        return sum(1 for x in self.requests if (x.group, x.id) == (group, command))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._flush()
            came = self.port.receive(0.005 if self._later else 0.05)
            if came is None:
                continue
            data, peer = came
            request = Packet.decode(data)
            self.requests.append(request)
            answer = request.answer(self._handle(request))
            for send in self.behaviour(request, answer):
                self._later.append((time.monotonic() + send.after_s, send.data, peer))

    def _flush(self) -> None:
        due = [x for x in self._later if x[0] <= time.monotonic()]
        self._later = [x for x in self._later if x not in due]
        for _, data, peer in due:
            self.port.send(data, peer)

    def _handle(self, request: Packet) -> Payload:
        match (request.group, request.id):
            case (0, 0):
                return {"r": request.payload["d"]}
            case (0, 6):
                return {"buf_size": self.buf_size, "buf_count": self.buf_count}
            case (0, 5) | (1, 5):
                return {}
            case (1, 0):
                return {"images": self.images, "splitStatus": 0}
            case (1, 6) if self.slots is not None:
                return self.slots
            case (1, 1):
                return self._upload(request.payload)
        return {"rc": 8}

    def _upload(self, chunk: Payload) -> Payload:
        if chunk["off"] == 0 and (chunk.get("sha", b"") != self.sha or not self.data):
            self.data = b""
            self.length = chunk["len"]
            self.sha = chunk.get("sha", b"")
        if chunk["off"] == len(self.data) and len(self.data) + len(chunk["data"]) <= self.room:
            self.data += chunk["data"]
        answer: Payload = {"off": len(self.data)}
        if len(self.data) == self.length:
            answer["match"] = hashlib.sha256(self.data).digest() == self.sha
        return answer
