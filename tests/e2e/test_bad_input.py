# SPDX-License-Identifier: Apache-2.0
"""Bad input from both ends, for every command there is: the cases are made from the tables.

A hostile device: texts that would move a terminal, containers that are far larger than they are or
nested without end.  A hostile client: anything, to every command that smpsim has.  More of it: for
uploads and links in test_hostile.py, for paths in test_smpsim_groups.py, for files of this machine
in test_custom.py, test_call.py, test_conn.py and test_many.py.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from board import Board
from conftest import BIN, Json, Smpctl
from simulator import Sim, environment
from test_every_command import LINES
from wire import Packet, Payload, Send

# What stands for BAD_UTF8 until it is encoded: as many bytes, and good ones.
MARKER = "\U0010fff0" * 2
BAD_UTF8 = b"\x61\xff\xc0\x80\xed\xa0\x80\x1b"
EVIL = "../../x\x00\x1b]0;t\x07\x1b[2J\x7f\x9b31m\r\x08\u202e" + MARKER


def encode(value: Any) -> bytes:
    """CBOR, with texts that are no UTF-8."""
    assert len(MARKER.encode()) == len(BAD_UTF8)
    return cbor2.dumps(value).replace(MARKER.encode(), BAD_UTF8)


def read_tables() -> list[tuple[int, str, Json]]:
    """(group's number and name, command) as smpctl describes them."""
    out = subprocess.run(
        [BIN / "smpctl", "describe", "--json"],
        check=True,
        capture_output=True,
        env=environment() | {"HOME": "/nonexistent"},
    ).stdout
    groups = json.loads(out)["result"]["groups"]
    return [(group["id"], group["name"], x) for group in groups for x in group["commands"]]


ALL = read_tables()
TABLES = [(name, command) for _, name, command in ALL]
BY_NUMBER = {(number, x["id"], x["op"]): x for number, _, x in ALL}
NAMES = [f"{group} {command['name']}" for group, command in TABLES]


def value_of(field: Json, text: Any) -> Any:
    """A value of the field's type, with the text wherever one may stand."""
    kind = field["type"]
    if kind.startswith("list of "):
        return [value_of(field | {"type": kind[8:]}, text)] * 2
    if kind.startswith("map of "):
        return {text: value_of(field | {"type": kind[7:]}, text)}
    if kind == "record":
        return {x["key"]: value_of(x, text) for x in field["fields"] if x["key"]}
    if kind == "bool":
        return True
    if kind == "bytes":
        return b"\x1b[2J\x00\xff"
    return text if kind in ("text", "any") else 1


def answer_of(command: Json, text: Any) -> dict[Any, Any]:
    answer: dict[Any, Any] = {}
    for field in command.get("response", []):
        value = value_of(field, text)
        answer |= {field["key"]: value} if field["key"] else value
    return answer


def arguments_of(command: Json) -> list[str]:
    """What `call` needs for the fields that must be there."""
    given = []
    for field in command.get("request", []):
        if field["optional"] or not field["key"]:
            continue
        kind = field["type"]
        value = "x" if kind == "text" else "[1]" if kind.startswith("list") else "00"
        given.append(f"{field['key']}={value}")
    return given


def call(group: str, command: Json) -> list[str]:
    return ["call", "--op", command["op"], group, str(command["id"]), *arguments_of(command)]


def harmless(data: bytes) -> None:
    """What a terminal may be sent: lines of UTF-8 without anything that controls it."""
    text = data.decode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), repr(text)


def run(smpctl: Smpctl, *args: str, within: float = 10) -> int:
    """The exit status; what was written is harmless."""
    process = subprocess.Popen(
        [smpctl.binary, *args],
        env=smpctl.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = process.communicate(timeout=within)
    assert process.returncode in (0, 1, 2, 3), (process.returncode, err)
    assert out or err
    assert len(out) < 2_000_000
    harmless(out)
    harmless(err)
    return process.returncode


# ---- a hostile device ----


class Liar(Board):
    """A device that answers every request with the same bytes, or by the request's table."""

    def __init__(self) -> None:
        super().__init__(self.lie)
        self.payload = b""

    def _handle(self, request: Packet) -> Payload:
        return {}

    def lie(self, request: Packet, good: Packet) -> list[Send]:
        payload = self.payload
        if not payload:
            op = "write" if request.op else "read"
            payload = encode(answer_of(BY_NUMBER.get((request.group, request.id, op), {}), EVIL))
        return [Send(good.encode(length=len(payload))[:8] + payload)]


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    with Liar() as liar:
        yield liar


@pytest.mark.parametrize(("group", "command"), TABLES, ids=NAMES)
def test_hostile_texts_do_not_reach_the_terminal(
    smpctl: Smpctl, liar: Liar, group: str, command: Json
) -> None:
    smpctl.device = liar.url
    liar.payload = encode(answer_of(command, EVIL))
    run(smpctl, "-l", "debug", *call(group, command))
    run(smpctl, "--json", *call(group, command))


COMMAND_LINES = sorted(
    {
        line
        for lines in LINES.values()
        for line, _ in lines
        if not line.startswith(("call ", "image upload", "fs upload", "datetime 2"))
    }
)


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_commands_of_their_own_write_nothing_hostile(smpctl: Smpctl, liar: Liar, line: str) -> None:
    """Each command line, to a device that answers every request by its table, with evil texts."""
    smpctl.device = liar.url
    liar.payload = b""
    args = [word.format(home=smpctl.home) for word in line.split(" ")]
    run(smpctl, "-t", "0.5", *args)
    run(smpctl, "--json", "-t", "0.5", *args)
    assert {x.name for x in smpctl.home.iterdir() if x.is_file()} <= {"back", "core"}


def large_answers(command: Json) -> dict[str, bytes]:
    """An answer's first field with a container that is, or says it is, much too large."""
    fields = command.get("response") or [{"key": "x", "type": "any"}]
    key = cbor2.dumps(fields[0]["key"] or "x")
    entries = b"".join(cbor2.dumps(f"{n:04x}") + b"\xa0" for n in range(9000))
    return {
        "a million pairs, cut": b"\xa1" + key + b"\xba\x00\x0f\x42\x40\x61a\x01",
        "a million items, cut": b"\xa1" + key + b"\x9a\x00\x0f\x42\x40\x01",
        "a million pairs at the root, cut": b"\xba\x00\x0f\x42\x40" + key + b"\x01",
        "9000 entries": b"\xa1" + key + b"\xb9\x23\x28" + entries,
        "60000 items": b"\xa1" + key + b"\x99\xea\x60" + b"\x01" * 60000,
        "a thousand deep": b"\xa1" + key + b"\x81" * 1000 + b"\x01",
        "a thousand deep, open": b"\xbf" + key + b"\xbf\x61a" * 1000 + b"\xff" * 1001,
        "a text that says 4 GiB": b"\xa1" + key + b"\x7a\xff\xff\xff\xff" + b"x",
        "bytes that say 2^63": b"\xa1" + key + b"\x5b\x7f" + b"\xff" * 7 + b"x",
        "chunks without end": b"\xa1" + key + b"\x7f" + b"\x61x" * 20000,
    }


def one_of_each_kind() -> dict[str, tuple[str, Json]]:
    """A command for each type that an answer's first field can have."""
    found: dict[str, tuple[str, Json]] = {}
    for group, command in TABLES:
        fields = command.get("response") or [{"type": "no field"}]
        found.setdefault(fields[0]["type"], (group, command))
    return found


KINDS = one_of_each_kind()


@pytest.mark.parametrize(("group", "command"), KINDS.values(), ids=list(KINDS))
def test_large_containers_end_soon_and_clearly(
    smpctl: Smpctl, liar: Liar, group: str, command: Json
) -> None:
    smpctl.device = liar.url
    for kind, liar.payload in large_answers(command).items():
        status = run(smpctl, *call(group, command), within=5)
        if "cut" in kind or "say" in kind or "without end" in kind:
            assert status == 3, kind


@pytest.mark.parametrize("line", ["taskstat", "mpstat", "stat list", "enum list", "log list"])
def test_memory_stays_small(smpctl: Smpctl, liar: Liar, line: str) -> None:
    """The largest datagrams of the smallest entries there are."""
    smpctl.device = liar.url
    entries = b"".join(cbor2.dumps(f"{n:04x}") + b"\xa0" for n in range(9000))
    for liar.payload in (
        b"\xa2\x65tasks\xb9\x23\x28" + entries + b"\x66mpools\xa0",
        b"\xa1\x66mpools\xb9\x23\x28" + entries,
        b"\xa1\x69stat_list\x99\xea\x60" + b"\x60" * 60000,
        b"\xa1\x68log_list\x99\xea\x60" + b"\x60" * 60000,
        b"\xa1\x66groups\x99\xea\x60" + b"\x01" * 60000,
    ):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = smpctl.popen(*line.split(), **quiet)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode in (0, 3)
        assert usage.ru_maxrss < 200_000, "kB; sanitizers included"


# ---- a hostile client ----


def requests(seed: int) -> Iterator[bytes]:
    """Requests to every command: by the tables, by the tables but damaged, and containers."""
    random_ = random.Random(seed)
    for _ in range(500):
        number, group, command = random_.choice(ALL)
        payload = encode(
            {
                field["key"] or random_.randbytes(4).hex(): value_of(
                    field, random_.choice(("app/x", EVIL))
                )
                for field in command.get("request", [])
            }
        )
        kind = random_.randrange(4)
        if kind == 1:
            payload = payload[: random_.randrange(len(payload) + 1)]
        elif kind == 2 and payload:
            at = random_.randrange(len(payload))
            payload = payload[:at] + random_.randbytes(1) + payload[at + 1 :]
        elif kind == 3:
            payload = random_.choice(list(large_answers(command).values()))[:1900]
        op = {"read": 0, "write": 2}[command["op"]]
        if (group, command["name"]) in (("os", "reset"), ("crash", "trigger"), ("shell", "exec")):
            continue
        version = random_.choice((0, 0, 8, 8, 8, 16))
        length = len(payload) if random_.random() < 0.9 else random_.randrange(65536)
        number = number if random_.random() < 0.9 else random_.choice((4, 6, 100, 65535))
        yield (
            bytes([version | op, 0])
            + length.to_bytes(2, "big")
            + number.to_bytes(2, "big")
            + bytes([random_.randrange(256), command["id"]])
            + payload
        )


def resident(sim: Sim) -> int:
    """kB"""
    status = Path(f"/proc/{sim.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1])


@pytest.mark.parametrize("profile", ["zephyr-4.4", "zephyr-3.4", "mynewt", "mcuboot"])
def test_smpsim_neither_crashes_nor_grows(profile: str, tmp_path: Path) -> None:
    lamp = Path(__file__).resolve().parents[2] / "examples/groups/lamp.json"
    options = ["--profile", profile, "--groups", lamp, "--work-us", 0, "--fs-size", 8192]
    options += [x for group in ("transport", "suit", "memfault") for x in ("--with", group)]
    with Sim(tmp_path / "state", *options) as sim, sim.client() as client:
        sizes = []
        for seed in range(2):
            for request in requests(seed):
                client.send(request)
                if request[7] % 8 == 0:  # not more than it has buffers for, most of the time
                    while client.receive(0.002) is not None:
                        pass
            while client.receive(0.1) is not None:
                pass
            sizes.append(resident(sim))
        assert client.ask(0, 0, 6, timeout=10) is not None, "it lives"
        assert sizes[1] - sizes[0] < 4096, f"kB: {sizes}"
        assert sorted(x.name for x in tmp_path.iterdir()) == ["state"]
        assert sum(x.stat().st_size for x in (tmp_path / "state/fs").iterdir()) <= 8192
