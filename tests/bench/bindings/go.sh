#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Go next to C, in the same run: echo in memory and over UDP, upload of 2 MiB at RTT 0 and 50 ms.
# Needs an installed libsmp that pkg-config finds, smpsim in PATH, and go.  Best of three.
set -eu
cd "$(dirname "$0")/../../.."
work=$(mktemp -d)
sim=
trap '[ -z "$sim" ] || kill "$sim"; rm -rf "$work"' EXIT
# shellcheck disable=SC2046
cc -std=c11 -O2 -D_POSIX_C_SOURCE=200809L tests/bench/bindings/c_bench.c -o "$work/c" \
    $(pkg-config --cflags --libs smp)
(cd bindings/go && go build -o "$work/go" ./internal/bench)

best() {
    for _ in 1 2 3; do "$@"; done | sort -n | head -n 1
}

row() {
    local what=$1 c g
    shift
    c=$(best "$work/c" "$@")
    g=$(best "$work/go" "$@")
    awk -v what="$what" -v c="$c" -v g="$g" \
        'BEGIN { printf "| %-28s | %10.3f | %10.3f | %5.2f |\n", what, c, g, g / c }'
}

# start OPTION...: a device; sets $address
start() {
    [ -z "$sim" ] || kill "$sim"
    rm -rf "$work/state"
    : >"$work/log"
    smpsim --udp 127.0.0.1:0 --state "$work/state" --slot-size 4194304 --buf-count 16 --work-us 0 "$@" \
        >"$work/log" 2>&1 &
    sim=$!
    until grep -q 'listening on udp' "$work/log"; do sleep 0.05; done
    address=$(sed -n 's/.*listening on udp //p' "$work/log")
}

echo "| what                         | C          | Go         | ratio |"
echo "|---|---|---|---|"
row "echo in memory, us" echo 50000
start
row "echo over UDP, us" udp "$address" 5000
row "upload 2 MiB, RTT 0, s" upload "$address" 2097152
start --delay 50
row "upload 2 MiB, RTT 50 ms, s" upload "$address" 2097152
