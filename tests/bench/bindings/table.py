#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bindings next to C, in the same run, as a table of ratios; and Python next to smpclient.

    table.py --bin build/bench/bin --prefix build/bench/prefix
             [--python build/venv-python/bin/python] [--go] [--node] [--repeat 3]

--prefix: where libsmp is installed.  --python has pysmp (and smpclient) in it; --go builds the
module; --node wants the addon built in the clone.  Every number is the best of a few runs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SIZE = 2 << 20

Command = list[str]


def pkg_config(prefix: Path) -> list[str]:
    found = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "smp"], capture_output=True, text=True, check=True
    )
    return [*found.stdout.split(), f"-Wl,-rpath,{prefix / 'lib'}"]


def programs(options: argparse.Namespace, work: Path) -> dict[str, Command]:
    """What does the same in each language."""
    flags = ["-std=c11", "-O2", "-D_POSIX_C_SOURCE=200809L"]
    source = str(HERE / "c_bench.c")
    c = str(work / "c")
    subprocess.run(["cc", *flags, source, "-o", c, *pkg_config(options.prefix)], check=True)
    found = {"C": [c]}
    if options.python:
        found["Python"] = [str(options.python), str(HERE / "python_bench.py")]
    if options.go:
        go = str(work / "go")
        build = ["go", "build", "-o", go, "./internal/bench"]
        subprocess.run(build, check=True, cwd=ROOT / "bindings/go")
        found["Go"] = [go]
    if options.node:
        found["Node"] = ["node", str(HERE / "node_bench.mjs")]
    return found


@contextmanager
def device(options: argparse.Namespace, work: Path, *extra: str) -> Iterator[str]:
    """The address of a device that has room, and work to do only where it says so."""
    with tempfile.TemporaryDirectory(dir=work) as state:
        command = [str(options.bin / "smpsim"), "--udp=127.0.0.1:0", f"--state={state}"]
        command += ["--slot-size=4194304", "--buf-count=16", "--work-us=0", *extra]
        simulator = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert simulator.stdout is not None
            line = next(x for x in simulator.stdout if "listening on udp " in x)
            yield line.split("listening on udp ")[1].strip()
        finally:
            simulator.terminate()
            simulator.communicate()


def best(command: Command, repeat: int) -> float | None:
    """The smallest number that it prints; None: it does not know how."""
    numbers = []
    for _ in range(repeat):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            print(f"{' '.join(command)}: {done.stderr.strip()[-300:]}", file=sys.stderr)
            return None
        numbers.append(float(done.stdout))
    return min(numbers)


def row(what: str, found: dict[str, Command], repeat: int, *arguments: str) -> dict[str, float]:
    """Prints a line; the ratios to C."""
    numbers = {name: best([*command, *arguments], repeat) for name, command in found.items()}
    c = numbers["C"]
    cells, ratios = [what, f"{c:.3f}"], {}
    for name, number in list(numbers.items())[1:]:
        if number is None or not c:
            cells.append("-")
        else:
            ratios[name] = number / c
            cells.append(f"{number:.3f} ({ratios[name]:.2f})")
    print("| " + " | ".join(cells) + " |", flush=True)
    return ratios


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--prefix", type=Path, required=True)
    parser.add_argument("--python", type=Path)
    parser.add_argument("--go", action="store_true")
    parser.add_argument("--node", action="store_true")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    options.prefix = options.prefix.resolve()
    os.environ["PKG_CONFIG_PATH"] = str(options.prefix / "lib/pkgconfig")
    os.environ["LD_LIBRARY_PATH"] = str(options.prefix / "lib")
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        found = programs(options, work)
        print("| what | " + " | ".join(found) + " |")
        print("|---" * (len(found) + 1) + "|")
        row("echo in memory, us", found, options.repeat, "echo", "20000")
        row("state of two images in memory, us", found, options.repeat, "state", "10000")
        with device(options, work) as address:
            row("echo over UDP, us", found, options.repeat, "udp", address, "3000")
            upload = ("upload", address, str(SIZE))
            row("upload of 2 MiB, RTT 0, s", found, options.repeat, *upload)
            if options.python:
                wrong += beside_smpclient(options, address)
        with device(options, work, "--delay=50") as address:
            upload = ("upload", address, str(SIZE))
            ratios = row("upload of 2 MiB, RTT 50 ms, s", found, options.repeat, *upload)
        wrong += [f"{k}: an upload over 50 ms takes {v:.2f} times as long as in C, not 1.1"
                  for k, v in ratios.items() if v > 1.1]  # fmt: skip
    print("\n".join(wrong))
    return 1 if wrong else 0


def beside_smpclient(options: argparse.Namespace, address: str) -> list[str]:
    program = [str(options.python), str(HERE / "python_bench.py")]
    ours = best([*program, "cpu", address, str(SIZE)], options.repeat)
    theirs = best([*program, "smpclient", address, str(SIZE)], 1)
    if not ours or not theirs:
        return ["pysmp and smpclient could not be compared"]
    print(f"\nCPU of an upload of 2 MiB: pysmp {ours:.3f} s, smpclient {theirs:.3f} s: "
          f"{theirs / ours:.0f} times as much\n")  # fmt: skip
    return [] if theirs > 10 * ours else ["smpclient needs less than 10 times as much"]


if __name__ == "__main__":
    sys.exit(main())
