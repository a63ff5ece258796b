#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the tests in ctest's report: those inside a Criterion program, others as one each."""

import re
import sys
from xml.etree import ElementTree

SYNTHESIS = re.compile(
    r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)"
)


def count(case):
    """(passed, failed, skipped) of one program; says what was skipped."""
    output = re.sub(r"\x1b\[[\d;]*m", "", case.findtext("system-out") or "")
    failed = case.find("failure") is not None or case.get("status") == "fail"
    if match := SYNTHESIS.search(output):
        _, passing, failing, crashing = map(int, match.groups())
        skips = re.findall(r"^\[SKIP\] (.*)", output, re.M)
        for skip in skips:
            print(f"SKIPPED {case.get('name')}: {skip}")
        return passing, failing + crashing or int(failed), len(skips)
    if failed:
        return 0, 1, 0
    if case.find("skipped") is not None:
        print(f"SKIPPED {case.get('name')}: {output.strip()}")
        return 0, 0, 1
    return 1, 0, 0


def main():
    cases = ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
    passed, failed, skipped = (sum(column) for column in zip(*map(count, cases), strict=False))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


main()
