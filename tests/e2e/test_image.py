# SPDX-License-Identifier: Apache-2.0
"""The commands of group image, and whole updates of a simulated device."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from typing import Any

import pytest
from conftest import NEW, OLD, Run, Simulate, Smpctl
from wire import Device, Packet, Send

ACTIVE = {"active", "confirmed"}


def hash_of(smpctl: Smpctl, file: object) -> str:
    return str(smpctl.result("image", "info", file)["hash"])


# ---- the list ----


def test_the_list_letter_by_letter(ctl: Smpctl) -> None:
    assert ctl("image", "list").out == (
        "Images:\n"
        " image=0 slot=0\n"
        "    version: 1.0.0\n"
        "    bootable: true\n"
        "    flags: active confirmed\n"
        f"    hash: {hash_of(ctl, OLD)}\n"
        "Split status: N/A (0)\n"
    )


def test_the_list_of_everything_a_device_can_say(smpctl: Smpctl) -> None:
    images = [
        {"slot": 0, "version": "1.2.3.4", "bootable": True, "active": True, "confirmed": True},
        {"image": 1, "slot": 1, "version": "\x1b[2J", "hash": b"\x0a" * 32, "pending": True},
        {"slot": 1, "version": "2.0.0", "hash": b"", "permanent": True, "pending": True},
    ]
    with Device(images=images) as device:
        smpctl.device = device.url
        assert smpctl("image", "list").out == (
            "Images:\n"
            " image=0 slot=0\n"
            "    version: 1.2.3.4\n"
            "    bootable: true\n"
            "    flags: active confirmed\n"
            "    hash: Unavailable\n"
            " image=1 slot=1\n"
            "    version: \\x1b[2J\n"
            "    bootable: false\n"
            "    flags: pending\n"
            f"    hash: {'0a' * 32}\n"
            " image=0 slot=1\n"
            "    version: 2.0.0\n"
            "    bootable: false\n"
            "    flags: pending permanent\n"
            "    hash: Unavailable\n"
            "Split status: N/A (0)\n"
        )
        listed = smpctl.result("image", "list")
        assert listed["images"][1]["hash"] == "0a" * 32
        assert "pending" not in listed["images"][0]


@pytest.mark.parametrize(
    ("split", "text"), [(1, "non-matching (1)"), (2, "matching (2)"), (7, "Unknown! (7)")]
)
def test_split_status(smpctl: Smpctl, split: int, text: str) -> None:
    def answer(_request: Packet, packet: Packet) -> list[Send]:
        packet.payload["splitStatus"] = split
        return [Send(packet.encode())]

    with Device(answer) as device:
        smpctl.device = device.url
        assert smpctl("image", "list").out == f"Images:\nSplit status: {text}\n"


# ---- which image is meant ----

TWO = [
    {"slot": 0, "version": "1.0.0", "hash": bytes.fromhex("abcdef01" * 8), "active": True},
    {"slot": 1, "version": "1.1.0", "hash": bytes.fromhex("abcdef02" * 8)},
    {"image": 1, "slot": 1, "version": "3.0.0", "hash": bytes.fromhex("ffffff00" * 12)},
]


def written(device: Device) -> dict[str, Any]:
    return next(x.payload for x in device.requests if (x.op, x.group, x.id) == (2, 1, 0))


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("abcdef02", "abcdef02" * 8),
        ("ABCDEF02", "abcdef02" * 8),
        ("abcdef02a", "abcdef02" * 8),
        ("ffffff", "ffffff00" * 12),
        ("0", "abcdef01" * 8),
        ("1", "abcdef02" * 8),
        ("3", "ffffff00" * 12),
        ("12" * 32, "12" * 32),
        ("12" * 48, "12" * 48),
        ("12" * 64, "12" * 64),
    ],
)
def test_names_of_images(smpctl: Smpctl, name: str, sent: str) -> None:
    with Device(images=TWO) as device:
        smpctl.device = device.url
        smpctl("image", "test", name)
        assert written(device)["hash"] == bytes.fromhex(sent)
        assert written(device).get("confirm", False) is False
        reads = sum(x.op == 0 for x in device.requests)
        assert reads == (0 if len(name) >= 64 else 1), "a whole hash needs no question"


def test_a_file_names_its_image(smpctl: Smpctl) -> None:
    with Device(images=TWO) as device:
        smpctl.device = device.url
        smpctl("image", "confirm", NEW)
        assert written(device) == {
            "hash": bytes.fromhex(hash_of(smpctl, NEW)),
            "confirm": True,
        }


@pytest.mark.parametrize("args", [[], [""]])
def test_confirm_of_the_running_image(smpctl: Smpctl, args: list[str]) -> None:
    with Device(images=TWO) as device:
        smpctl.device = device.url
        smpctl("image", "confirm", *args)
        assert written(device) == {"confirm": True}


def test_an_ambiguous_name_lists_what_it_could_be(smpctl: Smpctl) -> None:
    with Device(images=TWO) as device:
        smpctl.device = device.url
        err = smpctl("image", "test", "abcdef", status=2).err
        assert "abcdef01" in err
        assert "abcdef02" in err
        assert "ffffff00" not in err
        assert "1.0.0" in err
        assert "1.1.0" in err


@pytest.mark.parametrize("name", ["123456", "2", "9", "abcdef03"])
def test_a_name_the_device_does_not_know(smpctl: Smpctl, name: str) -> None:
    with Device(images=TWO) as device:
        smpctl.device = device.url
        err = smpctl("image", "test", name, status=1).err
        assert name in err
        assert "abcdef01" in err


@pytest.mark.parametrize("name", ["abcde", "12", "xyz", "zephyr.bin", "12" * 65])
def test_a_name_that_is_nothing(smpctl: Smpctl, name: str) -> None:
    err = smpctl("image", "test", name, status=4).err
    assert "hexadecimal" in err
    assert name in err


def test_test_of_nothing(smpctl: Smpctl) -> None:
    smpctl("image", "test", "", status=2)


def test_a_slot_without_hash(smpctl: Smpctl) -> None:
    with Device(images=[{"slot": 1, "version": "1.0.0"}]) as device:
        smpctl.device = device.url
        smpctl("image", "test", "1", status=1)


# ---- slots and erase ----


def test_slots(ctl: Smpctl) -> None:
    slots = ctl.result("image", "slots")["images"][0]["slots"]
    out = ctl("image", "slots").out
    for slot in slots:
        assert f"slot={slot['slot']}: {slot['size']} bytes" in out


def test_slots_that_are_not_told(smpctl: Smpctl) -> None:
    with Device() as device:
        smpctl.device = device.url
        error = smpctl.json("image", "slots", status=1)["error"]
        assert error["name"] == "ENOTSUP"


def test_erase(ctl: Smpctl) -> None:
    ctl("image", "upload", NEW)
    assert set(ctl.images()) == {0, 1}
    assert ctl("image", "erase").out == "Done\n"
    assert set(ctl.images()) == {0}
    assert ctl.json("image", "erase", "0", status=1)["error"]["group_name"] == "img"


@pytest.mark.parametrize(("args", "sent"), [([], {}), (["3"], {"slot": 3}), (["0"], {"slot": 0})])
def test_erase_says_which_slot(smpctl: Smpctl, args: list[str], sent: dict[str, int]) -> None:
    with Device() as device:
        smpctl.device = device.url
        smpctl("image", "erase", *args)
        assert device.requests[0].payload == sent


def test_a_slow_erase_is_waited_for(smpctl: Smpctl) -> None:
    with Device(lambda _, answer: [Send(answer.encode(), after_s=11)]) as device:
        smpctl.device = device.url
        assert smpctl("image", "erase").out == "Done\n"
        smpctl("image", "erase", "-t", "0.3", status=3, within=5)


# ---- whole updates ----


def test_update_and_confirm(ctl: Smpctl) -> None:
    name = hash_of(ctl, NEW)
    run = ctl("image", "upload", NEW)
    assert run.out == (
        f"Done\nVersion 1.1.0, hash {name}\n"
        f"Next: smpctl image test {name[:12]}\n"
        "      smpctl reset\n"
    )
    assert ctl.images() == {0: ("1.0.0", ACTIVE), 1: ("1.1.0", set())}
    assert "flags: pending\n" in ctl("image", "test", name[:12]).out
    assert ctl.images() == {0: ("1.0.0", ACTIVE), 1: ("1.1.0", {"pending"})}
    ctl("reset")
    ctl.wait_for(0, "1.1.0")
    assert ctl.images() == {0: ("1.1.0", {"active"}), 1: ("1.0.0", {"confirmed"})}
    ctl("image", "confirm", "")
    assert ctl.images()[0] == ("1.1.0", ACTIVE)
    ctl("reset")
    time.sleep(0.6)
    ctl.wait_for(0, "1.1.0")
    assert ctl.images()[0] == ("1.1.0", ACTIVE)


def test_update_and_revert(ctl: Smpctl) -> None:
    ctl("image", "upload", NEW)
    ctl("image", "test", NEW)
    ctl("reset")
    ctl.wait_for(0, "1.1.0")
    ctl("reset")  # nobody confirmed
    ctl.wait_for(0, "1.0.0")
    assert ctl.images() == {0: ("1.0.0", ACTIVE), 1: ("1.1.0", set())}


def test_update_for_good_at_once(ctl: Smpctl) -> None:
    ctl("image", "upload", NEW)
    ctl("image", "confirm", "1")
    assert ctl.images()[1] == ("1.1.0", {"pending", "permanent"})
    ctl("reset")
    ctl.wait_for(0, "1.1.0")
    assert ctl.images()[0] == ("1.1.0", ACTIVE)


def test_the_device_refuses(ctl: Smpctl) -> None:
    unknown = "12" * 32
    run = ctl("image", "test", unknown, status=1)
    assert "img" in run.err
    error = ctl.json("image", "test", unknown, status=1)["error"]
    assert (error["group"], error["kind"]) == (1, "device")
    assert str(error["rc"]) in run.err
    assert error["name"] in run.err


def test_upgrade_only(smpctl: Smpctl, simulate: Simulate) -> None:
    smpctl.device = simulate("--image", NEW).url
    error = smpctl.json("image", "upload", "-u", OLD, status=1)["error"]
    assert error["name"] == "CURRENT_VERSION_IS_NEWER"
    smpctl("image", "upload", OLD)


def test_upload_over_a_bad_line(smpctl: Smpctl, simulate: Simulate) -> None:
    smpctl.device = simulate("--image", OLD, "--drop", 5, "--seed", 7, "--delay", 2).url
    result = smpctl.json("image", "upload", NEW, "--chunk", 512, within=60)["result"]
    assert result["off"] == NEW.stat().st_size
    smpctl("image", "test", NEW, "-t", "1", "-r", "9", within=60)


# ---- upload: what is sent ----


def chunks(device: Device) -> list[dict[str, Any]]:
    return [x.payload for x in device.requests if (x.group, x.id) == (1, 1)]


def test_the_file_arrives(smpctl: Smpctl) -> None:
    with Device() as device:
        smpctl.device = device.url
        result = smpctl.result("image", "upload", NEW)
        assert device.data == NEW.read_bytes()
        first = chunks(device)[0]
        assert first["len"] == len(device.data)
        assert first["sha"].hex() == result["sha"]
        assert "upgrade" not in first or first["upgrade"] is False
        assert device.count(1, 5) == 0, "no erase unless asked for"
        assert result["start"] == 0
        assert result["match"] is True


def test_upload_options_reach_the_device(smpctl: Smpctl) -> None:
    with Device() as device:
        smpctl.device = device.url
        smpctl("image", "upload", "-e", "-u", "-n", "2", "--chunk", "100", NEW)
        first = chunks(device)[0]
        assert (first["image"], first["upgrade"]) == (2, True)
        assert max(len(x["data"]) for x in chunks(device)) == 100
        assert device.count(1, 5) == 0


@pytest.mark.parametrize(("number", "sent"), [(0, {}), (2, {"slot": 5})])
def test_upload_with_erase(smpctl: Smpctl, number: int, sent: dict[str, int]) -> None:
    with Device() as device:
        smpctl.device = device.url
        smpctl("image", "upload", "--erase", "-n", number, NEW)
        erased = next(x for x in device.requests if (x.group, x.id) == (1, 5))
        assert erased.payload == sent
        assert device.requests.index(erased) < device.requests.index(
            next(x for x in device.requests if (x.group, x.id) == (1, 1))
        )


@pytest.mark.parametrize(
    ("buffers", "args", "window"),
    [
        (4, [], 3),
        (8, [], 7),
        (2, [], 1),
        (1, [], 1),
        (8, ["-w", "2"], 2),
        (8, ["-w", "7"], 7),
        (4, ["-w", "5"], 3),
        (1, ["-w", "64"], 1),
        (2, ["-w", "5", "--force"], 5),
    ],
)
def test_the_window(smpctl: Smpctl, buffers: int, args: list[str], window: int) -> None:
    with Device(buf_count=buffers) as device:
        smpctl.device = device.url
        run = smpctl("image", "upload", NEW, "--json", *args)
    steps = [x["progress"] for x in run.documents if "progress" in x]
    assert {step["window"] for step in steps} == {window}


def test_no_window_without_parameters(smpctl: Smpctl) -> None:
    def silent(request: Packet, answer: Packet) -> list[Send]:
        if (request.group, request.id) == (0, 6):
            return [Send(request.answer({"rc": 8}).encode())]
        return [Send(answer.encode())]

    with Device(silent) as device:
        smpctl.device = device.url
        run = smpctl("image", "upload", "-w", "5", NEW, "--json")
    steps = [x["progress"] for x in run.documents if "progress" in x]
    assert {step["window"] for step in steps} == {1}


# ---- progress ----


def test_progress_as_json_lines(smpctl: Smpctl) -> None:
    def slow(_request: Packet, answer: Packet) -> list[Send]:
        return [Send(answer.encode(), after_s=0.05)]

    with Device(slow, buf_size=2048) as device:
        smpctl.device = device.url
        run = smpctl("image", "upload", NEW, "--json")
    *steps, last = run.documents
    assert last["ok"]
    assert last["command"] == "image upload"
    assert run.err == ""
    done = [step["progress"]["done"] for step in steps]
    assert done == sorted(done)
    assert done[-1] == NEW.stat().st_size
    assert len(steps) >= 2


def on_terminal(smpctl: Smpctl, columns: int, *args: object) -> tuple[int, str]:
    """Runs smpctl with standard error on a terminal of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    process = smpctl.popen(*args, stderr=theirs)
    os.close(theirs)
    shown = b""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    process.communicate(timeout=5)
    return process.returncode, shown.decode()


@pytest.mark.parametrize("columns", [80, 40, 200, 0])
def test_progress_on_a_terminal(smpctl: Smpctl, columns: int) -> None:
    def slow(_request: Packet, answer: Packet) -> list[Send]:
        return [Send(answer.encode(), after_s=0.01)]

    with Device(slow) as device:
        smpctl.device = device.url
        status, shown = on_terminal(smpctl, columns, "image", "upload", NEW)
    assert status == 0
    lines = re.split(r"\r", shown)
    line = re.compile(
        r"(\x1b\[K)?\s*[\d.]+ (B|KiB) / [\d.]+ KiB \[=*>? *\]\s+\d+ %"
        r"  [\d.]+ (B|KiB|MiB)/s  .* left"
    )
    shots = [x for x in lines if line.match(x)]
    assert len(shots) >= 2, shown
    assert "100 %" in shots[-1]
    if columns >= 80:
        assert all(len(x.replace("\x1b[K", "").rstrip("\n")) <= columns for x in shots)


def test_no_progress_line_without_a_terminal(smpctl: Smpctl) -> None:
    with Device() as device:
        smpctl.device = device.url
        assert smpctl("image", "upload", NEW).err == ""


# ---- interruption ----


def interrupt(smpctl: Smpctl, device: Device, *args: object) -> Run:
    process = smpctl.popen("image", "upload", NEW, *args)
    while len(device.data) < 5000:
        time.sleep(0.01)
        assert process.poll() is None
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    return Run(process.returncode, out, err, time.monotonic() - start)


def test_interrupted_and_taken_up_again(smpctl: Smpctl) -> None:
    def slow(_request: Packet, answer: Packet) -> list[Send]:
        return [Send(answer.encode(), after_s=0.02)]

    with Device(slow) as device:
        smpctl.device = device.url
        run = interrupt(smpctl, device)
        assert run.status == 130
        assert "same command again" in run.err
        assert run.seconds < 2
        have = len(device.data)
        assert 5000 <= have < NEW.stat().st_size
        device.behaviour = lambda _, answer: [Send(answer.encode())]
        result = smpctl.result("image", "upload", NEW)
        assert result["start"] >= have
        assert device.data == NEW.read_bytes()


def test_an_interruption_as_json(smpctl: Smpctl) -> None:

    def slow(_request: Packet, answer: Packet) -> list[Send]:
        return [Send(answer.encode(), after_s=0.02)]

    with Device(slow) as device:
        smpctl.device = device.url
        run = interrupt(smpctl, device, "--json")
        last = json.loads(run.out.splitlines()[-1])
        assert (last["error"]["kind"], last["error"]["status"]) == ("interrupted", 130)


def test_an_image_the_device_has_already(smpctl: Smpctl) -> None:
    with Device() as device:
        smpctl.device = device.url
        smpctl("image", "upload", NEW)
        device.requests.clear()
        run = smpctl("image", "upload", NEW)
        assert "already" in run.out
        assert len(chunks(device)) == 1
