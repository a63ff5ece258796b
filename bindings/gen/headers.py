# SPDX-License-Identifier: Apache-2.0
"""What only the public headers know: names of members, and what the comments say.

The headers are written in one style, so a few patterns read them; what does not fit them is an
error in model.py, never a silent gap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

COMMENT = r"/\*\*(?:(?!\*/).)*\*/"
STRUCT = re.compile(rf"({COMMENT}\s*)?struct (\w+) \{{\n(.*?)\n\}};", re.S)
ENUM = re.compile(rf"({COMMENT}\s*)?enum (\w+) \{{\n(.*?)\n\}};", re.S)
FUNCTION = re.compile(rf"({COMMENT}\s*)?SMP_API ([^;(]*?)\b(\w+)\(([^;]*?)\);", re.S)
MEMBER = re.compile(
    r"(/\*\*(?!<)(?:(?!\*/).)*\*/\s*)?"  # a comment before
    r"((?:const )?(?:struct |enum )?\w+[ *](?:[ *]|const\b)*)(\w+)(?:\[\w+\])?;"
    r"(?:[ \t]*(/\*\*<(?:(?!\*/).)*\*/))?",
    re.S,
)
VALUE = re.compile(r"(SMP_\w+)(?:\s*=\s*(-?\w+))?,?[ \t]*(/\*\*<(?:(?!\*/).)*\*/)?", re.S)


@dataclass
class Member:
    name: str
    type: str
    doc: str


@dataclass
class Struct:
    name: str
    doc: str
    members: list[Member]


@dataclass
class EnumValue:
    name: str
    value: int
    doc: str


@dataclass
class Enum:
    name: str
    doc: str
    values: list[EnumValue]


@dataclass
class Function:
    name: str
    doc: str
    arguments: str
    request_optional: bool


@dataclass
class Header:
    name: str
    doc: str
    structs: list[Struct] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)


def text(comment: str | None) -> str:
    """A comment's text on one line per paragraph, without the tags at its end."""
    if not comment:
        return ""
    inside = re.sub(r"^\s*/\*\*<?|\*/\s*$", "", comment.strip())
    lines = [re.sub(r"^\s*\* ?", "", line).strip() for line in inside.splitlines()]
    whole = "\n".join(lines)
    whole = re.split(r"@(?:param|retval|return|since|see|name)\b", whole)[0]
    paragraphs = [" ".join(p.split()) for p in whole.split("\n\n")]
    return "\n\n".join(p for p in paragraphs if p)


def file_doc(source: str) -> str:
    match = re.search(rf"{COMMENT}", source, re.S)
    return text(match.group().replace("@file", "")) if match else ""


def members(body: str) -> list[Member]:
    found = []
    for before, kind, name, after in MEMBER.findall(body):
        found.append(Member(name, " ".join(kind.split()), text(after or before)))
    return found


def values(body: str) -> list[EnumValue]:
    found: list[EnumValue] = []
    for name, number, doc in VALUE.findall(body):
        value = int(number, 0) if number else (found[-1].value + 1 if found else 0)
        found.append(EnumValue(name, value, text(doc)))
    return found


def parse(path: Path) -> Header:
    source = path.read_text(encoding="utf-8")
    header = Header(path.name, file_doc(source))
    for doc, name, body in STRUCT.findall(source):
        header.structs.append(Struct(name, text(doc), members(body)))
    for doc, name, body in ENUM.findall(source):
        header.enums.append(Enum(name, text(doc), values(body)))
    for doc, _, name, arguments in FUNCTION.findall(source):
        optional = re.search(r"@param req\s+May be NULL", doc or "") is not None
        header.functions.append(Function(name, text(doc), " ".join(arguments.split()), optional))
    return header


def parse_all(folder: Path) -> list[Header]:
    return [parse(path) for path in sorted(folder.glob("*.h"))]
