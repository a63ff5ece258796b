# SPDX-License-Identifier: Apache-2.0
"""Sends smpsim what was recorded with real devices, and compares what comes back.

Compared are: the answer's header, and its payload: exactly for the groups in EXACT, else errors
exactly and the shape of everything else (keys and types at every level, flags of images).  Where
smpsim differs, the difference is listed below with its reason.  A listed difference that is gone
fails the test as well.

Left out are bursts (they are about timing) and records named "wire:" (they are lines of a UART).
"""

from __future__ import annotations

import fnmatch
import json
import os
import struct
import time
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
# Groups whose payloads must be the same, byte strings and texts included.
EXACT = {3, 8, 9, 10, 63}
RESET = (0, 5)

# Pattern of the record's name: why smpsim answers otherwise.
Reasons = dict[str, str]

TABLES: Reasons = {
    "os echo indefinite tstr": "the library joins chunked strings; zcbor refuses them",
    "framing: length field too short": "the library keeps to the header's length; Zephyr reads on",
}
OWN: Reasons = {
    "os taskstat*": "smpsim tells `runtime` too, and its threads are its own",
    "stat show [ps]*": "its own counters",
    "stat show flash*": "its own counters",
}
SHELL: Reasons = {
    "shell argv of ints": "the library's table wants text; Zephyr sees an empty command",
    "shell kernel uptime": "its own time",
    "shell help": "its own commands",
    "shell kernel (no subcommand)": "its own commands",
}
OLD_ZEPHYR: Reasons = {
    "img state after upload": "not all of its chunks are in the capture",
    "img upload small whole: chunk*": "smpsim checks the hash: the last answer has `match`",
    "framing: datagram of *": "3.4 corrupts its memory above its buffer size",
    "over buf_size*": "3.4 corrupts its memory above its buffer size",
    "os echo 3*": "Zephyr's answer is a byte longer (indefinite map) and does not fit",
    "img state after reset": "native_sim has no boot loader: nothing is swapped",
}
NEW_ZEPHYR: Reasons = {
    "os datetime*": "not built into these devices",
    "os bootloader*": "not built into these devices",
    "os mpstat*": "not built into these devices",
    "img *": "not built into these devices",
    "os echo 3*": "the console takes buf_size - 4",
    "framing: datagram of *": "the console takes buf_size - 4",
    "enum details*": "without boot loader information its OS group has one command less",
}
NOT_SAVED: Reasons = {
    "settings save*": "this build had nowhere to save to",
}
LARGE_DATAGRAMS: Reasons = {
    "os echo 1900 chars": "it tells 2048 and takes 1500: that is --buf-size 1500 --announce 2048",
    "os echo 20*": "it tells 2048 and takes 1500: that is --buf-size 1500 --announce 2048",
}
RECOVERY: Reasons = {
    "app: slot info*": "smpsim tells `max_image_size` too",
    "upload: packet of 1024 bytes*": "the console takes 4 bytes less than UDP",
    "state": "MCUboot erases what does not boot",
}
RECOVERY |= dict.fromkeys(
    (
        "upload: more data past the end",
        "app: echo after reset",
        "app: state: the uploaded image runs",
        "app: reset boot_mode 1*",
        "app or recovery? echo",
        "recovery or app: state",
    ),
    "not all chunks of the upload are in the capture: there is no application to boot",
)

# Differences that not every record of the pattern has to show.
SOMETIMES = {
    "app: reset boot_mode 1*",
    "enum details*",
    "framing: datagram of *",
    "img state after reset",
    "img *",
    "img upload small whole: chunk*",
    "os bootloader*",
    "os datetime*",
    "os echo 20*",
    "os echo 3*",
    "os taskstat*",
    "state",
    "stat show [ps]*",
    "stat show flash*",
}

OLD = (
    "--profile zephyr-3.4 --error-key err --rtc-unset --fs-mount /lfs1"
    " --setting peer/a=hello --setting peer/b= --setting peer/c= --setting peer/long="
)
NEW = "--profile zephyr-4.4 --fs-mount /lfs1 --without img"
PROFILES = {
    "zephyr-3.4-udp": (TABLES | OWN | SHELL | OLD_ZEPHYR, OLD + " --buf-count 8"),
    "zephyr-3.4-udp-small": (TABLES | OWN | SHELL | OLD_ZEPHYR, OLD + " --buf-size 384"),
    "zephyr-4.4-udp": (
        TABLES | OWN | SHELL | NEW_ZEPHYR | NOT_SAVED | LARGE_DATAGRAMS,
        NEW + " --buf-count 2 --fs-size 10240",
    ),
    "zephyr-4.4-serial": (
        TABLES | OWN | SHELL | NEW_ZEPHYR | NOT_SAVED,
        NEW + " --buf-size 384",
    ),
    "zephyr-4.4-fs": (
        TABLES | OWN | NEW_ZEPHYR,
        NEW + " --buf-size 1024 --without settings --without shell --without zephyr",
    ),
    "mcuboot-recovery": (RECOVERY, "--recovery --buf-size 384"),
}


@dataclass(frozen=True)
class Record:
    name: str
    request: bytes
    answer: bytes

    @property
    def command(self) -> tuple[int, int]:
        if len(self.request) < 8:
            return -1, -1
        return struct.unpack(">H", self.request[4:6])[0], self.request[7]


def records(name: str) -> Iterator[Record]:
    for line in (SHARED / f"{name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        request = entry.get("request_hex")
        if isinstance(request, str) and not entry["name"].startswith("wire:"):
            answer = entry["response_hex"]
            yield Record(entry["name"], bytes.fromhex(request), bytes.fromhex(answer or ""))


def shape(value: Any) -> Any:
    """What must be the same: keys and types, errors with their numbers, image flags."""
    if isinstance(value, dict):
        if value.get("rc"):
            return {"rc": value["rc"]}
        return {k: v if k in ("rc", "err", *FLAGS) else shape(v) for k, v in value.items()}
    if isinstance(value, list):
        shapes = [shape(x) for x in value]
        return shapes[:1] if shapes and isinstance(shapes[0], str) else shapes
    return type(value).__name__


def outline(packet: bytes | None) -> Any:
    """(op and version, group, sequence and id, payload or its shape), or None."""
    if not packet:
        return None
    payload = cbor2.loads(packet[8:]) if len(packet) > 8 else None
    if isinstance(payload, dict):
        payload.pop("rsn", None)  # a text for people
    exact = struct.unpack(">H", packet[4:6])[0] in EXACT
    return packet[0], packet[4:8].hex(), payload if exact else shape(payload)


def running_hash(answer: bytes) -> bytes | None:
    """The running image's hash, out of an answer to image state."""
    images = cbor2.loads(answer[8:]).get("images", []) if answer else []
    return next((x["hash"] for x in images if x.get("active")), None)


def wait_answer(client: Client) -> None:
    """Waits for the reset, and until the device, or its boot loader, answers anything at all."""
    time.sleep(0.3)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        client.send(client.request(0, 0, 6).encode())
        if client.receive(0.1):
            while client.receive(0.02) is not None:
                pass
            return
    raise AssertionError("the device does not come back")


def replay(client: Client, name: str) -> Iterator[tuple[str, Any, Any]]:
    """(name, what the device said, what smpsim says)."""
    found = list(records(name))
    theirs = next(
        (h for x in found if x.command == (1, 0) and (h := running_hash(x.answer))), b"none"
    )
    answer = client.ask(0, 1, 0)
    images = (answer or {}).get("images") or [{"hash": b"none"}]
    ours = images[0]["hash"]
    for record in found:
        client.send(record.request.replace(theirs, ours))
        # One slow answer must not count as silence; where silence is right, 0.3 s are enough.
        said = client.receive(2 if record.answer else 0.3)
        while client.receive(0.005) is not None:
            pass  # further answers to several requests in one packet
        yield record.name, outline(record.answer), outline(said)
        if record.command == RESET and said:
            wait_answer(client)


@pytest.mark.parametrize("name", PROFILES)
def test_answers_as_the_real_device(name: str, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: there are no captures in {SHARED}")
    allowed, options = PROFILES[name]
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
    print(f"{name}: {same} records alike")
    assert not wrong, "\n".join(wrong)
    assert same >= 50, f"only {same} records were alike"
