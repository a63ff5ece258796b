# SPDX-License-Identifier: Apache-2.0
"""The command lines that the MCUmgr documentation prints, run by a shell, under the name mcumgr.

Each line stands below as it is printed, its page named.  Put in are only what a page leaves open
(<hash>, <signed-bin>) and what is different here: the port's path, the device's address.  BLE is
not supported: such lines must say so.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import DATA, Smpctl
from simulator import Sim

# Zephyr, doc/services/device_mgmt/mcumgr.rst; Nordic's dfu_tools_mcumgr_cli.rst prints the same.
ZEPHYR = "zephyr mcumgr.rst"
# Zephyr, samples/subsys/mgmt/mcumgr/smp_svr/README.rst.
SAMPLE = "smp_svr README.rst"
# Apache, mynewt-mcumgr-cli, README.md.
MYNEWT = "mynewt-mcumgr-cli README.md"
# MCUboot, docs/serial_recovery.md.
MCUBOOT = "mcuboot serial_recovery.md"

# Small ones: a serial line is slow.
OLD = DATA / "unsigned.bin"
OLD_HASH = "4f88aef7c93f2da36526837852323051bfd160b3cde2b0216e51cae2e8dbc987"
NEW = DATA / "protected.signed.bin"
NEW_HASH = "aeb01d6dbbc1e94f786a12fc4d8ca46c5d7e399d2b361dcec11d35fbb4526cc7"


def images(*slots: str) -> str:
    """As the pages print a list of images; each slot: version, flags, hash."""
    out = "Images:\n"
    for n, slot in enumerate(slots):
        version, flags, digest = slot.split("|")
        out += (
            f" image=0 slot={n}\n    version: {version}\n    bootable: true\n"
            f"    flags: {flags}\n    hash: {digest}\n"
        )
    return out + "Split status: N/A (0)\n"


FRESH = images(f"2.0.0|active confirmed|{OLD_HASH}")
UPLOADED = images(f"2.0.0|active confirmed|{OLD_HASH}", f"3.0.0||{NEW_HASH}")
PENDING = images(f"2.0.0|active confirmed|{OLD_HASH}", f"3.0.0|pending|{NEW_HASH}")
PERMANENT = images(f"2.0.0|active confirmed|{OLD_HASH}", f"3.0.0|pending permanent|{NEW_HASH}")
TRIAL = images(f"3.0.0|active|{NEW_HASH}", f"2.0.0|confirmed|{OLD_HASH}")
KEPT = images(f"3.0.0|active confirmed|{NEW_HASH}", f"2.0.0||{OLD_HASH}")

DONE = re.compile(r"(?s)Done\n.*")
HELP = re.compile(r"(?s).*\n  image list .*\nUsage: mcumgr .*")
COUNTERS = re.compile(r"stat group: smp_svr_stats\n +\d+ ticks\n")
SECTIONS = re.compile(r"stat groups:\n(    \w+\n)+")


@dataclass
class Shell:
    """Runs lines as printed, after putting in what is different here."""

    smpctl: Smpctl
    words: dict[str, str] = field(default_factory=dict)

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        for printed, ours in self.words.items():
            line = line.replace(printed, ours)
        assert "<" not in line, f"left open: {line}"
        line = line.removeprefix("sudo ")
        return subprocess.run(
            ["sh", "-c", line],
            cwd=self.smpctl.home,
            env=self.smpctl.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def __call__(self, line: str, out: str | re.Pattern[str]) -> None:
        run = self.run(line)
        assert run.returncode == 0, f"{line}: {run}"
        if isinstance(out, str):
            assert run.stdout == out, line
        else:
            assert out.fullmatch(run.stdout), f"{line}: {run.stdout!r}"

    def wait(self) -> None:
        """Until the device is back from a reset."""
        end = time.monotonic() + 10
        time.sleep(0.3)
        while self.run("mcumgr -c acm0 -t 0.3 echo x").returncode != 0:
            assert time.monotonic() < end, "it does not come back"


@pytest.fixture
def shell(smpctl: Smpctl, tmp_path: Path) -> Shell:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "mcumgr").symlink_to(smpctl.binary)
    smpctl.env["PATH"] = f"{binaries}:{os.environ['PATH']}"
    signed = smpctl.home / "build/zephyr/zephyr.signed.bin"
    signed.parent.mkdir(parents=True)
    signed.write_bytes(NEW.read_bytes())
    return Shell(
        smpctl,
        {
            "/dev/ttyACM0": str(tmp_path / "tty"),
            "<hash>": NEW_HASH,
            "<image-hash>": NEW_HASH,
            "<hash of slot-1 image>": NEW_HASH,
            "<signed-bin>": str(NEW),
            "<filename>": str(NEW),
            "<image>": str(NEW),
            "<path-to-signed-image-bin-file>": str(NEW),
            "<connection-options>": "-c acm0",
            "<section-name>": "smp_svr_stats",
            "my_stats": "smp_svr_stats",
        },
    )


@pytest.fixture
def device(shell: Shell, tmp_path: Path) -> Iterator[Callable[..., Sim]]:
    """Starts a device on a serial line, and UDP where that is asked for."""
    running: list[Sim] = []

    def start(*options: object, udp: int = 0, image: Path | None = OLD) -> Sim:
        line = ("--pty", tmp_path / "tty", "--line-buffers", 8, "--boot-time", 20)
        running.append(Sim(tmp_path / "state", *line, *options, udp=udp, image=image))
        if not udp:
            running[-1].told("listening on")
        return running[-1]

    yield start
    for sim in running:
        with sim:
            pass


CONN = r"mcumgr conn add acm0 type=\"serial\" connstring=\"dev=/dev/ttyACM0,baud=115200,mtu=512\""
ADDED = "Connection profile acm0 successfully added\n"


def test_zephyr_connections_and_options(shell: Shell, device: Callable[..., Sim]) -> None:
    device()
    page = ZEPHYR
    shell(CONN, ADDED)  # as the page has it up to Zephyr 3.3, with backslashes
    shell("mcumgr -c acm0", HELP)
    shell(CONN.replace("\\", ""), ADDED)
    shell("mcumgr -c acm0", HELP)
    shell("mcumgr", HELP)
    shell("mcumgr -h", HELP)
    shell("mcumgr --conntype serial --connstring dev=/dev/ttyACM0,baud=115200,mtu=512", HELP)
    line = "mcumgr --conntype serial --connstring dev=/dev/ttyACM0,baud=115200,mtu=512 echo hi"
    shell(line, "hi\n")
    for level in ("critical", "error", "warn", "info", "debug"):
        shell(f"mcumgr -c acm0 -l {level} echo hi", "hi\n")
    shell("mcumgr -c acm0 -lDEBUG echo hi", "hi\n")
    assert "os echo" in shell.run("mcumgr -c acm0 -lDEBUG echo hi").stderr, page
    shell("mcumgr -c acm0 -t 20 -r 2 echo hi", "hi\n")
    shell("mcumgr -c acm0 shell exec kernel version", re.compile("status=0\n.*\n"))
    shell("mcumgr -c acm0 taskstat", re.compile(r"(?s) +task .*main .*"))


def test_zephyr_image_management(shell: Shell, device: Callable[..., Sim]) -> None:
    """The page's update, from the first list to the confirmation; versions and hashes are ours."""
    device()
    shell(CONN, ADDED)
    shell("mcumgr <connection-options> image list", FRESH)
    shell("mcumgr <connection-options> image erase", DONE)
    shell("mcumgr -c acm0 image upload -e build/zephyr/zephyr.signed.bin", DONE)
    shell("mcumgr -c acm0 image list", UPLOADED)
    shell("mcumgr <connection-options> image test <hash>", PENDING)
    shell("mcumgr <connection-options> reset", DONE)
    shell.wait()
    shell("mcumgr -c acm0 image list", TRIAL)
    shell('mcumgr <connection-options> image confirm ""', KEPT)


@pytest.mark.parametrize("options", ["-n 0 -e -u -w 1", "-w 1", "-u"])
def test_zephyr_upload_options(shell: Shell, device: Callable[..., Sim], options: str) -> None:
    device()
    shell(CONN, ADDED)
    shell(f"mcumgr <connection-options> image upload {options} <signed-bin>", DONE)
    shell("mcumgr <connection-options> image confirm <hash>", PERMANENT)


def test_zephyr_statistics(shell: Shell, device: Callable[..., Sim]) -> None:
    device()
    shell(CONN, ADDED)
    shell("mcumgr <connection-options> stat list", SECTIONS)
    shell("mcumgr <connection-options> stat <section-name>", COUNTERS)
    shell("mcumgr --conn acm0 stat list", SECTIONS)
    shell("mcumgr --conn acm0 stat my_stats", COUNTERS)


def test_zephyr_files(shell: Shell, device: Callable[..., Sim]) -> None:
    device()
    (shell.smpctl.home / "foo.txt").write_bytes(bytes(25))
    (shell.smpctl.home / "bar").write_bytes(b"ABCD1234\n")
    shell(CONN, ADDED)
    shell("mcumgr -c acm0 fs upload foo.txt /lfs/foo.txt", "25\nDone\n")
    shell("mcumgr -c acm0 fs upload bar /lfs/bar.txt", "9\nDone\n")  # there: by the device's shell
    shell("mcumgr -c acm0 fs download /lfs/bar.txt bar.txt", "0\n9\nDone\n")
    shell("cat bar.txt", "ABCD1234\n")


def test_sample_hello(shell: Shell, device: Callable[..., Sim]) -> None:
    sim = device("--udp", "[::1]:0", udp=2)
    for host, port in sim.addresses:
        shell.words["[2001:db8::1]:1337" if ":" in host else "[192.168.1.1]:1337"] = (
            f"[{host}]:{port}"
        )
    shell('mcumgr --conntype serial --connstring "/dev/ttyACM0,baud=115200" echo hello', "hello\n")
    shell("mcumgr --conntype udp --connstring=[192.168.1.1]:1337 echo hello", "hello\n")
    shell("mcumgr --conntype udp --connstring=[2001:db8::1]:1337 echo hello", "hello\n")


@pytest.mark.parametrize("link", ["serial", "udp"])
def test_sample_upgrade(shell: Shell, device: Callable[..., Sim], link: str) -> None:
    sim = device(udp=int(link == "udp"))
    strings = {"serial": "dev=/dev/ttyACM0,baud=115200"}
    if link == "udp":
        strings["udp"] = f"[{sim.addresses[0][0]}]:{sim.addresses[0][1]}"
    connection = f"--conntype {link} --connstring={strings[link]}"
    shell(f"mcumgr conn add acm0 type={link} connstring={strings[link]}", ADDED)
    for line, out in (
        ("sudo mcumgr <connection string> image upload build/zephyr/zephyr.signed.bin", DONE),
        ("sudo mcumgr <connection string> image list", UPLOADED),
        ("sudo mcumgr <connection string> image test <hash of slot-1 image>", PENDING),
        ("sudo mcumgr <connection string> reset", DONE),
        ("sudo mcumgr <connection string> image confirm", KEPT),
    ):
        shell(line.replace("<connection string>", connection), out)
        if line.endswith("reset"):
            shell.wait()


def test_mcuboot_serial_recovery(shell: Shell, device: Callable[..., Sim]) -> None:
    device("--profile", "mcuboot", image=None)
    line = 'mcumgr --conntype serial --connstring "dev=/dev/ttyACM0,baud=115200,mtu=4096"'
    shell(f"{line} image upload <image>", DONE)
    added = "Connection profile serial_1 successfully added\n"
    shell('mcumgr conn add serial_1 type="serial" connstring="COM1,baud=115200"', added)
    shell('mcumgr conn add serial_1 type="serial" connstring="dev=/dev/ttyACM0,baud=115200"', added)
    shell("mcumgr image upload <path-to-signed-image-bin-file> -c serial_1", DONE)
    listed = re.compile(
        r"Images:\n image=0 slot=0\n    version: 3\.0\.0\n    bootable: \w+\n    flags: .*\n"
        r"    hash: .*\nSplit status: N/A \(0\)\n"
    )
    shell("mcumgr image list -c serial_1", listed)
    shell("mcumgr reset -c serial_1", "Done\n")


BLE = [
    (
        SAMPLE,
        "sudo mcumgr --conntype ble --connstring ctlr_name=hci0,peer_name='Zephyr' echo hello",
    ),
    (MYNEWT, "mcumgr --conntype ble --connstring peer_name=Zephyr echo hello"),
    (MYNEWT, "mcumgr --conntype ble --connstring 'peer_name=Zephyr' image list"),
    (MYNEWT, "mcumgr --conntype ble --connstring 'peer_name=Zephyr' image upload <filename>"),
    (MYNEWT, "mcumgr --conntype ble --connstring 'peer_name=Zephyr' image test <image-hash>"),
    (MYNEWT, "mcumgr --conntype ble --connstring 'peer_name=Zephyr' reset"),
    (MYNEWT, "mcumgr --conntype ble --connstring 'peer_name=Zephyr' image confirm"),
    (ZEPHYR, "mcumgr conn add b type=ble connstring=peer_name=Zephyr,own_addr_type=random"),
]


@pytest.mark.parametrize(("page", "line"), BLE)
def test_bluetooth_is_said_to_be_missing(shell: Shell, page: str, line: str) -> None:
    run = shell.run(line)
    assert run.returncode == 2, page
    assert run.stdout == ""
    assert "Bluetooth (ble) is not supported by this program; what is: udp, serial" in run.stderr
