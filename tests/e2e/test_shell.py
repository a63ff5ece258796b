# SPDX-License-Identifier: Apache-2.0
"""The interactive shell, at a terminal and from a pipe; colours; the question before erasing."""

from __future__ import annotations

import ctypes.util
import os
import subprocess
from pathlib import Path

import pytest
from board import Board
from conftest import Smpctl
from terminal import Terminal
from wire import Packet, Send

GREEN = {"o": "\r\n\x1b[1;32mgreen\x1b[m\x1b[2J\x1b[8mhidden\r\n", "ret": 0}
PROMPT = r"smp:~\$ "

needs_libedit = pytest.mark.skipif(
    not ctypes.util.find_library("edit"), reason="SKIPPED, NOT TESTED: libedit is not installed"
)


def terminal(smpctl: Smpctl, *args: str, **env: str) -> Terminal:
    return Terminal([str(smpctl.binary), *args], smpctl.environment() | env)


def history(smpctl: Smpctl) -> Path:
    return smpctl.home / ".local/state/smpctl/shell_history"


def test_lines_and_answers(smpctl: Smpctl) -> None:
    with Board(shell={"bad": {"o": "no such command", "ret": -8}}) as board:
        smpctl.device = board.url
        with terminal(smpctl, "shell") as shell:
            shell.expect(PROMPT)
            shell.type('log  "two  spaces"\n')
            shell.expect(r'\r\nlog  "two  spaces"\r\n' + PROMPT)
            assert board.requests[-1].payload == {"argv": ['log  "two  spaces"']}
            shell.type("bad\n")
            shell.expect(r"no such command\r\n\(status -8\)\r\n" + PROMPT)
            shell.type("   \n")
            shell.expect(PROMPT)
            shell.type("exit\n")
            assert shell.end() == 0
        assert board.count(9, 0) == 2


def test_ctrl_d_ends(smpctl: Smpctl) -> None:
    with Board() as board:
        smpctl.device = board.url
        with terminal(smpctl, "shell") as shell:
            shell.expect(PROMPT)
            shell.type_keys("\x04")
            assert shell.end() == 0


@needs_libedit
def test_editing_and_history(smpctl: Smpctl) -> None:
    with Board() as board:
        smpctl.device = board.url
        with terminal(smpctl, "shell") as shell:
            shell.expect(PROMPT)
            shell.type_keys("wirst\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[3~f\n")  # to the left, delete
            shell.expect(r"\nfirst\r\n" + PROMPT)  # a prompt alone may be one drawn anew
            shell.type("second\n")
            shell.expect(r"\nsecond\r\n" + PROMPT)
            shell.type_keys("\x1b[A\x1b[A\n")  # up, up
            shell.expect(r"\nfirst\r\n" + PROMPT)
            shell.type_keys("\x04")
            assert shell.end() == 0
        assert [x.payload["argv"] for x in board.requests] == [["first"], ["second"], ["first"]]
        assert "second" in history(smpctl).read_text()
        assert history(smpctl).stat().st_mode & 0o077 == 0
        with terminal(smpctl, "shell") as shell:  # another day
            shell.expect(PROMPT)
            shell.type_keys("\x1b[A\x1b[A\n")
            shell.expect(r"\nsecond\r\n" + PROMPT)
            shell.type("exit\n")
            assert shell.end() == 0
        assert board.requests[-1].payload == {"argv": ["second"]}


def test_ctrl_c_gives_up_waiting_and_goes_on(smpctl: Smpctl) -> None:
    def sleepy(request: Packet, answer: Packet) -> list[Send]:
        return [] if request.payload["argv"] == ["sleep"] else [Send(answer.encode())]

    with Board(sleepy) as board:
        smpctl.device = board.url
        with terminal(smpctl, "shell") as shell:
            shell.expect(PROMPT)
            shell.type("sleep\n")
            shell.expect("sleep")
            while board.count(9, 0) == 0:
                pass
            shell.type("\x03")
            shell.expect("interrupted.*" + PROMPT)
            shell.type("again\n")
            shell.expect("again\r\n.*" + PROMPT)
            shell.type("exit\n")
            assert shell.end() == 0


def test_a_device_that_goes_away_does_not_end_it(smpctl: Smpctl) -> None:
    with Board(lambda _request, _answer: []) as board:
        smpctl.device = board.url
        with terminal(smpctl, "-t", "0.2", "shell") as shell:
            shell.expect(PROMPT)
            shell.type("x\n")
            shell.expect("no answer.*" + PROMPT)
            shell.type_keys("\x04")
            assert shell.end() == 0


def test_from_a_pipe(smpctl: Smpctl) -> None:
    with Board(shell={"bad": {"o": "no", "ret": 1}}) as board:
        smpctl.device = board.url

        def run(text: str, *args: str) -> subprocess.CompletedProcess[str]:
            command = [str(smpctl.binary), *args, "shell"]
            env = smpctl.environment()
            return subprocess.run(
                command, input=text, env=env, capture_output=True, text=True, timeout=10
            )

        done = run("one\ntwo words\n\nlast")
        assert (done.stdout, done.stderr, done.returncode) == ("one\ntwo words\nlast\n", "", 0)
        assert run("bad\none\n").stdout == "no\none\n"
        assert run("bad\none\n").returncode == 1
        assert run("exit\none\n").stdout == ""
        assert run("one\n", "-j").stdout.count('"status":0') == 1
        assert run("x" * 100_000).returncode == 2
    assert not history(smpctl).exists()


def test_a_script_ends_with_the_link(smpctl: Smpctl) -> None:
    with Board(lambda _request, _answer: []) as board:
        process = subprocess.run(
            [str(smpctl.binary), "-d", board.url, "-t", "0.2", "shell"],
            input="a\nb\nc\n", env=smpctl.environment(), capture_output=True, text=True, timeout=10,
        )  # fmt: skip
        assert process.returncode == 3
        assert board.count(9, 0) == 1


# ---- colours ----


@pytest.mark.parametrize(
    ("env", "shown"),
    [
        ({}, "\x1b[1m\x1b[32mgreen\x1b[0m\\x1b[2Jhidden"),
        ({"NO_COLOR": "1"}, "green\\x1b[2Jhidden"),
        ({"TERM": "dumb"}, "green\\x1b[2Jhidden"),
        ({"NO_COLOR": ""}, "\x1b[1m\x1b[32mgreen\x1b[0m\\x1b[2Jhidden"),
    ],
)
def test_colours_of_the_device_on_a_terminal(
    smpctl: Smpctl, env: dict[str, str], shown: str
) -> None:
    """Only those that are harmless, and never what moves or hides."""
    with Board(shell={"x": GREEN}) as board:
        smpctl.device = board.url
        with terminal(smpctl, "shell", "exec", "x", **env) as run:
            assert run.end() == 0
            assert shown in run.text


@pytest.mark.parametrize(("env", "red"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_errors_are_red_on_a_terminal(smpctl: Smpctl, env: dict[str, str], red: bool) -> None:
    with terminal(smpctl, "ehco", **env) as run:
        assert run.end() == 2
        assert ("\x1b[31m" in run.text) == red
    assert "\x1b" not in smpctl("ehco", status=2).err


# ---- asking before harm ----


@pytest.mark.parametrize(("answer", "erased"), [("y\n", 1), ("n\n", 0), ("\n", 0), ("\x04", 0)])
def test_a_person_is_asked_before_the_storage_is_erased(
    smpctl: Smpctl, answer: str, erased: int
) -> None:
    with Board() as board:
        smpctl.device = board.url
        with terminal(smpctl, "storage", "erase") as run:
            run.expect(r"Erase\? \[y/N\] ")
            run.type(answer)
            assert run.end() == (0 if erased else 2)
        assert board.count(63, 0) == erased
        with terminal(smpctl, "storage", "erase", "-y") as run:
            assert run.end() == 0


def test_a_file_on_a_terminal(smpctl: Smpctl, tmp_path: Path) -> None:
    """A few offsets, as the Go tool prints them; for a long file a bar."""
    (tmp_path / "short").write_bytes(b"x" * 25)
    (tmp_path / "long").write_bytes(os.urandom(40_000))
    with Board() as board:
        smpctl.device = board.url
        with terminal(smpctl, "fs", "upload", str(tmp_path / "short"), "/lfs/x") as run:
            assert run.end() == 0
            assert run.text == "25\r\nDone\r\n"
        with terminal(smpctl, "fs", "upload", str(tmp_path / "long"), "/lfs/x") as run:
            assert run.end() == 0
            lines = [x for x in run.text.split("\r\n") if x.isdigit()]
            assert len(lines) == 8
            assert "100 %" in run.text
