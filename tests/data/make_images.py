#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the signed images in this folder again, with MCUboot's imgtool 2.5.0.

    python3 -m venv venv && venv/bin/pip install imgtool==2.5.0
    venv/bin/python tests/data/make_images.py

The firmware in them is made up, and the same each time; so are the hashes.
ECDSA and RSA-PSS signatures hold random numbers, and encrypted images a random
key: those bytes differ from run to run.  Tests that compare hashes hold for any run.
"""
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KEYS = HERE / "keys"
HEADER_SIZE = 0x200
FLASH_BASE = 0x0000C000
RAM_END = 0x20040000

KEY_TYPES = {
    "ecdsa-p256": "ecdsa-p256",
    "ecdsa-p384": "ecdsa-p384",
    "ed25519": "ed25519",
    "rsa-2048": "rsa-2048",
}


def firmware(size, name):
    """Looks like Cortex-M firmware: a vector table, code from few instructions, text, zeros."""
    rng = random.Random(name)
    entry = FLASH_BASE + HEADER_SIZE + 0x401
    vectors = [RAM_END, entry] + [entry + 0x40 + 8 * i for i in range(14)]
    vectors += [entry + 0x10] * 48
    body = bytearray(struct.pack("<64I", *vectors))
    instructions = [rng.randrange(0x10000) for _ in range(96)]
    weights = [1 + 200 // (1 + i) for i in range(96)]
    body += f"smpsim demo firmware {name}\0".encode()
    code_end = size * 7 // 8
    while len(body) < code_end:
        for word in rng.choices(instructions, weights, k=64):
            body += struct.pack("<H", word)
        body += rng.randbytes(8)
    del body[code_end:]
    return bytes(body.ljust(size, b"\0"))


def key(name, public=False):
    """The path of a test key, made when it is missing."""
    private = KEYS / f"test-only-{name}.pem"
    if not private.exists():
        KEYS.mkdir(exist_ok=True)
        imgtool("keygen", "-k", private, "-t", KEY_TYPES[name])
    path = KEYS / f"test-only-{name}.pub.pem"
    if not path.exists():
        imgtool("getpub", "-k", private, "-e", "pem", "-o", path)
    return path if public else private


def imgtool(*arguments):
    command = [sys.executable, "-m", "imgtool.main", *map(str, arguments)]
    subprocess.run(command, check=True)


def sign(name, body, version, key_name, *options, slot_size=0x40000, align=8):
    with tempfile.TemporaryDirectory() as folder:
        raw = pathlib.Path(folder, "zephyr.bin")
        raw.write_bytes(body)
        key_options = ["-k", key(key_name)] if key_name else []
        imgtool("sign", *key_options, "--header-size", HEADER_SIZE, "--pad-header",
                "--align", align, "--slot-size", slot_size, "--version", version, *options,
                raw, HERE / name)


def main():
    small = firmware(2048, "small")

    # What the demonstration updates from and to.
    sign("app-1.0.0.signed.bin", firmware(48 * 1024, "1.0.0"), "1.0.0", "ecdsa-p256")
    sign("app-1.1.0.signed.bin", firmware(48 * 1024 + 1234, "1.1.0"), "1.1.0", "ecdsa-p256")

    # Variants for the image reader.
    sign("unsigned.bin", small, "2.0.0+0", None)
    sign("ed25519-sha512.signed.bin", small, "2.1.0+7", "ed25519", "--sha", "512")
    sign("ed25519-pure.signed.bin", small, "2.2.0", "ed25519", "--pure")
    sign("ecdsa-p384.signed.bin", small, "2.3.0", "ecdsa-p384")
    sign("rsa2048.signed.bin", small, "255.255.65535+4294967295", "rsa-2048",
         "--public-key-format", "full")
    sign("protected.signed.bin", small, "3.0.0", "ecdsa-p256",
         "--dependencies", "(1, 1.2.3+4)", "--security-counter", "7", "--boot-record", "SMPSIM",
         "--vid", "example.com", "--cid", "smpsim", "--custom-tlv", "0x00a0", "vendor data")
    sign("encrypted.signed.bin", small, "4.0.0", "ecdsa-p256",
         "--encrypt", key("ecdsa-p256", public=True))
    sign("padded.signed.bin", small, "5.0.0", "ecdsa-p256", "--pad",
         "--max-sectors", "4", slot_size=0x1000)
    sign("confirmed-align32.signed.bin", small, "5.1.0", "ecdsa-p256", "--confirm",
         "--max-align", "32", "--max-sectors", "4", slot_size=0x1000, align=32)


if __name__ == "__main__":
    main()
