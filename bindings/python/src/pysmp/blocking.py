# SPDX-License-Identifier: Apache-2.0
"""The same without asyncio, for scripts::

    with pysmp.blocking.connect("udp://192.0.2.1") as device:
        print(device.os.echo("hello").text)

Each device has an event loop of its own, which turns while a call waits.  Use a device in one
thread at a time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from . import device as _device
from ._blocking import BlockingGroups
from ._blocking_base import Questions, run_update
from ._command import Command
from ._values import Data

if TYPE_CHECKING:
    from types import TracebackType

    from ._data import Source
    from .device import Answer, Stats
    from .messages import UpdateReport
    from .transports import Transport
    from .update import Update, UpdateProgress, Verdict

Q = TypeVar("Q")
R = TypeVar("R")


class Device(BlockingGroups):
    """A device; :func:`connect` makes one."""

    def __init__(self, where: str | Transport, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._device = self._run(self._connect(where, options))
        except BaseException:
            self._loop.close()
            raise
        self._set_groups(self._device)

    @staticmethod
    async def _connect(where: str | Transport, options: dict[str, Any]) -> _device.Device:
        return await _device.connect(where, **options)

    def call(self, command: Command[Q, R], request: Q | None = None) -> R:
        """Sends any command of :mod:`pysmp.commands`, or of a group of your own."""
        return self._run(self._device.call(command, request))

    def request(self, group: int, id: int, op: int, cbor: Data = b"") -> Answer:
        """Sends any CBOR to any group and command."""
        return self._run(self._device.request(group, id, op, cbor))

    def update(
        self,
        data: Source,
        *,
        progress: Callable[[UpdateProgress], object] | None = None,
        decide: Callable[[UpdateReport], Verdict] | None = None,
        **options: Any,
    ) -> UpdateReport:
        """Updates the firmware, see :meth:`pysmp.Device.update`.

        Args:
            data: bytes, the path of a file, or an open binary file
            progress: called with each :class:`~pysmp.UpdateProgress`; what it raises ends it
            decide: asked when the new image runs, on trial.  It may use this device.
            options: as there
        """

        def make(questions: Questions) -> Update:
            ask = questions.ask if decide is not None else None
            return self._device.update(data, decide=ask, **options)

        return run_update(self, make, progress, decide)

    @property
    def url(self) -> str:
        """How it is reached."""
        return self._device.url

    @property
    def window(self) -> int:
        """Requests that may be with the device now."""
        return self._run(self._get("window"))

    @property
    def max_packet(self) -> int:
        """Largest packet that may be sent now, header included."""
        return self._run(self._get("max_packet"))

    async def _get(self, name: str) -> int:
        return int(getattr(self._device, name))

    def stats(self) -> Stats:
        """What the session has seen."""

        async def get() -> Stats:
            return self._device.stats()

        return self._run(get())

    def close(self) -> None:
        """Closes.  Twice is harmless."""
        if self._loop.is_closed():
            return
        self._run(self._device.close())
        self._run(self._loop.shutdown_default_executor())
        self._loop.close()

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<blocking {self._device!r}>"


def connect(where: str | Transport, **options: Any) -> Device:
    """Reaches a device; arguments as of :func:`pysmp.connect`."""
    return Device(where, **options)


__all__ = ["Device", "connect"]
