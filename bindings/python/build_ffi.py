# SPDX-License-Identifier: Apache-2.0
"""Writes the C source of pysmp._smp.

The declarations are not copied by hand: the compiler's preprocessor reads shim.h and the public
headers, and what stands in those (and in no header of the system) goes to CFFI.  In API mode the C
compiler then checks every struct against the headers once more.

    build_ffi.py --cc "cc" --include include --include bindings/shim --output _smp.c
"""

from __future__ import annotations

import argparse
import re
import subprocess
from pathlib import Path

import cffi

LINE_MARKER = re.compile(r'^# \d+ "([^"]*)"')
CONSTANT = re.compile(r"^#define (S(?:MP|HIM)_\w+)\s+(?:0x)?[0-9a-fA-F]+[uU]?\b", re.M)


def declarations(cc: list[str], include: list[Path], header: str) -> str:
    """What the preprocessor leaves of our own headers, without comments."""
    # SMP_STATIC: no visibility attributes, which CFFI's parser does not know.
    command = [*cc, "-E", "-DSMP_STATIC", *(f"-I{path}" for path in include), "-x", "c", "-"]
    source = subprocess.run(
        command, input=f"#include <{header}>\n", capture_output=True, text=True, check=True
    ).stdout
    ours = [str(path.resolve()) for path in include]
    kept: list[str] = []
    files: list[Path] = []
    inside = False
    for line in source.splitlines():
        marker = LINE_MARKER.match(line)
        if marker:
            path = Path(marker.group(1))
            inside = any(str(path.resolve()).startswith(folder + "/") for folder in ours)
            # A system's include folder holds our headers in smp/ only.
            inside = inside and (path.parent.name == "smp" or path.name == header)
            if inside and path not in files:
                files.append(path)
        elif inside and line.strip():
            kept.append(line)
    constants = [
        f"#define {name} ..." for path in files for name in CONSTANT.findall(path.read_text())
    ]
    return "\n".join(constants + kept)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", required=True)
    parser.add_argument("--include", type=Path, action="append", required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    ffi = cffi.FFI()
    ffi.cdef(declarations(options.cc.split(), options.include, "shim.h"))
    ffi.set_source("pysmp._smp", "#include <shim.h>\n")
    ffi.emit_c_code(str(options.output))


if __name__ == "__main__":
    main()
