#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs preset release into a folder of its own, moves that, and builds a program against it:
# with pkg-config under both names, with CMake, shared and static.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -d build/release ] || tests/steps/build.sh release
cmake --install build/release --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
prefix=$work/moved
libdir=$(dirname "$(find "$prefix" -name libsmp.a)")
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir
warnings="-std=c11 -Wall -Wextra -Wpedantic -Werror"

cd "$work"
for name in smp libsmp; do
    # shellcheck disable=SC2046,SC2086
    gcc $warnings "$root/tests/install/consumer.c" $(pkg-config --cflags --libs $name) -o with_$name
    echo "pkg-config $name: $(./with_$name)"
done
# shellcheck disable=SC2046,SC2086
gcc $warnings "$root/tests/install/consumer.c" $(pkg-config --cflags smp) "$libdir/libsmp.a" \
    $(pkg-config --static --libs-only-l libsmp | sed 's/-lsmp//') -o static
echo "pkg-config --static: $(env -u LD_LIBRARY_PATH ./static)"

cmake -S "$root/tests/install" -B cmake -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build cmake >/dev/null
echo "CMake smp::smp: $(cmake/consumer_shared)"
echo "CMake smp::static: $(env -u LD_LIBRARY_PATH cmake/consumer_static)"

[ "$(pkg-config --modversion smp)" = "$("$prefix/bin/smpctl" version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)" ]
echo "smpctl is installed and has the same version"
