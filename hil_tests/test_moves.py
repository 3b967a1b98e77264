"""Live conferences whose board goes away: a drained one sends everybody on; after a dead one they meet by calling."""

import os
import signal
import struct
import time

import pytest

from hil_tests import rtp_stream, sip_text
from hil_tests.ask import offer, with_caller
from hil_tests.hearing import measure
from hil_tests.processes import wait_until
from hil_tests.rtp_stream import Arrived
from hil_tests.talk import TALK_S
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua
from hil_tests.wav import read

pytestmark = [
    pytest.mark.hil,
    pytest.mark.skipif(not Pjsua.available(), reason="pjsua2-python has no wheel for this Python"),
]
NAMES = ["ue1", "ue2", "ue3"]
KINDS = (Pjsua, Baresip, ParleyUe)


def people(bench) -> dict[str, list[str]]:
    """Host of a board -> who is on it."""
    found = {}
    for one in bench.conferences():
        if one["participants"]:
            host = sip_text.address_of(one["address"])[0]
            found[host] = sorted(sip_text.user_of(uri) for uri in one["participants"])
    return found


def talk_on_one_board(bench, phone_of, spoken, kinds=KINDS):
    """Three phones in one conference; returns (phones, host of its board)."""
    phones = [phone_of(kind, name, play=spoken[name]) for kind, name in zip(kinds, NAMES, strict=True)]
    for phone in phones:
        phone.start()
    phones[0].call(bench.server)
    phones[0].wait_event("answered", 6)
    wait_until(lambda: len(people(bench)) == 1, 6, "the conference", 0.1)
    (address,) = [one["address"] for one in bench.conferences() if one["participants"]]
    phones[1].call(address)
    if isinstance(phones[2], ParleyUe):
        phones[0].refer(address, phones[2].uri)  # `parley listen` is called by the board
    else:
        phones[2].call(address)
    host = sip_text.address_of(address)[0]
    wait_until(lambda: people(bench) == {host: NAMES}, 8, "all three in it", 0.1)
    return phones, host


def voices_from(capture, host: str, spoken, after_s: float) -> list[list[str]]:
    """Of each stream that this board sent: whose voices are in it."""
    sources = {name: read(spoken[name]) for name in NAMES}
    heard = []
    for stream in capture.streams():
        packets = [(at_s, data) for at_s, data in stream.packets if at_s > after_s]
        if stream.source[0] != host or len(packets) < 50 * TALK_S * 0.8:
            continue
        arrived = []
        for at_s, data in packets:
            _, second, sequence, timestamp, _ = struct.unpack("!BBHII", data[:12])
            arrived.append(Arrived(at_s, sequence, timestamp, second & 0x7F, data[12:]))
        pcm = rtp_stream.samples(sorted(arrived, key=lambda one: one.at_s))
        heard.append(sorted(name for name in NAMES if measure.hear(pcm, sources[name], 1.5).present))
    return sorted(heard)


def assert_all_hear_each_other(phones, capture, host: str, spoken) -> None:
    """They talk on at the board at `host` from now on; ends their calls and the capture."""
    there_s = time.time()
    time.sleep(TALK_S)
    for phone in phones:
        phone.finish()
    capture.stop()
    heard = voices_from(capture, host, spoken, there_s)
    assert heard == [NAMES[:2], [NAMES[0], NAMES[2]], NAMES[1:]]


def test_a_drained_board_sends_its_conference_to_another(own_bench, phone_of, capture_of, spoken, figures):
    bench = own_bench(boards=2)
    phones, host = talk_on_one_board(bench, phone_of, spoken)
    capture = capture_of(bench, *phones)
    (other,) = [board.host for board in bench.boards() if board.host != host]
    started_s = time.time()
    done = bench.parley("board", "drain", bench.board_at(host).board_id, "--move", "--http", bench.http)
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until(lambda: people(bench) == {other: NAMES}, 20, "all three on the other board", 0.1)
    figures.add(moved_ms=round((time.time() - started_s) * 1000))
    assert_all_hear_each_other(phones, capture, other, spoken)
    messages = capture.messages()
    referred = {one.target[1] for one in messages if one.method == "REFER" and one.source[0] == host}
    assert referred == {phone.port for phone in phones}
    bench.wait_status(bench.idle, 12, "its end")


def address_for_a_liar(bench, name: str) -> str:
    """Where somebody is sent who calls himself by the name of a phone that is elsewhere."""

    async def scene(caller):
        call = caller.call()
        call.local = f"<sip:{name}@127.0.0.2:5062>;tag={sip_text.random_id(4)}"
        outcome = await call.invite(bench.server, offer(), follow=False)
        assert outcome.status == 302, outcome.response.start
        return outcome.contact

    return with_caller(scene)


def test_those_whose_board_has_died_meet_by_calling_again(own_bench, phone_of, capture_of, spoken, figures):
    """Phones without Replaces: one calls the old address at the server, the others dial the server again."""
    bench = own_bench(boards=2, env={"PARLEY_REUNION_TRUST": "host"})
    phones, host = talk_on_one_board(bench, phone_of, spoken, (Baresip,) * 3)
    capture = capture_of(bench, *phones)
    (old,) = [one["address"] for one in bench.conferences() if one["participants"]]
    os.kill(bench.board_at(host).pid, signal.SIGKILL)  # its keeper starts it again
    started_s = time.time()
    wait_until(lambda: people(bench) == {}, 15, "the loss", 0.1)
    figures.add(missed_ms=round((time.time() - started_s) * 1000))
    astray = address_for_a_liar(bench, NAMES[1])
    place = bench.server.partition("@")[2]
    for phone in phones:
        phone.hangup()
        phone.call(f"sip:{sip_text.user_of(old)}@{place}" if phone is phones[0] else bench.server)
    wait_until(lambda: list(people(bench).values()) == [NAMES], 10, "all three in one conference", 0.1)
    (new,) = [one["address"] for one in bench.conferences() if one["participants"]]
    assert new not in (old, astray)
    assert_all_hear_each_other(phones, capture, sip_text.address_of(new)[0], spoken)


def test_phones_that_know_replaces_are_fetched_after_a_board_s_death(
    own_bench, phone_of, capture_of, spoken, figures
):
    """PJSUA and ours talk on without their users; baresip does not know Replaces and calls the old address."""
    bench = own_bench(boards=2)
    phones, host = talk_on_one_board(bench, phone_of, spoken)
    wait_until(lambda: bench.board_at(host) is not None, 1, "the board", 0.1)
    capture = capture_of(bench, *phones)
    (old,) = [one["address"] for one in bench.conferences() if one["participants"]]
    time.sleep(1)  # for a registration that tells who is in
    os.kill(bench.board_at(host).pid, signal.SIGKILL)
    started_s = time.time()
    wait_until(
        lambda: NAMES[::2] in people(bench).values() and len(people(bench)) == 1, 20, "two fetched", 0.1
    )
    figures.add(fetched_ms=round((time.time() - started_s) * 1000))
    place = bench.server.partition("@")[2]
    phones[1].hangup()
    phones[1].call(f"sip:{sip_text.user_of(old)}@{place}")
    wait_until(lambda: list(people(bench).values()) == [NAMES], 10, "all three in one conference", 0.1)
    (new,) = [one["address"] for one in bench.conferences() if one["participants"]]
    assert new != old
    assert_all_hear_each_other(phones, capture, sip_text.address_of(new)[0], spoken)
