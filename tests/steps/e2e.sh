#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# smpctl against smpsim, as a user has them.
#   e2e.sh [PRESET]   whose programs to use (asan)
set -u
cd "$(dirname "$0")/../.."
export SMP_BIN=$PWD/build/${1:-asan}/bin
[ -x "$SMP_BIN/smpsim" ] && [ -x "$SMP_BIN/smpctl" ] || {
    echo "No programs in $SMP_BIN: did the build fail?"
    exit 1
}
export SMP_REPORT=$PWD/build/logs/e2e.commands
rm -f "$SMP_REPORT"
e2e() {
    build/venv/bin/python -m pytest tests/e2e -q -p no:cacheprovider "$@"
}
# Most of them wait for devices and clocks, so more of them run at once than there are processors.
status=0
e2e -m 'not alone' -n "$((2 * $(nproc)))" --junit-xml build/logs/e2e.xml || status=1
e2e -m alone --junit-xml build/logs/e2e-alone.xml || status=1
# What was asked of the simulator has to be what docs/commands.md says.
tests/docs/commands.py "build/${1:-asan}/tests" "$SMP_REPORT" || status=1
tests/steps/count_pytest.py build/logs/e2e.xml build/logs/e2e-alone.xml
exit $status
