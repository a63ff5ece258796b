#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Go binding against libsmp as users install it: stale files, gofmt, vet, tests, tests with -race.
#   go_binding.sh [BUILD]   a folder where libsmp was built; by default preset release, built now
set -eu
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/local/go/bin
command -v go >/dev/null || {
    echo "SKIPPED, NOT TESTED: there is no go here, so nothing is known about the Go binding."
    exit 77
}
[ $# -gt 0 ] || tests/steps/build.sh release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
cmake --install "${1:-build/release}" --prefix "$prefix" >/dev/null
libdir=$(dirname "$(find "$prefix" -name libsmp.a)")
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir PATH=$prefix/bin:$PATH
# Go keeps what it built with another prefix's headers and library; by these it knows the difference.
export CGO_CFLAGS="-O2 -g -I$prefix/include" CGO_LDFLAGS="-O2 -g -L$libdir"

# shellcheck disable=SC2046
cc -std=c11 -D_POSIX_C_SOURCE=200809L bindings/gen/dump_tables.c -o "$work/dump" \
    $(pkg-config --cflags --libs smp)
"$work/dump" >"$work/tables.json"
python3 bindings/gen/model.py --tables "$work/tables.json" --headers include/smp \
    --output "$work/model.json"

status=0
bindings/go/generate.sh --check "$work/model.json" || status=1
cd bindings/go
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || {
    echo "gofmt: $unformatted"
    status=1
}
go vet ./... || status=1
go test -count=1 -json ./... >"$work/plain.json" || status=1
go test -count=1 -race -json . >"$work/race.json" || status=1

# Tests, not their parts, of both runs.
python3 - "$work/plain.json" "$work/race.json" <<'PYTHON' || status=1
import json
import sys

counts = {"pass": 0, "fail": 0, "skip": 0}
seen = 0
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            text = event.get("Output", "")
            if "SKIPPED" in text or "FAIL" in text or "_test.go:" in text:
                print(text, end="")
            test = event.get("Test")
            if test and "/" not in test and event["Action"] in counts:
                counts[event["Action"]] += 1
                seen += 1
print(f"{counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped")
sys.exit(0 if seen and not counts["fail"] else 1)
PYTHON
exit $status
