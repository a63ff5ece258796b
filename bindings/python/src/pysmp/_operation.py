# SPDX-License-Identifier: Apache-2.0
"""What takes a while and tells how far it is: transfers and updates."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Generator
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

from ._smp import lib
from .errors import Cancelled, InvalidError, check

if TYPE_CHECKING:
    from ._group import Caller

R = TypeVar("R")
P = TypeVar("P")


def milliseconds(seconds: float | None, name: str) -> int:
    """For C: 0 is the default."""
    if seconds is None:
        return 0
    if not 0 < seconds < 4e6:
        raise InvalidError(f"{name}: more than 0 and less than 4 million seconds are possible")
    return max(1, round(seconds * 1000))


class Operation(Generic[R, P], Awaitable[R], AsyncIterator[P]):
    """Something under way: await it for its result, or look at its progress::

        async for progress in device.img.upload("zephyr.signed.bin"):
            print(progress.done, progress.total)

    The loop ends with the operation, with its exception if it failed.
    """

    def __init__(self, caller: Caller) -> None:
        self._hub, self._session = caller.session()
        self._handle = 0
        self._cancelled = False
        self._news: deque[P] = deque()
        self._last: P | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._cause: BaseException | None = None
        self._helpers: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[R] = asyncio.ensure_future(self._whole())
        self._task.add_done_callback(self._wake)

    async def _whole(self) -> R:
        try:
            return await self._run()
        finally:
            for task in self._helpers:
                task.cancel()

    # ---- for those who use it ----

    @property
    def progress(self) -> P | None:
        """The newest, or None."""
        return self._last

    def done(self) -> bool:
        return self._task.done()

    def cancel(self) -> None:
        """Ends it early: with :class:`~pysmp.errors.Cancelled`."""
        self._cancelled = True
        if self._handle and not self._hub.closed:
            lib.shim_cancel(self._hub.enter(), self._handle)
        else:
            self._task.cancel()

    def __await__(self) -> Generator[Any, None, R]:
        return self._wait().__await__()

    async def _wait(self) -> R:
        try:
            return await self._task
        except asyncio.CancelledError:
            if self._cancelled and self._task.cancelled():
                raise Cancelled("cancelled", lib.SMP_ERR_CANCELLED) from None
            raise

    def __aiter__(self) -> AsyncIterator[P]:
        return self

    async def __anext__(self) -> P:
        while not self._news:
            if self._task.done():
                await self._wait()
                raise StopAsyncIteration
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._task.cancel()
                raise
        return self._news.popleft()

    def _wake(self, _: object = None) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # ---- for the kinds of it ----

    async def _run(self) -> R:
        raise NotImplementedError

    def _on_event(self, event: Any) -> None:
        raise NotImplementedError

    async def _follow(self, handle: int, load: Callable[[Any], R]) -> R:
        """Waits for the end of what C calls by that handle."""
        self._handle = check(handle)
        self._hub.listen(handle, self._on_event)
        result: R = await self._hub.wait(handle, load)
        return result

    def _tell(self, news: P, *, replace: bool) -> None:
        """Progress that nobody has fetched is replaced by what is newer."""
        if replace:
            self._news.clear()
        self._news.append(news)
        self._last = news
        self._wake()

    def _help(self, work: Any) -> None:
        """Runs a coroutine beside it, for as long as it lives."""
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)
