"""What a phone does in the matrix: it calls and does everything it can, offers later, is called, is moved."""

import asyncio
import os
import signal
import time
from functools import partial

from hil_tests import features, sip_text
from hil_tests.ask import allocate, join, silent_port, with_caller
from hil_tests.processes import WaitTimeoutError, wait_until
from hil_tests.ues.face import Phone
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.sipp import Sipp

PAUSE_S = 0.6
FETCH_S = 6.0


def wait_inside(bench, name: str, there: bool = True) -> None:
    wait_until(
        lambda: any(name in one for one in bench.members()) == there,
        10,
        f"{name} to be {'in' if there else 'out of'} a conference",
    )


def focus_of(bench, name: str) -> str:
    """The address of the conference that somebody is in."""
    mine = (one for one in bench.conferences() if any(name in uri for uri in one["participants"]))
    return next(mine)["address"]


def attempt(action, *arguments) -> None:
    """Do what the phone can; time for its messages to pass."""
    try:
        action(*arguments)
    except NotImplementedError:
        return
    time.sleep(PAUSE_S)


def calls_and_does_everything(phone: Phone, bench, friends: list[Phone]) -> None:
    """In the conference it holds, talks on, presses keys, updates, refers."""
    phone.call(bench.server)
    wait_inside(bench, phone.name)
    attempt(phone.hold)
    attempt(phone.unhold)
    try:
        phone.dtmf("*2")
        wait_until(lambda: raises_hand(bench, phone), 5, f"{phone.name}'s raised hand")
    except NotImplementedError:
        pass
    attempt(phone.update)
    focus = focus_of(bench, phone.name)
    try:
        phone.refer_outside(focus, friends[1].uri)
        wait_inside(bench, friends[1].name)
    except NotImplementedError:
        pass
    attempt(phone.message, friends[0].uri, "hello")
    try:
        phone.refer(focus, friends[0].uri)
        wait_inside(bench, friends[0].name)
    except NotImplementedError:
        pass
    if isinstance(phone, ParleyUe):  # news of the conference come every five seconds (RFC 4575 3.9)
        wait_until(lambda: sees(phone, friends[1]), 8, f"{phone.name} to see {friends[1].name} come")
    time.sleep(PAUSE_S)
    phone.hangup()
    wait_inside(bench, phone.name, False)
    for friend in friends:
        friend.finish()


def raises_hand(bench, phone: Phone) -> bool:
    """Whether the board understood *2 (docs/conference-calling.md)."""
    members = [member for one in bench.conferences() for member in one["members"]]
    return any(member["hand"] and phone.name in member["uri"] for member in members)


def sees(phone: ParleyUe, other: Phone) -> bool:
    """Whether `parley call --watch` says that the other is in."""
    return any(step["event"] == "is in" and other.name in step["to"] for step in phone.steps())


def offers_later(phone: Phone, bench) -> None:
    """A call in which the other end offers."""
    try:
        phone.call_without_offer(bench.server)
    except NotImplementedError:
        return
    wait_inside(bench, phone.name)
    phone.hangup()
    wait_inside(bench, phone.name, False)


def is_called(phone: Phone, bench) -> None:
    """The judge calls it: holds it, updates, and refers it to a conference."""

    async def scene(caller):
        call, outcome = await join(caller, phone.uri)
        assert outcome.status == 200, outcome.response.start
        offer = sip_text.sdp_offer(caller.host, silent_port())
        held = await call.reinvite(offer.replace(b"a=sendrecv", b"a=sendonly"))
        assert held.status == 200
        let_go = await call.reinvite(offer)
        assert let_go.status == 200
        assert features.direction_of(let_go.body) == "sendrecv"
        await call.inside("UPDATE", (("Content-Type", "application/sdp"),), offer)
        address = await allocate(caller, bench.server, 3)
        await call.inside("REFER", (("Refer-To", f"<{address}>"),))
        await asyncio.to_thread(wait_inside, bench, phone.name)
        await call.bye()

    with_caller(scene)
    is_moved(phone, bench)
    is_fetched(phone, bench)
    phone.hangup()
    wait_inside(bench, phone.name, False)


def is_moved(phone: Phone, bench) -> None:
    """Its board is drained, and its conference goes to another."""

    def host() -> str:
        wait_inside(bench, phone.name)
        return sip_text.address_of(focus_of(bench, phone.name))[0]

    old = host()
    board = bench.board_at(old).board_id
    assert bench.parley("board", "drain", board, "--move", "--http", bench.http).returncode == 0
    try:
        wait_until(lambda: host() != old, 10, f"{phone.name} on another board")
    finally:
        bench.parley("board", "undrain", board, "--http", bench.http)


def is_fetched(phone: Phone, bench) -> None:
    """Its board dies; another one has a few seconds to call it. What comes of it the wire tells."""
    address = focus_of(bench, phone.name)
    board = bench.board_at(sip_text.address_of(address)[0])
    os.kill(board.pid, signal.SIGKILL)  # its keeper starts it again

    def elsewhere() -> bool:
        others = [one for one in bench.conferences() if one["address"] != address]
        return any(phone.name in uri for one in others for uri in one["participants"])

    try:
        wait_until(elsewhere, FETCH_S, f"{phone.name} to be fetched")
        time.sleep(PAUSE_S)
    except WaitTimeoutError:
        pass  # a phone without Replaces notices nothing


def presses_keys(phone: Sipp, bench) -> None:
    """Another call, in which the hand goes up by the keys that come with SIPp."""
    address = with_caller(partial(allocate, server=bench.server, size=3))
    phone.call_with_keys(address)
    wait_until(lambda: raises_hand(bench, phone), 8, f"{phone.name}'s raised hand")
    assert phone.succeeded(10), phone.process.tail() + phone.messages()[-3000:]
