# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Optional, TypeVar

from ._command import Command

if TYPE_CHECKING:
    from ._hub import Hub

R = TypeVar("R")


class Caller:
    """What groups need of a Device."""

    def call_record(self, command: Command[Any, R], record: Any) -> Awaitable[R]:
        raise NotImplementedError

    def session(self) -> tuple[Hub, int]:
        raise NotImplementedError


class Group:
    """Commands of one group, on one device."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller


__all__ = ["Caller", "Group", "Optional"]
