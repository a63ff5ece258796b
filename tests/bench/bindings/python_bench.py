# SPDX-License-Identifier: Apache-2.0
"""What c_bench.c does, in Python: same arguments, same output.

python_bench.py cpu ADDRESS BYTES         seconds of this process's CPU time for an upload
python_bench.py smpclient ADDRESS BYTES   the same with smpclient, as its users have it
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pysmp
from pysmp import commands, messages

STATE = messages.ImgStateResponse(
    [
        messages.ImgImage(
            0, "1.4.2", hash=b"\x11" * 32, bootable=True, confirmed=True, active=True
        ),
        messages.ImgImage(1, "1.5.0", hash=b"\x22" * 32, bootable=True, pending=True),
    ],
    split_status=0,
)


@contextlib.asynccontextmanager
async def connect(what: str, arguments: list[str]) -> AsyncIterator[pysmp.Device]:
    """A device in this process, or the one at that address."""
    async with contextlib.AsyncExitStack() as stack:
        url = f"udp://{arguments[0]}"
        if what in ("echo", "state"):
            url = "loopback:bench"
            server = pysmp.Server(url)
            server.handle(commands.OS_ECHO, lambda q: messages.OsEchoResponse(q.text))
            server.handle(commands.IMG_STATE_READ, lambda _: STATE)
            await stack.enter_async_context(server)
        yield await stack.enter_async_context(pysmp.connect(url))


async def sequence(count: int, call: Callable[[], Awaitable[Any]]) -> float:
    """Microseconds for each call, one after the other."""
    began = time.perf_counter()
    for _ in range(count):
        await call()
    return (time.perf_counter() - began) / count * 1e6


def image(size: int) -> bytes:
    """No device has it already; as much of a header as one looks at."""
    header = struct.pack("<IIHHII8s", 0x96F3B83D, 0, 512, 0, size - 1024, 0, b"\x09")
    return header + random.randbytes(size - len(header))


async def smpclient(address: str, data: bytes) -> None:
    from smpclient import SMPClient
    from smpclient.transport.udp import SMPUDPTransport

    host, port = address.split(":")
    transport: Any = SMPUDPTransport()
    connect_udp = transport.connect
    transport.connect = lambda *a: connect_udp(*a, port=int(port))
    async with SMPClient(transport, host) as client:
        async for _ in client.upload(data):
            pass


async def main() -> float:
    what, *arguments = sys.argv[1:]
    number = int(arguments[-1])
    if what == "smpclient":
        data = image(number)
        began = time.process_time()
        await smpclient(arguments[0], data)
        return time.process_time() - began
    async with connect(what, arguments) as device:
        if what == "state":
            return await sequence(number, device.img.state_read)
        if what not in ("upload", "cpu"):
            return await sequence(number, lambda: device.os.echo("hello"))
        data = image(number)
        clock = time.process_time if what == "cpu" else time.perf_counter
        began = clock()
        await device.img.upload(data)
        return clock() - began


print(f"{asyncio.run(main()):.3f}")
