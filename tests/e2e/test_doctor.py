# SPDX-License-Identifier: Apache-2.0
"""smpctl doctor: each trouble a link can have, and the options it then advises."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
import tty
from pathlib import Path

import pytest
from conftest import OLD, Json, Simulate, Smpctl
from sysroot import SysRoot
from test_serial import TerminalServer
from wire import Device

QUICK = ["-t", "0.15"]
FAST = ["--baud", "2000000"]  # lines come faster than the device takes them out
SMALL = ["--buf-size", "400", "--line-buffers", "100"]  # there is little to find out


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "port"


def examine(smpctl: Smpctl, device: object, within: float = 30) -> tuple[dict[str, str], Json]:
    """What each step said, the last of each, and the advice."""
    run = smpctl("-d", device, *QUICK, "doctor", "--json", within=within)
    *steps, last = run.documents
    return {x["step"]: x["text"] for x in steps}, last["result"]


def follow(smpctl: Smpctl, advice: Json) -> None:
    """What was advised works, in both forms."""
    assert smpctl("-d", advice["url"], "echo", "hi").out == "hi\n"
    way = ["--conntype", advice["type"], "--connstring", advice["connstring"]]
    assert smpctl(*way, "echo", "x" * 200).out == "x" * 200 + "\n"


# ---- what is well ----


def test_udp(smpctl: Smpctl, simulate: Simulate) -> None:
    url = simulate("--image", OLD).url
    steps, advice = examine(smpctl, url)
    assert list(steps) == ["address", "answer", "params", "size", "window"]
    assert (advice["url"], advice["type"]) == (url, "udp")
    assert (advice["buf_size"], advice["buf_count"], advice["window"]) == (2048, 4, 3)
    assert advice["largest"] == 2048
    assert "vanished" not in advice
    follow(smpctl, advice)


def test_serial(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, *FAST, "--line-buffers", "100")
    steps, advice = examine(smpctl, port)
    assert list(steps) == [
        "port", "baud", "framing", "answer", "params", "size", "window", "lines",
    ]  # fmt: skip
    assert "there, free and permitted" in steps["port"]
    assert (advice["baud"], advice["framing"], advice["lines"]) == (115200, "console", 100)
    assert (advice["largest"], advice["window"]) == (2044, 3)
    assert "mtu" not in advice["connstring"]
    follow(smpctl, advice)


def test_text_can_be_copied(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, *FAST, "--line-buffers", "64")
    out = smpctl("-d", port, *QUICK, "doctor").out
    command = next(x for x in out.splitlines() if x.startswith("Use:")).split(None, 1)[1]
    command = command.replace("smpctl", str(smpctl.binary), 1)
    run = subprocess.run(command, shell=True, env=smpctl.environment(), capture_output=True)
    assert b"1.0.0" in run.stdout


# ---- what is wrong, and is found ----


def test_wrong_baud(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, "--baud", "460800", "--strict-baud", *SMALL)
    assert "no answer" in smpctl("-d", port, "-t", "0.2", "echo", "x", status=3).err
    steps, advice = examine(smpctl, port)
    assert steps["baud"] == "460800"
    assert advice["baud"] == 460800
    follow(smpctl, advice)


def test_garbage_tells_of_a_wrong_baud(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--pty", port, "--baud", "500000", "--strict-baud", "--log-text", *SMALL)
    run = smpctl("-d", f"serial://{port}?silence=1", *QUICK, "doctor", status=3)
    assert "bytes of garbage come" in run.out
    assert "at none of the usual rates: say baud=" in run.err
    assert smpctl("-d", f"serial://{port}?baud=500000", "echo", "x").out == "x\n"


def test_raw_instead_of_console(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    """The device has lost step by then, and finds it in the silence."""
    simulate("--image", OLD, "--pty", port, *FAST, *SMALL, "--raw")
    _, advice = examine(smpctl, f"serial://{port}?silence=3700")
    assert (advice["framing"], advice["window"]) == ("raw", 3)
    follow(smpctl, advice)


def test_serial_recovery(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    """No echo there: what can be told without is."""
    simulate("--profile", "mcuboot", "--pty", port, *FAST)
    steps, advice = examine(smpctl, port)
    assert "no echo" in steps["size"]
    assert (advice["buf_size"], advice["buf_count"], advice["window"]) == (1024, 1, 1)
    assert "largest" not in advice


def test_behind_tcp(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    """Somebody else has set the rate there."""
    simulate("--image", OLD, "--pty", port, *FAST, *SMALL)
    server = TerminalServer(port)
    server.start()
    steps, advice = examine(smpctl, f"tcp://{server.address}")
    assert steps["baud"] == "set elsewhere"
    assert "baud" not in advice
    assert smpctl("-d", advice["url"], "echo", "hi").out == "hi\n"


def test_console_instead_of_raw(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, *FAST, *SMALL)
    _, advice = examine(smpctl, f"serial://{port}?framing=raw")
    assert advice["framing"] == "console"
    assert "framing" not in advice["url"]
    follow(smpctl, advice)


def test_some_line_buffers(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, "--baud", "0", "--line-buffers", "20",
             "--buf-size", "1000")  # fmt: skip
    _, advice = examine(smpctl, port)
    assert advice["lines"] == 8
    follow(smpctl, advice)


def test_two_line_buffers(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, *FAST, "--line-buffers", "2",
             "--buf-size", "600")  # fmt: skip
    steps, advice = examine(smpctl, port)
    assert "CONFIG_UART_MCUMGR_RX_BUF_COUNT" in steps["lines"]
    assert "lines" not in advice
    follow(smpctl, advice)


def test_without_parameters(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, *FAST, "--no-params", "--line-buffers", "64",
             "--buf-size", "1000")  # fmt: skip
    steps, advice = examine(smpctl, port)
    assert "CONFIG_MCUMGR_GRP_OS_MCUMGR_PARAMS" in steps["params"]
    assert 960 < advice["largest"] <= 996 < advice["vanished"] < 1050
    assert f"mtu={advice['largest']}" in advice["connstring"]
    assert (advice["window"], "buf_size" in advice) == (1, False)
    follow(smpctl, advice)


def test_without_parameters_over_udp(smpctl: Smpctl, simulate: Simulate) -> None:
    """Larger packets than its buffers damage some devices' memory: none are tried."""
    steps, advice = examine(smpctl, simulate("--image", OLD, "--no-params").url)
    assert "more may harm" in steps["size"]
    assert advice["largest"] == 384


@pytest.fixture
def lossy(smpctl: Smpctl, simulate: Simulate, port: Path, tmp_path: Path) -> SysRoot:
    """A device that loses what is larger than 400 bytes, and says that it has room for 512."""
    simulate("--image", OLD, "--pty", port, *FAST, "--line-buffers", "100",
             "--announce", "512", "--buf-size", "404")  # fmt: skip
    root = SysRoot(tmp_path / "root")
    smpctl.env["SMP_SYSROOT"] = str(root.root)
    return root


def test_large_packets_vanish_by_a_jlink(smpctl: Smpctl, lossy: SysRoot, port: Path) -> None:
    """Its mass storage is the likely cause."""
    usb = "1366:1051:000683"
    acm = lossy.plug("ttyACM7", port, usb)
    steps, advice = examine(smpctl, f"serial://{usb}")
    assert f"USB {usb}, A board" in steps["port"]
    assert 384 <= advice["largest"] <= 400 < advice["vanished"]
    assert "though the device says it has room for 512" in steps["size"]
    assert "MSDDisable" in steps["hint"]
    follow(smpctl, advice)
    # Without a doctor the error says so too, by whatever name the port goes.
    for device in (f"serial://{usb}", port, acm):
        run = smpctl("-d", device, "-t", "0.3", "echo", "x" * 450, status=3)
        assert "J-Link Virtual MSD Interaction Note" in run.err
    assert "J-Link" not in smpctl("-d", port, "image", "list").err


def test_large_packets_vanish_elsewhere(smpctl: Smpctl, lossy: SysRoot, port: Path) -> None:
    lossy.plug("ttyACM7", port, "2fe3:0100:1")
    run = smpctl("-d", port, "-t", "0.3", "echo", "x" * 450, status=3)
    assert "no answer" in run.err
    assert "J-Link" not in run.err


def test_no_hint_when_nothing_passes(smpctl: Smpctl, port: Path, tmp_path: Path) -> None:
    _, other = pty.openpty()
    tty.setraw(other)
    port.symlink_to(os.ttyname(other))
    root = SysRoot(tmp_path / "root")
    root.plug("ttyACM7", port, "1366:1051:1")
    smpctl.env["SMP_SYSROOT"] = str(root.root)
    run = smpctl("-d", port, "-t", "0.3", "echo", "x" * 300, status=3)
    assert "no answer" in run.err
    assert "J-Link" not in run.err


# ---- what is wrong, and stays so ----


def test_nobody_there(smpctl: Smpctl) -> None:
    master, other = pty.openpty()
    tty.setraw(other)
    device = f"serial://{os.ttyname(other)}?silence=1"
    run = smpctl("-d", device, "-t", "0.05", "doctor", status=3, within=10)
    assert "nobody answers at any usual rate" in run.err
    os.close(master)


def test_interrupted_in_the_silence(smpctl: Smpctl) -> None:
    master, other = pty.openpty()
    tty.setraw(other)
    process = smpctl.popen("-d", os.ttyname(other), "-t", "0.01", "doctor")
    time.sleep(1)  # it waits for 4 s, so that a raw device would find step
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=2)
    assert (process.returncode, "interrupted" in err) == (130, True)
    os.close(master)


def test_text_but_no_answer(smpctl: Smpctl) -> None:
    """A console without SMP: the rate is right, the firmware is not."""
    master, other = pty.openpty()
    tty.setraw(other)
    os.write(master, b"*** Booting Zephyr OS ***\r\nuart:~$ ")
    device = f"serial://{os.ttyname(other)}?silence=1"
    run = smpctl("-d", device, "-t", "0.05", "doctor", status=3, within=10)
    assert "text arrives at 115200 baud" in run.err
    assert "CONFIG_MCUMGR_TRANSPORT_UART" in run.err
    os.close(master)


def test_missing(smpctl: Smpctl, port: Path) -> None:
    last = smpctl.json("-d", port, "doctor", status=3)
    assert f"there is no {port}" in last["error"]["message"]


def test_in_use(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--pty", port, *FAST)
    holder = subprocess.Popen(
        ["flock", str(port), "sh", "-c", "echo held; exec sleep 30"], stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout
        assert holder.stdout.readline()
        run = smpctl("-d", port, "doctor", status=3)
        assert re.search(r"is in use by (flock|sleep) \(process \d+\)", run.err)
    finally:
        holder.kill()
        holder.wait()


def test_udp_nobody(smpctl: Smpctl) -> None:
    assert "nobody listens" in smpctl("-d", "udp://127.0.0.1:9", "doctor", status=3).err


def test_udp_silence(smpctl: Smpctl, simulate: Simulate) -> None:
    url = simulate("--image", OLD, "--drop", "100").url
    run = smpctl("-d", url, *QUICK, "doctor", status=3, within=5)
    assert "firewall" in run.err


def test_device_that_goes_away_meanwhile(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulator = simulate("--image", OLD, "--pty", port, *FAST)
    process = smpctl.popen("-d", port, "doctor")
    assert process.stdout
    while not process.stdout.readline().startswith("params"):
        assert process.poll() is None
    simulator.process.kill()
    _, err = process.communicate(timeout=10)
    assert process.returncode == 3
    assert "went down meanwhile" in err


# ---- what tells nonsense ----


@pytest.mark.parametrize(
    ("size", "count"), [(2, 1), (13, 2), (0, 4), (2048, 4000000000), (65535, 65535)]
)
def test_a_device_whose_parameters_are_nonsense(smpctl: Smpctl, size: int, count: int) -> None:
    """It is asked at all, as the question about them was, and for no more than anybody uses."""
    with Device(buf_size=size, buf_count=count) as device:
        _, advice = examine(smpctl, device.url, within=20)
    assert advice["largest"] >= 64
    assert advice["window"] <= 64
