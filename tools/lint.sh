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
step "ruff check" $bin/ruff check .
step "ruff format" $bin/ruff format --check --quiet .
step "pyright" $bin/pyright --pythonpath $bin/python --warnings
step "pyright, firmware with MicroPython's library" $bin/python tools/check_stubs.py
step "layers" $bin/python tools/check_layers.py
step "state machine diagrams" $bin/python tools/draw_machines.py --check
step "the README's figures" $bin/python tools/bench_readme.py --check
step "golden vectors" $bin/python native/reference/make_vectors.py --check
if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint failed: %s\n' "${failed[@]}"
  exit 1
fi
echo "lint: clean"
