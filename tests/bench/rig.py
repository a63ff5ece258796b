# SPDX-License-Identifier: Apache-2.0
"""What the benchmark measures with: devices, runs of programs, a relay that counts bytes."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
RUNNING = ROOT / "tests/data/app-1.0.0.signed.bin"
SMP_PORT = 1337  # smpmgr knows no other

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

Command = Sequence[str | Path]


class Cost(NamedTuple):
    wall: float  # seconds
    cpu: float  # seconds
    memory: float  # MiB


class Failed(Exception):
    """A program did not end well."""


def image(path: Path, size: int) -> Path:
    """A MCUboot image without signature."""
    body = random.Random(1).randbytes(size - 512 - 40)
    header = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 512, 0, len(body), 0, 2, 0, 0, 0, 0)
    hashed = header.ljust(512, b"\0") + body
    tlv = struct.pack("<HHHH", 0x6907, 40, 0x10, 32) + hashlib.sha256(hashed).digest()
    path.write_bytes(hashed + tlv)
    return path


class Rig:
    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self.smpctl = binaries / "smpctl"
        self.smpsim = binaries / "smpsim"
        self.meter = folder / "meter"
        self.numbers = count(1)
        (folder / "meter.c").write_text(METER)
        subprocess.run(["cc", "-O1", "-o", self.meter, folder / "meter.c"], check=True)

    def image(self, kib: int) -> Path:
        path = self.folder / f"{kib}.bin"
        return path if path.exists() else image(path, kib * 1024)

    def run(self, command: Command, within: float = 300) -> Cost:
        try:
            done = subprocess.run(
                [self.meter, *command],
                capture_output=True,
                text=True,
                timeout=within,
                env=os.environ | {"XDG_STATE_HOME": str(self.folder)},  # nothing is known yet
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"still runs after {within:.0f} s") from None
        status, wall, cpu, memory = done.stdout.split()
        if status != "0":
            raise Failed(f"ended with {status}: {' '.join(done.stderr.split())[-200:]}")
        return Cost(float(wall), float(cpu), float(memory) / 1024)

    @contextmanager
    def simulator(self, *options: object) -> Iterator[None]:
        state = self.folder / f"state{next(self.numbers)}"
        command = [self.smpsim, "--state", state, "--image", RUNNING, *options]
        simulator = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert simulator.stdout is not None
            if not any("listening" in line for line in simulator.stdout):
                raise Failed(f"smpsim: {simulator.stderr and simulator.stderr.read()}")
            yield
        finally:
            simulator.terminate()
            simulator.wait()

    @contextmanager
    def udp(self, *options: object) -> Iterator[str]:
        """A device; its IPv4 address, at the usual port."""
        address = f"127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(2, 254)}"
        with self.simulator("--udp", f"{address}:{SMP_PORT}", *options):
            yield address

    @contextmanager
    def serial(self, *options: object) -> Iterator[str]:
        """A device; the path of its pseudo-terminal."""
        path = self.folder / f"port{next(self.numbers)}"
        with self.simulator("--pty", path, *options):
            yield str(path)


class Relay:
    """Passes datagrams on, and counts their bytes both ways."""

    def __init__(self, address: str) -> None:
        self.bytes = 0
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.connect((address, SMP_PORT))
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = f"127.{random.randint(1, 254)}.77.{random.randint(2, 254)}"
        self.front.bind((self.address, SMP_PORT))
        self.client: Any = None
        self.lock = threading.Lock()
        for way in (self.forth, self.home):
            threading.Thread(target=way, daemon=True).start()

    def add(self, data: bytes) -> None:
        with self.lock:
            self.bytes += len(data)

    def forth(self) -> None:
        while True:
            data, self.client = self.front.recvfrom(65536)
            self.add(data)
            self.back.send(data)

    def home(self) -> None:
        while True:
            data = self.back.recv(65536)
            self.add(data)
            self.front.sendto(data, self.client)
