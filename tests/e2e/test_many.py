# SPDX-License-Identifier: Apache-2.0
"""One command for several devices at once."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from board import Board
from conftest import NEW, OLD, Simulate, Smpctl
from wire import Device, Packet, Send


def late(_request: Packet, answer: Packet) -> list[Send]:
    return [Send(answer.encode(), after_s=0.4)]


def deaf(_request: Packet, _answer: Packet) -> list[Send]:
    return []


def refuse(request: Packet, _answer: Packet) -> list[Send]:
    return [Send(request.answer({"rc": 8}).encode())]


def flags(*devices: Device) -> list[str]:
    return [x for device in devices for x in ("-d", device.url)]


def test_each_result_stands_under_its_device(smpctl: Smpctl) -> None:
    with Device(late) as one, Device() as two:
        run = smpctl(*flags(one, two), "echo", "hi")
        assert run.out == f"{two.url}:\nhi\n{one.url}:\nhi\n", "as they come"
        documents = smpctl(*flags(one, two), "echo", "hi", "--json").documents
        assert [x["device"] for x in documents] == [two.url, one.url]
        assert all(x["result"] == {"r": "hi"} for x in documents)


def test_all_at_the_same_time(smpctl: Smpctl) -> None:
    with ExitStack() as stack:
        devices = [stack.enter_context(Device(late)) for _ in range(20)]
        run = smpctl(*flags(*devices), "echo", "hi")
    assert run.out.count("hi\n") == 20
    assert run.seconds < 3, "one after the other would take 8"


@pytest.mark.parametrize(
    ("behaviours", "status"),
    [(["good", "refuse"], 1), (["refuse", "deaf"], 3), (["good", "deaf", "refuse"], 3)],
)
def test_the_worst_status_is_the_status(smpctl: Smpctl, behaviours: list[str], status: int) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "good": {},
        "refuse": {"behaviour": refuse},
        "deaf": {"behaviour": deaf},
    }
    with ExitStack() as stack:
        devices = [stack.enter_context(Device(**kinds[x])) for x in behaviours]
        run = smpctl("-t", "0.3", *flags(*devices), "params", status=status)
        for device, kind in zip(devices, behaviours, strict=True):
            assert (f"params: {device.url}: " in run.err) == (kind != "good")
            assert (f"{device.url}:\nbuf_size" in run.out) == (kind == "good")


def test_a_wrong_address_does_not_stop_the_others(smpctl: Smpctl) -> None:
    with Device() as device:
        run = smpctl("-d", "udp://[::1", *flags(device), "echo", "hi", status=2)
        assert f"{device.url}:\nhi\n" in run.out


def test_devices_from_a_file(smpctl: Smpctl, tmp_path: Path) -> None:
    with Device() as one, Device() as two, Device() as three:
        smpctl("conn", "add", "bench", f"connstring={two.url.removeprefix('udp://')}")
        file = tmp_path / "devices"
        file.write_text(f"# all of them\n\n{one.url}  # the first\nbench\r\n")
        run = smpctl("--devices", file, *flags(three), "echo", "hi")
        assert sorted(x for x in run.out.splitlines() if x != "hi") == sorted(
            [f"{one.url}:", "bench:", f"{three.url}:"]
        )


def test_one_device_in_a_file_is_as_one(smpctl: Smpctl, tmp_path: Path) -> None:
    with Device() as device:
        (tmp_path / "one").write_text(device.url)
        assert smpctl("--devices", tmp_path / "one", "echo", "hi").out == "hi\n"
        smpctl("conn", "add", "bench", f"connstring={device.url.removeprefix('udp://')}")
        (tmp_path / "name").write_text("bench\n")
        assert smpctl("--devices", tmp_path / "name", "echo", "hi").out == "hi\n"


def test_files_of_devices_that_are_wrong(smpctl: Smpctl, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# none\n")
    assert "no device" in smpctl("--devices", tmp_path / "empty", "echo", "x", status=4).err
    smpctl("--devices", tmp_path / "missing", "echo", "x", status=4)
    smpctl("--devices", tmp_path, "echo", "x", status=4)
    smpctl("--devices", tmp_path / "empty", "-c", "x", "echo", "x", status=4)


def test_commands_that_talk_with_the_user_take_one(smpctl: Smpctl) -> None:
    with Device() as one, Device() as two:
        assert "one device" in smpctl(*flags(one, two), "shell", status=2).err
        assert "one device" in smpctl(*flags(one, two), "monitor", status=2).err
        assert "smpctl" in smpctl(*flags(one, two), "version").out, "needs none"


def test_an_update_of_several_devices(smpctl: Smpctl, simulate: Simulate) -> None:
    simulators = [simulate("--image", OLD) for _ in range(3)]
    devices = [x for simulator in simulators for x in ("-d", simulator.url)]
    run = smpctl(*devices, "image", "upload", NEW, within=60)
    assert run.out.count("Version 1.1.0") == 3
    assert smpctl(*devices, "image", "test", NEW).out.count("version: 1.1.0") == 3
    assert smpctl(*devices, "reset").out.count("Done") == 3
    for simulator in simulators:
        smpctl.device = simulator.url
        smpctl.wait_for(0, "1.1.0")
    documents = smpctl(*devices, "image", "upload", NEW, "--json", within=60, status=None).documents
    assert {x["device"] for x in documents if "command" in x} == {x.url for x in simulators}


def test_downloads_get_names_of_their_own(smpctl: Smpctl, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    with Board(files={"/lfs/x.log": b"one"}) as one, Board(files={"/lfs/x.log": b"two"}) as two:
        smpctl(*flags(one, two), "fs", "download", "/lfs/x.log", folder)
        assert sorted(x.read_bytes() for x in folder.iterdir()) == [b"one", b"two"]
        assert all(x.name.endswith("-x.log") for x in folder.iterdir())
        run = smpctl(*flags(one, two), "fs", "download", "/lfs/x.log", tmp_path / "y", status=2)
        assert "folder" in run.err


def test_interrupted(smpctl: Smpctl) -> None:
    with Device(deaf) as one, Device() as two:
        process = smpctl.popen(*flags(one, two), "echo", "hi")
        while one.count(0, 0) == 0:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        assert process.returncode == 130
        assert f"{two.url}:\nhi\n" in out
        assert f"{one.url}: interrupted" in err


def test_a_hundred(smpctl: Smpctl, tmp_path: Path) -> None:
    """Two devices, asked fifty times each: memory and order hold."""
    with Device() as one, Device() as two:
        file = tmp_path / "devices"
        file.write_text(f"{one.url}\n{two.url}\n" * 50)
        assert smpctl("--devices", file, "echo", "hi").out.count("\nhi\n") == 100
