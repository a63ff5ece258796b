# SPDX-License-Identifier: Apache-2.0
"""Serial ports of a user who is not root: what is forbidden, and what to do about it."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from pathlib import Path

import pytest
from conftest import NOBODY, OLD, AsNobody, Simulate


@pytest.fixture
def terminal(simulate: Simulate, tmp_path: Path) -> str:
    """A port's own path: pytest's folders let nobody else in."""
    link = tmp_path / "port"
    simulate("--image", OLD, "--pty", link)
    return os.readlink(link)


def group_of_ports() -> grp.struct_group:
    """One whose members may use serial ports, as distributions call it."""
    for name in ("dialout", "uucp", "tty"):
        try:
            return grp.getgrnam(name)
        except KeyError:
            continue
    pytest.skip("SKIPPED, NOT TESTED: no group of serial ports on this machine")


@pytest.mark.parametrize("command", [["echo", "x"], ["doctor"], ["--wait", "0.2", "echo", "x"]])
def test_the_group_to_join_is_named(as_nobody: AsNobody, terminal: str, command: list[str]) -> None:
    group = group_of_ports()
    os.chown(terminal, 0, group.gr_gid)
    os.chmod(terminal, 0o660)
    run = as_nobody("-d", terminal, *command)
    assert run.returncode == 3
    assert f"no permission for {terminal}: it belongs to group {group.gr_name}" in run.stderr
    user = pwd.getpwuid(NOBODY).pw_name
    assert f"`sudo usermod -aG {group.gr_name} {user}` and log in again" in run.stderr
    assert "there, free and permitted" not in run.stdout


def test_in_the_group_it_works(as_nobody: AsNobody, terminal: str) -> None:
    group = group_of_ports()
    os.chown(terminal, 0, group.gr_gid)
    os.chmod(terminal, 0o660)
    run = as_nobody("-d", terminal, "echo", "hi", groups=(group.gr_gid,))
    assert run.stdout == "hi\n", run


def test_no_group_helps(as_nobody: AsNobody, terminal: str) -> None:
    os.chown(terminal, 0, group_of_ports().gr_gid)
    for mode in (0o600, 0o640):
        os.chmod(terminal, mode)
        run = as_nobody("-d", terminal, "echo", "x")
        assert run.returncode == 3
        assert f"no permission for {terminal}: only its owner may use it" in run.stderr
        assert "usermod" not in run.stderr


def test_in_use_by_another_user(as_nobody: AsNobody, terminal: str) -> None:
    """Whose program it is cannot be seen, and is not invented."""
    os.chmod(terminal, 0o666)
    command = ["flock", terminal, "sh", "-c", "echo held; exec sleep 30"]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert holder.stdout
        assert holder.stdout.readline()
        run = as_nobody("-d", terminal, "echo", "x")
        assert run.returncode == 3
        assert "in use by another program" in run.stderr
        assert "another user" in run.stderr
    finally:
        holder.kill()
        holder.wait()


def test_without_a_home_nothing_is_missed(as_nobody: AsNobody, terminal: str) -> None:
    """The folders of another user cannot be written: nothing is learnt, and nothing is said."""
    os.chmod(terminal, 0o666)
    run = as_nobody("-d", f"serial://{terminal}?lines=8", "fs", "download", "/lfs/none", "/dev/shm")
    assert run.returncode == 1
    assert "state" not in run.stderr
