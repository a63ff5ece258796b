#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds what is measured, optimised, and prints every benchmark's table.
#
#     tests/bench/run.sh            what needs nothing but this repository
#     tests/bench/run.sh --peers    also against mcumgrctl, which cargo installs into build/peers
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build
if [ "${1:-}" = --peers ] && [ ! -x build/peers/bin/mcumgrctl ]; then
    cargo install mcumgrctl --version 0.20.0 --no-default-features --root build/peers
fi
cmake -S . -B build/bench -DCMAKE_BUILD_TYPE=Release >build/bench.log
cmake --build build/bench -j"$(nproc)" --target codec_bench transfer_bench smpctl smpsim \
    >>build/bench.log
bin=build/bench/bin
printf '== codec, against bare libcbor ==\n'
"$bin/codec_bench"
printf '\n== transfer, in memory: what one chunk costs ==\n'
"$bin/transfer_bench"
printf '\n== smpctl against smpsim, over UDP ==\n'
python3 tests/bench/udp_bench.py --bin "$bin" --peer build/peers/bin/mcumgrctl
