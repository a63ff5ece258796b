#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows what clang-format would change; with --fix, changes it.
set -u
cd "$(dirname "$0")/../.."
# Versions of clang-format differ in details: all use the one that tests/requirements.txt pins.
format=build/venv/bin/clang-format
[ -x $format ] || format=clang-format
# Of bindings/go only copies of the shim would be found.
files=$(find libsmp examples tests bindings/{shim,gen,node/src} -name '*.[ch]')
if [ "${1:-}" = --fix ]; then
    # shellcheck disable=SC2086
    exec $format -i $files
fi
failed=0
for file in $files; do
    if ! $format "$file" | cmp -s - "$file"; then
        echo "$file: run tests/steps/format.sh --fix"
        failed=1
    fi
done
echo "$(wc -w <<<"$files") files"
exit $failed
