# SPDX-License-Identifier: Apache-2.0
"""A whole firmware update, see :meth:`pysmp.Device.update`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Union

from . import _convert
from ._data import Opened, Source
from ._group import Caller
from ._operation import Operation, milliseconds
from ._smp import ffi, lib
from .enums import UpdateDecision, UpdatePhase, UpdateState
from .errors import SmpError, error_of
from .messages import UpdateReport

Verdict = Union[UpdateDecision, bool, None]
"""True: confirm it; False: go back to the old image; None: neither, it stays on trial."""

Decide = Callable[[UpdateReport], Union[Verdict, Awaitable[Verdict]]]
"""Asked when the new image runs, on trial.  May be a coroutine."""


@dataclass
class UpdateProgress:
    """How far an update is."""

    phase: UpdatePhase
    link_down: bool
    """The link is lost, and being opened again."""
    done: int
    """Uploading: bytes the device has; else milliseconds waited."""
    total: int
    """Of them; 0 where there is nothing to wait for."""
    start: int
    """Uploading: bytes the device had already."""
    rate: int
    """Uploading: bytes a second, 0 while unknown."""
    left: float
    """Uploading: estimated seconds left, 0 while unknown."""


@dataclass
class UpdateStep:
    """A step has ended: what an audit log keeps."""

    phase: UpdatePhase
    """The step; DONE: the whole update."""
    error: Exception | None
    """Why it failed; it may be tried again."""
    report: UpdateReport
    """As of now; its text is about this step."""


def pem_of(key: str | os.PathLike[str]) -> bytes:
    """A key that is given as text, or as the path of a file."""
    if isinstance(key, str) and "-----BEGIN" in key:
        return key.encode()
    return Path(key).read_bytes()


class Update(Operation[UpdateReport, UpdateProgress]):
    """An update that is under way: await it for its report, or look at its progress::

        async for progress in device.update("zephyr.signed.bin"):
            print(progress.phase.name, progress.done, progress.total)

    What it fails with has the report, too: ``error.report``.
    """

    def __init__(
        self,
        caller: Caller,
        data: Source,
        options: tuple[Any, Any],
        decide: Decide | None,
        on_step: Callable[[UpdateStep], object] | None,
    ) -> None:
        self._data = data
        self._options = options  # and the key that it points to
        self._decide = decide
        self._on_step = on_step
        self.report: UpdateReport | None = None
        """As of the last step."""
        super().__init__(caller)

    async def _run(self) -> UpdateReport:
        async with Opened(self._data) as source:
            data = await source.whole()
            ask = self._decide is not None
            handle = lib.shim_update(
                self._hub.enter(), self._session, data, len(data), lib.SHIM_BORROW,
                self._options[0], ask,
            )  # fmt: skip
            try:
                report = await self._follow(handle, self._load)
            except SmpError as error:
                if self.report is not None:
                    error.args = (self.report.text,)
                    error.report = self.report
                raise
        if self._cause is not None:  # it could not be decided
            raise self._cause
        return report

    def _load(self, event: Any) -> UpdateReport:
        self.report = _convert.load_update_report(event.record)
        return self.report

    def _on_event(self, event: Any) -> None:
        if event.kind == lib.SHIM_UPDATE:
            news = _progress(event.update)
            same = bool(self._news) and self._news[-1].phase == news.phase
            if same:
                self._news.pop()
            self._tell(news, replace=False)
        elif event.kind == lib.SHIM_STEP:
            report = self._load(event)
            if self._on_step is not None:
                error = error_of(event.error, report.text) if event.error else None
                step = UpdateStep(UpdatePhase(event.update.phase), error, report)
                self._hub.call_user(self._on_step, step)
        elif event.kind == lib.SHIM_DECIDE and self._decide is not None:
            self._help(self._ask(self._decide, self._load(event)))

    async def _ask(self, decide: Decide, report: UpdateReport) -> None:
        try:
            answer = decide(report)
            if inspect.isawaitable(answer):
                answer = await answer
            decision = decision_of(answer)
        except Exception as cause:
            self._cause = cause
            decision = UpdateDecision.LEAVE
        if not self._hub.closed:
            lib.shim_update_decide(self._hub.shim, self._handle, decision)


def decision_of(answer: object) -> UpdateDecision:
    """What a decider's answer means."""
    if answer is None:
        return UpdateDecision.LEAVE
    if isinstance(answer, bool):
        return UpdateDecision.YES if answer else UpdateDecision.NO
    if isinstance(answer, UpdateDecision):
        return answer
    raise TypeError(f"decide: True, False or None is needed, not {type(answer).__name__}")


def _progress(p: Any) -> UpdateProgress:
    return UpdateProgress(
        UpdatePhase(p.phase), p.link_down, p.done, p.total, p.start, p.rate, p.left_ms / 1000
    )


class CanUpdate(Caller):
    """What a Device has besides its groups."""

    def update(
        self,
        data: Source,
        *,
        decide: Decide | None = None,
        on_step: Callable[[UpdateStep], object] | None = None,
        goal: UpdateState = UpdateState.TRIAL,
        image: int = 0,
        recovery: bool = False,
        no_downgrade: bool = False,
        again: bool = False,
        force_reset: bool = False,
        key: str | os.PathLike[str] | None = None,
        reset_timeout: float | None = None,
        link_timeout: float | None = None,
        busy_timeout: float | None = None,
        decide_timeout: float | None = None,
        window: int = 0,
        chunk: int = 0,
        first_chunk_timeout: float | None = None,
        stall_timeout: float | None = None,
    ) -> Update:
        """Updates the firmware: checks the file, uploads it, marks it for a trial, resets, waits,
        sees that the new image runs, and then does what ``decide`` or ``goal`` says.

        It does what is missing: called again, it goes on where an earlier one ended.  Nothing is
        confirmed unless somebody said so.

        Args:
            data: bytes, the path of a file, an open binary file, or a stream of bytes
            decide: asked when the new image runs, on trial; may be a coroutine.  True: confirm it;
                False: go back to the old one; None: leave it on trial.  What it raises leaves it
                on trial, too, and is raised by the update.
            on_step: called when a step has ended, as for an audit log
            goal: UPLOADED, MARKED, TRIAL or CONFIRMED; not looked at with ``decide``
            image: number of the image, 0 for the application
            recovery: the device is in MCUboot's serial recovery: upload and reset only
            no_downgrade: refuse an image older than the one that runs
            again: upload even when the device holds this image already
            force_reset: reset with ``force``
            key: a public key that must have signed the image: PEM text, or the path of a file
            reset_timeout: seconds for the device to come back after a reset; default 120
            link_timeout: seconds for a lost link to come back at other times; default 30
            busy_timeout: seconds for a device that says it is busy; default 10
            decide_timeout: seconds for the decision, then it stays on trial; default 600
            window: at most so many packets on the way; 0: as many as the device has room for
            chunk: at most so many bytes of data in a packet; 0: fill it
            first_chunk_timeout: patience in seconds for the first answer, while the device erases
            stall_timeout: seconds without progress that end the upload
        """
        o = ffi.new("struct smp_update_options *")
        o.image = image
        o.goal = UpdateState(goal)
        o.recovery = recovery
        o.no_downgrade = no_downgrade
        o.again = again
        o.force_reset = force_reset
        o.wait_ms = milliseconds(reset_timeout, "reset_timeout")
        o.link_ms = milliseconds(link_timeout, "link_timeout")
        o.busy_ms = milliseconds(busy_timeout, "busy_timeout")
        o.decide_ms = milliseconds(decide_timeout, "decide_timeout")
        o.window = window
        o.chunk = chunk
        o.first_chunk_ms = milliseconds(first_chunk_timeout, "first_chunk_timeout")
        o.stall_ms = milliseconds(stall_timeout, "stall_timeout")
        pem = ffi.from_buffer("char[]", pem_of(key) if key is not None else b"")
        o.key.data = pem
        o.key.len = len(pem)
        return Update(self, data, (o, pem), decide, on_step)


__all__ = [
    "Verdict",
    "CanUpdate",
    "Decide",
    "Update",
    "UpdateDecision",
    "UpdatePhase",
    "UpdateProgress",
    "UpdateReport",
    "UpdateState",
    "UpdateStep",
]
