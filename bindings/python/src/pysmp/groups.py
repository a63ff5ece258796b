# SPDX-License-Identifier: Apache-2.0
"""Groups of your own: messages are dataclasses.

::

    @dataclass
    class Lamp:
        level: Optional[int] = None
        name: str = key("nm", default="")

    home = Group(100, "home")
    SET = home.command("set", 1, Op.WRITE, Lamp, Lamp)
    home.code(2, "BURNT", "the bulb is burnt", hint="change it")

    async with pysmp.connect("udp://192.0.2.1", groups=(home,)) as device:
        lamp = await device.call(SET, Lamp(level=3))

Types: bool, int, str, bytes, ``pysmp.messages.Value`` (any of these), another dataclass,
``list`` of all of these, and ``dict[str, ...]``; ``Optional`` is what may be missing.
"""

from __future__ import annotations

import dataclasses
import struct
import typing
from typing import Any, Generic, TypeVar, Union

from ._command import Command, Q, R
from ._smp import ffi, lib
from ._values import Cbor, Empty, wrong
from .enums import Kind, Op, Rc
from .errors import InvalidError, check

T = TypeVar("T")

_KINDS = {bool: Kind.BOOL, int: Kind.INT, str: Kind.STR, bytes: Kind.BYTES}


def key(
    name: str,
    *,
    alias: str | None = None,
    bits: int = 64,
    signed: bool = True,
    default: Any = dataclasses.MISSING,
) -> Any:
    """A field whose CBOR key is not its name, or a number of limited size.

    Args:
        name: the CBOR key
        alias: another spelling to accept
        bits: 8, 16, 32 or 64, for numbers
        signed: whether a number may be negative
        default: as in :func:`dataclasses.field`
    """
    metadata = {"key": name, "alias": alias, "bits": bits, "signed": signed}
    return dataclasses.field(default=default, metadata={"pysmp": metadata})


@dataclasses.dataclass
class _Row:
    name: str
    key: str
    alias: str | None
    kind: Kind
    element: Kind
    width: int
    optional: bool
    plan: _Plan | None
    pairs: bool  # a dict


class _Plan:
    """How a dataclass goes over the wire: its rows, in the order of its fields."""

    def __init__(self, cls: type, rows: list[_Row]) -> None:
        self.cls = cls
        self.rows = rows


def _is_value(hint: Any) -> bool:
    arguments = set(typing.get_args(hint)) - {type(None)}
    return typing.get_origin(hint) is Union and arguments == {bool, int, str, bytes}


class _Planner:
    def __init__(self) -> None:
        self.plans: dict[type, _Plan] = {}

    def plan(self, cls: type) -> _Plan:
        if cls not in self.plans:
            if not dataclasses.is_dataclass(cls):
                raise TypeError(f"{cls.__name__} is no dataclass")
            hints = typing.get_type_hints(cls)
            rows = [self._row(cls, f, hints[f.name]) for f in dataclasses.fields(cls)]
            self.plans[cls] = _Plan(cls, rows)
        return self.plans[cls]

    def _row(self, cls: type, field: Any, hint: Any) -> _Row:
        said = field.metadata.get("pysmp", {})
        optional = _is_value(hint)  # which may be None
        if not optional and typing.get_origin(hint) is Union:
            inside = [a for a in typing.get_args(hint) if a is not type(None)]
            optional = len(inside) == 1
            hint = inside[0] if optional else hint
        width = said.get("bits", 64) // 8
        row = _Row(
            field.name, said.get("key", field.name), said.get("alias"), Kind.NONE, Kind.NONE,
            width, optional, None, False,
        )  # fmt: skip
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is list:
            row.kind = Kind.LIST
            row.element, row.plan = self._kind(cls, field, arguments[0], said)
        elif origin is dict and arguments[0] is str:
            row.kind, row.pairs = Kind.MAP, True
            row.plan = self._pairs(cls, field, arguments[1], said)
        else:
            row.kind, row.plan = self._kind(cls, field, hint, said)
        return row

    def _kind(self, cls: type, field: Any, hint: Any, said: Any) -> tuple[Kind, _Plan | None]:
        if hint in _KINDS:
            unsigned = hint is int and not said.get("signed", True)
            return (Kind.UINT if unsigned else _KINDS[hint]), None
        if _is_value(hint):
            return Kind.VALUE, None
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            return Kind.RECORD, self.plan(hint)
        raise TypeError(f"{cls.__name__}.{field.name}: a field cannot be a {hint}")

    def _pairs(self, cls: type, field: Any, hint: Any, said: Any) -> _Plan:
        """An entry of a dict: its key, then the value, or the fields of the dataclass."""
        kind, plan = self._kind(cls, field, hint, said)
        first = _Row("key", "", None, Kind.STR, Kind.NONE, 8, False, None, False)
        if plan is None:
            value = _Row("value", "", None, kind, Kind.NONE, said.get("bits", 64) // 8, False,
                         None, False)  # fmt: skip
            return _Plan(type(f"{cls.__name__}_{field.name}", (), {}), [first, value])
        entry = type(f"{cls.__name__}_{field.name}", (plan.cls,), {})
        return _Plan(entry, [first, *plan.rows])


# ---- the flat form: bindings/shim/README.md ----


def _put_bytes(out: bytearray, kind: int, data: bytes) -> None:
    out += struct.pack("<BI", kind, len(data))
    out += data


def _put_scalar(out: bytearray, given: Any, row: _Row) -> None:
    if given is None:
        out.append(Kind.NONE)
    elif isinstance(given, bool):
        out += struct.pack("<BB", Kind.BOOL, given)
    elif isinstance(given, int):
        try:
            out += struct.pack("<BQ" if given >= 0 else "<Bq", _number_kind(given), given)
        except struct.error:
            raise OverflowError(f"{row.name}: {given} does not fit 64 bits") from None
    elif isinstance(given, str):
        _put_bytes(out, Kind.STR, given.encode())
    elif isinstance(given, (bytes, bytearray, memoryview)):
        kind = Kind.CBOR if isinstance(given, Cbor) else Kind.BYTES
        _put_bytes(out, kind, bytes(given))
    else:
        raise wrong(row.name, row.kind.name.lower(), given)


def _number_kind(given: int) -> int:
    return Kind.UINT if given >= 0 else Kind.INT


_PYTHON = {Kind.BOOL: bool, Kind.INT: int, Kind.UINT: int, Kind.STR: str}


def _check(given: Any, kind: Kind, row: _Row) -> None:
    wanted = _PYTHON.get(kind)
    if wanted is None:
        if kind == Kind.BYTES and not isinstance(given, (bytes, bytearray, memoryview)):
            raise wrong(row.name, "bytes", given)
    elif not isinstance(given, wanted) or (wanted is int and isinstance(given, bool)):
        raise wrong(row.name, wanted.__name__, given)


def _put_item(out: bytearray, given: Any, kind: Kind, row: _Row) -> None:
    if kind == Kind.RECORD:
        assert row.plan
        _put_record(out, given, row.plan)
    else:
        _check(given, kind, row)
        _put_scalar(out, given, row)


def _put_field(out: bytearray, given: Any, row: _Row) -> None:
    if row.kind not in (Kind.LIST, Kind.MAP):
        _put_item(out, given, row.kind, row)
        return
    if not isinstance(given, dict if row.pairs else (list, tuple)):
        raise wrong(row.name, "a dict" if row.pairs else "a list", given)
    out += struct.pack("<BI", row.kind, len(given))
    if not row.pairs:
        for item in given:
            _put_item(out, item, row.element, row)
        return
    assert row.plan
    assert isinstance(given, dict)
    bare = len(row.plan.rows) == 2 and row.plan.rows[1].key == ""
    for name, value in given.items():
        out += struct.pack("<BHH", Kind.RECORD, 2 if bare else 0, 0)
        count = len(out) - 4
        _put_item(out, name, Kind.STR, row.plan.rows[0])
        if bare:
            out += struct.pack("<H", 1)
            _put_item(out, value, row.plan.rows[1].kind, row.plan.rows[1])
        else:
            n = _put_rows(out, value, row.plan.rows[1:], 1)
            struct.pack_into("<H", out, count, n + 1)


def _put_rows(out: bytearray, record: Any, rows: list[_Row], first: int) -> int:
    n = 0
    for index, row in enumerate(rows, first):
        given = getattr(record, row.name)
        if given is None and row.optional:
            continue
        n += 1
        out += struct.pack("<H", index)
        _put_field(out, given, row)
    return n


def _put_record(out: bytearray, record: Any, plan: _Plan) -> None:
    if not isinstance(record, plan.cls):
        raise TypeError(f"{plan.cls.__name__} is needed, not {type(record).__name__}")
    out += struct.pack("<BH", Kind.RECORD, 0)
    count = len(out) - 2
    struct.pack_into("<H", out, count, _put_rows(out, record, plan.rows, 0))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self, form: str, width: int) -> int:
        (number,) = struct.unpack_from(form, self.data, self.at)
        self.at += width
        return int(number)

    def bytes(self) -> bytes:
        n = self.number("<I", 4)
        self.at += n
        return self.data[self.at - n : self.at]

    def item(self, plan: _Plan | None) -> Any:
        kind = self.number("<B", 1)
        if kind == Kind.RECORD:
            return self.record(plan)
        if kind in (Kind.LIST, Kind.MAP):
            return [self.item(plan) for _ in range(self.number("<I", 4))]
        if kind == Kind.NONE:
            return None
        if kind == Kind.BOOL:
            return bool(self.number("<B", 1))
        if kind in (Kind.UINT, Kind.INT):
            return self.number("<Q" if kind == Kind.UINT else "<q", 8)
        data = self.bytes()
        if kind == Kind.STR:
            return data.decode("utf-8", "backslashreplace")
        return Cbor(data) if kind == Kind.CBOR else data

    def record(self, plan: _Plan | None) -> Any:
        assert plan
        found: dict[str, Any] = {}
        for _ in range(self.number("<H", 2)):
            row = plan.rows[self.number("<H", 2)]
            value = self.item(row.plan)
            if row.pairs:
                assert row.plan
                value = {entry.pop("key"): _entry(row.plan, entry) for entry in value}
            found[row.name] = value
        if plan.rows and plan.rows[0].key == "" and plan.rows[0].name == "key":
            return found
        return _make(plan, found)


def _entry(plan: _Plan, found: dict[str, Any]) -> Any:
    if len(plan.rows) == 2 and plan.rows[1].key == "":
        return found.get("value")
    cls = plan.cls.__mro__[1]
    return _make(_Plan(cls, plan.rows[1:]), found)


def _make(plan: _Plan, found: dict[str, Any]) -> Any:
    """The dataclass; what is missing is None, or empty, also where a refusal left it out."""
    empty = {Kind.LIST: list, Kind.MAP: dict}
    for row in plan.rows:
        if row.name not in found:
            make = None if row.optional else empty.get(row.kind)
            found[row.name] = make() if make else None
    return plan.cls(**found)


# ---- what is public ----


class CustomCommand(Command[Q, R], Generic[Q, R]):
    """A command of a group of your own."""

    def __init__(
        self, group: Group, name: str, id: int, op: int, request: Any, response: Any
    ) -> None:
        super().__init__(
            group.number, id, op, f"{group.name}.{name}", request, response,
            _no_struct, _no_struct, _no_struct, _no_struct,
        )  # fmt: skip
        self._request = None if request is Empty else group.planner.plan(request)
        self._response = None if response is Empty else group.planner.plan(response)

    @staticmethod
    def _store(plan: _Plan | None, message: object) -> bytes:
        if message is None or plan is None:
            return b""
        out = bytearray()
        _put_record(out, message, plan)
        return bytes(out)

    @staticmethod
    def _load(plan: _Plan | None, flat: Any) -> Any:
        if plan is None:
            return Empty()
        if not flat.len:
            return _make(plan, {})
        return _Reader(bytes(ffi.buffer(flat.data, flat.len))).item(plan)

    def store_flat(self, message: object) -> bytes:
        return self._store(self._request, message)

    def load_flat(self, flat: Any) -> R:
        result: R = self._load(self._response, flat)
        return result

    def store_flat_response(self, message: object) -> bytes:
        return self._store(self._response, message)

    def load_flat_request(self, flat: Any) -> Q:
        result: Q = self._load(self._request, flat)
        return result


def _no_struct(*_: object) -> Any:
    raise TypeError("a custom command has no C struct")


class Group:
    """A group of your own.

    Args:
        number: 64 to 65535
        name: letters, digits, underscores and hyphens
    """

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.planner = _Planner()
        self._commands: list[tuple[CustomCommand[Any, Any], bool, str | None]] = []
        self._codes: list[tuple[int, str, str, str | None, int]] = []
        self._sealed = False

    def command(
        self,
        name: str,
        id: int,
        op: int,
        request: type[Q],
        response: type[R],
        *,
        idempotent: bool = False,
        enable: str | None = None,
    ) -> CustomCommand[Q, R]:
        """Adds a command.

        Args:
            name: letters, digits, underscores and hyphens
            id: number of the command
            op: :attr:`~pysmp.enums.Op.READ` or :attr:`~pysmp.enums.Op.WRITE`
            request: a dataclass, or :class:`~pysmp.messages.Empty`
            response: the same
            idempotent: may be executed twice without harm, and so is repeated
            enable: what a device without it lacks ("CONFIG_HOME")
        """
        self._may_change()
        command: CustomCommand[Q, R] = CustomCommand(self, name, id, Op(op), request, response)
        self._commands.append((command, idempotent, enable))
        return command

    def code(
        self, rc: int, name: str, text: str, *, hint: str | None = None, v1: int = Rc.UNKNOWN
    ) -> None:
        """Explains a code of the group.

        Args:
            rc: the number
            name: "BURNT"
            text: a plain sentence without a full stop
            hint: what to do about it
            v1: the global code that servers answer to SMP version 1
        """
        self._may_change()
        self._codes.append((rc, name, text, hint, v1))

    def _may_change(self) -> None:
        if self._sealed:
            raise InvalidError(f"the group {self.name} is in use and cannot change any more")

    def register(self, shim: Any) -> None:
        """Tells the library.  For Hub."""
        self._sealed = True
        messages: dict[int, int] = {}
        group = check(lib.shim_group_new(shim, self.number, self.name.encode()))
        for command, idempotent, enable in self._commands:
            request, response = (
                self._message(shim, messages, plan) if plan else 0
                for plan in (command._request, command._response)
            )
            check(
                lib.shim_group_add_command(
                    shim, group, command.name.split(".", 1)[1].encode(), command.id, command.op,
                    idempotent, request, response, _c(enable),
                )
            )  # fmt: skip
        for rc, name, text, hint, v1 in self._codes:
            check(
                lib.shim_group_add_code(shim, group, rc, name.encode(), text.encode(), _c(hint), v1)
            )

    def _message(self, shim: Any, messages: dict[int, int], plan: _Plan) -> int:
        handle = messages.get(id(plan))
        if handle is None:
            name = f"{self.name}-{plan.cls.__name__}"
            handle = messages[id(plan)] = check(lib.shim_message_new(shim, name.encode()))
            for row in plan.rows:
                inner = self._message(shim, messages, row.plan) if row.plan else 0
                check(
                    lib.shim_message_add(
                        shim, handle, row.key.encode(), _c(row.alias), row.kind, row.element,
                        row.width if _is_number(row) else 0, row.optional, inner,
                    )
                )  # fmt: skip
        return handle


def _is_number(row: _Row) -> bool:
    return (row.element if row.kind == Kind.LIST else row.kind) in (Kind.UINT, Kind.INT)


def _c(text: str | None) -> Any:
    return text.encode() if text is not None else ffi.NULL


__all__ = ["CustomCommand", "Group", "key"]
