# SPDX-License-Identifier: Apache-2.0
"""What outlives a reset, a lost port and a run: the console, a transfer, what was learnt."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import NEW, OLD, Simulate, Simulator, Smpctl
from sysroot import SysRoot

USB = "2fe3:0100:A1"


class Lines(threading.Thread):
    """Collects what a program writes."""

    def __init__(self, stream: Any) -> None:
        super().__init__(daemon=True)
        self.stream, self.text = stream, ""
        self.start()

    def run(self) -> None:
        while data := os.read(self.stream.fileno(), 4096):
            self.text += data.decode(errors="replace")

    def expect(self, text: str, within: float = 10) -> None:
        end = time.monotonic() + within
        while text not in self.text:
            assert time.monotonic() < end, f"{text!r} never came: {self.text!r}"
            time.sleep(0.01)


def start_again(simulator: Simulator, *args: object) -> Simulator:
    """The same device, after its power was cut."""
    simulator.process.kill()
    simulator.process.wait()
    state = simulator.command[simulator.command.index("--state") + 1]
    return Simulator(Path(state), "--image", OLD, *args)


# ---- --console ----


def test_console_shows_the_boot(smpctl: Smpctl, simulate: Simulate, tmp_path: Path) -> None:
    port = tmp_path / "port"
    simulate("--image", OLD, "--pty", port, "--log-text", "--baud", "0")
    run = smpctl("-d", port, "--console", "-t", "1.2", "reset")
    assert run.out == "Done\n"
    assert "boots 1.0.0 from slot 0" in run.err
    assert 0.5 < run.seconds < 4
    assert smpctl("-d", port, "--console", "reset", "--json", "-t", "0.1").documents
    assert smpctl("-d", port, "--wait", "5", "echo", "x").out == "x\n"


def test_console_through_a_port_of_another_name(
    smpctl: Smpctl, simulate: Simulate, tmp_path: Path
) -> None:
    """A board that is its own USB device disappears at a reset, and comes back elsewhere."""
    root = SysRoot(tmp_path / "root")
    smpctl.env["SMP_SYSROOT"] = str(root.root)
    first, second = tmp_path / "first", tmp_path / "second"
    simulator = simulate("--image", OLD, "--pty", first, "--log-text", "--boot-time", "60000")
    root.plug("ttyACM0", first, USB)
    process = smpctl.popen("-d", f"serial://{USB}", "--console", "-t", "8", "reset")
    out, err = Lines(process.stdout), Lines(process.stderr)
    out.expect("Done")
    root.unplug("ttyACM0")
    again = start_again(simulator, "--pty", second, "--log-text")
    root.plug("ttyACM1", second, USB)
    try:
        shown = len(err.text)
        err.expect("of the log")
        end = time.monotonic() + 5
        while "of the log" not in err.text[shown:]:
            assert time.monotonic() < end
            time.sleep(0.01)
        process.send_signal(2)
        assert process.wait(5) == 0
    finally:
        process.kill()
        again.stop()


# ---- transfers ----


def test_upload_goes_on_when_the_port_is_back(
    smpctl: Smpctl, simulate: Simulate, tmp_path: Path
) -> None:
    port = tmp_path / "port"
    line = ["--pty", port, "--baud", "2000000", "--line-buffers", "100"]
    simulator = simulate("--image", OLD, *line, "--work-us", "20000")
    device = f"serial://{port}?lines=100"
    process = smpctl.popen("-d", device, "--wait", "20", "image", "upload", NEW, "--json")
    out = Lines(process.stdout)
    out.expect('"sending"')
    again = start_again(simulator, *line)
    try:
        assert process.wait(30) == 0, process.stderr
        result = json.loads(out.text.splitlines()[-1])["result"]
        assert result["off"] == NEW.stat().st_size
        assert smpctl("-d", port, "image", "test", NEW).status == 0
    finally:
        process.kill()
        again.stop()


# ---- what was learnt ----


@pytest.fixture
def memory(smpctl: Smpctl) -> Path:
    return smpctl.home / ".local/state/smpctl/devices.json"


def learn(smpctl: Smpctl, times: int = 1) -> Any:
    for _ in range(times):
        smpctl("image", "upload", NEW, "--erase")


def burst(recording: Path) -> int:
    """Chunks that were sent at once behind the answer to the first."""
    packets = [json.loads(x) for x in recording.read_text().splitlines()[1:]]
    upload = [x["to"] for x in packets if x["bytes"][8:12] + x["bytes"][14:16] == "000101"]
    assert upload[:2] == ["device", "host"]
    return upload.index("host", 2) - 2


def test_learnt_is_kept_and_used(
    smpctl: Smpctl, simulate: Simulate, memory: Path, tmp_path: Path
) -> None:
    ctl, recording = smpctl, tmp_path / "recording"
    ctl.device = simulate("--image", OLD, "--buf-count", "16", "--delay", "20").url
    ctl("--record", recording, "image", "upload", NEW)
    first = burst(recording)
    kept = json.loads(memory.read_text())
    assert list(kept) == [ctl.device]
    assert kept[ctl.device]["buf_size"] == 2048
    assert kept[ctl.device]["window"] > first
    ctl("--record", recording, "image", "upload", NEW, "--erase")
    assert first < burst(recording) <= kept[ctl.device]["window"]
    kept = json.loads(memory.read_text())
    ctl("echo", "x")
    assert json.loads(memory.read_text()) == kept
    ctl("doctor")
    assert json.loads(memory.read_text()) == {}


DAMAGED = {
    "empty": "",
    "no JSON": "{{{{",
    "a list": "[1, 2]",
    "wrong types": '{"%s": {"buf_size": "x", "window": []}}',
    "absurd": '{"%s": {"buf_size": 2048, "buf_count": 4, "window": 99999999, "edge": -1}}',
    "large numbers": '{"%s": {"buf_size": 2048, "buf_count": 4, "window": 65535, "edge": 65535, '
    '"packet": 1}}',
    "deep": "[" * 10000,
    "huge": '{"x": "' + "x" * 100000 + '"}',
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_memory_does_no_harm(ctl: Smpctl, memory: Path, name: str) -> None:
    memory.parent.mkdir(parents=True)
    memory.write_text(DAMAGED[name].replace("%s", str(ctl.device)))
    learn(ctl)
    assert ctl.device in json.loads(memory.read_text())


def test_memory_is_bounded(ctl: Smpctl, memory: Path) -> None:
    memory.parent.mkdir(parents=True)
    other = {"buf_size": 1, "buf_count": 1, "window": 1, "edge": 0, "packet": 0}
    memory.write_text(json.dumps({f"udp://{n}": other for n in range(300)}))
    learn(ctl)
    kept = json.loads(memory.read_text())
    assert len(kept) == 256
    assert list(kept)[-1] == ctl.device
    assert "udp://0" not in kept


def test_memory_that_cannot_be_written(ctl: Smpctl, memory: Path) -> None:
    """Neither the folder nor the file: nothing is said, and nothing is worse."""
    memory.mkdir(parents=True)
    learn(ctl)
    ctl.env["XDG_STATE_HOME"] = "/proc/nowhere"
    run = ctl("image", "upload", NEW, "--erase")
    assert run.err == ""
    assert list(memory.parent.iterdir()) == [memory]


def test_a_usb_device_is_known_by_its_numbers(
    smpctl: Smpctl, simulate: Simulate, tmp_path: Path, memory: Path
) -> None:
    root = SysRoot(tmp_path / "root")
    smpctl.env["SMP_SYSROOT"] = str(root.root)
    port = tmp_path / "port"
    simulate("--image", OLD, "--pty", port, "--baud", "2000000", "--line-buffers", "100")
    root.plug("ttyACM0", port, USB)
    smpctl.device = f"serial://{port}?lines=100"
    learn(smpctl)
    assert list(json.loads(memory.read_text())) == [f"usb:{USB}"]


def test_memory_of_several_devices_at_once(
    smpctl: Smpctl, simulate: Simulate, memory: Path
) -> None:
    urls = [simulate("--image", OLD).url for _ in range(3)]
    devices = [x for url in urls for x in ("-d", url)]
    smpctl(*devices, "image", "upload", NEW)
    assert sorted(json.loads(memory.read_text())) == sorted(urls)
