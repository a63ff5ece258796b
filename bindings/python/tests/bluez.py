# SPDX-License-Identifier: Apache-2.0
"""As much of BlueZ as bleak asks for, on a message bus of its own: one adapter, one device.

with bus() as address: ...                # a private dbus-daemon, as the system's
    async with BlueZ(address) as bluez:   # the device answers with bluez.answer(packet)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import dbus_fast
import pytest
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from pysmp import ble

ADAPTER = "/org/bluez/hci0"
DEVICE = f"{ADAPTER}/dev_AA_BB_CC_DD_EE_FF"
SERVICE = f"{DEVICE}/service0010"
CHARACTERISTIC = f"{SERVICE}/char0011"
ADDRESS = "AA:BB:CC:DD:EE:FF"
MTU = 100

Answer = Callable[[bytes], bytes]


@contextlib.contextmanager
def bus(folder: Path) -> Iterator[str]:
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        pytest.skip("dbus-daemon is not installed")
    address = f"unix:path={folder / 'bus'}"
    command = [daemon, "--session", f"--address={address}", "--nofork", "--print-address=1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # it listens
    before = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = address
    try:
        yield address
    finally:
        del os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
        if before is not None:
            os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = before
        process.terminate()
        process.communicate()


def objects() -> dict[str, dict[str, dict[str, Variant]]]:
    device = {
        "Adapter": Variant("o", ADAPTER),
        "Address": Variant("s", ADDRESS),
        "AddressType": Variant("s", "public"),
        "Alias": Variant("s", "Zephyr"),
        "Name": Variant("s", "Zephyr"),
        "Connected": Variant("b", False),
        "ServicesResolved": Variant("b", False),
        "Paired": Variant("b", False),
        "Bonded": Variant("b", False),
        "Trusted": Variant("b", False),
        "Blocked": Variant("b", False),
        "LegacyPairing": Variant("b", False),
        "UUIDs": Variant("as", [ble.SERVICE]),
        "RSSI": Variant("n", -50),
    }
    service = {
        "UUID": Variant("s", ble.SERVICE),
        "Primary": Variant("b", True),
        "Device": Variant("o", DEVICE),
        "Includes": Variant("ao", []),
    }
    characteristic = {
        "UUID": Variant("s", ble.CHARACTERISTIC),
        "Service": Variant("o", SERVICE),
        "Value": Variant("ay", b""),
        "Notifying": Variant("b", False),
        "Flags": Variant("as", ["write-without-response", "notify"]),
        "MTU": Variant("q", MTU),
    }
    adapter = {
        "Address": Variant("s", "00:00:00:00:00:01"),
        "Powered": Variant("b", True),
        "Discovering": Variant("b", False),
        "Roles": Variant("as", ["central"]),
    }
    return {
        ADAPTER: {"org.bluez.Adapter1": adapter},
        DEVICE: {"org.bluez.Device1": device},
        SERVICE: {"org.bluez.GattService1": service},
        CHARACTERISTIC: {"org.bluez.GattCharacteristic1": characteristic},
    }


class BlueZ:
    def __init__(self, address: str, answer: Answer) -> None:
        self._bus = MessageBus(bus_address=address)
        self._answer = answer
        self._packet = b""
        self._advertising: asyncio.TimerHandle | None = None
        self.calls: list[str] = []
        self.writes: list[bytes] = []

    async def __aenter__(self) -> BlueZ:
        await self._bus.connect()
        self._bus.add_message_handler(self._called)
        await self._bus.request_name("org.bluez")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop_advertising()
        self._bus.disconnect()

    def _called(self, call: Message) -> Message | bool | None:
        known = {
            "GetManagedObjects", "SetDiscoveryFilter", "StartDiscovery", "StopDiscovery", "Connect",
            "Disconnect", "StartNotify", "StopNotify", "WriteValue",
        }  # fmt: skip
        if call.message_type != MessageType.METHOD_CALL or call.member not in known:
            return None
        self.calls.append(call.member)
        if call.member == "GetManagedObjects":
            return Message.new_method_return(call, "a{oa{sa{sv}}}", [objects()])
        if call.member == "Connect":
            self._connect(call)
            return True
        self._bus.send(Message.new_method_return(call))
        if call.member == "StartDiscovery":
            self._advertise()
        elif call.member == "StopDiscovery":
            self._stop_advertising()
        elif call.member == "Disconnect":
            self.lose_link()
        elif call.member == "WriteValue":
            self._written(bytes(call.body[0]))
        return True

    def _advertise(self) -> None:
        """Again and again, as devices do."""
        found = objects()[DEVICE]
        self._signal("/", "ObjectManager", "InterfacesAdded", "oa{sa{sv}}", [DEVICE, found])
        self._advertising = asyncio.get_running_loop().call_later(0.02, self._advertise)

    def _stop_advertising(self) -> None:
        if self._advertising is not None:
            self._advertising.cancel()

    def _connect(self, call: Message) -> None:
        """Bleak listens on one connection and calls on another: what it hears comes first."""
        self._changed("Device1", DEVICE, Connected=Variant("b", True))
        self._changed("Device1", DEVICE, ServicesResolved=Variant("b", True))
        reply = Message.new_method_return(call)
        asyncio.get_running_loop().call_later(0.05, self._bus.send, reply)

    def lose_link(self) -> None:
        gone = Variant("b", False)
        self._changed("Device1", DEVICE, Connected=gone, ServicesResolved=gone)

    def _written(self, data: bytes) -> None:
        self.writes.append(data)
        self._packet += data
        if len(self._packet) < 8:
            return
        (length,) = struct.unpack_from(">H", self._packet, 2)
        if len(self._packet) < 8 + length:
            return
        packet, self._packet = self._packet[: 8 + length], self._packet[8 + length :]
        answer = self._answer(packet)
        for at in range(0, len(answer), MTU - 3):
            part = Variant("ay", answer[at : at + MTU - 3])
            self._changed("GattCharacteristic1", CHARACTERISTIC, Value=part)

    def _changed(self, interface: str, path: str, **values: Variant) -> None:
        body = [f"org.bluez.{interface}", values, []]
        self._signal(path, "Properties", "PropertiesChanged", "sa{sv}as", body)

    def _signal(self, path: str, interface: str, name: str, signature: str, body: Any) -> None:
        interface = f"org.freedesktop.DBus.{interface}"
        self._bus.send(dbus_fast.Message.new_signal(path, interface, name, signature, body))
