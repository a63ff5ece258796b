# SPDX-License-Identifier: Apache-2.0
"""Images and files, sent and received."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from . import commands, messages
from ._data import File, Memory, Opened, Read, Sink, Source, Write
from ._operation import Operation, milliseconds
from ._smp import ffi, lib
from .enums import Phase
from .errors import TransferError, check

if TYPE_CHECKING:
    from ._group import Caller

R = TypeVar("R")


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


class Transfer(Operation[R, Progress]):
    """A transfer that is under way."""

    def __init__(self, caller: Caller, run: Callable[[Transfer[R]], Awaitable[R]]) -> None:
        self._begin = run
        self._paused = False
        self._read: Read = None
        self._write: Write = None
        super().__init__(caller)

    async def _run(self) -> R:
        try:
            return await self._begin(self)
        except TransferError as error:
            if self._cause is not None:
                raise error from self._cause
            raise

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

    # ---- for those who make one ----

    async def follow(self, handle: int, load: Callable[[Any], R], read: Read, write: Write) -> R:
        """Waits for the end of what C calls a transfer."""
        self._read, self._write = read, write
        waiting = self._follow(handle, load)
        if self._paused and handle > 0:
            check(lib.shim_transfer_pause(self._hub.enter(), handle))
        return await waiting

    def _on_event(self, event: Any) -> None:
        if event.kind == lib.SHIM_PROGRESS:
            self._tell(_progress(event.progress), replace=True)
        elif event.kind == lib.SHIM_READ and self._read is not None:
            self._help(self._fetch(self._read, event.offset, event.len))
        elif event.kind == lib.SHIM_WRITE and self._write is not None:
            self._store(self._write, event)

    def fail(self, cause: BaseException) -> None:
        """The source or sink raised: that becomes the cause of the transfer's error."""
        self._cause = self._cause or cause
        if not self._hub.closed:
            lib.shim_transfer_fail(self._hub.shim, self._handle)

    async def _fetch(self, read: Callable[[int, int], bytes], offset: int, length: int) -> None:
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
            async with Opened(data) as source:
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
            async with Opened(data) as source:
                handle = lib.shim_fs_upload(
                    hub.enter(), session, name.encode(), source.data, source.length, source.mode,
                    options,
                )  # fmt: skip
                done = commands.FS_UPLOAD_CHUNK.done
                return await transfer.follow(handle, done, source.read, None)

        return Transfer(self._caller, run)

    def _download(self, name: str, have: int, window: int, stall: float | None) -> int:
        hub, session = self._caller.session()
        options = ffi.new("struct smp_transfer_options *")
        _fill(options, window, 0, None, stall)
        options.resume = have
        handle: int = lib.shim_fs_download(hub.enter(), session, name.encode(), options)
        return handle

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
            memory = Memory()
            handle = self._download(name, 0, window, stall_timeout)
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
            file = File(sink)
            try:
                handle = self._download(name, have, window, stall_timeout)
                return await transfer.follow(handle, lambda _: file.stored, None, file.write)
            finally:
                file.close()

        return Transfer(self._caller, run)
