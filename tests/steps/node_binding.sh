#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Node binding, checks its types, and runs its tests and those of its package.
# Everything happens in a copy: the tree stays as it is.
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
cp -r CMakeLists.txt LICENSE bindings examples include libsmp pkgconfig docs "$work"
mkdir "$work/tests"
cp -r tests/vectors "$work/tests"
cd "$work/bindings/node" || exit 1
rm -rf build prebuilds node_modules
npm run build || exit 1

failed=0
if npm install --no-save --no-audit --no-fund --ignore-scripts; then
    npm run types || failed=1
else
    echo "SKIPPED: types are not checked, npm cannot install TypeScript"
fi
node --expose-gc --test --test-reporter=tap test/*.test.js | tee "$work/report"
[ "${PIPESTATUS[0]}" -eq 0 ] || failed=1

# The package, where nothing of this repository is near.
mkdir "$work/elsewhere"
npm pack --pack-destination "$work/elsewhere" || exit 1
cd "$work/elsewhere" || exit 1
npm init -y >/dev/null
npm install --no-audit --no-fund ./libsmp-*.tgz || exit 1
node -e "require('libsmp').ports()" || failed=1
# All it needs came along: nothing but the C library is found elsewhere.
if [ "$(uname)" = Linux ]; then
    ldd node_modules/libsmp/prebuilds/*/smp.node | grep -E 'cbor|nettle|serialport' |
        grep -v "$PWD" && failed=1 && echo "the package uses libraries of this machine"
fi
node --input-type=module -e "import { version } from 'libsmp'; console.log('installed', version)" ||
    failed=1
count() { sed -n "s/^# $1 //p" "$work/report" | tail -n 1; }
echo "$(count pass) passed, $(count fail) failed, $(count skipped) skipped"
exit $failed
