#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The test of the test: puts each kind of mistake into a copy of the tree and sees it caught."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# (file, line to add, words of the complaint)
MISTAKES = [
    ("libsmp/base/seed.c", '#include "codec/table.h"', "base/ must not know codec/table.h"),
    ("libsmp/codec/seed.c", '#include "core/session.h"', "codec/ must not know core/session.h"),
    ("libsmp/core/seed.c", '#include "groups/os.h"', "core/ must not know groups/os.h"),
    ("libsmp/core/seed.c", '#include "transports/udp.h"', "core/ must not know transports/udp.h"),
    ("libsmp/core/seed.c", "  #  include  <smp/img.h>", "core/ must not know smp/img.h"),
    ("libsmp/groups/seed.c", '#include "update/update.h"', "groups/ must not know"),
    ("libsmp/framing/seed.c", '#include "core/session.h"', "framing/ must not know"),
    ("libsmp/transports/seed.c", "#include <smp/session.h>", "transports/ must not know"),
    ("libsmp/core/seed.c", '#include "session.h"', "from the root"),
    ("libsmp/codec/seed.c", "#include <cbor.h>", "use libcbor"),
    ("libsmp/update/seed.c", "#include <nettle/sha2.h>", "uses nettle"),
    ("libsmp/core/seed.c", "#ifdef __linux__", "condition on the platform"),
    ("libsmp/base/seed.c", "#if defined(_WIN32)", "condition on the platform"),
    ("libsmp/core/seed.c", "void *x = malloc(3);", "core/ calls malloc()"),
    ("libsmp/core/seed.c", "clock_gettime(CLOCK_MONOTONIC, &t);", "core/ calls clock_gettime()"),
    ("libsmp/core/seed.c", "#include <unistd.h>", "no system calls"),
    ("libsmp/core/seed.c", "int x = smp_os_params(0, 0, 0, 0);", "names a group"),
    ("libsmp/misc/seed.c", "", "without a place"),
    ("include/smp/seed.h", "#define SMP_SEED(x) (x)", "function-like macro"),
    ("include/smp/seed.h", "static inline int seed(void);", "inline code"),
    ("include/smp/seed.h", "SMP_API void smp_seed(const char *format, ...);", "varargs"),
    ("include/smp/seed.h", "#ifdef __linux__", "only export.h"),
    ("include/smp/seed.h", "\n" * 401, "over 400 lines"),
]

# Lines that look like mistakes and are none.
FINE = [
    ("libsmp/core/seed.c", "/* malloc(3) and clock() are not called here */"),
    ("libsmp/core/seed.c", 'const char *x = "malloc(";'),
    ("libsmp/core/seed.c", "loop->clock.now(loop); source->read(source); list_free(x);"),
    ("libsmp/platform/seed.c", "#ifdef __linux__\n#endif"),
    ("libsmp/groups/seed.c", "#include <smp/os.h>"),
    ("include/smp/seed.h", "#ifndef SMP_SEED_H\n#define SMP_SEED_H\n#endif"),
]


def run(root):
    return subprocess.run(
        [sys.executable, HERE / "layering.py", root], capture_output=True, text=True, check=False
    )


class Layering(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.root = Path(self.dir.name)
        shutil.copytree(ROOT / "libsmp", self.root / "libsmp")
        shutil.copytree(ROOT / "include", self.root / "include")
        self.before = run(self.root).stdout.splitlines()

    def tearDown(self):
        self.dir.cleanup()

    def added(self, name, text):
        """What is complained about once the file is there, beyond what was before."""
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
        result = run(self.root)
        path.unlink()
        return result.returncode, [x for x in result.stdout.splitlines() if x not in self.before]

    def test_mistakes_are_caught(self):
        for name, text, words in MISTAKES:
            with self.subTest(name=name, text=text.strip()[:60]):
                status, complaints = self.added(name, text)
                self.assertEqual(status, 1)
                self.assertEqual(len(complaints), 1, complaints)
                self.assertIn(words, complaints[0])
                self.assertIn(name, complaints[0])

    def test_no_false_alarm(self):
        for name, text in FINE:
            with self.subTest(name=name, text=text):
                self.assertEqual(self.added(name, text)[1], [])


if __name__ == "__main__":
    unittest.main()
