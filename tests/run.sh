#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds, and runs all of them.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

usage() {
    cat <<TEXT
tests/run.sh [OPTION...]

  --fuzz-seconds N  how long each fuzz target runs (60)
  --only STEP       run this step only; may be given several times
  --no-install      do not install packages
  --list            show the steps
  -h, --help        show this

The log of each step is in build/logs/.  The last line counts the tests; the exit status is 0 when
none failed.  Each step is a script in tests/steps/ and can be run by hand.
TEXT
}

# name, then the command; a step that ends with status 77 was skipped, and said why.
steps=(
    "setup tests/steps/setup.sh"
    "build tests/steps/build.sh dev"
    "test tests/steps/ctest.sh dev"
    "build-asan tests/steps/build.sh asan"
    "test-asan tests/steps/ctest.sh asan"
    "build-release tests/steps/build.sh release"
    "e2e tests/steps/e2e.sh asan"
    "demo examples/demo.sh"
    "install tests/steps/install.sh"
    "no-serialport tests/steps/without_libserialport.sh"
    "interop tests/steps/interop.sh"
    "format tests/steps/format.sh"
    "lint tests/steps/lint.sh"
    "python tests/steps/python.sh"
    "pysmp tests/steps/python_binding.sh"
    "go tests/steps/go_binding.sh"
    "node tests/steps/node_binding.sh"
    "valgrind tests/steps/valgrind.sh"
    "fuzz tests/steps/fuzz.sh"
    "bench tests/steps/bench.sh"
)

only=()
install=yes
export FUZZ_SECONDS=60
while [ $# -gt 0 ]; do
    case $1 in
        --fuzz-seconds) FUZZ_SECONDS=${2:?seconds are missing}; shift ;;
        --only) only+=("${2:?the name of a step is missing, see --list}"); shift ;;
        --no-install) install=no ;;
        --list) printf '%s\n' "${steps[@]%% *}"; exit 0 ;;
        -h | --help) usage; exit 0 ;;
        *) echo "Unknown option $1; see --help" >&2; exit 2 ;;
    esac
    shift
done
for name in "${only[@]}"; do
    printf '%s\n' "${steps[@]%% *}" | grep -qx -- "$name" || {
        echo "No step is called $name; see --list" >&2
        exit 2
    }
done

passed=0
failed=0
skipped=0
summary='^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$'

# Runs one step and adds up its tests: its own summary line, or one for the step itself.
run_step() {
    local name=$1 log=build/logs/$1.log started=$SECONDS status counts word
    shift
    printf '%-14s' "$name"
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    counts=$(grep -E "$summary" "$log" | tail -n 1)
    case $status in
        0) word=passed ;;
        77) word=SKIPPED ;;
        *) word=FAILED ;;
    esac
    if [ -z "$counts" ]; then
        case $word in
            passed) counts="1 passed, 0 failed, 0 skipped" ;;
            SKIPPED) counts="0 passed, 0 failed, 1 skipped" ;;
            *) counts="0 passed, 1 failed, 0 skipped" ;;
        esac
    fi
    # shellcheck disable=SC2086
    set -- ${counts//,/}
    [ "$word" != FAILED ] || [ "$3" -gt 0 ] || set -- "$1" passed 1 failed "$5" skipped
    passed=$((passed + $1))
    failed=$((failed + $3))
    skipped=$((skipped + $5))
    printf '%-8s %4d s   %s\n' "$word" $((SECONDS - started)) "$1 passed, $3 failed, $5 skipped"
    case $word in
        FAILED) grep -vE '^ *Start |  Passed  |^\[ *[0-9]+%\]|^\[(RUN |PASS)\]' "$log" | tail -n 80 | sed 's/^/    | /' ;;
        SKIPPED) tail -n 3 "$log" | sed 's/^/    | /' ;;
        *) grep '^SKIPPED' "$log" | sort | uniq | cut -c 1-200 | sed 's/^/    | /' ;;
    esac
    [ "$word" != FAILED ]
}

wanted() {
    [ ${#only[@]} -eq 0 ] || printf '%s\n' "${only[@]}" | grep -qx -- "$1"
}

mkdir -p build/logs
for step in "${steps[@]}"; do
    # shellcheck disable=SC2086
    set -- $step
    wanted "$1" || continue
    [ "$1 $install" != "setup no" ] || continue
    run_step "$@"
    result=$?
    if [ $result -ne 0 ] && [ "$1" = setup -o "$1" = build ]; then
        echo "Nothing else can run without that."
        break
    fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
