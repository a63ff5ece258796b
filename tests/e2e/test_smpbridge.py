# SPDX-License-Identifier: Apache-2.0
"""smpbridge between real clients and simulated devices."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from conftest import BIN, DATA, OLD, SANITIZER_STATUS, Simulate, Simulator, Smpctl
from simulator import READ, WRITE, Client, stop_impatiently
from wire import Packet

SMALL = DATA / "unsigned.bin"


class Bridge:
    """A running smpbridge."""

    def __init__(self, *args: object) -> None:
        env = os.environ | {"ASAN_OPTIONS": f"exitcode={SANITIZER_STATUS}"}
        self.process = subprocess.Popen(
            [str(BIN / "smpbridge"), "-v", *map(str, args)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.search(r"listening on (udp )?(\S+)", line)
        assert found, line
        self.url = f"udp://{found[2]}" if found[1] else f"serial://{found[2]}"

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.url.removeprefix("udp://").rsplit(":", 1)
        return host, int(port)

    def stop(self) -> str:
        self.process.terminate()
        out, _ = self.process.communicate(timeout=10)
        assert self.process.returncode == 0, out
        return out


Start = Callable[..., Bridge]


@pytest.fixture
def bridge() -> Iterator[Start]:
    """Starts bridges, and stops them at the end."""
    running: list[Bridge] = []

    def start(*args: object) -> Bridge:
        running.append(Bridge(*args))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()


class Serial:
    """A simulated device on a pseudo-terminal, and a bridge from UDP to it."""

    def __init__(self, simulate: Simulate, bridge: Start, tmp_path: Path, *args: object) -> None:
        self.port = tmp_path / "port"
        self.args: tuple[object, ...] = ("--pty", self.port, "--line-buffers", 8, "--image", OLD)
        self.simulate = simulate
        self.simulator: Simulator = simulate(*self.args)
        device = f"serial://{self.port}?lines=8"
        self.bridge = bridge("--listen", "udp://127.0.0.1:0", "--device", device, *args)
        self.url = self.bridge.url

    def client(self) -> Client:
        return Client(self.bridge.address)


@pytest.fixture
def serial(simulate: Simulate, bridge: Start, tmp_path: Path) -> Serial:
    return Serial(simulate, bridge, tmp_path)


def test_commands_pass(smpctl: Smpctl, serial: Serial) -> None:
    smpctl.device = serial.url
    assert smpctl("echo", "through").out == "through\n"
    assert smpctl.images()[0] == ("1.0.0", {"active", "confirmed"})
    # What a line of text takes beside the packet is not the client's to use.
    params = smpctl.result("params")
    assert params == {"buf_size": 2044, "buf_count": 4}


def test_an_upload_and_a_whole_update(smpctl: Smpctl, serial: Serial) -> None:
    smpctl.device = serial.url
    smpctl("image", "upload", SMALL)
    assert 1 in smpctl.images()
    subprocess.run(
        [BIN / "dfu_update", "--confirm", "yes", SMALL, serial.url],
        check=True,
        timeout=30,
        capture_output=True,
    )
    assert smpctl.images()[0] == ("2.0.0", {"active", "confirmed"})


def test_a_large_image_arrives_whole(smpctl: Smpctl, simulate: Simulate, bridge: Start) -> None:
    simulator = simulate("--image", OLD)
    smpctl.device = bridge("--listen", "udp://127.0.0.1:0", "--device", simulator.url).url
    new = DATA / "app-1.1.0.signed.bin"
    told = smpctl.json("image", "upload", new)["result"]
    assert told["sha"] == hashlib.sha256(new.read_bytes()).hexdigest()
    assert told["match"]


def test_answers_get_to_who_asked(serial: Serial) -> None:
    clients = [serial.client() for _ in range(6)]
    for n, client in enumerate(clients):  # all with the same sequence number
        client.send(client.request(WRITE, 0, 0, {"d": f"client {n}"}).encode())
    for n, client in enumerate(clients):
        data = client.receive(5)
        assert data is not None, n
        answer = Packet.decode(data)
        assert (answer.sequence, answer.payload) == (1, {"r": f"client {n}"})
        assert client.receive(0.05) is None
        client.socket.close()


def test_many_requests_of_several_clients_do_not_overrun_the_device(
    simulate: Simulate, bridge: Start
) -> None:
    simulator = simulate("--image", OLD, "--crash-on-overrun", "--buf-count", 3, "--work-us", 2000)
    address = bridge("--listen", "udp://127.0.0.1:0", "--device", simulator.url).address
    clients = [Client(address) for _ in range(4)]
    for n in range(12):
        for client in clients:
            client.send(client.request(WRITE, 0, 0, {"d": f"{n}"}).encode())
    for client in clients:
        answers = [client.receive(5) for _ in range(12)]
        assert all(answers)
        assert sorted(Packet.decode(x).sequence for x in answers if x) == list(range(1, 13))
        client.socket.close()
    assert simulator.process.poll() is None


def test_a_client_of_the_old_protocol_gets_old_answers(serial: Serial) -> None:
    unknown = {"hash": b"x" * 32, "confirm": False}
    with serial.client() as client:
        for version, payload in ((1, {"err": {"group": 1, "rc": 8}}), (0, {"rc": 1})):
            request = Packet(WRITE, 1, 0, 40 + version, unknown, version)
            client.send(request.encode())
            data = client.receive(5)
            assert data
            answer = Packet.decode(data)
            assert answer.version == version
            assert {k: v for k, v in answer.payload.items() if k != "rsn"} == payload


def test_groups_that_nobody_knows_pass(serial: Serial) -> None:
    with serial.client() as client:
        assert client.ask(READ, 4711, 3, {"x": [1, {"y": b"z"}]}) == {"rc": 8}


def test_a_repeat_is_answered_once(serial: Serial) -> None:
    with serial.client() as client:
        request = client.request(WRITE, 0, 0, {"d": "again"}).encode()
        for _ in range(5):
            client.send(request)
        assert client.receive(5)
        assert client.receive(0.3) is None


def test_a_silent_device_is_silent(smpctl: Smpctl, serial: Serial) -> None:
    smpctl.device = serial.url
    smpctl("echo", "1")
    os.kill(serial.simulator.process.pid, signal.SIGSTOP)
    try:
        run = smpctl("echo", "2", "-t", "0.5", status=3)
        assert "no answer" in run.err
    finally:
        os.kill(serial.simulator.process.pid, signal.SIGCONT)
    smpctl("echo", "3", "-r", "3")


def test_an_unplugged_device_is_told_and_found_again(smpctl: Smpctl, serial: Serial) -> None:
    smpctl.device = serial.url
    smpctl("echo", "1")
    serial.simulator.process.kill()
    serial.simulator.process.wait()
    end = time.monotonic() + 5
    while "no link to the device" not in smpctl("echo", "2", "-t", "0.5", status=None).err:
        assert time.monotonic() < end
    serial.simulate(*serial.args)
    while smpctl("echo", "3", "-t", "0.5", status=None).status != 0:
        assert time.monotonic() < end + 5
    out = serial.bridge.stop()
    assert "the link to the device is lost" in out
    assert "the device is back" in out


def test_from_a_pseudo_terminal_to_the_network(
    smpctl: Smpctl, simulate: Simulate, bridge: Start, tmp_path: Path
) -> None:
    simulator = simulate("--image", OLD)
    port = tmp_path / "bridge"
    bridge("--listen", f"serial://{port}", "--device", simulator.url)
    smpctl.device = f"serial://{port}"
    assert smpctl("echo", "other way round").out == "other way round\n"
    assert smpctl.images()[0][0] == "1.0.0"
    smpctl("image", "upload", SMALL)


def test_two_places_to_listen(
    smpctl: Smpctl, simulate: Simulate, bridge: Start, tmp_path: Path
) -> None:
    simulator = simulate("--image", OLD)
    port = tmp_path / "bridge"
    both = ("--listen", "udp://127.0.0.1:0", "--listen", f"serial://{port}")
    started = bridge(*both, "--device", simulator.url)
    for device in (started.url, f"serial://{port}"):
        smpctl.device = device
        assert smpctl("echo", "both").out == "both\n"


def test_a_packet_larger_than_the_device_takes(serial: Serial) -> None:
    with serial.client() as client:
        assert client.ask(READ, 0, 6) is not None
        answer = client.ask(WRITE, 0, 0, {"d": "x" * 3000})
        assert answer is not None
        assert answer["rc"] == 9
        assert client.alive()


def test_hostile_clients(serial: Serial) -> None:
    rng = random.Random(7)
    with serial.client() as client:
        assert client.alive()
        for _ in range(3000):
            client.send(rng.randbytes(rng.randrange(0, 200)))
        for length in (0, 1, 500, 65535):  # headers that lie
            client.send(Packet(WRITE, 0, 0, 1, {"d": "x"}).encode(length=length))
        for op in (1, 3, 4, 7):
            client.send(Packet(op, 0, 0, 1, {}).encode())
        flood = [Packet(READ, 1, 0, n & 0xFF, {}).encode() for n in range(2000)]
        for packet in flood:
            client.send(packet)
        with serial.client() as other:
            other.wait_alive(20)
    out = serial.bridge.stop()
    count = re.search(r"(\d+) requests, (\d+) answers, .* (\d+) dropped", out)
    assert count, out
    assert int(count[3]) > 3000


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        ([], 2, "--listen"),
        (["--listen", "::1"], 2, "--device"),
        (["--listen", "x://y", "--device", "udp://127.0.0.1"], 2, "known are udp://"),
        (["--listen", "udp://127.0.0.1:0", "--device", "serial:///no/such/port"], 3, "no/such"),
        (["--listen", "udp://192.0.2.1:1", "--device", "udp://127.0.0.1"], 3, "192.0.2.1"),
        (["--timeout", "0", "--listen", "::1", "--device", "::1"], 2, "0.1 to 600"),
        (["--each", "0", "--listen", "::1", "--device", "::1"], 2, "1 to 64"),
        (["surplus", "--listen", "::1", "--device", "::1"], 2, "surplus"),
    ],
)
def test_usage(args: list[Any], status: int, says: str) -> None:
    run = subprocess.run([BIN / "smpbridge", *args], capture_output=True, text=True, timeout=10)
    assert (run.returncode, says in run.stderr) == (status, True), run.stderr


def test_an_address_in_use(bridge: Start) -> None:
    url = bridge("--listen", "udp://127.0.0.1:0", "--device", "udp://127.0.0.1:9").url
    args = ["--listen", url, "--device", "udp://127.0.0.1:9"]
    run = subprocess.run([BIN / "smpbridge", *args], capture_output=True, text=True, timeout=20)
    assert (run.returncode, "another program listens" in run.stderr) == (3, True), run.stderr


def test_one_signal_after_the_other_ends_it_once(serial: Serial) -> None:
    stop_impatiently(serial.bridge.process)
    stop_impatiently(serial.simulator.process)


def test_cbor_is_not_touched(serial: Serial) -> None:
    """Keys in any order, indefinite lengths: what the client wrote is what the device reads."""
    payload = b"\xbf\x61d\x7f\x61o\x61k\xff\xff"
    header = Packet(WRITE, 0, 0, 9, {}).encode(length=len(payload))[:8]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.settimeout(5)
        plain.sendto(header + payload, serial.bridge.address)
        answer = plain.recv(2000)
    assert cbor2.loads(answer[8:])["r"] == "ok"
