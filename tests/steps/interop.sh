#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Other people's tools against smpsim: Python's smpclient and smpmgr, as their users have them.
#   interop.sh [PRESET]   whose smpsim to use (asan)
set -u
cd "$(dirname "$0")/../.."
venv=build/venv-interop
[ -x $venv/bin/python ] || python3 -m venv $venv
if ! $venv/bin/pip install -q --disable-pip-version-check -r tests/interop/requirements.txt; then
    echo "SKIPPED, NOT TESTED: smpclient and smpmgr cannot be installed here (see above)."
    echo "Whether other people's tools can update smpsim is not known from this run."
    exit 77
fi
export SMP_BIN=$PWD/build/${1:-asan}/bin
[ -x "$SMP_BIN/smpsim" ] && [ -x "$SMP_BIN/smpctl" ] || {
    echo "No programs in $SMP_BIN: did the build fail?"
    exit 1
}
$venv/bin/python -m pytest tests/interop -q -p no:cacheprovider --junit-xml build/logs/interop.xml
status=$?
python3 tests/steps/count_pytest.py build/logs/interop.xml
exit $status
