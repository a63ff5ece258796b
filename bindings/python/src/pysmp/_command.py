# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any, Callable, Generic, TypeVar

from ._values import Empty
from .errors import MalformedError

Q = TypeVar("Q")
R = TypeVar("R")


class Command(Generic[Q, R]):
    """One command: for :meth:`Device.call` and :meth:`Server.handle`."""

    def __init__(
        self,
        group: int,
        id: int,
        op: int,
        name: str,
        request: type[Q],
        response: type[R],
        store_request: Callable[[list[Any], Q], Any],
        load_request: Callable[[Any], Q],
        store_response: Callable[[list[Any], R], Any],
        load_response: Callable[[Any], R],
    ) -> None:
        self.group = group
        self.id = id
        self.op = op
        self.key = (group, id, op)
        self.name = name
        self.request = request
        self.response = response
        self.store_request = store_request
        self.load_request = load_request
        self.store_response = store_response
        self.load_response = load_response

    def done(self, event: Any) -> R:
        """The response in a completion."""
        record = event.record
        if not record and self.response is not Empty:
            raise MalformedError(f"{self.name}: the answer has no fields")
        return self.load_response(record)

    def __repr__(self) -> str:
        return f"<Command {self.name}>"


def load_empty(record: Any) -> Empty:
    return Empty()


def store_empty(keep: list[Any], message: Empty) -> Any:
    """None stands for a struct without fields."""
    return None
