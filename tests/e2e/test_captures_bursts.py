# SPDX-License-Identifier: Apache-2.0
"""Sends smpsim the bursts that were recorded with real devices: requests without waiting.

Compared is what comes back, answer by answer: how many requests found a buffer, and which of them
was met with `rc` 2 because none was left for the answer.  Where smpsim differs, the difference is
listed with its reason.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simulator import Client, Sim
from test_captures_sim import NEW, OLD, SHARED, Reasons, outline
from test_captures_wire import Line, packets

pytestmark = pytest.mark.alone

UDP_OF_4_4: Reasons = {
    "burst of *": "4.4 over UDP loses every packet that comes while one is worked on, without "
    "`rc` 2: how many that are is chance"
}
# The device works for longer than the burst takes, so that each request finds the last ones there.
SLOW = " --work-us 20000"
PROFILES: dict[str, tuple[Reasons, str]] = {
    "zephyr-3.4-udp": ({}, OLD + " --buf-count 8" + SLOW),
    "zephyr-3.4-udp-small": ({}, OLD + " --buf-size 384 --buf-count 4" + SLOW),
    "zephyr-4.4-udp": (UDP_OF_4_4, NEW + " --buf-size 1500 --buf-count 2" + SLOW),
    "zephyr-4.4-serial": ({}, NEW + " --baud 0 --buf-size 384 --buf-count 4" + SLOW),
    "zephyr-4.4-fs": (
        {},
        NEW + " --baud 0 --buf-size 1024 --buf-count 4 --line-buffers 8 --line-length 2048" + SLOW,
    ),
}


def bursts(name: str) -> Iterator[tuple[str, list[bytes], list[bytes]]]:
    for line in (SHARED / f"{name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if isinstance(entry["request_hex"], list):
            yield (
                entry["name"],
                [bytes.fromhex(x) for x in entry["request_hex"]],
                [bytes.fromhex(x) for x in entry["response_hex"]],
            )


def console_line(packet: bytes) -> bytes:
    body = packet + binascii.crc_hqx(packet, 0).to_bytes(2, "big")
    return b"\x06\x09" + base64.b64encode(len(body).to_bytes(2, "big") + body) + b"\n"


def over_udp(client: Client, requests: list[bytes]) -> list[bytes]:
    for request in requests:
        client.send(request)
    answers = []
    while (answer := client.receive(0.2)) is not None:
        answers.append(answer)
    return answers


def over_serial(line: Line, requests: list[bytes]) -> list[bytes]:
    line.send(b"".join(map(console_line, requests)), at_once=True)
    return packets(line.receive(0.3))


@pytest.mark.parametrize("name", PROFILES)
def test_a_burst_finds_as_many_buffers(name: str, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED: there are no captures in {SHARED}")
    allowed, options = PROFILES[name]
    wrong: list[str] = []
    same = 0
    udp = "-udp" in name
    path = tmp_path / "tty"
    serial = () if udp else ("--pty", path)
    with Sim(tmp_path / "state", *serial, *options.split(), udp=int(udp)) as sim:
        if not udp:
            sim.told("listening on")
        link: Any = sim.client() if udp else Line(path)
        with link:
            for burst, requests, answers in bursts(name):
                said = (over_udp if udp else over_serial)(link, requests)
                real = [outline(x) for x in answers]
                simulated = [outline(x) for x in said]
                same += real == simulated
                if real != simulated and not any(fnmatch.fnmatchcase(burst, x) for x in allowed):
                    wrong.append(f"{burst}: the device says {real}, smpsim {simulated}")
    assert not wrong, "\n".join(wrong)
    if allowed:
        assert same < len(list(bursts(name))), "no longer differs, strike it off the list"
    else:
        assert same >= 2
