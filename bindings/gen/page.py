#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of docs/bindings.md: every command, and its call in each language.

    page.py --model build/dev/bindings/gen/model.json

The names come from the functions that the generators of the bindings use themselves.
tests/bindings/model_test.py fails when the page is not what this writes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import go
import node
import python

Json = dict[str, Any]

PAGE = Path(__file__).resolve().parents[2] / "docs/bindings.md"
BEGIN, END = "<!-- table: made by bindings/gen/page.py -->\n", "<!-- end of the table -->\n"


def in_c(_: Json, __: Json, command: Json) -> str:
    return f"{command['function'] or 'smp_session_call'}()"


def in_python(model: Json, group: Json, command: Json) -> str:
    names = ", ".join(f.name for f in python.fields_of(model, command["request"]))
    return f"{python.safe(group['name'])}.{python.safe(command['call'])}({names})"


def in_go(_: Json, group: Json, command: Json) -> str:
    request = f", *{go.type_name(command['request'])}" if command["request"] else ""
    return f"{go.camel(group['name'])}.{go.camel(command['call'])}(ctx{request})"


def in_node(model: Json, group: Json, command: Json) -> str:
    fields = model["messages"][command["request"]]["fields"] if command["request"] else []
    names = ", ".join(node.camel(field["member"]) for field in fields)
    given = f"{{ {names} }}" if names else ""
    return f"{node.camel(group['name'])}.{node.camel(command['call'])}({given})"


COLUMNS = {"C": in_c, "Python": in_python, "Go": in_go, "Node": in_node}


def table(model: Json) -> str:
    lines = ["| command | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for group in model["groups"]:
        for command in group["commands"]:
            op = "write" if command["op"] == 2 else "read"
            cells = [f"{group['name']} {command['id']} {op}"]
            cells += [f"`{call(model, group, command)}`" for call in COLUMNS.values()]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def page(model: Json, old: str) -> str:
    """The page with a table of this model."""
    before, rest = old.split(BEGIN)
    after = rest.split(END)[1]
    return before + BEGIN + table(model) + END + after


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    model = json.loads(options.model.read_text(encoding="utf-8"))
    PAGE.write_text(page(model, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
