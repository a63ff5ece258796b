# SPDX-License-Identifier: Apache-2.0
"""Groups of the user's own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Optional

import pysmp
import pytest
from conftest import pair
from pysmp import Fail, Op
from pysmp.groups import Group, key
from pysmp.messages import Empty, Value


@dataclass
class Spot:
    x: int
    y: int = 0


@dataclass
class Lamp:
    level: int = key("lvl", bits=8, signed=False, default=0)
    name: Optional[str] = None
    on: bool = False
    raw: bytes = b""
    delta: int = 0
    anything: Value = None
    numbers: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    spot: Optional[Spot] = None
    spots: list[Spot] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, Spot] = field(default_factory=dict)


@dataclass
class Wrong:
    it: complex


home = Group(100, "home")
SET = home.command("set", 1, Op.WRITE, Lamp, Lamp, idempotent=True)
OFF = home.command("off", 2, Op.WRITE, Empty, Empty)
home.code(2, "BURNT", "the bulb is burnt", hint="change it")

LAMPS = [
    Lamp(),
    Lamp(level=255, name="kitchen", on=True, raw=b"\0\xff", delta=-5, anything="x"),
    Lamp(anything=7, numbers=[1, -2, 2**40], texts=["a", "", "ü"]),
    Lamp(anything=b"bytes", spot=Spot(1, -1), spots=[Spot(3), Spot(4, 5)]),
    Lamp(anything=True, counts={"a": 1, "b": -1}, places={"door": Spot(1, 2), "window": Spot(3)}),
    Lamp(anything=-3, delta=-(2**63)),
]


@pytest.mark.parametrize("lamp", LAMPS)
async def test_there_and_back(lamp: Lamp) -> None:
    seen: list[Lamp] = []

    def take(given: Lamp) -> Lamp:
        seen.append(given)
        return given

    async with pair({SET: take}, groups=(home,)) as (device, _):
        assert await device.call(SET, lamp) == lamp
        assert seen == [lamp]


async def test_a_code_of_its_own() -> None:
    def burnt(_: Empty) -> None:
        raise Fail(2)

    async with pair({OFF: burnt}, groups=(home,)) as (device, _):
        with pytest.raises(pysmp.DeviceError, match="the bulb is burnt") as caught:
            await device.call(OFF)
        assert caught.value.name == "BURNT"
        assert caught.value.hint == "change it"
        assert (await device.os.echo("beside it")).text == "beside it"


async def test_two_sets_of_groups_in_one_loop() -> None:
    other = Group(100, "office")
    ring = other.command("ring", 1, Op.WRITE, Empty, Empty)
    async with pair({SET: lambda lamp: lamp}, groups=(home,)) as (device, _):
        assert (await device.call(SET, Lamp(level=3))).level == 3
        async with pair({ring: lambda _: None}, groups=(other,)) as (second, _):
            assert await second.call(ring) == Empty()


@pytest.mark.parametrize(
    "change",
    [
        {"level": 256},
        {"level": -1},
        {"level": "bright"},
        {"name": 5},
        {"on": 1},
        {"raw": "text"},
        {"delta": 2**63},
        {"delta": 2**70},
        {"delta": True},
        {"numbers": [1.5]},
        {"numbers": "12"},
        {"spots": [5]},
        {"spot": Lamp()},
        {"counts": [1]},
        {"counts": {5: 1}},
        {"anything": 1.5},
    ],
)
async def test_what_does_not_fit(change: dict[str, Any]) -> None:
    async with pair({SET: lambda lamp: lamp}, groups=(home,)) as (device, _):
        lamp = dataclasses.replace(LAMPS[0], **change)
        with pytest.raises((TypeError, OverflowError, pysmp.InvalidError)):
            await device.call(SET, lamp)


async def test_groups_that_cannot_be() -> None:
    with pytest.raises(TypeError, match="complex"):
        Group(101, "x").command("x", 1, Op.READ, Wrong, Empty)
    with pytest.raises(pysmp.SmpError):
        await pysmp.connect("loopback:x", groups=(Group(5, "mine"),))
    with pytest.raises(pysmp.SmpError):
        await pysmp.connect("loopback:x", groups=(Group(100, "no good name"),))
    async with pair({SET: lambda lamp: lamp}, groups=(home,)):
        with pytest.raises(pysmp.InvalidError):
            home.code(3, "LATE", "too late")
