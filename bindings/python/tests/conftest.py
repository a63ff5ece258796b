# SPDX-License-Identifier: Apache-2.0
"""Tests that are coroutines run in asyncio's loop, and in uvloop's where that is installed."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import inspect
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Callable

import pysmp
import pytest
from pysmp import commands, messages

try:
    import uvloop
except ImportError:
    uvloop = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests/data"
NEW_IMAGE = DATA / "app-1.1.0.signed.bin"
OLD_IMAGE = DATA / "app-1.0.0.signed.bin"

# tests/steps/python_binding.sh runs the tests a second time with AddressSanitizer.
SANITIZED = "libasan" in os.environ.get("LD_PRELOAD", "")

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
if uvloop is not None:
    LOOPS["uvloop"] = uvloop.new_event_loop


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if inspect.iscoroutinefunction(metafunc.function):
        metafunc.fixturenames.append("loop_kind")
        metafunc.parametrize("loop_kind", list(LOOPS))


def run(work: Any, kind: str = "asyncio", within: float = 60) -> Any:
    """Runs one coroutine; what goes to the loop's exception handler fails the test."""
    loop = LOOPS[kind]()
    lost: list[Any] = []
    loop.set_exception_handler(lambda _, context: lost.append(context))
    try:
        result = loop.run_until_complete(asyncio.wait_for(work(lost), within))
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
    gc.collect()
    assert not lost, lost
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Looks for leaks.  Not at the process's end: threads that are just ending crash the search."""
    if SANITIZED:
        gc.collect()
        time.sleep(0.5)
        if ctypes.CDLL(None).__lsan_do_recoverable_leak_check():
            session.exitstatus = 1


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    given = {k: v for k, v in pyfuncitem.funcargs.items() if k in wanted}

    async def work(lost: list[Any]) -> None:
        if "lost" in wanted:
            given["lost"] = lost
        await pyfuncitem.obj(**given)

    run(work, str(pyfuncitem.callspec.params["loop_kind"]))
    return True


@pytest.fixture
def lost() -> list[Any]:
    """What went to the loop's exception handler: clear it where that is expected."""
    return []


def echo(request: messages.OsEchoRequest) -> messages.OsEchoResponse:
    return messages.OsEchoResponse(request.text)


@contextlib.asynccontextmanager
async def pair(
    handlers: dict[Any, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[pysmp.Device, pysmp.Server]]:
    """A device and a server, joined in memory."""
    groups = options.pop("groups", ())
    server = pysmp.Server("loopback:test", buf_count=options.pop("buf_count", 4), groups=groups)
    server.handle(commands.OS_ECHO, echo)
    for command, handler in (handlers or {}).items():
        server.handle(command, handler)
    async with server, pysmp.connect("loopback:test", groups=groups, **options) as device:
        yield device, server


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))
