# SPDX-License-Identifier: Apache-2.0
"""Devices that lie, stumble or die.  Each run ends in bounded time, with a true sentence."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from conftest import NEW, Smpctl
from wire import Behaviour, Device, Packet, Send, good

PATIENCE_S = 0.5
# Three times the patience without progress ends an upload; the rest is for a slow machine.
UPLOAD_WITHIN_S = 3 * PATIENCE_S + 10


def serve(behaviour: Behaviour) -> Device:
    return Device(behaviour)


# ---- nobody there ----


def test_nobody_listens(smpctl: Smpctl) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    smpctl.device = f"udp://127.0.0.1:{port}"
    for args in (["echo", "hi"], ["image", "list"], ["image", "upload", str(NEW)]):
        run = smpctl(*args, status=3, within=5)
        assert f"nobody listens at udp://127.0.0.1:{port}" in run.err
        assert run.seconds < 3, "an ICMP refusal is no reason to wait"
    error = smpctl.json("echo", "hi", status=3)["error"]
    assert (error["kind"], error["code"]) == ("link", "SMP_ERR_REFUSED")


def test_nobody_answers(smpctl: Smpctl) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        smpctl.device = f"udp://127.0.0.1:{deaf.getsockname()[1]}"
        run = smpctl("echo", "hi", "-t", PATIENCE_S, status=3, within=10)
        assert PATIENCE_S <= run.seconds < PATIENCE_S + 3
        assert smpctl.device in run.err
        assert "-t" in run.err
        error = smpctl.json("echo", "hi", "-t", PATIENCE_S, status=3)["error"]
        assert error["code"] == "SMP_ERR_TIMEOUT"
        smpctl("image", "upload", NEW, "-t", PATIENCE_S, status=3, within=UPLOAD_WITHIN_S)


# ---- packets that are no answer: dropped, and the right one counts ----


def noise(request: Packet, answer: Packet) -> dict[str, bytes]:
    right = answer.encode()
    return {
        "nothing": b"",
        "one byte": b"\x00",
        "short header": right[:7],
        "random": random.Random(1).randbytes(300),
        "large random": random.Random(2).randbytes(60000),
        "wrong sequence": answer.encode(sequence=answer.sequence + 1),
        "wrong group": answer.encode(group=answer.group + 1),
        "wrong id": answer.encode(id=answer.id + 1),
        "op of a request": answer.encode(op=request.op),
        "op of the other kind": answer.encode(op=answer.op ^ 2),
        "op 7": answer.encode(op=7),
        "the request itself": request.encode(),
    }


NOISES = list(noise(Packet(2, 0, 0, 0, {}), Packet(3, 0, 0, 0, {})))


@pytest.mark.parametrize("kind", NOISES)
def test_noise_before_the_answer(smpctl: Smpctl, kind: str) -> None:
    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        return [Send(noise(request, answer)[kind])] * 3 + [Send(answer.encode())]

    with serve(behaviour) as device:
        smpctl.device = device.url
        assert smpctl("echo", "hi").out == "hi\n"
        smpctl("image", "upload", NEW, within=20)
        assert device.data == NEW.read_bytes()


@pytest.mark.parametrize("kind", NOISES)
def test_noise_instead_of_an_answer(smpctl: Smpctl, kind: str) -> None:
    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        return [Send(noise(request, answer)[kind])]

    with serve(behaviour) as device:
        smpctl.device = device.url
        run = smpctl("echo", "hi", "-t", PATIENCE_S, status=3, within=PATIENCE_S + 5)
        assert run.out == ""


def test_answers_from_a_stranger(smpctl: Smpctl) -> None:
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as real, stranger:
        real.bind(("127.0.0.1", 0))
        real.settimeout(10)
        process = smpctl.popen("-d", f"udp://127.0.0.1:{real.getsockname()[1]}", "echo", "hi")
        data, peer = real.recvfrom(2000)
        request = Packet.decode(data)
        stranger.sendto(request.answer({"r": "forged"}).encode(), peer)
        real.sendto(request.answer({"r": "true"}).encode(), peer)
        assert process.communicate(timeout=10)[0] == "true\n"


# ---- answers that are broken ----


def broken(answer: Packet) -> dict[str, bytes]:
    head = answer.encode()[:8]

    def with_payload(data: bytes) -> bytes:
        return head[:2] + len(data).to_bytes(2, "big") + head[4:] + data

    return {
        "no payload": with_payload(b""),
        "not a map": with_payload(b"\x01"),
        "cut": with_payload(b"\xa1\x61r\x65he"),
        "wrong type": with_payload(b"\xa1\x61r\x01"),
        "key missing": with_payload(b"\xa0"),
        "deep": with_payload(b"\xa1\x61x" + b"\x81" * 200 + b"\x01"),
        "deep and cut": with_payload(b"\xa1\x61x" + b"\x9f" * 400),
        "key twice": with_payload(b"\xa2\x61r\x61a\x61r\x61b"),
        "huge string": with_payload(b"\xa1\x61r\x7b\xff\xff\xff\xff\xff\xff\xff\xff"),
        "huge map": with_payload(b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"),
        "length 65535": answer.encode(length=65535),
        "length short": answer.encode(length=3),
    }


@pytest.mark.parametrize("kind", list(broken(Packet(3, 0, 0, 0, {}))))
@pytest.mark.parametrize("command", ["echo x", "image list", "taskstat", "mpstat", "params"])
def test_broken_answers(smpctl: Smpctl, kind: str, command: str) -> None:
    with serve(lambda _, answer: [Send(broken(answer)[kind])]) as device:
        smpctl.device = device.url
        run = smpctl(*command.split(), "-t", PATIENCE_S, status=None, within=PATIENCE_S + 5)
        lenient = kind in ("key missing", "deep", "no payload", "wrong type", "key twice")
        assert run.status == 3 or (lenient and run.status == 0), run


def test_random_answers(smpctl: Smpctl) -> None:
    seeded = random.Random(3)

    def behaviour(_request: Packet, answer: Packet) -> list[Send]:
        data = seeded.randbytes(seeded.randrange(200))
        return [Send(answer.encode(length=len(data))[:8] + data)]

    with serve(behaviour) as device:
        smpctl.device = device.url
        for command in ("echo x", "image list", "taskstat", "info", "image slots") * 6:
            run = smpctl(*command.split(), "-t", PATIENCE_S, status=None, within=PATIENCE_S + 5)
            assert run.status in (0, 1, 3)


# ---- answers that come oddly ----


def test_every_answer_twice(smpctl: Smpctl) -> None:
    with serve(lambda _, answer: [Send(answer.encode())] * 2) as device:
        smpctl.device = device.url
        assert smpctl("echo", "hi").out == "hi\n"
        smpctl("image", "upload", NEW, within=20)
        assert device.data == NEW.read_bytes()
        expected = NEW.stat().st_size / 400 + 10
        assert device.count(1, 1) < 1.5 * expected, "duplicates must not multiply requests"


def test_late_answers(smpctl: Smpctl) -> None:
    with serve(lambda _, answer: [Send(answer.encode(), after_s=1)]) as device:
        smpctl.device = device.url
        assert smpctl("echo", "hi", "-t", "3").out == "hi\n"
        assert smpctl("echo", "hi", "-t", "0.4", "-r", "5").out == "hi\n", "late is not lost"
        smpctl("echo", "hi", "-t", "0.4", status=3)


def test_reordered_answers(smpctl: Smpctl) -> None:
    delays = iter(random.Random(4).uniform(0, 0.02) for _ in range(100_000))

    def behaviour(_request: Packet, answer: Packet) -> list[Send]:
        return [Send(answer.encode(), after_s=next(delays))]

    with Device(behaviour, buf_count=8) as device:
        smpctl.device = device.url
        smpctl("image", "upload", NEW, within=60)
        assert device.data == NEW.read_bytes()


@pytest.mark.parametrize("seed", [1, 2])
def test_lost_answers_and_requests(smpctl: Smpctl, seed: int) -> None:
    seeded = random.Random(seed)

    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        return [] if seeded.random() < 0.05 else good(request, answer)

    with serve(behaviour) as device:
        smpctl.device = device.url
        smpctl("image", "upload", NEW, "-t", "4", within=60)
        assert device.data == NEW.read_bytes()


# ---- uploads that go wrong ----


def late_in_the_upload(request: Packet) -> bool:
    return (request.group, request.id) == (1, 1) and request.payload["off"] > 20_000


def upload_answers(payload: dict[str, object]) -> Device:
    """A device that answers so past the first 20 000 bytes, and keeps no more of them."""

    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        if late_in_the_upload(request):
            return [Send(replace(answer, payload=payload).encode())]
        return good(request, answer)

    return Device(behaviour, room=20_500)


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        ({"err": {"group": 1, "rc": 12}}, "FLASH_WRITE_FAILED"),
        ({"rc": 10}, "EBUSY"),
        ({"rc": 6, "rsn": "flash worn out"}, "EBADSTATE"),
    ],
)
def test_an_error_in_the_middle(smpctl: Smpctl, payload: dict[str, object], name: str) -> None:
    with upload_answers(payload) as device:
        smpctl.device = device.url
        run = smpctl("image", "upload", NEW, status=1, within=UPLOAD_WITHIN_S)
        assert name in run.err
        assert device.count(1, 1) < 300, "it is not asked for ever"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"off": 0}, None),
        ({"off": 20_000}, "SMP_ERR_STUCK"),
        ({"off": 10**6}, "SMP_ERR_OFFSET"),
        ({"off": 2**63}, "SMP_ERR_OFFSET"),
        ({"off": 2**64 - 1}, "SMP_ERR_OFFSET"),
        ({}, None),
        ({"off": "x"}, "SMP_ERR_MALFORMED"),
        ({"off": -1}, "SMP_ERR_MALFORMED"),
    ],
)
def test_offsets_that_cannot_be(
    smpctl: Smpctl, payload: dict[str, object], code: str | None
) -> None:
    with upload_answers(payload) as device:
        smpctl.device = device.url
        args = ("image", "upload", NEW, "-t", PATIENCE_S)
        error = smpctl.json(*args, status=3, within=UPLOAD_WITHIN_S)["error"]
        assert code in (None, error["code"])
        assert device.count(1, 1) < 20_000, "it is not asked for ever"


def test_an_offset_past_the_end_is_no_success(smpctl: Smpctl) -> None:
    """A device that says it has everything, in the middle."""
    size = NEW.stat().st_size
    for off in (size, size + 1):
        with upload_answers({"off": off}) as device:
            smpctl.device = device.url
            smpctl("image", "upload", NEW, "-t", PATIENCE_S, status=3, within=UPLOAD_WITHIN_S)


def vanishing(after: int) -> Behaviour:
    count = 0

    def behaviour(request: Packet, answer: Packet) -> Iterator[Send]:
        nonlocal count
        count += 1
        if count <= after:
            yield from good(request, answer)

    return behaviour


@pytest.mark.parametrize("after", [4, 20, 50])
def test_a_device_that_vanishes(smpctl: Smpctl, after: int) -> None:
    with serve(vanishing(after)) as device:
        smpctl.device = device.url
        args = ("image", "upload", NEW, "-t", PATIENCE_S)
        run = smpctl(*args, status=3, within=UPLOAD_WITHIN_S)
        assert device.url in run.err


def test_a_device_that_is_switched_off(smpctl: Smpctl) -> None:
    """Its port closes in the middle: the refusal ends the upload."""
    with Device() as device:
        smpctl.device = device.url

        def behaviour(request: Packet, answer: Packet) -> list[Send]:
            if late_in_the_upload(request):
                device.switch_off()
                return []
            return good(request, answer)

        device.behaviour = behaviour
        smpctl("image", "upload", NEW, "-t", PATIENCE_S, status=3, within=UPLOAD_WITHIN_S)


def test_a_device_that_forgets_starts_anew(smpctl: Smpctl) -> None:
    """It reset in the middle: wants offset 0 once, and gets the whole file."""
    forgot = False

    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        nonlocal forgot
        if late_in_the_upload(request) and not forgot:
            forgot = True
            device.data = b""
            device.sha = b""
            return [Send(replace(answer, payload={"off": 0}).encode())]
        return good(request, answer)

    with Device(behaviour, buf_count=2) as device:
        smpctl.device = device.url
        smpctl("image", "upload", NEW, within=20)
        assert device.data == NEW.read_bytes()


def test_flash_that_does_not_hold_what_was_sent(smpctl: Smpctl) -> None:
    def behaviour(_request: Packet, answer: Packet) -> list[Send]:
        if "match" in answer.payload:
            answer.payload["match"] = False
        return [Send(answer.encode())]

    with serve(behaviour) as device:
        smpctl.device = device.url
        error = smpctl.json("image", "upload", NEW, status=1)["error"]
        assert error["kind"] == "device"


def test_a_file_that_shrinks_meanwhile(smpctl: Smpctl, tmp_path: os.PathLike[str]) -> None:
    file = os.path.join(tmp_path, "shrinking.bin")
    with open(file, "wb") as out:
        out.write(NEW.read_bytes())

    def behaviour(request: Packet, answer: Packet) -> list[Send]:
        if late_in_the_upload(request):
            os.truncate(file, 1000)
        return good(request, answer)

    with serve(behaviour) as device:
        smpctl.device = device.url
        smpctl("image", "upload", file, status=4, within=20)


@pytest.mark.parametrize("seed", range(3))
def test_flipped_bits(smpctl: Smpctl, seed: int) -> None:
    """Every tenth answer has one wrong byte.  It may fail, but must not lie or hang."""
    seeded = random.Random(seed)

    def behaviour(_request: Packet, answer: Packet) -> list[Send]:
        data = bytearray(answer.encode())
        if seeded.random() < 0.1:
            data[seeded.randrange(len(data))] ^= 1 << seeded.randrange(8)
        return [Send(bytes(data))]

    with serve(behaviour) as device:
        smpctl.device = device.url
        args = ("image", "upload", NEW, "-t", "1")
        run = smpctl(*args, status=None, within=40)
        assert run.status in (0, 1, 3)
        assert run.status != 0 or device.data == NEW.read_bytes()
