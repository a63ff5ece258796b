# SPDX-License-Identifier: Apache-2.0
"""What the keys of a serial address do: seen by a device that holds the line to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import OLD, Simulate, Smpctl


@pytest.fixture
def port(tmp_path: Path) -> Path:
    return tmp_path / "port"


@pytest.mark.parametrize("baud", [9600, 74880, 123456, 1000000])
def test_any_baud_rate(smpctl: Smpctl, simulate: Simulate, port: Path, baud: int) -> None:
    """Rates without a name, too; at any other rate there is only garbage."""
    simulate("--image", OLD, "--pty", port, "--baud", baud, "--strict-baud")
    assert smpctl("-d", f"serial://{port}?baud={baud}", "echo", "hi").out == "hi\n"
    if baud == 74880:
        smpctl("-d", f"serial://{port}?baud=57600", "-t", "0.2", "echo", "hi", status=3)


def test_mtu(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port)
    text = "x" * 200
    assert smpctl("-d", f"serial://{port}?mtu=300", "echo", text).out == f"{text}\n"
    run = smpctl("-d", f"serial://{port}?mtu=128", "echo", text, status=2)
    assert "too large" in run.err


@pytest.mark.parametrize(
    "keys", ["dtr=off", "rts=off", "dtr=on&rts=on", "flow=rtscts", "shared=yes"]
)
def test_modem_lines_that_are_not_there(
    smpctl: Smpctl, simulate: Simulate, port: Path, keys: str
) -> None:
    """A pseudo-terminal has none: what is wanted of them does no harm."""
    simulate("--image", OLD, "--pty", port)
    assert smpctl("-d", f"serial://{port}?{keys}", "echo", "hi").out == "hi\n"


def test_lines_cannot_be_more_than_the_device_has(
    smpctl: Smpctl, simulate: Simulate, port: Path
) -> None:
    """Told of more line buffers than there are, smpctl loses packets; with the true number none."""
    simulate("--image", OLD, "--pty", port, "--baud", 0, "--line-buffers", 4)
    text = "x" * 1000
    assert smpctl("-d", f"serial://{port}?lines=4", "-t", "1", "echo", text).out == f"{text}\n"
    run = smpctl("-d", f"serial://{port}?lines=65", "-t", "0.2", "echo", text, status=3)
    assert "no answer" in run.err


def test_a_line_stays_in_its_buffer(smpctl: Smpctl, simulate: Simulate, port: Path) -> None:
    simulate("--image", OLD, "--pty", port, "--line-us", 300000)
    run = smpctl("-d", str(port), "echo", "slow")
    assert run.out == "slow\n"
    assert run.seconds > 0.3
