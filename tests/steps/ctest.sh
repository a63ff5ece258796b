#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs what ctest knows: unit tests, layering, ABI.
#   ctest.sh PRESET
set -u
cd "$(dirname "$0")/../.."
report=$PWD/build/$1/ctest.xml
rm -f "$report"
ctest --preset "$1" -j "$(nproc)" --no-tests=error --output-junit "$report" \
    --test-output-size-passed 1000000 --test-output-size-failed 1000000
status=$?
tests/steps/count_ctest.py "$report" || exit 1
exit $status
