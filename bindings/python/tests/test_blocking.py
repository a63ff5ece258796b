# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pysmp
import pytest
from conftest import NEW_IMAGE, descriptors
from pysmp import blocking, commands, messages


def test_calls(smp_device: blocking.Device) -> None:
    assert smp_device.os.echo("hi").text == "hi"
    assert smp_device.call(commands.OS_ECHO, messages.OsEchoRequest("x")).text == "x"
    assert smp_device.request(0, 6, pysmp.Op.READ).payload[0] in (0xA2, 0xBF)
    assert smp_device.os.params().buf_count == 4
    assert smp_device.window >= 1
    assert smp_device.max_packet > 100
    assert smp_device.stats().answered >= 4
    assert smp_device.url.startswith("udp://")
    with pytest.raises(pysmp.DeviceError):
        smp_device.fs.status("/lfs/nothing")


def test_transfers(smp_device: blocking.Device, tmp_path: Path) -> None:
    seen: list[pysmp.Progress] = []
    smp_device.img.upload(NEW_IMAGE, progress=seen.append)
    assert seen[-1].done == NEW_IMAGE.stat().st_size
    data = bytes(range(256)) * 50
    smp_device.fs.upload("/lfs/x", io.BytesIO(data))
    assert smp_device.fs.download("/lfs/x") == data
    assert smp_device.fs.download_to("/lfs/x", tmp_path / "x") == len(data)


def test_what_the_progress_callback_raises(smp_device: blocking.Device) -> None:
    def stop(_: pysmp.Progress) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError):
        smp_device.img.upload(NEW_IMAGE, progress=stop)
    assert smp_device.os.echo("still there").text == "still there"


def test_closed(smp_simulator: Any) -> None:
    url = smp_simulator().url
    with blocking.connect(url) as device:
        device.os.echo("x")
    before = descriptors()
    for _ in range(5):
        with blocking.connect(url) as device:
            device.os.echo("x")
        device.close()
        with pytest.raises(RuntimeError):
            device.os.echo("x")
    assert descriptors() == before
    with pytest.raises(pysmp.UnsupportedError):
        blocking.connect("morse://x")


async def test_not_inside_of_asyncio() -> None:
    with pytest.raises(RuntimeError, match="inside of asyncio"):
        blocking.connect("loopback:x")
