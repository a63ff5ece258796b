#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pysmp: a wheel with all it needs inside; types, style and tests; the tests once more with
# AddressSanitizer and the libsmp of preset asan; and with the oldest and newest Python there is.
set -eu
cd "$(dirname "$0")/../.."
venv=build/venv-python
build=build/python
tests=bindings/python/tests
pip=(-m pip --disable-pip-version-check)
[ -x $venv/bin/python ] || python3 -m venv $venv
$venv/bin/python "${pip[@]}" install -q -r $tests/requirements.txt
rm -rf $build
mkdir -p $build build/logs
PYTHON=$venv/bin/python bindings/python/wheel.sh $build --no-build-isolation
$venv/bin/python "${pip[@]}" install -q --force-reinstall --no-deps $build/pysmp-*.whl

# run NAME PYTHON [OPTION OF PYTEST...]: what is tested is what was installed, not the sources.
run() {
    local name=$1 python=$2
    shift 2
    "$python" -m pytest -q -p no:cacheprovider --rootdir bindings/python \
        --junit-xml "build/logs/python_$name.xml" $tests "$@"
}

# With the sanitizers, and so with a libsmp that is installed.  Leaks are looked for by the
# uppermost frames: below those of C there is always Python.
sanitized() {
    [ -x build/asan/bin/smpsim ] || tests/steps/build.sh asan
    cmake --install build/asan --prefix build/asan/prefix >/dev/null
    flags=$(sed -n 's/^CMAKE_C_FLAGS:[A-Z]*=//p' build/asan/CMakeCache.txt)
    $venv/bin/python "${pip[@]}" install -q --no-build-isolation --no-deps --target $build/asan . \
        --config-settings=cmake.define.PYSMP_SYSTEM_LIBSMP=ON \
        "--config-settings=cmake.define.CMAKE_C_FLAGS=$flags" \
        "--config-settings=cmake.define.CMAKE_PREFIX_PATH=$PWD/build/asan/prefix"
    export PYTHONPATH=$PWD/$build/asan SMPSIM=$PWD/build/asan/bin/smpsim PYTHONMALLOC=malloc
    export LD_LIBRARY_PATH=$PWD/build/asan/prefix/lib
    export ASAN_OPTIONS=detect_leaks=1:leak_check_at_exit=0:malloc_context_size=3
    export LSAN_OPTIONS=suppressions=$PWD/$tests/lsan.supp:print_suppressions=0
    LD_PRELOAD=$(gcc -print-file-name=libasan.so)
    export LD_PRELOAD
    run asan $venv/bin/python -k "not uvloop and not smpclient"
}

status=0
rm -f build/logs/python_*.xml
(sanitized) >build/logs/python_asan.log 2>&1 &
sanitized=$!
$venv/bin/ruff check --quiet bindings/python bindings/gen/model.py bindings/gen/headers.py \
    bindings/gen/python.py || status=1
$venv/bin/mypy --config-file bindings/python/mypy.ini -p pysmp || status=1
$venv/bin/mypy --config-file bindings/python/mypy.ini bindings/python/{examples,tests} || status=1
run binding $venv/bin/python || status=1
$venv/bin/python -m sphinx -q -W --keep-going bindings/python/docs $build/docs || status=1
wait $sanitized || status=1
cat build/logs/python_asan.log

for version in 3.9 3.13; do
    if ! python$version -c "import venv" 2>/dev/null; then
        echo "SKIPPED: there is no Python $version here"
        continue
    fi
    other=build/venv-python$version
    [ -x $other/bin/python ] || python$version -m venv $other
    $other/bin/python "${pip[@]}" install -q --force-reinstall pytest $build/pysmp-*.whl
    run $version $other/bin/python -k "not leak" || status=1
done
tests/steps/count_pytest.py build/logs/python_*.xml
exit $status
