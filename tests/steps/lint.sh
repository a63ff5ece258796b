#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy, with the rules of .clang-tidy, over everything that preset dev compiles, and over the
# addon for Node where Node's headers are.
#   lint.sh [FILE...]
set -u
cd "$(dirname "$0")/../.."
files=("$@")
[ $# -gt 0 ] || mapfile -t files < <(find libsmp examples bindings/{shim,gen} -name '*.c' | sort)
printf '%s\0' "${files[@]}" |
    xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p build/dev 2>&1 |
    grep -E -A 2 ' (error|warning): '
status=${PIPESTATUS[1]}
node=$(command -v node || true)
node_include=$(dirname "$(realpath "${node:-/}")")/../include/node
if [ $# -eq 0 ] && [ -e "$node_include/node_api.h" ]; then
    addon=(bindings/node/src/*.c)
    clang-tidy --quiet "${addon[@]}" -- -std=c11 -D_POSIX_C_SOURCE=200809L -DNAPI_VERSION=8 \
        -Iinclude -Ibindings/shim -isystem "$node_include" 2>&1 | grep -E -A 2 ' (error|warning): '
    [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
    files+=("${addon[@]}")
fi
echo "${#files[@]} files"
exit "$status"
