# SPDX-License-Identifier: Apache-2.0
"""smpsim as a process, and the raw packets of a client that knows nothing of libsmp."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

from conftest import BIN, OLD, SANITIZER_STATUS
from wire import Packet, Payload

READ, WRITE = 0, 2


def command(*args: object) -> list[str]:
    return [str(BIN / "smpsim"), *map(str, args)]


def environment() -> dict[str, str]:
    sanitizers = f"exitcode={SANITIZER_STATUS}"
    # What was freed is soon used again, so that growth can be seen.
    address = f"{sanitizers}:quarantine_size_mb=1"
    return os.environ | {"ASAN_OPTIONS": address, "UBSAN_OPTIONS": sanitizers}


def run(*args: object, within: float = 10) -> subprocess.CompletedProcess[str]:
    """Runs smpsim with options it should end at by itself."""
    return subprocess.run(
        command(*args), env=environment(), capture_output=True, text=True, timeout=within
    )


def stop_impatiently(process: subprocess.Popen[str]) -> None:
    """As people do who press Ctrl-C until something happens."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.0001)  # it has to get on
    assert process.stdout
    assert process.returncode == 0, process.stdout.read()


class Client:
    """A socket to one address that sends bytes and collects what comes back."""

    def __init__(self, address: tuple[str, int]) -> None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect(address)
        self.sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.send(data)

    def receive(self, timeout: float) -> bytes | None:
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(70000)
        except (TimeoutError, ConnectionRefusedError):
            return None

    def request(self, op: int, group: int, id: int, payload: Payload | None = None) -> Packet:
        self.sequence = (self.sequence + 1) & 0xFF
        return Packet(op, group, id, self.sequence, payload or {})

    def ask(
        self, op: int, group: int, id: int, payload: Payload | None = None, timeout: float = 5
    ) -> Payload | None:
        """The answer to one request; None when none came in time."""
        request = self.request(op, group, id, payload)
        try:
            self.send(request.encode())
        except ConnectionRefusedError:
            return None
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            data = self.receive(left)
            if data is None:
                return None
            answer = Packet.decode(data)
            if answer.sequence == request.sequence:
                assert (answer.op, answer.group, answer.id) == (op + 1, group, id)
                return answer.payload
        return None

    def alive(self, timeout: float = 5) -> bool:
        return self.ask(WRITE, 0, 0, {"d": "?"}, timeout) == {"r": "?"}

    def wait_alive(self, within: float = 10) -> None:
        end = time.monotonic() + within
        while not self.alive(0.2):
            assert time.monotonic() < end, "the device does not come back"

    def images(self) -> dict[int, tuple[str, set[str]]]:
        """slot -> version and flags."""
        answer = self.ask(READ, 1, 0)
        assert answer is not None
        flags = ("active", "confirmed", "pending", "permanent")
        return {
            x["slot"]: (x["version"], {flag for flag in flags if x.get(flag)})
            for x in answer["images"]
        }

    def hash_of(self, slot: int) -> bytes:
        answer = self.ask(READ, 1, 0)
        assert answer is not None
        hashes: dict[int, bytes] = {x["slot"]: x["hash"] for x in answer["images"]}
        return hashes[slot]

    def upload(self, data: bytes, sha: bytes, chunk: int = 1024, stop_at: int = 1 << 32) -> int:
        """Sends an image one chunk at a time; the offset it got to."""
        off = 0
        while off < min(len(data), stop_at):
            payload: dict[str, Any] = {"off": off, "data": data[off : off + chunk]}
            if off == 0:
                payload |= {"len": len(data), "sha": sha}
            answer = self.ask(WRITE, 1, 1, payload)
            assert answer is not None
            assert "off" in answer, answer
            off = answer["off"]
        return off


class Sim:
    """A running smpsim."""

    def __init__(self, state: Path, *args: object, image: Path | None = OLD, udp: int = 1) -> None:
        options: list[object] = ["--state", state, *(["--udp", "127.0.0.1:0"] * udp)]
        options += ["--image", image] if image else []
        self.process = subprocess.Popen(
            command(*options, *args),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.addresses: list[tuple[str, int]] = []
        self._threads = [
            threading.Thread(target=self._collect, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))
        ]
        for thread in self._threads:
            thread.start()
        self._wait_listening(udp)

    def _collect(self, stream: Any, lines: list[str]) -> None:
        for line in stream:
            lines.append(line.rstrip("\n"))

    def _wait_listening(self, count: int) -> None:
        pattern = re.compile(r"smpsim: listening on udp \[?([\d.:a-f]+?)\]?:(\d+)")
        end = time.monotonic() + 10
        while len(self.addresses) < count:
            ended = self.process.poll()
            assert ended is None, f"ended with {ended}: {self.lines} {self.errors}"
            assert time.monotonic() < end, f"does not listen: {self.lines} {self.errors}"
            found = (pattern.fullmatch(line) for line in list(self.lines))
            self.addresses = [(x[1], int(x[2])) for x in found if x]
            time.sleep(0.005)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.wait()
        assert self.process.returncode != SANITIZER_STATUS, self.errors

    def client(self, n: int = 0) -> Client:
        return Client(self.addresses[n])

    def kill(self) -> None:
        """As pulling the plug: nothing of the process runs any more."""
        self.process.kill()
        self.wait()

    def wait(self, within: float = 10) -> int:
        status = self.process.wait(within)
        for thread in self._threads:
            thread.join(within)
        return status

    def told(self, text: str, within: float = 5) -> None:
        """Waits for a line with that text."""
        end = time.monotonic() + within
        while not any(text in line for line in list(self.lines)):
            assert time.monotonic() < end, f"no line with {text!r}: {self.lines}"
            time.sleep(0.01)
