#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bindings next to C, in the same run, as a table of ratios; and Python next to smpclient.

    table.py --bin build/bench/bin --prefix build/bench/prefix
             [--python build/venv-python/bin/python] [--go] [--node] [--quick]

--prefix: where libsmp is installed.  --python has pysmp (and smpclient) in it; --go builds the
module; --node wants the addon built in the clone.  Every number is the best of three runs; --quick
makes one run of less.
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
        # Go keeps what pkg-config said of another prefix; it looks at these each time.
        prefix = {
            "CGO_CFLAGS": f"-O2 -I{options.prefix / 'include'}",
            "CGO_LDFLAGS": f"-L{options.prefix / 'lib'}",
        }
        subprocess.run(build, check=True, cwd=ROOT / "bindings/go", env=os.environ | prefix)
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
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    repeat, size, count = (1, 512, 3000) if options.quick else (3, 2048, 20000)
    options.prefix = options.prefix.resolve()
    os.environ["PKG_CONFIG_PATH"] = str(options.prefix / "lib/pkgconfig")
    os.environ["LD_LIBRARY_PATH"] = str(options.prefix / "lib")
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        found = programs(options, work)
        print("| what | " + " | ".join(found) + " |")
        print("|---" * (len(found) + 1) + "|")
        row("echo in memory, us", found, repeat, "echo", str(count))
        row("state of two images in memory, us", found, repeat, "state", str(count))
        with device(options, work) as address:
            row("echo over UDP, us", found, repeat, "udp", address, str(count // 5))
            upload = ("upload", address, str(size << 10))
            row(f"upload of {size} KiB, RTT 0, s", found, repeat, *upload)
            if options.python:
                wrong += beside_smpclient(options.python, address, repeat)
        with device(options, work, "--delay=50") as address:
            upload = ("upload", address, str(size << 10))
            ratios = row(f"upload of {size} KiB, RTT 50 ms, s", found, repeat, *upload)
        wrong += [f"{k}: an upload over 50 ms takes {v:.2f} times as long as in C, not 1.1"
                  for k, v in ratios.items() if v > 1.1]  # fmt: skip
    print("\n".join(wrong))
    return 1 if wrong else 0


def beside_smpclient(python: Path, address: str, repeat: int) -> list[str]:
    program, size = [str(python), str(HERE / "python_bench.py")], str(2 << 20)
    ours = best([*program, "cpu", address, size], repeat)
    theirs = best([*program, "smpclient", address, size], 1)
    if not ours or not theirs:
        return ["pysmp and smpclient could not be compared"]
    print(f"\nCPU of an upload of 2 MiB: pysmp {ours:.3f} s, smpclient {theirs:.3f} s: "
          f"{theirs / ours:.0f} times as much\n")  # fmt: skip
    return [] if theirs > 10 * ours else ["smpclient needs less than 10 times as much"]


if __name__ == "__main__":
    sys.exit(main())
