# SPDX-License-Identifier: Apache-2.0
"""smpctl over serial lines: smpsim on a pseudo-terminal, and behind TCP."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import socket
import subprocess
import threading
import time
import tty
from pathlib import Path
from typing import Any

import pytest
from conftest import NEW, OLD, Simulate, Simulator, Smpctl

SAFE_LINE = 127


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "port"


@pytest.fixture
def board(smpctl: Smpctl, simulate: Simulate, port: Path) -> Smpctl:
    """smpctl with a device on a serial line, two line buffers as in Zephyr."""
    simulate("--image", OLD, "--pty", port)
    smpctl.device = f"serial://{port}"
    return smpctl


# How a device is made, and how it is spoken to.
LINES = {
    "console": ([], ""),
    "log on the line": (["--log-text"], ""),
    "many line buffers": (["--line-buffers", "64", "--baud", "0"], "?lines=64"),
    "long lines": (
        ["--line-length", "512", "--line-buffers", "8", "--baud", "0"],
        "?line=512&lines=8",
    ),
    "230400 baud": (["--baud", "230400", "--line-buffers", "32"], "?lines=32"),
    "raw": (["--raw"], "?framing=raw"),
    "small buffers": (["--buf-size", "256", "--line-buffers", "16", "--baud", "0"], "?lines=16"),
    "no parameters": (["--no-params", "--line-buffers", "16", "--baud", "0"], "?lines=16&mtu=512"),
    "capped": (["--line-buffers", "16", "--baud", "0"], "?lines=16&mtu=300"),
}


@pytest.mark.parametrize("name", LINES)
def test_update(smpctl: Smpctl, simulate: Simulate, port: Path, name: str) -> None:
    options, keys = LINES[name]
    simulate("--image", OLD, "--pty", port, *options)
    smpctl.device = f"serial://{port}{keys}"
    upload = smpctl.json("image", "upload", NEW, within=60)
    assert upload["result"]["off"] == NEW.stat().st_size
    smpctl("image", "test", NEW)
    smpctl("reset")
    smpctl.wait_for(0, "1.1.0")
    assert smpctl.images()[0] == ("1.1.0", {"active"})
    smpctl("image", "confirm")
    assert smpctl.images()[0] == ("1.1.0", {"active", "confirmed"})


@pytest.mark.alone
def test_no_line_is_lost_by_default(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    """A line too many would cost a second each: the device has two buffers and says nothing."""
    simulate("--image", OLD, "--pty", port)
    smpctl.device = f"serial://{port}"
    run = smpctl("-v", "image", "upload", NEW, within=60)
    assert "again" not in run.err
    lines = NEW.stat().st_size / (SAFE_LINE - 3) * 4 / 3
    assert run.seconds < lines * 0.025 / 2 * 1.3 + 3


# ---- ways to say which ----


def test_ways_to_name_a_port(board: Smpctl, port: Path) -> None:
    board.device = None
    for way in (
        ["-d", f"serial://{port}"],
        ["-d", f"serial://{port}?baud=9600&mtu=512&lines=3"],
        ["-d", str(port)],
        ["--conntype", "serial", "--connstring", f"dev={port}"],
        ["--conntype", "serial", "--connstring", f"dev={port},baud=115200,mtu=512"],
        ["--conntype", "serial", "--connstring", f"baud=115200,dev={port},lines=4"],
        ["--conntype", "serial", "--connstring", str(port)],
    ):
        assert board(*way, "echo", "hi").out == "hi\n"
    board("conn", "add", "desk", "type=serial", f"connstring=dev={port},baud=115200")
    assert board("-c", "desk", "echo", "hi").out == "hi\n"
    board.device = str(port)
    assert board("echo", "hi").out == "hi\n"


@pytest.mark.parametrize(
    "keys", ["bauds=1", "baud=fast", "baud=0", "framing=cobs", "lines=", "dtr=maybe", "mtu=1", "x"]
)
def test_keys_that_mean_nothing(board: Smpctl, port: Path, keys: str) -> None:
    run = board("-d", f"serial://{port}?{keys}", "echo", "hi", status=2)
    assert keys.split("=")[0] in run.err


def test_connection_strings_without_a_port(smpctl: Smpctl) -> None:
    run = smpctl("--conntype", "serial", "--connstring", "baud=1", "echo", "x", status=2)
    assert "dev=" in run.err
    smpctl("-d", "serial://", "echo", "x", status=2)


def test_ports(smpctl: Smpctl) -> None:
    ports = smpctl.result("ports")["ports"]
    assert isinstance(ports, list)
    for one in ports:
        assert one["path"] in smpctl("ports").out


# ---- what goes wrong ----


def test_missing(smpctl: Smpctl, port: Path) -> None:
    run = smpctl("-d", str(port), "echo", "x", status=3, within=2)
    assert str(port) in run.err
    assert "plugged in" in run.err
    run = smpctl("-d", "serial://0123:4567", "echo", "x", status=3, within=2)
    assert "0123:4567" in run.err


def test_no_serial_port(smpctl: Smpctl, tmp_path: Path) -> None:
    assert "not a serial port" in smpctl("-d", "/dev/null", "echo", "x", status=3).err
    assert "folder" in smpctl("-d", f"serial://{tmp_path}", "echo", "x", status=3).err


def test_in_use(board: Smpctl, port: Path) -> None:
    """Another program holds the port: its name is said."""
    holder = subprocess.Popen(["flock", str(port), "sleep", "30"])
    try:
        end = time.monotonic() + 5
        while (run := board("echo", "x", status=None)).status == 0:
            assert time.monotonic() < end
    finally:
        holder.kill()
        holder.wait()
    assert run.status == 3
    assert "in use by" in run.err
    assert re.search(r"(flock|sleep) \(process \d+\)", run.err)


def test_unplugged_in_the_middle(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulator: Simulator = simulate("--image", OLD, "--pty", port, "--baud", "57600")
    smpctl.device = str(port)
    upload = smpctl.popen("image", "upload", NEW, "--json")
    assert upload.stdout
    while '"sending"' not in upload.stdout.readline():
        assert upload.poll() is None
    simulator.process.kill()
    start = time.monotonic()
    _, err = upload.communicate(timeout=10)
    assert time.monotonic() - start < 2
    assert upload.returncode == 3
    assert "gone" in err
    simulator.process.wait()
    # A new one with the same flash, another pseudo-terminal and the same name.
    state = simulator.command[simulator.command.index("--state") + 1]
    Simulator(Path(state), "--image", OLD, "--pty", port).process.terminate()


def test_silence(smpctl: Smpctl, port: Path) -> None:
    """A port where nobody answers: an end in time, and no error but that."""
    _, other = pty.openpty()
    tty.setraw(other)
    run = smpctl("-d", os.ttyname(other), "-t", "0.3", "echo", "x", status=3, within=3)
    assert "no answer" in run.err


def test_reset_ends_well(board: Smpctl) -> None:
    board("reset")
    board.wait_for(0, "1.0.0")


# ---- --wait and --console ----


def test_wait_for_a_device_that_comes(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    smpctl.device = str(port)
    waiting = smpctl.popen("--wait", "20", "echo", "there")
    time.sleep(0.5)
    assert waiting.poll() is None
    simulate("--image", OLD, "--pty", port)
    out, err = waiting.communicate(timeout=20)
    assert (waiting.returncode, out) == (0, "there\n"), err


def test_wait_while_it_boots(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, "--boot-time", "1500")
    smpctl.device = str(port)
    smpctl("reset")
    time.sleep(0.4)
    assert smpctl("--wait", "20", "echo", "back").seconds > 0.5


def test_wait_over_udp(smpctl: Smpctl, simulate: Simulate) -> None:
    smpctl.device = simulate("--image", OLD, "--boot-time", "1500").url
    smpctl("reset")
    time.sleep(0.4)
    assert smpctl("--wait", "20", "echo", "back").seconds > 0.5


def test_wait_in_vain(smpctl: Smpctl, port: Path) -> None:
    run = smpctl("-d", str(port), "--wait", "1", "echo", "x", status=3, within=5)
    assert run.seconds > 0.8
    assert "plugged in" in run.err
    master, other = pty.openpty()
    tty.setraw(other)
    run = smpctl("-d", os.ttyname(other), "--wait", "1", "echo", "x", status=3, within=5)
    assert "did not answer within 1 second" in run.err
    assert os.read(master, 1000).startswith(b"\n\x06\x09")


def test_console(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, "--log-text", "--line-buffers", "32")
    smpctl.device = f"serial://{port}?lines=32"
    run = smpctl("--console", "image", "upload", NEW, within=60)
    assert re.search(r"\[\d\d:\d\d:\d\d\.\d{3},\d{3}\].*smpsim: line \d+ of the log", run.err)
    assert "uart:~$ " in run.err
    assert "\x06" not in run.err
    numbers = [int(x) for x in re.findall(r"line (\d+) of the log", run.err)]
    assert numbers == sorted(numbers)
    assert len(numbers) > 3
    assert "of the log" not in smpctl("image", "list").err


# ---- behind TCP ----


class TerminalServer(threading.Thread):
    """Joins a serial port to a TCP port, as terminal servers and emulators do."""

    def __init__(self, port: Path) -> None:
        super().__init__(daemon=True)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        self.serial = os.open(port, os.O_RDWR | os.O_NOCTTY)
        fcntl.fcntl(self.serial, fcntl.F_SETFL, os.O_NONBLOCK)

    def run(self) -> None:
        while True:
            client, _ = self.server.accept()
            with client:
                both: list[Any] = [client, self.serial]
                while True:
                    ready, _, _ = select.select(both, [], [])
                    if self.serial in ready:
                        client.sendall(os.read(self.serial, 4096))
                    if client in ready:
                        data = client.recv(4096)
                        if not data:
                            break
                        os.write(self.serial, data)


@pytest.fixture
def terminal_server(board: Smpctl, port: Path) -> TerminalServer:
    server = TerminalServer(port)
    server.start()
    return server


def test_tcp(board: Smpctl, terminal_server: TerminalServer) -> None:
    for scheme in ("tcp", "socket"):
        board.device = f"{scheme}://{terminal_server.address}?lines=2"
        assert board("echo", "through a terminal server").out == "through a terminal server\n"
    assert board("--conntype", "tcp", "--connstring", terminal_server.address, "params").out


def test_tcp_refused(smpctl: Smpctl) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    run = smpctl("-d", f"tcp://{address}", "echo", "x", status=3, within=5)
    assert "refused" in run.err
    smpctl("-d", "tcp://127.0.0.1", "echo", "x", status=2)
