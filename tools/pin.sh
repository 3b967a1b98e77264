#!/usr/bin/env bash
# Pins requirements/*.txt with hashes (and no download addresses) from pyproject.toml and requirements/*.in.
set -euo pipefail

cd "$(dirname "$0")/.."
compile=(.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url
  --custom-compile-command "make requirements")
"${compile[@]}" pyproject.toml -o requirements/runtime.txt
"${compile[@]}" pyproject.toml requirements/development.in -o requirements/development.txt
