# SPDX-License-Identifier: Apache-2.0
"""Image files, good and bad; nothing is ever sent for a bad one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from conftest import DATA, NEW, AsNobody, Smpctl
from wire import Device

ZIP = b"PK\x03\x04" + bytes(100)
ELF = b"\x7fELF" + bytes(100)
HEX = b":100000000040002041010000450100004901000065\r\n" * 9
RAW = bytes.fromhex("0040002041010000") + bytes(500)


def test_info(smpctl: Smpctl) -> None:
    out = smpctl("image", "info", NEW).out
    info = smpctl.result("image", "info", NEW)
    assert info["version"] == "1.1.0"
    assert info["sha"] == hashlib.sha256(NEW.read_bytes()).hexdigest()
    assert info["length"] == NEW.stat().st_size
    assert bytes.fromhex(info["hash"]) in NEW.read_bytes()
    assert "version: 1.1.0\n" in out
    assert f"hash: {info['hash']}\n" in out
    assert "SHA256" in {tlv.get("name") for tlv in info["tlvs"]}


@pytest.mark.parametrize("file", sorted(DATA.glob("*.bin")), ids=lambda file: str(file.stem))
def test_info_of_each_image(smpctl: Smpctl, file: Path) -> None:
    info = smpctl.result("image", "info", file)
    assert f"version: {info['version']}\n" in smpctl("image", "info", file).out
    assert info["hash_good"] == (not file.stem.startswith("encrypted"))
    assert info["trailer"] == (file.stem.startswith(("padded", "confirmed")))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"x", "zephyr.signed.bin"),
        (os.urandom(8) + bytes(1000), "zephyr.signed.bin"),
        (ZIP, "zip"),
        (ELF, "ELF"),
        (HEX, "HEX"),
        (RAW, "zephyr.signed.bin"),
        (NEW.read_bytes()[:4], "cut short"),
        (NEW.read_bytes()[:31], "cut short"),
        (NEW.read_bytes()[:1000], "cut short"),
        (NEW.read_bytes()[:-1], "cut short"),
        (NEW.read_bytes()[:600] + b"\xff" + NEW.read_bytes()[601:], "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}",
)
def test_bad_files(smpctl: Smpctl, tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "firmware.bin"
    file.write_bytes(content)
    with Device() as device:
        smpctl.device = device.url
        for command in ("info", "upload", "test", "confirm"):
            run = smpctl("image", command, file, status=4)
            assert word.lower() in run.err.lower()
            assert str(file) in run.err
        error = smpctl.json("image", "upload", file, status=4)["error"]
        assert error["kind"] == "file"
        assert device.requests == []


def test_files_that_cannot_be_read(smpctl: Smpctl, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (tmp_path / "missing", tmp_path, fifo, Path("/dev/null")):
        run = smpctl("image", "upload", path, status=4, within=5)
        assert str(path) in run.err


def test_a_file_without_permission(as_nobody: AsNobody, public: Path) -> None:
    file = public / "secret.bin"
    file.write_bytes(NEW.read_bytes())
    file.chmod(0)
    run = as_nobody("image", "info", file)
    assert run.returncode == 4
    assert f"{file}: Permission denied" in run.stderr


def test_a_huge_file(smpctl: Smpctl, tmp_path: Path) -> None:
    file = tmp_path / "huge.bin"
    with file.open("wb") as out:
        out.write(NEW.read_bytes()[:32])
        out.truncate(5 << 30)  # a hole: takes no room
    assert "more than any device" in smpctl("image", "upload", file, status=4, within=5).err


def test_an_image_too_large_for_the_slot(smpctl: Smpctl) -> None:
    size = NEW.stat().st_size
    for slots in (
        {"image": 0, "slots": [{"slot": 0, "size": 1}], "max_image_size": size - 1},
        {"image": 0, "slots": [{"slot": 1, "size": size - 1, "upload_image_id": 0}]},
    ):
        with Device(slots={"images": [slots]}) as device:
            smpctl.device = device.url
            run = smpctl("image", "upload", NEW, status=4)
            assert str(size) in run.err
            assert str(size - 1) in run.err
            assert device.count(1, 1) == 0


def test_an_image_that_just_fits(smpctl: Smpctl) -> None:
    slots = {"image": 0, "slots": [], "max_image_size": NEW.stat().st_size}
    with Device(slots={"images": [slots]}) as device:
        smpctl.device = device.url
        smpctl("image", "upload", NEW)
        assert device.data == NEW.read_bytes()


def test_a_file_that_boots_by_itself_is_told(smpctl: Smpctl) -> None:
    with Device() as device:
        smpctl.device = device.url
        run = smpctl("image", "upload", DATA / "padded.signed.bin")
        assert "--pad" in run.err
