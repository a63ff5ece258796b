# SPDX-License-Identifier: Apache-2.0
"""Requests that were recorded with real devices: smpctl, told to do the same, asks the same."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from conftest import ROOT, Smpctl
from wire import Device

SHARED = Path(os.environ.get("SMP_SHARED") or ROOT.parent / "shared") / "captures"

Request = tuple[int, int, int, Any]  # op, group, id, payload


def recorded() -> Iterator[Request]:
    """Every different request of groups OS and image that is well formed."""
    seen: set[str] = set()
    for file in sorted(SHARED.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            packets = json.loads(line)["request_hex"]
            for packet in packets if isinstance(packets, list) else [packets]:
                data = bytes.fromhex(packet)
                if len(data) < 9:
                    continue
                op, _, length, group, _, command = struct.unpack_from(">BBHHBB", data)
                try:
                    payload = cbor2.loads(data[8 : 8 + length])
                except cbor2.CBORDecodeError:
                    continue
                request = (op & 7, group, command, payload)
                if group in (0, 1) and repr(request) not in seen:
                    seen.add(repr(request))
                    yield request


def arguments(request: Request) -> list[str] | None:
    """How a user asks for it; None: smpctl has no words for it."""
    match request:
        case (2, 0, 0, {"d": str(text), **rest}) if not rest:
            return ["echo", "--", text]
        case (0, 0, 2, {**rest}) if not rest:
            return ["taskstat"]
        case (0, 0, 3, {**rest}) if not rest:
            return ["mpstat"]
        case (0, 0, 4, {**rest}) if not rest:
            return ["datetime"]
        case (2, 0, 4, {"datetime": "2026-02-03T04:05:06" as value}):
            return ["datetime", value]
        case (2, 0, 5, {**rest}) if not rest:
            return ["reset"]
        case (2, 0, 5, {"force": bool()}):
            return ["reset", "--force"]
        case (2, 0, 5, {"boot_mode": int(mode)}) if mode < 256:
            return ["reset", "--boot-mode", str(mode)]
        case (0, 0, 6, {**rest}) if not rest:
            return ["params"]
        case (0, 0, 7, {**rest}) if not rest:
            return ["info"]
        case (0, 0, 7, {"format": str(letters)}):
            return ["info", letters]
        case (0, 0, 8, {**rest}) if not rest:
            return ["bootloader"]
        case (0, 0, 8, {"query": str(query)}):
            return ["bootloader", query]
        case (0, 1, 0, {**rest}) if not rest:
            return ["image", "list"]
        case (2, 1, 0, {"confirm": True, **rest}) if not rest:
            return ["image", "confirm"]
        case (2, 1, 0, {"hash": bytes(name), **rest}) if len(name) == 32:
            return ["image", "confirm" if rest.get("confirm") else "test", name.hex()]
        case (2, 1, 5, {**rest}) if not rest:
            return ["image", "erase"]
        case (2, 1, 5, {"slot": int(slot)}):
            return ["image", "erase", str(slot)]
        case (0, 1, 6, {**rest}) if not rest:
            return ["image", "slots"]
    return None


ASKED = [(words, request) for request in recorded() if (words := arguments(request))]


def meaning(request: Request) -> Request:
    """A `confirm` that is false says the same as none."""
    op, group, command, payload = request
    if group == 1 and command == 0 and payload.get("confirm") is False:
        payload = {key: payload[key] for key in payload if key != "confirm"}
    return op, group, command, payload


def test_there_are_captures() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"SKIPPED, NOT TESTED: no captures in {SHARED}")
    assert len(ASKED) > 80


@pytest.mark.parametrize(("words", "request_"), ASKED, ids=[" ".join(x)[:40] for x, _ in ASKED])
def test_the_same_request(smpctl: Smpctl, words: list[str], request_: Request) -> None:
    with Device(buf_size=4096) as device:
        smpctl.device = device.url
        smpctl(*words, status=None, within=10)
        sent = [meaning((x.op, x.group, x.id, x.payload)) for x in device.requests]
    assert meaning(request_) in sent
