#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packages for building and testing, and Python's tools in a venv of their own under build/.
set -eu
cd "$(dirname "$0")/../.."
tests/support/packages.sh build-essential cmake pkg-config \
    libcbor-dev nettle-dev libserialport-dev libpopt-dev libjansson-dev \
    libcriterion-dev clang libclang-rt-dev clang-format clang-tidy valgrind abigail-tools dbus-daemon \
    python3 python3-dev python3-venv
[ -x build/venv/bin/python ] || python3 -m venv build/venv
build/venv/bin/pip install -q --disable-pip-version-check -r tests/requirements.txt
