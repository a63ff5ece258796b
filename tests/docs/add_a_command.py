#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does what docs/add-a-command.md says, in a copy of the tree, then builds it and runs the tests.

add_a_command.py [BUILD_FOLDER]    (a temporary one)
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# "New file `x`:", "in `x` ... after|before the line `y` ...:", "and after the line `y`:", each
# followed by a block.
STEP = re.compile(
    r"(?:New file `(?P<new>[^`]+)`"
    r"|(?:in\s+`(?P<file>[^`]+)`(?:(?!```|in `).)*?|and\s+)"
    r"(?P<where>after|before)\s+the\s+line\s+`(?P<line>[^`]+)`)"
    r"(?:(?!```).)*?\n```\w*\n(?P<block>.*?)^```",
    re.S | re.M | re.I,
)


def follow(page, tree):
    """Applies the page's steps to the tree; returns how many there were."""
    steps = list(STEP.finditer(page.read_text()))
    path = None
    for step in steps:
        if step["new"]:
            (tree / step["new"]).parent.mkdir(exist_ok=True)
            (tree / step["new"]).write_text(step["block"])
            print(f"new file {step['new']}")
            continue
        path = tree / step["file"] if step["file"] else path
        line = "\n" + step["line"] + "\n"
        text = path.read_text()
        if text.count(line) != 1:
            sys.exit(f"{path.relative_to(tree)} has no such line, or several: {step['line']}")
        at = text.index(line) + (1 if step["where"] == "before" else len(line))
        path.write_text(text[:at] + step["block"] + text[at:])
        print(f"added to {path.relative_to(tree)}")
    return len(steps)


def main():
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "libsmp"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
        steps = follow(ROOT / "docs/add-a-command.md", tree)
        if steps < 12:
            sys.exit(f"Only {steps} steps were understood: were the page's words changed?")

        build = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "build"

        def run(*command):
            print("$", *command, flush=True)
            subprocess.run(command, check=True)

        run("cmake", "-S", tree, "-B", build, "-DSMP_WERROR=ON", "-DCMAKE_BUILD_TYPE=Debug")
        tests = ["test_groups_sensor", "test_groups_vectors"]
        run("cmake", "--build", build, "--target", "smp", "smpsim", "smp_model", *tests, "-j2")
        for test in tests:
            run(build / "tests" / test)
        run(sys.executable, tree / "tests/layering/layering.py", tree)
        run(sys.executable, tree / "tests/abi/symbols.py", tree,
            build / "lib/libsmp.so", build / "lib/libsmp.a")  # fmt: skip
        run(tree / "tests/abi/headers.sh", tree)
        # Without a line of anybody's, every binding has it.
        model = build / "bindings/gen/model.json"
        (generated := Path(folder) / "generated").mkdir()
        for language in ("python", "go", "node"):
            generator = tree / f"bindings/gen/{language}.py"
            run(sys.executable, generator, "--model", model, "--output", generated)
        run(sys.executable, tree / "bindings/gen/page.py", "--model", model)
        for file, line in (
            (
                generated / "_groups.py",
                "async def read(self, name: str) -> m.SensorReadResponse:",
            ),
            (generated / "gen_sensor.go", "func (g SensorCommands) Read(ctx context.Context, "),
            (generated / "generated.d.ts", "  read(request: SensorReadRequest, "),
            (tree / "docs/bindings.md", "`sensor.read(name)`"),
        ):
            if line not in file.read_text():
                sys.exit(f"{file.name} lacks {line}")


main()
