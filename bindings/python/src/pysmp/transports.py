# SPDX-License-Identifier: Apache-2.0
"""Transports written in Python, and those of asyncio.

Derive from :class:`Transport`, and give it to :func:`pysmp.connect` or
:class:`~pysmp.server.Server` in the place of a URL.
"""

from __future__ import annotations

import asyncio
import errno
import struct
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Callable

from ._smp import ffi, lib
from ._values import data
from .errors import LinkError, check

if TYPE_CHECKING:
    from ._hub import Hub

# Packets that wait for send() before the library is told to wait.
_QUEUE = 8


class Transport:
    """Carries whole SMP packets.  Write :meth:`send`, and call :meth:`received`.

    What any of these methods raises takes the link down, and is the ``__cause__`` of the
    :class:`~pysmp.errors.LinkError` that requests under way end with.
    """

    stream = False
    """Packets share one ordered line; else each arrives whole or vanishes."""
    max_packet = 0
    """Largest packet in bytes, header included; 0: no limit."""
    window = 0
    """Most requests with the device; 0: as many as it has room for."""
    overhead = 0
    """Bytes that framing takes of the device's buffer, beside the packet."""

    _hub: Hub | None = None
    _handle = 0
    _sender: asyncio.Task[None] | None = None
    _opener: asyncio.Task[None] | None = None
    _packets: deque[tuple[bytes, bytes]]
    _is_full = False
    _cause: BaseException | None = None
    _wake: asyncio.Event | None = None

    async def open(self) -> None:
        """Called once, before anything is sent."""

    async def send(self, packet: bytes, peer: bytes) -> None:
        """Sends one packet.  The next one comes when this has returned.

        Args:
            packet: the whole packet
            peer: for servers: who is to get it, as given to ``received()``
        """
        raise NotImplementedError

    async def reopen(self) -> None:
        """Called now and then while an update waits for a link that is down: tries once to get it
        back, and then says :meth:`up`.  Without it the link comes back by itself, or not."""

    async def close(self) -> None:
        """Called once, after everything."""

    def reset(self) -> None:
        """Called when a packet received in part should be forgotten."""

    # ---- to be called ----

    def received(self, packet: bytes, peer: bytes = b"") -> None:
        """Hands over one whole packet.

        Args:
            packet: the whole packet
            peer: for servers: who sent it, at most 31 bytes
        """
        if self._hub is None or self._hub.closed:
            return
        address = ffi.NULL
        if peer:
            address = ffi.new("struct smp_peer *")
            address.len = len(peer)
            ffi.memmove(address.data, peer, len(peer))
        check(
            lib.shim_transport_received(
                self._hub.enter(), self._handle, address, packet, len(packet)
            )
        )

    def up(self) -> None:
        """The link is up (again)."""
        if self._hub is not None and not self._hub.closed:
            self._cause = None
            lib.shim_transport_up(self._hub.enter(), self._handle)

    def down(self, cause: BaseException | None = None) -> None:
        """The link is down: requests under way end with it."""
        if self._hub is None or self._hub.closed:
            return
        self._cause = cause
        code = cause.errno if isinstance(cause, OSError) and cause.errno else 0
        reason = lib.SMP_ERR_SYSTEM if code else lib.SMP_ERR_CLOSED
        lib.shim_transport_down(self._hub.enter(), self._handle, reason, code)

    def set_max_packet(self, size: int) -> None:
        """Changes the largest packet."""
        self.max_packet = size
        if self._hub is not None:
            check(
                lib.shim_transport_set_max_packet(
                    self._hub.enter(), self._handle, size or lib.SMP_PACKET_MAX
                )
            )

    # ---- inside ----

    async def attach(self, hub: Hub) -> int:
        if self._hub is not None:
            raise RuntimeError("this transport is in use")
        options = ffi.new("struct shim_transport_options *")
        options.kind = lib.SMP_TRANSPORT_STREAM if self.stream else lib.SMP_TRANSPORT_DATAGRAM
        options.max_packet = self.max_packet
        options.window = self.window
        options.overhead = self.overhead
        self._packets = deque()
        self._wake = asyncio.Event()
        self._handle = check(lib.shim_transport_new(hub.enter(), options))
        self._hub = hub
        hub.listen(self._handle, self._on_event)
        try:
            await self.open()
        except BaseException:
            await self.detach()
            raise
        self._sender = asyncio.ensure_future(self._send_all())
        return self._handle

    async def detach(self) -> None:
        hub, self._hub = self._hub, None
        if hub is None:
            return
        hub.release(self._handle)
        tasks = [task for task in (self._sender, self._opener) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sender = self._opener = None
        await self.close()

    def _on_event(self, event: Any) -> None:
        assert self._hub is not None
        kind = event.kind
        if kind == lib.SHIM_SEND:
            self._queue(event)
        elif kind == lib.SHIM_RESET:
            self._hub.call_user(self.reset)
        elif kind == lib.SHIM_REOPEN and (self._opener is None or self._opener.done()):
            self._opener = asyncio.ensure_future(self._try_to_reopen())

    def _queue(self, event: Any) -> None:
        assert self._hub is not None
        peer = bytes(ffi.buffer(event.peer.data, event.peer.len)) if event.peer.len else b""
        self._packets.append((data(event.payload), peer))
        if self._wake is not None:
            self._wake.set()
        if len(self._packets) >= _QUEUE and not self._is_full:
            self._is_full = True
            lib.shim_transport_writable(self._hub.shim, self._handle, False)

    async def _send_all(self) -> None:
        assert self._wake is not None
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._packets:
                packet, peer = self._packets.popleft()
                try:
                    await self.send(packet, peer)
                except Exception as cause:
                    self._packets.clear()
                    self.down(cause)
                if not self._packets:
                    self._unblock()

    async def _try_to_reopen(self) -> None:
        try:
            await self.reopen()
        except Exception as cause:
            self._cause = cause  # and the next try comes

    def _unblock(self) -> None:
        if self._is_full and self._hub is not None and not self._hub.closed:
            self._is_full = False
            lib.shim_transport_writable(self._hub.shim, self._handle, True)

    def explain(self, error: BaseException) -> None:
        """Says why the link went down."""
        if isinstance(error, LinkError) and self._cause is not None and error.__cause__ is None:
            error.__cause__ = self._cause


class Datagrams(Transport, asyncio.DatagramProtocol):
    """Any asyncio datagram transport, each packet a datagram.

    ::

        loop = asyncio.get_running_loop()
        transport = Datagrams(
            lambda protocol: loop.create_datagram_endpoint(protocol, remote_addr=("::1", 1337))
        )
    """

    def __init__(
        self,
        connect: Callable[
            [Callable[[], asyncio.DatagramProtocol]],
            Awaitable[tuple[Any, asyncio.DatagramProtocol]],
        ],
        max_packet: int = 1472,
    ) -> None:
        self._connect = connect
        self._datagrams: Any = None
        self.max_packet = max_packet

    async def open(self) -> None:
        self._datagrams, _ = await self._connect(lambda: self)

    async def send(self, packet: bytes, peer: bytes) -> None:
        self._datagrams.sendto(packet)

    async def close(self) -> None:
        if self._datagrams is not None:
            self._datagrams.close()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received(data)

    def error_received(self, exc: Exception) -> None:
        self.down(exc)
        self.up()

    def connection_lost(self, exc: Exception | None) -> None:
        self.down(exc)


class Stream(Transport):
    """Any asyncio stream (TCP, a pipe, a Unix socket) that carries packets back to back.

    ::

        transport = Stream(lambda: asyncio.open_connection("192.0.2.1", 1337))
    """

    stream = True

    def __init__(
        self,
        connect: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]],
        max_packet: int = 0,
    ) -> None:
        self._connect = connect
        self._writer: asyncio.StreamWriter | None = None
        self._reader_task: asyncio.Task[None] | None = None
        self.max_packet = max_packet

    async def open(self) -> None:
        reader, self._writer = await self._connect()
        self._reader_task = asyncio.ensure_future(self._read(reader))

    async def send(self, packet: bytes, peer: bytes) -> None:
        if self._writer is None:
            raise OSError(errno.ENOTCONN, "not connected")
        self._writer.write(packet)
        await self._writer.drain()

    async def close(self) -> None:
        if self._reader_task is not None:
            self._reader_task.cancel()
            await asyncio.gather(self._reader_task, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                head = await reader.readexactly(8)
                (length,) = struct.unpack_from(">H", head, 2)
                self.received(head + await reader.readexactly(length))
        except asyncio.IncompleteReadError:
            self.down()
        except Exception as cause:
            self.down(cause)
