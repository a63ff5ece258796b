# SPDX-License-Identifier: Apache-2.0
"""Every command that the library knows, asked by smpctl and answered by smpsim.

What the simulator saw and answered goes to the file SMP_REPORT, a line each: the column
`simulator` of docs/commands.md comes from there (tests/docs/commands.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import NEW, Smpctl
from simulator import Sim

# What one test has seen, the last one adds up.
pytestmark = pytest.mark.alone

NEW_ZEPHYR = "zephyr-4.4 with transport, SUIT, Memfault"
MYNEWT = "mynewt"
OPTIONS = {
    NEW_ZEPHYR: "--with transport --with suit --with memfault",
    MYNEWT: "--profile mynewt",
}

# A command line, and what it prints (a pattern) once the simulator has answered; in this order.
Lines = list[tuple[str, str]]

HASH = "[0-9a-f]{64}"
LINES: dict[str, Lines] = {
    NEW_ZEPHYR: [
        ("echo hi", "hi\n"),
        ("call os echo_read d=hi", "r: hi\n"),
        ("taskstat", r" *task .*mcumgr smp .*sysworkq .*"),
        ("mpstat", r".*smp_pool  2048    4    3    0\n.*"),
        ("datetime 2026-03-02T22:44:00", r".*"),
        ("datetime", r".*2026-03-02T22:44:0\d.*\n"),
        ("params", r".*2048.*4.*"),
        ("info a", r"Zephyr smpsim .*\n"),
        ("bootloader", r".*MCUboot.*"),
        ("image list", rf".*version: 1\.0\.0.*{HASH}.*"),
        ("image slots", r".*1048576.*"),
        (f"image upload {NEW}", r".*"),
        ("image test 1", r".*pending.*"),
        ("image erase", r".*"),
        ("stat list", r"stat groups:\n(    \w+\n)*    smp_svr_stats\n(    \w+\n)*"),
        ("stat smp_svr_stats", r"stat group: smp_svr_stats\n +\d+ ticks\n"),
        ("settings read app/name", ".*str: smpsim\n"),
        ("settings write app/name --type str other", "Done\n"),
        ("settings read app/name --type str", "other\n"),
        ("settings commit", "Done\n"),
        ("settings save", "Done\n"),
        ("settings write app/name --type str third", "Done\n"),
        ("settings load", "Done\n"),
        ("settings read app/name --type str", "other\n"),
        ("settings delete app/name", "Done\n"),
        ("fs upload {home}/file /lfs/a", "5\nDone\n"),
        ("fs status /lfs/a", r".*5.*\n"),
        ("fs hash /lfs/a crc32", r".*3610a686.*|.*907060870.*"),
        ("fs types", r".*crc32.*sha256.*"),
        ("fs download /lfs/a {home}/back", "0\n5\nDone\n"),
        ("fs close", r".*"),
        ("shell exec echo a b", "status=0\na b\n"),
        ("enum count", "11\n"),
        ("enum list", r".* 63 zephyr\n.*"),
        ("call enum single index=0", "group: 10\n"),
        ("enum info os", r"    0 os mgmt, 9 commands\n"),
        ("storage erase", "Done\n"),
        ("call transport_group list", r".*name: udp4\n"),
        ("call transport_group modes transport=0", r".*description: .*"),
        ("call transport_group configs transport=0 mode=0", r".*"),
        ("call transport_group connect transport=0 baud=115200", r"Done\n"),
        ("call transport_group status", r".*bridged: true\n.*"),
        ("call transport_group disconnect", r"Done\n"),
        ("call suit manifest_list", r".*role: 16\n.*"),
        ("call suit manifest_state role=16", r".*sequence_number: 1\n.*"),
        ("call suit envelope_upload len=3 off=0 data=010203", "off: 3\n"),
        ("call suit missing_poll", r"stream_session_id: 1\nresource_id: [0-9a-f]+\n"),
        ("call suit missing_upload stream_session_id=1 off=0 len=1 data=01", "off: 1\n"),
        ("call suit cache_upload target_id=1 off=0 len=1 data=01", "off: 1\n"),
        ("call suit cleanup", "Done\n"),
        ("call memfault device_info", r".*current_version: 1\.0\.0\n"),
        ("call memfault project_key", r"project_key: .+\n"),
        ("reset", r".*"),
    ],
    MYNEWT: [
        ("call os console_echo echo=1", "Done\n"),
        ("image corelist", "Corefile present\n"),
        ("image coredownload {home}/core", r"0\n4\nDone writing core file to .*\n"),
        ("image coreerase", "Done\n"),
        ("image corelist", "No corefiles\n"),
        ("log show messages", r".*Name: messages\n.* started\n"),
        ("log list", r"available logs:\n    messages\n    reboot_log\n"),
        ("log module_list", r"available modules:\n.*    OS \(1\)\n.*"),
        ("log level_list", r"available levels:\n.*    2: WARN\n.*"),
        ("call log append msg=text", "Done\n"),
        ("log show messages", r".* text\n"),
        ("log clear", "done\n"),
        ("run list", r"available tests:\n    clock\n    flash\n    ram\n"),
        ("run test flash", "Done\n"),
        ("config app/name", "Value: smpsim\n"),
        ("config app/name new", "Done\n"),
        ("config save", "Done\n"),
        ("config app/name", "Value: new\n"),
    ],
}

PACKET = re.compile(r"(<-|->) v\d (read|write) (request|response), (\w+) (\w+), seq (\d+): (.*)")


def answered(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """(group, command, op) of the requests that were granted, as the simulator logs its packets."""
    asked: set[tuple[str, ...]] = set()
    for line in lines:
        if found := PACKET.match(line):
            way, op, _, group, command, sequence, payload = found.groups()
            if way == "<-":
                asked.add((op, group, command, sequence))
            elif (op, group, command, sequence) in asked and not refused(payload):
                yield group, command, op


def refused(payload: str) -> bool:
    return '"err"' in payload or re.search(r'"rc": [1-9-]', payload) is not None


@pytest.fixture(scope="module")
def report() -> set[tuple[str, str, str]]:
    """(group, command, op) of all that were answered, as the tests of this file find them."""
    return set()


def run_lines(smpctl: Smpctl, sim: Sim, lines: Lines) -> None:
    host, port = sim.addresses[0]
    smpctl.device = f"udp://{host}:{port}"
    (smpctl.home / "file").write_bytes(b"hello")
    for line, pattern in lines:
        args = [word.format(home=smpctl.home) for word in line.split(" ")]
        out = smpctl(*args).out
        assert re.fullmatch(pattern, out, re.DOTALL), f"{line}: {out!r}"


@pytest.mark.parametrize("profile", LINES)
def test_smpctl_asks_smpsim(
    profile: str, smpctl: Smpctl, tmp_path: Path, report: set[tuple[str, str, str]]
) -> None:
    options = OPTIONS[profile].split()
    (tmp_path / "state").mkdir()
    (tmp_path / "state/core").write_bytes(b"core")
    with Sim(tmp_path / "state", "-v", *options) as sim:
        run_lines(smpctl, sim, LINES[profile])
    report |= set(answered(sim.errors))


def test_a_crash_is_the_answer(
    smpctl: Smpctl, tmp_path: Path, report: set[tuple[str, str, str]]
) -> None:
    with Sim(tmp_path / "state", "-v", "--profile", "mynewt") as sim:
        host, port = sim.addresses[0]
        smpctl.device = f"udp://{host}:{port}"
        assert "what was wanted" in smpctl("-t", "0.5", "crash", "div0", status=3).err
        sim.told("crash")
    assert any("<- v2 write request, crash trigger" in x for x in sim.errors)
    report.add(("crash", "trigger", "write"))


def test_that_was_every_command(smpctl: Smpctl, report: set[tuple[str, str, str]]) -> None:
    known = {
        (group["name"], command["name"], command["op"]): command["id"]
        for group in smpctl.result("describe")["groups"]
        for command in group["commands"]
    }
    if path := os.environ.get("SMP_REPORT"):
        with open(path, "a") as file:
            for group, command, op in sorted(report):
                id_ = known[group, command, op]
                file.write(f"simulator\t{group}\t{command}\t{id_}\t{op}\n")
    assert known.keys() - report == set()
