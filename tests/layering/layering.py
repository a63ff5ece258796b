#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the direction of knowledge: reads the includes and a few words of the library's sources,
prints each line that breaks a rule, and fails if there is one.

    layering.py [ROOT]
"""

import re
import sys
from pathlib import Path

# Which folders of libsmp/ a folder may include from.
MAY_INCLUDE = {
    "base": {"base"},
    "codec": {"base", "codec"},
    "core": {"base", "codec", "core"},
    "groups": {"base", "codec", "core", "groups"},
    "update": {"base", "codec", "core", "groups", "update"},
    "framing": {"base", "framing"},
    "transports": {"base", "framing", "transports", "platform"},
    "platform": {"base", "platform"},
}
# platform/ and transports/ implement interfaces that core/ defines, in memory the loop gives.
INTERFACES = {
    "platform": {"core/platform.h", "core/loop.h"},
    "transports": {"core/transport.h", "core/loop.h"},
}

# Public headers that only some folders may include; all others are free to everyone.
GROUPS = """os img stat settings log crash run fs shell enum transport_group zephyr memfault
    suit""".split()  # noqa: SIM905
ONLY_IN = {
    **{f"smp/{group}.h": {"groups", "update"} for group in GROUPS},
    "smp/mcuboot.h": {"update"},
    "smp/update.h": {"update"},
    "smp/session.h": {"core", "groups", "update"},
    "smp/server.h": {"core", "groups", "update"},
    "smp/smp.h": set(),
}

CBOR_FILES = {"codec/reader.c", "codec/writer.c"}
NETTLE_FILES = {"base/sha.c", "base/sha.h", "base/signature.c", "base/signature.h"}
PLATFORM_FOLDERS = {"platform", "transports"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CONDITION = re.compile(r"^\s*#\s*(?:el)?if(?:n?def)?\b(.*)")
PLATFORM = re.compile(
    r"\b(__linux__|__linux|__APPLE__|_WIN32|_MSC_VER|__unix__|__(?:Free|Net|Open)BSD__|BSD|"
    r"__ZEPHYR__|__CYGWIN__|__ANDROID__|__has_include|HAVE_\w+)\b"
)
# What the core must get from outside: time, memory, the operating system.
CORE_CALL = re.compile(
    r"\b(malloc|calloc|realloc|free|strdup|clock_gettime|clock|gettimeofday|time|nanosleep|usleep|"
    r"poll|select|read|write|getenv|printf|fprintf|rand|srand)\s*\("
)
CORE_HEADER = re.compile(
    r"^(sys/|net/|netinet/|arpa/)|^(time|unistd|poll|pthread|signal|fcntl)\.h$"
)
# The default allocator stands in loop.c; everything else asks the loop for memory.
CORE_MAY_CALL = {("core/loop.c", "calloc"), ("core/loop.c", "free")}
A_GROUP = re.compile(r"\bsmpi?_(?:os|img|stat|settings|fs|shell|zephyr|crash|memfault|suit)_\w+")
HEADER_LINES = 400


def code_lines(path):
    """The file's lines with comments, and the insides of strings except in includes, blanked."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    text = path.read_text(encoding="utf-8")
    pattern = r'^\s*#\s*include[^\n]*|/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    keep = re.compile(r"\s*#\s*include")
    text = re.sub(
        pattern,
        lambda m: m.group(0) if keep.match(m.group(0)) else blank(m),
        text,
        flags=re.S | re.M,
    )
    return text.splitlines()


def check_source(name, lines):
    """Complaints about one file of libsmp/; name is relative to it, as core/session.c."""
    folder = name.split("/")[0]
    for number, line in enumerate(lines, 1):
        where = f"libsmp/{name}:{number}"
        if match := INCLUDE.match(line):
            kind, header = match.groups()
            yield from (f"{where}: {text}" for text in check_include(name, folder, kind, header))
        match = CONDITION.match(line) if folder not in PLATFORM_FOLDERS else None
        if match and PLATFORM.search(match.group(1)):
            yield f"{where}: a condition on the platform belongs to platform/ or transports/"
        if folder == "core" and (match := CORE_CALL.search(line)):
            is_member = re.search(r"(?:->|\.)\s*$", line[: match.start()])
            if not is_member and (name, match.group(1)) not in CORE_MAY_CALL:
                yield f"{where}: core/ calls {match.group(1)}(); time and memory come from outside"
        if folder in ("base", "codec", "core") and (match := A_GROUP.search(line)):
            yield f"{where}: {folder}/ names a group ({match.group(0)})"


def check_include(name, folder, kind, header):
    if kind == '"':
        if "/" not in header:
            yield f'write "{folder}/{header}", from the root libsmp/'
        elif header in INTERFACES.get(folder, ()):
            return
        elif header.split("/")[0] not in MAY_INCLUDE[folder]:
            yield f"{folder}/ must not know {header}"
    elif folder not in ONLY_IN.get(header, MAY_INCLUDE):
        yield f"{folder}/ must not know {header}"
    elif header.startswith("cbor") and name not in CBOR_FILES:
        yield "only codec/reader.c and codec/writer.c use libcbor"
    elif header.startswith("nettle/") and name not in NETTLE_FILES:
        yield "nobody but base/sha and base/signature uses nettle"
    elif folder == "core" and CORE_HEADER.match(header):
        yield f"core/ makes no system calls, so it has no use for {header}"


def check_header(name, lines):
    """Complaints about one public header."""
    if len(lines) > HEADER_LINES:
        yield f"include/smp/{name}:{len(lines)}: over {HEADER_LINES} lines; split it"
    for number, line in enumerate(lines, 1):
        where = f"include/smp/{name}:{number}"
        if re.match(r"\s*#\s*define\s+\w+\(", line):
            yield f"{where}: a function-like macro; bindings cannot see those"
        if re.search(r"\binline\b", line):
            yield f"{where}: inline code; bindings cannot see that"
        if re.search(r",\s*\.\.\.\s*\)", line):
            yield f"{where}: varargs; bindings cannot call those"
        if (match := INCLUDE.match(line)) and match.group(1) == '"':
            yield f"{where}: public headers include <smp/...> only"
        if match := CONDITION.match(line):
            word = match.group(1).strip()
            if name != "export.h" and word not in ("__cplusplus", guard(name)):
                yield f"{where}: a condition; only export.h has those"


def guard(name):
    return "SMP_" + re.sub(r"\W", "_", name.upper())


def check(root):
    for path in sorted((root / "libsmp").glob("*/*.[ch]")):
        name = path.relative_to(root / "libsmp").as_posix()
        if name.split("/")[0] not in MAY_INCLUDE:
            yield f"libsmp/{name}: a folder without a place among the layers"
        else:
            yield from check_source(name, code_lines(path))
    for path in sorted((root / "include/smp").glob("*.h")):
        yield from check_header(path.name, code_lines(path))


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    complaints = list(check(root))
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
