"""A thousand calls through an emulated Arm board, one after another: nothing of them stays."""

import os
import time

import pytest

from hil_tests import ask, emulated
from hil_tests.console import mpremote

CALLS = int(os.environ.get("PARLEY_SOAK_CALLS", "1000"))
ROUNDS = 4  # with a rest after each
EVERY = 50  # calls between two looks at the heap
AT_REST_S = 35  # a call's transactions stay for 32 s

pytestmark = [pytest.mark.hil, pytest.mark.soak, pytest.mark.emulated]

FREE = "import gc; gc.collect(); gc.collect(); print(gc.mem_free())"


@pytest.mark.limit_s(3000)
def test_a_thousand_calls_leave_no_trace(own_bench, figures):
    arm = own_bench(boards=1, env={"PARLEY_QUARANTINE_S": "0"})  # its slots are few
    pid, console = emulated.facts(arm)["pid"], arm.boards()[0].serial

    def free():
        done = mpremote(console, "exec", FREE)
        assert done.returncode == 0, done.stdout + done.stderr
        return int(done.stdout)

    async def work(caller, calls, answers_ms, free_bytes):
        for number in range(calls):
            call, outcome = await ask.join_when_free(caller, arm.server, 2)
            answers_ms.append(outcome.latency_ms)
            await call.bye()
            if number % EVERY == EVERY - 1:
                free_bytes.append(free())

    def calls(count):
        answers_ms, free_bytes = [], []
        ask.with_caller(lambda caller: work(caller, count, answers_ms, free_bytes))
        time.sleep(AT_REST_S)
        return answers_ms, free_bytes, free()

    calls(EVERY)  # tables and caches grow to their size
    start_s = time.monotonic()
    rounds = [calls(CALLS // ROUNDS) for _ in range(ROUNDS)]
    seconds = time.monotonic() - start_s - ROUNDS * AT_REST_S
    answers_ms = sorted(one for answers_ms, _, _ in rounds for one in answers_ms)
    busy = [one for _, free_bytes, _ in rounds for one in free_bytes]
    rest = [free_bytes for _, _, free_bytes in rounds]
    pools = emulated.execute(arm, "import mps2; print([pool for pool in mps2.pools() if pool[4]])")
    figures.add(
        calls=len(answers_ms), calls_a_second=round(len(answers_ms) / seconds, 1), free_at_rest=rest,
        free_busy=busy, answer_median_ms=answers_ms[len(answers_ms) // 2], worst_answer_ms=answers_ms[-1],
    )  # fmt: skip
    assert emulated.facts(arm)["pid"] == pid, "the board was reset"
    assert "watchdog:" not in emulated.console_log(arm)
    assert pools == "[]", "a pool of lwIP was exhausted"
    assert min(busy[len(busy) // 2 :]) > 0.95 * min(busy[: len(busy) // 2]), (
        "the heap shrinks while calls come"
    )
    assert rest[-1] > 0.99 * rest[0], "something of the calls stays"
