#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns pytest's report into the line that tests/run.sh adds up."""

import sys
from xml.etree import ElementTree

suite = ElementTree.parse(sys.argv[1]).getroot().find("testsuite")
for case in suite.iter("testcase"):
    if (skip := case.find("skipped")) is not None:
        print(f"SKIPPED {case.get('classname')}.{case.get('name')}: {skip.get('message')}")
total, failed, errors, skipped = (
    int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")
)
failed += errors
print(f"{total - failed - skipped} passed, {failed} failed, {skipped} skipped")
