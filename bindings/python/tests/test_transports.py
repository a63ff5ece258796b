# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import struct
from typing import Any

import pysmp
import pytest
from conftest import echo, pair
from pysmp import Datagrams, Stream, Transport, ble, commands, messages
from pysmp._hub import Hub


class Wire(Transport):
    """Two of them joined by hand."""

    other: Wire

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self.raises: BaseException | None = None

    async def open(self) -> None:
        self.opened += 1

    async def send(self, packet: bytes, peer: bytes) -> None:
        if self.raises is not None:
            raise self.raises
        await asyncio.sleep(0)
        self.other.received(packet)

    async def close(self) -> None:
        self.closed += 1


def wires() -> tuple[Wire, Wire]:
    a, b = Wire(), Wire()
    a.other, b.other = b, a
    return a, b


async def test_a_transport_of_ones_own() -> None:
    a, b = wires()
    server = pysmp.Server(b)
    server.handle(commands.OS_ECHO, echo)
    async with server:
        async with pysmp.connect(a) as device:
            answers = await asyncio.gather(*(device.os.echo(str(i)) for i in range(300)))
            assert [x.text for x in answers] == [str(i) for i in range(300)]
        assert (a.opened, a.closed) == (1, 1)
    assert (b.opened, b.closed) == (1, 1)


async def test_peers() -> None:
    class Post(Transport):
        async def send(self, packet: bytes, peer: bytes) -> None:
            sent.append((packet, peer))

    sent: list[tuple[bytes, bytes]] = []
    post = Post()
    server = pysmp.Server(post)
    server.handle(commands.OS_ECHO, echo)
    async with server:
        for peer in (b"alice", b"bob"):
            post.received(struct.pack(">BBHHBB", 10, 0, 6, 0, 7, 0) + b"\xa1\x61d\x62hi", peer)
        await asyncio.sleep(0.05)
    assert [peer for _, peer in sent] == [b"alice", b"bob"]
    assert all(packet.endswith(b"\xa1\x61r\x62hi") for packet, _ in sent)


async def test_what_send_raises_is_the_cause() -> None:
    a, _ = wires()
    a.raises = OSError(5, "the cable is cut")
    async with pysmp.connect(a) as device:
        with pytest.raises(pysmp.LinkError) as caught:
            await device.os.echo("x")
        assert caught.value.__cause__ is a.raises
        with pytest.raises(pysmp.LinkError) as caught:
            await device.os.echo("still down")
        a.raises = None
        a.up()


async def test_what_open_raises_is_raised() -> None:
    class Closed(Transport):
        async def open(self) -> None:
            raise PermissionError("not you")

    for where in (pysmp.connect, pysmp.Server):
        transport = Closed()
        with pytest.raises(PermissionError):
            async with where(transport):
                pass


async def test_one_transport_one_user() -> None:
    a, _ = wires()
    async with pysmp.connect(a):
        with pytest.raises(RuntimeError):
            await pysmp.connect(a)


async def test_a_limit_for_packets() -> None:
    a, b = wires()
    a.max_packet = 64
    server = pysmp.Server(b)
    server.handle(commands.OS_ECHO, echo)
    async with server, pysmp.connect(a, params=False) as device:
        assert device.max_packet == 64
        with pytest.raises(pysmp.TooLargeError):
            await device.os.echo("x" * 100)
        a.set_max_packet(300)
        assert (await device.os.echo("x" * 100)).text == "x" * 100


async def test_asyncios_datagrams(smp_simulator: Any) -> None:
    host, port = smp_simulator().url[6:].split(":")
    loop = asyncio.get_running_loop()
    transport = Datagrams(
        lambda protocol: loop.create_datagram_endpoint(protocol, remote_addr=(host, int(port)))
    )
    async with pysmp.connect(transport) as device:
        assert (await device.os.echo("x")).text == "x"
        data = bytes(range(256)) * 100
        await device.fs.upload("/lfs/x", data)
        assert await device.fs.download("/lfs/x") == data


async def test_asyncios_streams() -> None:
    ends: list[Stream] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def joined() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return reader, writer

        ends.append(Stream(joined))
        await server.listen(ends[-1])

    server = pysmp.Server()
    server.handle(commands.OS_ECHO, echo)
    await server.start()
    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    client = Stream(lambda: asyncio.open_connection("127.0.0.1", port))
    async with pysmp.connect(client) as device:
        await asyncio.gather(*(device.os.echo(str(i)) for i in range(100)))
        seen: list[bool] = []
        device.on_link(seen.append)
        await server.close()
        await asyncio.sleep(0.05)
        assert seen == [False]
    listener.close()
    await listener.wait_closed()


class FakeBleak:
    """What bleak.BleakClient does, with an echo at the other end; it is its services, too."""

    max_write_without_response_size = 20

    def __init__(self, device: str, disconnected_callback: Any, timeout: float) -> None:
        self.address = device
        self.services = self
        self.gone = disconnected_callback
        self.written = bytearray()

    async def connect(self) -> None:
        pass

    async def disconnect(self) -> None:
        pass

    def get_characteristic(self, uuid: str) -> FakeBleak | None:
        return self if uuid == ble.CHARACTERISTIC and self.address != "a lamp" else None

    async def start_notify(self, characteristic: FakeBleak, callback: Any) -> None:
        assert characteristic is self
        self.notify = callback

    async def write_gatt_char(self, characteristic: FakeBleak, part: bytes, response: bool) -> None:
        assert not response
        assert len(part) <= 20
        self.written += part
        (length,) = struct.unpack_from(">H", self.written, 2)
        if len(self.written) == 8 + length:
            packet = bytearray(self.written)
            self.written.clear()
            packet[0] |= 1
            packet[packet.index(b"\x61d") + 1] = ord("r")
            for at in range(0, len(packet), 7):
                self.notify(None, packet[at : at + 7])


async def test_bluetooth_by_a_stand_in() -> None:
    transport = ble.Ble("AA:BB:CC:DD:EE:FF", client=FakeBleak)
    async with pysmp.connect(transport, params=False) as device:
        assert (await device.os.echo("over the air, in pieces")).text == "over the air, in pieces"
        seen: list[bool] = []
        device.on_link(seen.append)
        transport._client.gone(None)
        await asyncio.sleep(0.01)
        assert seen == [False]
        await transport.reopen()
        assert (await device.os.echo("again")).text == "again"


async def test_bluetooth_without_smp() -> None:
    with pytest.raises(pysmp.NotFoundError, match="a lamp has no SMP service"):
        await pysmp.connect(ble.Ble("a lamp", client=FakeBleak))


async def test_nobody_to_send_to() -> None:
    """A transport that is not in use does nothing."""
    a, _ = wires()
    a.received(b"x")
    a.up()
    a.down()
    async with pair() as (device, _):
        await device.os.echo("x")
    assert messages.Empty() == messages.Empty()


async def test_what_close_raises_is_raised_and_all_is_closed() -> None:
    class Stuck(Transport):
        async def send(self, packet: bytes, peer: bytes) -> None:
            pass

        async def close(self) -> None:
            raise ZeroDivisionError

    for where in (pysmp.connect, pysmp.Server):
        with pytest.raises(ZeroDivisionError):
            async with where(Stuck()):
                pass
    assert not Hub._all.get(asyncio.get_running_loop())
