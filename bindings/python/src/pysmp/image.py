# SPDX-License-Identifier: Apache-2.0
"""MCUboot images: what is in a file before it goes to a device."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ._smp import ffi, lib
from ._values import Data
from .enums import Error, McubootFile
from .errors import check, error_of
from .update import pem_of


class Version(NamedTuple):
    """Compares as versions do."""

    major: int
    minor: int
    revision: int
    build: int = 0

    def __str__(self) -> str:
        build = f".{self.build}" if self.build else ""
        return f"{self.major}.{self.minor}.{self.revision}{build}"


@dataclass
class Tlv:
    """One entry after the image."""

    type: int
    name: str | None
    data: bytes
    is_protected: bool


@dataclass
class Image:
    """What an image file holds."""

    version: Version
    hash: bytes
    """As the image's state lists it."""
    hash_good: bool
    """It was computed again and is right; False for encrypted images."""
    sha256: bytes | None
    """Of the whole file: what an upload carries."""
    load_address: int
    header_size: int
    image_size: int
    flags: int
    is_signed: bool
    """A signature is there: :meth:`check_signature` tells whose."""
    has_trailer: bool
    end: int
    """Where the last TLV ends."""
    tlvs: list[Tlv] = field(default_factory=list)

    @classmethod
    def parse(cls, data: Data | str | os.PathLike[str], *, check_hash: bool = True) -> Image:
        """Reads an image.

        Args:
            data: bytes, or the path of a file
            check_hash: compute the hash again

        Raises:
            NotImageError: it is something else; the text says what, and what to use instead
            MalformedError: header or TLVs are wrong, or the file is cut short
            CorruptError: the hash is wrong
        """
        if isinstance(data, (str, os.PathLike)):
            data = Path(data).read_bytes()
        buffer = ffi.from_buffer("uint8_t[]", data)
        image = ffi.new("struct smp_mcuboot_image *")
        sha = ffi.new("uint8_t[32]")
        error = lib.shim_image_read(buffer, len(buffer), check_hash, image, sha)
        if error < 0:
            raise error_of(error, _problem(image, error))
        v = image.version
        return cls(
            version=Version(v.major, v.minor, v.revision, v.build),
            hash=bytes(ffi.buffer(image.hash, image.hash_len)),
            hash_good=image.hash_good,
            sha256=bytes(sha) if check_hash else None,
            load_address=image.load_address,
            header_size=image.header_size,
            image_size=image.image_size,
            flags=image.flags,
            is_signed=image.is_signed,
            has_trailer=image.has_trailer,
            end=image.end,
            tlvs=_tlvs(buffer, image),
        )

    @staticmethod
    def check_signature(data: Data | str | os.PathLike[str], key: str | os.PathLike[str]) -> None:
        """Checks that an image is signed with a key.

        Args:
            data: bytes, or the path of a file
            key: the public key: PEM text as ``imgtool getpub -e pem`` writes it, or the path of a
                file with it

        Raises:
            SignatureError: no signature in it was made with that key
            InvalidError: that is no public key
            UnsupportedError: a key of another kind
        """
        if isinstance(data, (str, os.PathLike)):
            data = Path(data).read_bytes()
        buffer = ffi.from_buffer("uint8_t[]", data)
        image = ffi.new("struct smp_mcuboot_image *")
        error = lib.shim_image_read(buffer, len(buffer), True, image, ffi.NULL)
        if error < 0:
            raise error_of(error, _problem(image, error))
        pem = pem_of(key)
        check(lib.shim_image_signature(buffer, len(buffer), image, pem, len(pem)))


def _problem(image: Any, error: int) -> str | None:
    if error == Error.ERR_NOT_IMAGE and image.file != McubootFile.IMAGE:
        return str(ffi.string(lib.smp_mcuboot_file_text(image.file)).decode())
    return str(ffi.string(image.problem).decode()) if image.problem else None


def _tlvs(buffer: Any, image: Any) -> list[Tlv]:
    found: list[Tlv] = []
    cursor = ffi.new("uint32_t *")
    tlv = ffi.new("struct smp_mcuboot_tlv *")
    while True:
        error = lib.shim_image_tlv(buffer, len(buffer), image, cursor, tlv)
        if error == Error.ERR_NOT_FOUND:
            return found
        check(error)
        name = lib.smp_mcuboot_tlv_name(tlv.type)
        found.append(
            Tlv(
                tlv.type,
                ffi.string(name).decode() if name else None,
                bytes(buffer[tlv.offset : tlv.offset + tlv.len]),
                tlv.is_protected,
            )
        )


__all__ = ["Image", "Tlv", "Version"]
