# SPDX-License-Identifier: Apache-2.0
"""Groups of smpsim where the process matters: what survives it, and what a client cannot reach.

What the device answers is tested in tests/examples/smpsim, with a clock of its own.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Smpctl
from simulator import READ, WRITE, Client, Sim, run

FS, SETTINGS, BASIC = 8, 3, 63


def upload(client: Client, name: str, data: bytes) -> None:
    answer = client.ask(WRITE, FS, 0, {"name": name, "off": 0, "len": len(data), "data": data})
    assert answer == {"off": len(data)}


def content(client: Client, name: str) -> bytes | None:
    answer = client.ask(READ, FS, 0, {"name": name, "off": 0})
    assert answer is not None
    data: bytes | None = answer.get("data")
    return data


def setting(client: Client, name: str) -> bytes | None:
    answer = client.ask(READ, SETTINGS, 0, {"name": name})
    assert answer is not None
    value: bytes | None = answer.get("val")
    return value


def listing(folder: Path) -> set[str]:
    return {str(x.relative_to(folder)) for x in folder.rglob("*")}


def test_files_survive_kill_9(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Sim(state) as sim, sim.client() as client:
        upload(client, "/lfs/kept", b"all of it")
        client.ask(WRITE, FS, 0, {"name": "/lfs/half", "off": 0, "len": 9, "data": b"half"})
        sim.kill()
    assert (state / "fs/kept").read_bytes() == b"all of it"
    with Sim(state) as sim, sim.client() as client:
        assert content(client, "/lfs/kept") == b"all of it"
        assert content(client, "/lfs/half") == b""
        assert not (state / "fs.open").exists()


def test_files_put_into_the_folder_are_there(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "fs/logs").mkdir(parents=True)
    (state / "fs/logs/today.txt").write_bytes(b"rain")
    with Sim(state, "--fs-mount", "/ext") as sim, sim.client() as client:
        assert content(client, "/ext/logs/today.txt") == b"rain"
        assert client.ask(READ, FS, 1, {"name": "/lfs/logs/today.txt"}) == {
            "err": {"group": 8, "rc": 3}
        }


def test_settings_survive_kill_9_once_saved(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Sim(state) as sim, sim.client() as client:
        client.ask(WRITE, SETTINGS, 0, {"name": "app/name", "val": b"kettle"})
        assert client.ask(WRITE, SETTINGS, 3) == {}
        client.ask(WRITE, SETTINGS, 0, {"name": "app/name", "val": b"teapot"})
        assert setting(client, "app/name") == b"teapot"
        sim.kill()
    with Sim(state, "--setting", "peer/a=b c=d") as sim, sim.client() as client:
        assert setting(client, "app/name") == b"kettle"
        assert setting(client, "peer/a") == b"b c=d"


def test_files_that_are_in_the_way_are_named(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "fs").write_text("not a folder")
    ended = run("--state", state, "--udp", "127.0.0.1:0")
    assert ended.returncode == 4
    assert str(state / "fs") in ended.stderr
    (state / "fs").unlink()
    (state / "settings").write_text("app/name=0")
    ended = run("--state", state, "--udp", "127.0.0.1:0")
    assert ended.returncode == 4
    assert f"{state}/settings:1:" in ended.stderr
    (state / "settings").unlink()
    ended = run("--state", state, "--udp", "127.0.0.1:0", "--setting", "name")
    assert ended.returncode == 4
    assert "NAME=TEXT" in ended.stderr


HOSTILE = (
    "/lfs/../secret",
    "/lfs/x/../../secret",
    "../secret",
    "/etc/passwd",
    "/lfs/../../../../../../../etc/passwd",
    "/lfs/a\0b",
    "/lfs/a\nb",
    "/lfs/\x1b[2J",
    "/lfs/link",
    "/lfs/up/secret",
    "/lfs",
    "/lfs/",
    "",
    "x" * 65,
)


def test_no_path_leads_out(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "fs").mkdir(parents=True)
    (state / "secret").write_text("nobody may read this")
    (state / "fs/link").symlink_to("../secret")
    (state / "fs/up").symlink_to("..")
    with Sim(state) as sim, sim.client() as client:
        before = listing(tmp_path)
        for name in HOSTILE:
            chunk = {"name": name, "off": 0, "len": 3, "data": b"abc"}
            for op, id, request in (
                (WRITE, 0, chunk),
                (READ, 0, {"name": name, "off": 0}),
                (READ, 1, {"name": name}),
                (READ, 2, {"name": name}),
            ):
                answer = client.ask(op, FS, id, request)
                assert answer is not None
                assert "err" in answer or "rc" in answer, (name, op, id, answer)
        assert listing(tmp_path) == before
        assert (state / "secret").read_text() == "nobody may read this"
        assert client.ask(WRITE, BASIC, 0) == {}
        assert (state / "secret").exists()
        assert list((state / "fs").iterdir()) == []


def test_what_clients_send_does_not_pile_up(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Sim(state, "--fs-size", "8192", "--work-us", "0") as sim, sim.client() as client:
        for n in range(100):
            client.ask(
                WRITE, FS, 0, {"name": f"/lfs/{n}", "off": 0, "len": 999, "data": b"x" * 600}
            )
            client.ask(WRITE, SETTINGS, 0, {"name": f"app/{n}", "val": b"x" * 200})
        client.ask(WRITE, FS, 4)
        client.ask(WRITE, SETTINGS, 3)
        assert sum(x.stat().st_size for x in (state / "fs").iterdir()) <= 8192
        assert len(list((state / "fs").iterdir())) == 8
        assert (state / "settings").stat().st_size < 32 * 450
        assert client.alive()


def wait_gone(client: Client) -> None:
    """Waits until nothing answers."""
    end = time.monotonic() + 5
    while client.ask(READ, 0, 6, timeout=0.1) is not None:
        assert time.monotonic() < end


@pytest.mark.parametrize("how", [["--recovery"], ["--profile", "mcuboot"]])
def test_recovery_of_the_whole_device(how: list[str], tmp_path: Path) -> None:
    firmware = Path(__file__).resolve().parents[1] / "data/app-1.1.0.signed.bin"
    image = firmware.read_bytes()
    with Sim(tmp_path / "state", *how, "--boot-time", "400") as sim, sim.client() as client:
        if how == ["--recovery"]:
            assert client.ask(WRITE, 0, 5, {"boot_mode": 1}) == {}
            wait_gone(client)
            time.sleep(0.5)
        assert client.ask(READ, 0, 6) == {"buf_size": 1024, "buf_count": 1}
        off = 0
        while off < len(image):
            chunk: dict[str, Any] = {"off": off, "data": image[off : off + 900]}
            answer = client.ask(WRITE, 1, 1, chunk | ({} if off else {"len": len(image)}))
            assert answer == {"rc": 0, "off": off + len(chunk["data"])}
            off = answer["off"]
        assert client.ask(WRITE, 0, 5) == {"rc": 0}
        wait_gone(client)
        client.wait_alive()
        assert client.images() == {0: ("1.1.0", {"active", "confirmed"})}


def test_a_device_without_firmware_waits_in_recovery(tmp_path: Path) -> None:
    with Sim(tmp_path / "state", "--recovery", image=None) as sim, sim.client() as client:
        sim.told("waits in serial recovery")
        assert client.ask(READ, 1, 0) == {"images": []}


# ---- statistics of Zephyr 3.4 ----


def test_an_unknown_section_of_3_4(smpctl: Smpctl, tmp_path: Path) -> None:
    with Sim(tmp_path / "new", "--profile", "zephyr-3.4") as sim, sim.client() as client:
        assert client.ask(READ, 2, 0, {"name": "none"}) == {"ret": {"group": 63, "rc": 3}}
        smpctl.device = "udp://{}:{}".format(*sim.addresses[0])
        assert "no section of that name" in smpctl("stat", "none", status=1).err


def test_a_stale_header_ends_in_a_time_out_that_says_so(smpctl: Smpctl, tmp_path: Path) -> None:
    with Sim(tmp_path / "old", "--profile", "zephyr-3.4", "--v1") as sim, sim.client() as client:
        client.send(client.request(READ, 2, 1).encode())
        assert client.receive(5) is not None
        client.send(client.request(READ, 2, 0, {"name": "none"}).encode())
        assert client.receive(5) == bytes.fromhex("01000014 0002 01 01")
        smpctl.device = "udp://{}:{}".format(*sim.addresses[0])
        run = smpctl("-t", "0.3", "stat", "none", status=3)
        assert "a packet that no request matches" in run.err
