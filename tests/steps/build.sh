#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#   build.sh PRESET
set -eu
cd "$(dirname "$0")/../.."
cmake --preset "$1"
cmake --build --preset "$1" -j "$(nproc)"
