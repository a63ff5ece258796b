#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ruff and mypy over the tests' own Python, by the rules in pyproject.toml.
set -u
cd "$(dirname "$0")/../.."
status=0
build/venv/bin/ruff check --quiet . || status=1
build/venv/bin/ruff format --check . || status=1
build/venv/bin/mypy || status=1
exit $status
