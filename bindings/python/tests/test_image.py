# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib

import pysmp
import pytest
from conftest import DATA, NEW_IMAGE, OLD_IMAGE


def test_an_image() -> None:
    image = pysmp.Image.parse(NEW_IMAGE)
    assert str(image.version) == "1.1.0"
    assert image.hash_good
    assert len(image.hash) == 32
    assert image.sha256 == hashlib.sha256(NEW_IMAGE.read_bytes()).digest()
    assert image.is_signed
    assert {t.name for t in image.tlvs} >= {"SHA256"}
    assert next(t.data for t in image.tlvs if t.name == "SHA256") == image.hash
    assert pysmp.Image.parse(NEW_IMAGE.read_bytes()) == image


def test_versions_compare() -> None:
    old, new = (pysmp.Image.parse(p).version for p in (OLD_IMAGE, NEW_IMAGE))
    assert old < new
    assert str(pysmp.Version(1, 2, 3, 4)) == "1.2.3.4"


@pytest.mark.parametrize("path", sorted(DATA.glob("*.bin")), ids=lambda p: p.name)
def test_all_there_are(path: object) -> None:
    assert pysmp.Image.parse(path).header_size >= 32  # type: ignore[arg-type]


def test_what_is_no_image() -> None:
    with pytest.raises(pysmp.NotImageError, match="ELF"):
        pysmp.Image.parse(b"\x7fELF" + bytes(100))
    for data in (b"", b"x", bytes(100)):
        with pytest.raises(pysmp.NotImageError):
            pysmp.Image.parse(data)


def test_damage() -> None:
    data = bytearray(NEW_IMAGE.read_bytes())
    data[1000] ^= 1
    with pytest.raises(pysmp.CorruptError):
        pysmp.Image.parse(data)
    assert pysmp.Image.parse(data, check_hash=False).sha256 is None
    with pytest.raises(pysmp.MalformedError):
        pysmp.Image.parse(data[:2000])


def test_wrong_types() -> None:
    for wrong in (5, None, ["x"]):
        with pytest.raises(TypeError):
            pysmp.Image.parse(wrong)  # type: ignore[arg-type]
