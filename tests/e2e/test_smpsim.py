# SPDX-License-Identifier: Apache-2.0
"""What needs smpsim as a process: options, signals, sockets, `kill -9`, and overruns on a wire.

What the device answers is tested in tests/examples/smpsim, with a clock of its own.
"""

from __future__ import annotations

import hashlib
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from conftest import DATA, NEW, OLD, ROOT
from simulator import READ, WRITE, Client, Sim, command, environment, run
from wire import Packet

FRESH = {0: ("1.0.0", {"active", "confirmed"})}
IMAGE = NEW.read_bytes()
SHA = hashlib.sha256(IMAGE).digest()


# ---- the command line ----


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--nope"], "unknown option"),
        (["file.bin"], "options only"),
        (["--buf-size", "12"], "from 128 to 65535"),
        (["--buf-size", "1e3"], "from 128 to 65535"),
        (["--buf-count", "-1"], "from 1 to 64"),
        (["--slot-size", "40000"], "multiple of 4096"),
        (["--slot-size", "99999999999999999999"], "whole number"),
        (["--drop", "101"], "0 to 100"),
        (["--drop", "nan"], "0 to 100"),
        (["--seed", "x"], "whole number"),
        (["--images", "0"], "from 1 to 8"),
        (["--image", "a", "--image", "b"], "--images"),
        (["--state", ""], "folder"),
        (["--profile", "zephyr"], "mynewt"),
        (["--error-key", "rc"], "err and ret"),
        (["--with", "nope"], "memfault"),
        (["--without", ""], "memfault"),
        (["--fs-mount", "lfs"], "/lfs"),
        (["--fs-mount", "/"], "/lfs"),
        (["--fs-mount", "/lfs/"], "/lfs"),
        (["--fs-mount", "/a//b"], "/lfs"),
        (["--fs-size", "511"], "from 512"),
        (["--udp"], "missing argument"),
        (["--udp", "nowhere"], "127.0.0.1:1337"),
        (["--udp", "127.0.0.1:65536"], "127.0.0.1:1337"),
    ],
)
def test_wrong_options_are_explained(args: list[str], says: str, tmp_path: Path) -> None:
    default = [] if "--state" in args else ["--state", tmp_path / "state"]
    ended = run(*default, *args)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("smpsim: ")
    assert says in ended.stderr
    assert not (tmp_path / "state").exists(), "nothing was done"


def test_help_and_version() -> None:
    for option in ("-h", "--help"):
        ended = run(option)
        assert ended.returncode == 0
        assert "--crash-on-overrun" in ended.stdout
        assert "Exit status" in ended.stdout
    assert run("--version").stdout.startswith("smpsim 0.")


def test_every_option_is_documented() -> None:
    options = set(re.findall(r"--[a-z][a-z0-9-]*", run("--help").stdout))
    assert len(options) > 20
    page = (ROOT / "docs/smpsim.md").read_text()
    manual = (ROOT / "docs/smpsim.1").read_text().replace("\\-", "-")
    for option in options - {"--help", "--version"}:
        assert re.search(rf"`{option}[ `]", page), option
        assert f"\\fB{option}\\fR" in manual, option


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing.bin", "No such file"),
        ("README.md", "README.md: "),
        ("", "plain file"),  # the folder itself
    ],
)
def test_a_bad_image_is_explained(name: str, says: str, tmp_path: Path) -> None:
    ended = run("--udp", "127.0.0.1:0", "--state", tmp_path / "state", "--image", DATA / name)
    assert ended.returncode == 4
    assert says in ended.stderr


def test_an_image_that_does_not_fit_is_explained(tmp_path: Path) -> None:
    options = ("--udp", "127.0.0.1:0", "--state", tmp_path / "s", "--image", OLD)
    ended = run(*options, "--slot-size", 32768)
    assert ended.returncode == 4
    assert "--slot-size" in ended.stderr


def test_a_state_folder_that_cannot_be_made(tmp_path: Path) -> None:
    ended = run("--udp", "127.0.0.1:0", "--state", tmp_path / "no" / "such" / "place")
    assert ended.returncode == 4
    assert "place" in ended.stderr


def test_the_state_folder_is_used_by_one(tmp_path: Path) -> None:
    with Sim(tmp_path / "state"):
        ended = run("--udp", "127.0.0.1:0", "--state", tmp_path / "state")
        assert ended.returncode == 4
        assert "smpsim: " in ended.stderr
    with Sim(tmp_path / "state") as sim:
        assert sim.client().alive(), "the lock went with the process"


def test_an_address_in_use(tmp_path: Path) -> None:
    with Sim(tmp_path / "a") as sim:
        host, port = sim.addresses[0]
        place = f"{host}:{port}"
        ended = run("--udp", place, "--state", tmp_path / "b")
        assert ended.returncode == 3
        assert f"{place}: another program listens there already" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(number: signal.Signals, tmp_path: Path) -> None:
    with Sim(tmp_path / "state") as sim:
        sim.process.send_signal(number)
        assert sim.wait() == 0
        assert sim.errors == []


def test_quiet_says_only_where_it_listens(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--quiet") as sim:
        sim.client().wait_alive()
        sim.process.terminate()
        sim.wait()
        assert len(sim.lines) == 1
        assert sim.lines[0].startswith("smpsim: listening on udp 127.")


def test_verbose_shows_packets(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--verbose") as sim:
        assert sim.client().alive()
        sim.process.terminate()
        sim.wait()
        assert any("echo" in line for line in sim.errors), sim.errors


def test_it_lives_on_when_nobody_reads_its_lines(tmp_path: Path) -> None:
    options = ("--udp", "127.0.0.1:0", "--boot-time", 50, "--state", tmp_path / "state")
    process = subprocess.Popen(
        command(*options), stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout
    while "listening" not in (line := process.stdout.readline()):
        assert line
    process.stdout.close()
    with Client(("127.0.0.1", int(line.rsplit(":", 1)[1]))) as client:
        assert client.ask(WRITE, 0, 5) == {}
        time.sleep(0.5)
        client.wait_alive()
    process.terminate()
    assert process.wait(10) == 0


# ---- sockets and links ----


def test_several_addresses(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", udp=2) as sim:
        assert len(set(sim.addresses)) == 2
        assert sim.client(0).alive()
        assert sim.client(1).alive()


def test_ipv6(tmp_path: Path) -> None:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Sim(tmp_path / "state", "--udp", "[::1]:0", udp=2 - 1) as sim:
        sim.told("listening on udp [::1]:")
        port = int(sim.lines[-1].rsplit(":", 1)[1])
        with Client(("::1", port)) as client:
            assert client.alive()


def test_delay_is_the_round_trip(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--delay", 200) as sim, sim.client() as client:
        time.sleep(0.3)  # a loop that counts from before its wait would answer too soon
        start = time.monotonic()
        assert client.alive()
        assert 0.195 <= time.monotonic() - start < 1.0


def test_drop_loses_some_and_the_seed_says_which(tmp_path: Path) -> None:
    answered = []
    for name in ("a", "b"):
        with Sim(tmp_path / name, "--drop", 30, "--seed", 7) as sim, sim.client() as client:
            answered.append([client.alive(0.3) for _ in range(12)])
    assert answered[0] == answered[1]
    assert True in answered[0]
    assert False in answered[0]


def test_garbage_does_no_harm(tmp_path: Path) -> None:
    chance = random.Random(1)
    with Sim(tmp_path / "state", "--work-us", 0) as sim, sim.client() as client:
        echo = client.request(WRITE, 0, 0, {"d": "hello"}).encode()
        upload = client.request(WRITE, 1, 1, {"off": 0, "len": 5000, "data": IMAGE[:200]}).encode()
        for _ in range(2000):
            packet = bytearray(chance.choice((echo, upload)))
            for _ in range(chance.randrange(1, 6)):
                packet[chance.randrange(len(packet))] = chance.randrange(256)
            if packet[5:8:2] == b"\x00\x05":  # a reset would be an answer of its own
                continue
            client.send(bytes(packet[: chance.randrange(len(packet) + 1)]))
            client.send(chance.randbytes(chance.randrange(64)))
            client.receive(0.0005)
        time.sleep(0.3)
        while client.receive(0.05) is not None:
            pass
        client.wait_alive()
        assert client.images()[0] == FRESH[0]


# ---- buffers, as protocol.md 10 saw them ----

SLOW = ("--work-us", 50000)


def burst(client: Client, count: int) -> list[Packet]:
    requests = [client.request(WRITE, 0, 0, {"d": f"b{n}"}) for n in range(count)]
    first = requests[0].sequence
    for request in requests:
        client.send(request.encode())
    answers = []
    while (data := client.receive(1.0)) is not None:
        answer = Packet.decode(data)
        answers.append(answer)
        assert answer.payload in ({"rc": 2}, {"r": f"b{answer.sequence - first}"})
    return answers


def test_one_request_less_than_buffers_is_safe(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", *SLOW) as sim, sim.client() as client:
        answers = burst(client, 3)
        assert [x.payload for x in answers] == [{"r": "b0"}, {"r": "b1"}, {"r": "b2"}]


def test_all_buffers_taken_starves_the_first(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", *SLOW) as sim, sim.client() as client:
        answers = burst(client, 4)
        assert [x.payload for x in answers] == [{"rc": 2}, {"r": "b1"}, {"r": "b2"}, {"r": "b3"}]


@pytest.mark.parametrize("buffers", [2, 4, 8])
def test_more_than_buffers_vanish(buffers: int, tmp_path: Path) -> None:
    options = (*SLOW, "--buf-count", buffers)
    with Sim(tmp_path / "state", *options) as sim, sim.client() as client:
        answers = burst(client, buffers + 5)
        assert len(answers) == buffers
        assert answers[0].payload == {"rc": 2}
        assert client.alive()


def test_the_default_overruns_in_a_real_burst(tmp_path: Path) -> None:
    with Sim(tmp_path / "state") as sim, sim.client() as client:
        counts = [len(burst(client, 40)) for _ in range(3)]
        assert min(counts) < 40


def test_a_crash_on_overrun(tmp_path: Path) -> None:
    options = (*SLOW, "--crash-on-overrun")
    with Sim(tmp_path / "state", *options) as sim, sim.client() as client:
        assert len(burst(client, 4)) == 4, "the last safe one"
        burst(client, 5)
        assert sim.wait() == 70
        assert any("FATAL ERROR" in line for line in sim.errors)
    with Sim(tmp_path / "state") as sim, sim.client() as client:
        assert client.images() == FRESH


def test_packets_over_the_buffer_size(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--buf-size", 512) as sim, sim.client() as client:
        assert client.ask(READ, 0, 6) == {"buf_size": 512, "buf_count": 4}
        assert client.ask(WRITE, 0, 0, {"d": "x" * 480}) == {"r": "x" * 480}
        assert client.ask(WRITE, 0, 0, {"d": "x" * 600}) == {"rc": 9}


# ---- life and death ----


def test_reset_goes_away_and_comes_back(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--boot-time", 600) as sim, sim.client() as client:
        assert client.ask(WRITE, 0, 5) == {}
        asked = time.monotonic()
        assert client.alive(0.1), "250 ms are left"
        time.sleep(max(0, asked + 0.35 - time.monotonic()))
        assert not client.alive(0.2)
        client.wait_alive()
        assert time.monotonic() - asked >= 0.84
        sim.told("resets")


def test_the_whole_update(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--boot-time", 50) as sim, sim.client() as client:
        client.upload(IMAGE, SHA)
        new = client.hash_of(1)
        client.ask(WRITE, 1, 0, {"hash": new})
        assert client.ask(WRITE, 0, 5) == {}
        sim.told("boots 1.1.0 from slot 0 (test)")
        client.wait_alive()
        assert client.images() == {0: ("1.1.0", {"active"}), 1: ("1.0.0", {"confirmed"})}
        assert client.ask(WRITE, 1, 0, {"confirm": True})
        assert client.images()[0] == ("1.1.0", {"active", "confirmed"})


def test_an_upload_does_not_survive_a_power_cut(tmp_path: Path) -> None:
    with Sim(tmp_path / "state") as sim, sim.client() as client:
        client.upload(IMAGE, SHA, stop_at=20000)
        sim.kill()
    with Sim(tmp_path / "state") as sim, sim.client() as client:
        sim.told("is not used")
        assert client.images() == FRESH
        client.upload(IMAGE, SHA)
        assert client.images() == FRESH | {1: ("1.1.0", set())}


def test_kill_9_at_any_moment_of_an_update(tmp_path: Path) -> None:
    """Cuts the power around the swap; the device always boots something whole."""
    chance = random.Random(3)
    state = tmp_path / "state"
    whole = {"1.0.0": OLD.read_bytes(), "1.1.0": IMAGE}
    seen = set()
    for _ in range(12):
        with Sim(state, "--boot-time", 0) as sim, sim.client() as client:
            version, flags = client.images()[0]
            seen.add((version, "confirmed" in flags))
            assert (state / "slot0").read_bytes().startswith(whole[version])
            if "confirmed" in flags:
                client.upload(whole["1.1.0" if version == "1.0.0" else "1.0.0"], b"", chunk=1900)
                client.ask(WRITE, 1, 0, {"hash": client.hash_of(1)})
            client.ask(WRITE, 0, 5)
            time.sleep(0.235 + chance.random() * 0.03)
            sim.kill()
    assert len(seen) >= 2, f"no swap was ever made: {seen}"


def test_state_survives_a_kill_between_test_and_reset(tmp_path: Path) -> None:
    with Sim(tmp_path / "state") as sim, sim.client() as client:
        client.upload(IMAGE, SHA)
        client.ask(WRITE, 1, 0, {"hash": client.hash_of(1)})
        sim.kill()
    with Sim(tmp_path / "state") as sim, sim.client() as client:
        assert client.images() == {0: ("1.1.0", {"active"}), 1: ("1.0.0", {"confirmed"})}
        sim.kill()
    with Sim(tmp_path / "state") as sim, sim.client() as client:
        assert client.images()[0] == ("1.0.0", {"active", "confirmed"})


# ---- profiles ----


def test_an_old_server(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--v1") as sim, sim.client() as client:
        assert client.ask(WRITE, 0, 0, {"d": "x"}) == {"rc": 0, "r": "x"}
        assert client.ask(WRITE, 1, 0) == {"rc": 3}
        client.send(client.request(READ, 0, 6).encode())
        data = client.receive(5)
        assert data is not None
        assert Packet.decode(data).version == 0


def test_a_server_without_parameters(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--no-params") as sim, sim.client() as client:
        assert client.ask(READ, 0, 6) == {"rc": 8}


def test_a_clock_that_nobody_set(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--rtc-unset") as sim, sim.client() as client:
        assert client.ask(READ, 0, 4) == {"err": {"group": 0, "rc": 4}}


def test_a_slow_erase_delays_everything(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--erase-time", 600) as sim, sim.client() as client:
        start = time.monotonic()
        client.send(client.request(WRITE, 1, 5).encode())
        assert client.alive()
        assert time.monotonic() - start >= 0.59
