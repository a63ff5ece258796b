# SPDX-License-Identifier: Apache-2.0
"""The Rust tool mcumgrctl asks smpsim every command it knows, and updates it, over each link.

Not ours: mcumgrctl 0.20 waits for ever for a lost answer while anything else arrives, as each byte
of a log starts its timeout anew.  So nothing is asked here while a device with a log is away.
"""

import json
import os
import re
import subprocess
import time
import zlib

import pytest
from device import BOOT_TIME_S, NEW, ROOT, serial, udp

INSTALLED = [ROOT / "build" / folder / "bin/mcumgrctl" for folder in ("peers", "peers-debug")]
MCUMGRCTL = next(filter(os.path.exists, INSTALLED), None)

pytestmark = pytest.mark.skipif(
    MCUMGRCTL is None, reason="SKIPPED, NOT TESTED: mcumgrctl is not installed (no cargo?)"
)

IMAGE_INFO = ["firmware", "get-image-info", "mcuboot"]

# It writes whole packets at once: the device needs line buffers for all lines of one.
CONSOLE = ["--line-buffers", "32"]
LINKS = {
    "udp": (udp, [], ["--udp"], []),
    "console": (serial, [*CONSOLE, "--strict-baud"], ["--serial"], ["--baud", "1000000"]),
    "console, a log on the line": (serial, [*CONSOLE, "--log-text"], ["--serial"], []),
    "raw": (serial, ["--raw"], ["--serial"], ["--raw"]),
}


class Tool:
    def __init__(self, device):
        self.device = device

    def run(self, *arguments):
        return subprocess.run(
            [MCUMGRCTL, *self.device, "--quiet", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def __call__(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def images(self):
        """slot -> (version, active, confirmed), once the device answers again after a reset."""
        end = time.monotonic() + BOOT_TIME_S
        while (done := self.run("image", "get-state", "--json")).returncode != 0:
            assert time.monotonic() < end, f"the device did not come back: {done}"
        images = json.loads(done.stdout)
        return {x["slot"]: (x["version"], x["active"], x["confirmed"]) for x in images}


@pytest.fixture(params=LINKS)
def tool(request, tmp_path):
    make, simulator, device, options = LINKS[request.param]
    with make(tmp_path, "--boot-time", 300, *simulator) as place:
        yield Tool([*device, place, *options])


def test_asks(tool, tmp_path):
    assert tool("os", "echo", "hello") == "hello\n"
    assert "idle" in tool("os", "task-statistics")
    assert "buf_size:  2048" in tool("os", "mcumgr-parameters")
    assert "Zephyr" in tool("os", "application-info")
    assert "MCUboot" in tool("os", "bootloader-info")
    tool("os", "set-datetime", "2026-02-03T04:05:06")
    assert tool("os", "get-datetime").startswith("2026-02-03T04:05:")
    assert "upload_image_id" in tool("image", "slot-info")
    assert "smp_svr_stats" in tool("stats", "list-groups")
    assert "requests" in tool("stats", "get", "smp")
    tool("settings", "write", "app/name", "6b6574746c65")
    assert tool("settings", "read", "app/name") == "6b6574746c65\n"
    assert "hello" in tool("shell", "echo", "hello")
    assert "Exit code: 7" in tool("shell", "fail", "7")
    assert "10: MGMT_GROUP_ID_ENUM" in tool("enum", "list-groups")
    assert "fs mgmt" in tool("enum", "show-group-details")
    assert json.loads(tool("raw", "read", 0, 6))["buf_count"] == 4


def test_files_go_up_and_down(tool, tmp_path):
    data = bytes(range(256)) * 50
    (tmp_path / "up").write_bytes(data)
    tool("fs", "upload", tmp_path / "up", "/lfs/file")
    assert f"length: {len(data)}" in tool("fs", "status", "/lfs/file")
    assert f"{zlib.crc32(data):08x}" in tool("fs", "checksum", "/lfs/file", "crc32")
    tool("fs", "download", "/lfs/file", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == data


def test_updates_and_confirms(tool):
    digest = re.search(r"\b[0-9a-f]{64}\b", tool(*IMAGE_INFO, NEW)).group(0)
    tool("image", "upload", NEW)
    tool("image", "set-state", "--hash", digest)
    tool("os", "system-reset")
    time.sleep(1)
    assert tool.images() == {0: ("1.1.0", True, False), 1: ("1.0.0", False, True)}
    tool("image", "set-state", "--confirm")
    tool("os", "system-reset")
    time.sleep(1)
    assert tool.images()[0] == ("1.1.0", True, True), "the confirmed image was reverted"


def test_erases(tool):
    tool("image", "upload", NEW)
    assert 1 in tool.images()
    tool("image", "erase")
    assert 1 not in tool.images()
