# SPDX-License-Identifier: Apache-2.0
"""smpctl and its peers: the commands that do the same thing, with the best settings of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rig import Command


@dataclass(frozen=True)
class Smpctl:
    path: Path
    name: str = "smpctl"

    def udp(self, address: str) -> Command:
        return [self.path, "-d", f"udp://{address}"]

    def serial(self, port: str, keys: str = "") -> Command:
        return [self.path, "-d", f"serial://{port}?{keys}"]


class Peer:
    """Another program.  None: it cannot do that."""

    name: str

    def upload_udp(self, address: str, file: Path, size: int) -> Command | None:
        raise NotImplementedError

    def upload_lossy(self, address: str, file: Path, size: int) -> Command | None:
        """Tuned by hand for a round trip of 50 ms."""
        raise NotImplementedError

    def download_udp(self, address: str, remote: str, local: Path, size: int) -> Command | None:
        raise NotImplementedError

    def upload_serial(self, port: str, baud: int, file: Path, size: int) -> Command | None:
        raise NotImplementedError

    def upload_raw(self, port: str, baud: int, file: Path, size: int) -> Command | None:
        raise NotImplementedError

    def echo(self, address: str) -> Command | None:
        raise NotImplementedError


@dataclass(frozen=True)
class Mcumgrctl(Peer):
    path: Path
    name: str = "mcumgrctl"

    def _udp(self, address: str, size: int) -> list[str | Path]:
        return [self.path, "--udp", address, "--smp-frame-size", str(size), "--quiet"]

    def _serial(self, port: str, baud: int) -> list[str | Path]:
        return [self.path, "--serial", port, "--baud", str(baud), "--quiet"]

    def upload_udp(self, address: str, file: Path, size: int) -> Command:
        return [*self._udp(address, size), "image", "upload", file]

    def upload_lossy(self, address: str, file: Path, size: int) -> Command:
        tuned = ["--timeout", "100", "--retries", "50"]  # twice the round trip
        return [*self._udp(address, size), *tuned, "image", "upload", file]

    def download_udp(self, address: str, remote: str, local: Path, size: int) -> Command:
        return [*self._udp(address, size), "fs", "download", remote, local]

    def upload_serial(self, port: str, baud: int, file: Path, size: int) -> Command:
        frame = ["--smp-frame-size", str(size)]
        return [*self._serial(port, baud), *frame, "image", "upload", file]

    def upload_raw(self, port: str, baud: int, file: Path, size: int) -> Command:
        frame = ["--raw", "--smp-frame-size", str(size)]
        return [*self._serial(port, baud), *frame, "image", "upload", file]

    def echo(self, address: str) -> Command:
        return [self.path, "--udp", address, "os", "echo", "hi"]


@dataclass(frozen=True)
class Smpmgr(Peer):
    path: Path
    name: str = "smpmgr"

    def _udp(self, address: str) -> list[str | Path]:
        return [self.path, "--ip", address]

    def upload_udp(self, address: str, file: Path, size: int) -> Command:
        return [*self._udp(address), "--mtu", str(size), "image", "upload", file]

    def upload_lossy(self, address: str, file: Path, size: int) -> None:
        return None  # the first packet lost ends it

    def download_udp(self, address: str, remote: str, local: Path, size: int) -> Command:
        return [*self._udp(address), "--mtu", str(size), "file", "download", remote, local]

    def upload_serial(self, port: str, baud: int, file: Path, size: int) -> Command:
        # As many lines of 128 as one packet has room for; more than the buffer is never answered.
        lines = ["--line-length", "128", "--line-buffers", str(size * 4 // 3 // 128)]
        return [self.path, "--port", port, "--baudrate", str(baud), *lines, "image", "upload", file]

    def upload_raw(self, port: str, baud: int, file: Path, size: int) -> None:
        return None  # not in its command line

    def echo(self, address: str) -> Command:
        return [*self._udp(address), "os", "echo", "hi"]


def find(folders: list[Path]) -> list[Peer]:
    """The peers that are installed."""
    kinds = {"mcumgrctl": Mcumgrctl, "smpmgr": Smpmgr}
    return [
        kind(folder / name)
        for folder in folders
        for name, kind in kinds.items()
        if (folder / name).exists()
    ]
