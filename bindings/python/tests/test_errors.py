# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import builtins

import pysmp
import pytest
from conftest import pair
from pysmp import Fail, Rc, Refuse, commands, messages
from pysmp.enums import Error, ImgRc


def no_image(request: object) -> messages.ImgStateResponse:
    raise Fail(ImgRc.NO_IMAGE)


def busy(request: object) -> messages.OsEchoResponse:
    raise Refuse(Rc.BUSY, "later, please")


async def test_a_groups_own_code() -> None:
    async with pair({commands.IMG_STATE_READ: no_image}) as (device, _):
        with pytest.raises(pysmp.DeviceError, match="NO_IMAGE") as caught:
            await device.img.state_read()
        error = caught.value
        assert (error.group, error.rc, error.name) == (1, ImgRc.NO_IMAGE, "NO_IMAGE")
        assert error.code == Error.ERR_DEVICE
        assert error.reason == ""


async def test_a_global_code_with_a_reason() -> None:
    async with pair({commands.OS_ECHO: busy}) as (device, _):
        with pytest.raises(pysmp.DeviceError) as caught:
            await device.os.echo("x")
        error = caught.value
        assert (error.group, error.rc) == (None, Rc.BUSY)
        assert error.reason == "later, please"
        assert error.hint
        assert "later, please" in str(error)


async def test_a_command_that_is_not_there_names_the_option() -> None:
    async with pair() as (device, _):
        with pytest.raises(pysmp.DeviceError, match="CONFIG_") as caught:
            await device.os.task_stats()
        assert caught.value.rc == Rc.NOT_SUPPORTED


async def test_what_a_refusal_has_besides() -> None:
    def refuse(request: object) -> messages.FsUploadResponse:
        raise Fail(11, messages.FsUploadResponse(len=77))

    async with pair({commands.FS_UPLOAD_CHUNK: refuse}) as (device, _):
        with pytest.raises(pysmp.DeviceError) as caught:
            await device.fs.upload_chunk(5, "/lfs/x", b"data")
        response = caught.value.response
        assert isinstance(response, messages.FsUploadResponse)
        assert response.len == 77


async def test_silence_is_a_time_out() -> None:
    async with pair(timeout=0.05, tries=1, grace=0.05) as (device, server):
        server.power(False)
        with pytest.raises(pysmp.TimeoutError) as caught:
            await device.os.echo("x")
        assert isinstance(caught.value, builtins.TimeoutError)
        server.power(True)
        assert (await device.os.echo("y")).text == "y"


async def test_nobody_listens() -> None:
    async with pysmp.connect("udp://127.0.0.1:9", timeout=1) as device:
        with pytest.raises(pysmp.Refused) as caught:
            await device.os.echo("x")
        assert isinstance(caught.value, ConnectionError)


async def test_a_request_too_large() -> None:
    async with pair() as (device, _):
        with pytest.raises(pysmp.TooLargeError):
            await device.os.echo("x" * 70000)


async def test_all_errors_have_one_base() -> None:
    for name in pysmp.__all__:
        thing = getattr(pysmp, name)
        if isinstance(thing, type) and issubclass(thing, Exception) and name.endswith("Error"):
            assert issubclass(thing, pysmp.SmpError), name


async def test_link_changes_are_told() -> None:
    class Silent(pysmp.Transport):
        async def send(self, packet: bytes, peer: bytes) -> None:
            pass

    transport = Silent()
    async with pysmp.connect(transport) as device:
        seen: list[bool] = []
        device.on_link(seen.append)
        task = asyncio.ensure_future(device.os.echo("x"))
        await asyncio.sleep(0.01)
        transport.down()
        with pytest.raises(pysmp.LinkError):
            await task
        assert not device.is_up
        transport.up()
        await asyncio.sleep(0.01)
        assert device.is_up
        assert seen == [False, True]
