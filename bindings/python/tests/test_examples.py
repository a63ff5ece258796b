# SPDX-License-Identifier: Apache-2.0
"""The examples, which have the names of those in C, against the simulator."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import NEW_IMAGE, OLD_IMAGE, ROOT

EXAMPLES = ROOT / "bindings/python/examples"


def example(name: str, *arguments: object, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


@pytest.fixture
def url(smp_simulator: Any) -> str:
    return str(smp_simulator("--boot-time=100", image=OLD_IMAGE).url)


def test_the_same_as_in_c() -> None:
    in_c = {path.stem for path in (ROOT / "examples").glob("*.c")}
    assert {path.stem for path in EXAMPLES.glob("*.py")} == in_c


def test_echo(url: str) -> None:
    assert example("echo", url, "hello") == "hello\n"


def test_params(url: str) -> None:
    assert example("params", url) == "4 buffers of 2048 bytes\n"


def test_raw(url: str) -> None:
    assert b"buf_size".hex(" ") in example("raw", url)


def test_info() -> None:
    assert "version 1.1.0, signed" in example("img_info", NEW_IMAGE)
    assert __file__ in example("img_info", __file__, status=1)


def test_list_upload_confirm_reset(url: str) -> None:
    assert "slot 0: 1.0.0 active confirmed" in example("img_list", url)
    assert "done" in example("img_upload", url, NEW_IMAGE)
    assert "slot 1: 1.1.0" in example("img_list", url)
    example("img_confirm", url)
    example("reset", url)


def test_update(url: str) -> None:
    assert "1.0.0 to 1.1.0: " in example("update", url, NEW_IMAGE)
    assert "slot 0: 1.1.0 active confirmed" in example("img_list", url)


def test_many(url: str) -> None:
    said = example("many", url, "udp://127.0.0.1:9")
    assert f"{url}: 1.0.0" in said
    assert "udp://127.0.0.1:9: nobody listens" in said


def test_server() -> None:
    server = subprocess.Popen(
        [sys.executable, EXAMPLES / "server.py", "udp://127.0.0.1:0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        address = server.stdout.readline().split()[-1]
        assert example("echo", address, "hello") == "hello\n"
        assert server.stdout.readline() == "echo: hello\n"
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda p: p.stem)
def test_usage(path: Path) -> None:
    if path.stem != "many":
        assert "usage" in example(path.stem, status=1)


def test_the_update_on_the_first_page(url: str) -> None:
    page = (EXAMPLES.parent / "README.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.S)
    program = program.replace("udp://192.0.2.1", url).replace("zephyr.signed.bin", str(NEW_IMAGE))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "UPLOADING" in done.stdout
    assert "slot 0: 1.1.0 active confirmed" in example("img_list", url)
