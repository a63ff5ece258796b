#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""smpctl against smpsim, over UDP and serial lines, beside other people's tools: one table.

Each row is a ratio or a percentage within this run, on one machine, with the same file and a fresh
device for everybody; smpsim enforces its buffers and line buffers.  Exit status 1: a target missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import ideal
from rig import ROOT, Command, Cost, Failed, Relay, Rig
from tools import Mcumgrctl, Peer, Smpctl, find

BUF_SIZE, BUF_COUNT = 2048, 8
WINDOW = BUF_COUNT - 1
BUFFERS = ("--buf-size", BUF_SIZE, "--buf-count", BUF_COUNT)
KIB = 512
LINES = 64  # line buffers of the serial device, told to smpctl by lines=
# 10 ms to answer: so long a line stays in its buffer, and the next ones arrive meanwhile.
ANSWERS_IN_10_MS = ("--line-us", 10000, "--work-us", 0)
# With two line buffers the line stays for one of them, and the link adds the others.
SAFE_IN_10_MS = ("--line-us", 1000, "--delay", 9, "--work-us", 0)
RAW_WORK_US = 200
SEEDS = range(1, 9)


class Row(NamedTuple):
    what: str
    ours: str
    peer: str
    result: str
    target: str
    good: bool | None  # None: nothing to hold it against

    def text(self) -> str:
        met = {True: "met", False: "MISSED", None: ""}[self.good]
        cells = f"{self.what:<46}{self.ours:>11}  {self.peer:<25}{self.result:>10}"
        return f"{cells}  {self.target:<34}{met}"


HEAD = Row("case", "smpctl", "fastest peer", "result", "target", None)


def ratio_row(
    what: str, ours: float, peer: tuple[float, str] | None, least: float, why: str
) -> Row:
    if peer is None:
        return Row(what, f"{ours:.2f} s", "no peer", "", f"{least:g} x {why}", None)
    ratio = peer[0] / ours
    shown = f"{peer[0]:.2f} s {peer[1]}"
    return Row(what, f"{ours:.2f} s", shown, f"{ratio:.2f} x", f"{least:g} x {why}", ratio >= least)


class Speed:
    def __init__(self, rig: Rig, peers: list[Peer], full: bool) -> None:
        self.rig = rig
        self.smpctl = Smpctl(rig.smpctl)
        self.peers = peers
        self.full = full
        self.notes: list[str] = []

    # ---- runs ----

    def on_udp(self, options: tuple[object, ...], command: Callable[[str], Command]) -> Cost:
        with self.rig.udp(*BUFFERS, *options) as address:
            return self.rig.run(command(address))

    def within(self, seconds: float, run: Callable[[], Cost]) -> Cost:
        """Lines are paced by timers: up to three runs, as the machine may have other work."""
        costs = [run()]
        while costs[-1].wall > seconds and len(costs) < 3:
            costs.append(run())
        return min(costs)

    def on_serial(self, options: tuple[object, ...], command: Callable[[str], Command]) -> Cost:
        with self.rig.serial(*options) as port:
            return self.rig.run(command(port))

    def fastest(self, what: str, run: Callable[[Peer], Cost | None]) -> tuple[float, str] | None:
        """The peers at the same time: what they wait for is a link, not the processor."""

        def one(peer: Peer) -> tuple[float, str] | None:
            try:
                cost = run(peer)
            except Failed as error:
                self.notes.append(f"{what}: {peer.name} {error}")
                return None
            return None if cost is None else (cost.wall, peer.name)

        with ThreadPoolExecutor() as pool:
            times = [x for x in pool.map(one, self.peers) if x is not None]
        return min(times) if times else None

    # ---- UDP ----

    def window(self, rtt_ms: int) -> Row:
        file, options = self.rig.image(KIB), ("--delay", rtt_ms)
        ours = self.on_udp(options, lambda a: [*self.smpctl.udp(a), "image", "upload", file])

        def of(peer: Peer) -> Cost | None:
            return self.on_udp(options, lambda a: peer.upload_udp(a, file, BUF_SIZE) or [])

        what = f"UDP upload, RTT {rtt_ms} ms"
        peer = self.fastest(what, of) if self.full else self.one_at_a_time(options, file)
        return ratio_row(what, ours.wall, peer, 6, "the fastest stop-and-wait")

    def one_at_a_time(self, options: tuple[object, ...], file: Path) -> tuple[float, str]:
        one = self.on_udp(
            options, lambda a: [*self.smpctl.udp(a), "image", "upload", "-w", "1", file]
        )
        return one.wall, "smpctl -w 1"

    def loss(self) -> Row:
        """The sum of several seeds: what is lost when is chance."""
        file = self.rig.image(KIB)

        def options(seed: int) -> tuple[object, ...]:
            return ("--delay", 50, "--drop", 5, "--seed", seed)

        def all_seeds(command: Callable[[str], Command]) -> Cost:
            with ThreadPoolExecutor() as pool:
                costs = pool.map(lambda seed: self.on_udp(options(seed), command), SEEDS)
                return Cost(statistics.mean(x.wall for x in costs), 0, 0)

        def of(peer: Peer) -> Cost | None:
            if peer.upload_lossy("", file, BUF_SIZE) is None:
                return None
            return all_seeds(lambda a: peer.upload_lossy(a, file, BUF_SIZE) or [])

        what = "the same, 5 % loss each way, RTT 50 ms"
        ours = all_seeds(lambda a: [*self.smpctl.udp(a), "image", "upload", file])
        return ratio_row(what, ours.wall, self.fastest(what, of), 5, "the fastest hand-tuned")

    def download(self) -> Row:
        file, remote = self.rig.image(KIB), "/lfs/file"
        options = ("--delay", 50, "--fs-size", 2 << 20)

        def get(command: Callable[[str], Command]) -> Cost:
            with self.rig.udp(*BUFFERS, *options) as address:
                self.rig.run([*self.smpctl.udp(address), "fs", "upload", file, remote])
                return self.rig.run(command(address))

        local = self.rig.folder / "download"
        ours = get(lambda a: [*self.smpctl.udp(a), "fs", "download", remote, local])
        assert local.read_bytes() == file.read_bytes()
        share = ideal.window_seconds(KIB * 1024, BUF_SIZE, WINDOW, 0.05) / ours.wall

        def of(peer: Peer) -> Cost | None:
            to = self.rig.folder / peer.name
            return get(lambda a: peer.download_udp(a, remote, to, BUF_SIZE) or [])

        peer = self.fastest("download", of) if self.full else None
        shown = f"{peer[0]:.2f} s {peer[1]}" if peer else ""
        return Row(
            "UDP file download, RTT 50 ms",
            f"{ours.wall:.2f} s",
            shown,
            f"{share:.1%}",
            "85 % of what the window allows",
            share >= 0.85,
        )

    # ---- serial ----

    def console(self, baud: int, size: int, count: int, kib: int, peers: bool) -> Row:
        file = self.rig.image(kib)
        least = ideal.console_seconds(kib * 1024, size, baud)
        options = (
            "--baud",
            baud,
            "--line-buffers",
            LINES,
            *ANSWERS_IN_10_MS,
            "--buf-size",
            size,
            "--buf-count",
            count,
        )

        def upload(port: str) -> Command:
            return [*self.smpctl.serial(port, f"lines={LINES}"), "image", "upload", file]

        ours = self.within(least / 0.98, lambda: self.on_serial(options, upload))

        def of(peer: Peer) -> Cost | None:
            return self.on_serial(
                options, lambda p: peer.upload_serial(p, baud, file, size - 4) or []
            )

        what = f"console, {baud} baud, {size} x {count}"
        peer = self.fastest(what, of) if peers else None
        shown = f"{least / peer[0]:.1%} {peer[1]}" if peer else ""
        share = least / ours.wall
        return Row(
            what,
            f"{ours.wall:.2f} s",
            shown,
            f"{share:.1%}",
            "98 % of framing and base64",
            share >= 0.98,
        )

    def safe(self, baud: int, kib: int) -> Row:
        file = self.rig.image(kib)
        least = ideal.console_seconds(kib * 1024, BUF_SIZE, baud)
        options = ("--baud", baud, "--line-buffers", 2, *SAFE_IN_10_MS, *BUFFERS)
        ours = self.on_serial(options, lambda p: [*self.smpctl.serial(p), "image", "upload", file])
        return Row(
            f"  two line buffers, nothing told, {baud}, {kib} KiB",
            f"{ours.wall:.2f} s",
            "",
            f"{least / ours.wall:.1%}",
            "none: no line may be lost",
            None,
        )

    def slow_lines(self) -> Iterator[Row]:
        """At once: a slow line costs minutes, and no processor."""
        with ThreadPoolExecutor() as pool:
            rows = [
                pool.submit(self.console, 115200, 384, 4, KIB, True),
                pool.submit(self.console, 115200, BUF_SIZE, BUF_COUNT, KIB, True),
                pool.submit(self.safe, 115200, KIB),
            ]
            yield from (row.result() for row in rows)

    def raw(self, kib: int) -> Row:
        baud, file = 921600, self.rig.image(kib)
        device = RAW_WORK_US / 1e6
        least = ideal.raw_seconds(kib * 1024, BUF_SIZE, baud, device)
        options = ("--raw", "--baud", baud, "--work-us", RAW_WORK_US, *BUFFERS)

        def upload(port: str) -> Command:
            return [*self.smpctl.serial(port, "framing=raw"), "image", "upload", file]

        ours = self.within(least / 0.97, lambda: self.on_serial(options, upload))

        def of(peer: Peer) -> Cost | None:
            if peer.upload_raw("", baud, file, BUF_SIZE) is None:
                return None
            return self.on_serial(options, lambda p: peer.upload_raw(p, baud, file, BUF_SIZE) or [])

        peer = self.fastest("raw", of) if self.full else None
        shown = f"{least / peer[0]:.1%} {peer[1]}" if peer else ""
        share = least / ours.wall
        return Row(
            f"raw UART, {baud} baud, {BUF_SIZE} x {BUF_COUNT}",
            f"{ours.wall:.2f} s",
            shown,
            f"{share:.1%}",
            "97 % of one outstanding",
            share >= 0.97,
        )

    # ---- what it costs ----

    def wire(self) -> Row:
        file = self.rig.image(KIB)
        with self.rig.udp(*BUFFERS) as address:
            relay = Relay(address)
            self.rig.run([*self.smpctl.udp(relay.address), "image", "upload", file])
        over = relay.bytes / (KIB * 1024) - 1
        return Row(
            "bytes on the wire, both ways, 512 KiB",
            f"{relay.bytes}",
            "",
            f"+{over:.2%}",
            "2.5 % over the data",
            over <= 0.025,
        )

    def cpu(self) -> Row:
        """In turn, sums: what a switch of tasks costs changes with what else the machine does."""
        kib, runs = 2048, 11
        file, options = self.rig.image(kib), ("--slot-size", 4 << 20, "--work-us", 0)
        mine: list[float] = []
        theirs: list[float] = []
        peer = next((x for x in self.peers if isinstance(x, Mcumgrctl)), None)
        for _ in range(runs):
            ours = self.on_udp(options, lambda a: [*self.smpctl.udp(a), "image", "upload", file])
            mine.append(ours.cpu)
            if peer:
                cost = self.on_udp(options, lambda a: peer.upload_udp(a, file, BUF_SIZE))
                theirs.append(cost.cpu)
        what, cost_ms = "CPU, 2 MiB over UDP, RTT 0", statistics.mean(mine) * 1e3
        if not theirs:
            return Row(what, f"{cost_ms:.1f} ms", "no peer", "", "the fastest peer's", None)
        peer_ms = statistics.mean(theirs) * 1e3
        return Row(
            what,
            f"{cost_ms:.1f} ms",
            f"{peer_ms:.1f} ms mcumgrctl",
            f"{peer_ms / cost_ms:.2f} x",
            "the fastest peer's",
            peer_ms >= cost_ms,
        )

    def memory(self) -> Row:
        def peak(kib: int) -> float:
            file = self.rig.image(kib)
            options = ("--slot-size", 16 << 20)
            return self.on_udp(
                options, lambda a: [*self.smpctl.udp(a), "image", "upload", file]
            ).memory

        small, large = max(peak(512) for _ in range(3)), max(peak(8192) for _ in range(3))
        return Row(
            "resident, 512 KiB and 8 MiB",
            f"{large:.2f} MiB",
            "",
            f"{large - small:+.2f} MiB",
            "under 5 MiB, +0.25 at most",
            large < 5 and large - small <= 0.25,
        )

    def echo(self) -> Row:
        """In turn, medians."""
        peer = next((x for x in self.peers if isinstance(x, Mcumgrctl)), None)
        what = "echo, the whole process"
        times: tuple[list[float], list[float]] = ([], [])
        with self.rig.udp() as address:
            commands = [[*self.smpctl.udp(address), "echo", "hi"]]
            commands += [list(peer.echo(address))] if peer else []
            for _ in range(31):
                for command, walls in zip(commands, times, strict=False):
                    walls.append(self.rig.run(command).wall)
        ours = statistics.median(times[0])
        shown = f"{ours * 1e3:.2f} ms"
        if peer is None:
            return Row(what, shown, "no peer", "", "0.67 x the fastest peer", None)
        other = statistics.median(times[1])
        return Row(
            what,
            shown,
            f"{other * 1e3:.2f} ms {peer.name}",
            f"{other / ours:.2f} x",
            "0.67 x the fastest peer",
            other / ours >= 0.67,
        )

    # ---- all of it ----

    def rows(self) -> Iterator[Row]:
        if self.full:
            yield from self.slow_rows()
        else:
            yield self.window(20)
            yield self.download()
            yield self.console(1000000, BUF_SIZE, BUF_COUNT, KIB, False)
            yield self.raw(256)
        yield self.wire()
        yield self.cpu()
        yield self.memory()
        yield self.echo()

    def slow_rows(self) -> Iterator[Row]:
        yield self.window(10)
        yield self.window(50)
        yield self.loss()
        yield self.download()
        yield from self.slow_lines()
        yield self.console(1000000, 384, 4, KIB, True)
        yield self.console(1000000, BUF_SIZE, BUF_COUNT, KIB, True)
        yield self.safe(1000000, 64)
        yield self.raw(KIB)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--peers", type=Path, nargs="*", default=[], help="folders of the peers")
    parser.add_argument("--full", action="store_true", help="rows that take minutes, and all peers")
    options = parser.parse_args()
    peers = find(options.peers)
    with suppress(PermissionError):
        os.nice(-10)  # what is paced by timers must not wait for the machine's other work
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        speed = Speed(Rig(Path(folder), options.bin.resolve()), peers, options.full)
        print(f"Upload of {KIB} KiB, {BUF_COUNT} buffers of {BUF_SIZE} where nothing is said.")
        print(HEAD.text())
        for row in speed.rows():
            print(row.text(), flush=True)
            missed += row.good is False
        print(*speed.notes, sep="\n", end="\n" if speed.notes else "")
    names = ", ".join(peer.name for peer in peers)
    print(f"Peers: {names or 'NONE, NOT COMPARED WITH ANYBODY (tests/bench/run.sh --peers)'}.")
    if not options.full:
        print("Rows that take minutes, and all peers: tests/bench/run.sh --peers")
    if missed:
        print(f"{missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
