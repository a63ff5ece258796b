#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Headers, libsmp.map and the built library tell the same story.

    symbols.py ROOT libsmp.so libsmp.a

- every SMP_API function of include/smp stands in the map and is exported, and nothing else is;
- global names in the static library begin with smp_ or smpi_;
- the library has no writable data: no global state.
"""

import re
import subprocess
import sys
from pathlib import Path


def declared(root):
    """Names of the functions marked SMP_API."""
    names = set()
    for path in (root / "include/smp").glob("*.h"):
        text = re.sub(r"/\*.*?\*/|^\s*#[^\n]*", "", path.read_text(), flags=re.S | re.M)
        for declaration in re.findall(r"\bSMP_API\b[^;{]*", text):
            names.add(re.search(r"\b(\w+)\s*\(", declaration).group(1))
    return names


def mapped(root):
    text = re.sub(r"#[^\n]*", "", (root / "libsmp/libsmp.map").read_text())
    return set(re.findall(r"\b(smp_\w+)\s*;", text))


def nm(*arguments):
    output = subprocess.run(["nm", *arguments], capture_output=True, text=True, check=True).stdout
    return [line.split() for line in output.splitlines() if len(line.split()) >= 2]


def exported(library):
    """Functions and data the shared library shows, without the version nodes themselves."""
    rows = nm("-D", "--defined-only", library)
    return {row[-1].split("@")[0] for row in rows if row[-2] != "A"}


def writable(archive):
    """Writable sections with something in them, as 'object: section'."""
    output = subprocess.run(
        ["objdump", "-h", archive], capture_output=True, text=True, check=True
    ).stdout
    name = "?"
    for line in output.splitlines():
        if match := re.match(r"(\S+):\s+file format", line):
            name = match.group(1)
        elif match := re.match(r"\s*\d+ (\.(?:data|bss|tdata|tbss)\S*)\s+([0-9a-f]+)", line):
            section, size = match.group(1), int(match.group(2), 16)
            if size and not section.startswith(".data.rel.ro"):
                yield f"{name}: {section}, {size} bytes"


def main():
    root, shared, static = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    complaints = []

    def compare(left, left_name, right, right_name):
        for name in sorted(left - right):
            complaints.append(f"{name}: {left_name}, but {right_name}")

    in_headers, in_map, in_library = declared(root), mapped(root), exported(shared)
    if not in_headers:
        complaints.append("no SMP_API function found in include/smp: is this test broken?")
    compare(in_headers, "declared in include/smp", in_map, "not in libsmp.map")
    compare(in_map, "in libsmp.map", in_headers, "not declared in include/smp")
    compare(in_headers, "declared in include/smp", in_library, "not exported: is it written?")
    compare(in_library, "exported", in_headers, "not declared in include/smp")

    for row in nm("-g", "--defined-only", static):
        if not row[-1].startswith(("smp_", "smpi_")):
            complaints.append(f"{row[-1]}: global, but without smp_ or smpi_ in its name")
    for place in writable(static):
        complaints.append(f"{place}: writable data in the library; state belongs to a loop")

    print(*complaints, sep="\n" if complaints else "")
    print(f"{len(in_headers)} functions declared, {len(in_library)} exported")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
