#!/usr/bin/env bash
# Every test, in the order in which a fault is cheapest to find. Arguments go to the run against virtual boards.
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
# The kernels' tests, which compile much, beside those of firmware and server.
on_cpython() {
  mkdir -p out
  .venv/bin/python -m pytest -q -m "not hil and not soak" native/tests hil_tests >out/kernels.log 2>&1 &
  local kernels=$! failed=0
  .venv/bin/python -m pytest -q --durations=12 -m "not hil and not soak" firmware/tests host/tests || failed=1
  wait $kernels || failed=1
  cat out/kernels.log
  return $failed
}
step "firmware, kernels and server on CPython" on_cpython
step "firmware on MicroPython" .venv/bin/python tools/run_tests.py --runtime micropython
step "real phones against a virtual board" .venv/bin/python -m pytest -q --durations=12 hil_tests -m "hil and not soak" --board virtual "$@"
for board in mps2-an500 mps2-an386; do # what is missing for them, the tests say once more; in CI they fail then
  "${MAKE:-make}" -s build BOARD=$board || echo "no emulated board $board"
done
step "real phones against emulated Arm boards" .venv/bin/python -m pytest -q --durations=5 -m "hil and not soak" \
  --board mps2-an500 --hil-output out/hil-arm hil_tests/test_arm_*.py hil_tests/test_dhcp.py hil_tests/test_resets.py hil_tests/test_upgrade.py \
  hil_tests/test_flow.py::test_our_phone_brings_in_pjsua_and_baresip_and_leaves_first
echo
if [ ${#failed[@]} -gt 0 ]; then
  printf 'failed: %s\n' "${failed[@]}"
  exit 1
fi
echo "all tests passed"
