#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, as C11 and as C++17, without a warning.
#   headers.sh ROOT [COMPILER...]
set -u
root=$1
shift
compilers=("$@")
[ ${#compilers[@]} -gt 0 ] || compilers=(gcc clang)
flags=(-I"$root/include" -Wall -Wextra -Wpedantic -Werror -fsyntax-only)
failed=0
count=0
for header in "$root"/include/smp/*.h; do
    for compiler in "${compilers[@]}"; do
        command -v "$compiler" >/dev/null || continue
        for language in "c -std=c11" "c++ -std=c++17"; do
            count=$((count + 1))
            # shellcheck disable=SC2086
            printf '#include <smp/%s>\nextern int something;\n' "$(basename "$header")" |
                "$compiler" -x $language "${flags[@]}" - || {
                echo "$(basename "$header") does not compile alone: $compiler $language"
                failed=1
            }
        done
    done
done
echo "$count compilations"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
