#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs each small example against smpsim.

examples_test.py BIN    the folder with smpsim and examples/
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.argv.pop(1)) if len(sys.argv) > 1 else ROOT / "build/dev/bin"
OLD = ROOT / "tests/data/app-1.0.0.signed.bin"
NEW = ROOT / "tests/data/app-1.1.0.signed.bin"
RAN = set()


def listening(process):
    """The address in the line that a program prints once it listens."""
    for line in process.stdout:
        if match := re.search(r"127\.0\.0\.1:[1-9]\d*", line):
            return match.group(0)
    raise AssertionError(f"{process.args[0]} ended without listening")


def example(name, *arguments, status=0):
    RAN.add(name)
    result = subprocess.run(
        [BIN / "examples" / name, *map(str, arguments)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert result.returncode == status, f"{name}: {result.returncode}\n{result.stderr}"
    return result.stdout if status == 0 else result.stderr


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        state = Path(cls.folder.name) / "state"
        cls.simulator = subprocess.Popen(
            [BIN / "smpsim", "--udp", "127.0.0.1:0", "--image", OLD, "--state", state],
            stdout=subprocess.PIPE,
            text=True,
        )
        cls.address = listening(cls.simulator)
        cls.url = "udp://" + cls.address

    @classmethod
    def tearDownClass(cls):
        cls.simulator.terminate()
        cls.simulator.wait(10)
        cls.simulator.stdout.close()
        cls.folder.cleanup()
        built = {path.name for path in (BIN / "examples").iterdir()}
        assert built == RAN, f"examples that no test ran: {built - RAN}"

    def test_echo(self):
        self.assertEqual(example("echo", self.url, "hello"), "hello\n")
        self.assertEqual(example("echo", self.address, "hello"), "hello\n")

    def test_params(self):
        self.assertRegex(example("params", self.url), r"^\d+ buffers of \d+ bytes\n$")

    def test_raw(self):
        self.assertIn(b"buf_size".hex(" "), example("raw", self.url))

    def test_info(self):
        self.assertIn("version 1.1.0, signed", example("img_info", NEW))
        self.assertIn("img_info.c", example("img_info", ROOT / "examples/img_info.c", status=1))

    def test_list_upload_confirm(self):
        self.assertIn("slot 0: 1.0.0 active confirmed", example("img_list", self.url))
        self.assertIn("done", example("img_upload", self.url, NEW))
        self.assertIn("slot 1: 1.1.0", example("img_list", self.url))
        example("img_confirm", self.url)

    def test_many(self):
        output = example("many", self.url, self.address)
        self.assertEqual(len(re.findall("1.0.0", output)), 2, output)

    def test_server(self):
        server = subprocess.Popen(
            [BIN / "examples/server", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
        )
        try:
            self.assertEqual(example("echo", listening(server), "over there"), "over there\n")
        finally:
            RAN.add("server")
            server.terminate()
            server.wait(10)
            server.stdout.close()

    def test_y_update(self):
        """Near the end by its name: the device runs something else after it."""
        self.assertIn("1.0.0 to 1.1.0: ", example("update", self.url, NEW))
        self.assertIn("slot 0: 1.1.0 active confirmed", example("img_list", self.url))

    def test_z_reset(self):
        """Last by its name: the device is away after it."""
        example("reset", self.url)

    def test_bad_address(self):
        self.assertIn("nonsense", example("echo", "nonsense", "hello", status=1))
        self.assertIn("usage", example("echo", status=2))


if __name__ == "__main__":
    unittest.main()
