#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs other people's SMP tools into build/: smpclient and smpmgr with pip, mcumgrctl with cargo.
#   peers.sh            as their users have them, for comparing speed
#   peers.sh --debug    mcumgrctl unoptimised, in a third of the time
# Exit status 1: one of them is missing, as was said loudly.
set -u
cd "$(dirname "$0")/../.."
status=0

missing()
{
    echo "SKIPPED, NOT TESTED: $1"
    status=1
}

venv=build/venv-interop
[ -x $venv/bin/python ] || python3 -m venv $venv
$venv/bin/pip install -q --disable-pip-version-check -r tests/interop/requirements.txt ||
    missing "smpclient and smpmgr cannot be installed here (see above)."

folder=build/peers
profile=()
if [ "${1:-}" = --debug ] && [ ! -x $folder/bin/mcumgrctl ]; then
    folder=build/peers-debug
    profile=(--debug)
fi
if [ -x $folder/bin/mcumgrctl ]; then
    :
elif ! command -v cargo >/dev/null; then
    missing "mcumgrctl: there is no cargo to install it with."
elif ! cargo install --quiet mcumgrctl --version 0.20.0 --no-default-features --locked \
    --root $folder "${profile[@]}"; then
    missing "mcumgrctl cannot be installed here (see above)."
fi
exit $status
