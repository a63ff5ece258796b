# SPDX-License-Identifier: Apache-2.0
"""Any command by its table, by a description file, or as raw bytes; and showing the tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from board import Board
from conftest import Smpctl
from wire import Packet, Payload, Send


def answering(payload: Payload) -> Board:
    return Board(lambda request, _: [Send(request.answer(payload).encode())])


LAMP: dict[str, Any] = {
    "groups": [
        {
            "id": 100,
            "name": "lamp",
            "commands": [
                {
                    "id": 1,
                    "name": "set",
                    "op": "write",
                    "needs": "CONFIG_LAMP",
                    "request": [
                        {"key": "level", "type": "uint8"},
                        {"key": "name", "type": "text", "optional": True},
                        {"key": "key", "type": "bytes", "optional": True},
                        {"key": "steps", "type": "list of int16", "optional": True},
                        {
                            "key": "scenes",
                            "type": "list of record",
                            "optional": True,
                            "fields": [
                                {"key": "id", "type": "uint32"},
                                {"key": "on", "type": "bool", "optional": True},
                            ],
                        },
                        {"key": "colours", "type": "map of uint8", "optional": True},
                    ],
                },
                {
                    "id": 1,
                    "name": "get",
                    "op": "read",
                    "response": [
                        {"key": "level", "type": "uint8"},
                        {"key": "extra", "type": "any", "optional": True},
                        {
                            "key": "rooms",
                            "type": "map of record",
                            "optional": True,
                            "fields": [{"key": "level", "type": "uint8"}],
                        },
                    ],
                },
            ],
            "codes": [
                {"rc": 0, "name": "OK", "text": "done"},
                {"rc": 2, "name": "TOO_HOT", "text": "the lamp is too hot", "hint": "let it cool"},
            ],
        }
    ]
}


@pytest.fixture
def lamp(smpctl: Smpctl) -> Smpctl:
    """smpctl with a description file where it looks by itself."""
    folder = smpctl.home / "config/smpctl/groups"
    folder.mkdir(parents=True)
    (folder / "lamp.json").write_text(json.dumps(LAMP, indent=2))
    return smpctl


# ---- call ----


@pytest.mark.parametrize(
    ("args", "op", "sent"),
    [
        (["os", "echo", "d=hello"], 2, {"d": "hello"}),
        (["0", "echo_read", "d=a=b"], 0, {"d": "a=b"}),
        (["os", "reset", "force=true", "boot_mode=1"], 2, {"force": True, "boot_mode": 1}),
        (["os", "reset"], 2, {}),
        (["img", "state_write", "hash=0AfF", "confirm=0"], 2, {"hash": b"\n\xff", "confirm": False}),  # noqa: E501
        (["shell", "exec", 'argv=["a b","c"]'], 2, {"argv": ["a b", "c"]}),
        (["shell", "exec", "argv=help"], 2, {"argv": ["help"]}),
        (["enum", "3", "groups=[1,2]"], 0, {"groups": [1, 2]}),
        (["settings", "write", "name=a", "val=hex:00ff"], 2, {"name": "a", "val": b"\x00\xff"}),
        (["settings", "write", "name=a", "val=text:7"], 2, {"name": "a", "val": "7"}),
        (["settings", "write", "name=a", "val=-7"], 2, {"name": "a", "val": -7}),
        (["settings", "write", "val=true", "name=@@x"], 2, {"name": "@x", "val": True}),
        (["fs", "0", "--op", "read", "off=5", "name=/x"], 0, {"off": 5, "name": "/x"}),
        (["log", "append", "anything=1", "else=two"], 2, {"anything": 1, "else": "two"}),
        (["transport_group", "connect", "transport=4", "address=x"], 2,
         {"transport": 4, "address": "x"}),
        (["memfault", "project_key"], 0, {}),
    ],
)  # fmt: skip
def test_call(smpctl: Smpctl, args: list[str], op: int, sent: Payload) -> None:
    with answering({}) as board:
        smpctl.device = board.url
        smpctl("call", "--", *args, status=None) if "--op" not in args else smpctl(
            "call", *args, status=None
        )
        assert (board.requests[-1].op, board.requests[-1].payload) == (op, sent)


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["nothing", "x"], "describe"),
        (["os", "nothing"], "describe os"),
        (["65536", "1"], "describe"),
        (["fs", "0"], "--op"),
        (["os", "echo"], "d=... is missing; it is text"),
        (["os", "echo", "hello"], "KEY=VALUE"),
        (["os", "echo", "=hello"], "KEY=VALUE"),
        (["os", "echo", "d=1", "d=2"], "twice"),
        (["os", "echo", "d=1", "e=2"], "no `e`"),
        (["os", "reset", "boot_mode=256"], "uint8"),
        (["os", "reset", "boot_mode=-1"], "uint8"),
        (["os", "reset", "boot_mode=x"], "uint8"),
        (["os", "reset", "force=maybe"], "bool"),
        (["img", "erase", "slot=99999999999"], "uint32"),
        (["img", "state_write", "hash=abc"], "hexadecimal"),
        (["enum", "details", "groups=[1"], "column"),
        (["enum", "details", "groups=[70000]"], "fits"),
        (["enum", "details", 'groups=["x"]'], "wrong type"),
        (["os", "echo", "d=@no/such/file"], "no/such/file"),
        (["os", "echo", "d=" + "x" * 70_000], "NETBUF_SIZE"),
        (["os", "reset", "--op", "sideways"], "--op"),
    ],
)
def test_calls_that_are_wrong(smpctl: Smpctl, args: list[str], word: str) -> None:
    with Board() as board:
        smpctl.device = board.url
        run = smpctl("call", *args, status=None)
        assert run.status in (2, 4)
        assert word in run.err
        assert board.requests == []


def test_a_value_from_a_file(smpctl: Smpctl, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x00\xff\x10")
    with answering({}) as board:
        smpctl.device = board.url
        smpctl("call", "img", "state_write", f"hash=@{tmp_path / 'x'}", status=None)
        assert board.requests[-1].payload == {"hash": b"\x00\xff\x10"}


def test_answers_are_shown_by_name(smpctl: Smpctl) -> None:
    tasks = {"main": {"prio": -1}, "\x1b[2J": {"tid": 3}}
    with answering({"tasks": tasks}) as board:
        smpctl.device = board.url
        run = smpctl("call", "os", "task_stats")
        assert "    main:\n        prio: -1\n" in run.out
        assert "\x1b" not in run.out
        assert smpctl.result("call", "os", "task_stats") == {"tasks": tasks}
    with answering({}) as board:
        smpctl.device = board.url
        assert smpctl("call", "os", "reset").out == "Done\n"


# ---- groups of the user's own ----


def test_a_group_from_a_file_is_called(lamp: Smpctl) -> None:
    with answering({}) as board:
        lamp.device = board.url
        lamp(
            "call", "lamp", "set", "level=7", "name=kitchen", "key=00ff", "steps=[-1,2]",
            'scenes=[{"id":1,"on":true},{"id":2}]', 'colours={"red":255}',
        )  # fmt: skip
        request = board.requests[-1]
        assert (request.group, request.id, request.op) == (100, 1, 2)
        assert request.payload == {
            "level": 7,
            "name": "kitchen",
            "key": b"\x00\xff",
            "steps": [-1, 2],
            "scenes": [{"id": 1, "on": True}, {"id": 2}],
            "colours": {"red": 255},
        }
        assert "uint8" in lamp("call", "lamp", "set", "level=256", status=2).err
        assert "int16" in lamp("call", "lamp", "set", "level=1", "steps=40000", status=2).err
        assert "JSON" in lamp("call", "lamp", "set", "level=1", "scenes=x", status=2).err


def test_its_answers_and_refusals_have_names(lamp: Smpctl) -> None:
    with answering({"level": 9, "extra": b"\x01", "rooms": {"a": {"level": 1}}}) as board:
        lamp.device = board.url
        assert lamp("call", "lamp", "get").out == (
            "level: 9\nextra: 01\nrooms:\n    a:\n        level: 1\n"
        )
        result = lamp.result("call", "100", "get")
        assert result == {"level": 9, "extra": "01", "rooms": {"a": {"level": 1}}}
    with answering({"err": {"group": 100, "rc": 2}}) as board:
        lamp.device = board.url
        error = lamp.json("call", "lamp", "get", status=1)["error"]
        assert (error["group_name"], error["name"]) == ("lamp", "TOO_HOT")
        assert error["hint"] == "let it cool"
    with answering({"rc": 8}) as board:
        lamp.device = board.url
        assert "CONFIG_LAMP" in lamp("call", "lamp", "set", "level=1", status=1).err
    with answering({"level": 256}) as board:
        lamp.device = board.url
        assert "level" in lamp("call", "lamp", "get", status=3).err


def test_it_is_dumped_by_name(lamp: Smpctl) -> None:
    with answering({"level": 9}) as board:
        lamp.device = board.url
        assert "lamp get" in lamp("-l", "debug", "raw", "--group", "lamp", "--id", "1").err
    out = lamp("decode", "0900000a00640001 a1656c6576656c0903040000").out
    assert "lamp get" in out


def test_groups_by_option(smpctl: Smpctl, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(LAMP))
    assert "lamp" in smpctl("describe", "--groups", file).out
    assert "lamp" not in smpctl("describe").out
    smpctl("describe", "--groups", tmp_path / "missing", status=4)
    smpctl("describe", "--groups", tmp_path, status=4)


def test_description_can_be_read_again(lamp: Smpctl, tmp_path: Path) -> None:
    """What describe prints as JSON is a description file."""
    described = lamp.result("describe", "lamp")
    again = tmp_path / "again.json"
    again.write_text(json.dumps(described))
    assert lamp.result("describe", "lamp", "--groups", str(again)) == described


WRONG = [
    ('{"groups": [\n  {"id": 100,\n  "name" "x"}]}', 3, "':'"),
    ("[]", 1, "braces"),
    ('{\n"grops": []}', 2, "`grops` is not known here"),
    ('{"groups":\n {}}', 2, "list"),
    ('{"groups": [\n\n 7]}', 3, "braces"),
    ('{"groups": [\n {"name": "x"}]}', 2, "`id` is missing"),
    ('{"groups": [{"id": 8,\n "name": "x"}]}', 1, "64 to 65535"),
    ('{"groups": [{"name": "x",\n\n "id": "100"}]}', 3, "64 to 65535"),
    ('{"groups": [{"id": 100,\n "name": 5}]}', 2, "text"),
    ('{"groups": [{"id": 100, "name": "a b"}]}', 1, "letters"),
    ('{"groups": [{"id": 100, "name": "os"}]}', 1, "already"),
    ('{"groups": [{"id": 100, "name": "a"},\n{"id": 100, "name": "b"}]}', 2, "already"),
    ('{"groups": [{"id": 100, "name": "a", "commands": [\n{"id": 1, "name": "x"}]}]}', 2, "`op`"),
    (
        '{"groups": [{"id": 100, "name": "a", "commands": [\n{"id": 1, "name": "x",\n"op": "look"}]}]}',  # noqa: E501
        3,
        "no op",
    ),
    (
        '{"groups": [{"id": 100, "name": "a", "commands": [{"id": 1, "name": "x", "op": "read",\n'
        ' "response": [\n  {"key": "a", "type": "bool"},\n  {"key": "b",\n   "type": "uit8"}]}]}]}',
        5,
        "`uit8` is no type",
    ),
    (
        '{"groups": [{"id": 100, "name": "a", "commands": [{"id": 1, "name": "x", "op": "read",\n'
        ' "response": [\n  {"key": "a", "type": "bool"},\n  {"key": "a", "type": "bool"}]}]}]}',
        4,
        "twice",
    ),
    (
        '{"groups": [{"id": 100, "name": "a", "commands": [{"id": 1, "name": "x", "op": "read",\n'
        ' "response": [\n  {"key": "a", "type": "list of record"}]}]}]}',
        3,
        "`fields` are missing",
    ),
    (
        '{"groups": [{"id": 100, "name": "a", "commands": [{"id": 1, "name": "x", "op": "read",\n'
        ' "response": [{"key": "a", "type": "text",\n "fields": []}]}]}]}',
        3,
        "only records",
    ),
    (
        '{"groups": [{"id": 100, "name": "a", "commands": [{"id": 300, "name": "x", "op": "read"}]}]}',  # noqa: E501
        1,
        "0 to 255",
    ),
    ('{"groups": [{"id": 100, "name": "a", "codes": [{"rc": 1,\n"nme": "x"}]}]}', 2, "`nme`"),
    ('{"groups": [{"id": 100, "name": "a", "codes": [\n{"rc": -1, "name": "x", "text": "y"}]}]}', 2, "0 to"),  # noqa: E501
    ('{"a": 1, "a": 2}', 1, "duplicate"),
    ("", 1, "["),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "reason"), WRONG)
def test_a_wrong_description_is_told_with_its_line(
    smpctl: Smpctl, tmp_path: Path, text: str, line: int, reason: str
) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(text)
    run = smpctl("describe", "--groups", file, status=4)
    assert f"{file}, line {line}" in run.err
    assert reason in run.err


def test_a_description_nested_without_end(smpctl: Smpctl, tmp_path: Path) -> None:
    field = '{"key": "a", "type": "record", "fields": [' * 500 + "]}" * 500
    file = tmp_path / "deep.json"
    file.write_text(
        '{"groups": [{"id": 100, "name": "a", "commands": [{"id": 1, "name": "x", "op": "read",'
        f'"request": [{field}]}}]}}]}}'
    )
    smpctl("describe", "--groups", file, status=4)


# ---- describe ----


def test_describe(smpctl: Smpctl) -> None:
    out = smpctl("describe").out
    for group in ("os", "img", "stat", "settings", "fs", "shell", "enum", "zephyr", "suit"):
        assert f" {group} " in out
    out = smpctl("describe", "fs").out
    assert "group 8, fs" in out
    assert "    > name               text\n" in out
    assert "CONFIG_MCUMGR_GRP_FS_CHECKSUM_HASH" in out
    assert "13 CHECKSUM_HASH_NOT_FOUND" in out
    assert "download" not in smpctl("describe", "fs", "hash").out
    groups = smpctl.result("describe")["groups"]
    assert [x["id"] for x in groups] == sorted(x["id"] for x in groups)
    (fs,) = smpctl.result("describe", "8")["groups"]
    assert fs["name"] == "fs"
    (command,) = smpctl.result("describe", "fs", "hash")["groups"][0]["commands"]
    assert command["op"] == "read"
    assert {"key": "output", "type": "any", "optional": False} in command["response"]
    smpctl("describe", "nothing", status=2)
    smpctl("describe", "fs", "nothing", status=2)


# ---- raw ----


def test_raw(smpctl: Smpctl) -> None:
    with Board() as board:
        smpctl.device = board.url
        run = smpctl("raw", "--group", "0", "--id", "0", "--op", "write", "--json", '{"d": "hi"}')
        assert run.out == "r: hi\n"
        run = smpctl("raw", "--group", "os", "--id", "0", "--op", "write", "--cbor", "a161646178")
        assert run.out == "r: x\n"
        result = smpctl("-j", "raw", "--group", "0", "--id", "6").documents[0]["result"]
        assert result["json"] == {"buf_size": 512, "buf_count": 4}
        assert bytes.fromhex(result["cbor"])[0] == 0xA2
        assert smpctl("--json", "raw", "--group", "0", "--id", "6").documents[0]["ok"]
        assert board.requests[-1].payload == {}
        run = smpctl("--json", "raw", "--group", "200", "--id", "1", status=1)
        assert run.documents[0]["error"]["rc"] == 8


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ('{"a": [1, -2, true, null, 1.5, "x", {"b": {}}]}',
         {"a": [1, -2, True, None, 1.5, "x", {"b": {}}]}),
        ('{"a": {"$hex": "00ff"}}', {"a": b"\x00\xff"}),
        ('{"a": -9223372036854775808, "b": 9223372036854775807}',
         {"a": -(2**63), "b": 2**63 - 1}),
        ('{"a": 23, "b": 24, "c": 255, "d": 256, "e": 65536, "f": 4294967296}',
         {"a": 23, "b": 24, "c": 255, "d": 256, "e": 65536, "f": 4294967296}),
        ('"text alone"', "text alone"),
    ],
)  # fmt: skip
def test_json_becomes_cbor(smpctl: Smpctl, text: str, sent: object) -> None:
    with answering({}) as board:
        smpctl.device = board.url
        smpctl("raw", "--group", "99", "--id", "1", "--json", text)
        assert board.requests[-1].payload == sent


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--group", "0"],
        ["--id", "0"],
        ["--group", "0", "--id", "256"],
        ["--group", "0", "--id", "-1"],
        ["--group", "70000", "--id", "0"],
        ["--group", "0", "--id", "0", "--op", "peek"],
        ["--group", "0", "--id", "0", "--cbor", "abc"],
        ["--group", "0", "--id", "0", "--cbor", "a0", "--json", "{}"],
        ["--group", "0", "--id", "0", "--json", "{"],
        ["--group", "0", "--id", "0", "--json", '{"a": {"$hex": "0"}}'],
        ["--group", "0", "--id", "0", "--json", '"' + "x" * 66_000 + '"'],
    ],
)
def test_raw_that_is_wrong(smpctl: Smpctl, args: list[str]) -> None:
    with Board() as board:
        smpctl.device = board.url
        smpctl("raw", *args, status=2)
        assert board.requests == []


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("bf616182f5f6ff", "a:\n    - true\n    - null\n"),
        ("a1616142 00ff", "a: h'00ff'\n"),
        ("a1 01 02", "1: 2\n"),
        ("a16161 1b7fffffffffffffff", "a: 9223372036854775807\n"),
        ("a16161 3b7fffffffffffffff", "a: -9223372036854775808\n"),
        ("a16161 f93c00", "a: 1.0\n"),
        ("a16161 fa3fc00000", "a: 1.5\n"),
        ("a16161 fb7ff8000000000000", "a: null\n"),
        ("a16161 c11a514b67b0", "a: 1363896240\n"),
        ("a16161 5f4101420203ff", "a:\n    - h'01'\n    - h'0203'\n"),
        ("a16161 671b5b324a ff0a41", "a: \\x1b[2J\ufffd\\x0aA\n"),
        ("6261ff", "a\ufffd\n"),
        ("820102", "- 1\n- 2\n"),
        ("4261ff", "h'61ff'\n"),
        ("a1", "h'a1'\n"),
        ("ff", "h'ff'\n"),
        ("bb7fffffffffffffff", "h'bb7fffffffffffffff'\n"),
        ("5bffffffffffffffff00", "h'5bffffffffffffffff00'\n"),
        ("9f" * 40, "h'" + "9f" * 40 + "'\n"),
        ("", "h''\n"),
    ],
)
def test_whatever_a_device_answers_is_shown(smpctl: Smpctl, data: str, shown: str) -> None:
    """To a group of an application, whose answers can be anything."""
    payload = bytes.fromhex(data)

    def answer(_request: Packet, good: Packet) -> list[Send]:
        return [Send(good.encode(length=len(payload))[:8] + payload)]

    with Board(answer) as board:
        smpctl.device = board.url
        run = smpctl("raw", "--group", "99", "--id", "1")
        assert run.out == shown
        assert smpctl("-j", "raw", "--group", "99", "--id", "1").documents[0]["ok"]
