#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns pytest's report into the line that tests/run.sh adds up."""

import sys
from xml.etree import ElementTree

suite = ElementTree.parse(sys.argv[1]).getroot().find("testsuite")
total, failures, errors, skipped = (
    int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")
)
print(f"{total - failures - errors - skipped} passed, {failures + errors} failed, {skipped} skipped")
