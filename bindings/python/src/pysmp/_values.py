# SPDX-License-Identifier: Apache-2.0
"""Single values between Python and C."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Callable, Union

from ._smp import ffi, lib

Data = Union[bytes, bytearray, memoryview]
"""Bytes, or what can be seen as bytes."""


class Cbor(bytes):
    """An item as raw CBOR, where a value is of a type that has no other form."""


Value = Union[bool, int, str, bytes, None]
"""A field with more than one type on the wire; other types come as :class:`Cbor`."""


@dataclass
class Empty:
    """A message without fields."""


Keep = list  # what C points to must live as long as the struct

_KIND_NONE = lib.SMP_KIND_NONE
_KIND_BOOL = lib.SMP_KIND_BOOL
_KIND_UINT = lib.SMP_KIND_UINT
_KIND_INT = lib.SMP_KIND_INT
_KIND_STR = lib.SMP_KIND_STR
_KIND_BYTES = lib.SMP_KIND_BYTES
_KIND_CBOR = lib.SMP_KIND_CBOR

_unpack = ffi.unpack
_buffer = ffi.buffer
_from_buffer = ffi.from_buffer
_CHARS = ffi.typeof("char[]")
_BYTES = ffi.typeof("uint8_t[]")


# ---- from C ----


def text(s: Any) -> str:
    """Devices may cut text anywhere: what is not UTF-8 shows as \\x.. and does no harm."""
    n = s.len
    return _unpack(s.data, n).decode("utf-8", "backslashreplace") if n else ""


def data(b: Any) -> bytes:
    n = b.len
    return bytes(_buffer(b.data, n)) if n else b""


def enum(kind: type[IntEnum], number: int) -> int:
    """The number by its name; devices may know more of them than we do."""
    try:
        return kind(number)
    except ValueError:
        return number


def array(pointer: Any, n: int) -> list[Any]:
    result: list[Any] = _unpack(pointer, n) if n else []
    return result


def value(v: Any) -> Value:
    kind = v.kind
    inside = getattr(v, "as")
    if kind == _KIND_BYTES:
        return data(inside.bytes)
    if kind == _KIND_STR:
        return text(inside.str)
    if kind == _KIND_UINT:
        return int(inside.uint)
    if kind == _KIND_INT:
        return int(inside.sint)
    if kind == _KIND_BOOL:
        return bool(inside.boolean)
    return Cbor(data(inside.bytes)) if kind == _KIND_CBOR else None


# ---- to C ----


def wrong(name: str, wanted: str, given: object) -> TypeError:
    return TypeError(f"{name}: {wanted} is needed, not {type(given).__name__}")


def put_text(keep: list[Any], place: Any, given: object, name: str) -> None:
    if not isinstance(given, str):
        raise wrong(name, "str", given)
    encoded = given.encode()
    array = _from_buffer(_CHARS, encoded)
    keep.append(array)
    place.data = array
    place.len = len(encoded)


def put_data(keep: list[Any], place: Any, given: object, name: str) -> None:
    if not isinstance(given, (bytes, bytearray, memoryview)):
        raise wrong(name, "bytes", given)
    array = _from_buffer(_BYTES, given)
    keep.append(array)
    place.data = array
    place.len = len(array)


def put_value(keep: list[Any], place: Any, given: object, name: str) -> None:
    inside = getattr(place, "as")
    if given is None:
        place.kind = _KIND_NONE
    elif isinstance(given, bool):
        place.kind = _KIND_BOOL
        inside.boolean = given
    elif isinstance(given, int):
        place.kind = _KIND_UINT if given >= 0 else _KIND_INT
        if given >= 0:
            inside.uint = given
        else:
            inside.sint = given
    elif isinstance(given, str):
        place.kind = _KIND_STR
        put_text(keep, inside.str, given, name)
    else:
        place.kind = _KIND_CBOR if isinstance(given, Cbor) else _KIND_BYTES
        put_data(keep, inside.bytes, given, name)


def number(given: object, name: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise wrong(name, "int", given)
    return given


def flag(given: object, name: str) -> bool:
    if not isinstance(given, bool):
        raise wrong(name, "bool", given)
    return given


def items(given: object, name: str) -> Sequence[Any]:
    if isinstance(given, (str, bytes, bytearray)) or not isinstance(given, Sequence):
        raise wrong(name, "a list", given)
    return given


def entries(given: object, name: str) -> Iterable[tuple[Any, Any]]:
    if not isinstance(given, Mapping):
        raise wrong(name, "a dict", given)
    return given.items()


def pointers(keep: list[Any], records: list[Any]) -> Any:
    """An array of pointers to records."""
    array = ffi.new("void *[]", records)
    keep.append(records)
    keep.append(array)
    return ffi.cast("void *", array)


Put = Callable[[list[Any], Any, object, str], None]


def scalars(keep: list[Any], kind: str, given: Sequence[Any], put: Put | None, name: str) -> Any:
    """An array of numbers, or of what `put` fills in."""
    if put is None:
        array = ffi.new(kind, [number(x, name) for x in given])
    else:
        array = ffi.new(kind, len(given))
        for i, x in enumerate(given):
            put(keep, array[i], x, name)
    keep.append(array)
    return array
