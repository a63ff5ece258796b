# SPDX-License-Identifier: Apache-2.0
"""Transfers that were killed, interrupted or stopped; what the second run sends is counted."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import NEW, Simulate, Smpctl

CONTENT = random.Random(1).randbytes(100_000)
OVERHEAD = 1.25  # of headers and questions, over the data


@pytest.fixture
def slow(smpctl: Smpctl, simulate: Simulate) -> Smpctl:
    """A device that takes 20 ms for each request."""
    smpctl.device = simulate("--work-us", "20000", "--fs-size", "400000").url
    return smpctl


@pytest.fixture
def quick(smpctl: Smpctl, simulate: Simulate) -> Smpctl:
    smpctl.device = simulate("--fs-size", "400000").url
    return smpctl


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


def sent(recording: Path) -> int:
    """Bytes of a recording's packets, both ways."""
    lines = [json.loads(x) for x in recording.read_text().splitlines()[1:]]
    return sum(len(x["bytes"]) // 2 for x in lines)


def halfway(smpctl: Smpctl, total: int, *args: object) -> subprocess.Popen[str]:
    """Starts a transfer, and waits until half of it is done."""
    process = smpctl.popen(*args, "--json")
    assert process.stdout
    while line := process.stdout.readline():
        progress = json.loads(line)["progress"]
        if progress["done"] > total / 2:
            return process
    pytest.fail(f"ended early: {process.communicate()}")


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def again(smpctl: Smpctl, tmp_path: Path, total: int, *args: object) -> int:
    """The second run: where it began, and that it sent the rest only."""
    recording = tmp_path / "again"
    result = smpctl.json("--record", recording, *args)["result"]
    start = result["start"]
    assert isinstance(start, int)
    assert start > total * 0.4
    assert sent(recording) < (total - start) * OVERHEAD + 4000
    return start


# ---- kill -9 ----


def test_image_upload(slow: Smpctl, tmp_path: Path) -> None:
    size = NEW.stat().st_size
    kill(halfway(slow, size, "image", "upload", NEW))
    again(slow, tmp_path, size, "image", "upload", NEW)
    slow("image", "test", NEW)


def test_fs_upload(slow: Smpctl, tmp_path: Path, local: Path) -> None:
    kill(halfway(slow, len(CONTENT), "fs", "upload", local, "/lfs/x"))
    again(slow, tmp_path, len(CONTENT), "fs", "upload", local, "/lfs/x")
    slow("fs", "download", "/lfs/x", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == CONTENT
    # All of it is there already.
    result = slow.result("fs", "upload", local, "/lfs/x")
    assert result["start"] == result["length"] == len(CONTENT)


def test_fs_upload_of_something_else(slow: Smpctl, tmp_path: Path, local: Path) -> None:
    """What the device holds is no beginning of it: nothing of that may stay."""
    kill(halfway(slow, len(CONTENT), "fs", "upload", local, "/lfs/x"))
    local.write_bytes(CONTENT[::-1])
    result = slow.result("fs", "upload", "--check", local, "/lfs/x")
    assert (result["start"], result["checked"]) == (0, "sha256")


def test_fs_download(slow: Smpctl, tmp_path: Path, local: Path) -> None:
    slow("fs", "upload", local, "/lfs/x")
    back = tmp_path / "back"
    kill(halfway(slow, len(CONTENT), "fs", "download", "/lfs/x", back))
    assert not back.exists()
    assert (tmp_path / "back.part").stat().st_size > len(CONTENT) * 0.4
    again(slow, tmp_path, len(CONTENT), "fs", "download", "/lfs/x", back)
    assert back.read_bytes() == CONTENT
    assert not (tmp_path / "back.part").exists()


Spoil = Callable[[Path], object]
SPOILT: dict[str, Spoil] = {
    "other bytes": lambda part: part.write_bytes(b"y" * 50_000),
    "longer than all": lambda part: part.write_bytes(CONTENT + b"more"),
    "short": lambda part: part.write_bytes(CONTENT[:1000]),
    "a link": lambda part: part.symlink_to("/etc/passwd"),
    "a folder": lambda part: part.mkdir(),
    "a pipe": lambda part: os.mkfifo(part),
    "two names": lambda part: os.link(part.with_name("content"), part),
}


@pytest.mark.parametrize("name", SPOILT)
def test_fs_download_beside_what_is_no_part(
    quick: Smpctl, tmp_path: Path, local: Path, name: str
) -> None:
    quick("fs", "upload", local, "/lfs/x")
    back, part = tmp_path / "back", tmp_path / "back.part"
    SPOILT[name](part)
    start = quick.result("fs", "download", "/lfs/x", back)["start"]
    assert (start > 0) == (name == "longer than all"), "its beginning is right"
    assert back.read_bytes() == local.read_bytes() == CONTENT
    assert name in ("a link", "a folder", "a pipe", "two names") or not part.exists()


def test_another_run_writes_the_part(quick: Smpctl, tmp_path: Path, local: Path) -> None:
    quick("fs", "upload", local, "/lfs/x")
    back, part = tmp_path / "back", tmp_path / "back.part"
    part.write_bytes(CONTENT[:50_000])
    with part.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert quick.result("fs", "download", "/lfs/x", back)["start"] == 0
    assert back.read_bytes() == CONTENT
    assert part.read_bytes() == CONTENT[:50_000]


def test_download_when_the_link_is_lost(
    smpctl: Smpctl, simulate: Simulate, tmp_path: Path, local: Path
) -> None:
    """What came stays, and it is said."""
    simulator = simulate("--work-us", "20000", "--fs-size", "400000")
    smpctl.device = simulator.url
    smpctl("fs", "upload", local, "/lfs/x")
    back = tmp_path / "back"
    process = halfway(smpctl, len(CONTENT), "-t", "0.5", "fs", "download", "/lfs/x", back)
    simulator.process.kill()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 3
    assert f"{back}.part: the same command goes on there" in err
    assert (tmp_path / "back.part").exists()


# ---- Ctrl-C ----


def test_interrupted(slow: Smpctl, tmp_path: Path, local: Path) -> None:
    slow("fs", "upload", local, "/lfs/x")
    for total, args in (
        (NEW.stat().st_size, ["image", "upload", NEW]),
        (len(CONTENT), ["fs", "download", "/lfs/x", tmp_path / "back"]),
        (len(CONTENT), ["fs", "upload", local, "/lfs/y"]),
    ):
        process = halfway(slow, total, *args)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
        assert process.returncode == 130
        assert "interrupted" in err
        assert json.loads(out.splitlines()[-1])["error"]["kind"] == "interrupted"
    assert sorted(x.name for x in tmp_path.glob("back*")) == []
    again(slow, tmp_path, NEW.stat().st_size, "image", "upload", NEW)
    again(slow, tmp_path, len(CONTENT), "fs", "upload", local, "/lfs/y")


# ---- Ctrl-Z ----


def wait_stopped(process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 5
    while Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        assert time.monotonic() < end, "it does not stop"
        time.sleep(0.01)


@pytest.mark.parametrize("what", ["image", "download"])
def test_stopped_for_longer_than_any_clock(
    slow: Smpctl, tmp_path: Path, local: Path, what: str
) -> None:
    """A transfer ends after three times -t without progress, but not while it is stopped."""
    back = tmp_path / "back"
    if what == "download":
        slow("fs", "upload", local, "/lfs/x")
    args: list[object] = {
        "image": ["image", "upload", NEW],
        "download": ["fs", "download", "/lfs/x", back],
    }[what]
    total = NEW.stat().st_size if what == "image" else len(CONTENT)
    process = halfway(slow, total, "-t", "0.3", *args)
    process.send_signal(signal.SIGTSTP)
    wait_stopped(process)
    time.sleep(1.5)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["ok"]
    if what == "download":
        assert back.read_bytes() == CONTENT
