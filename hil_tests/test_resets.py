"""A board that is reset, by hand in a call or by its watchdog: it comes back, and forgets what was."""

import re
import time

import pytest

from hil_tests import ask, emulated
from hil_tests.console import mpremote

pytestmark = pytest.mark.hil

RESET_BY_HAND, RESET_BY_WATCHDOG = "1", "3"  # machine.SOFT_RESET and machine.WDT_RESET of every kind of board
WATCHDOG_SAYS = re.compile("watchdog: the firmware (stopped making|makes no) progress")
REASON = "import machine; print(machine.reset_cause())"


def test_a_reset_in_a_call_ends_it_and_the_board_serves_again(lone_board, figures):
    bench = lone_board()

    async def join_and_lose(caller):
        address = await ask.allocate(caller, bench.server, 2)
        _, outcome = await ask.join(caller, address)
        assert outcome.status == 200
        return address

    address = ask.with_caller(join_and_lose)
    # An address tells when it was given in whole seconds, and a virtual board is back within one.
    time.sleep(1)
    start_s = time.monotonic()
    board = emulated.reset(bench)
    figures.add(back_after_s=round(time.monotonic() - start_s, 2))

    async def ask_again(caller):
        old = (await ask.ask(caller, address)).status
        call, new = await ask.join(caller, await ask.allocate(caller, bench.server, 2))
        await call.bye()
        return old, new.status

    assert ask.with_caller(ask_again) == (410, 200)
    if bench.board_kind in emulated.KINDS:
        assert emulated.execute(bench, REASON) == RESET_BY_HAND
    assert board["kernels"] == "native"


@pytest.mark.limit_s(90)
def test_the_watchdog_bites_a_firmware_that_hangs(lone_board, figures):
    bench = lone_board()
    pid = emulated.facts(bench)["pid"]
    start_s = time.monotonic()
    hang = mpremote(bench.boards()[0].serial, "exec", "--no-follow", "while True: pass")
    assert hang.returncode == 0, hang.stdout + hang.stderr
    board = emulated.wait_for_reboot(bench, pid, emulated.WATCHDOG_S + emulated.BOOT_S)
    figures.add(back_after_s=round(time.monotonic() - start_s, 2))
    said = emulated.console_log(bench)
    assert WATCHDOG_SAYS.search(said)
    assert board["kernels"] == "native"
    assert emulated.execute(bench, REASON) == RESET_BY_WATCHDOG
