#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares the library with the last release's ABI; exit status 77: nothing to compare.
#   baseline.sh ROOT libsmp.so
# A release stores its ABI beside this file, from a build of preset dev:
#   abidw --headers-dir include/smp --out-file tests/abi/libsmp-0.1.abi build/dev/lib/libsmp.so
set -u
root=$1
library=$2
baseline=$(find "$root/tests/abi" -name 'libsmp-*.abi' | sort -V | tail -n 1)
if [ -z "$baseline" ]; then
    echo "no release yet, so there is no ABI to keep."
    exit 77
fi
if ! command -v abidiff >/dev/null; then
    echo "abidiff is missing; install abigail-tools."
    exit 77
fi
echo "Comparing with $(basename "$baseline")"
# Bit 3 of the exit status: an incompatible change.  Additions are fine.
abidiff --headers-dir2 "$root/include/smp" "$baseline" "$library"
[ $(($? & ~4)) -eq 0 ]
