# SPDX-License-Identifier: Apache-2.0
"""Groups that only a description file knows: served by smpsim, called and dumped by smpctl."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Simulate, Smpctl
from simulator import READ, WRITE, Sim, run

FREE = "127.0.0.1:0"  # several tests run at a time
LAMP = ROOT / "examples/groups/lamp.json"


@pytest.fixture
def lamp(smpctl: Smpctl, simulate: Simulate) -> Smpctl:
    """A device and its smpctl, which know the group by the same file."""
    smpctl.device = simulate("--groups", LAMP).url
    folder = smpctl.home / "config/smpctl/groups"
    folder.mkdir(parents=True)
    (folder / "lamp.json").write_bytes(LAMP.read_bytes())
    return smpctl


def describe(tmp_path: Path, *commands: Any, **more: Any) -> Path:
    """A file with group 100, `x`."""
    file = tmp_path / "x.json"
    group = {"id": 100, "name": "x", "commands": commands} | more
    file.write_text(json.dumps({"groups": [group]}))
    return file


# ---- with smpctl ----


def test_what_a_write_wrote_a_read_gives(lamp: Smpctl) -> None:
    first = {"level": 20, "name": "kitchen", "serial": "00ff17"}
    assert lamp("call", "lamp", "get").out == "level: 20\nname: kitchen\nserial: 00ff17\n"
    assert lamp("call", "lamp", "set", "level=7", "fade_ms=300").out == "Done\n"
    assert lamp.result("call", "lamp", "get") == first | {"level": 7, "fade_ms": 300}
    lamp("call", "100", "set", "level=0", "name=hall")
    assert lamp.result("call", "lamp", "get") == first | {
        "level": 0,
        "name": "hall",
        "fade_ms": 300,
    }
    lamp("reset")
    end = time.monotonic() + 10
    while "hall" in lamp("call", "lamp", "get", "-t", "1", status=None).out:
        assert time.monotonic() < end, "it does not reset"
    while lamp("echo", "x", "-t", "0.2", status=None).status != 0:
        assert time.monotonic() < end, "it does not come back"
    assert lamp.result("call", "lamp", "get") == first, "what was written was in RAM"


def test_records_and_what_the_request_has(lamp: Smpctl) -> None:
    assert lamp.result("call", "lamp", "scenes") == {
        "scenes": [
            {"id": 1, "name": "day", "levels": {"desk": 90, "door": 50}},
            {"id": 2, "name": "night", "levels": {"desk": 5, "door": 10}},
        ]
    }
    assert lamp.result("call", "lamp", "channel", "channel=3") == {"channel": 3, "on": False}


def test_it_is_enumerated_described_and_dumped(lamp: Smpctl) -> None:
    assert "  100 lamp, 3 commands\n" in lamp("enum", "info").out
    assert lamp("enum", "list").out.endswith("  100 (not known here)\n")
    assert lamp.result("enum", "count") == {"count": 9}
    out = lamp("describe", "lamp").out
    for word in ("group 100, lamp", "CONFIG_LAMP_CONTROL", "> level", "2 TOO_HOT"):
        assert word in out

    err = lamp("-l", "debug", "call", "lamp", "set", "level=7").err
    assert re.search(r'-> v2 write request, lamp set, seq \d+: \{"level": 7\}', err)
    assert re.search(r"<- v2 write response, lamp set, seq \d+: \{\}", err)


def test_captured_packets_of_it_are_decoded(lamp: Smpctl, tmp_path: Path) -> None:
    with Sim(tmp_path / "raw", "--groups", LAMP) as sim, sim.client() as client:
        request = client.request(READ, 100, 0).encode()
        client.send(request)
        answer = client.receive(5)
    assert answer is not None
    lines = lamp("decode", request.hex(), answer.hex()).out.splitlines()
    assert lines[0] == "v2 read request, lamp get, seq 1: {}"
    assert lines[1] == (
        'v2 read response, lamp get, seq 1: {"level": 20, "name": "kitchen", "serial": h\'00ff17\'}'
    )


# ---- with packets of our own ----


TYPES = {
    "bool": (False, True),
    "uint8": (0, 255),
    "uint64": (0, 2**64 - 1),
    "int8": (0, -128),
    "int64": (0, -(2**63)),
    "text": ("", "é\x00x"),
    "bytes": (b"", b"\x00\xff"),
    "any": (0, {"a": [1, b"x", None]}),
    "list of int16": ([], [-1, 300]),
    "map of text": ({}, {"a": "b", "": "c"}),
}


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_is_stored(type_: str, tmp_path: Path) -> None:
    nothing, something = TYPES[type_]
    fields = [{"key": "v", "type": type_}]
    file = describe(
        tmp_path,
        {"id": 7, "name": "get", "op": "read", "response": fields},
        {"id": 9, "name": "set", "op": "write", "request": fields, "response": fields},
    )
    with Sim(tmp_path / "state", "--groups", file) as sim, sim.client() as client:
        assert client.ask(READ, 100, 7) == {"v": nothing}
        assert client.ask(WRITE, 100, 9, {"v": something, "unknown": 1}) == {"v": something}
        assert client.ask(READ, 100, 7) == {"v": something}
        assert client.ask(WRITE, 100, 9, {}) == {"rc": 3, "rsn": "v"}
        wrong = 5 if type_ in ("text", "bool") else "text"
        if type_ not in ("text", "any"):
            assert client.ask(WRITE, 100, 9, {"v": wrong}) == {"rc": 3, "rsn": "v"}
        assert client.ask(READ, 100, 7) == {"v": something}
        assert client.ask(WRITE, 100, 7) == {"rc": 8}
        assert client.ask(READ, 100, 8) == {"rc": 8}


def test_a_value_of_another_type_is_no_value(tmp_path: Path) -> None:
    file = describe(
        tmp_path,
        {"id": 0, "name": "set", "op": "write", "request": [{"key": "v", "type": "uint32"}]},
        {"id": 1, "name": "narrow", "op": "read", "response": [{"key": "v", "type": "uint8"}]},
        {"id": 2, "name": "text", "op": "read", "response": [{"key": "v", "type": "text"}]},
    )
    with Sim(tmp_path / "state", "--groups", file) as sim, sim.client() as client:
        assert client.ask(WRITE, 100, 0, {"v": 255}) == {}
        assert client.ask(READ, 100, 1) == {"v": 255}
        assert client.ask(READ, 100, 2) == {"v": ""}
        assert client.ask(WRITE, 100, 0, {"v": 256}) == {}
        assert client.ask(READ, 100, 1) == {"v": 0}


def test_groups_of_several_files_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    describe(folder, {"id": 0, "name": "get", "op": "read"})
    (folder / "notes.txt").write_text("no description")
    options = ("--groups", folder, "--groups", LAMP)
    status = run(
        "--udp", FREE, "--groups", folder, "--groups", folder, "--state", tmp_path / "twice"
    )
    assert status.returncode == 4, "group 100 is there twice"
    (folder / "x.json").write_text((folder / "x.json").read_text().replace("100", "65535"))
    with Sim(tmp_path / "state", *options) as sim, sim.client() as client:
        assert client.ask(READ, 65535, 0) == {}
        assert client.ask(READ, 100, 1) is not None
        answer = client.ask(READ, 10, 1)
        assert answer is not None
        assert answer["groups"][-2:] == [65535, 100]


def test_a_description_takes_the_place_of_a_vendor_group(tmp_path: Path) -> None:
    file = describe(
        tmp_path,
        {
            "id": 0,
            "name": "a",
            "op": "read",
            "response": [{"key": "b", "type": "uint8", "value": 3}],
        },
        id=66,
        name="mine",
    )
    with Sim(tmp_path / "s", "--with", "suit", "--groups", file) as sim, sim.client() as client:
        assert client.ask(READ, 66, 0) == {"b": 3}
        assert client.ask(READ, 66, 1, {"role": 1}) == {"rc": 8}


def test_an_answer_that_does_not_fit(tmp_path: Path) -> None:
    fields = [{"key": "v", "type": "bytes"}]
    file = describe(
        tmp_path,
        {"id": 0, "name": "set", "op": "write", "request": fields},
        {"id": 0, "name": "get", "op": "read",
         "response": [*fields, {"key": "w", "type": "text", "value": "x" * 80}]},
    )  # fmt: skip
    options = ("--groups", file, "--buf-size", 256)
    with Sim(tmp_path / "s", *options) as sim, sim.client() as client:
        assert client.ask(WRITE, 100, 0, {"v": bytes(200)}) == {}
        assert client.ask(READ, 100, 0) == {"rc": 7}
        assert client.ask(WRITE, 100, 0, {"v": bytes(2)}) == {}
        assert client.ask(READ, 100, 0) == {"v": bytes(2), "w": "x" * 80}


# ---- files that are wrong ----


COMMAND = '{"groups": [{"id": 100, "name": "a", "commands": [{"id": 1, "name": "x", "op": "read",\n'
WRONG = [
    ('{"groups": [\n  {"id": 100,\n  "name" "x"}]}', 3, "':'"),
    ('{"groups": [{"id": 8,\n "name": "x"}]}', 1, "64 to 65535"),
    (COMMAND + ' "response": [{"key": "a", "type": "uint8",\n "value": 256}]}]}]}', 3, "fits"),
    (COMMAND + ' "response": [{"key": "a", "type": "text",\n "value": 1}]}]}]}', 3, "wrong type"),
    (COMMAND + ' "response": [{"key": "a", "type": "bytes",\n\n "value": "0"}]}]}]}', 4, "hexa"),
    (COMMAND + ' "response": [{"key": "a", "type": "record", "fields": [\n'
     '{"key": "b", "type": "bool"}],\n "value": {}}]}]}]}', 4, "not all that belongs there"),
    (COMMAND + ' "response": [{"key": "a", "type": "record", "fields": [\n'
     '{"key": "b", "type": "bool", "value": true}]}]}]}]}', 3, "`value` is not known here"),
    (COMMAND + ' "response": [{"key": "", "type": "map of any",\n "value": {}}]}]}]}', 3,
     "has no value"),
    (COMMAND + ' "response": [{"key": "a", "type": "text",\n "value": "' + "x" * 70_000 +
     '"}]}]}]}', 3, "too large"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "reason"), WRONG)
def test_a_wrong_file_is_told_with_line_and_reason(
    smpctl: Smpctl, tmp_path: Path, text: str, line: int, reason: str
) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(text)
    said = run("--udp", FREE, "--groups", file, "--state", tmp_path / "state")
    assert said.returncode == 4
    assert said.stderr.startswith(f"smpsim: {file}, line {line}")
    assert reason in said.stderr
    assert f"{file}, line {line}" in smpctl("describe", "--groups", file, status=4).err


@pytest.mark.parametrize("name", ["missing", "."])
def test_files_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.json").mkdir()
    said = run("--udp", FREE, "--groups", tmp_path / name, "--state", tmp_path / "state")
    assert said.returncode == 4
    assert str(tmp_path) in said.stderr


def test_too_many_groups(tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    groups = [{"id": 64 + i, "name": f"g{i}"} for i in range(33)]
    file.write_text(json.dumps({"groups": groups}))
    assert run("--udp", FREE, "--groups", file, "--state", tmp_path / "state").returncode == 4
    assert run(*["--groups", file] * 17, "--state", tmp_path / "state").returncode == 2
