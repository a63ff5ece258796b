# SPDX-License-Identifier: Apache-2.0
"""Files to and from a device."""

from __future__ import annotations

import hashlib
import os
import signal
import time
import zlib
from pathlib import Path

import pytest
from board import Board, refused
from conftest import Smpctl
from wire import Packet, Send

LONG = os.urandom(50_000)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def test_upload_as_the_go_tool_prints_it(smpctl: Smpctl, work: Path) -> None:
    (work / "foo.txt").write_bytes(b"x" * 25)
    with Board() as board:
        smpctl.device = board.url
        run = smpctl("fs", "upload", "foo.txt", "/lfs/foo.txt")
        assert (run.out, run.err) == ("25\nDone\n", "")
        assert board.files == {"/lfs/foo.txt": b"x" * 25}


def test_download_as_the_go_tool_prints_it(smpctl: Smpctl, work: Path) -> None:
    with Board(files={"/lfs/bar.txt": b"123456789"}) as board:
        smpctl.device = board.url
        run = smpctl("fs", "download", "/lfs/bar.txt", "bar.txt")
        assert (run.out, run.err) == ("0\n9\nDone\n", "")
    assert (work / "bar.txt").read_bytes() == b"123456789"


@pytest.mark.parametrize("buffers", [2, 8])
def test_there_and_back(smpctl: Smpctl, work: Path, buffers: int) -> None:
    (work / "long").write_bytes(LONG)
    with Board(buf_count=buffers, buf_size=512) as board:
        smpctl.device = board.url
        lines = smpctl("fs", "upload", "long", "/lfs/long").out.splitlines()
        offsets = [int(x) for x in lines[:-1]]
        assert offsets == sorted(set(offsets))
        assert (offsets[-1], lines[-1]) == (len(LONG), "Done")
        assert board.files["/lfs/long"] == LONG
        assert smpctl("fs", "download", "/lfs/long", "back").out.startswith("0\n")
    assert (work / "back").read_bytes() == LONG


def test_an_empty_file(smpctl: Smpctl, work: Path) -> None:
    (work / "empty").write_bytes(b"")
    with Board(files={"/lfs/empty": b"old"}) as board:
        smpctl.device = board.url
        assert smpctl("fs", "upload", "empty", "/lfs/empty").out == "0\nDone\n"
        assert board.files["/lfs/empty"] == b""
        assert smpctl("fs", "download", "/lfs/empty", "back").out == "0\nDone\n"
    assert (work / "back").read_bytes() == b""


def test_json(smpctl: Smpctl, work: Path) -> None:
    (work / "long").write_bytes(LONG)
    with Board() as board:
        smpctl.device = board.url
        up = smpctl("fs", "upload", "long", "/lfs/x", "--check", "--json").documents
        assert up[0]["progress"]["total"] == len(LONG)
        result = up[-1]["result"]
        assert (result["file"], result["remote"]) == ("long", "/lfs/x")
        assert (result["length"], result["checked"]) == (len(LONG), "sha256")
        down = smpctl.result("fs", "download", "/lfs/x", "back")
        assert (down["length"], down["checked"]) == (len(LONG), "sha256")
        assert smpctl.result("fs", "status", "/lfs/x") == {"len": len(LONG)}


@pytest.mark.parametrize(
    ("hashes", "checked"),
    [({"sha256"}, "sha256"), ({"crc32"}, "crc32"), (set(), None)],
)
def test_download_is_checked_with_what_the_device_offers(
    smpctl: Smpctl, work: Path, hashes: set[str], checked: str | None
) -> None:
    with Board(files={"/lfs/x": LONG}, hashes=hashes) as board:
        smpctl.device = board.url
        assert smpctl.result("fs", "download", "/lfs/x", "x")["checked"] == checked
    assert (work / "x").read_bytes() == LONG


def test_a_damaged_download_is_not_kept(smpctl: Smpctl, work: Path) -> None:
    def spoil(request: Packet, answer: Packet) -> list[Send]:
        if request.group == 8 and request.id == 0 and answer.payload.get("off", 0) > 1000:
            data = bytearray(answer.payload["data"])
            if data:
                data[0] ^= 1
            answer = request.answer(answer.payload | {"data": bytes(data)})
        return [Send(answer.encode())]

    (work / "x").write_text("old")
    with Board(spoil, files={"/lfs/x": LONG}) as board:
        smpctl.device = board.url
        run = smpctl("fs", "download", "/lfs/x", "x", status=1)
    assert "damaged" in run.err
    assert [x.name for x in work.iterdir()] == ["x"]
    assert (work / "x").read_text() == "old"


def test_an_interrupted_download_leaves_nothing(smpctl: Smpctl, work: Path) -> None:
    def slow(_request: Packet, answer: Packet) -> list[Send]:
        return [Send(answer.encode(), after_s=0.05)]

    (work / "x").write_text("old")
    with Board(slow, files={"/lfs/x": LONG}, chunk=100) as board:
        smpctl.device = board.url
        process = smpctl.popen("fs", "download", "/lfs/x", "x")
        while board.count(8, 0) < 5:
            time.sleep(0.01)
        assert len(list(work.iterdir())) == 2, "there is a temporary file in the same folder"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Done" not in out
    assert [x.name for x in work.iterdir()] == ["x"]
    assert (work / "x").read_text() == "old"


def test_an_interrupted_upload_is_taken_up_again(smpctl: Smpctl, work: Path) -> None:
    (work / "long").write_bytes(LONG)
    with Board(files={"/lfs/x": LONG[:30_000]}) as board:
        smpctl.device = board.url
        result = smpctl.result("fs", "upload", "--resume", "long", "/lfs/x")
        assert result["start"] == 30_000
        assert board.files["/lfs/x"] == LONG
        sent = [x.payload["off"] for x in board.requests if (x.group, x.id, x.op) == (8, 0, 2)]
        assert min(sent) == 30_000


def test_a_new_file_has_usual_permissions(smpctl: Smpctl, work: Path) -> None:
    with Board(files={"/lfs/x": b"1"}) as board:
        smpctl.device = board.url
        smpctl("fs", "download", "/lfs/x", "x")
    mask = os.umask(0)
    os.umask(mask)
    assert (work / "x").stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_folder_takes_the_name(smpctl: Smpctl, work: Path) -> None:
    (work / "logs").mkdir()
    with Board(files={"/lfs/a.txt": b"1", "/lfs/..": b"2", "/lfs/": b"3"}) as board:
        smpctl.device = board.url
        smpctl("fs", "download", "/lfs/a.txt", "logs")
        assert (work / "logs/a.txt").read_bytes() == b"1"
        for remote in ("/lfs/..", "/lfs/", "..", "/lfs/a\nb"):
            assert "no file name" in smpctl("fs", "download", remote, "logs", status=2).err
        assert not board.count(8, 0) > 2, "refused before the device is asked"
    assert sorted(str(x.relative_to(work)) for x in work.rglob("*")) == ["logs", "logs/a.txt"]


def test_what_is_no_file_is_not_replaced(smpctl: Smpctl, work: Path) -> None:
    os.mkfifo(work / "pipe")
    with Board(files={"/lfs/x": b"1"}) as board:
        smpctl.device = board.url
        assert "regular" in smpctl("fs", "download", "/lfs/x", "pipe", status=4).err
        assert "regular" in smpctl("fs", "download", "/lfs/x", "/dev/null", status=4).err
        smpctl("fs", "download", "/lfs/x", "no/such/folder/x", status=4)
        smpctl("fs", "upload", "pipe", "/lfs/x", status=4)
        smpctl("fs", "upload", ".", "/lfs/x", status=4)
        smpctl("fs", "upload", "missing", "/lfs/x", status=4)
        assert board.count(8, 0) == 0


def test_refusals(smpctl: Smpctl, work: Path) -> None:
    (work / "x").write_bytes(b"1")
    with Board() as board:
        smpctl.device = board.url
        error = smpctl.json("fs", "download", "/lfs/none", "y", status=1)["error"]
        assert (error["group_name"], error["name"]) == ("fs", "FILE_NOT_FOUND")
        assert not (work / "y").exists()
        board.missing = {8}
        run = smpctl("fs", "upload", "x", "/lfs/x", status=1)
        assert "CONFIG_MCUMGR_GRP_FS" in run.err


def test_wrong_order_is_told(smpctl: Smpctl, work: Path) -> None:
    (work / "x").write_bytes(b"1")
    with Board() as board:
        smpctl.device = board.url
        assert "LOCAL REMOTE" in smpctl("fs", "upload", "x", "y").err
        assert "REMOTE LOCAL" in smpctl("fs", "download", "x", "/nowhere/y", status=4).err


def test_no_answer_names_the_stack(smpctl: Smpctl, work: Path) -> None:
    (work / "x").write_bytes(b"1")

    def deaf(request: Packet, answer: Packet) -> list[Send]:
        return [] if request.group == 8 else [Send(answer.encode())]

    with Board(deaf, files={"/lfs/x": b"1"}) as board:
        smpctl.device = board.url
        for args in (("upload", "x", "/lfs/x"), ("download", "/lfs/x", "y")):
            run = smpctl("-t", "0.3", "fs", *args, "--chunk", "100", status=3, within=60)
            assert "CONFIG_SYSTEM_WORKQUEUE_STACK_SIZE" in run.err
            assert not (work / "y").exists()


@pytest.mark.parametrize("options", [["-w", "65"], ["-w", "-1"], ["--chunk", "-1"]])
def test_options_out_of_range(smpctl: Smpctl, work: Path, options: list[str]) -> None:
    assert options[0] in smpctl("fs", "upload", *options, "x", "/lfs/x", status=2).err


def test_hash(smpctl: Smpctl) -> None:
    with Board(files={"/lfs/x": LONG}) as board:
        smpctl.device = board.url
        sha = hashlib.sha256(LONG).hexdigest()
        assert smpctl("fs", "hash", "/lfs/x").out == f"sha256: {sha}\n{len(LONG)} bytes\n"
        crc = zlib.crc32(LONG[10:30])
        run = smpctl("fs", "hash", "/lfs/x", "crc32", "--offset", "10", "--length", "20")
        assert run.out == f"crc32: {crc:08x}\n20 bytes from 10\n"
        result = smpctl.result("fs", "hash", "/lfs/x", "crc32")
        assert result == {"type": "crc32", "len": len(LONG), "output": zlib.crc32(LONG)}
        assert smpctl.result("fs", "hash", "/lfs/x")["output"] == sha
        assert smpctl.json("fs", "hash", "/lfs/x", "md5", status=1)["error"]["rc"] == 13


def test_status_types_close(smpctl: Smpctl) -> None:
    with Board(files={"/lfs/x": b"12345"}) as board:
        smpctl.device = board.url
        assert smpctl("fs", "status", "/lfs/x").out == "5 bytes\n"
        out = smpctl("fs", "types").out
        assert out == "sha256: a string of 32 bytes\ncrc32: a number of 4 bytes\n"
        assert smpctl.result("fs", "types")["types"]["crc32"] == {"format": 0, "size": 4}
        assert smpctl("fs", "close").out == "Done\n"
        assert smpctl.result("fs", "close") == {}
        assert board.requests[-1].op == 2


def test_a_device_that_lies_about_the_length(smpctl: Smpctl, work: Path) -> None:
    """It promises more than it sends."""

    def lie(request: Packet, answer: Packet) -> list[Send]:
        if "len" in answer.payload and request.id == 0:
            answer = request.answer(answer.payload | {"len": 5000})
        return [Send(answer.encode())]

    with Board(lie, files={"/lfs/x": b"1" * 100}) as board:
        smpctl.device = board.url
        smpctl("-t", "0.5", "fs", "download", "/lfs/x", "x", status=3, within=20)
    assert list(work.iterdir()) == []


def test_refused_in_the_middle(smpctl: Smpctl, work: Path) -> None:
    def full(request: Packet, answer: Packet) -> list[Send]:
        if (request.group, request.id, request.op) == (8, 0, 2) and request.payload["off"] > 1000:
            answer = request.answer(refused(8, 10))
        return [Send(answer.encode())]

    (work / "long").write_bytes(LONG)
    with Board(full) as board:
        smpctl.device = board.url
        error = smpctl.json("fs", "upload", "long", "/lfs/x", status=1)["error"]
        assert error["name"] == "FILE_WRITE_FAILED"
        assert board.count(8, 0) < 100
