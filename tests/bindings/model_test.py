#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The model that all bindings are made from: complete, and refused when it would not be.

model_test.py PATH-OF-SMP_DUMP_TABLES
"""

import copy
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/gen"))

import headers  # noqa: E402
import model  # noqa: E402
import page  # noqa: E402

DUMP = sys.argv.pop()
TABLES = json.loads(subprocess.run([DUMP], check=True, capture_output=True, text=True).stdout)
HEADERS = headers.parse_all(ROOT / "include/smp")


def make(tables=TABLES, parsed=HEADERS):
    return model.make_model(copy.deepcopy(tables), copy.deepcopy(parsed))


class ModelTest(unittest.TestCase):
    def test_every_command_is_there_and_explained(self):
        commands = [c for g in make()["groups"] for c in g["commands"]]
        self.assertGreater(len(commands), 50)
        for command in commands:
            self.assertTrue(command["doc"], command["name"])
        names = [(g["name"], c["call"]) for g in make()["groups"] for c in g["commands"]]
        self.assertEqual(len(names), len(set(names)))

    def test_every_call_of_the_headers_is_a_command(self):
        functions = {c["function"] for g in make()["groups"] for c in g["commands"]}
        whole_transfers = {"smp_img_upload", "smp_fs_upload", "smp_fs_download"}
        prefixes = tuple(f"smp_{g['name']}_" for g in TABLES["groups"])
        for header in HEADERS:
            for function in header.functions:
                if "smp_callback *done" in function.arguments and function.name.startswith(
                    prefixes
                ):
                    self.assertIn(function.name, functions | whole_transfers)

    def test_fields_know_their_member(self):
        fields = {f["key"]: f for f in make()["messages"]["smp_img_slot"]["fields"]}
        self.assertEqual(fields["size"]["member"], "bytes")
        self.assertTrue(fields["size"]["has"])
        self.assertEqual(fields["size"]["doc"], "of the slot")

    def test_docs_have_no_tags(self):
        text = json.dumps(make())
        for tag in ("@param", "@since", "@retval", "/**", "*/"):
            self.assertNotIn(tag, text)

    def test_a_member_without_a_row_is_noticed(self):
        parsed = copy.deepcopy(HEADERS)
        struct = next(s for h in parsed for s in h.structs if s.name == "smp_img_slot")
        struct.members.append(headers.Member("extra", "uint32_t", ""))
        with self.assertRaisesRegex(model.Disagreement, "smp_img_slot: 4 rows, but 5 members"):
            make(parsed=parsed)

    def test_a_table_without_a_struct_is_noticed(self):
        tables = copy.deepcopy(TABLES)
        tables["messages"]["smp_nobody"] = {"size": 8, "fields": []}
        with self.assertRaisesRegex(model.Disagreement, "smp_nobody"):
            make(tables=tables)

    def test_enums_are_counted_as_c_does(self):
        enums = make()["enums"]
        values = {v["short"]: v["value"] for v in enums["smp_transport_kind"]["values"]}
        self.assertEqual(values, {"DATAGRAM": 0, "STREAM": 1})
        self.assertEqual(enums["smp_img_rc"]["values"][3]["short"], "NO_IMAGE")

    def test_the_page_of_all_commands_is_fresh(self):
        text = page.PAGE.read_text(encoding="utf-8")
        self.assertEqual(
            page.page(make(), text), text, "stale: run bindings/gen/page.py and commit the page"
        )

    def test_the_page_names_what_is_there(self):
        """Of what is in the repository: C and Go."""
        declared = {f.name for h in HEADERS for f in h.functions}
        go = "".join(f.read_text() for f in (ROOT / "bindings/go").glob("gen_*.go"))
        line = r"^\| \w+ \d+ \w+ \| `(\w+)\(\)` \| [^|]+ \| `(\w+)\.(\w+)\("
        rows = re.findall(line, page.PAGE.read_text(encoding="utf-8"), re.M)
        self.assertEqual(len(rows), sum(len(g["commands"]) for g in make()["groups"]))
        for c, group, call in rows:
            self.assertIn(c, declared)
            self.assertIn(f"func (g {group}Commands) {call}(", go)


if __name__ == "__main__":
    unittest.main()
