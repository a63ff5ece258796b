# SPDX-License-Identifier: Apache-2.0
"""Where data to send come from, and where received data go."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tempfile
from collections.abc import AsyncIterable
from typing import Any, BinaryIO, Callable, Optional, Union

from ._smp import ffi, lib
from ._values import Data
from .errors import InvalidError

Source = Union[Data, str, "os.PathLike[str]", BinaryIO, AsyncIterable[bytes]]
"""Data to send: bytes, the path of a file, an open binary file, or a stream of bytes."""

Sink = Union[str, "os.PathLike[str]", BinaryIO]
"""Where received data go: the path of a file, or an open binary file."""

Read = Optional[Callable[[int, int], bytes]]
Write = Optional[Callable[[int, bytes], None]]


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


class Opened:
    """A source, ready: memory, or a file that may have to be closed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._close: BinaryIO | None = None
        self.data: Any = ffi.NULL
        self.pulled: _Pulled | None = None
        self.length = 0

    async def __aenter__(self) -> Opened:
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

    async def whole(self) -> Any:
        """All of it, in memory that stands still."""
        if self.pulled is None:
            return self.data
        loop = asyncio.get_running_loop()
        data = await loop.run_in_executor(None, self.pulled.read, 0, self.length)
        return ffi.from_buffer("uint8_t[]", data)

    @property
    def mode(self) -> int:
        return int(lib.SHIM_PULL if self.pulled else lib.SHIM_BORROW)

    @property
    def read(self) -> Read:
        return self.pulled.read if self.pulled else None


# ---- sinks ----


class File:
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


class Memory:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, offset: int, data: bytes) -> None:
        missing = offset + len(data) - len(self.data)
        if missing > 0:
            self.data.extend(bytes(missing))
        self.data[offset : offset + len(data)] = data
