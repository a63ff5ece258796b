#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes what is generated here: the typed code, and the copies of the C shim.
#
#     generate.sh [--check] [MODEL]
#
# MODEL is what the target smp_model made (build/dev/bindings/gen/model.json).  With --check nothing
# is written; the exit status says whether all is as it should be.
set -eu
cd "$(dirname "$0")"
check=no
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi
model=${1:-../../build/dev/bindings/gen/model.json}
out=.
if [ $check = yes ]; then
    out=$(mktemp -d)
    trap 'rm -rf "$out"' EXIT
    mkdir -p "$out/internal/shim"
fi

rm -f "$out"/gen_*.go "$out"/internal/shim/*.[ch]
python3 ../gen/go.py --model "$model" --output "$out"
gofmt -w "$out"/gen_*.go
cp ../shim/*.[ch] "$out/internal/shim/"

[ $check = yes ] || exit 0
status=0
for file in "$out"/gen_*.go "$out"/internal/shim/*.[ch] gen_*.go internal/shim/*.[ch]; do
    name=${file#"$out"/}
    cmp -s "$out/$name" "$name" || {
        echo "stale: bindings/go/$name"
        status=1
    }
done
[ $status -eq 0 ] || echo "Run bindings/go/generate.sh and commit what it changes."
exit $status
