#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unit tests once more under valgrind: reads of memory never written, which ASan does not see.
#   valgrind.sh [--all]   the tests of what parses bytes, or all of them (ten minutes and more)
# Only what valgrind complains about counts here: tests that measure time or memory may fail under it.
set -u
cd "$(dirname "$0")/../.."
command -v valgrind >/dev/null || {
    echo "Skipped: valgrind is missing"
    exit 77
}
one() {
    # Criterion runs each test in a process of its own: follow them.
    valgrind --quiet --trace-children=yes --error-exitcode=99 --leak-check=no \
        --log-file="build/logs/valgrind-$(basename "$1").%p" "$1" --jobs 1 --timeout 120 \
        >"build/logs/valgrind-$(basename "$1").out" 2>&1
    local status=$?
    local complaints
    complaints=$(cat build/logs/valgrind-"$(basename "$1")".[0-9]* 2>/dev/null)
    rm -f build/logs/valgrind-"$(basename "$1")".[0-9]*
    if [ -n "$complaints" ]; then
        echo "$(basename "$1"): valgrind complains"
        echo "$complaints"
        return 1
    fi
    if ! grep -q Synthesis "build/logs/valgrind-$(basename "$1").out"; then
        echo "$(basename "$1"): did not run to its end, status $status"
        cat "build/logs/valgrind-$(basename "$1").out"
        return 1
    fi
    echo "$(basename "$1"): clean$([ $status -eq 0 ] || echo ", but a test failed in it")"
}
export -f one
mkdir -p build/logs
which='base|codec|framing|update'
[ "${1:-}" != --all ] || which=
find build/dev/tests -maxdepth 1 -name 'test_*' -type f -executable |
    grep -E "/test_($which)_?" | sort |
    xargs -P "$(nproc)" -I{} bash -c 'one {}'
