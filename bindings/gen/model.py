#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the model of all commands that the generators for each language read.

    dump_tables > tables.json
    model.py --tables tables.json --headers include/smp --output model.json

README.md describes the model.  Whatever the tables and the headers do not agree on ends it with a
message: a binding never gets half of a command.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import headers

Json = dict[str, Any]


class Disagreement(Exception):
    pass


def field_doc(doc: str) -> str:
    """Without the key it begins with: "`hash`: of the image" says "of the image"."""
    doc = re.sub(r"^`[^`]*`(?:, `[^`]*`)*\s*(?:[:,.;]\s*|$)?", "", doc)
    return doc.strip()


def data_members(struct: headers.Struct) -> list[tuple[headers.Member, bool]]:
    """The members that rows of a table are about, and whether each has a `has_x`."""
    names = {member.name for member in struct.members}
    found = []
    for member in struct.members:
        name = member.name
        helper = (name.startswith("has_") and name[4:] in names) or (
            name.startswith("n_") and name[2:] in names
        )
        if name != "size" and not helper:
            found.append((member, f"has_{name}" in names))
    return found


def join_message(name: str, table: Json, struct: headers.Struct | None) -> Json:
    """Rows and members, both in the order of their place in the struct, are the same things."""
    if struct is None:
        raise Disagreement(f"struct {name} is in the tables but not in the headers")
    rows = sorted(table["fields"], key=lambda row: row["offset"])
    found = data_members(struct)
    if len(rows) != len(found):
        raise Disagreement(f"struct {name}: {len(rows)} rows, but {len(found)} members")
    for row, (member, has) in zip(rows, found):
        row["member"] = member.name
        row["type"] = member.type
        row["has"] = has
        row["doc"] = field_doc(member.doc)
        row["doc_full"] = member.doc
    fields = sorted(rows, key=lambda row: row["index"])
    return {"doc": struct.doc, "size": table["size"], "fields": fields}


def bare_value(message: Json) -> bool:
    """A map's element that stands on the wire as key and value alone."""
    fields = message["fields"]
    return len(fields) == 2 and all(f["key"] == "" for f in fields)


def join_command(group: str, command: Json, functions: dict[str, headers.Function]) -> None:
    """Adds the C call.  Of uploads in pieces the call is named ..._chunk."""
    name = command["name"]
    for call in (f"{name}_chunk", name):
        function = functions.get(f"smp_{group}_{call}")
        if function is not None and "smp_callback *done" in function.arguments:
            break
    else:
        call, function = name, None
    command["call"] = call
    command["function"] = function.name if function else None
    command["doc"] = function.doc if function else f"The command {name} of group {group}."
    command["request_optional"] = function is None or function.request_optional
    for side in ("request", "response"):
        if command[side] == "smp_empty":
            command[side] = None


def short_names(enum: headers.Enum) -> list[Json]:
    """Values without what all their names begin with."""
    names = [value.name for value in enum.values]
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last)) if a != b), 0)
    prefix = first[:same] if len(names) > 1 else enum.name.upper() + "_"
    prefix = prefix[: prefix.rfind("_") + 1]
    return [
        {"name": v.name, "short": v.name[len(prefix) :], "value": v.value, "doc": v.doc}
        for v in enum.values
    ]


def make_model(tables: Json, parsed: list[headers.Header]) -> Json:
    structs = {s.name: s for h in parsed for s in h.structs}
    functions = {f.name: f for h in parsed for f in h.functions}
    messages = {
        name: join_message(name, table, structs.get(name))
        for name, table in tables["messages"].items()
        if name != "smp_empty"
    }
    for message in messages.values():
        message["bare"] = bare_value(message)
    for group in tables["groups"]:
        prefix = f"smp_{group['name']}_"
        homes = [h for h in parsed if any(f.name.startswith(prefix) for f in h.functions)]
        if not homes:
            raise Disagreement(f"no header declares calls of the group {group['name']}")
        group["header"] = homes[0].name
        group["doc"] = homes[0].doc.split("\n\n")[0]
        group["enum"] = next(
            (e.name for e in homes[0].enums if e.name == f"{prefix}rc"),
            None,
        )
        for command in group["commands"]:
            join_command(group["name"], command, functions)
    enums = {
        e.name: {"doc": e.doc, "header": h.name, "values": short_names(e)}
        for h in parsed
        for e in h.enums
    }
    return {
        "version": tables["version"],
        "errors": tables["errors"],
        "rc": tables["rc"],
        "groups": tables["groups"],
        "messages": messages,
        "enums": enums,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True, help="what dump_tables printed")
    parser.add_argument("--headers", type=Path, required=True, help="the folder include/smp")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        model = make_model(
            json.loads(options.tables.read_text(encoding="utf-8")),
            headers.parse_all(options.headers),
        )
    except Disagreement as what:
        print(f"model.py: {what}", file=sys.stderr)
        return 1
    options.output.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
