#!/usr/bin/env bash
# Makes the virtual environment $1 from the pinned requirements.
set -euo pipefail

venv=${1:-.venv}
python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "error: Parley needs Python 3.11 or newer, '$python' is $("$python" -V 2>&1); say which with 'make PYTHON=python3.12 ...'" >&2
  exit 1
fi
mkdir -p build
echo "[2/4] Python packages into $venv (a minute or two the first time)"
if ! "$python" -m venv "$venv" >build/setup_venv.log 2>&1; then
  cat build/setup_venv.log >&2
  exit 1
fi
if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
  -r requirements/development.txt >>build/setup_venv.log 2>&1; then
  tail -n 15 build/setup_venv.log >&2
  echo "error: pip failed; its whole output is in build/setup_venv.log" >&2
  exit 1
fi
