"""Many at once: conferences of four on one board, all talking: eight, or as many as a small board has legs for."""

import statistics

import pytest

from hil_tests import emulated

pytestmark = pytest.mark.hil

CONFERENCES = {"virtual": 8, **dict.fromkeys(emulated.KINDS, 4)}


def test_conferences_of_four_fill_a_board(lone_board, crowd_of, figures):
    bench = lone_board()
    count = CONFERENCES[bench.board_kind]
    server = f"{bench.server};size=4"
    crowd = crowd_of(server=server, conferences=count, participants=4, seconds=15, answer_s=10, wav=True)
    joined = crowd.wait_talking(30)
    addresses = {event.detail["address"] for event in joined}
    assert len(addresses) == count, "one address for each conference"
    status = bench.wait_sizes(*[4] * count)
    assert [board["connected"] for board in status["boards"]] == [4 * count]
    result = crowd.finish(40)
    figures.add(**result.figures())
    assert result.lost == 0
    assert result.complaints(spoilt_seconds=0.05) == []
    assert {p["bye"] for p in result.participants} == {200}
    bench.wait_status(bench.idle, 12, "the end of all conferences")


def test_pcma_and_pcmu_talk_to_each_other(bench, crowd_of, figures):
    first = crowd_of("mu", server=bench.server, participants=2, seconds=14, law="PCMU")
    first.wait_talking()
    second = crowd_of(
        "a", address=first.address(), participants=2, seconds=9, law="PCMA", prefix="a-", skip_tones=2
    )
    second.wait_talking()
    bench.wait_sizes(4, address=first.address())
    late, early = second.finish(), first.finish()
    figures.add(**late.figures())
    for result, law in ((early, 0), (late, 8)):
        assert [p["payload_types"] for p in result.participants] == [[law], [law]]
        assert result.lost == 0
        assert max(statistics.median(p["own_db"]) for p in result.participants) < -45
        errors_db = result.level_errors_db()
        assert errors_db, "this machine was too busy: our own senders were late in every second"
        off = [error for error in errors_db if abs(error) >= 0.5]  # seconds with a concealed packet
        assert len(off) <= 0.2 * len(errors_db), off
