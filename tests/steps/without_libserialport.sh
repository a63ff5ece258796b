#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Serial lines when libserialport was not there at build time: ports are set up, listed and found all
# the same, and nothing links it.
set -eu
cd "$(dirname "$0")/../.."
build=build/without-libserialport
cmake -S . -B $build -DCMAKE_BUILD_TYPE=Debug -DSMP_LIBSERIALPORT=OFF -DSMP_WERROR=ON >/dev/null
tests=(serial serial_list serial_port serial_explain serial_baud pty)
cmake --build $build -j "$(nproc)" --target "${tests[@]/#/test_transports_}" smpctl >/dev/null
if ldd $build/bin/smpctl | grep serialport; then
    echo "smpctl links libserialport"
    exit 1
fi
$build/bin/smpctl ports
names=$(IFS='|' && echo "${tests[*]}")
report=$PWD/$build/ctest.xml
rm -f "$report"
status=0
ctest --test-dir $build -R "^unit.transports_($names)\$" --no-tests=error --output-junit "$report" \
    --test-output-size-passed 1000000 --test-output-size-failed 1000000 || status=$?
tests/steps/count_ctest.py "$report"
exit $status
