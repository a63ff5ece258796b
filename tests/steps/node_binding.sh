#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Node binding, checks its types, and runs its tests: as it is, under AddressSanitizer,
# and as a package.  Everything happens in a copy: the tree stays as it is, but for build/node, where
# the installed package stays for the benchmarks.
#
#   node_binding.sh [--versions]   with the same build also on Node 18 and 24, which npm fetches
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
for tool in node npm cmake python3; do
    if ! command -v $tool >/dev/null; then
        echo "SKIPPED: the Node binding is not tested, there is no $tool"
        exit 77
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
installed=$PWD/build/node
cp -r CMakeLists.txt LICENSE bindings examples include libsmp pkgconfig docs "$work"
mkdir "$work/tests"
cp -r tests/vectors tests/data "$work/tests"
cd "$work/bindings/node" || exit 1
rm -rf build prebuilds node_modules
npm run build || exit 1

failed=0
# test NODE...: the suite, its report at the end of $work/report
run_tests() {
    echo "== the tests with $("$1" --version), ${2:-as it is}"
    "$1" --expose-gc --test --test-reporter=tap test/*.test.js | tee -a "$work/report"
    [ "${PIPESTATUS[0]}" -eq 0 ] || failed=1
}

if npm install --no-save --no-audit --no-fund --ignore-scripts; then
    npm run types || failed=1
else
    echo "SKIPPED: types are not checked, npm cannot install TypeScript"
fi
run_tests node

# Node itself is not instrumented, so the runtime has to be there before it.
asan=$(cc -print-file-name=libasan.so)
if [ -f "$asan" ] && [ "$(uname)" = Linux ]; then
    headers=$(node -p 'require("path").join(process.execPath, "../../include/node")')
    cmake -S . -B asan -DSMP_ROOT="$work" -DNODE_INCLUDE_DIR="$headers" -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_C_FLAGS="-O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined" &&
        cmake --build asan -j"$(nproc)" --target smp_node || exit 1
    (
        export SMPSIM SMP_NODE_ADDON=$PWD/asan LD_PRELOAD=$asan ASAN_OPTIONS=detect_leaks=1
        SMPSIM=$(echo "$PWD"/prebuilds/*/smpsim)
        run_tests node "under AddressSanitizer"
        exit $failed
    ) || failed=1
else
    echo "SKIPPED: not tested under AddressSanitizer, the compiler has none"
fi

if [ "${1:-}" = --versions ]; then
    mkdir "$work/versions"
    for version in 18 24; do
        if npm install --prefix "$work/versions" --no-audit --no-fund "node$version@npm:node@$version"; then
            run_tests "$(find "$work/versions/node_modules/node$version" -path '*bin/node' -size +1M | head -n 1)"
        else
            echo "SKIPPED: npm cannot fetch Node $version"
        fi
    done
fi

# The package, where nothing of this repository is near.
rm -rf "$installed"
mkdir -p "$installed"
npm pack --pack-destination "$installed" || exit 1
cd "$installed" || exit 1
npm init -y >/dev/null
npm install --no-audit --no-fund ./libsmp-*.tgz || exit 1
node -e "require('libsmp').ports()" || failed=1
# All it needs came along: nothing but the C library is found elsewhere.
if [ "$(uname)" = Linux ]; then
    ldd node_modules/libsmp/prebuilds/*/smp.node | grep -E 'cbor|nettle|hogweed|gmp|serialport' |
        grep -v "$PWD" && failed=1 && echo "the package uses libraries of this machine"
fi
node --input-type=module -e "import { version } from 'libsmp'; console.log('installed', version)" ||
    failed=1
count() { awk -v what="$1" '$1 == "#" && $2 == what { sum += $3 } END { print sum + 0 }' "$work/report"; }
echo "$(count pass) passed, $(count fail) failed, $(count skipped) skipped"
exit $failed
