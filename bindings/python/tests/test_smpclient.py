# SPDX-License-Identifier: Apache-2.0
"""Every row of docs/python-from-smpclient.md: both columns, against two devices alike."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from typing import Any

import pysmp
import pytest
from conftest import NEW_IMAGE, OLD_IMAGE, ROOT
from pysmp.testing import Simulator
from test_vectors import shape

smpclient = pytest.importorskip("smpclient", reason="smpclient is not installed")

PAGE = ROOT / "docs/python-from-smpclient.md"
ROWS = re.findall(r"^\| `(client\..*)` \| `(device\..*)` \|$", PAGE.read_text(), re.M)
DATA = bytes(range(256)) * 20
# What two devices, or two moments, do not have in common.
CHANGING = {"TaskStatisticsRead", "MemoryPoolStatisticsRead", "GroupData", "DateTimeRead"}


def requests() -> dict[str, Any]:
    package = importlib.import_module("smpclient.requests")
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(package.__path__):
        found.update(vars(importlib.import_module(f"smpclient.requests.{module.name}")))
    return found


def plain(value: Any) -> Any:
    """An answer of smpclient as `shape` has ours: by the wire's keys, without what is absent."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(by_alias=True)
    if isinstance(value, dict):
        gone = ("header", "version", "sequence", "smp_data") if "header" in value else ()
        return {k: plain(v) for k, v in value.items() if v is not None and k not in gone}
    if isinstance(value, (list, tuple)):
        return [plain(x) for x in value]
    return {"bytes": bytes(value).hex()} if isinstance(value, (bytes, bytearray)) else value


async def whole(value: Any) -> Any:
    if hasattr(value, "__aiter__"):
        last = None
        async for part in value:
            last = part
        return last
    return await value


def test_every_request_of_theirs_has_a_row() -> None:
    theirs = {name for name, kind in requests().items() if name[0].isupper() and is_request(kind)}
    assert theirs
    assert theirs - {row.split("(")[1] for row, _ in ROWS if "request(" in row} == set()


def is_request(kind: Any) -> bool:
    return isinstance(kind, type) and kind.__module__.startswith("smpclient.requests")


@pytest.fixture
def devices() -> Any:
    with Simulator(image=OLD_IMAGE) as first, Simulator(image=OLD_IMAGE) as second:
        yield first, second


async def test_every_row(devices: Any) -> None:
    from smpclient import SMPClient
    from smpclient.generics import success
    from smpclient.transport.udp import SMPUDPTransport

    assert len(ROWS) >= 34
    names: dict[str, Any] = {
        **requests(),
        "image": NEW_IMAGE.read_bytes(),
        "hash": pysmp.Image.parse(NEW_IMAGE).hash,
        "running": pysmp.Image.parse(OLD_IMAGE).hash,
        "sha": pysmp.Image.parse(NEW_IMAGE).sha256,
        "data": DATA,
    }
    address, port = devices[0].url[6:].split(":")
    transport: Any = SMPUDPTransport()
    transport.connect = functools.partial(transport.connect, port=int(port))
    client = SMPClient(transport, address)
    await client.connect()
    async with pysmp.connect(devices[1].url) as device:
        names |= {"client": client, "device": device}
        wrong = []
        for theirs, ours in ROWS:
            try:
                their_answer = await whole(eval(theirs, names))
                our_answer = await eval(ours, names)
            except Exception as exception:
                wrong.append(f"{theirs}, {ours}: {type(exception).__name__}: {exception}")
                continue
            if "download" in theirs:
                assert bytes(their_answer) == our_answer == DATA
            if "request(" not in theirs:
                continue
            if not success(their_answer):
                wrong.append(f"{theirs}: {their_answer}")
            elif not any(name in theirs for name in CHANGING):
                left, right = plain(their_answer), shape(our_answer)
                if left != right:
                    wrong.append(f"{theirs}: {left}, {ours}: {right}")
        assert not wrong, "\n".join(wrong)
    await client.disconnect()
