# SPDX-License-Identifier: Apache-2.0
"""smpsim for other people's tools: at an address of its own, or on a pseudo-terminal."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("SMP_BIN", ROOT / "build/dev/bin"))
OLD = ROOT / "tests/data/app-1.0.0.signed.bin"
NEW = ROOT / "tests/data/app-1.1.0.signed.bin"
BOOT_TIME_S = 10  # to wait at most


@contextmanager
def _smpsim(name: str, *options: object) -> Iterator[None]:
    process = subprocess.Popen(
        [BIN / "smpsim", "--image", OLD, *map(str, options)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert any(name in line for line in process.stdout), "smpsim ended without listening"
        yield
    finally:
        process.terminate()
        status = process.wait(10)
    assert status in (0, -15)


@contextmanager
def udp(folder: Path, *options: object) -> Iterator[str]:
    """The address: smpclient and smpmgr know port 1337 only, so each device has one of its own."""
    address = f"127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(2, 254)}"
    with _smpsim(address, "--udp", f"{address}:1337", "--state", folder / "state", *options):
        yield address


@contextmanager
def serial(folder: Path, *options: object) -> Iterator[str]:
    """The path of its port, ten times as fast as is usual."""
    port, state = folder / "port", ["--state", folder / "state"]
    with _smpsim(str(port), "--pty", port, "--baud", 1000000, *state, *options):
        yield str(port)
