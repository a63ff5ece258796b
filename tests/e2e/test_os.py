# SPDX-License-Identifier: Apache-2.0
"""The commands of group OS."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import Simulate, Smpctl
from wire import Device, Packet, Send


def answering(payload: dict[str, Any]) -> Device:
    return Device(lambda _request, answer: [Send(Packet.encode(answer_with(answer, payload)))])


def answer_with(answer: Packet, payload: dict[str, Any]) -> Packet:
    return Packet(
        answer.op, answer.group, answer.id, answer.sequence, payload, version=answer.version
    )


def test_echo(ctl: Smpctl) -> None:
    run = ctl("echo", "hello")
    assert (run.out, run.err) == ("hello\n", "")
    assert ctl("echo", "two", "words").out == "two words\n"
    assert ctl("echo", "").out == "\n"
    assert ctl("echo", "Grüße, 世界").out == "Grüße, 世界\n"
    assert ctl.result("echo", "hello") == {"r": "hello"}


def test_a_long_echo(ctl: Smpctl) -> None:
    text = "x" * 1000
    assert ctl("echo", text).out == text + "\n"


def test_an_echo_that_fits_no_packet(ctl: Smpctl) -> None:
    assert "device" in ctl("echo", "x" * 100_000, status=2).err


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("bell\x07", "bell\\x07"),
        ("back\rward", "back\\x0dward"),
        ("c1 \u009b31m", "c1 \\xc2\\x9b31m"),
        ("turn \u202e", "turn \\xe2\\x80\\xae"),
        ("nul\x00", "nul\\x00"),
        ("delete\x7f", "delete\\x7f"),
        ("two\nlines\t.", "two\nlines\t."),
        ("é \U0001f600", "é \U0001f600"),
    ],
)
def test_what_a_device_says_cannot_command_the_terminal(
    smpctl: Smpctl, sent: str, shown: str
) -> None:
    with answering({"r": sent}) as device:
        smpctl.device = device.url
        assert smpctl("echo", "x").out == shown + "\n"
        run = smpctl("echo", "x", "--json")
        assert run.out.isascii()
        assert min(run.out.strip()) >= " "
        assert run.documents[-1]["result"]["r"] == sent


def test_text_that_is_not_utf8(smpctl: Smpctl) -> None:
    def bad(_request: Packet, answer: Packet) -> list[Send]:
        data = bytes.fromhex("a1617265") + b"a\xff\xc3(b"
        return [Send(answer.encode(length=len(data))[:8] + data)]

    with Device(bad) as device:
        smpctl.device = device.url
        assert smpctl("echo", "x").out == "a\\xff\\xc3(b\n"
        assert smpctl.result("echo", "x") == {"r": "a\ufffd\ufffd(b"}


def test_taskstat(ctl: Smpctl) -> None:
    lines = ctl("taskstat").out.splitlines()
    assert lines[0] == (
        "      task pri tid  runtime      csw    stksz   stkuse last_checkin next_checkin"
    )
    tasks = ctl.result("taskstat")["tasks"]
    assert len(lines) == 1 + len(tasks) > 2
    assert {line.split()[0] for line in lines[1:]} == {name.split()[0] for name in tasks}


def test_taskstat_with_what_is_absent(smpctl: Smpctl) -> None:
    tasks = {"main": {"prio": -1, "tid": 3}, "a very long name": {}, "\x1b[1m": {"prio": 2**32 - 1}}
    with answering({"tasks": tasks}) as device:
        smpctl.device = device.url
        lines = smpctl("taskstat").out.splitlines()
        assert lines[1] == "      main  -1   3" + "        -" * 6
        assert "\x1b" not in "".join(lines)
        assert smpctl.result("taskstat")["tasks"]["main"] == {"prio": -1, "tid": 3}


def test_mpstat(ctl: Smpctl) -> None:
    lines = ctl("mpstat").out.splitlines()
    assert lines[0].split() == ["name", "blksz", "cnt", "free", "min"]
    assert len(lines) == 1 + len(ctl.result("mpstat")["mpools"]) > 1


@pytest.mark.parametrize("shape", ["mpools", "tasks", None])
def test_mpstat_in_all_three_shapes(smpctl: Smpctl, shape: str | None) -> None:
    pools = {"heap": {"blksiz": 4, "nblks": 10, "nfree": 7, "min": 3}}
    with answering({shape: pools} if shape else pools) as device:
        smpctl.device = device.url
        assert smpctl("mpstat").out.splitlines()[1] == " " * 28 + "heap     4   10    7    3"
        assert smpctl.result("mpstat") == {"mpools": pools}


def test_datetime(ctl: Smpctl) -> None:
    assert ctl("datetime", "2026-03-02T22:44:00").out == "Done\n"
    out = ctl("datetime").out
    assert re.fullmatch(r"Datetime\(RFC 3339 format\): 2026-03-02T22:44:0\d\S*\n", out)
    assert ctl.result("datetime")["datetime"].startswith("2026-03-02T22:44:0")
    assert ctl.result("datetime", "2027-01-01T00:00:00") == {}


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("2026-03-02T22:44:00", "2026-03-02T22:44:00"),
        ("2026-03-02T22:44:00Z", "2026-03-02T22:44:00"),
        ("2026-03-02T22:44:00.123", "2026-03-02T22:44:00"),
        ("2026-03-02T22:44:00-08:00", "2026-03-03T06:44:00"),
        ("2026-03-02T22:44:00.101+05:30", "2026-03-02T17:14:00"),
        ("2024-02-29T00:00:00", "2024-02-29T00:00:00"),
    ],
)
def test_datetime_is_sent_in_the_one_safe_form(smpctl: Smpctl, said: str, sent: str) -> None:
    with Device(lambda _, answer: [Send(answer_with(answer, {}).encode())]) as device:
        smpctl.device = device.url
        smpctl("datetime", said)
        assert device.requests[0].payload == {"datetime": sent}


def test_datetime_now(smpctl: Smpctl) -> None:
    with answering({}) as device:
        smpctl.device = device.url
        smpctl("datetime", "now")
        sent = datetime.fromisoformat(device.requests[0].payload["datetime"] + "+00:00")
        assert abs((datetime.now(UTC) - sent).total_seconds()) < 30


def test_info(ctl: Smpctl) -> None:
    assert ctl("info").out == ctl.result("info")["output"] + "\n" == "Zephyr\n"
    assert len(ctl("info", "a").out.split()) > 4
    run = ctl("info", "?", status=1)
    error = ctl.json("info", "?", status=1)["error"]
    assert (error["group"], error["group_name"], error["rc"]) == (0, "os", 2)
    assert error["name"] == "INVALID_FORMAT"
    assert "INVALID_FORMAT" in run.err
    assert "os" in run.err


def test_bootloader(ctl: Smpctl) -> None:
    assert ctl("bootloader").out == "bootloader: MCUboot\n"
    assert ctl.result("bootloader") == {"bootloader": "MCUboot"}
    out = ctl("bootloader", "mode").out
    mode = ctl.result("bootloader", "mode")["mode"]
    assert re.match(rf"mode: swap using \w+ \({mode}\)\n", out)
    ctl("bootloader", "colour", status=1)


def test_params(smpctl: Smpctl, simulate: Simulate) -> None:
    smpctl.device = simulate("--buf-size", 1024, "--buf-count", 5).url
    assert smpctl("params").out == "buf_size: 1024\nbuf_count: 5\n"
    assert smpctl.result("params") == {"buf_size": 1024, "buf_count": 5}


def test_reset(ctl: Smpctl) -> None:
    assert ctl("reset").out == "Done\n"


def test_reset_as_json(ctl: Smpctl) -> None:
    assert ctl.result("reset") == {}


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ([], {}),
        (["--force"], {"force": True}),
        (["--boot-mode", "recovery"], {"boot_mode": 1}),
        (["--boot-mode=0", "--force"], {"force": True, "boot_mode": 0}),
        (["--boot-mode", "17"], {"boot_mode": 17}),
    ],
)
def test_reset_options(smpctl: Smpctl, options: list[str], sent: dict[str, Any]) -> None:
    with Device() as device:
        smpctl.device = device.url
        smpctl("reset", *options)
        assert device.requests[0].payload == sent


def test_a_refused_reset_names_the_way_out(smpctl: Smpctl) -> None:
    with answering({"rc": 10}) as device:
        smpctl.device = device.url
        error = smpctl.json("reset", status=1)["error"]
        assert (error["rc"], error["name"]) == (10, "EBUSY")
        assert "group" not in error


@pytest.mark.parametrize(
    ("payload", "rc", "group"),
    [
        ({"rc": 3}, 3, None),
        ({"rc": 3, "rsn": "no such\x1b[0m"}, 3, None),
        ({"err": {"group": 0, "rc": 4}}, 4, 0),
        ({"ret": {"group": 0, "rc": 4}}, 4, 0),
        ({"err": {"group": 99, "rc": 7}}, 7, 99),
        ({"rc": 12345}, 12345, None),
    ],
)
def test_each_shape_of_refusal(
    smpctl: Smpctl, payload: dict[str, Any], rc: int, group: int | None
) -> None:
    with answering(payload) as device:
        smpctl.device = device.url
        run = smpctl("params", status=1)
        assert str(rc) in run.err
        assert "\x1b" not in run.err
        error = smpctl.json("params", status=1)["error"]
        assert (error["kind"], error["code"], error["rc"]) == ("device", "SMP_ERR_DEVICE", rc)
        assert error.get("group") == group


def test_an_old_device(smpctl: Smpctl) -> None:
    """SMP v1, and `rc: 0` for success."""
    with answering({"rc": 0, "buf_size": 300, "buf_count": 2}) as device:
        smpctl.device = device.url
        assert smpctl.result("params") == {"buf_size": 300, "buf_count": 2}
