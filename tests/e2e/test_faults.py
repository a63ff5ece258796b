# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in practice, over UDP and on a serial line: each ends in time, with a true word.

The cases are those at which other tools die, hang or lie.  Most of their time is waiting, so they
run side by side: the first test starts all that were selected.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import NEW, OLD, Json, Simulator, Smpctl
from line import Line
from simulator import run
from wire import UPLOAD, Behaviour, Device, Packet, Payload, Send, good

LINKS = ("udp", "serial")
AT_ONCE = 10  # cases

PATIENCE_S = 0.5  # -t
# Three times the patience without progress ends an upload; the rest is for a busy machine.
UPLOAD_WITHIN_S = 3 * PATIENCE_S + 12
ECHO_WITHIN_S = PATIENCE_S + 8

DATA = NEW.read_bytes()
CHUNKS = len(DATA) / 400  # about


@dataclass
class Bench:
    """A place for one case: a link, a smpctl, and a folder."""

    link: str
    folder: Path

    def __post_init__(self) -> None:
        self.ctl = Smpctl(self.folder)

    def device(self, behaviour: Behaviour = good, **options: Any) -> Device:
        """A fake device for smpctl."""
        port = Line() if self.link == "serial" else None
        device = Device(behaviour, port=port, **options)
        self.ctl.device = device.url
        return device

    def simulator(self, *args: object) -> Simulator:
        pty = ["--pty", self.folder / "port", "--line-buffers", "64", "--baud", "0"]
        simulator = Simulator(
            self.folder / "state", "--image", OLD, *(pty if self.link == "serial" else []), *args
        )
        serial = f"serial://{self.folder}/port?lines=64"
        self.ctl.device = serial if self.link == "serial" else simulator.url
        return simulator

    def upload(self, *args: object, status: int = 0, within: float = UPLOAD_WITHIN_S) -> Json:
        """Sends NEW; the last document it printed."""
        return self.ctl.json("image", "upload", NEW, *args, status=status, within=within)

    def upload_fails(self, code: str, *args: object, status: int = 3) -> None:
        """It must end within the patience, and say that."""
        error = self.upload("-t", PATIENCE_S, *args, status=status)["error"]
        assert code in (error["code"], error.get("rc_name")), error
        assert error["message"], error

    def echo_fails(self, code: str) -> None:
        args = ("echo", "hi", "-t", PATIENCE_S)
        error = self.ctl.json(*args, status=3, within=ECHO_WITHIN_S)["error"]
        assert error["code"] == code, error
        assert str(self.ctl.device).split("?")[0] in error["message"], "it says which device"


Case = Callable[[Bench], None]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    CASES[function.__name__] = function
    return function


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[str, str], Future[None]]]:
    """All selected cases, side by side."""
    wanted = [
        (str(item.callspec.params["name"]), str(item.callspec.params["link"]))
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == "test_case"
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            (name, link): pool.submit(CASES[name], Bench(link, tmp_path_factory.mktemp(name)))
            for name, link in wanted
        }


# ---- losses and silence ----


def late_in_the_upload(request: Packet) -> bool:
    return (request.group, request.id) == (1, UPLOAD) and request.payload["off"] > 20_000


def lossy(seed: int) -> Behaviour:
    seeded = random.Random(seed)

    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        return [] if seeded.random() < 0.05 else good(request, answer)

    return behaviour


@case
def five_percent_loss(bench: Bench) -> None:
    with bench.device(lossy(1)) as device:
        bench.upload("-t", 4, within=40)
        assert device.data == DATA
        assert device.count(1, UPLOAD) < 2 * CHUNKS


@case
def update_with_losses(bench: Bench) -> None:
    """Upload, test, reset, confirm, with packets lost and changed on the way."""
    faults = "drop=2%,duplicate=2%,delay=4,jitter=2,seed=11"
    simulator = bench.simulator("--faults", faults, "--buf-size", 512)
    try:
        bench.upload("-t", 4, within=40)
        for args in (["image", "test", NEW], ["reset"]):
            bench.ctl(*args, "-t", 1, "-r", 5, within=20)
        bench.ctl.wait_for(0, "1.1.0")
        bench.ctl("image", "confirm", "-t", 1, "-r", 5, within=20)
    finally:
        simulator.stop()


@case
def silence_in_the_middle(bench: Bench) -> None:
    simulator = bench.simulator("--faults", "silence-after=30000", "--buf-size", 512)
    try:
        bench.upload_fails("SMP_ERR_TIMEOUT")
    finally:
        simulator.stop()


@case
def power_cut_in_the_middle(bench: Bench) -> None:
    """The device dies in a write to its flash, comes back, and gets the rest."""
    simulator = bench.simulator("--faults", "power-cut-at=20,seed=1")
    try:
        bench.upload("-t", 4, within=40)
        bench.ctl("image", "test", NEW)
    finally:
        simulator.stop()


@case
def restart_in_the_middle(bench: Bench) -> None:
    simulator = bench.simulator("--faults", "restart-at=15")
    try:
        bench.upload("-t", 4, within=40)
        bench.ctl("image", "test", NEW)
    finally:
        simulator.stop()


@case
def the_device_vanishes(bench: Bench) -> None:
    with bench.device(lambda r, a: [] if late_in_the_upload(r) else good(r, a)) as device:
        bench.upload_fails("SMP_ERR_TIMEOUT")
        assert device.count(1, UPLOAD) < CHUNKS, "it is not asked for ever"


@case
def the_device_is_switched_off(bench: Bench) -> None:
    with bench.device() as device:

        def behaviour(request: Packet, answer: Packet) -> list[Send]:
            if late_in_the_upload(request):
                device.switch_off()
                return []
            return good(request, answer)

        device.behaviour = behaviour
        start = time.monotonic()
        run = bench.ctl("image", "upload", NEW, "-t", 20, status=3, within=20)
        assert time.monotonic() - start < 15, "a closed port is no reason to wait"
        assert ("gone" if bench.link == "serial" else "nobody listens") in run.err


@case
def nobody_listens(bench: Bench) -> None:
    if bench.link == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind(("127.0.0.1", 0))
            bench.ctl.device = f"udp://127.0.0.1:{closed.getsockname()[1]}"
        bench.echo_fails("SMP_ERR_REFUSED")
        run = bench.ctl("image", "upload", NEW, status=3, within=10)
        assert "nobody listens" in run.err
    else:
        bench.ctl.device = f"serial://{bench.folder}/no-port"
        run = bench.ctl("image", "upload", NEW, status=3, within=10)
        assert "plugged in" in run.err


@case
def nobody_answers(bench: Bench) -> None:
    with bench.device(lambda _request, _answer: []):
        bench.echo_fails("SMP_ERR_TIMEOUT")


# ---- answers too many, too late, too odd ----


@case
def every_answer_twice(bench: Bench) -> None:
    with bench.device(lambda _, answer: [Send(answer.encode())] * 2) as device:
        assert bench.ctl("echo", "hi").out == "hi\n"
        bench.upload()
        assert device.data == DATA
        assert device.count(1, UPLOAD) < 1.5 * CHUNKS + 10, "duplicates must not multiply requests"


@case
def answers_three_seconds_late(bench: Bench) -> None:
    with bench.device(lambda _, answer: [Send(answer.encode(), after_s=3)]):
        assert bench.ctl("echo", "hi", "-t", 8).out == "hi\n"
        assert bench.ctl("echo", "hi", "-t", 1, "-r", 6).out == "hi\n", "late is not lost"


@case
def some_answers_three_seconds_late(bench: Bench) -> None:
    """What was repeated meanwhile is answered twice; nobody gets out of step."""
    late = iter([True, *[False] * 40] * 2)

    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        is_late = late_in_the_upload(request) and next(late, False)
        return [Send(answer.encode(), after_s=3 if is_late else 0)]

    with bench.device(behaviour) as device:
        bench.upload("-t", 4, within=40)
        assert device.data == DATA


def odd(request: Packet, answer: Packet) -> dict[str, bytes]:
    right = answer.encode()
    return {
        "wrong sequence": answer.encode(sequence=answer.sequence + 100),
        "next sequence": answer.encode(sequence=answer.sequence + 1),
        "wrong command": answer.encode(id=answer.id + 1),
        "unasked": replace(answer, group=2, payload={"stat_list": ["x"]}).encode(),
        "garbage": random.Random(1).randbytes(300),
        "op 7": answer.encode(op=7),
        "no bytes": b"",
        "one byte": right[:1],
        "two bytes": right[:2],
        "the request": request.encode(),
        "length 65535": answer.encode(length=65535),
    }


ODD = list(odd(Packet(2, 0, 0, 0, {}), Packet(3, 0, 0, 0, {})))


def before_the_answer(kind: str) -> Case:
    def run(bench: Bench) -> None:
        def behaviour(request: Packet, answer: Packet) -> list[Send]:
            return [Send(odd(request, answer)[kind])] * 2 + [Send(answer.encode())]

        with bench.device(behaviour) as device:
            assert bench.ctl("echo", "hi").out == "hi\n"
            bench.upload()
            assert device.data == DATA
            # The next sequence is that of another chunk on its way: its answer looks lost.
            limit = 3 if kind == "next sequence" else 1.5
            assert device.count(1, UPLOAD) < limit * CHUNKS + 10

    return run


def instead_of_an_answer(kind: str) -> Case:
    def run(bench: Bench) -> None:
        with bench.device(lambda request, answer: [Send(odd(request, answer)[kind])]):
            bench.echo_fails("SMP_ERR_TIMEOUT")

    return run


for _kind in ODD:
    CASES[f"{_kind} before each answer"] = before_the_answer(_kind)
    CASES[f"{_kind} instead of an answer"] = instead_of_an_answer(_kind)


@case
def half_a_frame_and_a_log(bench: Bench) -> None:
    """Text around each answer; a serial line's own kind of garbage."""

    def behaviour(_request: Packet, answer: Packet) -> list[Send]:
        if isinstance(device.port, Line):
            device.port.write(
                b"\x06\x09AAAA\r\n\x04\x14!!!!\n[00:00:01] <inf> main: hi\r\nuart:~$ "
            )
        return [Send(answer.encode())]

    with bench.device() as device:
        device.behaviour = behaviour
        assert bench.ctl("echo", "hi").out == "hi\n"
        bench.upload(within=30)
        assert device.data == DATA


# ---- uploads that go wrong ----


def answers_in_the_middle(payload: Payload) -> Behaviour:
    """From the first 20 000 bytes on always this."""

    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        if late_in_the_upload(request):
            return [Send(replace(answer, payload=payload).encode())]
        return good(request, answer)

    return behaviour


def refused_in_the_middle(payload: Payload, name: str) -> Case:
    def run(bench: Bench) -> None:
        with bench.device(answers_in_the_middle(payload)) as device:
            run = bench.ctl("image", "upload", NEW, status=1, within=UPLOAD_WITHIN_S)
            assert name in run.err
            assert device.count(1, UPLOAD) < CHUNKS, "it is not asked for ever"

    return run


def wrong_offset(payload: Payload, code: str) -> Case:
    def run(bench: Bench) -> None:
        # It keeps no more than it says: not one chunk may count as sent.
        with bench.device(answers_in_the_middle(payload), room=20_500) as device:
            bench.upload_fails(code)
            assert device.count(1, UPLOAD) < 20 * CHUNKS, "it is not asked for ever"

    return run


CASES |= {
    "group error in the middle": refused_in_the_middle(
        {"err": {"group": 1, "rc": 12}}, "FLASH_WRITE_FAILED"
    ),
    "rc in the middle": refused_in_the_middle({"rc": 10}, "EBUSY"),
    "offset past the end": wrong_offset({"off": len(DATA) + 1}, "SMP_ERR_OFFSET"),
    "offset far past the end": wrong_offset({"off": 2**63}, "SMP_ERR_OFFSET"),
    "offset at the end too early": wrong_offset({"off": len(DATA)}, "SMP_ERR_OFFSET"),
}


@case
def offset_never_moves(bench: Bench) -> None:
    """It takes chunk after chunk, and always asks for the same."""
    first: list[int] = []

    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        if late_in_the_upload(request):
            first.append(request.payload["off"])
            answer = replace(answer, payload={"off": first[0]})
        return [Send(answer.encode())]

    with bench.device(behaviour) as device:
        bench.upload_fails("SMP_ERR_STUCK")
        assert device.count(1, UPLOAD) < 20 * CHUNKS, "it is not asked for ever"


@case
def parameters_not_supported(bench: Bench) -> None:
    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        unknown = (request.group, request.id) == (0, 6)
        return [Send((replace(answer, payload={"rc": 8}) if unknown else answer).encode())]

    with bench.device(behaviour) as device:
        bench.upload(within=30)
        assert device.data == DATA


# ---- errors that must not look like success ----


def refused(*args: object, code: tuple[int, int], name: str) -> Case:
    def run(bench: Bench) -> None:
        group, rc = code

        def behaviour(request: Packet, answer: Packet) -> list[Send]:
            if request.op == 2:
                answer = replace(answer, payload={"err": {"group": group, "rc": rc}})
            return [Send(answer.encode())]

        images = [{"slot": 1, "version": "1.1.0", "hash": bytes(range(32)), "active": False}]
        with bench.device(behaviour, images=images):
            run = bench.ctl(*args, status=1, within=15)
            assert name in run.err
            error = bench.ctl.json(*args, status=1, within=15)["error"]
            assert error["kind"] == "device", error
            assert error["rc"] == rc, error

    return run


CASES |= {
    "err to test": refused("image", "test", "0001020304", code=(1, 28), name="ALREADY_PENDING"),
    "err to confirm": refused("image", "confirm", code=(1, 32), name="CONFIRMATION_DENIED"),
    "err to erase": refused("image", "erase", code=(1, 13), name="FLASH_ERASE_FAILED"),
    "err to reset": refused("reset", code=(0, 1), name="UNKNOWN"),
}


@case
def upload_alone_is_no_upgrade(bench: Bench) -> None:
    """It says what is still to do, and the device goes on with what it had."""
    simulator = bench.simulator()
    try:
        run = bench.ctl("image", "upload", NEW, within=30)
        assert "smpctl image test" in run.out
        assert "smpctl reset" in run.out
        assert bench.ctl.images()[0] == ("1.0.0", {"active", "confirmed"})
        bench.ctl("image", "test", NEW)
        bench.ctl("reset")
        bench.ctl.wait_for(0, "1.1.0")
        assert bench.ctl.images()[0] == ("1.1.0", {"active"})
        bench.ctl("image", "confirm")
        assert bench.ctl.images()[0] == ("1.1.0", {"active", "confirmed"})
    finally:
        simulator.stop()


# ---- a busy machine ----


@case
def smpctl_stands_still_for_a_while(bench: Bench) -> None:
    """As on a machine with other things to do: late is not out of step."""
    simulator = bench.simulator("--faults", "delay=20", "--buf-size", 384)
    try:
        upload = bench.ctl.popen("image", "upload", NEW, "--json")
        assert upload.stdout
        while '"sending"' not in upload.stdout.readline():
            assert upload.poll() is None
        for _ in range(3):
            upload.send_signal(signal.SIGSTOP)
            time.sleep(0.4)
            upload.send_signal(signal.SIGCONT)
            time.sleep(0.1)
        out, err = upload.communicate(timeout=30)
        assert upload.returncode == 0, (out, err)
        bench.ctl("image", "test", NEW)
    finally:
        simulator.stop()


@case
def the_device_stands_still_for_a_while(bench: Bench) -> None:
    simulator = bench.simulator("--faults", "delay=20", "--buf-size", 384)
    try:
        upload = bench.ctl.popen("image", "upload", NEW, "--json")
        assert upload.stdout
        while '"sending"' not in upload.stdout.readline():
            assert upload.poll() is None
        os.kill(simulator.process.pid, signal.SIGSTOP)
        time.sleep(2)
        os.kill(simulator.process.pid, signal.SIGCONT)
        out, err = upload.communicate(timeout=30)
        assert upload.returncode == 0, (out, err)
        bench.ctl("image", "test", NEW)
    finally:
        simulator.stop()


# ---- how faults are described ----


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dorp=5%", "'dorp' at character 1: no such fault; there are drop, burst,"),
        ("seed=1,drop=200%", "'200%' at character 13: drop takes a percentage from 0 to 100"),
        ("restart-at", "'restart-at' at character 1: a value is missing"),
    ],
)
def test_wrong_descriptions(text: str, says: str) -> None:
    ended = run("--faults", text)
    assert ended.returncode == 2
    assert says in ended.stderr


# ---- all of them ----


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", CASES)
def test_case(running: dict[tuple[str, str], Future[None]], name: str, link: str) -> None:
    running[name, link].result(timeout=120)
