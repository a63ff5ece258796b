#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pysmp: installed from the tree into a venv of its own, then types, style and tests.
set -eu
cd "$(dirname "$0")/../.."
venv=build/venv-python
[ -x $venv/bin/python ] || python3 -m venv $venv
$venv/bin/pip install -q --disable-pip-version-check -r bindings/python/tests/requirements.txt
$venv/bin/pip install -q --disable-pip-version-check --force-reinstall --no-deps .
$venv/bin/pip install -q --disable-pip-version-check cffi
status=0
$venv/bin/ruff check --quiet bindings/python bindings/gen/model.py bindings/gen/headers.py \
    bindings/gen/python.py || status=1
$venv/bin/mypy --config-file bindings/python/mypy.ini -p pysmp || status=1
# What is tested is what was installed, not the sources beside the tests.
report=build/logs/python_binding.xml
$venv/bin/python -m pytest -q -p no:cacheprovider --rootdir bindings/python --junit-xml $report \
    bindings/python/tests || status=1
tests/steps/count_pytest.py $report
exit $status
