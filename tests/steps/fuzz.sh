#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs each fuzz target for FUZZ_SECONDS (60), as many at once as there are processors.
set -u
cd "$(dirname "$0")/../.."
command -v clang >/dev/null || {
    echo "Skipped: clang is missing"
    exit 77
}
tests/steps/build.sh fuzz || exit 1

fuzz_one() {
    local binary=$1 name corpus
    name=$(basename "$binary")
    corpus=build/fuzz/corpus/$name
    mkdir -p "$corpus"
    local seeds=tests/fuzz/corpus/${name%_fuzz}
    [ -d "$seeds" ] || seeds=
    # shellcheck disable=SC2086
    "$binary" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=1024 -max_len=8192 \
        -artifact_prefix=build/fuzz/ -verbosity=0 -print_final_stats=1 "$corpus" $seeds \
        >"build/fuzz/$name.log" 2>&1
    local status=$?
    [ $status -eq 0 ] || cat "build/fuzz/$name.log"
    local runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log")
    echo "$name: status $status, ${runs:-0} runs"
    return $status
}
export -f fuzz_one
targets=$(find build/fuzz/bin -name '*_fuzz' | sort)
[ -n "$targets" ] || {
    echo "No fuzz target was built"
    exit 1
}
echo "$targets" | xargs -P "$(nproc)" -I{} bash -c 'fuzz_one {}'
