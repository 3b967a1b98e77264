"""A phone that dies without a word: the board reports to it, waits, hangs up, and the other one stays."""

import signal
import time

import pytest

from hil_tests.joining import all_join
from hil_tests.processes import wait_until
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.pjsua import Pjsua

pytestmark = [pytest.mark.hil, pytest.mark.limit_s(120)]
needs_pjsua = pytest.mark.skipif(not Pjsua.available(), reason="pjsua2-python has no wheel for this Python")
TIMEOUT_S = 30.0
SENDER_REPORT, BYE = 200, 203


def reports(capture, near: str, board: str) -> list[bytes]:
    """RTCP packets from the board to a phone's ports."""
    packets = (one for one in capture.packets() if one.source[0] == board and one.target[0] == near)
    return [one.payload for one in packets if len(one.payload) > 8 and 200 <= one.payload[1] <= 204]


@needs_pjsua
def test_a_phone_that_dies_is_hung_up_on(bench, phone_of, capture_of, spoken, figures):
    ghost = phone_of(Baresip, "ghost", play=spoken["ue1"], answer=False)
    stays = phone_of(Pjsua, "stays", play=spoken["ue2"], answer=False)
    capture = capture_of(bench, ghost, stays)
    address = all_join([ghost, stays], bench)
    time.sleep(6.0)
    ghost.process.send_signal(signal.SIGKILL)
    died_s = time.time()
    wait_until(lambda: bench.members() == ["stays"], TIMEOUT_S + 8, "the ghost to be put out", 0.2)
    gone_s = time.time() - died_s
    assert gone_s > TIMEOUT_S - 2
    stays.hangup()
    bench.wait_status(bench.idle, 12, "the conference's end")
    stays.finish()
    capture.stop()
    board = address.partition("@")[2].partition(":")[0]
    told = reports(capture, "127.0.0.1", board)
    figures.add(put_out_after_s=round(gone_s, 1), reports=len(told))
    assert any(one[1] == SENDER_REPORT for one in told)
    assert sum(bytes([0x81, BYE]) in one for one in told) >= 2, "both are told that our streams end"
