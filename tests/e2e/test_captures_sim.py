# SPDX-License-Identifier: Apache-2.0
"""Sends smpsim what was recorded with real Zephyr devices, and compares what comes back.

Compared are: the answer's header, errors exactly, and the shape of everything else (keys and
types at every level); for image lists the flags too.  Where smpsim differs, the difference is
listed below with its reason.  A listed difference that is gone fails the test as well.
"""

from __future__ import annotations

import fnmatch
import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2
import pytest
from conftest import ROOT
from simulator import Client, Sim

SHARED = Path(os.environ.get("SMP_SHARED") or ROOT.parent / "shared") / "captures"

FLAGS = ("bootable", "pending", "confirmed", "active", "permanent")
RESET = (0, 5)

# Pattern of the record's name: why smpsim answers otherwise.
EVERYWHERE = {
    "os echo without d*": "the library's tables make `d` required; Zephyr echoes nothing",
    "os echo indefinite tstr": "the library joins chunked strings; zcbor refuses them",
    "framing: length field too short": "the library keeps to the header's length; Zephyr reads on",
    "os bootloader query unknown*": "as documented, `err` 3 (v1: `rc` 5); 3.4 says plain `rc` 3",
    "img corelist*": "smpsim can hold a core dump, Zephyr knows none",
    "img coreload*": "smpsim can hold a core dump, Zephyr knows none",
    "os mpstat*": "newer than these devices, or not built in",
    "os taskstat*": "smpsim tells `runtime` too, and its threads are its own",
}
OLD_ZEPHYR = {
    "img erase (empty slot 1)": "4.x says done, 3.4 `err` 1",
    "img erase slot 9*": "4.x says INVALID_SLOT, 3.4 FLASH_OPEN_FAILED",
    "img upload: no off [[]v2]": "`off` is required in the library's table: `rc` 3, not `err` 20",
    "img state after upload": "not all of its chunks are in the capture",
    "img upload small whole: chunk*": "smpsim checks the hash: the last answer has `match`",
    "framing: datagram of *": "3.4 corrupts its memory above its buffer size",
    "over buf_size*": "3.4 corrupts its memory above its buffer size",
    "os echo 3*": "Zephyr's answer is a byte longer (indefinite map) and does not fit",
}
NEW_ZEPHYR = {
    "os reset force tstr": "4.4 resets whatever the keys hold",
    "os reset v1 boot_mode 300": "4.4 resets whatever the keys hold",
    "os datetime*": "not built into these devices",
    "os bootloader*": "not built into these devices",
    "img *": "not built into these devices",
    "os echo 3*": "the console takes buf_size - 4",
    "framing: datagram of *": "the console takes buf_size - 4",
}
# Differences that not every record of the pattern has to show.
SOMETIMES = {
    "framing: datagram of *",
    "img *",
    "img upload small whole: chunk*",
    "os bootloader*",
    "os datetime*",
    "os echo 3*",
    "os taskstat*",
}

PROFILES = {
    "zephyr-3.4-udp": (OLD_ZEPHYR, "--buf-count 8 --rtc-unset --guard-pending"),
    "zephyr-3.4-udp-small": (OLD_ZEPHYR, "--buf-size 384 --rtc-unset --guard-pending"),
    # It cuts datagrams at 1500 bytes, and tells 2048.
    "zephyr-4.4-udp": (NEW_ZEPHYR, "--buf-count 2 --buf-size 1500 --announce 2048"),
    "zephyr-4.4-serial": (NEW_ZEPHYR, "--buf-size 384"),
    "zephyr-4.4-fs": (NEW_ZEPHYR, "--buf-size 1024"),
}


@dataclass(frozen=True)
class Record:
    name: str
    request: bytes
    answer: bytes

    @property
    def command(self) -> tuple[int, int]:
        return struct.unpack(">H", self.request[4:6])[0], self.request[7]


def records(name: str) -> Iterator[Record]:
    """Requests of groups OS and IMG; bursts and packets too short for a header are left out."""
    for line in (SHARED / f"{name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        request = entry.get("request_hex")
        if isinstance(request, str) and len(request) >= 16:
            answer = entry["response_hex"]
            record = Record(entry["name"], bytes.fromhex(request), bytes.fromhex(answer or ""))
            if record.command[0] <= 1:
                yield record


def shape(value: Any) -> Any:
    """What must be the same: keys and types, errors with their numbers, image flags."""
    if isinstance(value, dict):
        if "rc" in value:
            return {"rc": value["rc"]}
        if "err" in value:
            return {"err": value["err"]}
        return {k: v if k in FLAGS else shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(x) for x in value]
    return type(value).__name__


def outline(packet: bytes | None) -> Any:
    """(op and version, group, sequence and id, shape of the payload), or None."""
    if not packet:
        return None
    return packet[0], packet[4:8].hex(), shape(cbor2.loads(packet[8:]))


def running_hash(answer: bytes) -> bytes | None:
    """The running image's hash, out of an answer to image state."""
    images = cbor2.loads(answer[8:]).get("images", []) if answer else []
    return next((x["hash"] for x in images if x.get("active")), None)


def replay(client: Client, name: str) -> Iterator[tuple[str, Any, Any]]:
    """(name, what the device said, what smpsim says)."""
    found = list(records(name))
    theirs = next(
        (h for x in found if x.command == (1, 0) and (h := running_hash(x.answer))), b"none"
    )
    answer = client.ask(0, 1, 0)
    assert answer is not None
    ours = answer["images"][0]["hash"]
    for record in found:
        client.send(record.request.replace(theirs, ours))
        # One slow answer must not count as silence; where silence is right, 0.3 s are enough.
        said = client.receive(5 if record.answer else 0.3)
        while client.receive(0.005) is not None:
            pass  # further answers to several requests in one packet
        yield record.name, outline(record.answer), outline(said)
        if record.command == RESET and said:
            client.wait_alive()


@pytest.mark.parametrize("name", PROFILES)
def test_answers_as_the_real_device(name: str, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: there are no captures in {SHARED}")
    differences, options = PROFILES[name]
    allowed = EVERYWHERE | differences
    wrong, same = [], 0
    options += " --slot-size 430080 --boot-time 10"  # slots as large as the device's
    with Sim(tmp_path / "state", *options.split()) as sim, sim.client() as client:
        for record, real, simulated in replay(client, name):
            reasons = [x for x in allowed if fnmatch.fnmatchcase(record, x)]
            if real == simulated:
                same += 1
                stale = [x for x in reasons if x not in SOMETIMES]
                wrong += [f"{record}: no longer differs, strike it off the list" for _ in stale]
            elif not reasons:
                wrong.append(f"{record}: the device says {real}, smpsim {simulated}")
    assert not wrong, "\n".join(wrong)
    assert same >= 50, f"only {same} records were alike"
