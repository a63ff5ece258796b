#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds what is measured, optimised, and prints every benchmark's table.
#
#     tests/bench/run.sh            what takes a minute, and nothing but this repository
#     tests/bench/run.sh --peers    all rows, in some six minutes, beside other people's tools, which
#                                   tests/support/peers.sh installs into build/
#
# What the rows mean, and the table last measured: docs/benchmarks.md.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build
full=()
quick=(--quick)
if [ "${1:-}" = --peers ]; then
    full=(--full)
    quick=()
    tests/support/peers.sh || echo "SOME PEERS ARE MISSING (see above): NOT COMPARED WITH THEM"
fi
cmake -S . -B build/bench -DCMAKE_BUILD_TYPE=Release >build/bench.log
cmake --build build/bench -j"$(nproc)" --target smp codec_bench transfer_bench smpctl smpsim \
    >>build/bench.log
bin=build/bench/bin
printf '== codec, against bare libcbor ==\n'
"$bin/codec_bench"
printf '\n== transfer, in memory: what one chunk costs ==\n'
"$bin/transfer_bench"
printf '\n== smpctl against smpsim ==\n'
python3 tests/bench/speed.py --bin "$bin" --peers build/peers/bin build/venv-interop/bin "${full[@]}"

printf '\n== bindings, beside C (ratio) ==\n'
languages=()
# What their own steps of tests/run.sh left behind.
build/venv-python/bin/python -c 'import pysmp' 2>/dev/null &&
    languages+=(--python build/venv-python/bin/python)
command -v go >/dev/null && languages+=(--go)
{ [ -d build/node/node_modules ] || [ -d bindings/node/prebuilds ]; } && command -v node >/dev/null && languages+=(--node)
cmake -DCMAKE_INSTALL_PREFIX="$PWD/build/bench/prefix" -P build/bench/libsmp/cmake_install.cmake >>build/bench.log
tests/bench/bindings/table.py --bin "$bin" --prefix build/bench/prefix "${quick[@]}" \
    "${languages[@]}"
