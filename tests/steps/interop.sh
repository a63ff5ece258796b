#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Other people's tools against smpsim, as their users have them: Python's smpclient and smpmgr, and
# Rust's mcumgrctl where there is cargo.
#   interop.sh [PRESET]   whose smpsim to use (asan)
set -u
cd "$(dirname "$0")/../.."
tests/support/peers.sh --debug
if ! build/venv-interop/bin/python -c 'import smpclient, smpmgr'; then
    echo "Whether other people's tools can update smpsim is not known from this run."
    exit 77
fi
export SMP_BIN=$PWD/build/${1:-asan}/bin
[ -x "$SMP_BIN/smpsim" ] && [ -x "$SMP_BIN/smpctl" ] || {
    echo "No programs in $SMP_BIN: did the build fail?"
    exit 1
}
# They wait more than they work.
build/venv-interop/bin/python -m pytest tests/interop -q -p no:cacheprovider -rs \
    -n "$((2 * $(nproc)))" --junit-xml build/logs/interop.xml
status=$?
python3 tests/steps/count_pytest.py build/logs/interop.xml
exit $status
