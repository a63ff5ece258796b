# SPDX-License-Identifier: Apache-2.0
"""A device made of Python functions."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Callable, TypeVar, Union

from ._command import Command
from ._hub import Hub
from ._smp import ffi, lib
from ._values import Empty
from .device import open_transport
from .enums import Error, Rc
from .errors import LinkError, check
from .groups import CustomCommand, Group
from .transports import Transport

if TYPE_CHECKING:
    from types import TracebackType

Q = TypeVar("Q")
R = TypeVar("R")

_REQUEST = lib.SHIM_REQUEST
# An exchange whose requester went away is no error.
_ANSWERED = (lib.SMP_OK, lib.SMP_ERR_CLOSED)

Handler = Union[Callable[[Q], R], Callable[[Q], Awaitable[R]]]


class Refuse(Exception):
    """Raised by a handler: answers with a global code.

    Args:
        rc: a :class:`~pysmp.enums.Rc`, or a number of the application's own from 256 on
        reason: text for people
    """

    def __init__(self, rc: int, reason: str | None = None) -> None:
        super().__init__(f"rc {rc}" + (f": {reason}" if reason else ""))
        self.rc = int(rc)
        self.reason = reason


class Fail(Exception):
    """Raised by a handler: answers with a code of the command's own group.

    Args:
        rc: the code
        response: fields to send beside it
    """

    def __init__(self, rc: int, response: object | None = None) -> None:
        super().__init__(f"group's rc {rc}")
        self.rc = int(rc)
        self.response = response


class Server:
    """Answers requests::

        server = pysmp.Server("udp://127.0.0.1:0")

        @server.handle(commands.OS_ECHO)
        def echo(request: OsEchoRequest) -> OsEchoResponse:
            return OsEchoResponse(request.text)

        async with server:
            print(server.url)
            await asyncio.sleep(3600)

    A handler may be a coroutine; requests it has not answered hold one of the server's buffers.
    Commands without a handler are refused.  What a handler raises, other than :class:`Refuse` and
    :class:`Fail`, goes to the loop's exception handler, and the device answers "unknown error".

    Args:
        where: "udp://0.0.0.0:1337", "pty:", "pty:LINK", "loopback:name" or a
            :class:`~pysmp.transports.Transport`; several: :meth:`listen`
        buf_size: largest packet; 0: 2048 bytes
        buf_count: buffers, 1 to 64; 0: four
        v1_only: answer as servers from before SMP version 2
        groups: groups of your own
    """

    def __init__(
        self,
        where: str | Transport | None = None,
        *,
        buf_size: int = 0,
        buf_count: int = 0,
        v1_only: bool = False,
        groups: tuple[Group, ...] = (),
    ) -> None:
        self._where = [where] if where is not None else []
        self._options = ffi.new("struct smp_server_options *")
        self._options.buf_size = buf_size
        self._options.buf_count = buf_count
        self._options.v1_only = v1_only
        self._groups = tuple(groups)
        self._handlers: dict[tuple[int, int, int], tuple[Command[Any, Any], Any]] = {}
        self._hub: Hub | None = None
        self._handle = 0
        self._transports: list[tuple[int, str | Transport]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.overruns = 0
        """Requests that vanished because there was no buffer."""
        self.starved = 0
        """Requests that were refused because there was no buffer for the answer."""

    def handle(
        self, command: Command[Q, R], handler: Handler[Q, R] | None = None
    ) -> Callable[[Handler[Q, R]], Handler[Q, R]]:
        """Sets the handler of a command; as a decorator, or with both arguments."""

        def set_it(function: Handler[Q, R]) -> Handler[Q, R]:
            if not callable(function):
                raise TypeError("a handler is something to call")
            self._handlers[command.key] = (command, function)
            if self._hub is not None:
                self._tell(command)
            return function

        if handler is not None:
            set_it(handler)
        return set_it

    def _tell(self, command: Command[Any, Any]) -> None:
        assert self._hub is not None
        check(lib.shim_server_handle(self._hub.enter(), self._handle, *command.key, True))

    # ---- beginning and end ----

    async def start(self) -> None:
        """Begins to listen."""
        if self._hub is not None:
            return
        hub = Hub.get(self._groups)
        self._hub = hub
        try:
            self._handle = check(lib.shim_server_new(hub.enter(), self._options))
            hub.listen(self._handle, self._on_event)
            for command, _ in self._handlers.values():
                self._tell(command)
            for where in self._where:
                await self.listen(where)
        except BaseException:
            await self.close()
            raise

    async def listen(self, where: str | Transport) -> str:
        """Listens on one more transport; returns the URL clients can use."""
        hub = self._hub
        if hub is None:
            raise LinkError("the server was not started", Error.ERR_CLOSED)
        handle = await open_transport(hub, where, listen=True)
        self._transports.append((handle, where))
        check(lib.shim_server_listen(hub.enter(), self._handle, handle))
        return self._url(handle)

    async def close(self) -> None:
        """Stops.  Twice is harmless."""
        hub, self._hub = self._hub, None
        if hub is None:
            return
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._handle:
            hub.release(self._handle)
        transports, self._transports = self._transports, []
        try:
            for handle, where in transports:
                if not isinstance(where, Transport):
                    hub.release(handle)
            for _, where in transports:
                if isinstance(where, Transport):
                    await where.detach()
        finally:
            hub.leave()

    async def __aenter__(self) -> Server:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """The URL clients can use, of the first transport."""
        if self._hub is None or not self._transports:
            raise LinkError("the server does not listen", Error.ERR_CLOSED)
        return self._url(self._transports[0][0])

    def _url(self, handle: int) -> str:
        assert self._hub is not None
        text = ffi.new("char[]", 300)
        if lib.shim_transport_url(self._hub.enter(), handle, text, len(text)) < 0:
            return ""
        return str(ffi.string(text).decode())

    def power(self, on: bool) -> None:
        """Drops everything queued and stops (False) or starts (True): a device that is off."""
        assert self._hub is not None
        check(lib.shim_server_power(self._hub.enter(), self._handle, on))

    # ---- requests ----

    def _on_event(self, event: Any) -> None:
        hub = self._hub
        assert hub is not None
        kind = event.kind
        if kind != _REQUEST:
            self.overruns += kind == lib.SHIM_OVERRUN
            self.starved += kind == lib.SHIM_STARVED
            return
        header = event.header
        command, handler = self._handlers[(header.group, header.id, header.op)]
        try:
            if isinstance(command, CustomCommand):
                request = command.load_flat_request(lib.shim_event_flat(hub.shim))
            else:
                request = command.load_request(event.record)
        except Exception:
            lib.shim_refuse(hub.shim, event.exchange, Rc.INVALID, ffi.NULL)
            raise
        hub.loop.call_soon(self._run, command, handler, request, event.exchange)

    def _run(self, command: Command[Any, Any], handler: Any, request: Any, exchange: int) -> None:
        try:
            result = handler(request)
        except Exception as exception:
            self._answer_error(command, exchange, exception)
            return
        if not isinstance(result, command.response) and inspect.isawaitable(result):
            task = asyncio.ensure_future(self._finish(command, exchange, result))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._answer(command, exchange, result)

    async def _finish(self, command: Command[Any, Any], exchange: int, later: Any) -> None:
        try:
            result = await later
        except asyncio.CancelledError:
            if self._hub is not None:
                lib.shim_release(self._hub.shim, exchange)
            raise
        except Exception as exception:
            self._answer_error(command, exchange, exception)
            return
        self._answer(command, exchange, result)

    def _answer(self, command: Command[Any, Any], exchange: int, result: Any) -> None:
        hub = self._hub
        if hub is None:
            return
        try:
            if result is None and command.response is Empty:
                result = Empty()
            if not isinstance(result, command.response):
                wanted, given = command.response.__name__, type(result).__name__
                raise TypeError(f"handler of {command.name}: {wanted} is needed, not {given}")
            if isinstance(command, CustomCommand):
                flat = command.store_flat_response(result)
                code = lib.shim_reply(hub.promise(), exchange, flat or ffi.NULL, len(flat))
            else:
                keep: list[object] = []
                record = command.store_response(keep, result)
                code = lib.shim_reply_struct(hub.promise(), exchange, record or ffi.NULL)
            if code not in _ANSWERED:
                check(code)
        except Exception as exception:
            lib.shim_refuse(hub.shim, exchange, Rc.UNKNOWN, ffi.NULL)
            hub.report(exception, f"the answer of the handler of {command.name} is wrong")
        finally:
            hub.ready()

    def _answer_error(self, command: Command[Any, Any], exchange: int, error: Exception) -> None:
        hub = self._hub
        if hub is None:
            return
        if isinstance(error, Refuse):
            reason = error.reason.encode() if error.reason is not None else ffi.NULL
            lib.shim_refuse(hub.shim, exchange, error.rc, reason)
        elif isinstance(error, Fail):
            self._answer_fail(hub, command, exchange, error)
        else:
            lib.shim_refuse(hub.shim, exchange, Rc.UNKNOWN, ffi.NULL)
            hub.report(error, f"the handler of {command.name} failed")

    def _answer_fail(
        self, hub: Hub, command: Command[Any, Any], exchange: int, error: Fail
    ) -> None:
        try:
            if error.response is None:
                code = lib.shim_fail(hub.shim, exchange, error.rc, ffi.NULL, 0)
            elif isinstance(command, CustomCommand):
                flat = command.store_flat_response(error.response)
                code = lib.shim_fail(hub.shim, exchange, error.rc, flat, len(flat))
            else:
                keep: list[object] = []
                record = command.store_response(keep, error.response)
                code = lib.shim_fail_struct(hub.shim, exchange, error.rc, record)
            if code not in (Error.OK, Error.ERR_CLOSED):
                check(code)
        except Exception as exception:
            lib.shim_refuse(hub.shim, exchange, Rc.UNKNOWN, ffi.NULL)
            hub.report(exception, f"the answer of the handler of {command.name} is wrong")


__all__ = ["Fail", "Refuse", "Server"]
