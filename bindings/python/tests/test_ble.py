# SPDX-License-Identifier: Apache-2.0
"""Bluetooth with bleak itself, on a stand-in for BlueZ."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pysmp
import pytest
from conftest import run
from pysmp import ble

pytest.importorskip("bleak", reason="bleak is not installed")
if sys.platform != "linux":
    pytest.skip("BlueZ is Linux's", allow_module_level=True)

import bluez


def echo(packet: bytes) -> bytes:
    """An echo's answer differs from the request in two letters."""
    return bytes([packet[0] + 1]) + packet[1:8] + packet[8:].replace(b"\x61d", b"\x61r", 1)


def over_the_air(tmp_path: Path, work: Any, answer: bluez.Answer = echo) -> None:
    with bluez.bus(tmp_path) as address:

        async def whole(lost: list[Any]) -> None:
            async with bluez.BlueZ(address, answer) as device:
                await work(device)

        run(whole)


def test_echoes_in_pieces(tmp_path: Path) -> None:
    async def work(bus: bluez.BlueZ) -> None:
        async with pysmp.connect(ble.Ble(bluez.ADDRESS), params=False) as device:
            for text in ("hi", "x" * 300):
                assert (await device.os.echo(text)).text == text
        assert "Disconnect" in bus.calls
        # As large as the link takes them: none is cut at the smallest size there can be.
        assert max(map(len, bus.writes)) == bluez.MTU - 3

    over_the_air(tmp_path, work)


def test_scan(tmp_path: Path) -> None:
    async def work(bus: bluez.BlueZ) -> None:
        found = await ble.scan(0.3)
        assert [device.address for device in found] == [bluez.ADDRESS]
        async with pysmp.connect(ble.Ble(found[0]), params=False) as device:
            assert (await device.os.echo("found")).text == "found"

    over_the_air(tmp_path, work)


def test_a_link_that_falls_and_is_opened_again(tmp_path: Path) -> None:
    async def work(bus: bluez.BlueZ) -> None:
        transport = ble.Ble(bluez.ADDRESS)
        async with pysmp.connect(transport, params=False) as device:
            await device.os.echo("up")
            bus.lose_link()
            while device.is_up:
                await asyncio.sleep(0.01)
            with pytest.raises(pysmp.LinkError):
                await device.os.echo("down")
            await transport.reopen()
            assert (await device.os.echo("up again")).text == "up again"

    over_the_air(tmp_path, work)


def test_nobody_there(tmp_path: Path) -> None:
    async def work(bus: bluez.BlueZ) -> None:
        with pytest.raises(Exception, match="not found"):
            await pysmp.connect(ble.Ble("11:22:33:44:55:66", timeout=0.3))

    over_the_air(tmp_path, work)
