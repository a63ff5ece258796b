# SPDX-License-Identifier: Apache-2.0
"""smpctl --record keeps a session's packets, smpsim --replay is the device that answered them."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from pathlib import Path

import pytest
import simulator
from conftest import NEW, OLD, Simulate, Smpctl

FIRST = '{"smp_recording":1}'


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "session.jsonl"


def test_what_is_kept(ctl: Smpctl, kept: Path) -> None:
    before = time.time()
    ctl("--record", kept, "echo", "hello")
    first, *packets = [json.loads(line) for line in kept.read_text().splitlines()]
    assert first == {"smp_recording": 1, "device": ctl.device, "by": first["by"]}
    assert [x["to"] for x in packets] == ["device", "host"]
    assert all(before < x["time"] < time.time() for x in packets)
    assert bytes.fromhex(packets[0]["bytes"])[8:] == b"\xa1\x61\x64\x65hello"
    assert bytes.fromhex(packets[1]["bytes"])[8:] == b"\xa1\x61\x72\x65hello"


def test_decode_reads_it(ctl: Smpctl, kept: Path) -> None:
    ctl("--record", kept, "image", "list")
    request, answer = ctl.result("decode", kept)["packets"]
    assert (request["from"], request["to"], request["command"]) == ("host", "device", "state_read")
    assert (answer["from"], answer["to"]) == ("device", "host")
    assert answer["payload"]["images"][0]["version"] == "1.0.0"
    assert answer["time"] >= request["time"]
    assert "host > device" in ctl("decode", kept).out


# Sessions whose replay must look the same: the commands, in turn.
SESSIONS: dict[str, list[list[object]]] = {
    "questions": [["echo", "hi"], ["image", "list"], ["params"], ["stat", "smp"], ["fs", "types"]],
    "an upload": [["image", "upload", NEW, "--json"]],
    "a refusal": [["settings", "read", "no/such"]],
    "lists": [["enum", "info"], ["taskstat"], ["stat", "list"]],
}


@pytest.mark.parametrize("session", SESSIONS)
def test_replay_is_the_same_device(
    smpctl: Smpctl, simulate: Simulate, kept: Path, session: str
) -> None:
    url = simulate("--image", OLD).url
    lines = [FIRST]
    first = []
    for command in SESSIONS[session]:
        first.append(smpctl("-d", url, "--record", kept, *command, status=None))
        lines += kept.read_text().splitlines()[1:]
    kept.write_text("\n".join(lines))
    replay = simulate("--replay", kept).url
    for command, run in zip(SESSIONS[session], first, strict=True):
        again = smpctl("-d", replay, *command, status=run.status)
        if "--json" in command:
            assert again.documents[-1]["result"]["off"] == NEW.stat().st_size
        else:
            assert again.out == run.out
            assert again.err == run.err


def test_serial_and_back(smpctl: Smpctl, simulate: Simulate, kept: Path, tmp_path: Path) -> None:
    """Recorded on a serial line, replayed on one."""
    port = tmp_path / "port"
    simulate("--image", OLD, "--pty", port)
    smpctl("-d", port, "--record", kept, "info", "a")
    other = tmp_path / "other"
    simulate("--replay", kept, "--pty", other)
    assert smpctl("-d", other, "info", "a").out == smpctl("-d", port, "info", "a").out


def echo(sequence: int, text: bytes, answer: bool) -> str:
    payload = b"\xa1\x61" + (b"r" if answer else b"d") + bytes([0x60 + len(text)]) + text
    return (bytes([3 if answer else 2, 0, 0, len(payload), 0, 0, sequence, 0]) + payload).hex()


def line(at: float, to: str, data: str) -> str:
    return json.dumps({"time": at, "to": to, "bytes": data})


def test_order_silence_and_the_unknown(smpctl: Smpctl, simulate: Simulate, kept: Path) -> None:
    lines = [
        FIRST,
        line(1, "device", echo(1, b"x", False)),
        line(1, "host", echo(9, b"no", True)),  # answers nothing
        line(1, "host", echo(1, b"one", True)),
        line(1, "host", echo(1, b"double", True)),
        line(2, "device", echo(2, b"x", False)),  # lost, and asked again
        line(3, "device", echo(2, b"x", False)),
        line(3, "host", echo(2, b"two", True)),
        line(4, "device", echo(3, b"silence", False)),
        line(5, "host", "00"),
    ]
    kept.write_text("\n".join(lines))
    smpctl.device = simulate("--replay", kept).url
    assert [smpctl("echo", "x").out for _ in range(3)] == ["one\n", "two\n", "two\n"]
    assert "no answer" in smpctl("-t", "0.2", "echo", "silence", status=3).err
    refused = smpctl.json("echo", "y", status=1)["error"]
    assert (refused["rc"], refused["reason"]) == (8, "not in the recording")


def test_delays(smpctl: Smpctl, simulate: Simulate, kept: Path) -> None:
    packets = [line(1, "device", echo(1, b"x", False)), line(1.6, "host", echo(1, b"x", True))]
    kept.write_text("\n".join([FIRST, *packets]))
    smpctl.device = simulate("--replay", kept, "--replay-delays").url
    assert smpctl("echo", "x").seconds > 0.6
    smpctl.device = simulate("--replay", kept).url
    assert smpctl("echo", "x").seconds < 0.6


def test_delayed_answers_are_not_kept_without_end(simulate: Simulate, kept: Path) -> None:
    request = bytes.fromhex(echo(1, b"x", False))
    packets = [line(1, "device", echo(1, b"x", False)), line(2, "host", echo(1, b"x", True))]
    kept.write_text("\n".join([FIRST, *packets]))
    host, port = simulate("--replay", kept, "--replay-delays").url[6:].split(":")
    answers = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((host, int(port)))
        client.settimeout(1.5)
        for n in range(600):
            client.send(request)
            time.sleep(0.001 if n % 20 == 0 else 0)  # no socket's buffer runs over
        with contextlib.suppress(TimeoutError):
            while client.recv(100):
                answers += 1
    assert 0 < answers <= 256


def test_a_large_recording_is_read_in_good_time(kept: Path) -> None:
    """Though each of its requests is another one."""
    with kept.open("w") as file:
        file.write(FIRST + "\n")
        file.writelines(
            f'{{"time":1,"to":"device","bytes":"0a00000400000000{n:08x}"}}\n' for n in range(150000)
        )
    run = simulator.run("--udp", "127.0.0.1:0", "--replay", kept)
    assert "no request with its answer" in run.stderr


HOSTILE = {
    "empty": ("", "line 1: "),
    "hexadecimal": ("0a0b0c\n", "line 1: "),
    "another version": ('{"smp_recording":2}', "line 1: a recording of another version"),
    "cut short": (FIRST + "\n" + line(1, "device", echo(1, b"x", False))[:-5], "line 2: column"),
    "odd": (FIRST + "\n\n" + line(1, "device", "000"), "line 3: `bytes`"),
    "no answers": (FIRST + "\n" + line(1, "device", echo(1, b"x", False)), "no request"),
    "deep": (FIRST + "\n" + "[" * 100000, "line 2: column"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_recordings(smpctl: Smpctl, kept: Path, name: str) -> None:
    text, says = HOSTILE[name]
    kept.write_text(text)
    run = simulator.run("--udp", "127.0.0.1:0", "--replay", kept)
    assert run.returncode == 4
    assert f"{kept}" in run.stderr
    assert says in run.stderr
    if name not in ("empty", "hexadecimal", "no answers"):
        err = smpctl("decode", kept, status=4).err
        assert f"{kept}, {says}" in err


def test_where_it_cannot_be_written(ctl: Smpctl, tmp_path: Path, kept: Path) -> None:
    assert "No such file" in ctl("--record", tmp_path / "no/file", "echo", "x", status=4).err
    run = ctl("--record", "/dev/full", "echo", "x", status=4)
    assert run.out == "x\n"
    assert "No space left" in run.err
    assert ctl.device
    two = ["-d", ctl.device, "-d", ctl.device.replace("127.0.0.1", "localhost")]
    assert "one device" in ctl("--record", kept, *two, "echo", "x", status=2).err
    assert "No such file" in simulator.run("--udp", "127.0.0.1:0", "--replay", kept).stderr
