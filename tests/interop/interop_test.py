# SPDX-License-Identifier: Apache-2.0
"""Python's smpclient (the library) and smpmgr (the command line) update smpsim, over each link."""

import asyncio
import hashlib
import os
import re
import subprocess
import sys
import time

import pytest
from device import BOOT_TIME_S, NEW, OLD, serial, udp
from smpclient import SMPClient
from smpclient.generics import success
from smpclient.requests.image_management import ImageErase, ImageStatesRead, ImageStatesWrite
from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead, ResetWrite
from smpclient.transport.serial import SMPSerialRawTransport, SMPSerialTransport
from smpclient.transport.udp import SMPUDPTransport

# As many lines of 128 as one packet has room for; smpmgr alone would send a tenth of it at a time.
SMPMGR_LINES = ["--line-length", "128", "--line-buffers", "21"]

# How a device is made, spoken to by smpclient, and by smpmgr, which knows no raw lines.
LINKS = {
    "udp": (udp, [], SMPUDPTransport, ["--ip"]),
    "console": (
        serial,
        ["--line-buffers", "32"],
        SMPSerialTransport,
        [*SMPMGR_LINES, "--port"],
    ),
    "log": (
        serial,
        ["--line-buffers", "32", "--log-text"],
        SMPSerialTransport,
        [*SMPMGR_LINES, "--port"],
    ),
    "raw": (serial, ["--raw"], SMPSerialRawTransport, []),
}


class Device:
    def __init__(self, place, transport, smpmgr):
        self.place = place
        self.transport = transport
        self.smpmgr = smpmgr


@pytest.fixture
def device(request, tmp_path):
    """A smpsim that runs OLD."""
    make, options, transport, smpmgr = LINKS[request.param]
    with make(tmp_path, "--boot-time", 300, *options) as place:
        yield Device(place, transport, smpmgr)


def over(*links):
    """The links of a test: only so many as say something new, as each update takes seconds."""
    return pytest.mark.parametrize("device", links, indirect=True)


# ---- smpclient ----


async def request(client, message):
    response = await client.request(message)
    assert success(response), response
    return response


async def versions(client):
    """slot -> (version, active, confirmed), once the device answers again after a reset."""
    end = time.monotonic() + BOOT_TIME_S
    while True:
        try:
            images = (await request(client, ImageStatesRead())).images
            return {x.slot: (x.version, bool(x.active), bool(x.confirmed)) for x in images}
        except (TimeoutError, OSError):
            assert time.monotonic() < end, "the device did not come back"


async def upload_and_test(client):
    async for _ in client.upload(NEW.read_bytes()):
        pass
    images = (await request(client, ImageStatesRead())).images
    new = next(x for x in images if x.slot == 1)
    await request(client, ImageStatesWrite(hash=new.hash))
    await request(client, ResetWrite())
    await asyncio.sleep(1)


def with_client(device, body):
    async def run():
        async with SMPClient(device.transport(), device.place) as client:
            await body(client)

    asyncio.run(run())


@over("udp", "console", "log", "raw")
def test_smpclient_asks(device):
    async def body(client):
        assert (await request(client, EchoWrite(d="hello"))).r == "hello"
        parameters = await request(client, MCUMgrParametersRead())
        assert parameters.buf_size > 0
        assert parameters.buf_count > 0
        assert await versions(client) == {0: ("1.0.0", True, True)}

    with_client(device, body)


@over("udp", "console", "raw")
def test_smpclient_updates_and_confirms(device):
    async def body(client):
        await upload_and_test(client)
        assert await versions(client) == {0: ("1.1.0", True, False), 1: ("1.0.0", False, True)}
        await request(client, ImageStatesWrite(confirm=True))
        await request(client, ResetWrite())
        await asyncio.sleep(1)
        assert (await versions(client))[0] == ("1.1.0", True, True)

    with_client(device, body)


@over("udp", "raw")
def test_smpclient_sees_the_revert(device):
    async def body(client):
        await upload_and_test(client)
        assert (await versions(client))[0] == ("1.1.0", True, False)
        await request(client, ResetWrite())
        await asyncio.sleep(1)
        assert (await versions(client))[0] == ("1.0.0", True, True)

    with_client(device, body)


@over("udp")
def test_smpclient_erases(device):
    async def body(client):
        async for _ in client.upload(NEW.read_bytes()):
            pass
        assert 1 in await versions(client)
        await request(client, ImageErase())
        assert 1 not in await versions(client)

    with_client(device, body)


# ---- smpmgr ----


def smpmgr(device, *arguments):
    result = subprocess.run(
        [sys.executable, "-m", "smpmgr", *device.smpmgr, device.place, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def smpmgr_state(device):
    end = time.monotonic() + BOOT_TIME_S
    while True:
        try:
            return smpmgr(device, "image", "state-read")
        except AssertionError:
            if time.monotonic() > end:
                raise


def image_hash(output, version):
    """The hash that `state-read` prints for a version."""
    part = output[output.index(version) :]
    return re.search(r"\b[0-9a-fA-F]{64}\b", part).group(0)


@over("udp", "console", "log")
def test_smpmgr_asks(device):
    assert "hello" in smpmgr(device, "os", "echo", "hello")
    assert "1.0.0" in smpmgr(device, "image", "state-read")


@over("udp", "console")
def test_smpmgr_updates_and_confirms(device):
    smpmgr(device, "image", "upload", NEW)
    uploaded = smpmgr_state(device)
    smpmgr(device, "image", "state-write", image_hash(uploaded, "1.1.0"))
    smpmgr(device, "os", "reset")
    time.sleep(1)
    assert smpmgr_state(device).index("1.1.0") < smpmgr_state(device).index("1.0.0")
    smpmgr(device, "image", "state-write", "--confirm")
    smpmgr(device, "os", "reset")
    time.sleep(1)
    state = smpmgr_state(device)
    assert state.index("1.1.0") < state.index("1.0.0"), "the confirmed image was reverted"


def test_images_are_what_they_were():
    """The two files differ; else every test here would pass on nothing."""
    assert hashlib.sha256(OLD.read_bytes()).digest() != hashlib.sha256(NEW.read_bytes()).digest()
