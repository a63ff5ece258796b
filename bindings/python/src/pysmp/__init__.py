# SPDX-License-Identifier: Apache-2.0
"""SMP (Simple Management Protocol, MCUmgr) in Python.

::

    async with pysmp.connect("udp://192.0.2.1") as device:
        state = await device.img.state_read()

:mod:`pysmp.blocking` is the same without asyncio, :mod:`pysmp.testing` has a simulated device.
"""

from __future__ import annotations

from . import blocking, commands, enums, messages
from ._smp import ffi as _ffi
from ._smp import lib as _lib
from ._transfers import Progress, Transfer
from ._values import Cbor
from .device import Answer, Device, Port, Stats, connect, ports
from .enums import Error, Op, Phase, Rc
from .errors import (
    BusyError,
    Cancelled,
    CorruptError,
    DeviceError,
    DowngradeError,
    ExistsError,
    ForkedError,
    InvalidError,
    LinkError,
    MalformedError,
    NotFoundError,
    NotImageError,
    NotStartedError,
    Refused,
    SignatureError,
    SmpError,
    StalledError,
    TimeoutError,
    TooLargeError,
    TransferError,
    UnsupportedError,
)
from .image import Image, Tlv, Version
from .server import Fail, Refuse, Server
from .transports import Datagrams, Stream, Transport
from .update import Update, UpdateDecision, UpdatePhase, UpdateProgress, UpdateState, UpdateStep

library_version: str = _ffi.string(_lib.smp_version()).decode()
"""The version of libsmp inside."""

__all__ = [
    "Answer",
    "BusyError",
    "Cancelled",
    "Cbor",
    "CorruptError",
    "Datagrams",
    "Device",
    "DeviceError",
    "DowngradeError",
    "Error",
    "ExistsError",
    "Fail",
    "ForkedError",
    "Image",
    "InvalidError",
    "LinkError",
    "MalformedError",
    "NotFoundError",
    "NotImageError",
    "NotStartedError",
    "Op",
    "Phase",
    "Port",
    "Progress",
    "Rc",
    "Refuse",
    "Refused",
    "Server",
    "SignatureError",
    "SmpError",
    "StalledError",
    "Stats",
    "Stream",
    "TimeoutError",
    "Tlv",
    "TooLargeError",
    "Transfer",
    "TransferError",
    "Transport",
    "UnsupportedError",
    "Update",
    "UpdateDecision",
    "UpdatePhase",
    "UpdateProgress",
    "UpdateState",
    "UpdateStep",
    "Version",
    "blocking",
    "commands",
    "connect",
    "enums",
    "library_version",
    "messages",
    "ports",
]
