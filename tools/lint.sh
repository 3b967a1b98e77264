#!/usr/bin/env bash
# Style, types, layers, generated files. Says every fault, not only the first.
set -uo pipefail

cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()
step() {
  local name=$1
  shift
  echo "== $name"
  "$@" || failed+=("$name")
}
tests_found() { # a name that moved is seen here, not after half an hour of other tests
  local said
  said=$($bin/python -m pytest --collect-only -qq firmware/tests native/tests host/tests hil_tests 2>&1) || {
    echo "$said" | grep -v ': [0-9]*$'
    return 1
  }
}
step "ruff check" $bin/ruff check .
step "ruff format" $bin/ruff format --check --quiet .
step "pyright" $bin/pyright --pythonpath $bin/python --warnings
step "pyright, firmware with MicroPython's library" $bin/python tools/check_stubs.py
step "every test can be imported" tests_found
step "layers" $bin/python tools/check_layers.py
step "state machine diagrams" $bin/python tools/draw_machines.py --check
step "the README's figures" $bin/python tools/bench_readme.py --check
step "golden vectors" $bin/python native/reference/make_vectors.py --check
if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint failed: %s\n' "${failed[@]}"
  exit 1
fi
echo "lint: clean"
