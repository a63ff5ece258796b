# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import io
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pysmp
import pytest
from conftest import NEW_IMAGE, OLD_IMAGE, pair
from pysmp import commands, messages

BLOB = random.Random(1).randbytes(200_000)


class Flash:
    """The other end of an upload."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.files: dict[str, bytearray] = {}
        self.slow: asyncio.Event | None = None

    async def write(self, request: messages.ImgUploadRequest) -> messages.ImgUploadResponse:
        if self.slow is not None and request.off > 0:
            await self.slow.wait()
        if request.off == 0:
            self.data.clear()
        if request.off == len(self.data):
            self.data += request.data or b""
        return messages.ImgUploadResponse(off=len(self.data))

    def handlers(self) -> dict[Any, Any]:
        params = messages.OsParamsResponse(buf_size=1024, buf_count=4)
        return {
            commands.IMG_UPLOAD_CHUNK: self.write,
            commands.OS_PARAMS: lambda _: params,
        }


async def stream(data: bytes, step: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), step):
        await asyncio.sleep(0)
        yield data[at : at + step]


class Pipe(io.RawIOBase):
    """A file that cannot seek."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(size)

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize(
    "kind", ["bytes", "bytearray", "view", "path", "str", "file", "pipe", "stream"]
)
async def test_sources(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "image.bin"
    path.write_bytes(BLOB)
    sources: dict[str, Any] = {
        "bytes": lambda: BLOB,
        "bytearray": lambda: bytearray(BLOB),
        "view": lambda: memoryview(BLOB),
        "path": lambda: path,
        "str": lambda: str(path),
        "file": lambda: path.open("rb"),
        "pipe": lambda: Pipe(BLOB),
        "stream": lambda: stream(BLOB),
    }
    flash = Flash()
    async with pair(flash.handlers()) as (device, _):
        source = sources[kind]()
        result = await device.img.upload(source)
        assert result.off == len(BLOB)
        assert bytes(flash.data) == BLOB
        if kind == "file":
            assert not source.closed
            source.close()


async def test_a_file_is_sent_from_where_it_stands() -> None:
    flash = Flash()
    file = io.BytesIO(BLOB)
    file.seek(150_000)
    async with pair(flash.handlers()) as (device, _):
        await device.img.upload(file)
        assert bytes(flash.data) == BLOB[150_000:]


async def test_progress() -> None:
    flash = Flash()
    async with pair(flash.handlers()) as (device, _):
        seen = [p async for p in device.img.upload(BLOB)]
        assert [p.done for p in seen] == sorted(p.done for p in seen)
        assert seen[0].phase == pysmp.Phase.STARTING
        assert seen[-1].phase == pysmp.Phase.DONE
        assert seen[-1].done == seen[-1].total == len(BLOB)
        assert bytes(flash.data) == BLOB


async def test_progress_and_then_the_result() -> None:
    flash = Flash()
    async with pair(flash.handlers()) as (device, _):
        transfer = device.img.upload(BLOB)
        async for progress in transfer:
            if progress.done > 0:
                break
        assert (await transfer).off == len(BLOB)
        assert transfer.done()
        assert transfer.progress is not None
        assert transfer.progress.done == len(BLOB)


@pytest.mark.parametrize("source", [BLOB, io.BytesIO(BLOB)], ids=["memory", "file"])
async def test_cancel(source: Any) -> None:
    flash = Flash()
    flash.slow = asyncio.Event()
    async with pair(flash.handlers()) as (device, _):
        transfer = device.img.upload(source)
        await asyncio.sleep(0.05)
        transfer.cancel()
        with pytest.raises(pysmp.Cancelled):
            await transfer
        transfer = device.img.upload(source)
        transfer.cancel()  # before it has begun
        with pytest.raises(pysmp.Cancelled):
            await transfer


async def test_a_cancelled_task_cancels_the_transfer() -> None:
    flash = Flash()
    flash.slow = asyncio.Event()
    async with pair(flash.handlers()) as (device, _):

        async def work() -> None:
            async for _ in device.img.upload(BLOB):
                pass

        for task in (
            asyncio.ensure_future(work()),
            asyncio.ensure_future(device.img.upload(BLOB)._wait()),
        ):
            await asyncio.sleep(0.03)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


async def test_pause_and_resume() -> None:
    flash = Flash()
    async with pair(flash.handlers()) as (device, _):
        transfer = device.img.upload(BLOB)
        transfer.pause()
        await asyncio.sleep(0.05)
        assert not transfer.done()
        assert not flash.data
        transfer.resume()
        await transfer
        assert bytes(flash.data) == BLOB


async def test_a_source_that_raises_is_the_cause() -> None:
    class Broken(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1) -> bytes:
            self.reads += 1
            if self.reads > 4:
                raise OSError("the disk is gone")
            return super().read(size)

    flash = Flash()
    async with pair(flash.handlers()) as (device, _):
        with pytest.raises(pysmp.TransferError) as caught:
            await device.img.upload(Broken(BLOB))
        assert isinstance(caught.value.__cause__, OSError)


async def test_a_file_that_shrinks() -> None:
    class Shrinks(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.truncate(100_000)
            return data

    flash = Flash()
    async with pair(flash.handlers()) as (device, _):
        with pytest.raises((pysmp.TransferError, EOFError)):
            await device.img.upload(Shrinks(BLOB))


async def test_a_stream_that_raises() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise RuntimeError("no more")

    async with pair() as (device, _):
        with pytest.raises(RuntimeError, match="no more"):
            await device.img.upload(broken())


@pytest.mark.parametrize("source", [b"", io.BytesIO(), "/dev/null"], ids=["bytes", "file", "path"])
async def test_nothing_to_send(source: Any) -> None:
    async with pair() as (device, _):
        with pytest.raises(pysmp.InvalidError, match="empty"):
            await device.img.upload(source)


async def test_wrong_sources() -> None:
    async with pair() as (device, _):
        for source in (5, None, ["x"], object()):
            with pytest.raises(TypeError):
                await device.img.upload(source)  # type: ignore[arg-type]
        with pytest.raises(FileNotFoundError):
            await device.img.upload("/nowhere/at/all")
        with pytest.raises(pysmp.InvalidError):
            await device.img.upload(b"x", stall_timeout=-1)


@pytest.mark.parametrize("source", [BLOB, io.BytesIO(BLOB)], ids=["memory", "file"])
async def test_closing_ends_a_transfer(source: Any) -> None:
    flash = Flash()
    flash.slow = asyncio.Event()
    async with pair(flash.handlers()) as (device, _):
        transfer = device.img.upload(source)
        await asyncio.sleep(0.03)
        await device.close()
        with pytest.raises(pysmp.LinkError):
            await transfer


async def test_files_there_and_back(smp_simulator: Any, tmp_path: Path) -> None:
    async with pysmp.connect(smp_simulator().url) as device:
        await device.fs.upload("/lfs/blob", BLOB)
        assert (await device.fs.status("/lfs/blob")).len == len(BLOB)
        assert await device.fs.download("/lfs/blob") == BLOB
        path = tmp_path / "blob"
        assert await device.fs.download_to("/lfs/blob", path) == len(BLOB)
        assert path.read_bytes() == BLOB
        file = io.BytesIO()
        seen = [p async for p in device.fs.download_to("/lfs/blob", file)]
        assert file.getvalue() == BLOB
        assert seen[-1].done == len(BLOB)
        with pytest.raises(pysmp.DeviceError):
            await device.fs.download("/lfs/nothing")


async def test_a_sink_that_raises_is_the_cause(smp_simulator: Any) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError("no space left")

    async with pysmp.connect(smp_simulator().url) as device:
        await device.fs.upload("/lfs/blob", BLOB)
        with pytest.raises(pysmp.TransferError) as caught:
            await device.fs.download_to("/lfs/blob", Full())
        assert "no space left" in str(caught.value.__cause__)


async def test_an_update(smp_simulator: Any) -> None:
    simulator = smp_simulator("--boot-time=100", image=OLD_IMAGE)
    async with pysmp.connect(simulator.url) as device:
        image = pysmp.Image.parse(NEW_IMAGE)
        await device.img.upload(NEW_IMAGE)
        state = await device.img.state_write(hash=image.hash)
        assert [i.pending for i in state.images if i.hash == image.hash] == [True]
        await device.os.reset()
        await asyncio.sleep(0.5)
        state = await device.img.state_read()
        assert state.images[0].hash == image.hash
        assert state.images[0].active
        assert not state.images[0].confirmed
        state = await device.img.state_write(confirm=True)
        assert state.images[0].confirmed


async def test_a_bad_link(smp_simulator: Any) -> None:
    simulator = smp_simulator("--drop=3", "--delay=5")
    async with pysmp.connect(simulator.url, timeout=0.5, tries=10) as device:
        data = BLOB[:60_000]
        await device.fs.upload("/lfs/x", io.BytesIO(data))
        assert await device.fs.download("/lfs/x") == data
