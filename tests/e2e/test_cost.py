# SPDX-License-Identifier: Apache-2.0
"""What a small command costs.  Times are for tests/bench; memory is the same everywhere."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

import pytest
from conftest import ROOT, Smpctl
from wire import Device


def test_echo_needs_little_memory(smpctl: Smpctl) -> None:
    if b"__asan_init" in smpctl.binary.read_bytes():  # a sanitizer's own memory would be measured
        smpctl.binary = ROOT / "build/release/bin/smpctl"
    if not smpctl.binary.exists():
        pytest.skip("SKIPPED, NOT TESTED: there is no smpctl of preset release")
    # A process inherits the peak of the one that started it, this large Python, in what wait4()
    # tells.  So its own is read while it stands still, unable to write into a full pipe.
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(theirs, bytes(4096))
    os.set_blocking(theirs, True)
    with Device() as device:
        smpctl.device = device.url
        process = smpctl.popen("echo", "hi", stdout=theirs)
        os.close(theirs)
        status = Path(f"/proc/{process.pid}/status")
        end = time.monotonic() + 10
        while device.count(0, 0) == 0 and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.3)
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert found, "it ended before it could be measured"
        os.close(ours)
        process.communicate(timeout=10)
    assert int(found[1]) <= 4096
