# SPDX-License-Identifier: Apache-2.0
"""Saved connections."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Smpctl
from wire import Device


def saved(smpctl: Smpctl) -> Path:
    return smpctl.home / "config/smpctl/connections.json"


def test_add_use_show_delete(smpctl: Smpctl) -> None:
    with Device() as device:
        address = device.url.removeprefix("udp://")
        run = smpctl("conn", "add", "board", "type=udp", f"connstring={address}")
        assert run.out == "Connection profile board successfully added\n"
        assert smpctl("-c", "board", "echo", "hi").out == "hi\n"
        assert smpctl("echo", "hi", "--conn=board").out == "hi\n"
    shown = f"Connection profiles: \n  board: type=udp, connstring='{address}'\n"
    assert smpctl("conn", "show").out == shown == smpctl("conn", "show", "board").out
    assert smpctl.result("conn", "show") == {"board": {"type": "udp", "connstring": address}}
    run = smpctl("conn", "delete", "board")
    assert run.out == "Connection profile board successfully deleted.\n"
    assert smpctl("conn", "show").out == "No connection profiles found!\n"
    assert smpctl.result("conn", "show") == {}


def test_json_of_add_and_delete(smpctl: Smpctl) -> None:
    result = smpctl.result("conn", "add", "a", "type=udp", "connstring=[::1]:1337")
    assert result == {"a": {"type": "udp", "connstring": "[::1]:1337"}}
    assert smpctl.result("conn", "delete", "a") == {}


def test_options_overrule_what_is_saved(smpctl: Smpctl) -> None:
    smpctl("conn", "add", "board", "type=udp", "connstring=127.0.0.1:1")
    with Device() as device:
        address = device.url.removeprefix("udp://")
        assert smpctl("-c", "board", "--connstring", address, "echo", "hi").out == "hi\n"


def test_add_replaces(smpctl: Smpctl) -> None:
    smpctl("conn", "add", "a", "type=udp", "connstring=127.0.0.1:1")
    smpctl("conn", "add", "a", "connstring=127.0.0.1:2")
    assert smpctl.result("conn", "show")["a"]["connstring"] == "127.0.0.1:2"


def test_the_file_is_private_and_whole(smpctl: Smpctl) -> None:
    smpctl("conn", "add", "a", "type=udp", "connstring=127.0.0.1:1")
    file = saved(smpctl)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert list(file.parent.iterdir()) == [file], "nothing temporary stays"
    assert json.loads(file.read_text()) == {"a": {"type": "udp", "connstring": "127.0.0.1:1"}}


def test_without_xdg_config_home(smpctl: Smpctl) -> None:
    smpctl.env = {"XDG_CONFIG_HOME": ""}
    smpctl("conn", "add", "a", "type=udp", "connstring=127.0.0.1:1")
    assert (smpctl.home / ".config/smpctl/connections.json").exists()


def test_without_any_home(smpctl: Smpctl) -> None:
    smpctl.env = {"XDG_CONFIG_HOME": "", "HOME": ""}
    assert "HOME" in smpctl("conn", "show", status=4).err


def test_many_at_once_lose_nothing(smpctl: Smpctl) -> None:
    runs = [
        smpctl.popen("conn", "add", f"n{i}", "type=udp", "connstring=127.0.0.1:1")
        for i in range(20)
    ]
    assert [run.communicate(timeout=30)[1] for run in runs] == [""] * 20
    assert len(smpctl.result("conn", "show")) == 20


@pytest.mark.parametrize(
    "args",
    [
        ["a"],
        ["a", "type=udp"],
        ["a", "type=pigeon", "connstring=loft"],
        ["a", "type=udp", "connstring="],
        ["a", "type=udp", "connstring=" + "x" * 200],
        ["a", "type=udp", "colour=blue"],
        ["a", "nonsense"],
        ["", "type=udp", "connstring=127.0.0.1:1"],
    ],
)
def test_bad_additions(smpctl: Smpctl, args: list[str]) -> None:
    smpctl("conn", "add", *args, status=2)
    assert not saved(smpctl).exists()


@pytest.mark.parametrize("command", ["show", "delete"])
def test_unknown_names(smpctl: Smpctl, command: str) -> None:
    assert "`nobody`" in smpctl("conn", command, "nobody", status=2).err


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1, "a": 2}', "\x00", '{"a": }'])
def test_a_damaged_file_is_named_and_kept(smpctl: Smpctl, content: str) -> None:
    file = saved(smpctl)
    file.parent.mkdir(parents=True)
    file.write_text(content)
    for args in (["show"], ["add", "b", "connstring=127.0.0.1:1"], ["delete", "a"]):
        assert str(file) in smpctl("conn", *args, status=4).err
    assert file.read_text() == content


def test_a_damaged_entry(smpctl: Smpctl) -> None:
    file = saved(smpctl)
    file.parent.mkdir(parents=True)
    file.write_text('{"a": {"type": "udp"}, "b": 3}')
    for name in "ab":
        assert "damaged" in smpctl("-c", name, "echo", "hi", status=4).err


def test_a_folder_that_cannot_be_made(smpctl: Smpctl) -> None:
    (smpctl.home / "config").write_text("in the way")
    smpctl("conn", "add", "a", "type=udp", "connstring=127.0.0.1:1", status=4)


def test_connections_of_the_go_tool_are_read(smpctl: Smpctl) -> None:
    file = smpctl.home / ".mcumgr.cp.json"
    with Device() as device:
        address = device.url.removeprefix("udp://")
        file.write_text(
            json.dumps([{"MyName": "old", "MyType": "udp", "MyConnString": address}, {"x": 1}, 3])
        )
        before = file.read_bytes()
        assert smpctl("-c", "old", "echo", "hi").out == "hi\n"
        assert list(smpctl.result("conn", "show")) == ["old"]
    smpctl("conn", "add", "old", "type=udp", "connstring=127.0.0.1:1")
    assert smpctl.result("conn", "show")["old"]["connstring"] == "127.0.0.1:1", "ours win"
    assert file.read_bytes() == before
