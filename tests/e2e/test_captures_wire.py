# SPDX-License-Identifier: Apache-2.0
"""Sends smpsim's serial line the bytes that were recorded on the serial lines of real devices.

These are the records named "wire:", and all of zephyr-3.4-serial: good frames, and frames that are
wrong in each way a line can be.  Compared are the packets that come back; where smpsim differs, the
difference is listed with its reason.
"""

from __future__ import annotations

import base64
import fnmatch
import json
import os
import select
import struct
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from simulator import Sim
from test_captures_sim import OLD, SHARED, Reasons, outline

pytestmark = pytest.mark.alone

# Between lines, as the recordings had it: devices have few line buffers.
GAP_S = 0.015

OLD_ZEPHYR: Reasons = {
    "six frames at once": "the device drops one line of the six, which one is chance",
}
RECOVERY: Reasons = {
    "params, no newline before, CR LF end": "the library's console takes it, as Zephyr's does",
    "unpadded base64": "the library's console takes it, as Zephyr's does",
}
PROFILES: dict[str, tuple[Reasons, str]] = {
    "zephyr-3.4-serial": (OLD_ZEPHYR, f"{OLD} --baud 0"),
    "zephyr-4.4-serial": ({}, "--baud 0 --without img --buf-size 384"),
    "zephyr-4.4-fs": (
        {},
        "--baud 0 --without img --buf-size 1024 --line-buffers 8 --line-length 2048",
    ),
    "mcuboot-recovery": (RECOVERY, "--profile mcuboot --line-buffers 8"),
}


class Line:
    """The host's end of a pseudo-terminal."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def send(self, data: bytes, at_once: bool) -> None:
        lines = data.splitlines(keepends=True)
        if at_once:
            os.write(self.fd, data)
            return
        for line in lines:
            os.write(self.fd, line)
            time.sleep(GAP_S if len(lines) > 1 else 0)

    def receive(self, quiet: float) -> bytes:
        """What comes until nothing has come for so long."""
        data = b""
        while select.select([self.fd], [], [], quiet)[0]:
            data += os.read(self.fd, 65536)
            quiet = 0.05
        return data


def packets(data: bytes) -> list[bytes]:
    """The packets in console lines.  They were sent by somebody who knows how to: no checks."""
    found: list[bytes] = []
    message, length = b"", 0
    for line in data.split(b"\n"):
        marker, part = line[:2], line[2:]
        if marker == b"\x06\x09":
            message = base64.b64decode(part)
            length = struct.unpack(">H", message[:2])[0] + 2
        elif marker == b"\x04\x14":
            message += base64.b64decode(part)
        if length and len(message) >= length:
            found.append(message[2 : length - 2])
            message, length = b"", 0
    return found


def records(name: str) -> Iterator[tuple[str, bytes, bytes]]:
    for line in (SHARED / f"{name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if name == "zephyr-3.4-serial" or entry["name"].startswith("wire:"):
            yield (
                entry["name"].removeprefix("wire: "),
                bytes.fromhex(entry["request_hex"]),
                bytes.fromhex(entry["response_hex"] or ""),
            )


@pytest.mark.parametrize("name", PROFILES)
def test_a_line_is_read_as_by_the_real_device(name: str, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: there are no captures in {SHARED}")
    allowed, options = PROFILES[name]
    wrong: list[str] = []
    same = 0
    path = tmp_path / "tty"
    with Sim(tmp_path / "state", "--pty", path, *options.split()), Line(path) as line:
        for record, request, answer in records(name):
            at_once = "at once" in record or "before" in record
            line.send(request, at_once)
            said = line.receive(0.5 if answer else 0.15)
            real: list[Any] = [outline(x) for x in packets(answer)]
            simulated = [outline(x) for x in packets(said)]
            reasons = [x for x in allowed if fnmatch.fnmatchcase(record, x)]
            if real == simulated:
                same += 1
                wrong += [f"{record}: no longer differs, strike it off the list" for _ in reasons]
            elif not reasons:
                wrong.append(f"{record}: the device says {real}, smpsim {simulated}")
    print(f"{name}: {same} records alike")
    assert not wrong, "\n".join(wrong)
    assert same >= 40, f"only {same} records were alike"
