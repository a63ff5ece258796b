# SPDX-License-Identifier: Apache-2.0
"""Statistics, settings, shell, enumeration, logs and the rest: text, JSON and errors of each."""

from __future__ import annotations

from typing import Any

import pytest
from board import Board
from conftest import Smpctl
from wire import Packet, Send


def deaf(_request: Packet, _answer: Packet) -> list[Send]:
    return []


def test_stat(smpctl: Smpctl) -> None:
    stats = {"my_stats": {"my_stat_counter2": 26, "my_stat_counter1": 13}, "empty": {}}
    with Board(stats=stats) as board:
        smpctl.device = board.url
        assert smpctl("stat", "my_stats").out == (
            "stat group: my_stats\n        13 my_stat_counter1\n        26 my_stat_counter2\n"
        )
        assert smpctl("stat", "empty").out == "stat group: empty\n    (empty)\n"
        assert smpctl.result("stat", "my_stats")["fields"] == stats["my_stats"]
        out = "stat groups:\n    empty\n    my_stats\n"
        assert smpctl("stat", "list").out == out == smpctl("stat", "show").out
        assert set(smpctl.result("stat", "list")["stat_list"]) == set(stats)
        error = smpctl.json("stat", "none", status=1)["error"]
        assert (error["group_name"], error["name"]) == ("stat", "INVALID_GROUP")
        board.stats = {}
        assert smpctl("stat", "list").out == "stat groups: none\n"


def test_stat_of_a_hostile_device(smpctl: Smpctl) -> None:
    with Board(stats={"\x1b]0;x\x07": {"\x1b[2J../../x\x00": 2**63}}) as board:
        smpctl.device = board.url
        for args in (["list"], ["\x1b]0;x\x07"]):
            out = smpctl("stat", *args).out
            assert "\x1b" not in out
            assert "\x00" not in out
            assert smpctl("stat", *args, "--json").out.isascii()
        assert "9223372036854775808 \\x1b[2J../../x\\x00\n" in out


def test_stat_without_answer_tells_of_old_devices(smpctl: Smpctl) -> None:
    with Board(deaf) as board:
        smpctl.device = board.url
        assert "stat list" in smpctl("-t", "0.2", "stat", "none", status=3).err


@pytest.mark.parametrize(
    ("value", "type_", "sent"),
    [
        ("42", "int32", "2a000000"),
        ("42", "int", "2a000000"),
        ("-2", "int16", "feff"),
        ("-128", "int8", "80"),
        ("255", "uint8", "ff"),
        ("0x1234", "uint16", "3412"),
        ("-9223372036854775808", "int64", "0000000000000080"),
        ("18446744073709551615", "uint64", "ffffffffffffffff"),
        ("true", "bool", "01"),
        ("0", "bool", "00"),
        ("héllo", "str", "68c3a96c6c6f"),
        ("", "string", ""),
        ("0aff", "hex", "0aff"),
        ("0x0A:fF", "hex", "0aff"),
    ],
)
def test_settings_are_typed(smpctl: Smpctl, value: str, type_: str, sent: str) -> None:
    with Board() as board:
        smpctl.device = board.url
        run = smpctl("settings", "write", "a/b", "--type", type_, "--", value)
        assert run.out == "Done\n"
        assert board.settings == {"a/b": bytes.fromhex(sent)}
        assert not board.saved
        shown = smpctl("settings", "read", "a/b", "--type", type_).out
        if type_ in ("int", "int8", "int16", "int32", "int64", "uint64", "str"):
            assert shown == f"{value}\n"


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("128", "int8"),
        ("-129", "int8"),
        ("256", "uint8"),
        ("-1", "uint32"),
        ("9223372036854775808", "int64"),
        ("18446744073709551616", "uint64"),
        ("x", "int32"),
        ("1x", "int32"),
        ("", "int32"),
        ("2", "bool"),
        ("abc", "hex"),
        ("zz", "hex"),
        ("aa" * 5000, "hex"),
        ("1", "int12"),
        ("1", "uu8"),
    ],
)
def test_settings_that_do_not_fit(smpctl: Smpctl, value: str, type_: str) -> None:
    with Board() as board:
        smpctl.device = board.url
        smpctl("settings", "write", "a/b", "--type", type_, "--", value, status=2)
        assert board.requests == []


def test_settings_without_a_type_ask_for_it(smpctl: Smpctl) -> None:
    run = smpctl("settings", "write", "a/b", "1", status=2)
    assert "--type" in run.err


def test_settings_read_shows_what_it_may_be(smpctl: Smpctl) -> None:
    settings: dict[str, bytes | str] = {
        "int": b"\xfe\xff",
        "str": b"abc\0",
        "odd": b"\x01\x02\x03",
        "none": b"",
        "bad": b"\xff\xfe\x1b[2J",
        "mynewt": "te\x1bxt",
    }
    with Board(settings=settings) as board:
        smpctl.device = board.url
        assert smpctl("settings", "read", "int").out == "hex: feff\nint: -2\n"
        assert smpctl("settings", "read", "str").out == ("hex: 61626300\nint: 6513249\nstr: abc\n")
        assert smpctl("settings", "read", "odd").out == "hex: 010203\n"
        assert smpctl("settings", "read", "none").out == "hex: \n"
        assert smpctl("settings", "read", "bad").out == "hex: fffe1b5b324a\n"
        assert smpctl("settings", "read", "bad", "--type", "str").out == "\\xff\\xfe\\x1b[2J\n"
        assert smpctl("settings", "read", "mynewt").out == "te\\x1bxt\n"
        assert smpctl("settings", "read", "odd", "--type", "int32", status=1).out == ""
        assert smpctl.result("settings", "read", "int") == {
            "val": "feff",
            "bytes": True,
            "int": -2,
        }
        assert smpctl.result("settings", "read", "mynewt") == {"val": "te\x1bxt", "bytes": False}
        smpctl("settings", "read", "int", "--max-size", "7")
        assert board.requests[-1].payload == {"name": "int", "max_size": 7}
        error = smpctl.json("settings", "read", "nothing", status=1)["error"]
        assert error["name"] == "KEY_NOT_FOUND"


def test_settings_save_load_commit_delete(smpctl: Smpctl) -> None:
    with Board() as board:
        smpctl.device = board.url
        assert smpctl("settings", "write", "a", "1", "--type", "int8", "--save").out == "Done\n"
        assert board.saved == {"a": b"\x01"}
        board.settings = {}
        assert smpctl("settings", "load").out == "Done\n"
        assert board.settings == {"a": b"\x01"}
        assert smpctl("settings", "commit").out == "Done\n"
        assert (board.requests[-1].id, board.requests[-1].op) == (2, 2)
        assert smpctl("settings", "delete", "a").out == "Done\n"
        assert smpctl("settings", "save").out == "Done\n"
        assert board.saved == {}
        for word in ("save", "load", "commit"):
            assert smpctl.result("settings", word) == {}
        smpctl("settings", "delete", "a", status=1)


def test_config_speaks_mynewt(smpctl: Smpctl) -> None:
    with Board(settings={"test/8": "one", "zephyr": b"\x01\x00"}) as board:
        smpctl.device = board.url
        assert smpctl("config", "test/8").out == "Value: one\n"
        assert smpctl("config", "zephyr").out == "Value: 0100\n"
        assert smpctl("config", "test/8", "1").out == "Done\n"
        assert board.settings["test/8"] == "1"
        assert smpctl.result("config", "test/8") == {"val": "1"}
        assert smpctl.result("config", "test/8", "2") == {}


def test_config_save(smpctl: Smpctl) -> None:
    with Board(settings={"a": "1"}) as board:
        smpctl.device = board.url
        assert smpctl("config", "save").out == "Done\n"
        assert board.saved == {"a": "1"}

    def mynewt(request: Packet, answer: Packet) -> list[Send]:
        known = request.id == 0
        return [Send(request.answer({"rc": 0} if known else {"rc": 8}).encode())]

    with Board(mynewt) as board:
        smpctl.device = board.url
        assert smpctl("config", "save").out == "Done\n"
        assert board.requests[-1].payload == {"save": True}


def test_config_on_zephyr_warns(smpctl: Smpctl) -> None:
    def zephyr(request: Packet, _answer: Packet) -> list[Send]:
        return [Send(request.answer({"rc": 3}).encode())]

    with Board(zephyr) as board:
        smpctl.device = board.url
        assert "settings write" in smpctl("config", "a/b", "1", status=1).err


def test_shell_exec(smpctl: Smpctl) -> None:
    with Board() as board:
        smpctl.device = board.url
        run = smpctl("shell", "exec", "kernel", "version")
        assert run.out == "status=0\nkernel version\n"
        assert board.requests[-1].payload == {"argv": ["kernel", "version"]}
        board.shell = {
            "ret": {"o": "no\r\n", "ret": -22},
            "rc": {"o": "old", "rc": 5},
            "quiet": {"o": "", "ret": 0},
            "refused": {"err": {"group": 9, "rc": 2}},
        }
        assert smpctl("shell", "exec", "ret", status=1).out == "status=-22\nno\n"
        assert smpctl("shell", "exec", "rc", status=1).out == "status=5\nold\n"
        assert smpctl("shell", "exec", "quiet").out == "status=0\n"
        assert smpctl("shell", "exec", "refused", status=1).out == ""
        assert smpctl.result("shell", "exec", "a") == {"o": "\r\na\r\n", "status": 0}
        run = smpctl("shell", "exec", "ret", "--json", status=1)
        assert run.documents[-1]["result"] == {"o": "no\r\n", "status": -22}


def test_shell_exec_without_a_terminal_has_no_colours(smpctl: Smpctl) -> None:
    answer = {"o": "\r\n\x1b[1;32mgreen\x1b[m \x1b[2Jevil \x1b[8mhidden\x1b]0;t\x07", "ret": 0}
    with Board(shell={"x": answer}) as board:
        smpctl.device = board.url
        out = smpctl("shell", "exec", "x").out
        assert out == "status=0\ngreen \\x1b[2Jevil hidden\\x1b]0;t\\x07\n"


def test_enum(smpctl: Smpctl) -> None:
    with Board() as board:
        smpctl.device = board.url
        assert smpctl("enum", "count").out == "3\n"
        assert smpctl.result("enum", "count") == {"count": 3}
        assert smpctl("enum", "list").out == "    0 os\n    8 fs\n   77 (not known here)\n"
        assert smpctl.result("enum", "list") == {"groups": [0, 8, 77]}
        assert smpctl("enum", "info", "fs", "77").out == (
            "    8 g8, 2 commands\n   77 g77, 2 commands\n"
        )
        assert board.requests[-1].payload == {"groups": [8, 77]}
        assert len(smpctl.result("enum", "info")["groups"]) == 3
        assert board.requests[-1].payload == {}
        smpctl("enum", "info", "nonsense", status=2)
        board.missing = {10}
        assert "CONFIG_MCUMGR_GRP_ENUM" in smpctl("enum", "count", status=1).err
        hint = smpctl.json("enum", "info", status=1)["error"]["hint"]
        assert hint.startswith("CONFIG_MCUMGR_GRP_ENUM")


ENTRIES = [
    {"index": 7, "ts": 123, "module": 1, "level": 1, "type": "str", "imghash": b"\x01\x02\x03\x04",
     "msg": b"started"},
    {"index": 8, "ts": -1, "module": 64, "level": 9, "type": "bin", "msg": b"\xff\x00"},
    {"index": 9, "ts": 5, "module": 0, "level": 4, "type": "str", "msg": b"evil \x1b[2J"},
]  # fmt: skip


def test_log_show(smpctl: Smpctl) -> None:
    with Board(logs=ENTRIES) as board:
        smpctl.device = board.url
        lines = smpctl("log", "show").out.splitlines()
        assert lines[:4] == ["Status: 1", "Next index: 100", "Name: reboot_log", "Type: STORAGE"]
        assert lines[4] == (
            "   [index]            [timestamp] |         [module]          [level] [type]    [img] "
            "[message]"
        )
        assert lines[5] == (
            "         7                  123us |           OS (1)         INFO (1)    str 01020304 "
            "started"
        )
        assert lines[6].endswith("CUSTOM (64)       CUSTOM (9)    bin          ff00")
        assert len(lines) == 7
        assert board.requests[-1].payload == {"log_name": "", "ts": 0, "index": 0}
        smpctl("log", "show", "reboot_log", "8", "55")
        assert board.requests[-1].payload == {"log_name": "reboot_log", "ts": 55, "index": 8}
        smpctl("log", "show", "reboot_log", "last")
        assert board.requests[-1].payload == {"log_name": "reboot_log", "ts": -1, "index": 0}


def test_log_show_all(smpctl: Smpctl) -> None:
    with Board(logs=ENTRIES) as board:
        smpctl.device = board.url
        lines = smpctl("log", "show", "-a", "reboot_log").out.splitlines()
        assert [x.split()[0] for x in lines[3:]] == ["7", "8", "9"]
        assert lines[-1].endswith("evil \\x1b[2J")
        documents = smpctl("log", "show", "-a", "reboot_log", "--json").documents
        assert [x["result"]["more"] for x in documents] == [True, False]
        entry = documents[0]["result"]["logs"][0]["entries"][0]
        assert (entry["msg"], entry["text"], entry["imghash"]) == (
            b"started".hex(),
            "started",
            "01020304",
        )
        assert "-a" in smpctl("log", "show", "-a", status=2).err


def test_a_log_that_never_ends(smpctl: Smpctl) -> None:
    """The device says that there is more, and sends the same again."""

    def stuck(request: Packet, answer: Packet) -> list[Send]:
        logs = [{"name": "x", "type": 0, "entries": [ENTRIES[0]]}]
        return [Send(request.answer({"next_index": 1, "logs": logs, "rc": 1}).encode())]

    with Board(stuck) as board:
        smpctl.device = board.url
        smpctl("log", "show", "-a", "x", within=10)
        assert board.count(4, 0) == 2


@pytest.mark.parametrize("args", [["x", "y"], ["x", "-1"], ["x", "1", "y"], ["x", "last", "1"]])
def test_log_show_of_nonsense(smpctl: Smpctl, args: list[str]) -> None:
    smpctl("log", "show", "--", *args, status=2)


def test_log_names(smpctl: Smpctl) -> None:
    with Board(logs=ENTRIES) as board:
        smpctl.device = board.url
        assert smpctl("log", "list").out == "available logs:\n    console\n    reboot_log\n"
        assert smpctl("log", "module_list").out == (
            "available modules:\n    DEFAULT (0)\n    OS (1)\n"
        )
        assert smpctl("log", "level_list").out == (
            "available levels:\n    0: DEBUG\n    2: WARN\n    3: ERROR\n"
        )
        assert smpctl.result("log", "list") == {"log_list": ["reboot_log", "console"]}
        assert smpctl.result("log", "module_list") == {"module_map": {"OS": 1, "DEFAULT": 0}}
        assert smpctl.result("log", "level_list")["level_map"]["WARN"] == 2
        assert smpctl("log", "clear").out == "done\n"
        assert board.logs == []
        assert smpctl.result("log", "clear") == {}


def test_crash(smpctl: Smpctl) -> None:
    with Board() as board:
        smpctl.device = board.url
        assert smpctl("crash", "div0").out == "Done\n"
        assert board.requests[-1].payload == {"t": "div0"}
        assert smpctl.result("crash", "wdog") == {}
        board.requests.clear()
        assert "jump0" in smpctl("crash", "gently", status=2).err
        assert board.requests == []
    with Board(deaf) as board:
        smpctl.device = board.url
        assert "what was wanted" in smpctl("-t", "0.2", "crash", "div0", status=3).err


@pytest.mark.parametrize(
    ("args", "sent"),
    [
        ([], {"testname": "all", "token": ""}),
        (["one"], {"testname": "one", "token": ""}),
        (["all", "201612161220"], {"testname": "all", "token": "201612161220"}),
    ],
)
def test_run(smpctl: Smpctl, args: list[str], sent: dict[str, Any]) -> None:
    with Board() as board:
        smpctl.device = board.url
        assert smpctl("run", "test", *args).out == "Done\n"
        assert board.requests[-1].payload == sent
        assert smpctl("run", "list").out == "available tests:\n    one\n    two\n"
        assert smpctl.result("run", "list") == {"run_list": ["two", "one"]}
        assert smpctl.result("run", "test") == {}


def test_storage_erase(smpctl: Smpctl) -> None:
    with Board() as board:
        smpctl.device = board.url
        assert smpctl("storage", "erase").out == "Done\n", "a script is not asked"
        assert (board.requests[-1].group, board.requests[-1].op) == (63, 2)
        assert smpctl.result("storage", "erase", "--yes") == {}
        board.missing = {63}
        assert "CONFIG_" in smpctl("storage", "erase", status=1).err


def test_core_dumps(smpctl: Smpctl) -> None:
    with Board(core=b"0123456789" * 100) as board:
        smpctl.device = board.url
        file = smpctl.home / "core"
        assert smpctl("image", "corelist").out == "Corefile present\n"
        run = smpctl("image", "coredownload", file)
        assert run.out == f"0\n400\n800\n1000\nDone writing core file to {file}\n"
        assert file.read_bytes() == b"0123456789" * 100
        assert smpctl.result("image", "coredownload", file)["length"] == 1000
        assert smpctl("image", "coreerase").out == "Done\n"
        assert smpctl("image", "corelist").out == "No corefiles\n"
        assert smpctl.result("image", "corelist") == {"present": False}
        assert smpctl.result("image", "coreerase") == {}
        smpctl("image", "coredownload", smpctl.home / "other", status=1)
        assert not (smpctl.home / "other").exists()


def test_too_large_names_the_buffer(smpctl: Smpctl) -> None:
    with Board(lambda request, _: [Send(request.answer({"rc": 7}).encode())]) as board:
        smpctl.device = board.url
        assert "NETBUF_SIZE" in smpctl("stat", "x", status=1).err
    with Board(buf_size=100) as board:
        smpctl.device = board.url
        assert "NETBUF_SIZE" in smpctl("shell", "exec", "x" * 3000, status=2).err
