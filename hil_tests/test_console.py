"""A board's serial console: log lines for a person, the raw REPL for mpremote, both during a call."""

import time

import pytest

from hil_tests import ask
from hil_tests.console import mpremote

pytestmark = pytest.mark.hil


@pytest.fixture(scope="module")
def embedded_services() -> str:
    """pytest-embedded: a plain serial port."""
    return "serial"


@pytest.fixture
def port(bench) -> str:
    """pytest-embedded: the serial port of the first board, as the status names it."""
    return str(bench.boards()[0].serial)


def test_the_console_says_who_joins_and_leaves(bench, dut, port):
    async def work(caller):
        host = bench.boards()[0].host
        for _ in range(4):  # the server spreads conferences over the boards
            address = await ask.allocate(caller, bench.server, 2)
            call, outcome = await ask.join(caller, address)
            assert outcome.status == 200
            await call.bye()
            if host in address:
                return
        raise AssertionError("the first board was never chosen")

    ask.with_caller(work)
    dut.expect(r"\d+\.\d{3} info focus: sip:test@\S+ starts \d+/\d+", timeout=5)
    dut.expect(r"info focus: sip:test@\S+ left \(bye\)", timeout=5)


def test_mpremote_lists_files_during_a_call(bench, crowd_of, figures):
    crowd = crowd_of(server=bench.server, participants=3, seconds=25)
    crowd.wait_talking()
    host = crowd.address().rpartition("@")[2].partition(":")[0]
    board = bench.board_at(host)
    times_ms = []
    for _ in range(3):
        start = time.monotonic()
        done = mpremote(board.serial, "fs", "ls")
        times_ms.append(round((time.monotonic() - start) * 1000))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "main.py" in done.stdout
    done = mpremote(board.serial, "exec", "print(6 * 7)")
    assert (done.returncode, done.stdout.strip()) == (0, "42"), done.stdout + done.stderr
    time.sleep(2.0)
    result = crowd.finish(early=True)
    figures.add(fs_ls_ms=times_ms, **result.figures())
    assert result.lost == 0
    assert result.complaints(spoilt_seconds=0.1) == []
    assert bench.board_at(host).pid == board.pid, "the board was reset"


@pytest.mark.once
def test_reset_over_the_console_brings_the_board_back(bench):
    board = bench.boards()[1]
    done = mpremote(board.serial, "reset")
    assert done.returncode == 0, done.stdout + done.stderr

    def back(status: dict) -> bool:
        facts = next(b for b in status["boards"] if b["board_id"] == board.board_id)
        return facts["registered"] and int(facts["pid"] or 0) not in (0, board.pid)

    bench.wait_status(back, 20, "the board to be back after its reset")
