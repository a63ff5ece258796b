# SPDX-License-Identifier: Apache-2.0
"""Statistics that refresh."""

from __future__ import annotations

import re
import signal
import time

import pytest
from board import Board
from conftest import Smpctl
from terminal import Terminal
from wire import Packet, Send


def moving(request: Packet, answer: Packet) -> list[Send]:
    """Each answer has larger numbers."""
    moving.n += 10  # type: ignore[attr-defined]
    fields = {k: v + moving.n for k, v in answer.payload.get("fields", {}).items()}  # type: ignore[attr-defined]
    if fields:
        answer = request.answer(answer.payload | {"fields": fields})
    return [Send(answer.encode())]


@pytest.fixture(autouse=True)
def start() -> None:
    moving.n = 0  # type: ignore[attr-defined]


STATS = {"net": {"rx": 100, "tx": 5}, "evil\x1b[2J": {"\x1b]0;": 1}}


def test_rounds(smpctl: Smpctl) -> None:
    with Board(moving, stats=STATS) as board:
        smpctl.device = board.url
        out = smpctl("monitor", "net", "-i", "0.05", "-n", "3").out
        rounds = out.split("stat group: net\n")[1:]
        assert len(rounds) == 3
        values = [int(re.search(r"(\d+) .*rx", x)[1]) for x in rounds]  # type: ignore[index]
        assert values == [110, 120, 130]
        assert "/s" not in rounds[0]
        rate = float(re.search(r"\+([\d.]+)/s rx", rounds[2])[1])  # type: ignore[index]
        assert 20 < rate < 400
        assert board.count(2, 0) == 3


def test_all_sections_and_json(smpctl: Smpctl) -> None:
    with Board(moving, stats=STATS) as board:
        smpctl.device = board.url
        out = smpctl("monitor", "-n", "1").out
        assert "stat group: net\n" in out
        assert "stat group: evil\\x1b[2J\n" in out
        documents = smpctl("monitor", "-n", "2", "-i", "0.02", "--json").documents
        assert len(documents) == 2
        assert set(documents[0]["result"]["sections"]) == set(STATS)


def test_a_section_that_cannot_be_read_is_left_out(smpctl: Smpctl) -> None:
    def partly(request: Packet, answer: Packet) -> list[Send]:
        large = request.payload.get("name") == "large"
        return [Send((request.answer({"rc": 7}) if large else answer).encode())]

    with Board(partly, stats={"large": {"a": 1}, "small": {"b": 2}}) as board:
        smpctl.device = board.url
        run = smpctl("monitor", "-n", "3", "-i", "0.02")
        assert run.out.count("2") >= 3
        assert run.err.count("`large` is left out") == 1
        assert "NETBUF_SIZE" in run.err
        smpctl("monitor", "-n", "1", "large", status=1)


def test_in_place_on_a_terminal_until_ctrl_c(smpctl: Smpctl) -> None:
    with Board(moving, stats=STATS) as board:
        smpctl.device = board.url
        command = [str(smpctl.binary), "monitor", "-i", "0.05"]
        with Terminal(command, smpctl.environment()) as monitor:
            for _ in range(3):
                monitor.expect(r"\x1b\[H\x1b\[J.*rx")
            monitor.type("\x03")
            assert monitor.end() == 0


def test_ctrl_c_in_a_pipe_is_a_good_end(smpctl: Smpctl) -> None:
    with Board(moving, stats=STATS) as board:
        smpctl.device = board.url
        process = smpctl.popen("monitor", "-i", "0.05")
        while board.count(2, 0) < 3:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (0, "")
        assert "stat group: net" in out


def test_a_reader_that_has_enough(smpctl: Smpctl) -> None:
    with Board(moving, stats=STATS) as board:
        smpctl.device = board.url
        process = smpctl.popen("monitor", "-i", "0.02")
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(10) == 4
        assert process.stderr
        assert process.stderr.read() == ""
        process.stderr.close()


def test_nothing_to_watch(smpctl: Smpctl) -> None:
    with Board() as board:
        smpctl.device = board.url
        assert "no statistics" in smpctl("monitor", status=1).err
        for options in (["-i", "0"], ["-i", "nan"], ["-n", "-1"]):
            smpctl("monitor", *options, status=2)
