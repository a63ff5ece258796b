# SPDX-License-Identifier: Apache-2.0
"""Devices, and how to reach them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import warnings
from collections.abc import Awaitable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ._command import Command
from ._group import Caller
from ._groups import DeviceGroups
from ._hub import Hub, payload
from ._operation import milliseconds
from ._smp import ffi, lib
from ._values import Data, wrong
from .enums import Error, Op
from .errors import LinkError, NotFoundError, check, error_of
from .groups import CustomCommand, Group
from .transports import Transport
from .update import CanUpdate

if TYPE_CHECKING:
    from types import TracebackType

Q = TypeVar("Q")
R = TypeVar("R")


@dataclass
class Stats:
    """What a session has seen: packets, except where said."""

    sent: int
    """Requests sent, repeats included."""
    answered: int
    repeated: int
    late: int
    """Answers to requests already given up."""
    strange: int
    """Packets that matched nothing, or were not SMP."""
    lost: int
    """Tries that timed out, or were overtaken."""
    bytes_sent: int
    bytes_received: int


@dataclass
class Answer:
    """The answer to a raw request."""

    group: int
    id: int
    op: int
    version: int
    payload: bytes
    """CBOR, as it came."""


def _answer(event: Any) -> Answer:
    header = event.header
    return Answer(header.group, header.id, header.op, header.version, payload(event))


@dataclass
class Port:
    """A serial port of this machine."""

    path: str
    description: str | None = None
    vendor: int | None = None
    """USB's number."""
    product: int | None = None
    manufacturer: str | None = None
    product_name: str | None = None
    serial_number: str | None = None

    @property
    def url(self) -> str:
        """For :func:`connect`."""
        return f"serial://{self.path}"


def _string(pointer: Any) -> str | None:
    return ffi.string(pointer).decode("utf-8", "backslashreplace") if pointer else None


def ports() -> list[Port]:
    """Lists the serial ports."""
    shim = ffi.gc(lib.shim_new(ffi.NULL), lib.shim_free)
    found = []
    for i in range(check(lib.shim_ports(shim))):
        port = lib.shim_port(shim, i)
        found.append(
            Port(
                _string(port.path) or "",
                _string(port.description),
                port.vendor if port.has_usb else None,
                port.product if port.has_usb else None,
                _string(port.manufacturer),
                _string(port.product_name),
                _string(port.serial_number),
            )
        )
    return found


# udp://name or udp://name:port, where the name is no number.
_NAMED = re.compile(r"udp://(?P<host>[^:/\[\]]*[^0-9.:/\[\]][^:/\[\]]*)(:(?P<port>[0-9]{1,5}))?/?")


async def numeric(url: str) -> str:
    """The URL with the name in it resolved, by the loop and without blocking it."""
    named = _NAMED.fullmatch(url)
    if named is None:
        return url
    loop = asyncio.get_running_loop()
    port = int(named["port"] or lib.SMP_UDP_PORT)
    try:
        found = await loop.getaddrinfo(named["host"], port, type=socket.SOCK_DGRAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NotFoundError(f"{named['host']}: {error}", Error.ERR_NOT_FOUND) from error
    host = str(found[0][4][0])
    return f"udp://[{host}]:{port}" if ":" in host else f"udp://{host}:{port}"


async def open_transport(hub: Hub, where: str | Transport, listen: bool) -> int:
    """The handle of a transport, by URL or written in Python."""
    if isinstance(where, Transport):
        return await where.attach(hub)
    if not isinstance(where, str):
        raise wrong("url", "str or Transport", where)
    url = await numeric(where)
    call = lib.shim_listen if listen else lib.shim_open
    handle: int = call(hub.enter(), url.encode())
    if handle < 0:
        errno = ffi.errno if handle == Error.ERR_SYSTEM else 0
        text = _string(lib.shim_open_text(hub.shim)) or url
        raise error_of(handle, text, errno)
    return handle


class Device(DeviceGroups, CanUpdate):
    """A device at the other end of a transport; :func:`connect` makes one.

    Its groups of commands are attributes::

        state = await device.img.state_read()
    """

    def __init__(self, hub: Hub, transport: int, session: int, where: str | Transport) -> None:
        super().__init__()
        self._hub = hub
        self._transport = transport
        self._session = session
        self._where = where
        # Only a transport written in Python knows what it raised.
        self._explain = where.explain if isinstance(where, Transport) else None
        self._closed = False
        self._is_up = True
        self._on_link: list[Callable[[bool], object]] = []
        self._on_console: list[Callable[[bytes], object]] = []
        self._drained: asyncio.Future[None] | None = None
        hub.listen_weakly(session, self._on_event)
        if not isinstance(where, Transport):
            hub.listen_weakly(transport, self._on_event)

    # ---- requests ----

    def session(self) -> tuple[Hub, int]:
        if self._closed:
            raise LinkError("the device was closed", Error.ERR_CLOSED)
        return self._hub, self._session

    def call_record(self, command: Command[Any, R], record: Any) -> Awaitable[R]:
        """Sends a command's struct.  For generated code."""
        hub, session = self.session()
        table = hub.command(command)
        return hub.request(
            command.done, self._explain, lib.shim_call_struct, session, table, record or ffi.NULL
        )

    async def call(self, command: Command[Q, R], request: Q | None = None) -> R:
        """Sends any command of :mod:`pysmp.commands`, or of a group of your own.

        Args:
            command: which one
            request: its fields; None: none
        """
        if isinstance(command, CustomCommand):
            return await self._call_flat(command, request)
        keep: list[object] = []
        record = None if request is None else command.store_request(keep, request)
        return await self.call_record(command, record)

    async def _call_flat(self, command: CustomCommand[Any, R], request: object) -> R:
        hub, session = self.session()
        flat = command.store_flat(request)

        def load(event: Any) -> R:
            return command.load_flat(lib.shim_event_flat(hub.shim))

        result: R = await hub.request(
            load, self._explain, lib.shim_call, session, *command.key, flat or ffi.NULL, len(flat)
        )
        return result

    async def request(self, group: int, id: int, op: int, cbor: Data = b"") -> Answer:
        """Sends any CBOR to any group and command.

        Args:
            group: number of the group
            id: number of the command
            op: :attr:`~pysmp.enums.Op.READ` or :attr:`~pysmp.enums.Op.WRITE`
            cbor: the payload; empty: an empty map
        """
        hub, session = self.session()
        buffer = ffi.from_buffer("uint8_t[]", cbor) if cbor else ffi.NULL
        call = lib.shim_request
        result: Answer = await hub.request(
            _answer, self._explain, call, session, group, id, Op(op), buffer, len(cbor)
        )
        return result

    # ---- the link ----

    @property
    def url(self) -> str:
        """How it is reached; empty for transports written in Python."""
        return self._where if isinstance(self._where, str) else ""

    @property
    def is_up(self) -> bool:
        """Whether the link is up, as far as is known."""
        return self._is_up and not self._closed

    @property
    def window(self) -> int:
        """Requests that may be with the device now; 1 until its parameters are known."""
        hub, session = self.session()
        return check(lib.shim_session_window(hub.enter(), session))

    @property
    def max_packet(self) -> int:
        """Largest packet that may be sent now, header included."""
        hub, session = self.session()
        return check(lib.shim_session_max_packet(hub.enter(), session))

    def stats(self) -> Stats:
        """What the session has seen."""
        hub, session = self.session()
        s = ffi.new("struct smp_session_stats *")
        check(lib.shim_session_stats(hub.enter(), session, s))
        return Stats(
            s.sent, s.answered, s.repeated, s.late, s.strange, s.lost, s.bytes_sent,
            s.bytes_received,
        )  # fmt: skip

    def on_link(self, callback: Callable[[bool], object]) -> None:
        """Calls ``callback(is_up)`` when the link goes up or down."""
        self._on_link.append(callback)

    def on_console(self, callback: Callable[[bytes], object]) -> None:
        """Calls ``callback(text)`` with text that shares a serial line with packets."""
        self._on_console.append(callback)

    def print(self, text: str) -> None:
        """Sends text for a shell on the same serial line."""
        hub, _ = self.session()
        data = text.encode()
        check(lib.shim_transport_print(hub.enter(), self._transport, data, len(data)))

    def reopen(self) -> None:
        """Opens a serial port again that went away; call it now and then until it succeeds."""
        hub, _ = self.session()
        check(lib.shim_transport_reopen(hub.enter(), self._transport))

    def _on_event(self, event: Any) -> None:
        if event.kind == lib.SHIM_LINK:
            self._is_up = event.error == 0
            for callback in self._on_link:
                self._hub.call_user(callback, self._is_up)
        elif event.kind == lib.SHIM_CONSOLE:
            text = payload(event)
            for console in self._on_console:
                self._hub.call_user(console, text)
        elif event.kind == lib.SHIM_DRAINED and self._drained and not self._drained.done():
            self._drained.set_result(None)

    # ---- the end ----

    async def drain(self) -> None:
        """Takes nothing new, and waits until everything under way has ended."""
        hub, session = self.session()
        if self._drained is None:
            self._drained = hub.loop.create_future()
            check(lib.shim_session_close(hub.enter(), session))
        await asyncio.shield(self._drained)

    async def close(self) -> None:
        """Ends all requests with a :class:`~pysmp.errors.LinkError`, and closes.

        Twice is harmless.
        """
        if self._closed:
            return
        if not self._hub.closed:
            self._hub.enter()
        self._closed = True
        self._hub.release(self._session)
        try:
            if isinstance(self._where, Transport):
                await self._where.detach()
            else:
                self._hub.release(self._transport)
        finally:
            self._hub.leave()

    async def __aenter__(self) -> Device:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=1, source=self)
            _abandon(self._hub, self._session, self._transport)

    def __repr__(self) -> str:
        return f"<Device {self._where}{' closed' if self._closed else ''}>"


def _abandon(hub: Hub, *handles: int) -> None:
    """The garbage collector may come in any thread: the loop's own releases."""

    def release() -> None:
        for handle in handles:
            hub.release(handle)
        hub.leave()

    with contextlib.suppress(RuntimeError):  # the loop is closed: the shim goes with it
        hub.loop.call_soon_threadsafe(release)


class connect(Awaitable[Device]):
    """Reaches a device::

        async with pysmp.connect("udp://192.0.2.1") as device:
            print(await device.os.echo("hello"))

    or ``device = await pysmp.connect(...)`` and ``await device.close()`` later.  Nothing is sent
    before the first request.

    Args:
        where: a URL (``udp://host:port``, ``serial:///dev/ttyACM0?baud=115200``,
            ``serial://2fe3:0100``, ``loopback:name``), or a
            :class:`~pysmp.transports.Transport`
        timeout: seconds for each try
        tries: for requests that may be repeated, the first included
        deadline: seconds from the call to the end
        grace: seconds an abandoned request keeps its place with the device
        window: most requests with the device; 0: by its parameters
        max_packet: cap on the packet size; 0: by parameters and link
        queue: most requests that wait in the library; more wait in this package
        v1: speak SMP version 1 from the start
        params: ask for the device's parameters
        retry_all: repeat requests that may do harm twice, too
        first_chunk_timeout: patience for a transfer's first answer
        stall_timeout: a transfer without progress for so long ends
        groups: groups of your own (:mod:`pysmp.groups`)
    """

    def __init__(
        self,
        where: str | Transport,
        *,
        timeout: float | None = None,
        tries: int = 0,
        deadline: float | None = None,
        grace: float | None = None,
        window: int = 0,
        max_packet: int = 0,
        queue: int = 0,
        v1: bool = False,
        params: bool = True,
        retry_all: bool = False,
        first_chunk_timeout: float | None = None,
        stall_timeout: float | None = None,
        groups: tuple[Group, ...] = (),
    ) -> None:
        o = ffi.new("struct smp_session_options *")
        o.timeout_ms = milliseconds(timeout, "timeout")
        o.tries = tries
        o.deadline_ms = milliseconds(deadline, "deadline")
        o.grace_ms = milliseconds(grace, "grace")
        o.window = window
        o.max_packet = max_packet
        o.queue = queue
        o.v1 = v1
        o.no_params = not params
        o.retry_all = retry_all
        o.first_chunk_ms = milliseconds(first_chunk_timeout, "first_chunk_timeout")
        o.stall_ms = milliseconds(stall_timeout, "stall_timeout")
        self._options = o
        self._where = where
        self._groups = tuple(groups)
        self._device: Device | None = None

    async def _connect(self) -> Device:
        hub = Hub.get(self._groups)
        transport = 0
        try:
            transport = await open_transport(hub, self._where, listen=False)
            session = check(lib.shim_session_new(hub.enter(), transport, self._options))
        except BaseException:
            try:
                if transport and isinstance(self._where, Transport):
                    await self._where.detach()
                elif transport:
                    hub.release(transport)
            finally:
                hub.leave()
            raise
        return Device(hub, transport, session, self._where)

    def __await__(self) -> Generator[Any, None, Device]:
        return self._connect().__await__()

    async def __aenter__(self) -> Device:
        self._device = await self._connect()
        return self._device

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._device is not None:
            await self._device.close()


__all__ = ["Answer", "Caller", "Device", "Port", "Stats", "connect", "ports"]
