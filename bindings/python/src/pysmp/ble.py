# SPDX-License-Identifier: Apache-2.0
"""Bluetooth Low Energy, on bleak, which the extra ``[ble]`` brings.

::

    async with pysmp.connect(pysmp.ble.Ble("AA:BB:CC:DD:EE:FF")) as device:
        ...

Tested with bleak on a stand-in for BlueZ, not with a radio: reports are welcome.
"""

from __future__ import annotations

import importlib
import struct
from typing import Any

from .enums import Error
from .errors import NotFoundError
from .transports import Transport

SERVICE = "8d53dc1d-1db7-4cd3-868b-8a527460aa84"
CHARACTERISTIC = "da2e7828-fbce-4e01-ae9e-261174997c48"

# An ATT write carries three bytes of its own; longer chunks than this vanish on some systems.
_CHUNK_MAX = 510


class Ble(Transport):
    """One device over Bluetooth.

    Args:
        device: its address, or what bleak's scanner found
        timeout: seconds to connect
        client: what makes the connection; default: ``bleak.BleakClient``
    """

    stream = True

    def __init__(self, device: Any, *, timeout: float = 20.0, client: Any | None = None) -> None:
        make = client or _bleak().BleakClient
        self._client = make(device, disconnected_callback=self._gone, timeout=timeout)
        self._characteristic: Any = None
        self._received = bytearray()
        self._is_open = False

    async def open(self) -> None:
        await self._client.connect()
        self._is_open = True
        self._characteristic = self._client.services.get_characteristic(CHARACTERISTIC)
        if self._characteristic is None:
            raise NotFoundError(
                f"{self._client.address} has no SMP service: CONFIG_MCUMGR_TRANSPORT_BT brings it",
                Error.ERR_NOT_FOUND,
            )
        await self._client.start_notify(self._characteristic, self._notified)

    async def send(self, packet: bytes, peer: bytes) -> None:
        # Not the client's mtu_size: on Linux that stays at the least there can be.
        size = min(self._characteristic.max_write_without_response_size, _CHUNK_MAX)
        for at in range(0, len(packet), size):
            part = packet[at : at + size]
            await self._client.write_gatt_char(self._characteristic, part, response=False)

    async def close(self) -> None:
        if self._is_open:
            self._is_open = False
            await self._client.disconnect()

    def reset(self) -> None:
        self._received.clear()

    async def reopen(self) -> None:
        """Connects again after the link went down.  An update does it by itself."""
        self.reset()
        await self.open()
        self.up()

    def _notified(self, _: Any, data: bytes | bytearray) -> None:
        """Packets come in pieces: the header tells how long they are."""
        self._received += data
        while len(self._received) >= 8:
            (length,) = struct.unpack_from(">H", self._received, 2)
            if len(self._received) < 8 + length:
                return
            packet = bytes(self._received[: 8 + length])
            del self._received[: 8 + length]
            self.received(packet)

    def _gone(self, _: Any) -> None:
        if self._is_open:
            self.down(ConnectionError("the device disconnected"))


async def scan(timeout: float = 5.0) -> list[Any]:
    """Finds devices that advertise SMP's service; each can be given to :class:`Ble`."""
    return list(await _bleak().BleakScanner.discover(timeout=timeout, service_uuids=[SERVICE]))


def _bleak() -> Any:
    try:
        return importlib.import_module("bleak")
    except ImportError as error:
        raise ImportError("bleak is missing: install pysmp with its extra [ble]") from error


__all__ = ["CHARACTERISTIC", "SERVICE", "Ble", "scan"]
