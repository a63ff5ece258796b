# SPDX-License-Identifier: Apache-2.0
"""smpctl as a user runs it, against smpsim and against fake devices (wire.py)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("SMP_BIN") or os.environ.get("BUILD_DIR") or ROOT / "build/dev/bin")
DATA = ROOT / "tests/data"
OLD = DATA / "app-1.0.0.signed.bin"
NEW = DATA / "app-1.1.0.signed.bin"

# A sanitizer's report must not look like one of smpctl's own exit statuses.
SANITIZER_STATUS = 99

SCHEMA = json.loads((ROOT / "examples/smpctl/smpctl.schema.json").read_text())
Draft202012Validator.check_schema(SCHEMA)
VALIDATOR = Draft202012Validator(SCHEMA)

Json = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """How one run of smpctl went."""

    status: int
    out: str
    err: str
    seconds: float

    @property
    def documents(self) -> list[Json]:
        """Standard output as JSON lines, each checked against the schema."""
        documents = [json.loads(line) for line in self.out.splitlines()]
        for document in documents:
            VALIDATOR.validate(document)
        return documents


@dataclass
class Smpctl:
    """Runs smpctl with a home and an environment of its own."""

    home: Path
    device: str | None = None
    binary: Path = BIN / "smpctl"
    env: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH", "TMPDIR")}
        sanitizers = f"exitcode={SANITIZER_STATUS}"
        return (
            keep
            | {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / "config")}
            | {"ASAN_OPTIONS": sanitizers, "UBSAN_OPTIONS": sanitizers}
            | ({"SMP_DEVICE": self.device} if self.device else {})
            | self.env
        )

    def popen(self, *args: object, **options: Any) -> subprocess.Popen[str]:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        command = [str(self.binary), *map(str, args)]
        return subprocess.Popen(command, env=self.environment(), **options)

    def __call__(self, *args: object, status: int | None = 0, within: float = 30) -> Run:
        """Runs a command that must end with the status, and within some seconds."""
        start = time.monotonic()
        process = self.popen(*args)
        try:
            out, err = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"smpctl {args} still runs after {within} s: {process.communicate()}")
        run = Run(process.returncode, out, err, time.monotonic() - start)
        assert status is None or run.status == status, f"smpctl {args}: {run}"
        return run

    def json(self, *args: object, status: int = 0, within: float = 30) -> Json:
        """Runs a command with --json; the last document, all of them checked."""
        run = self(*args, "--json", status=status, within=within)
        last = run.documents[-1]
        assert last["ok"] == (status == 0)
        if status:
            assert last["error"]["status"] == status
            assert last["error"]["message"] in run.err
        return last

    def result(self, *args: object) -> Json:
        result = self.json(*args)["result"]
        assert isinstance(result, dict)
        return result

    def images(self) -> dict[int, tuple[str, set[str]]]:
        """slot -> version and flags."""
        flags = ("active", "confirmed", "pending", "permanent")
        return {
            image["slot"]: (image["version"], {flag for flag in flags if image.get(flag)})
            for image in self.result("image", "list")["images"]
        }

    def wait_for(self, slot: int, version: str, within: float = 15) -> None:
        """Waits until a device that resets runs a version."""
        end = time.monotonic() + within
        while True:
            run = self("image", "list", "--json", "-t", "0.5", status=None)
            if run.status == 0:
                images = run.documents[-1]["result"]["images"]
                if any((x["slot"], x["version"]) == (slot, version) for x in images):
                    return
            assert time.monotonic() < end, f"slot {slot} never had {version}: {run}"
            time.sleep(0.05)


@pytest.fixture
def smpctl(tmp_path: Path) -> Smpctl:
    """smpctl without a device."""
    home = tmp_path / "home"
    home.mkdir()
    return Smpctl(home)


class Simulator:
    """A smpsim in the background."""

    def __init__(self, state: Path, *args: object) -> None:
        self.command = [str(BIN / "smpsim"), "--udp", "127.0.0.1:0", "--state", str(state)]
        self.command += ["--boot-time", "100", *map(str, args)]
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"ASAN_OPTIONS": f"exitcode={SANITIZER_STATUS}"},
        )
        assert self.process.stdout
        said = ""
        while True:
            line = self.process.stdout.readline()
            said += line
            assert line, f"smpsim did not start: {said}"
            if found := re.search(r"127\.0\.0\.1:[1-9]\d*", line):
                self.url = f"udp://{found[0]}"
                return

    def stop(self) -> None:
        self.process.terminate()
        out, _ = self.process.communicate(timeout=10)
        assert self.process.returncode != SANITIZER_STATUS, out


Simulate = Callable[..., Simulator]


@pytest.fixture
def simulate(tmp_path: Path) -> Iterator[Simulate]:
    """Starts simulators, and stops them at the end."""
    running: list[Simulator] = []

    def start(*args: object) -> Simulator:
        running.append(Simulator(tmp_path / f"device{len(running)}", *args))
        return running[-1]

    yield start
    for simulator in running:
        simulator.stop()


# ---- a user without rights ----

NOBODY = 65534
AsNobody = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody may enter, with smpctl in it: pytest's are closed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        shutil.copy(BIN / "smpctl", path)
        yield path


@pytest.fixture
def as_nobody(smpctl: Smpctl, public: Path) -> AsNobody:
    """Runs smpctl as a user without any right, in these groups."""
    if os.geteuid() != 0:
        pytest.skip("SKIPPED, NOT TESTED: only root can become somebody else")

    def run(*args: object, groups: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        def drop() -> None:
            os.setgroups(groups)
            os.setgid(NOBODY)
            os.setuid(NOBODY)

        return subprocess.run(
            [public / "smpctl", *map(str, args)],
            env=smpctl.environment(),
            cwd="/",
            preexec_fn=drop,
            capture_output=True,
            text=True,
            timeout=20,
        )

    return run


@pytest.fixture
def ctl(smpctl: Smpctl, simulate: Simulate) -> Smpctl:
    """smpctl with a simulated device that runs OLD."""
    smpctl.device = simulate("--image", OLD).url
    return smpctl
