# SPDX-License-Identifier: Apache-2.0
"""dfu_update with several simulated devices, as a production line runs it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pty
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import BIN, DATA, NEW, OLD, SANITIZER_STATUS, Simulate, Smpctl
from sysroot import SysRoot
from test_serial import TerminalServer
from wire import Device, Packet, Send

KEY = DATA / "keys/test-only-ecdsa-p256.pub.pem"
OTHER_KEY = DATA / "keys/test-only-ed25519.pub.pem"


def popen(*args: object, **options: Any) -> subprocess.Popen[str]:
    env = os.environ | {"ASAN_OPTIONS": f"exitcode={SANITIZER_STATUS}"}
    options = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    } | options
    return subprocess.Popen(
        [str(BIN / "dfu_update"), *map(str, args)], text=True, env=env, **options
    )


def dfu(*args: object, status: int = 0, within: float = 30) -> subprocess.CompletedProcess[str]:
    process = popen(*args)
    out, err = process.communicate(timeout=within)
    assert process.returncode == status, (args, out, err)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def ask(smpctl: Smpctl, url: str) -> dict[int, tuple[str, set[str]]]:
    smpctl.device = url
    return smpctl.images()


TRIAL = ("1.1.0", {"active"})
KEPT = ("1.1.0", {"active", "confirmed"})
OLD_KEPT = ("1.0.0", {"active", "confirmed"})


def test_several_devices_two_at_a_time(smpctl: Smpctl, simulate: Simulate, tmp_path: Path) -> None:
    urls = [simulate("--image", OLD).url for _ in range(4)]
    log = tmp_path / "log"
    devices = [f"A{i}={url}" for i, url in enumerate(urls)]
    run = dfu("-j", 2, "--key", KEY, "--confirm", "yes", "--audit", log, NEW, *devices)
    assert run.stdout.count("OK    A") == 4
    assert "4 of 4 devices are good" in run.stdout
    assert all(ask(smpctl, url)[0] == KEPT for url in urls)
    steps = [x["step"] for x in lines(log) if x["serial"] == "A2"]
    assert steps == [
        *("checking", "uploading", "testing", "resetting"),
        *("waiting", "verifying", "confirming", "done"),
    ]
    # Again: nothing is left to do, and nothing is done.
    assert "runs 1.1.0 already" in dfu(NEW, urls[0]).stdout


def test_nothing_is_confirmed_by_itself(smpctl: Smpctl, simulate: Simulate) -> None:
    url = simulate("--image", OLD).url
    run = dfu(NEW, url)
    assert "on trial" in run.stdout
    assert ask(smpctl, url)[0] == TRIAL


def test_the_worst_device_is_the_exit_status(simulate: Simulate, tmp_path: Path) -> None:
    good = simulate("--image", OLD).url
    small = simulate("--image", DATA / "unsigned.bin", "--slot-size", 0x8000).url
    run = dfu("--json", "--link-time", 0.5, NEW, good, small, "udp://127.0.0.1:9", status=3)
    results = {x["device"]: x for x in map(json.loads, run.stdout.splitlines())}
    assert results[good]["ok"]
    assert results[small]["error"] == "SMP_ERR_DEVICE"
    assert results[small]["status"] == 1
    assert results["udp://127.0.0.1:9"]["status"] == 3


@pytest.mark.parametrize(
    ("command", "status", "image"), [("exit 0", 0, KEPT), ("exit 7", 5, OLD_KEPT)]
)
def test_a_health_check_decides(
    smpctl: Smpctl, simulate: Simulate, command: str, status: int, image: object
) -> None:
    url = simulate("--image", OLD).url
    check = f'test "$DFU_SERIAL $DFU_FROM $DFU_VERSION" = "A1 1.0.0 1.1.0" || exit 9; {command}'
    run = dfu("--confirm-after", check, NEW, f"A1={url}", status=status)
    assert ask(smpctl, url)[0] == image
    assert ("status 7; going back" in run.stderr) == (status == 5)


def test_a_health_check_may_use_smpctl(smpctl: Smpctl, simulate: Simulate) -> None:
    url = simulate("--image", OLD).url
    dfu("--confirm-after", f"{BIN / 'smpctl'} echo hi | grep -q hi", NEW, url)
    assert ask(smpctl, url)[0] == KEPT


def test_a_health_check_that_hangs(smpctl: Smpctl, simulate: Simulate) -> None:
    url = simulate("--image", OLD).url
    run = dfu("--confirm-after", "sleep 60", "--check-time", 0.5, NEW, url, status=5)
    assert "longer than 0.5 seconds" in run.stderr
    assert ask(smpctl, url)[0] == OLD_KEPT


def test_a_person_is_asked_one_question_at_a_time(smpctl: Smpctl, simulate: Simulate) -> None:
    urls = [simulate("--image", OLD).url for _ in range(2)]
    process = popen("--confirm", "ask", NEW, *urls, stdin=subprocess.PIPE)
    out, err = process.communicate("what?\ny\nn\n", timeout=30)
    assert process.returncode == 5, (out, err)
    assert err.count("Keep it?") == 3
    assert sorted(ask(smpctl, url)[0][0] for url in urls) == ["1.0.0", "1.1.0"]


def test_nobody_to_ask_means_no(smpctl: Smpctl, simulate: Simulate) -> None:
    url = simulate("--image", OLD).url
    run = dfu("--confirm", "ask", NEW, url)
    assert "nobody is there to be asked" in run.stderr
    assert ask(smpctl, url)[0] == TRIAL


def test_a_bad_file_troubles_no_device(tmp_path: Path) -> None:
    with Device() as device:
        damaged = tmp_path / "damaged.bin"
        damaged.write_bytes(NEW.read_bytes()[:5000] + b"!" + NEW.read_bytes()[5001:])
        assert "the hash does not match" in dfu(damaged, device.url, status=4).stderr
        run = dfu("--key", OTHER_KEY, NEW, device.url, status=4)
        assert "the image is not signed with that key" in run.stderr
        run = dfu("--key", KEY, DATA / "unsigned.bin", device.url, status=4)
        assert "nor with any other" in run.stderr
        run = dfu("--key", NEW, NEW, device.url, status=4)
        assert "no public key in PEM form" in run.stderr
        assert not device.requests


def test_no_downgrade(smpctl: Smpctl, simulate: Simulate) -> None:
    url = simulate("--image", NEW).url
    run = dfu("--no-downgrade", OLD, url, status=4)
    assert "1.0.0 is older than 1.1.0, which runs" in run.stderr
    assert ask(smpctl, url)[0] == KEPT


def test_over_a_serial_line(smpctl: Smpctl, simulate: Simulate, tmp_path: Path) -> None:
    link = tmp_path / "port"
    simulator = simulate("--image", OLD, "--pty", link, "--line-buffers", 8)
    small = DATA / "unsigned.bin"  # of 2 KiB: the line takes its time
    dfu("--confirm", "yes", small, f"serial://{link}?lines=8")
    assert ask(smpctl, simulator.url)[0] == ("2.0.0", {"active", "confirmed"})


def test_behind_a_terminal_server(smpctl: Smpctl, simulate: Simulate, tmp_path: Path) -> None:
    link = tmp_path / "port"
    simulator = simulate("--image", OLD, "--pty", link, "--line-buffers", 8)
    server = TerminalServer(link)
    server.start()
    dfu("--confirm", "yes", DATA / "unsigned.bin", f"tcp://{server.address}?lines=8")
    assert ask(smpctl, simulator.url)[0] == ("2.0.0", {"active", "confirmed"})
    assert "give HOST:PORT" in dfu(NEW, "tcp://nowhere", status=2).stderr


def test_interrupted_it_says_what_is_left_and_goes_on_later(
    smpctl: Smpctl, simulate: Simulate, tmp_path: Path
) -> None:
    simulator = simulate("--image", OLD, "--boot-time", 1000)
    log = tmp_path / "log"
    process = popen("-v", "--audit", log, "-j", 1, NEW, simulator.url, "udp://127.0.0.1:9")
    assert process.stderr
    for line in process.stderr:
        if "resetting: done" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 130, (out, err)
    assert "cancelled" in err
    assert "1 devices were not begun with" in err
    assert lines(log)[-1]["result"] == "SMP_ERR_CANCELLED"
    dfu("--confirm", "yes", NEW, simulator.url)
    assert ask(smpctl, simulator.url)[0] == KEPT


def test_a_power_cut_in_the_middle_of_the_upload(smpctl: Smpctl, simulate: Simulate) -> None:
    simulator = simulate("--image", OLD, "--baud", 0, "--work-us", 8000)
    process = popen("--confirm", "yes", "--chunk", 512, NEW, simulator.url)
    time.sleep(0.3)
    smpctl.device = simulator.url
    smpctl("reset", "-t", "2", status=None)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, (out, err)
    assert ask(smpctl, simulator.url)[0] == KEPT


def test_a_terminal_sees_what_is_being_done(simulate: Simulate) -> None:
    url = simulate("--image", OLD).url
    ours, theirs = pty.openpty()
    process = popen(NEW, url, stderr=theirs)
    os.close(theirs)
    process.communicate(timeout=30)
    shown = os.read(ours, 100000).decode()
    os.close(ours)
    assert process.returncode == 0
    assert "uploading" in shown, shown
    assert "waiting" in shown, shown


def test_a_check_that_ends_breaks_off_no_connection(simulate: Simulate, tmp_path: Path) -> None:
    """The second device fails while the first is checked, and makes place for the third."""
    begun, go = tmp_path / "begun", tmp_path / "go"

    def refuse_later(request: Packet, answer: Packet) -> list[Send]:
        return [Send(request.answer({"rc": 8}).encode())] if begun.exists() else []

    check = f"touch {begun}; while [ ! -e {go} ]; do sleep 0.02; done"
    with socket.socket() as server, socket.socket() as one, Device(refuse_later) as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        one.connect(server.getsockname())  # there is room for no more
        third = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        first = simulate("--image", OLD).url
        args = ["-j", 2, "--link-time", 1, "--confirm-after", check, NEW, first, second.url, third]
        process = popen(*args)
        assert process.stderr
        said = process.stderr.readline()
        assert second.url in said, said
        time.sleep(0.3)
        go.touch()
        time.sleep(0.3)
        server.close()  # the next try to connect is refused
        out, err = process.communicate(timeout=30)
    assert first in out, err
    assert third in err
    assert "refused" in err


# ---- the audit log ----


@pytest.fixture
def audit(simulate: Simulate, tmp_path: Path) -> Path:
    log = tmp_path / "audit.log"
    dfu("--audit", log, "--who", "line 3", NEW, "A1=" + simulate("--image", OLD).url)
    return log


def test_every_line_carries_the_hash_of_the_one_before(audit: Path) -> None:
    prev = "0" * 64
    for n, line in enumerate(audit.read_bytes().splitlines()):
        entry = json.loads(line)
        assert (entry["seq"], entry["prev"], entry["who"]) == (n, prev, "line 3")
        prev = hashlib.sha256(line).hexdigest()
    assert entry["step"] == "done"
    assert (entry["from_version"], entry["to_version"]) == ("1.0.0", "1.1.0")
    assert entry["file_sha256"] == hashlib.sha256(NEW.read_bytes()).hexdigest()
    assert entry["state"] == "trial"
    assert prev in dfu("--verify-audit", audit).stdout


def test_the_chain_goes_on_from_run_to_run(audit: Path, simulate: Simulate) -> None:
    first = len(lines(audit))
    dfu("--audit", audit, NEW, simulate("--image", OLD).url)
    assert len(lines(audit)) > first
    dfu("--verify-audit", audit)


def test_every_change_of_a_log_is_found(audit: Path) -> None:
    whole = audit.read_bytes().splitlines(keepends=True)
    for n in range(len(whole) - 1):
        changed = [*whole]
        changed[n] = changed[n].replace(b'"A1"', b'"A2"')
        audit.write_bytes(b"".join(changed))
        assert f"line {n + 2}:" in dfu("--verify-audit", audit, status=4).stderr
        audit.write_bytes(b"".join(whole[:n] + whole[n + 1 :]))
        assert f"line {n + 1}:" in dfu("--verify-audit", audit, status=4).stderr
        audit.write_bytes(b"".join(whole[: n + 1] + whole[n:]))
        assert f"line {n + 2}:" in dfu("--verify-audit", audit, status=4).stderr
    audit.write_bytes(b"".join(whole)[:-1])
    assert "cut short" in dfu("--verify-audit", audit, status=4).stderr


def test_what_cannot_be_logged_is_not_done(smpctl: Smpctl, simulate: Simulate) -> None:
    url = simulate("--image", OLD).url
    run = dfu("--audit", "/dev/full", NEW, url, status=4)
    assert "/dev/full" in run.stderr
    assert 1 not in ask(smpctl, url), "nothing was uploaded"


def test_a_log_that_ends_badly_is_not_written_to(audit: Path) -> None:
    with audit.open("a") as file:
        file.write("half a li")
    assert "--verify-audit tells more" in dfu("--audit", audit, NEW, "udp://::1", status=4).stderr


def test_a_log_needs_an_end_that_can_be_looked_at(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "a file" in dfu("--audit", pipe, NEW, "udp://::1", status=4).stderr


def test_a_log_that_somebody_keeps_locked_is_not_waited_for_for_ever(
    audit: Path, simulate: Simulate
) -> None:
    url = simulate("--image", OLD).url
    with audit.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "keeps it locked" in dfu("--audit", audit, NEW, url, status=4).stderr


def test_a_log_whose_numbers_are_used_up_is_not_written_to(audit: Path) -> None:
    audit.write_text(f'{{"seq":{2**63 - 1},"prev":""}}\n')
    assert "--verify-audit tells more" in dfu("--audit", audit, NEW, "udp://::1", status=4).stderr


def test_names_that_are_no_text_are_in_the_log_all_the_same(
    simulate: Simulate, audit: Path
) -> None:
    url = simulate("--image", OLD).url
    dfu("--audit", audit, "--who", os.fsdecode(b"J\xf6rg"), NEW, os.fsdecode(b"\xff=") + url)
    assert (lines(audit)[-1]["who"], lines(audit)[-1]["serial"]) == ("J?rg", "?")


def test_a_usb_devices_serial_number_cannot_trick_the_terminal(
    simulate: Simulate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by the port's name, by a link to it, and by USB's numbers."""
    root = SysRoot(tmp_path / "root")
    port = tmp_path / "port"
    simulate("--image", OLD, "--pty", port, "--baud", 0)
    path = root.plug("ttyACM7", port.resolve(), "2fe3:0100:A\x1b[2J7")
    (tmp_path / "by-id").symlink_to(path)
    monkeypatch.setenv("SMP_SYSROOT", str(root.root))
    for place in (path, tmp_path / "by-id", "2fe3:0100"):
        run = dfu("--json", "--key", KEY, "--no-downgrade", OLD, f"serial://{place}?lines=100")
        assert json.loads(run.stdout)["serial"] == "A?[2J7"


# ---- the command line ----


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "which image?"),
        ([NEW], "which devices?"),
        ([NEW, "udp://127.0.0.1:1", "A1=udp://127.0.0.1:1"], "is named twice"),
        (["--confirm", "perhaps", NEW, "::1"], "say yes, ask or never"),
        (["--confirm", "yes", "--confirm-after", "true", NEW, "::1"], "leave out --confirm"),
        (["-n", "99", NEW, "::1"], "0 to 15"),
        (["-j", "0", NEW, "::1"], "devices at a time"),
        (["--recovery", "--confirm", "yes", NEW, "::1"], "nothing to confirm"),
        (["--bogus"], "--bogus"),
        (["--wait", "nan", NEW, "::1"], "a number of seconds"),
        ([NEW, "ftp://x"], "known are udp://"),
        ([NEW, "serial:///dev/x?baud=no"], "baud=no"),
    ],
)
def test_usage(args: list[object], says: str) -> None:
    assert says in dfu(*args, status=2).stderr


def test_devices_from_a_file(smpctl: Smpctl, simulate: Simulate, tmp_path: Path) -> None:
    urls = [simulate("--image", OLD).url for _ in range(2)]
    path = tmp_path / "devices"
    path.write_text(f"# line 3\nA1={urls[0]}  # first\n\n{urls[1]}\n")
    dfu("-f", path, NEW)
    assert all(ask(smpctl, url)[0] == TRIAL for url in urls)
    assert "No such file" in dfu("-f", tmp_path / "no", NEW, status=4).stderr
