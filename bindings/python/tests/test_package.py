# SPDX-License-Identifier: Apache-2.0
"""What is installed, as a whole."""

from __future__ import annotations

import inspect
import re
import subprocess
from pathlib import Path

import pysmp
import pytest
from conftest import ROOT
from pysmp.testing import find_smpsim

LIBRARIES = Path(pysmp.__file__).parents[1] / "pysmp.libs"
OTHERS = ("cbor", "nettle", "serialport", "popt", "jansson")


def foreign(lines: list[str]) -> list[str]:
    """Libraries, other than the C library, that are not from the package."""
    return [x for x in lines if any(f"lib{n}" in x for n in OTHERS) and str(LIBRARIES) not in x]


@pytest.mark.skipif(not LIBRARIES.exists(), reason="it was not made by wheel.sh")
def test_nothing_of_this_machine_is_needed() -> None:
    loaded = Path("/proc/self/maps").read_text().splitlines()
    assert any("libcbor" in line for line in loaded)
    assert not foreign(loaded)
    needed = subprocess.run(
        ["ldd", find_smpsim()], capture_output=True, text=True, check=True
    ).stdout.replace("/pysmp/bin/../../", "/")
    assert "libpopt" in needed
    assert not foreign(needed.splitlines())


def test_our_version_is_above_the_name_s_former_owner() -> None:
    from importlib.metadata import version

    assert tuple(map(int, version("pysmp").split("."))) > (0, 1, 3)


async def test_the_table_of_all_commands_says_the_truth() -> None:
    page = (ROOT / "docs/bindings.md").read_text()
    rows = re.findall(r"^\| \w+ \d+ \w+ \| [^|]+ \| `(\w+)\.(\w+)\(([^)]*)\)` \|", page, re.M)
    assert len(rows) == len(pysmp.commands.ALL)
    async with pysmp.connect("loopback:table") as device:
        for group, call, names in rows:
            method = getattr(getattr(device, group), call)
            assert list(inspect.signature(method).parameters) == re.findall(r"\w+", names)
