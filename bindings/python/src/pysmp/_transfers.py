# SPDX-License-Identifier: Apache-2.0
"""Images and files, sent and received."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, Generic, Optional, TypeVar, Union

from . import commands, messages
from ._smp import ffi, lib
from ._values import Data
from .enums import Phase
from .errors import Cancelled, InvalidError, TransferError, check

if TYPE_CHECKING:
    from ._group import Caller
    from ._hub import Hub

R = TypeVar("R")

Source = Union[Data, str, "os.PathLike[str]", BinaryIO, AsyncIterable[bytes]]
"""Data to send: bytes, the path of a file, an open binary file, or a stream of bytes."""

Sink = Union[str, "os.PathLike[str]", BinaryIO]
"""Where received data go: the path of a file, or an open binary file."""


@dataclass
class Progress:
    """How far a transfer is."""

    phase: Phase
    done: int
    """Bytes the device has."""
    total: int
    start: int
    """Where it was taken up: bytes the device had already."""
    rate: int
    """Bytes a second, 0 while unknown."""
    left: float
    """Estimated seconds left, 0 while unknown."""
    chunk: int
    """Bytes of data in the last packet."""
    window: int
    """Packets that may be on the way."""


def _progress(p: Any) -> Progress:
    return Progress(
        Phase(p.phase), p.done, p.total, p.start, p.rate, p.left_ms / 1000, p.chunk, p.window
    )


def milliseconds(seconds: float | None, name: str) -> int:
    """For C: 0 is the default."""
    if seconds is None:
        return 0
    if not 0 < seconds < 4e6:
        raise InvalidError(f"{name}: more than 0 and less than 4 million seconds are possible")
    return max(1, round(seconds * 1000))


class Transfer(Generic[R], Awaitable[R], AsyncIterator[Progress]):
    """A transfer that is under way.

    Await it for its result, or look at its progress::

        async for progress in device.img.upload("zephyr.signed.bin"):
            print(progress.done, progress.total)

    The loop ends with the transfer, with its exception if it failed.
    """

    def __init__(self, caller: Caller, run: Callable[[Transfer[R]], Awaitable[R]]) -> None:
        self._hub, self._session = caller.session()
        self._handle = 0
        self._cancelled = False
        self._paused = False
        self._news: Progress | None = None
        self._last: Progress | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._cause: BaseException | None = None
        self._run = run
        self._reads: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[R] = asyncio.ensure_future(self._whole())
        self._task.add_done_callback(self._wake)

    async def _whole(self) -> R:
        try:
            return await self._run(self)
        except TransferError as error:
            if self._cause is not None:
                raise error from self._cause
            raise
        finally:
            for task in self._reads:
                task.cancel()

    # ---- for those who use it ----

    @property
    def progress(self) -> Progress | None:
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

    def pause(self) -> None:
        """Sends nothing more; what is on the way is still answered."""
        self._paused = True
        if self._handle:
            check(lib.shim_transfer_pause(self._hub.enter(), self._handle))

    def resume(self) -> None:
        """Goes on after :meth:`pause`."""
        self._paused = False
        if self._handle:
            check(lib.shim_transfer_continue(self._hub.enter(), self._handle))

    def __await__(self) -> Generator[Any, None, R]:
        return self._wait().__await__()

    async def _wait(self) -> R:
        try:
            return await self._task
        except asyncio.CancelledError:
            if self._cancelled and self._task.cancelled():
                raise Cancelled("cancelled", lib.SMP_ERR_CANCELLED) from None
            raise

    def __aiter__(self) -> Transfer[R]:
        return self

    async def __anext__(self) -> Progress:
        while True:
            news, self._news = self._news, None
            if news is not None:
                return news
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

    def _wake(self, _: object = None) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # ---- for those who make one ----

    async def follow(self, handle: int, load: Callable[[Any], R], read: _Read, write: _Write) -> R:
        """Waits for the end of what C calls a transfer."""
        check(handle)
        self._handle = handle

        def listen(event: Any) -> None:
            if event.kind == lib.SHIM_PROGRESS:
                self._news = self._last = _progress(event.progress)
                self._wake()
            elif event.kind == lib.SHIM_READ and read is not None:
                self._start_read(read, event.offset, event.len)
            elif event.kind == lib.SHIM_WRITE and write is not None:
                self._store(write, event)

        self._hub.listen(handle, listen)
        if self._paused:
            self.pause()
        result: R = await self._hub.wait(handle, load)
        return result

    def fail(self, cause: BaseException) -> None:
        """The source or sink raised: that becomes the cause of the transfer's error."""
        self._cause = self._cause or cause
        if not self._hub.closed:
            lib.shim_transfer_fail(self._hub.shim, self._handle)

    def _start_read(self, read: Callable[[int, int], bytes], offset: int, length: int) -> None:
        task = asyncio.ensure_future(self._read(read, offset, length))
        self._reads.add(task)
        task.add_done_callback(self._reads.discard)

    async def _read(self, read: Callable[[int, int], bytes], offset: int, length: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            data = await loop.run_in_executor(None, read, offset, length)
            if len(data) != length:
                raise EOFError(f"{len(data)} bytes where {length} were announced: did it shrink?")
        except Exception as cause:
            self.fail(cause)
            return
        if not self._hub.closed:
            lib.shim_source_data(self._hub.shim, self._handle, offset, data, length)

    def _store(self, write: Callable[[int, bytes], None], event: Any) -> None:
        try:
            write(event.offset, bytes(ffi.buffer(event.payload.data, event.payload.len)))
        except Exception as cause:
            self.fail(cause)


_Read = Optional[Callable[[int, int], bytes]]
_Write = Optional[Callable[[int, bytes], None]]


# ---- sources ----


class _Pulled:
    """A file that is read in pieces."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = file.tell()
        self.length = file.seek(0, os.SEEK_END) - self._start

    def read(self, offset: int, length: int) -> bytes:
        self._file.seek(self._start + offset)
        return self._file.read(length)

    def sha256(self) -> bytes:
        digest = hashlib.sha256()
        for offset in range(0, self.length, 65536):
            digest.update(self.read(offset, min(65536, self.length - offset)))
        return digest.digest()


async def _spool(stream: AsyncIterable[bytes]) -> BinaryIO:
    """The length has to be known first, and loss goes back: a stream is kept aside."""
    file = tempfile.SpooledTemporaryFile(max_size=4 << 20)  # noqa: SIM115 the caller's to close
    try:
        async for part in stream:
            file.write(part)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file  # type: ignore[return-value]


async def _spool_file(file: BinaryIO) -> BinaryIO:
    loop = asyncio.get_running_loop()
    return io.BytesIO(await loop.run_in_executor(None, file.read))


class _Opened:
    """A source, ready: memory, or a file that may have to be closed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._close: BinaryIO | None = None
        self.data: Any = ffi.NULL
        self.pulled: _Pulled | None = None
        self.length = 0

    async def __aenter__(self) -> _Opened:
        source = self._source
        if isinstance(source, (bytes, bytearray, memoryview)):
            self.data = ffi.from_buffer("uint8_t[]", source)
            self.length = len(self.data)
        else:
            if isinstance(source, (str, os.PathLike)):
                source = self._close = open(source, "rb")  # noqa: SIM115
            elif isinstance(source, AsyncIterable):
                source = self._close = await _spool(source)
            elif not callable(getattr(source, "read", None)):
                raise TypeError(
                    "data: bytes, a path, a binary file or a stream is needed, not "
                    + type(source).__name__
                )
            elif not source.seekable():
                source = await _spool_file(source)
            self.pulled = _Pulled(source)
            self.length = self.pulled.length
        if self.length == 0:
            await self.__aexit__()
            raise InvalidError("there is nothing to send: it is empty", lib.SMP_ERR_INVALID)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._close is not None:
            self._close.close()
            self._close = None
        if self.data:
            ffi.release(self.data)

    @property
    def mode(self) -> int:
        return int(lib.SHIM_PULL if self.pulled else lib.SHIM_BORROW)

    @property
    def read(self) -> _Read:
        return self.pulled.read if self.pulled else None


# ---- sinks ----


class _File:
    """A file that parts are written to, in whatever order they come."""

    def __init__(self, sink: Sink) -> None:
        self._own = isinstance(sink, (str, os.PathLike))
        if isinstance(sink, (str, os.PathLike)):
            self._file: BinaryIO = open(sink, "wb")  # noqa: SIM115 closed by close()
        else:
            self._file = sink
        self._start = self._file.tell()
        self.stored = 0

    def write(self, offset: int, data: bytes) -> None:
        self._file.seek(self._start + offset)
        self._file.write(data)
        self.stored += len(data)

    def close(self) -> None:
        if self._own:
            self._file.close()


class _Memory:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, offset: int, data: bytes) -> None:
        missing = offset + len(data) - len(self.data)
        if missing > 0:
            self.data.extend(bytes(missing))
        self.data[offset : offset + len(data)] = data


# ---- the methods of the groups ----


def _fill(o: Any, window: int, chunk: int, first: float | None, stall: float | None) -> None:
    o.window = window
    o.chunk = chunk
    o.first_chunk_ms = milliseconds(first, "first_chunk_timeout")
    o.stall_ms = milliseconds(stall, "stall_timeout")


class ImgTransfers:
    """What the image group has besides its commands."""

    _caller: Caller

    def upload(
        self,
        data: Source,
        *,
        image: int = 0,
        upgrade: bool = False,
        window: int = 0,
        chunk: int = 0,
        first_chunk_timeout: float | None = None,
        stall_timeout: float | None = None,
    ) -> Transfer[messages.ImgUploadResponse]:
        """Uploads an image; takes up an interrupted upload of the same bytes where it stopped.

        Args:
            data: bytes, the path of a file, an open binary file, or a stream of bytes
            image: 0 for the application
            upgrade: let the device refuse what is not newer
            window: at most so many packets on the way; 0: as many as the device has room for
            chunk: at most so many bytes of data in a packet; 0: fill it
            first_chunk_timeout: patience in seconds for the first answer, while the device erases
            stall_timeout: seconds without progress that end it
        """

        async def run(transfer: Transfer[messages.ImgUploadResponse]) -> messages.ImgUploadResponse:
            hub, session = self._caller.session()
            options = ffi.new("struct smp_img_upload_options *")
            options.image = image
            options.upgrade = upgrade
            _fill(options.transfer, window, chunk, first_chunk_timeout, stall_timeout)
            async with _Opened(data) as source:
                if source.pulled:
                    loop = asyncio.get_running_loop()
                    options.has_sha = True
                    options.sha = await loop.run_in_executor(None, source.pulled.sha256)
                handle = lib.shim_img_upload(
                    hub.enter(), session, source.data, source.length, source.mode, options
                )
                done = commands.IMG_UPLOAD_CHUNK.done
                return await transfer.follow(handle, done, source.read, None)

        return Transfer(self._caller, run)


class FsTransfers:
    """What the file system group has besides its commands."""

    _caller: Caller

    def upload(
        self,
        name: str,
        data: Source,
        *,
        resume: bool = False,
        window: int = 0,
        chunk: int = 0,
        first_chunk_timeout: float | None = None,
        stall_timeout: float | None = None,
    ) -> Transfer[messages.FsUploadResponse]:
        """Uploads a file.

        Args:
            name: path on the device
            data: bytes, the path of a file, an open binary file, or a stream of bytes
            resume: go on where the device's file ends
            window: at most so many packets on the way; 0: as many as the device has room for
            chunk: at most so many bytes of data in a packet; 0: fill it
            first_chunk_timeout: patience in seconds for the first answer
            stall_timeout: seconds without progress that end it
        """

        async def run(transfer: Transfer[messages.FsUploadResponse]) -> messages.FsUploadResponse:
            hub, session = self._caller.session()
            options = ffi.new("struct smp_transfer_options *")
            _fill(options, window, chunk, first_chunk_timeout, stall_timeout)
            options.resume = resume
            async with _Opened(data) as source:
                handle = lib.shim_fs_upload(
                    hub.enter(), session, name.encode(), source.data, source.length, source.mode,
                    options,
                )  # fmt: skip
                done = commands.FS_UPLOAD_CHUNK.done
                return await transfer.follow(handle, done, source.read, None)

        return Transfer(self._caller, run)

    def _download(
        self, name: str, write: _Write, have: int, window: int, stall: float | None
    ) -> tuple[Hub, int]:
        hub, session = self._caller.session()
        options = ffi.new("struct smp_transfer_options *")
        _fill(options, window, 0, None, stall)
        options.resume = have
        return hub, lib.shim_fs_download(hub.enter(), session, name.encode(), options)

    def download(
        self, name: str, *, window: int = 0, stall_timeout: float | None = None
    ) -> Transfer[bytes]:
        """Downloads a file into memory.

        Args:
            name: path on the device
            window: at most so many packets on the way; 0: as many as the device has room for
            stall_timeout: seconds without progress that end it
        """

        async def run(transfer: Transfer[bytes]) -> bytes:
            memory = _Memory()
            _, handle = self._download(name, memory.write, 0, window, stall_timeout)
            return await transfer.follow(handle, lambda _: bytes(memory.data), None, memory.write)

        return Transfer(self._caller, run)

    def download_to(
        self,
        name: str,
        sink: Sink,
        *,
        have: int = 0,
        window: int = 0,
        stall_timeout: float | None = None,
    ) -> Transfer[int]:
        """Downloads a file into a file; its result is the number of bytes stored.

        Args:
            name: path on the device
            sink: the path of a file, or an open binary file that can seek
            have: bytes from the beginning that are there already, to go on after them
            window: at most so many packets on the way; 0: as many as the device has room for
            stall_timeout: seconds without progress that end it
        """

        async def run(transfer: Transfer[int]) -> int:
            file = _File(sink)
            try:
                _, handle = self._download(name, file.write, have, window, stall_timeout)
                return await transfer.follow(handle, lambda _: file.stored, None, file.write)
            finally:
                file.close()

        return Transfer(self._caller, run)
