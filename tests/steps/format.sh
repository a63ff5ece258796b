#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows what clang-format would change; with --fix, changes it.
set -u
cd "$(dirname "$0")/../.."
# Versions of clang-format differ in details: all use the one that tests/requirements.txt pins.
format=build/venv/bin/clang-format
[ -x $format ] || format=clang-format
files=$(find libsmp examples tests -name '*.[ch]')
if [ "${1:-}" = --fix ]; then
    # shellcheck disable=SC2086
    exec $format -i $files
fi
# shellcheck disable=SC2086
$format --dry-run --Werror $files && echo "$(wc -w <<<"$files") files are well formed"
