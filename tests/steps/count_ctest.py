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
    """(passed, failed, skipped) of one program."""
    output = case.findtext("system-out") or ""
    failed = case.find("failure") is not None or case.get("status") == "fail"
    match = SYNTHESIS.search(re.sub(r"\x1b\[[\d;]*m", "", output))
    if match:
        _, passing, failing, crashing = map(int, match.groups())
        bad = failing + crashing
        skips = len(re.findall(r"^\[SKIP\]", output, re.M))
        return passing, bad or int(failed), skips
    if failed:
        return 0, 1, 0
    if case.find("skipped") is not None:
        return 0, 0, 1
    return 1, 0, 0


def main():
    cases = ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
    passed, failed, skipped = (sum(column) for column in zip(*map(count, cases)))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


main()
