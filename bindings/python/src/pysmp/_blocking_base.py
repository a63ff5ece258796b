# SPDX-License-Identifier: Apache-2.0
"""Turns an asyncio loop of its own until one thing is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Any, Callable, Generic, Optional, TypeVar

from . import messages
from ._groups import FsGroup, ImgGroup
from ._operation import Operation

if TYPE_CHECKING:
    from ._data import Sink, Source
    from ._transfers import Progress
    from .messages import UpdateReport
    from .update import Update, UpdateProgress, Verdict

T = TypeVar("T")
P = TypeVar("P")
G = TypeVar("G")

Watch = Optional[Callable[["Progress"], object]]


class Runner:
    _loop: asyncio.AbstractEventLoop

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            work.close()
            raise RuntimeError("inside of asyncio use pysmp.connect(), not pysmp.blocking")
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("it was closed")
        task = self._loop.create_task(work)
        try:
            return self._loop.run_until_complete(task)
        except BaseException:
            # Ctrl-C: what was begun is cancelled, not forgotten.
            if not task.done():
                task.cancel()
                self._loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
            raise


class BlockingGroup(Generic[G]):
    """Commands of one group, on one device."""

    def __init__(self, runner: Runner, group: G) -> None:
        self._runner = runner
        self._group = group

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner._run(work)


async def _watch(transfer: Operation[T, P], watch: Callable[[P], object] | None) -> T:
    if watch is not None:
        async for progress in transfer:
            watch(progress)
    return await transfer


async def _start(make: Callable[[], Awaitable[T]], watch: Callable[[Any], object] | None) -> T:
    transfer: Any = make()
    try:
        result: T = await _watch(transfer, watch)
        return result
    except BaseException:
        if not transfer.done():  # the watcher raised
            transfer.cancel()
            await asyncio.gather(transfer, return_exceptions=True)
        raise


class BlockingImgTransfers(BlockingGroup[ImgGroup]):
    """What the image group has besides its commands."""

    def upload(
        self, data: Source, *, progress: Watch = None, **options: Any
    ) -> messages.ImgUploadResponse:
        """Uploads an image; options as in :meth:`pysmp.Device.img.upload`.

        Args:
            data: bytes, the path of a file, or an open binary file
            progress: called with each :class:`~pysmp.Progress`; what it raises ends the transfer
            options: image, upgrade, window, chunk, first_chunk_timeout, stall_timeout
        """
        result: messages.ImgUploadResponse = self._run(
            _start(lambda: self._group.upload(data, **options), progress)
        )
        return result


class BlockingFsTransfers(BlockingGroup[FsGroup]):
    """What the file system group has besides its commands."""

    def upload(
        self, name: str, data: Source, *, progress: Watch = None, **options: Any
    ) -> messages.FsUploadResponse:
        """Uploads a file.

        Args:
            name: path on the device
            data: bytes, the path of a file, or an open binary file
            progress: called with each :class:`~pysmp.Progress`; what it raises ends the transfer
            options: resume, window, chunk, first_chunk_timeout, stall_timeout
        """
        result: messages.FsUploadResponse = self._run(
            _start(lambda: self._group.upload(name, data, **options), progress)
        )
        return result

    def download(self, name: str, *, progress: Watch = None, **options: Any) -> bytes:
        """Downloads a file into memory.

        Args:
            name: path on the device
            progress: called with each :class:`~pysmp.Progress`; what it raises ends the transfer
            options: window, stall_timeout
        """
        result: bytes = self._run(_start(lambda: self._group.download(name, **options), progress))
        return result

    def download_to(self, name: str, sink: Sink, *, progress: Watch = None, **options: Any) -> int:
        """Downloads a file into a file; returns the number of bytes stored.

        Args:
            name: path on the device
            sink: the path of a file, or an open binary file that can seek
            progress: called with each :class:`~pysmp.Progress`; what it raises ends the transfer
            options: have, window, stall_timeout
        """
        result: int = self._run(
            _start(lambda: self._group.download_to(name, sink, **options), progress)
        )
        return result


class Questions:
    """What an update asks, in a loop that stands still while somebody thinks about it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[UpdateReport, asyncio.Future[Verdict]] | None]
        self._queue = asyncio.Queue()
        self.update: asyncio.Future[UpdateReport] | None = None

    async def ask(self, report: UpdateReport) -> Verdict:
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        await self._queue.put((report, verdict))
        return await verdict

    async def next(self) -> tuple[UpdateReport, asyncio.Future[Verdict]] | None:
        """The next question; None: no more."""
        return await self._queue.get()

    async def watch(
        self, make: Callable[[Questions], Update], watch: Callable[[UpdateProgress], object] | None
    ) -> None:
        async def whole() -> UpdateReport:
            try:
                return await _start(lambda: make(self), watch)
            finally:
                await self._queue.put(None)

        self.update = asyncio.ensure_future(whole())

    async def end(self) -> UpdateReport:
        assert self.update is not None
        return await self.update

    async def stop(self) -> None:
        assert self.update is not None
        self.update.cancel()
        await asyncio.gather(self.update, return_exceptions=True)


async def _questions() -> Questions:
    return Questions()


def run_update(
    runner: Runner,
    make: Callable[[Questions], Update],
    watch: Callable[[UpdateProgress], object] | None,
    decide: Callable[[UpdateReport], Verdict] | None,
) -> UpdateReport:
    """An update whose decision is made outside of the loop, so that it can use the device."""
    questions = runner._run(_questions())
    runner._run(questions.watch(make, watch))
    try:
        while (question := runner._run(questions.next())) is not None:
            report, verdict = question
            try:
                assert decide is not None
                verdict.set_result(decide(report))
            except Exception as cause:
                verdict.set_exception(cause)
        return runner._run(questions.end())
    except BaseException:
        runner._run(questions.stop())
        raise
