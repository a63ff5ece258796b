#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every public struct can grow: it begins with `size_t size`, or is known to be finished.

structs.py ROOT
"""

import re
import sys
from pathlib import Path

# Their shape is the wire's, C's own or an older format's.
FINISHED = {
    "smp_header",
    "smp_str",
    "smp_bytes",
    "smp_value",
    "smp_peer",
    "smp_clock",
    "smp_allocator",
    "smp_mcuboot_version",
    "smp_mcuboot_trailer",
}


def main():
    found = {}
    for path in sorted((Path(sys.argv[1]) / "include/smp").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for name, first in re.findall(r"\bstruct (smp_\w+)\s*\{\s*([^;]*;)", text):
            found[name] = (path.name, " ".join(first.split()))

    fixed = {name for name, (_, first) in found.items() if first != "size_t size;"}
    for name in sorted(fixed - FINISHED):
        print(f"{found[name][0]}: struct {name} begins with `{found[name][1]}`, so it cannot grow")
    for name in sorted(FINISHED - fixed):
        print(f"struct {name} is listed as finished, but can grow or is gone")
    print(f"{len(found)} structs")
    return 1 if fixed != FINISHED or not found else 0


sys.exit(main())
