#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documentation shows: its C programs compile, its links lead somewhere, and the paths it
names exist."""

import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FLAGS = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
# A page about a command that is yet to be written: built whole by tests/docs/add_a_command.py.
FICTION = "add-a-command.md"


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.S | re.M)


class Docs(unittest.TestCase):
    def test_programs_compile(self):
        compiled = 0
        for page in PAGES:
            for block in blocks(page, "c"):
                if "#include" not in block or page.name == FICTION:
                    continue  # a fragment
                with self.subTest(page=page.name):
                    result = subprocess.run(
                        ["cc", *FLAGS, f"-I{ROOT}/include", "-fsyntax-only", "-xc", "-"],
                        input=block, text=True, capture_output=True, check=False,
                    )  # fmt: skip
                    self.assertEqual(result.returncode, 0, result.stderr)
                    compiled += 1
        self.assertGreaterEqual(compiled, 2, "the examples in README.md and docs/ were not found")

    def test_links(self):
        found = 0
        for page in PAGES:
            text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
                if not target.startswith(("http:", "https:")):
                    found += 1
                    self.assertTrue((page.parent / target).exists(), f"{page.name}: {target}")
        self.assertGreater(found, 10)

    def test_paths(self):
        for page in PAGES:
            if page.name == FICTION:
                continue
            text = page.read_text()
            for path in re.findall(r"`((?:tests|examples|libsmp|include|docs)/[\w./-]+)`", text):
                self.assertTrue((ROOT / path).exists(), f"{page.name} names {path}")

    def test_error_codes_are_known(self):
        header = (ROOT / "include/smp/error.h").read_text()
        for page in PAGES:
            for code in set(re.findall(r"\bSMP_ERR_[A-Z_]+[A-Z]\b", page.read_text())):
                self.assertRegex(header, rf"\b{code}\b", page.name)

    def test_functions_are_known(self):
        headers = "".join(path.read_text() for path in (ROOT / "include/smp").glob("*.h"))
        for page in PAGES:
            if page.name == FICTION:
                continue
            for function in set(re.findall(r"\b(smp_[a-z0-9_]+)\(\)", page.read_text())):
                self.assertRegex(headers, rf"\b{function}\(", page.name)


if __name__ == "__main__":
    unittest.main()
