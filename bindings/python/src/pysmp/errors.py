# SPDX-License-Identifier: Apache-2.0
"""What can go wrong.  All of it is an :class:`SmpError`.

=====================  ===========================================================================
class                  when
=====================  ===========================================================================
DeviceError            the device said no: group, code, name, reason, hint
TimeoutError           no answer in the time allowed
LinkError              the link is down, closed or refused
Cancelled              a transfer was cancelled with its ``cancel()``
TransferError          a transfer stalled, or its data could not be read or stored, or are damaged
MalformedError         the device sent what is no valid answer
TooLargeError          it does not fit the device's buffer
NotImageError          the file is no MCUboot image
SignatureError         the image is not signed with that key
DowngradeError         the image is older than the one that runs
NotStartedError        the device came back without the new image
InvalidError           an argument is wrong
BusyError              too much is under way
UnsupportedError       not built in
ForkedError            made before ``os.fork()``
=====================  ===========================================================================

A cancelled task gets :class:`asyncio.CancelledError` as everywhere in asyncio.
"""

from __future__ import annotations

import builtins
import os
from typing import TYPE_CHECKING, Any

from ._smp import ffi, lib
from .enums import Error

if TYPE_CHECKING:
    from .messages import UpdateReport


class SmpError(Exception):
    """The base of all errors of this package."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = Error(code) if code in _CODES else code
        """Which :class:`~pysmp.enums.Error` it is."""
        self.report: UpdateReport | None = None
        """Of an update that failed: what the device is left with."""


class DeviceError(SmpError):
    """The device said no."""

    def __init__(self, text: str, rc: int = 0, group: int | None = None) -> None:
        super().__init__(text, Error.ERR_DEVICE)
        self.rc = rc
        """The number."""
        self.group = group
        """The group whose code it is; None for a global code."""
        self.name: str | None = None
        """The code's name, "NO_IMAGE"; None when it is not known."""
        self.reason = ""
        """What the device says about it."""
        self.hint: str | None = None
        """What to do about it."""
        self.response: object | None = None
        """What else was in the answer; anything may be missing there."""


class TimeoutError(SmpError, builtins.TimeoutError):
    """No answer in the time allowed."""


class LinkError(SmpError, ConnectionError):
    """The link is down, cannot be opened, or was closed; ``errno`` says why, if the system does."""


class Refused(LinkError):
    """Nobody listens at that address."""


class Cancelled(SmpError):
    """A transfer was cancelled."""


class TransferError(SmpError):
    """A transfer failed; ``__cause__`` is what the source or sink raised."""


class StalledError(TransferError):
    """A transfer made no progress."""


class CorruptError(TransferError):
    """A hash, checksum or length does not match."""


class MalformedError(SmpError):
    """The device sent what is no valid answer."""

    key: str | None = None
    """The key that was wrong, if it was one."""


class TooLargeError(SmpError):
    """It does not fit the device's buffer, or the link."""


class NotImageError(SmpError, ValueError):
    """The file is no MCUboot image."""


class SignatureError(SmpError):
    """The image is not signed with that key."""


class DowngradeError(SmpError):
    """The image is older than the one that runs."""


class NotStartedError(SmpError):
    """After its reset the device does not run the new image."""


class InvalidError(SmpError, ValueError):
    """An argument is wrong."""


class NotFoundError(SmpError, LookupError):
    """No such thing."""


class BusyError(SmpError):
    """Too much is under way."""


class ExistsError(SmpError):
    """It is taken."""


class UnsupportedError(SmpError):
    """Not built in, or the device cannot do it."""


class ForkedError(SmpError, RuntimeError):
    """Made before ``os.fork()``, used after it."""


_CODES = {int(code) for code in Error}
_CLASSES: dict[int, type[SmpError]] = {
    Error.ERR_INVALID: InvalidError,
    Error.ERR_BUSY: BusyError,
    Error.ERR_TOO_LARGE: TooLargeError,
    Error.ERR_CLOSED: LinkError,
    Error.ERR_REFUSED: Refused,
    Error.ERR_TIMEOUT: TimeoutError,
    Error.ERR_CANCELLED: Cancelled,
    Error.ERR_MALFORMED: MalformedError,
    Error.ERR_NOT_FOUND: NotFoundError,
    Error.ERR_FORKED: ForkedError,
    Error.ERR_SYSTEM: LinkError,
    Error.ERR_STALLED: StalledError,
    Error.ERR_STUCK: StalledError,
    Error.ERR_STALE: StalledError,
    Error.ERR_OFFSET: TransferError,
    Error.ERR_NOT_IMAGE: NotImageError,
    Error.ERR_CORRUPT: CorruptError,
    Error.ERR_UNSUPPORTED: UnsupportedError,
    Error.ERR_SOURCE: TransferError,
    Error.ERR_EXISTS: ExistsError,
    Error.ERR_SINK: TransferError,
    Error.ERR_SIGNATURE: SignatureError,
    Error.ERR_DOWNGRADE: DowngradeError,
    Error.ERR_NOT_STARTED: NotStartedError,
}


def _string(pointer: Any) -> str | None:
    return ffi.string(pointer).decode("utf-8", "backslashreplace") if pointer else None


def error_of(code: int, text: str | None = None, errno: int = 0) -> Exception:
    """The exception of a negative number that a call returned."""
    if code == Error.ERR_NO_MEMORY:
        return MemoryError()
    if text is None:
        text = _string(lib.smp_error_text(code)) or "unknown error"
        text += f": {os.strerror(errno)}" if errno else ""
    error = _CLASSES.get(code, SmpError)(text, code)
    if isinstance(error, LinkError):
        error.errno = errno or None
    return error


def check(result: int) -> int:
    """Raises what a call returned if it is negative."""
    if result < 0:
        errno = ffi.errno if result == Error.ERR_SYSTEM else 0
        raise error_of(result, errno=errno)
    return result


def error_of_event(event: Any, response: object) -> Exception:
    """The exception of a request that ended badly."""
    text = _string(event.text) or "failed"
    if event.error != Error.ERR_DEVICE:
        error = error_of(event.error, text, event.system_error)
        if isinstance(error, MalformedError):
            error.key = _string(event.key)
        return error
    group = event.group if event.from_group else None
    refusal = DeviceError(text, event.rc, group)
    if event.code:
        refusal.name = _string(event.code.name)
        refusal.hint = _string(event.code.hint)
    n = event.reason.len
    if n:
        refusal.reason = ffi.unpack(event.reason.data, n).decode("utf-8", "backslashreplace")
    refusal.response = response
    return refusal
