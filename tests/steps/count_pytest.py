#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns pytest's reports into the line that tests/run.sh adds up."""

import sys
from xml.etree import ElementTree

suites = [ElementTree.parse(report).getroot().find("testsuite") for report in sys.argv[1:]]
for suite in suites:
    for case in suite.iter("testcase"):
        if (skip := case.find("skipped")) is not None:
            print(f"SKIPPED {case.get('classname')}.{case.get('name')}: {skip.get('message')}")
total, failed, errors, skipped = (
    sum(int(suite.get(name)) for suite in suites)
    for name in ("tests", "failures", "errors", "skipped")
)
failed += errors
print(f"{total - failed - skipped} passed, {failed} failed, {skipped} skipped")
