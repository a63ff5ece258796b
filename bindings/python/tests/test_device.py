# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import logging
import os
from typing import Any, Callable

import pysmp
import pytest
from conftest import descriptors, pair
from pysmp import commands, messages


async def test_echo() -> None:
    async with pair() as (device, _):
        assert (await device.os.echo("hello")).text == "hello"
        assert (await device.os.echo("")).text == ""
        assert (await device.os.echo("äöü ☃")).text == "äöü ☃"


async def test_connect_may_be_awaited() -> None:
    async with pysmp.Server("loopback:x") as server:
        server.handle(commands.OS_ECHO, lambda q: messages.OsEchoResponse(q.text))
        device = await pysmp.connect("loopback:x")
        assert device.url == "loopback:x"
        assert device.is_up
        assert (await device.os.echo("x")).text == "x"
        await device.close()
        await device.close()
        assert not device.is_up


async def test_everything_is_given_back() -> None:
    async with pair() as (device, _):
        await device.os.echo("x")
    before = descriptors()
    for _ in range(20):
        async with pair() as (device, _):
            await device.os.echo("x")
    assert descriptors() == before


async def test_a_command_by_its_name() -> None:
    async with pair() as (device, _):
        request = messages.OsEchoRequest("by name")
        assert (await device.call(commands.OS_ECHO, request)).text == "by name"


async def test_a_raw_request() -> None:
    async with pair() as (device, _):
        answer = await device.request(0, 0, pysmp.Op.WRITE, b"\xa1\x61d\x62ok")
        assert answer.payload == b"\xa1\x61r\x62ok"
        assert (answer.group, answer.id, answer.op) == (0, 0, pysmp.Op.WRITE_RSP)
        with pytest.raises(ValueError, match="9"):
            await device.request(0, 0, 9)
        with pytest.raises(pysmp.InvalidError):
            await device.request(0, 0, pysmp.Op.WRITE_RSP)


async def test_many_at_once() -> None:
    async with pair() as (device, _):
        texts = [str(i) for i in range(2000)]
        answers = await asyncio.gather(*(device.os.echo(text) for text in texts))
        assert [a.text for a in answers] == texts
        assert device.window >= 1
        assert device.max_packet > 0
        stats = device.stats()
        assert stats.answered >= 2000
        assert stats.lost == 0


async def test_a_cancelled_task_cancels_its_request() -> None:
    never = asyncio.Event()

    async def wait(request: messages.OsEchoRequest) -> messages.OsEchoResponse:
        await never.wait()
        raise AssertionError

    async with pair({commands.OS_ECHO: wait}) as (device, _):
        task = asyncio.ensure_future(device.os.echo("x"))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(device.os.echo("y"), 0.05)


async def test_drain_lets_all_end() -> None:
    async with pair() as (device, _):
        work = [asyncio.ensure_future(device.os.echo(str(i))) for i in range(200)]
        await asyncio.sleep(0)
        await device.drain()
        assert all(task.done() for task in work)
        assert [task.result().text for task in work] == [str(i) for i in range(200)]
        with pytest.raises(pysmp.LinkError):
            await device.os.echo("late")


async def test_close_ends_what_is_under_way() -> None:
    async with pair({commands.OS_ECHO: lambda q: asyncio.sleep(60)}) as (device, _):
        work = [asyncio.ensure_future(device.os.echo(str(i))) for i in range(200)]
        await asyncio.sleep(0.01)
        await device.close()
        for task in work:
            with pytest.raises(pysmp.LinkError):
                await task


async def test_names_are_resolved(smp_simulator: Any) -> None:
    url = smp_simulator().url.replace("127.0.0.1", "localhost")
    async with pysmp.connect(url) as device:
        assert (await device.os.echo("x")).text == "x"
    with pytest.raises(pysmp.NotFoundError):
        await pysmp.connect("udp://no-such-name.invalid")


@pytest.mark.parametrize(
    "url", ["udp://", "udp://[::1", "udp://1.2.3.4:0", "udp://1.2.3.4:99999", "serial:///?x=1"]
)
async def test_bad_urls(url: str) -> None:
    before = descriptors()
    with pytest.raises(pysmp.SmpError):
        await pysmp.connect(url)
    assert descriptors() == before


async def test_unknown_transports_are_named() -> None:
    with pytest.raises(pysmp.UnsupportedError, match="morse://x"):
        await pysmp.connect("morse://x")


async def test_options_that_cannot_be() -> None:
    for options in ({"timeout": -1}, {"timeout": 0}, {"stall_timeout": float("nan")}):
        with pytest.raises(pysmp.InvalidError):
            pysmp.connect("loopback:x", **options)
    with pytest.raises(OverflowError):
        pysmp.connect("loopback:x", tries=-1)
    with pytest.raises(TypeError):
        pysmp.connect("loopback:x", window="two")  # type: ignore[arg-type]


async def test_the_log_goes_to_logging(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "pysmp"):
        async with pair() as (device, _):
            await device.os.echo("look at me")
    assert any("look at me" in record.getMessage() for record in caplog.records)


async def test_ports_can_be_listed() -> None:
    assert isinstance(pysmp.ports(), list)
    assert pysmp.Port("/dev/x").url == "serial:///dev/x"


async def test_a_serial_line() -> None:
    async with pysmp.Server("pty:") as server:
        server.handle(commands.OS_ECHO, lambda q: messages.OsEchoResponse(q.text))
        assert server.url.startswith("serial:///dev/")
        async with pysmp.connect(server.url) as device:
            assert (await device.os.echo("by wire")).text == "by wire"
            device.reopen()


async def test_a_thousand_devices_and_ten_thousand_requests() -> None:
    server = pysmp.Server("udp://127.0.0.1:0", buf_count=64)
    server.handle(commands.OS_ECHO, lambda q: messages.OsEchoResponse(q.text))
    async with server:
        devices = [await pysmp.connect(server.url, tries=20) for _ in range(300)]
        for _ in range(700):  # they need no descriptor
            devices.append(await pysmp.connect(f"loopback:{len(devices)}"))
        some = devices[:300]
        for at in range(0, len(some), 50):
            asked = some[at : at + 50]
            answers = await asyncio.gather(*(d.os.echo(str(i)) for i, d in enumerate(asked)))
            assert [a.text for a in answers] == [str(i) for i in range(50)]
        for device in devices:
            await device.close()
    async with pair(timeout=60) as (device, _):
        answers = await asyncio.gather(*(device.os.echo(str(i)) for i in range(10_000)))
        assert [a.text for a in answers] == [str(i) for i in range(10_000)]


async def until(condition: Callable[[], object]) -> None:
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come")


async def test_text_on_a_serial_line(lost: list[Any]) -> None:
    def fails(_: bytes) -> None:
        raise ZeroDivisionError

    far, near = os.openpty()
    os.set_blocking(far, False)
    async with pysmp.connect(f"serial://{os.ttyname(near)}") as device:
        heard: list[bytes] = []
        device.on_console(fails)
        device.on_console(heard.append)
        os.write(far, b"uart:~$ \r\n")
        await until(lambda: b"uart:~$" in b"".join(heard))
        device.print("help\n")
        await asyncio.sleep(0.05)
        assert b"help" in os.read(far, 100)
    os.close(near)
    os.close(far)
    assert {type(c["exception"]) for c in lost} == {ZeroDivisionError}
    lost.clear()


def test_the_library_says_its_version() -> None:
    assert pysmp.library_version.count(".") == 2
