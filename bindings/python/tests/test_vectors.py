# SPDX-License-Identifier: Apache-2.0
"""The vectors that all languages share: tests/vectors.

Answers go to a client and requests to a server through a transport that is played by hand; what
has `encodes` is written by the client (requests) or the server (answers) once more.
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

import pysmp
import pytest
from conftest import ROOT
from pysmp import Cbor, commands
from pysmp.errors import DeviceError, MalformedError, SmpError

COMMANDS = {c.key: c for c in commands.ALL}
VECTORS = [
    (path.stem, vector)
    for path in sorted((ROOT / "tests/vectors").glob("*.jsonl"))
    for vector in map(json.loads, path.read_text().splitlines())
]


class Tape(pysmp.Transport):
    """Keeps what is sent, and may have an answer."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.answer: Any = None
        self.news = asyncio.Event()

    async def send(self, packet: bytes, peer: bytes) -> None:
        self.sent.append(packet)
        self.news.set()
        if self.answer is not None:
            self.received(self.answer(packet))


def payload_of(vector: Any) -> bytes:
    return bytes.fromhex(vector["hex"].replace(" ", ""))


def packet(vector: Any, op: int, sequence: int) -> bytes:
    payload = payload_of(vector)
    head = op | (vector["version"] - 1) << 3
    return (
        struct.pack(">BBHHBB", head, 0, len(payload), vector["group"], sequence, vector["id"])
        + payload
    )


def scalar(value: Any) -> Any:
    if isinstance(value, Cbor):
        return {"cbor": value.hex()}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, int) and not isinstance(value, bool) and value >= 2**63:
        return {"number": str(value)}
    if isinstance(value, list):
        return [scalar(x) if not hasattr(x, "_smp_rows") else shape(x) for x in value]
    if isinstance(value, dict):
        return {k: scalar(v) for k, v in value.items()}
    return value


def shape(message: Any) -> dict[str, Any]:
    """A dataclass as `decoded` has it."""
    found: dict[str, Any] = {}
    for key, name, kind in getattr(message, "_smp_rows", ()):
        value = getattr(message, name)
        if value is None:
            continue
        if kind == "map" and isinstance(value, list):
            value = {getattr(x, x._smp_rows[0][1]): shape(x) for x in value}
        else:
            value = shape(value) if hasattr(value, "_smp_rows") else scalar(value)
        if key:
            found[key] = value
        elif kind == "map":
            found.update(value)
    return found


def without_empty(decoded: Any) -> Any:
    """Absent and empty lists are the same where C has no has_x for them."""
    if isinstance(decoded, dict) and not set(decoded) & {"bytes", "cbor", "number"}:
        return {k: without_empty(v) for k, v in decoded.items() if v not in ([], {})}
    return [without_empty(x) for x in decoded] if isinstance(decoded, list) else decoded


async def answer_is(vector: Any, command: Any) -> Any:
    """What a client makes of an answer."""
    tape = Tape()
    tape.answer = lambda sent: packet(vector, vector["op"], sent[6])
    async with pysmp.connect(tape, params=False, v1=vector["version"] == 1) as device:
        return await device.call(command)


async def request_is(vector: Any, command: Any) -> tuple[list[Any], bytes]:
    """What a server makes of a request, and its answer."""
    tape = Tape()
    seen: list[Any] = []

    def take(request: Any) -> Any:
        seen.append(request)
        raise pysmp.Refuse(pysmp.Rc.BUSY)

    server = pysmp.Server(tape)
    server.handle(command, take)
    async with server:
        tape.received(packet(vector, vector["op"], 7))
        await asyncio.wait_for(tape.news.wait(), 5)
    return seen, tape.sent[0]


async def encoded(vector: Any, command: Any, message: Any) -> bytes:
    """The bytes this package makes of a message."""
    tape = Tape()
    if vector["op"] % 2 == 0:
        async with pysmp.connect(tape, params=False) as device:
            task = asyncio.ensure_future(device.call(command, message))
            await asyncio.wait_for(tape.news.wait(), 5)
            task.cancel()
    else:
        server = pysmp.Server(tape)
        server.handle(command, lambda _: message)
        async with server:
            await run_request(tape, command)
    return tape.sent[0][8:]


async def run_request(tape: Tape, command: Any) -> None:
    """Any request that the command accepts: the first of the vectors."""
    for _, vector in VECTORS:
        key = (vector["group"], vector["id"], vector["op"])
        if key == command.key and "error" not in vector:
            tape.received(packet(vector, vector["op"], 7))
            await asyncio.wait_for(tape.news.wait(), 5)
            return
    raise AssertionError("no request of that command in the vectors")


async def check(name: str, vector: Any) -> None:
    command = COMMANDS[(vector["group"], vector["id"], vector["op"] & 2)]
    error = vector.get("error")
    if vector["op"] % 2 == 0:
        seen, sent = await request_is(vector, command)
        if error:
            assert not seen
            assert b"\x62rc" in sent  # refused, and by no handler
            return
        assert without_empty(shape(seen[0])) == without_empty(vector["decoded"])
        message = seen[0]
    else:
        try:
            message = await answer_is(vector, command)
        except DeviceError as refusal:
            said = vector["refusal"]
            assert error == "SMP_ERR_DEVICE"
            assert refusal.rc == said["rc"]
            assert refusal.group == said.get("group")
            assert refusal.reason == said.get("reason", "")
            if "decoded" in vector and refusal.response is not None:
                assert vector["decoded"].items() <= shape(refusal.response).items()
            return
        except MalformedError as malformed:
            assert error == "SMP_ERR_MALFORMED"
            assert malformed.key == vector.get("key")
            return
        except SmpError as other:
            assert pysmp.Error(other.code).name == str(error).replace("SMP_", "")
            return
        assert error is None
        assert without_empty(shape(message)) == without_empty(vector["decoded"])
    if vector.get("encodes"):
        assert await encoded(vector, command, message) == payload_of(vector)


@pytest.mark.parametrize("group", sorted({name for name, _ in VECTORS}))
async def test_vectors(group: str) -> None:
    failed = []
    for name, vector in VECTORS:
        if name != group:
            continue
        try:
            await check(name, vector)
        except Exception as exception:
            failed.append(f"{vector['name']}: {type(exception).__name__} {exception}"[:500])
    assert not failed, "\n".join(failed)


def test_every_command_has_a_vector() -> None:
    seen = {(v["group"], v["id"], v["op"] & 2) for _, v in VECTORS}
    assert not {c.key for c in commands.ALL} - seen
