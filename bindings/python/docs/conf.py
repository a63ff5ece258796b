# SPDX-License-Identifier: Apache-2.0
"""The reference of pysmp, of the package that is installed.

python -m sphinx -W bindings/python/docs build/python/docs
"""

import re
from typing import Any

import pysmp

project = "pysmp"
author = "the libsmp authors"
release = version = pysmp.library_version
extensions = ["sphinx.ext.autodoc"]
html_theme = "alabaster"
html_theme_options = {"description": "SMP (MCUmgr) for asyncio"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_show_sourcelink = False
add_module_names = False

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
python_use_unqualified_type_names = True

# Every name in the text must lead somewhere, except to what is not ours.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(asyncio|collections|typing|os|abc|builtins|types|enum|dataclasses)\..*"),
    ("py:.*", r".*\.[A-Z]"),  # type variables
    ("py:.*", r"pysmp\._(group|operation|command)\..*|Source|Sink|Data|Value|Verdict|Decide"),
    ("py:.*", r"(bool|int|str|bytes|bytearray|memoryview|float|object|list|dict|tuple|None|Any)"),
]
# Fields of messages that are called bytes or type.
suppress_warnings = ["ref.python"]

SECTION = re.compile(r"(Args|Raises):$")
ENTRY = re.compile(r"    (\w+): (.*)")


def sections(_app: Any, _what: str, _name: str, _o: Any, _options: Any, lines: list[str]) -> None:
    """Turns "Args:" and "Raises:" into fields.  Napoleon would, but reads "one: two" as a type."""
    role = ""
    for number, line in enumerate(lines):
        if begins := SECTION.match(line):
            role = {"Args": "param", "Raises": "raises"}[begins[1]]
            lines[number] = ""
        elif role and (entry := ENTRY.match(line)):
            lines[number] = f":{role} {entry[1]}: {entry[2]}"
        elif role and line.startswith("     "):
            lines[number] = line[4:]
        elif line.strip():
            role = ""


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", sections)
