# SPDX-License-Identifier: Apache-2.0
"""One shim for each asyncio loop (and set of custom groups), and who waits for what."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from ._command import Command
from ._smp import ffi, lib
from ._values import data
from .errors import LinkError, SmpError, check, error_of, error_of_event

if TYPE_CHECKING:
    from .groups import Group

R = TypeVar("R")
Listener = Callable[[Any], None]
Load = Callable[[Any], Any]
"""Turns a completion into what the caller wants."""
Explain = Callable[[BaseException], None]
"""Adds to an error what only the caller knows."""

logger = logging.getLogger("pysmp")

# By smp_log_level: critical, error, warn, info, debug.
_LEVELS = [logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG]

_DONE = lib.SHIM_DONE
_LOG = lib.SHIM_LOG
_promise = lib.shim_promise
_process = lib.shim_process
_next = lib.shim_next


_Pending = tuple[asyncio.Future[Any], Load, Optional[Explain]]


class Hub:
    """Runs a shim inside of an asyncio loop."""

    _lock = threading.Lock()
    _all: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Any, Hub]] = (
        weakref.WeakKeyDictionary()
    )

    @classmethod
    def get(cls, groups: tuple[Group, ...] = ()) -> Hub:
        """The running loop's; the caller becomes a user and has to leave()."""
        loop = asyncio.get_running_loop()
        with cls._lock:
            hubs = cls._all.setdefault(loop, {})
            hub = hubs.get(groups)
            if hub is None:
                hub = hubs[groups] = cls(loop, groups)
        hub.users += 1
        return hub

    def __init__(self, loop: asyncio.AbstractEventLoop, groups: tuple[Group, ...]) -> None:
        options = ffi.new("struct shim_options *")
        level = logger.getEffectiveLevel()
        options.log = True
        options.log_level = next((i for i in (4, 3, 2) if _LEVELS[i] >= level), 1)
        shim = lib.shim_new(options)
        if not shim:
            raise MemoryError
        self.shim = ffi.gc(shim, lib.shim_free)
        # A plain reference would keep the loop alive for ever: it is a key of _all.
        self._loop = weakref.ref(loop)
        self._groups = groups
        self.users = 0
        self.closed = False
        self._pending: dict[int, _Pending] = {}
        self._listeners: dict[int, Listener] = {}
        self._commands: dict[tuple[int, int, int], Any] = {}
        self._register(groups)
        self._fd = check(lib.shim_fd(self.shim))
        loop.add_reader(self._fd, _ready, weakref.ref(self))

    def _register(self, groups: tuple[Group, ...]) -> None:
        try:
            for group in groups:
                group.register(self.shim)
        except SmpError as error:
            said = []
            while event := _next(self.shim):
                if event.kind == _LOG:
                    said.append(_text(event.text))
            raise type(error)(said[-1] if said else str(error), error.code) from None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        loop = self._loop()
        if loop is None:
            raise RuntimeError("the event loop is gone")
        return loop

    def enter(self) -> Any:
        """The shim, for a call in the right loop."""
        if self.closed:
            raise LinkError("closed", lib.SMP_ERR_CLOSED)
        if asyncio.get_running_loop() is not self._loop():
            raise RuntimeError("this belongs to another event loop")
        return self.shim

    def leave(self) -> None:
        """One user less; the last one closes."""
        self.users -= 1
        if self.users > 0 or self.closed:
            return
        self.closed = True
        loop = self._loop()
        with self._lock:
            hubs = self._all.get(loop) if loop is not None else None
            if hubs is not None and hubs.get(self._groups) is self:
                del hubs[self._groups]
        if loop is not None and not loop.is_closed():
            loop.remove_reader(self._fd)
        lib.shim_close(self.shim)
        for future, *_ in self._pending.values():
            if not future.done():
                future.set_exception(error_of(lib.SMP_ERR_CLOSED))
        self._pending.clear()
        self._listeners.clear()

    def release(self, handle: int) -> None:
        """Releases an object, and looks at what ended by that."""
        self._listeners.pop(handle, None)
        if not self.closed:
            lib.shim_release(self.shim, handle)
            self.drain()

    def listen(self, handle: int, listener: Listener) -> None:
        """Who is told of an object's events."""
        self._listeners[handle] = listener

    def listen_weakly(self, handle: int, listener: Listener) -> None:
        """The same, for objects that are garbage when their user forgets them."""
        reference = weakref.WeakMethod(listener)

        def tell(event: Any) -> None:
            method = reference()
            if method is not None:
                method(event)

        self._listeners[handle] = tell

    def command(self, command: Command[Any, Any]) -> Any:
        """The table of a command."""
        pointer = self._commands.get(command.key)
        if pointer is None:
            pointer = lib.smp_command_find(lib.shim_loop(self.shim), *command.key)
            if not pointer:
                raise error_of(lib.SMP_ERR_NOT_FOUND, f"no table describes {command.name}")
            self._commands[command.key] = pointer
        return pointer

    def promise(self) -> Any:
        """The shim, for calls that :meth:`ready` follows: the descriptor need not tell of them."""
        shim = self.enter()
        _promise(shim)
        return shim

    async def request(
        self, load: Load, explain: Explain | None, call: Callable[..., int], *arguments: object
    ) -> Any:
        """Sends by that function of the shim; the result."""
        shim = self.enter()
        _promise(shim)
        try:
            handle = call(shim, *arguments)
            if handle < 0:
                error = error_of(handle)
                if explain is not None:
                    explain(error)
                raise error
            future = asyncio.get_running_loop().create_future()
            self._pending[handle] = (future, load, explain)
        finally:
            self.ready()
        try:
            return await future
        except asyncio.CancelledError:
            self._cancel(handle)
            raise

    async def wait(self, handle: int, load: Load) -> Any:
        """The result of a transfer."""
        future = self.loop.create_future()
        self._pending[handle] = (future, load, None)
        try:
            return await future
        except asyncio.CancelledError:
            self._cancel(handle)
            raise

    def _cancel(self, handle: int) -> None:
        if not self.closed:
            lib.shim_cancel(self.shim, handle)

    # ---- events ----

    def ready(self) -> None:
        """Does what is due."""
        result = _process(self.shim)
        self.drain()
        if result < 0 and not self.closed:
            self._break(result)

    def drain(self) -> None:
        """Takes every event.  User code is never called from here: it would see half of it."""
        pending = self._pending
        while event := _next(self.shim):
            if event.kind == _DONE:
                entry = pending.pop(event.handle, None)
                self._listeners.pop(event.handle, None)
                if entry is not None:
                    _complete(event, *entry)
            elif event.kind == _LOG:
                _log(event)
            else:
                listener = self._listeners.get(event.handle)
                if listener is None:
                    continue
                try:
                    listener(event)
                except Exception as exception:
                    self.report(exception, "an event could not be handled")

    def report(self, exception: BaseException, message: str) -> None:
        """What nobody waits for goes where asyncio puts it."""
        self.loop.call_exception_handler({"message": message, "exception": exception})

    def call_user(self, function: Callable[..., object], *arguments: object) -> None:
        """Calls user code soon; what it raises goes to the loop's exception handler."""
        self.loop.call_soon(function, *arguments)

    def _break(self, error: int) -> None:
        self.loop.remove_reader(self._fd)
        for future, *_ in self._pending.values():
            if not future.done():
                future.set_exception(error_of(error))
        self._pending.clear()


def _ready(reference: weakref.ref[Hub]) -> None:
    hub = reference()
    if hub is not None and not hub.closed:
        hub.ready()


def _complete(event: Any, future: asyncio.Future[Any], load: Load, explain: Explain | None) -> None:
    if future.done():
        return
    try:
        if event.error == 0:
            future.set_result(load(event))
            return
        error = error_of_event(event, _partial(event, load))
        if explain is not None:
            explain(error)
        future.set_exception(error)
    except BaseException as exception:
        if not future.done():
            future.set_exception(exception)
        if not isinstance(exception, Exception):
            raise


def _partial(event: Any, load: Load) -> object | None:
    """What a refusal has beside the refusal."""
    result: object = load(event) if event.record else None
    return result


def _log(event: Any) -> None:
    level = _LEVELS[event.level]
    if logger.isEnabledFor(level):
        logger.log(level, "%s", _text(event.text))


def _text(pointer: Any) -> str:
    return str(ffi.string(pointer).decode("utf-8", "backslashreplace"))


def payload(event: Any) -> bytes:
    return data(event.payload)
