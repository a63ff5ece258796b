#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the benchmarks' tables.  Speed is a matter of the machine: nothing fails here but a crash.
set -u
cd "$(dirname "$0")/../.."
if [ ! -x tests/bench/run.sh ]; then
    echo "Skipped: there is no tests/bench/run.sh"
    exit 77
fi
tests/bench/run.sh
