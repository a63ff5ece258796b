# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from typing import Any

import pysmp
import pytest
from conftest import echo, pair
from pysmp import commands, messages
from pysmp.enums import Rc


async def test_over_udp() -> None:
    server = pysmp.Server("udp://127.0.0.1:0")

    @server.handle(commands.OS_ECHO)
    async def slow_echo(request: messages.OsEchoRequest) -> messages.OsEchoResponse:
        await asyncio.sleep(0.001)
        return messages.OsEchoResponse(request.text.upper())

    async with server, pysmp.connect(server.url) as device:
        assert (await device.os.echo("hello")).text == "HELLO"


async def test_several_transports() -> None:
    server = pysmp.Server("udp://127.0.0.1:0")
    server.handle(commands.OS_ECHO, echo)
    async with server:
        second = await server.listen("udp://[::1]:0")
        for url in (server.url, second):
            async with pysmp.connect(url) as device:
                assert (await device.os.echo(url)).text == url


async def test_handlers_may_come_later() -> None:
    async with pair() as (device, server):
        with pytest.raises(pysmp.DeviceError):
            await device.os.params()
        server.handle(commands.OS_PARAMS, lambda _: messages.OsParamsResponse(512, 4))
        assert (await device.os.params()).buf_size == 512


async def test_an_answer_without_fields() -> None:
    seen: list[Any] = []
    async with pair({commands.OS_RESET: seen.append}) as (device, _):
        await device.os.reset()
        await device.os.reset(force=True)
    assert seen == [messages.OsResetRequest(), messages.OsResetRequest(force=True)]


@pytest.mark.parametrize("kind", ["function", "coroutine"])
async def test_what_a_handler_raises_is_not_lost(kind: str, lost: list[Any]) -> None:
    async def later(_: object) -> messages.OsEchoResponse:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    def now(_: object) -> messages.OsEchoResponse:
        raise ZeroDivisionError

    async with pair({commands.OS_ECHO: now if kind == "function" else later}) as (device, _):
        with pytest.raises(pysmp.DeviceError) as caught:
            await device.os.echo("x")
        assert caught.value.rc == Rc.UNKNOWN
    assert [type(c["exception"]) for c in lost] == [ZeroDivisionError]
    lost.clear()


@pytest.mark.parametrize(
    "answer",
    [None, "text", messages.OsParamsResponse(1, 1), messages.OsEchoResponse(5)],  # type: ignore[arg-type]
)
async def test_a_wrong_answer_is_not_lost(answer: Any, lost: list[Any]) -> None:
    async with pair({commands.OS_ECHO: lambda _: answer}) as (device, _):
        with pytest.raises(pysmp.DeviceError) as caught:
            await device.os.echo("x")
        assert caught.value.rc == Rc.UNKNOWN
    assert [type(c["exception"]) for c in lost] == [TypeError]
    lost.clear()


async def test_an_answer_that_does_not_fit(lost: list[Any]) -> None:
    answer = messages.OsEchoResponse("x" * 5000)
    async with pair({commands.OS_ECHO: lambda _: answer}) as (device, _):
        with pytest.raises(pysmp.DeviceError) as caught:
            await device.os.echo("x")
        assert caught.value.rc == Rc.RESPONSE_TOO_LARGE
    assert [type(c["exception"]) for c in lost] == [pysmp.TooLargeError]
    lost.clear()


async def test_closing_with_handlers_at_work() -> None:
    started = asyncio.Event()

    async def forever(_: object) -> messages.OsEchoResponse:
        started.set()
        await asyncio.sleep(3600)
        raise AssertionError

    async with pair({commands.OS_ECHO: forever}, timeout=0.2, tries=1) as (device, server):
        task = asyncio.ensure_future(device.os.echo("x"))
        await started.wait()
        await server.close()
        await server.close()
        with pytest.raises(pysmp.SmpError):
            await task


async def test_buffers_run_out() -> None:
    gate = asyncio.Event()

    async def wait(request: messages.OsEchoRequest) -> messages.OsEchoResponse:
        await gate.wait()
        return messages.OsEchoResponse(request.text)

    async with pair({commands.OS_ECHO: wait}, window=20, params=False, timeout=1, tries=5) as (
        device,
        server,
    ):
        work = [asyncio.ensure_future(device.os.echo(str(i))) for i in range(20)]
        await asyncio.sleep(0.05)
        assert server.overruns + server.starved > 0
        gate.set()
        results = await asyncio.gather(*work, return_exceptions=True)
        assert any(isinstance(r, messages.OsEchoResponse) for r in results)


async def test_a_server_that_cannot_listen() -> None:
    async with pysmp.Server("udp://127.0.0.1:0") as first:
        with pytest.raises(pysmp.ExistsError):
            await pysmp.Server(first.url).start()
    with pytest.raises(pysmp.LinkError):
        _ = first.url
    with pytest.raises(pysmp.LinkError):
        await first.listen("loopback:x")
    with pytest.raises(TypeError):
        first.handle(commands.OS_ECHO, 5)  # type: ignore[arg-type]


async def test_old_protocol() -> None:
    server = pysmp.Server("loopback:v1", v1_only=True)
    server.handle(commands.OS_ECHO, echo)
    async with server, pysmp.connect("loopback:v1") as device:
        assert (await device.os.echo("x")).text == "x"
        assert (await device.request(0, 0, 2, b"\xa1\x61d\x61x")).version == 0
