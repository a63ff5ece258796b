# SPDX-License-Identifier: Apache-2.0
"""Completion: what can stand next, and that the three shells get it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Smpctl
from terminal import Terminal


def words(smpctl: Smpctl, *line: str) -> list[str]:
    out = smpctl("completion", "words", "--", *line).out
    return [x.split("\t")[0] for x in out.splitlines()]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (["ima"], ["image"]),
        (["image", "co"], ["confirm", "corelist", "coredownload", "coreerase"]),
        (["stat", "l"], ["list"]),
        (["shell", ""], ["exec"]),
        (["crash", ""], ["div0", "jump0", "ref0", "assert", "wdog"]),
        (["completion", "f"], ["fish"]),
        (["run", "test", "a"], ["all"]),
        (["image", "upload", ""], [":file"]),
        (["fs", "upload", ""], [":file"]),
        (["decode", ""], [":file"]),
        (["--devices", ""], [":file"]),
        (["image", "upload", "--max"], ["--maxwinsize"]),
        (["--dev"], ["--device", "--devices"]),
        (["echo", "--js"], ["--json"]),
        (["-l", "d"], ["debug"]),
        (["--loglevel", "d"], ["debug"]),
        (["-l", "debug", "ech"], ["echo"]),
        (["-d", "udp://x", "echo", "--ch"], []),
        (["call", "sett"], ["settings"]),
        (["call", "enum", "co"], ["count"]),
        (["call", "fs", "0", "--op", "r"], ["read"]),
        (["describe", "sh"], ["shell"]),
        (["nonsense", ""], []),
        (["-d", ""], []),
    ],
)
def test_words(smpctl: Smpctl, line: list[str], wanted: list[str]) -> None:
    assert words(smpctl, *line) == wanted


def test_first_words_once_each(smpctl: Smpctl) -> None:
    found = words(smpctl, "")
    assert len(found) == len(set(found))
    assert {"echo", "image", "fs", "stat", "shell", "completion"} <= set(found)


def test_saved_connections(smpctl: Smpctl) -> None:
    smpctl("conn", "add", "board", "connstring=127.0.0.1:1")
    smpctl("conn", "add", "bench", "connstring=127.0.0.1:2")
    for line in (["-c", "b"], ["--conn", "b"], ["conn", "delete", "b"], ["conn", "show", "b"]):
        assert sorted(words(smpctl, *line)) == ["bench", "board"]
    assert words(smpctl, "-c", "board", "ech") == ["echo"]


def test_usage(smpctl: Smpctl) -> None:
    assert "bash, zsh or fish" in smpctl("completion", "tcsh", status=2).err
    smpctl("completion", status=2)
    smpctl("completion", "words", status=2)
    assert "complete -F" in smpctl.result("completion", "bash")["script"]


def test_under_another_name(smpctl: Smpctl, tmp_path: Path) -> None:
    smpctl.binary = Path(shutil.copy(smpctl.binary, tmp_path / "mcumgr"))
    for shell in ("bash", "zsh", "fish"):
        script = smpctl("completion", shell).out
        assert "mcumgr" in script
        assert "smpctl" not in script


def on_path(smpctl: Smpctl) -> dict[str, str]:
    env = smpctl.environment()
    return env | {"PATH": f"{smpctl.binary.parent}:{env['PATH']}"}


def test_bash(smpctl: Smpctl, tmp_path: Path) -> None:
    (tmp_path / "firmware.bin").touch()
    script = """
        eval "$(smpctl completion bash)"
        try() {
            COMP_WORDS=(smpctl "$@"); COMP_CWORD=$#
            _smpctl_words smpctl "${!#}" ""
            echo "${COMPREPLY[*]}"
        }
        try image te; try fs upload firm; try --loglev; try -l w
    """
    run = subprocess.run(
        ["bash", "-c", script], env=on_path(smpctl), cwd=tmp_path, capture_output=True, text=True,
        timeout=20,
    )  # fmt: skip
    assert run.stdout.splitlines() == ["test", "firmware.bin", "--loglevel", "warn"], run.stderr


@pytest.mark.skipif(not shutil.which("fish"), reason="SKIPPED, NOT TESTED: fish is not installed")
def test_fish(smpctl: Smpctl, tmp_path: Path) -> None:
    (tmp_path / "firmware.bin").touch()
    script = """
        smpctl completion fish | source
        complete -C 'smpctl image te'; complete -C 'smpctl fs upload firm'
        complete -C 'smpctl crash '
    """
    run = subprocess.run(
        ["fish", "--no-config", "-c", script], env=on_path(smpctl), cwd=tmp_path,
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    found = [x.split("\t")[0] for x in run.stdout.splitlines()]
    assert found[:2] == ["test", "firmware.bin"], run.stderr
    assert set(found[2:]) == {"div0", "jump0", "ref0", "assert", "wdog"}


@pytest.mark.skipif(not shutil.which("zsh"), reason="SKIPPED, NOT TESTED: zsh is not installed")
def test_zsh(smpctl: Smpctl) -> None:
    env = on_path(smpctl) | {"PS1": "ready> "}
    with Terminal(["zsh", "-f", "-i"], env) as shell:
        shell.expect("ready> ")
        shell.type('autoload -U compinit; compinit -u; eval "$(smpctl completion zsh)"; echo set\n')
        shell.expect("set\r\n")
        shell.type("smpctl image te\t")
        shell.expect("image test")
        shell.type("\x15smpctl ima\t")
        shell.expect("smpctl image")
