# SPDX-License-Identifier: Apache-2.0
"""What must give an error of Python, or nothing, and never a crash."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import random
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pysmp
import pytest
from conftest import LOOPS, NEW_IMAGE, OLD_IMAGE, SANITIZED, echo, pair, run
from pysmp import blocking, commands, messages

BLOB = bytes(100_000)


@pytest.mark.parametrize(
    "call",
    [
        lambda d: d.os.echo(5),
        lambda d: d.os.echo(None),
        lambda d: d.os.echo(b"bytes"),
        lambda d: d.os.reset(force="yes"),
        lambda d: d.os.reset(boot_mode="x"),
        lambda d: d.img.state_write(hash="text"),
        lambda d: d.img.state_write(confirm=1),
        lambda d: d.shell.exec("a string"),
        lambda d: d.shell.exec([1]),
        lambda d: d.shell.exec(5),
        lambda d: d.enum.details(groups=["x"]),
        lambda d: d.log.append([]),
        lambda d: d.log.append({5: "x"}),
        lambda d: d.log.append({"x": object()}),
        lambda d: d.settings.write("x", 1.5),
        lambda d: d.call(commands.OS_ECHO, messages.OsParamsResponse(1, 2)),
        lambda d: d.call(commands.OS_ECHO, "x"),
        lambda d: d.request(0, 0, 0, "text"),
        lambda d: d.request("x", 0, 0),
        lambda d: d.fs.upload(5, b"x")._wait(),
        lambda d: d.fs.download_to("x", 5)._wait(),
    ],
)
async def test_wrong_types(call: Any) -> None:
    async with pair() as (device, _):
        with pytest.raises((TypeError, AttributeError)):
            await call(device)
        assert (await device.os.echo("x")).text == "x"


@pytest.mark.parametrize(
    "call",
    [
        lambda d: d.os.reset(boot_mode=256),
        lambda d: d.os.reset(boot_mode=-1),
        lambda d: d.enum.details(groups=[65536]),
        lambda d: d.img.erase(slot=2**32),
        lambda d: d.request(65536, 0, 0),
        lambda d: d.request(0, 256, 0),
        lambda d: d.settings.write("x", 2**64),
        lambda d: d.log.show(ts=-(2**63) - 1),
    ],
)
async def test_numbers_that_do_not_fit(call: Any) -> None:
    async with pair() as (device, _):
        with pytest.raises(OverflowError):
            await call(device)


async def test_everything_after_close() -> None:
    async with pair() as (device, _):
        await device.close()
        calls: list[Any] = [
            lambda: device.os.echo("x"),
            lambda: device.request(0, 0, 0),
            lambda: device.call(commands.OS_PARAMS),
            lambda: device.drain(),
            lambda: device.img.upload(b"x")._wait(),
            lambda: device.fs.download("x")._wait(),
        ]
        for call in calls:
            with pytest.raises(pysmp.LinkError):
                await call()
        for name in ("window", "max_packet"):
            with pytest.raises(pysmp.LinkError):
                getattr(device, name)
        for function in (device.stats, device.reopen, lambda: device.print("x")):
            with pytest.raises(pysmp.LinkError):
                function()
        assert "closed" in repr(device)


def test_another_loop() -> None:
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()

    async def connect() -> pysmp.Device:
        return await pysmp.connect("loopback:x")

    device = first.run_until_complete(connect())
    with pytest.raises(RuntimeError, match="another event loop"):
        second.run_until_complete(device.os.echo("x"))
    with pytest.raises(RuntimeError, match="another event loop"):
        second.run_until_complete(device.close())
    first.run_until_complete(device.close())
    first.close()
    second.close()


def test_another_thread() -> None:
    async def main() -> None:
        async with pair() as (device, _):

            def work() -> None:
                with pytest.raises(RuntimeError):
                    asyncio.run(device.os.echo("x"))

            await asyncio.get_running_loop().run_in_executor(None, work)

    asyncio.run(main())


def test_a_loop_that_is_closed() -> None:
    loop = asyncio.new_event_loop()

    async def connect() -> pysmp.Device:
        return await pysmp.connect("loopback:x")

    device = loop.run_until_complete(connect())
    loop.close()
    with pytest.raises(RuntimeError):
        asyncio.run(device.close())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del device, loop
        gc.collect()


def test_what_nobody_closes_is_warned_of() -> None:
    async def main() -> None:
        device = await pysmp.connect("loopback:x")
        with pytest.warns(ResourceWarning, match="loopback:x"):
            del device
            gc.collect()
        await asyncio.sleep(0)

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_garbage_at_any_time() -> None:
    """Objects are dropped in the middle of everything."""
    chance = random.Random(1)
    gc.set_threshold(1)
    try:
        for _ in range(30):
            server = pysmp.Server("loopback:gc")
            server.handle(commands.OS_ECHO, echo)
            await server.start()
            device = await pysmp.connect("loopback:gc", timeout=0.2, tries=1)
            work: list[asyncio.Future[Any]]
            work = [asyncio.ensure_future(device.os.echo(str(i))) for i in range(20)]
            work.append(asyncio.ensure_future(device.img.upload(BLOB)._wait()))
            for _ in range(chance.randrange(5)):
                await asyncio.sleep(0)
            del device
            for task in work[: chance.randrange(20)]:
                task.cancel()
            gc.collect()
            await server.close()
            await asyncio.gather(*work, return_exceptions=True)
            del work
    finally:
        gc.set_threshold(700)


async def test_exceptions_in_callbacks_are_not_lost(lost: list[Any]) -> None:
    class Silent(pysmp.Transport):
        async def send(self, packet: bytes, peer: bytes) -> None:
            pass

    def fails(_: object) -> None:
        raise ZeroDivisionError

    transport = Silent()
    async with pysmp.connect(transport) as device:
        device.on_link(fails)
        transport.down()
        await asyncio.sleep(0.01)
        transport.up()
        await asyncio.sleep(0.01)
    assert [type(c["exception"]) for c in lost] == [ZeroDivisionError] * 2
    lost.clear()


async def test_what_reset_raises_is_not_lost(lost: list[Any]) -> None:
    class Bad(pysmp.Transport):
        stream = True

        async def send(self, packet: bytes, peer: bytes) -> None:
            pass

        def reset(self) -> None:
            raise ZeroDivisionError

    async with pysmp.connect(Bad(), timeout=0.02, tries=1) as device:
        with pytest.raises(pysmp.TimeoutError):
            await device.os.echo("x")
    assert {type(c["exception"]) for c in lost} <= {ZeroDivisionError}
    lost.clear()


async def test_a_task_group() -> None:
    if not hasattr(asyncio, "TaskGroup"):
        pytest.skip("Python 3.11 and newer")
    async with pair() as (device, _):
        with pytest.raises(BaseException) as caught:  # noqa: PT011 an ExceptionGroup, since 3.11
            async with asyncio.TaskGroup() as group:
                for _ in range(50):
                    group.create_task(device.os.echo("x"))
                group.create_task(device.os.task_stats())
        assert isinstance(caught.value.exceptions[0], pysmp.DeviceError)  # type: ignore[attr-defined]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(device.os.echo(str(i))) for i in range(50)]
        assert [t.result().text for t in tasks] == [str(i) for i in range(50)]


def test_tasks_that_begin_at_once(smp_simulator: Any) -> None:
    """Python 3.12 can run a task's first steps where it is made: in the middle of our events."""
    at_once = getattr(asyncio, "eager_task_factory", None)
    if at_once is None:
        pytest.skip("Python 3.12 and newer")

    async def work(_: object) -> None:
        async with pysmp.connect(smp_simulator("--boot-time=50", image=OLD_IMAGE).url) as device:
            asyncio.get_running_loop().set_task_factory(at_once)

            async def healthy(_: object) -> bool:
                return (await device.os.echo("x")).text == "x"

            texts = await asyncio.gather(*(device.os.echo(str(i)) for i in range(50)))
            assert [x.text for x in texts] == [str(i) for i in range(50)]
            await device.fs.upload("/lfs/x", io.BytesIO(BLOB))
            assert await device.fs.download("/lfs/x") == BLOB
            report = await device.update(NEW_IMAGE, decide=healthy)
            assert report.state == pysmp.UpdateState.CONFIRMED

    run(work)


def test_threads_with_a_loop_each(smp_simulator: Any) -> None:
    urls = [smp_simulator().url for _ in range(2)]
    results: list[int] = []

    def work(number: int) -> None:
        kind = list(LOOPS)[number % len(LOOPS)]

        async def main() -> int:
            async with pysmp.connect(urls[number % 2]) as device, pair() as (near, _):
                for i in range(100):
                    text = f"{number}-{i}"
                    assert (await device.os.echo(text)).text == text
                    assert (await near.os.echo(text)).text == text
                return 1

        loop = LOOPS[kind]()
        results.append(loop.run_until_complete(main()))
        loop.close()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1] * 6


def run_python(source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", source, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent,
    )


SHUTDOWN = """
import asyncio, sys, pysmp
async def main():
    device = await pysmp.connect("udp://127.0.0.1:9", tries=100)
    server = pysmp.Server("loopback:x")
    server.handle(pysmp.commands.OS_ECHO, lambda q: asyncio.sleep(60))
    await server.start()
    near = await pysmp.connect("loopback:x")
    keep.extend([device, server, near])
    keep.extend(asyncio.ensure_future(near.os.echo("x")) for i in range(20))
    keep.append(near.img.upload(bytes(100000)))
    await asyncio.sleep(0.02)
keep = []
how = sys.argv[1]
if how == "run":
    asyncio.run(main())
elif how == "loop":
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
elif how == "exit":
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    sys.exit(0)
elif how == "thread":
    import threading
    def work():
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        loop.run_forever()
    threading.Thread(target=work, daemon=True).start()
    import time
    time.sleep(0.3)
"""


@pytest.mark.parametrize("how", ["run", "loop", "exit", "thread"])
def test_shutdown_with_requests_under_way(how: str) -> None:
    done = run_python(SHUTDOWN, how)
    assert done.returncode == 0, done.stderr
    assert "Fatal" not in done.stderr


FORK = """
import asyncio, os, pysmp
async def connect():
    server = pysmp.Server("loopback:x")
    server.handle(pysmp.commands.OS_ECHO, lambda q: pysmp.messages.OsEchoResponse(q.text))
    await server.start()
    return server, await pysmp.connect("loopback:x", timeout=1)
async def child(device):
    for call in (lambda: device.os.echo("x"), lambda: device.close()):
        try:
            await call()
        except (RuntimeError, pysmp.SmpError):
            continue
        return 1
    server, own = await connect()
    return 0 if (await own.os.echo("child")).text == "child" else 2
loop = asyncio.new_event_loop()
server, device = loop.run_until_complete(connect())
pid = os.fork()
if pid == 0:
    code = asyncio.new_event_loop().run_until_complete(child(device))
    del server, device
    os._exit(code)
assert os.waitpid(pid, 0)[1] == 0
assert loop.run_until_complete(device.os.echo("parent")).text == "parent"
loop.run_until_complete(device.close())
loop.run_until_complete(server.close())
loop.close()
print("fine")
"""


def test_fork() -> None:
    done = run_python(FORK)
    assert done.stdout == "fine\n", done.stderr


def test_ctrl_c_in_a_blocking_call(smp_simulator: Any) -> None:
    source = f"""
import os, signal, threading, pysmp
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in background
device = pysmp.blocking.connect({smp_simulator("--work-us=3000000").url!r})
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    device.os.echo("x")
except KeyboardInterrupt:
    print("interrupted")
device.close()
"""
    done = run_python(source)
    assert done.stdout == "interrupted\n", done.stderr


async def test_hostile_packets() -> None:
    """Whatever comes in: an error, or silence."""
    chance = random.Random(2)

    class Noise(pysmp.Transport):
        async def send(self, packet: bytes, peer: bytes) -> None:
            for _ in range(3):
                answer = bytearray(packet)
                answer[0] |= 1
                answer += chance.randbytes(chance.randrange(40))
                answer[2:4] = (len(answer) - 8).to_bytes(2, "big")
                for _ in range(chance.randrange(4)):
                    answer[chance.randrange(8, len(answer))] = chance.randrange(256)
                self.received(bytes(answer))

    async with pysmp.connect(Noise(), timeout=0.01, tries=1, params=False) as device:
        for i in range(200):
            calls = [device.os.echo("x"), device.img.state_read(), device.os.task_stats()]
            for call in calls:
                try:
                    await call
                except pysmp.SmpError:
                    continue
            if i % 50 == 0:
                await asyncio.sleep(0)


def resident() -> int:
    if SANITIZED:
        return 0  # nothing is used twice there, and what leaks is seen at the end
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_no_leak_in_100_000_requests() -> None:
    async def main() -> None:
        async with pair() as (device, _):

            async def some(n: int) -> None:
                for _ in range(n // 50):
                    await asyncio.gather(*(device.os.echo("x" * 50) for _ in range(50)))

            await some(20_000)
            gc.collect()
            before, objects = resident(), len(gc.get_objects())
            await some(100_000)
            gc.collect()
            assert len(gc.get_objects()) - objects < 500
            assert resident() - before < 3_000_000

    asyncio.run(main())


def test_no_leak_of_devices() -> None:
    async def some(n: int) -> None:
        for _ in range(n):
            async with pair({commands.IMG_STATE_READ: _refuse}) as (device, _):
                await device.os.echo("x")
                with pytest.raises(pysmp.DeviceError):
                    await device.img.state_read()

    asyncio.run(some(200))
    gc.collect()
    before, objects = resident(), len(gc.get_objects())
    asyncio.run(some(1000))
    gc.collect()
    assert len(gc.get_objects()) - objects < 500
    assert resident() - before < 3_000_000


def _refuse(_: object) -> messages.ImgStateResponse:
    raise pysmp.Refuse(pysmp.Rc.BUSY, "x")


def test_blocking_devices_are_garbage_too() -> None:
    device = blocking.connect("loopback:x")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del device
        gc.collect()
