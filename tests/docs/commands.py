#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which command was tested by what: runs the tests of the groups, reads their report, and compares
it with the table in docs/commands.md.  Fails when they differ, or when a command lacks something.

    commands.py FOLDER [--write] [REPORT...]

FOLDER has the test programs.  --write makes the table anew.  REPORT: more reports, as that of
tests/e2e/test_every_command.py: lines "how group command number op" with tabs between.  A column of
which nothing is known this time (no recordings, no such report) stays as it is.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/commands.md"
BEGIN, END = "<!-- table: made by tests/docs/commands.py -->\n", "<!-- end of the table -->\n"

NEEDED = ["vectors", "call", "property", "simulator"]
COLUMNS = {
    "vectors": "vectors",
    "call": "client and server",
    "property": "random",
    "recorded": "recorded",
    "simulator": "simulator",
}


def run_tests(folder):
    """The lines the tests report."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report"
        for test in sorted(folder.glob("test_groups_*")):
            subprocess.run(
                [test], check=True, cwd=ROOT, stdout=subprocess.DEVNULL,
                env={**os.environ, "SMP_REPORT": str(report)},
            )  # fmt: skip
        return report.read_text().splitlines()


def collect(lines):
    """{(group, id, op, command): {how, ...}}, in the order of the property test: by number."""
    commands = {}
    lines = sorted(set(lines) - {""}, key=lines.index)
    for line in sorted(lines, key=lambda line: not line.startswith("property\t")):
        how, group, name, number, op = line.split("\t")
        commands.setdefault((group, int(number), op, name), set()).add(how)
    return commands


def old_cells(table):
    """{line's first three cells: {how: cell}} of the table as it stands in the page."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {tuple(cells[:3]): dict(zip(COLUMNS, cells[3:], strict=False)) for cells in lines[2:]}


def cell(how, tested):
    if how in tested:
        return "yes"
    if how in NEEDED:
        return "**no**"
    return "refused" if how == "recorded" and "refused" in tested else "-"


def make_table(commands, old):
    known = set().union(*commands.values())
    titles = ["group", "number", "command", *COLUMNS.values()]
    rows = [titles, ["---"] * len(titles)]
    for (group, number, op, name), tested in commands.items():
        row = [group, f"{number} {op}", name]
        before = old.get(tuple(row), {})
        for how in COLUMNS:
            row.append(cell(how, tested) if how in known else before.get(how, "?"))
        rows.append(row)
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    lines = run_tests(Path(arguments[0]))
    for path in arguments[1:]:
        lines += Path(path).read_text().splitlines()
    commands = collect(lines)

    before, _, rest = PAGE.read_text().partition(BEGIN)
    old, _, after = rest.partition(END)
    table = make_table(commands, old_cells(old))
    if "--write" in sys.argv:
        PAGE.write_text(before + BEGIN + table + END + after)
    elif old != table:
        sys.exit(f"{PAGE} is not what the tests report; to renew it: {sys.argv[0]} FOLDER --write")
    needed = set().union(*commands.values()).intersection(NEEDED)
    holes = [command for command in commands if not commands[command] >= needed]
    for hole in holes:
        print(f"{hole[0]} {hole[3]} was not tested by: {', '.join(needed - commands[hole])}")
    print(f"{len(commands)} commands")
    return 1 if holes or len(commands) < 60 else 0


if __name__ == "__main__":
    sys.exit(main())
