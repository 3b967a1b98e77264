#!/usr/bin/env bash
# Every test, in the order in which a fault is cheapest to find. Arguments go to the last pytest run.
set -uo pipefail

cd "$(dirname "$0")/.."
failed=()
step() {
  local name=$1
  shift
  echo
  echo "== $name"
  "$@" || failed+=("$name")
}
step "firmware, kernels and server on CPython" .venv/bin/python -m pytest -q -m "not hil and not soak"
step "firmware on MicroPython" .venv/bin/python tools/run_tests.py --runtime micropython
step "real phones against a virtual board" .venv/bin/python -m pytest -q hil_tests -m "hil and not soak" --board virtual "$@"
echo
if [ ${#failed[@]} -gt 0 ]; then
  printf 'failed: %s\n' "${failed[@]}"
  exit 1
fi
echo "all tests passed"
