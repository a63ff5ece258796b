# SPDX-License-Identifier: Apache-2.0
"""Whole updates, of the simulated device."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pysmp
import pytest
from conftest import DATA, NEW_IMAGE, OLD_IMAGE, pair
from pysmp import UpdatePhase, UpdateState, blocking
from pysmp.messages import UpdateReport

HASH = pysmp.Image.parse(NEW_IMAGE).hash


@pytest.fixture
def url(smp_simulator: Any) -> str:
    """A device that runs 1.0.0."""
    url: str = smp_simulator("--boot-time=50", image=OLD_IMAGE).url
    return url


async def running(device: pysmp.Device) -> tuple[bool, bool]:
    """Whether the new image runs, and whether it stays."""
    slot = (await device.img.state_read()).images[0]
    return slot.hash == HASH, bool(slot.confirmed)


async def test_it_is_confirmed_when_somebody_says_so(url: str) -> None:
    asked: list[UpdateReport] = []

    async with pysmp.connect(url) as device:

        async def healthy(report: UpdateReport) -> bool:
            asked.append(report)
            assert await running(device) == (True, False)
            return (await device.os.echo("are you well?")).text == "are you well?"

        update = device.update(NEW_IMAGE, decide=healthy)
        phases = [p.phase async for p in update]
        report = await update
        assert await running(device) == (True, True)
    assert report.state is UpdateState.CONFIRMED  # by name, for people who print it
    assert report.phase == UpdatePhase.DONE
    assert (report.from_version, report.to_version) == ("1.0.0", "1.1.0")
    assert report.to_hash == HASH
    assert not report.same
    assert report.text
    assert asked[0].state == UpdateState.TRIAL
    assert update.report == report
    order = list(dict.fromkeys(phases))
    assert order == sorted(order)
    assert {UpdatePhase.UPLOADING, UpdatePhase.WAITING, UpdatePhase.DECIDING} <= set(order)


@pytest.mark.parametrize(
    ("answer", "state", "is_new"),
    [
        (False, UpdateState.REVERTED, False),
        (None, UpdateState.TRIAL, True),
        (pysmp.UpdateDecision.YES, UpdateState.CONFIRMED, True),
    ],
)
async def test_what_is_decided(url: str, answer: Any, state: UpdateState, is_new: bool) -> None:
    async with pysmp.connect(url) as device:
        report = await device.update(NEW_IMAGE, decide=lambda _: answer)
        assert report.state == state
        assert (await running(device))[0] == is_new


async def test_without_a_decision_it_stays_on_trial(url: str) -> None:
    steps: list[pysmp.UpdateStep] = []
    async with pysmp.connect(url) as device:
        report = await device.update(NEW_IMAGE, on_step=steps.append)
        assert report.state == UpdateState.TRIAL
        assert await running(device) == (True, False)
        # The same once more does what is missing.
        report = await device.update(NEW_IMAGE, goal=UpdateState.CONFIRMED)
        assert report.state == UpdateState.CONFIRMED
        await asyncio.sleep(0)
    told = [step.phase for step in steps]
    assert told[0] == UpdatePhase.CHECKING
    assert told[-1] == UpdatePhase.DONE
    assert [step.error for step in steps] == [None] * len(steps)
    assert steps[-1].report.state == UpdateState.TRIAL


async def test_a_health_check_that_raises(url: str) -> None:
    def sick(_: UpdateReport) -> bool:
        raise ZeroDivisionError

    async with pysmp.connect(url) as device:
        update = device.update(NEW_IMAGE, decide=sick)
        with pytest.raises(ZeroDivisionError):
            await update
        assert update.report is not None
        assert update.report.state == UpdateState.TRIAL
        assert await running(device) == (True, False)
        with pytest.raises(TypeError, match="True, False or None"):
            await device.update(NEW_IMAGE, decide=lambda _: "yes")  # type: ignore[arg-type,return-value]
        assert await running(device) == (True, False)


async def test_what_a_step_s_callback_raises_is_not_lost(url: str, lost: list[Any]) -> None:
    def fails(_: pysmp.UpdateStep) -> None:
        raise ZeroDivisionError

    async with pysmp.connect(url) as device:
        await device.update(NEW_IMAGE, goal=UpdateState.UPLOADED, on_step=fails)
        await asyncio.sleep(0)
    assert {type(c["exception"]) for c in lost} == {ZeroDivisionError}
    lost.clear()


async def stream(data: bytes) -> Any:
    for at in range(0, len(data), 1000):
        yield data[at : at + 1000]


@pytest.mark.parametrize(
    "source",
    [
        lambda: NEW_IMAGE.read_bytes(),
        lambda: str(NEW_IMAGE),
        lambda: io.BytesIO(NEW_IMAGE.read_bytes()),
        lambda: stream(NEW_IMAGE.read_bytes()),
    ],
)
async def test_from_anywhere(url: str, source: Any) -> None:
    async with pysmp.connect(url) as device:
        report = await device.update(source(), goal=UpdateState.UPLOADED)
        assert report.state == UpdateState.UPLOADED
        assert report.file_sha == pysmp.Image.parse(NEW_IMAGE).sha256


async def test_errors_have_the_report() -> None:
    async with pair() as (device, _):
        with pytest.raises(pysmp.NotImageError) as caught:
            await device.update(b"no image" * 100)
        report = caught.value.report
        assert report is not None
        assert report.state == UpdateState.UNTOUCHED
        assert str(caught.value) == report.text
        with pytest.raises(FileNotFoundError):
            await device.update("no such file")
        with pytest.raises(pysmp.InvalidError):
            await device.update(b"")
        with pytest.raises(pysmp.InvalidError):
            device.update(NEW_IMAGE, reset_timeout=-1)
        with pytest.raises(pysmp.InvalidError):
            await device.update(NEW_IMAGE, goal=UpdateState.REVERTED)


async def test_a_refusal_says_who_and_why() -> None:
    async with pair() as (device, server):

        def refuse(_: object) -> Any:
            raise pysmp.Refuse(pysmp.Rc.ACCESS_DENIED, "not today")

        server.handle(pysmp.commands.IMG_STATE_READ, refuse)
        with pytest.raises(pysmp.DeviceError) as caught:
            await device.update(NEW_IMAGE)
        assert caught.value.rc == pysmp.Rc.ACCESS_DENIED
        assert caught.value.reason == "not today"
        assert caught.value.report is not None


async def test_keys(tmp_path: Path) -> None:
    keys = sorted((DATA / "keys").glob("*pub*.pem"))
    image = DATA / "ed25519-sha512.signed.bin"
    good, bad = [], []
    for key in keys:
        try:
            pysmp.Image.check_signature(image, key)
            good.append(key)
        except pysmp.SignatureError:
            bad.append(key)
    assert len(good) == 1
    assert len(bad) >= 1
    pysmp.Image.check_signature(image.read_bytes(), good[0].read_text())
    with pytest.raises(pysmp.InvalidError):
        pysmp.Image.check_signature(image, "-----BEGIN PUBLIC KEY-----\nnonsense")
    with pytest.raises(pysmp.NotImageError):
        pysmp.Image.check_signature(b"x" * 1000, good[0])
    async with pair() as (device, _):
        with pytest.raises(pysmp.SignatureError):
            await device.update(image, key=bad[0])


async def test_no_downgrade(smp_simulator: Any) -> None:
    url = smp_simulator(image=NEW_IMAGE).url
    async with pysmp.connect(url) as device:
        with pytest.raises(pysmp.DowngradeError):
            await device.update(OLD_IMAGE, no_downgrade=True)


async def test_it_is_cancelled(smp_simulator: Any) -> None:
    url = smp_simulator("--delay=20", image=OLD_IMAGE).url
    async with pysmp.connect(url) as device:
        update = device.update(NEW_IMAGE)
        async for progress in update:
            if progress.phase == UpdatePhase.UPLOADING:
                break
        update.cancel()
        with pytest.raises(pysmp.Cancelled) as caught:
            await update
        assert caught.value.report is not None
        assert caught.value.report.state in (UpdateState.UNTOUCHED, UpdateState.PARTIAL)
        task = asyncio.ensure_future(device.update(NEW_IMAGE)._wait())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_closed_in_the_middle(url: str) -> None:
    device = await pysmp.connect(url)
    update = device.update(NEW_IMAGE)
    await asyncio.sleep(0.01)
    await device.close()
    with pytest.raises(pysmp.LinkError):
        await update
    with pytest.raises(pysmp.LinkError):
        device.update(NEW_IMAGE)


async def test_a_lost_link_is_opened_again() -> None:
    """A transport written in Python is asked for its link."""
    opened = []

    class Falls(pysmp.Transport):
        async def send(self, packet: bytes, peer: bytes) -> None:
            raise OSError(5, "it fell")

        async def reopen(self) -> None:
            opened.append(True)
            raise OSError(5, "still down")

    async with pysmp.connect(Falls()) as device:
        with pytest.raises(pysmp.LinkError) as caught:
            await device.update(NEW_IMAGE, link_timeout=1.2)
        assert caught.value.report is not None
    assert len(opened) > 1


def test_without_asyncio(url: str) -> None:
    seen: list[pysmp.UpdateProgress] = []
    with blocking.connect(url) as device:

        def healthy(report: UpdateReport) -> bool:
            assert report.state == UpdateState.TRIAL
            return device.os.echo("well?").text == "well?"

        report = device.update(NEW_IMAGE, progress=seen.append, decide=healthy)
        assert report.state == UpdateState.CONFIRMED
        assert seen
        assert device.update(NEW_IMAGE).same


def test_without_asyncio_callbacks_that_raise(url: str) -> None:
    def fails(_: object) -> Any:
        raise ZeroDivisionError

    with blocking.connect(url) as device:
        with pytest.raises(ZeroDivisionError):
            device.update(NEW_IMAGE, progress=fails)
        with pytest.raises(ZeroDivisionError):
            device.update(NEW_IMAGE, decide=fails)
        with pytest.raises(pysmp.NotImageError):
            device.update(b"x" * 1000)
        assert device.os.echo("x").text == "x"
