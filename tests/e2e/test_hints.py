# SPDX-License-Identifier: Apache-2.0
"""A command that the device's firmware does not have: what would switch it on is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Smpctl
from simulator import Sim

# Names checked against the Kconfig files of Zephyr and the nRF Connect SDK, and Mynewt's syscfg.
NEEDS = {
    "echo x": "CONFIG_MCUMGR_GRP_OS_ECHO",
    "taskstat": "CONFIG_MCUMGR_GRP_OS_TASKSTAT and CONFIG_THREAD_MONITOR",
    "image list": "CONFIG_MCUMGR_GRP_IMG",
    "image corelist": "Mynewt with IMGMGR_COREDUMP",
    "call os console_echo echo=1": "Mynewt, or MCUboot's serial recovery,",
    "stat list": "CONFIG_MCUMGR_GRP_STAT",
    "settings read a": "CONFIG_MCUMGR_GRP_SETTINGS",
    "log show": "Mynewt with LOG_MGMT (formerly LOG_NEWTMGR)",
    "log clear": "Mynewt with LOG_MGMT (formerly LOG_NEWTMGR)",
    "crash div0": "Mynewt with CRASH_TEST_MGMT (formerly CRASH_TEST_NEWTMGR)",
    "run list": "Mynewt with test/runtest and RUNTEST_NEWTMGR",
    "run test": "Mynewt with test/runtest and RUNTEST_NEWTMGR",
    "fs status /lfs/a": "CONFIG_MCUMGR_GRP_FS",
    "shell exec x": "CONFIG_MCUMGR_GRP_SHELL",
    "enum count": "CONFIG_MCUMGR_GRP_ENUM",
    "storage erase": "CONFIG_MCUMGR_GRP_ZBASIC",
    "call transport_group status": "CONFIG_MCUMGR_GRP_TRANSPORT",
    "call transport_group list": "CONFIG_MCUMGR_GRP_TRANSPORT",
    "call suit cleanup": "CONFIG_MGMT_SUITFU",
}
GROUPS = ("os", "img", "stat", "settings", "fs", "shell", "enum", "zephyr")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A device without any group."""
    options = [word for group in GROUPS for word in ("--without", group)]
    with Sim(tmp_path_factory.mktemp("bare"), *options) as sim:
        host, port = sim.addresses[0]
        yield f"udp://{host}:{port}"


@pytest.mark.parametrize("line", NEEDS)
def test_not_supported_names_what_is_needed(smpctl: Smpctl, bare: str, line: str) -> None:
    smpctl.device = bare
    error = smpctl.json(*line.split(), status=1)["error"]
    assert f"it needs {NEEDS[line]}" in error["message"]
