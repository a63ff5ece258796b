# SPDX-License-Identifier: Apache-2.0
"""Captured packets: hexadecimal, console logs, capture files."""

from __future__ import annotations

import ctypes.util
import json
import os
import socket
import struct
from pathlib import Path

import pytest
from conftest import ROOT, Smpctl

SHARED = Path(os.environ.get("SMP_SHARED") or ROOT.parent / "shared") / "captures"

ECHO = "0a00000600004200a16164626869"  # v2 write, os echo, {"d": "hi"}
ECHO_LINE = b"\x06\x09ABAKAAAGAABCAKFhZGJoaZsK\n"  # the same on a console
REFUSED = "0b00000500084200a162726308"  # v2 write response, fs upload, {"rc": 8}
STATE = (  # v2 read response, img state, one image, indefinite lengths as Zephyr sends them
    "0900002e00010700bf66696d616765739fbf64736c6f74006776657273696f6e65312e302e30ffff"
    "6b73706c697453746174757300ff"
)

needs_libpcap = pytest.mark.skipif(
    not ctypes.util.find_library("pcap"), reason="SKIPPED, NOT TESTED: libpcap is not installed"
)


def test_a_packet(smpctl: Smpctl) -> None:
    out = smpctl("decode", ECHO).out
    assert out == 'v2 write request, os echo, seq 66: {"d": "hi"}\n'
    (packet,) = smpctl.result("decode", ECHO)["packets"]
    assert packet == {
        "bytes": ECHO,
        "version": 2,
        "op": "write",
        "group": 0,
        "id": 0,
        "sequence": 66,
        "length": 6,
        "group_name": "os",
        "command": "echo",
        "payload": {"d": "hi"},
    }


def test_a_refusal_says_why(smpctl: Smpctl) -> None:
    lines = smpctl("decode", REFUSED).out.splitlines()
    assert lines[0] == 'v2 write response, fs upload, seq 66: {"rc": 8}'
    assert "CONFIG_MCUMGR_GRP_FS" in lines[1]
    (packet,) = smpctl.result("decode", REFUSED)["packets"]
    assert packet["payload"] == {"rc": 8}
    assert "ENOTSUP" in packet["error"]


def test_several_arguments_and_ways_to_write_hex(smpctl: Smpctl) -> None:
    spaced = ":".join(ECHO[i : i + 2] for i in range(0, len(ECHO), 2))
    out = smpctl("decode", ECHO.upper(), spaced, "0x" + ECHO).out
    assert len(set(out.splitlines())) == 1
    assert out.count("\n") == 3


def test_packets_back_to_back(smpctl: Smpctl) -> None:
    assert smpctl("decode", ECHO + REFUSED).out.count("seq 66") == 2


@pytest.mark.parametrize(
    "data",
    [
        "00",
        "0a000006000042",
        "0a00ffff00004200a0",
        "0900000100004200ff",
        "0900000400004200bf5f5f5f",
        "ff" * 40,
        "0900000a00004200" + "9f" * 10,
        "0900000900004200bbffffffffffffffff",
        "0900000600080000a16361" + "1b5b",
    ],
)
def test_bytes_that_are_no_packet(smpctl: Smpctl, data: str) -> None:
    run = smpctl("decode", data)
    assert run.out
    assert "\x1b" not in run.out
    assert smpctl.result("decode", data)["packets"]


def test_escape_sequences_in_a_packet(smpctl: Smpctl) -> None:
    payload = b"\xa1\x61r\x66\x1b[2Jab"
    packet = b"\x0b\x00" + struct.pack(">H", len(payload)) + b"\x00\x00\x01\x00" + payload
    assert "\x1b" not in smpctl("decode", packet.hex()).out


def test_a_file_of_packets(smpctl: Smpctl, tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    file.write_text(f"# a remark\n{ECHO}\n\n  {REFUSED} # and one here\r\n{STATE}\n")
    out = smpctl("decode", file).out
    assert [x.split(",")[0] for x in out.splitlines() if x[0] == "v"] == [
        "v2 write request",
        "v2 write response",
        "v2 read response",
    ]
    packets = smpctl.result("decode", str(file))["packets"]
    assert packets[2]["payload"]["images"] == [{"slot": 0, "version": "1.0.0"}]


def test_standard_input(smpctl: Smpctl, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text(ECHO)
    with file.open() as stdin:
        process = smpctl.popen("decode", "-", stdin=stdin)
        assert "os echo" in process.communicate(timeout=10)[0]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"0a00\nxyz\n", "line 2"),
        (b"abc\n", "line 1"),
        (ECHO_LINE, "--serial"),
        (b"\x00\x01\x02", "neither"),
        (b"\x7fELF", "line 1"),
    ],
)
def test_files_that_are_wrong(smpctl: Smpctl, tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    assert word in smpctl("decode", file, status=4).err


def test_neither_hex_nor_a_file(smpctl: Smpctl) -> None:
    assert "No such file" in smpctl("decode", "no-such-file", status=4).err


def test_an_empty_file_is_told(smpctl: Smpctl, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("\n# nothing\n")
    run = smpctl("decode", tmp_path / "x")
    assert (run.out, "no packet" in run.err) == ("", True)


def test_a_console_log(smpctl: Smpctl, tmp_path: Path) -> None:
    file = tmp_path / "console.log"
    file.write_bytes(
        b"*** Booting Zephyr ***\r\nuart:~$ \x1b[8D\x1b[J\r\n"
        + ECHO_LINE
        + b"[00:00:01.000] <inf> main: hello\n"
        + ECHO_LINE.replace(b"ZsK", b"ZsL")
        + b"\x04\x14AAAA\n"
        + ECHO_LINE
    )
    run = smpctl("decode", "--serial", file)
    assert run.out == 'v2 write request, os echo, seq 66: {"d": "hi"}\n' * 2
    assert "2 frames were damaged: 1 by their CRC" in run.err
    assert len(smpctl.result("decode", "--serial", str(file))["packets"]) == 2
    assert smpctl("decode", "--serial", ECHO_LINE.hex()).out.count("os echo") == 1


# ---- capture files ----


def ethernet(ip: bytes, vlan: bool = False) -> bytes:
    kind = b"\x86\xdd" if ip[0] >> 4 == 6 else b"\x08\x00"
    tag = b"\x81\x00\x00\x05" if vlan else b""
    frame = bytes(12) + tag + kind + ip
    return frame + bytes(max(0, 60 - len(frame)))


def udp(data: bytes, source: int, to: int, length: int | None = None) -> bytes:
    return struct.pack(">HHHH", source, to, 8 + len(data) if length is None else length, 0) + data


def ipv4(udp: bytes, fragment: int = 0, protocol: int = 17) -> bytes:
    head = struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, fragment, 64, protocol, 0,
        socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.2"),
    )  # fmt: skip
    return head + udp


def ipv6(udp: bytes, options: bytes = b"") -> bytes:
    one = socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    two = socket.inet_pton(socket.AF_INET6, "2001:db8::2")
    first = 0 if options else 17
    return struct.pack(">IHBB", 6 << 28, len(options + udp), first, 64) + one + two + options + udp


def pcap(link: int, *frames: bytes, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    file = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for number, frame in enumerate(frames):
        file += struct.pack(order + "IIII", 1000 + number, 250_000, len(frame), len(frame)) + frame
    return file


def pcapng(*frames: bytes) -> bytes:
    file = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    file += struct.pack("<IIHHII", 1, 20, 1, 0, 65535, 20)
    for frame in frames:
        padded = frame + bytes(-len(frame) % 4)
        size = 32 + len(padded)
        file += struct.pack("<IIIIIII", 6, size, 0, 0, 1000, len(frame), len(frame)) + padded
        file += struct.pack("<I", size)
    return file


DATA = bytes.fromhex(ECHO)
TO = udp(DATA, 50000, 1337)
FROM = udp(bytes.fromhex(REFUSED), 1337, 50000)


@needs_libpcap
def test_a_capture(smpctl: Smpctl, tmp_path: Path) -> None:
    file = tmp_path / "x.pcap"
    file.write_bytes(pcap(1, ethernet(ipv4(TO)), ethernet(ipv4(FROM))))
    lines = smpctl("decode", file).out.splitlines()
    assert lines[0] == (
        "00:16:40.250000 192.0.2.1:50000 > 192.0.2.2:1337 "
        'v2 write request, os echo, seq 66: {"d": "hi"}'
    )
    assert "192.0.2.1:1337 > 192.0.2.2:50000 v2 write response, fs upload" in lines[1]
    packet = smpctl.result("decode", str(file))["packets"][0]
    assert (packet["time"], packet["from"], packet["to"]) == (
        1000.25,
        "192.0.2.1:50000",
        "192.0.2.2:1337",
    )


@needs_libpcap
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (pcap(1, ethernet(ipv4(TO)), order=">"), 1),
        (pcap(1, ethernet(ipv4(TO)), magic=0xA1B23C4D), 1),
        (pcapng(ethernet(ipv4(TO))), 1),
        (pcap(1, ethernet(ipv4(TO), vlan=True)), 1),
        (pcap(1, ethernet(ipv6(TO))), 1),
        (pcap(1, ethernet(ipv6(TO, options=b"\x11\x00" + bytes(6)))), 1),
        (pcap(101, ipv4(TO), ipv6(TO)), 2),
        (pcap(113, bytes(14) + b"\x08\x00" + ipv4(TO)), 1),
        (pcap(276, b"\x86\xdd" + bytes(18) + ipv6(TO)), 1),
        (pcap(0, bytes(4) + ipv4(TO)), 1),
        (pcap(1, ethernet(ipv4(udp(DATA, 5, 6)))), 0),
        (pcap(1, ethernet(ipv4(TO, protocol=6))), 0),
        (pcap(1, ethernet(ipv4(TO, fragment=0x2000))), 0),
        (pcap(1, ethernet(ipv4(udp(DATA, 1, 1337, length=4)))), 0),
        (pcap(1, ethernet(ipv4(udp(DATA, 1, 1337, length=60000)))), 0),
        (pcap(1, b"", b"\x00" * 13, ethernet(b"\x45\x00")), 0),
        (pcap(101, b"\x4f" + bytes(19), b"\x60" + bytes(39), b"\x45"), 0),
        (pcap(1, ethernet(ipv6(b"", options=b"\x00\xff" + bytes(6)))), 0),
    ],
)
def test_frames_of_all_kinds(smpctl: Smpctl, tmp_path: Path, content: bytes, found: int) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    assert smpctl("decode", file).out.count("os echo") == found


@needs_libpcap
def test_another_port(smpctl: Smpctl, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(pcap(101, ipv4(udp(DATA, 5, 6))))
    assert smpctl("decode", "--port", "6", file).out.count("os echo") == 1
    smpctl("decode", "--port", "0", file, status=2)


@needs_libpcap
@pytest.mark.parametrize(
    "content",
    [
        pcap(1, ethernet(ipv4(TO)))[:-5],
        pcap(1)[:10],
        pcap(105, b"wireless"),
        pcapng(ethernet(ipv4(TO)))[:-5],
        b"\x0a\x0d\x0d\x0a" + bytes(20),
    ],
)
def test_captures_that_are_wrong(smpctl: Smpctl, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    assert str(file) in smpctl("decode", file, status=4).err


# ---- what real devices said ----


def recorded() -> list[str]:
    return [
        line for file in sorted(SHARED.glob("*.jsonl")) for line in file.read_text().split("\n")
    ]


@pytest.mark.skipif(not SHARED.exists(), reason=f"SKIPPED, NOT TESTED: {SHARED} is missing")
def test_everything_recorded_is_shown(smpctl: Smpctl, tmp_path: Path) -> None:
    packets = []
    for line in filter(None, recorded()):
        entry = json.loads(line)
        for key in ("request_hex", "response_hex"):
            value = entry.get(key) or []
            packets += value if isinstance(value, list) else [value]
    packets = [x for x in packets if x]
    assert len(packets) > 100
    file = tmp_path / "all.txt"
    file.write_text("\n".join(packets))
    shown = smpctl.result("decode", str(file))["packets"]
    assert "".join(x["bytes"] for x in shown) == "".join(packets).lower()
