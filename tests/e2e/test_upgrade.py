# SPDX-License-Identifier: Apache-2.0
"""A whole update in one command."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import DATA, NEW, OLD, Simulate, Smpctl
from wire import Device, Packet, Send


@pytest.fixture
def board(smpctl: Smpctl, simulate: Simulate) -> Smpctl:
    smpctl.device = simulate("--image", OLD, "--boot-time", "50").url
    return smpctl


def test_it_ends_on_trial(board: Smpctl) -> None:
    out = board("upgrade", NEW).out
    assert out.startswith("Done\n1.0.0 to 1.1.0: ")
    assert out.endswith("Next: smpctl image confirm\n")
    assert board.images()[0] == ("1.1.0", {"active"})
    board("image", "confirm")
    assert board.images()[0] == ("1.1.0", {"active", "confirmed"})


def test_it_is_kept_when_told(board: Smpctl) -> None:
    last = board.json("upgrade", "--confirm", NEW)["result"]
    assert (last["state"], last["from_version"], last["to_version"]) == (
        "confirmed",
        "1.0.0",
        "1.1.0",
    )
    assert board.images()[0] == ("1.1.0", {"active", "confirmed"})
    again = board.json("upgrade", "--confirm", NEW)["result"]
    assert again["same"], "nothing is sent twice"


def test_no_downgrade(board: Smpctl) -> None:
    board("upgrade", "--confirm", NEW)
    error = board.json("upgrade", "--no-downgrade", OLD, status=1)["error"]
    assert error["code"] == "SMP_ERR_DOWNGRADE"
    assert "1.1.0" in error["message"]
    assert board.images()[0] == ("1.1.0", {"active", "confirmed"})


def test_a_wrong_file_touches_nothing(board: Smpctl) -> None:
    assert "not" in board("upgrade", DATA / "README.md", status=4).err
    assert board.images() == {0: ("1.0.0", {"active", "confirmed"})}


def test_what_arrived_damaged_is_the_devices_fault(smpctl: Smpctl) -> None:
    def wrong(_request: Packet, answer: Packet) -> list[Send]:
        if "match" in answer.payload:
            answer = replace(answer, payload=answer.payload | {"match": False})
        return [Send(answer.encode())]

    running = {"slot": 0, "version": "1.0.0", "hash": bytes(32), "bootable": True}
    with Device(wrong, images=[running | {"active": True, "confirmed": True}]) as device:
        smpctl.device = device.url
        error = smpctl.json("upgrade", NEW, status=1)["error"]
    assert (error["kind"], error["code"]) == ("device", "SMP_ERR_CORRUPT")


def test_a_device_that_stays_away(smpctl: Smpctl, simulate: Simulate) -> None:
    smpctl.device = simulate("--image", OLD, "--boot-time", "60000").url
    error = smpctl.json("upgrade", "--wait", "1", NEW, status=3)["error"]
    assert error["code"] == "SMP_ERR_TIMEOUT"
    assert "did not come back" in error["message"]


def test_nobody_there_is_told_at_once(smpctl: Smpctl) -> None:
    smpctl.device = "udp://127.0.0.1:9"
    assert "nobody listens at udp://127.0.0.1:9" in smpctl("upgrade", NEW, status=3, within=5).err


def test_several_devices(smpctl: Smpctl, simulate: Simulate) -> None:
    boards = [simulate("--image", OLD, "--boot-time", "50") for _ in range(3)]
    devices = [x for board in boards for x in ("-d", board.url)]
    assert smpctl(*devices, "upgrade", "--confirm", NEW).out.count("1.0.0 to 1.1.0") == 3


@pytest.mark.parametrize("options", [["-n", "16"], ["-w", "65"], ["-w", "-1"]])
def test_wrong_options(board: Smpctl, options: list[str]) -> None:
    assert options[0] in board("upgrade", *options, NEW, status=2).err
