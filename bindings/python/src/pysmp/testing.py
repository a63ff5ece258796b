# SPDX-License-Identifier: Apache-2.0
"""A simulated device for tests, in one line.

With pytest, which finds these fixtures by itself once the package is installed::

    async def test_update(smp_simulator):
        async with pysmp.connect(smp_simulator().url) as device:
            ...

    def test_echo(smp_device):
        assert smp_device.os.echo("hi").text == "hi"

Without::

    with pysmp.testing.Simulator() as simulator:
        ...
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from types import TracebackType

    from . import blocking

Factory = Callable[..., "Simulator"]


def find_smpsim() -> str:
    """The simulator: $SMPSIM, the one in the package, or the one that is installed."""
    inside = Path(__file__).parent / "bin" / "smpsim"
    found = os.environ.get("SMPSIM") or (str(inside) if inside.exists() else shutil.which("smpsim"))
    if not found:
        raise FileNotFoundError(
            "smpsim is not installed: install libsmp, or set SMPSIM to the program"
        )
    return found


class Simulator:
    """smpsim as a process, on a port of its own.

    Args:
        arguments: further options of smpsim: ``Simulator("--drop=1", "--profile=mynewt")``
        image: firmware of slot 0
        state: folder that holds the flash; default: one that is removed again
    """

    def __init__(
        self,
        *arguments: str,
        image: str | os.PathLike[str] | None = None,
        state: str | os.PathLike[str] | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory() if state is None else None
        folder = os.fspath(state) if state is not None else self._folder.name  # type: ignore[union-attr]
        command = [find_smpsim(), "--udp", "127.0.0.1:0", "--state", folder, *arguments]
        if image is not None:
            command += ["--image", os.fspath(image)]
        self.lines: list[str] = []
        """What it said."""
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._ready = threading.Event()
        self.url = ""
        """Where it listens."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(10) or not self.url:
            self.close()
            raise RuntimeError("smpsim did not start: " + " ".join(self.lines))

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.strip())
            if "listening on udp " in line:
                self.url = "udp://" + line.split("listening on udp ")[1].strip()
                self._ready.set()
        self._ready.set()

    def close(self) -> None:
        """Stops it.  Twice is harmless."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _factory() -> Iterator[Factory]:
    made: list[Simulator] = []

    def make(*arguments: str, **options: Any) -> Simulator:
        made.append(Simulator(*arguments, **options))
        return made[-1]

    yield make
    for simulator in made:
        simulator.close()


def _device(smp_simulator: Factory) -> Iterator[blocking.Device]:
    from . import blocking

    with blocking.connect(smp_simulator().url) as device:
        yield device


try:
    import pytest
except ImportError:  # only the class, then
    pass
else:
    smp_simulator = pytest.fixture(name="smp_simulator")(_factory)
    """Makes simulators, and stops them after the test."""
    smp_device = pytest.fixture(name="smp_device")(_device)
    """A blocking device at a simulator of its own."""


__all__ = ["Simulator", "find_smpsim"]
