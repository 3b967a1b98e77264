"""Three servers, three etcd nodes, eight boards, and faults of every kind while phones ask whichever server answers.

What is promised is read from the wire: no address is given out twice, no slot is live for two conferences, no board is
sold over. What was acknowledged holds, unless its own board died. At the end every leg is back in the pool.
"""

import random
import threading
import time
from collections import Counter

import pytest

from hil_tests import ask, sip_text
from hil_tests.capture import Capture
from hil_tests.chaos_phones import SIZE, Crowd
from hil_tests.fleet import Fleet
from hil_tests.processes import wait_until

pytestmark = [pytest.mark.hil, pytest.mark.soak]

BOARDS, LEGS = (3, 3, 2), 12
OFFER_TTL_S, QUARANTINE_S = 6, 2
SETTINGS = f"offer_ttl_s = {OFFER_TTL_S}\nquarantine_s = {QUARANTINE_S}"
RECOVERY_S = 10.0
BOARD_DEAD_S = 14.0  # a registration of 9 s, and the boot
SEED = 7


@pytest.fixture
def fleet(artifacts, ports):
    made = Fleet(artifacts / "fleet", ports, BOARDS, LEGS, SETTINGS)
    try:
        yield made.start()
    finally:
        made.stop()


def faults_of(fleet, draw, seconds):
    """Do one fault after the other; returns them."""
    kinds = [fleet.kill_server, fleet.kill_node, fleet.kill_leader, fleet.kill_board]
    kinds += [fleet.freeze_server, fleet.freeze_node]
    if fleet.may_cut:
        kinds += [fleet.cut_server, fleet.cut_node]
    done, end_s = [], time.monotonic() + seconds
    bag = []
    while time.monotonic() < end_s:
        if not bag:  # every kind comes once before any comes again
            bag = draw.sample(kinds, len(kinds))
        done.append(bag.pop()(draw))
        print(f"{done[-1].kind}: {done[-1].whom}, {done[-1].ended_s - done[-1].begun_s:.1f} s")
        time.sleep(draw.uniform(0, 2))
    return done


def answers_everywhere(fleet):
    """Whether every server gives an address now."""

    async def work(caller):
        statuses = []
        for server in fleet.servers:
            try:
                statuses.append((await ask.ask(caller, f"{server.server};size=2", timeout_s=2)).status)
            except AssertionError:
                statuses.append(0)
        return statuses

    return ask.with_caller(work) == [302] * len(fleet.servers)


def slot_of(address):
    """(board, slot): the slot is in characters 2 to 5 of the token."""
    return sip_text.address_of(address)[0], sip_text.user_of(address)[2:6]


def read_wire(messages, boards):
    """(calls that were sent each address, live calls as {call id: [address, since, until]}) by the capture."""
    given, live = {}, {}
    asked = {}
    for one in messages:
        if one.status == 302 and one.cseq_method == "INVITE":
            given.setdefault(sip_text.uri_in(one.contact), set()).add(one.call_id)
        elif one.method == "INVITE" and one.is_request and one.target[0] in boards:
            asked.setdefault(one.call_id, one.uri)
        elif one.status == 200 and one.cseq_method == "INVITE" and one.call_id in asked:
            live.setdefault(one.call_id, [asked[one.call_id], one.at_s, None])
        elif one.method == "BYE" and one.is_request and one.call_id in live:
            live[one.call_id][2] = live[one.call_id][2] or one.at_s
    return given, live


def judge_wire(given, live, killed, end_s):
    """What must never be seen. killed: board -> times at which it was killed."""
    twice = {address: calls for address, calls in given.items() if len(calls) > 1}
    assert twice == {}, "an address was given to two conferences"
    spans = {}
    for address, since_s, until_s in live.values():
        board = sip_text.address_of(address)[0]
        deaths = [at_s for at_s in killed.get(board, []) if at_s >= since_s]
        spans.setdefault(board, []).append((since_s, min([until_s or end_s, *deaths]), address))
    for board, calls in spans.items():
        for since_s, until_s, address in calls:
            beside = [one for one in calls if one[0] <= since_s < one[1]]
            assert len(beside) <= LEGS, f"{board} is sold over"
            meets = {one[2] for one in beside if slot_of(one[2]) == slot_of(address)}
            assert meets <= {address}, f"two conferences meet on one slot of {board}: {meets}"
            assert until_s >= since_s
    return sum(len(calls) for calls in spans.values())


def judge_diary(diary, faults):
    """What was acknowledged and could not be used, but for what died with its board."""
    deaths = [(fault.board, fault.begun_s) for fault in faults if fault.board]
    broken = []
    for held in diary.held:
        board = sip_text.address_of(held.address)[0]
        for at_s, status in held.joined:
            died = any(b == board and held.given_s - 1 < s + BOARD_DEAD_S and s < at_s for b, s in deaths)
            late = at_s - held.given_s > OFFER_TTL_S - 2
            if status != 200 and not died and not late:
                broken.append((held.address, held.server, round(at_s - held.given_s, 2), status))
    return broken


def free_legs(fleet):
    """By every server's books: (legs that are reserved, boards that are registered)."""
    rows = fleet.boards()
    return [(sum(row["legs_used"] for row in one), sum(row["registered"] for row in one)) for one in rows]


def fill(fleet):
    """Take everything there is, from the servers in turns; returns the addresses."""

    async def work(caller):
        taken, refused = [], 0
        while refused < len(fleet.servers):
            server = fleet.servers[len(taken) % len(fleet.servers)] if not refused else fleet.servers[refused]
            outcome = await ask.ask(caller, f"{server.server};size={SIZE}", timeout_s=5)
            if outcome.status == 302:
                taken.append(outcome.contact)
            else:
                assert outcome.status == 503
                refused += 1
        return taken

    return ask.with_caller(work)


@pytest.mark.parametrize("seconds", [45, 240])
@pytest.mark.limit_s(480)
def test_chaos(fleet, artifacts, figures, seconds):
    draw = random.Random(SEED)
    ports = [server.sip_port for server in fleet.servers]
    nets = [server.board_net for server in fleet.servers]
    boards = {board.host for server in fleet.servers for board in server.boards()}
    crowd = Crowd([server.server for server in fleet.servers], SEED, at_once=6)
    phones = threading.Thread(target=crowd.run)
    with Capture(artifacts / "chaos.pcapng", nets, ports, limit_s=400) as capture:
        offset_s = time.time() - time.monotonic()
        phones.start()
        try:
            faults = faults_of(fleet, draw, seconds)
            last_s = time.monotonic()
            wait_until(lambda: answers_everywhere(fleet), 30, "every server to give addresses", 0.1)
            answering_s = time.monotonic() - last_s
            wait_until(fleet.whole, 30, "every server to know every board", 0.1)
            recovered_s = time.monotonic() - last_s
        finally:
            crowd.stop = True
            phones.join(60)
        wanted = [(0, sum(BOARDS))] * len(fleet.servers)
        wait_until(lambda: free_legs(fleet) == wanted, 60, "all legs to come back to the pool", 0.5)
        emptied_s = time.monotonic() - last_s
        taken = fill(fleet)
    killed = {}
    for fault in faults:
        if fault.board:
            killed.setdefault(fault.board, []).append(fault.begun_s + offset_s)
    given, live = read_wire(capture.messages(), boards)
    calls = judge_wire(given, live, killed, time.time())
    broken = judge_diary(crowd.diary, faults)
    asked_ms = sorted(held.asked_ms for held in crowd.diary.held)
    figures.add(
        seconds=seconds,
        faults=dict(Counter(fault.kind for fault in faults)),
        addresses=len(given),
        calls=calls,
        refused=crowd.diary.refused,
        answering_after_s=round(answering_s, 1),
        recovered_after_s=round(recovered_s, 1),
        emptied_after_s=round(emptied_s, 1),
        answer_median_ms=round(asked_ms[len(asked_ms) // 2], 1),
        answer_worst_ms=round(asked_ms[-1]),
        filled=len(taken),
    )
    assert broken == [], "acknowledged and lost"
    assert recovered_s < RECOVERY_S
    assert len(taken) == len(set(taken)) == sum(BOARDS) * (LEGS // SIZE), "the whole pool can be had again"
