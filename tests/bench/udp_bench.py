#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole processes over UDP on this machine: what an update costs, and against whom.

Each row compares two commands in turn on the same smpsim, so that the ratio holds when the
machine's speed does not.  Medians; memory is the largest single run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import statistics
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BUFFERS, BUF_SIZE = 8, 2048
IMAGE_BYTES = 512 * 1024
# A child's peak memory counts from its fork on, so this small program forks it, not Python.
METER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    struct timespec a, b;
    struct rusage u;
    int status = 0;
    clock_gettime(CLOCK_MONOTONIC, &a);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout) || argc < 2) {
            _exit(126);
        }
        execv(argv[1], argv + 1);
        _exit(127);
    }
    wait4(pid, &status, 0, &u);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%d %f %f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 255,
           (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec),
           (double)u.ru_utime.tv_sec + 1e-6 * (double)u.ru_utime.tv_usec +
               (double)u.ru_stime.tv_sec + 1e-6 * (double)u.ru_stime.tv_usec,
           u.ru_maxrss);
    return 0;
}
"""


class Cost(NamedTuple):
    wall: float  # seconds
    cpu: float  # seconds
    memory: float  # KiB


def image(path: Path) -> None:
    """A MCUboot image of IMAGE_BYTES, without signature."""
    body = random.Random(1).randbytes(IMAGE_BYTES - 512 - 40)
    header = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 512, 0, len(body), 0, 2, 0, 0, 0, 0)
    hashed = header.ljust(512, b"\0") + body
    tlv = struct.pack("<HHHH", 0x6907, 40, 0x10, 32) + hashlib.sha256(hashed).digest()
    path.write_bytes(hashed + tlv)


class Bench:
    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self.smpctl = str(binaries / "smpctl")
        self.smpsim = str(binaries / "smpsim")
        self.image = folder / "image.bin"
        self.meter = folder / "meter"
        image(self.image)
        (folder / "meter.c").write_text(METER)
        subprocess.run(["cc", "-O1", "-o", self.meter, folder / "meter.c"], check=True)
        self.devices = 0

    @contextmanager
    def device(self, *options: str) -> Iterator[str]:
        self.devices += 1
        state = ["--state", self.folder / str(self.devices)]
        image = ["--image", ROOT / "tests/data/app-1.0.0.signed.bin"]
        buffers = ["--buf-size", str(BUF_SIZE), "--buf-count", str(BUFFERS)]
        simulator = subprocess.Popen(
            [self.smpsim, "--udp", "127.0.0.1:0", *state, *image, *buffers, *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert simulator.stdout is not None
        for line in simulator.stdout:
            if "listening" in line:
                break
        try:
            yield line.split()[-1]
        finally:
            simulator.terminate()
            simulator.wait()

    def run(self, command: list[str]) -> Cost:
        done = subprocess.run([self.meter, *command], check=True, capture_output=True, text=True)
        status, wall, cpu, memory = done.stdout.split()
        if status != "0":
            raise SystemExit(f"{' '.join(command)} ended with {status}: {done.stderr}")
        return Cost(float(wall), float(cpu), float(memory))

    def pair(self, runs: int, a: list[str], b: list[str] | None, before: list[str]) -> list[Cost]:
        costs: list[list[Cost]] = [[], []]
        for _ in range(runs):
            for i, command in enumerate((a, b)):
                if command is not None:
                    if before:
                        self.run(before)
                    costs[i].append(self.run(command))
        return [median(x) for x in costs if x]


def median(costs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(x.wall for x in costs),
        statistics.median(x.cpu for x in costs),
        max(x.memory for x in costs),
    )


def row(what: str, ours: Cost, other: Cost | None, bound: str) -> None:
    def show(number: Callable[[Cost], float], unit: str) -> str:
        text = f"{number(ours):9.2f} {unit}"
        if other is None:
            return text + " " * 24
        ratio = number(other) / number(ours) if number(ours) else float("inf")
        return text + f" {number(other):9.2f} {unit} {ratio:6.2f}x "

    print(
        f"{what:<34}{show(lambda c: c.wall * 1e3, 'ms')}{show(lambda c: c.cpu * 1e3, 'ms')}"
        f"{show(lambda c: c.memory / 1024, 'MiB')} {bound}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--peer", type=Path, help="mcumgrctl, when it is installed")
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    peer = str(options.peer) if options.peer and os.access(options.peer, os.X_OK) else None
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.bin)
        file = str(bench.image)
        head = ("wall", "cpu", "memory")
        print(f"{'':<34}" + "".join(f"{x + ': smpctl, other, ratio':<37}" for x in head))

        with bench.device() as address:
            ctl = [bench.smpctl, "-d", f"udp://{address}"]
            other = [peer, "--udp", address] if peer else None
            a, *b = bench.pair(options.runs * 3, [*ctl, "echo", "hi"],
                               [*other, "os", "echo", "hi"] if other else None, [])
            row("echo, against mcumgrctl", a, b[0] if b else None, "at least 0.67x; 4 MiB")
            a, *b = bench.pair(options.runs, [*ctl, "image", "upload", file],
                               [*other, "image", "upload", "--quiet", file] if other else None,
                               [*ctl, "image", "erase"])
            row("512 KiB, RTT 0, against mcumgrctl", a, b[0] if b else None, "cpu at least 1x")

        with bench.device("--delay", "50") as address:
            ctl = [bench.smpctl, "-d", f"udp://{address}"]
            a, *b = bench.pair(1, [*ctl, "image", "upload", file],
                               [*ctl, "image", "upload", "-w", "1", file],
                               [*ctl, "image", "erase"])
            chunks = -(-IMAGE_BYTES // (BUF_SIZE - 24))
            ideal = chunks * 0.050 / (BUFFERS - 1)
            row("512 KiB, RTT 50 ms, against -w 1", a, b[0],
                f"wall at least 6x; {a.wall / ideal - 1:+.1%} of chunks x RTT / window (15 %)")
    if peer is None:
        print("mcumgrctl is not there: its rows have one side (tests/bench/run.sh --peers)")


main()
