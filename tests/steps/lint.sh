#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy, with the rules of .clang-tidy, over everything that preset dev compiles.
#   lint.sh [FILE...]
set -u
cd "$(dirname "$0")/../.."
files=("$@")
[ $# -gt 0 ] || mapfile -t files < <(find libsmp examples -name '*.c' | sort)
printf '%s\0' "${files[@]}" |
    xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p build/dev 2>&1 |
    grep -E -A 2 ' (error|warning): '
status=${PIPESTATUS[1]}
echo "${#files[@]} files"
exit "$status"
