"""Conference calling with real phones (RFC 4579): the board calls them, puts them out, tells who is in."""

import asyncio
import time

import pytest

from hil_tests import sip_text, watcher
from hil_tests.ask import allocate, join, offer, with_caller
from hil_tests.hearing import measure
from hil_tests.processes import wait_until
from hil_tests.talk import TALK_S
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua
from hil_tests.wav import read

pytestmark = pytest.mark.hil
needs_pjsua = pytest.mark.skipif(not Pjsua.available(), reason="pjsua2-python has no wheel for this Python")


def wait_members(bench, address: str, names: list[str]) -> None:
    """Until exactly these user parts are in the conference of this address, by the server's status."""
    token = sip_text.user_of(address)

    def there() -> bool:
        found = [one for one in bench.conferences() if token in one["address"]]
        return sorted(sip_text.user_of(uri) for one in found for uri in one["participants"]) == names

    wait_until(there, 6, f"{names} in the conference; there is {bench.conferences()}", 0.1)


@needs_pjsua
def test_a_phone_has_others_called_by_the_board_and_leaves_first(bench, phone_of, spoken, figures):
    """REFER by PJSUA, in its call and outside: the board calls baresip and our phone; all hear all; it goes on.

    PJSUA refuses the NOTIFYs of a second REFER inside one call (481), so the second is outside.
    """
    ue1 = phone_of(Pjsua, "ue1", play=spoken["ue1"])
    ue2 = phone_of(Baresip, "ue2", play=spoken["ue2"])
    ue3 = phone_of(ParleyUe, "ue3", play=spoken["ue3"])
    phones = (ue1, ue2, ue3)
    for phone in phones:
        phone.start()
    ue1.call(bench.server)
    focus = sip_text.uri_in(ue1.wait_event("answered", 6).detail["contact"])
    asked_s = time.time()
    ue1.refer(focus, ue2.uri)
    wait_until(lambda: finals(ue1) == [200], 8, "NOTIFY 200")
    figures.add(called_ms=round((time.time() - asked_s) * 1000))
    ue1.refer_outside(focus, ue3.uri)
    wait_members(bench, focus, ["ue1", "ue2", "ue3"])
    time.sleep(TALK_S)
    ue1.hangup()
    wait_members(bench, focus, ["ue2", "ue3"])
    time.sleep(1.0)
    for phone in phones:
        phone.finish()
    bench.wait_status(bench.idle, 12, "the conference's end")
    sources = {phone.name: read(spoken[phone.name]) for phone in phones}
    for phone in phones:
        pcm = read(phone.recording)
        for name in sources:
            if name != phone.name:
                heard = measure.hear(pcm, sources[name], 1.5)
                assert heard.present and abs(heard.level_db) < 1, (phone.name, name, heard)


def finals(phone) -> list[int]:
    """Final statuses of the phone's REFERs."""
    told = [event.detail for event in phone.events() if event.kind == "refer_progress"]
    return [detail["status"] for detail in told if detail["final"]]


@needs_pjsua
def test_who_is_in_is_told_to_watchers_and_somebody_is_put_out(bench, phone_of, spoken):
    """The judge watches; PJSUA and baresip are called by the board, one is put out, the conference ends."""
    ue2, ue3 = phone_of(Pjsua, "ue2"), phone_of(Baresip, "ue3", play=spoken["ue3"])
    for phone in (ue2, ue3):
        phone.start()

    async def scene(caller):
        address = await allocate(caller, bench.server, 4)
        call, outcome = await join(caller, address)
        assert outcome.status == 200 and outcome.response.header("contact").endswith(";isfocus")
        status, watch, dialog = await watcher.subscribe(caller, address)
        assert (status, dialog.answer_contact) == (200, outcome.response.header("contact"))
        await watch.until(lambda one: one.documents())
        me = f"sip:test@{caller.host}:{caller.port}"
        assert watch.documents()[0].state == "full" and watch.roster() == {me: "connected"}

        status, progress = await watcher.refer(call, ue2.uri)
        assert status == 202
        await progress.until(lambda one: one.over)
        assert (progress.statuses()[0], progress.statuses()[-1]) == (100, 200)
        status, outside = await watcher.refer_outside(caller, address, ue3.uri)
        assert status == 202
        await outside.until(lambda one: one.over)
        assert outside.statuses()[-1] == 200
        everybody = {me: "connected", ue2.uri: "connected", ue3.uri: "connected"}
        await watch.until(lambda one: one.roster() == everybody, 12)

        status, goodbye = await watcher.refer(call, f"{ue2.uri};method=BYE")
        assert status == 202
        await goodbye.until(lambda one: len(one.statuses()) >= 2 and one.statuses()[-1] == 200)
        ue2.wait_event("ended", 4)
        del everybody[ue2.uri]
        await watch.until(lambda one: one.roster() == everybody, 12)
        versions = [document.version for document in watch.documents()]
        assert versions == list(range(len(versions)))

        status, _ = await watcher.refer_outside(caller, address, "sip:x@127.0.0.1:9", user="stranger")
        assert status == 403
        await call.bye()
        await asyncio.to_thread(wait_members, bench, address, ["ue3"])  # it survives who began it
        ue3.hangup()
        await watch.until(lambda one: one.over)
        assert not watch.documents()[-1].active

    with_caller(scene)
    bench.wait_status(bench.idle, 12, "the conference's end")


def test_refusals_of_a_phone_are_told(bench, phone_of):
    """The board calls somebody who is not there, and somebody who declines."""
    ue2 = phone_of(Baresip, "ue2", answer=False)
    ue2.start()

    async def scene(caller):
        call, _ = await join(caller, await allocate(caller, bench.server, 3))
        status, ringing = await watcher.refer(call, ue2.uri)
        assert status == 202
        await ringing.until(lambda one: 180 in one.statuses())
        await asyncio.to_thread(ue2.hangup)
        await ringing.until(lambda one: one.over)
        assert ringing.statuses()[-1] in (486, 603, 480)
        await call.bye()

    with_caller(scene)
    bench.wait_status(bench.idle, 12, "the conference's end")


@needs_pjsua
def test_a_two_party_call_becomes_a_conference(bench, phone_of):
    """The judge talks with PJSUA; each side is referred to the focus inside its own dialog."""
    ue2 = phone_of(Pjsua, "ue2")
    ue2.start()

    async def scene(caller):
        call, outcome = await join(caller, ue2.uri)  # two parties, no conference
        assert outcome.status == 200
        address = await allocate(caller, bench.server, 3)
        mine, joined = await join(caller, address)
        assert joined.status == 200
        status, progress = await watcher.refer(call, address)
        assert status == 202
        await progress.until(lambda one: one.over)
        assert progress.statuses()[-1] == 200
        await call.bye()
        await asyncio.to_thread(wait_members, bench, address, ["test", "ue2"])
        await mine.bye()

    with_caller(scene)
    ue2.hangup()
    bench.wait_status(bench.idle, 12, "the conference's end")


def test_a_state_of_many_comes_in_pieces_that_fit_a_datagram(own_bench):
    bench = own_bench(boards=1, legs=40)
    legs = bench.status()["boards"][0]["legs"]
    many = min(30, legs - 2)  # an emulated board has fewer legs; a datagram holds three

    async def scene(caller):
        address = await allocate(caller, bench.server, many + 2)
        calls = []
        for number in range(many):
            call = caller.call(f"user{number}")
            outcome = await call.invite(address, offer(), 4.0, follow=False)
            assert outcome.status == 200
            calls.append(call)
        _, watch, _ = await watcher.subscribe(caller, address)
        await watch.until(lambda one: len(one.roster()) == many, 6)
        sizes = [len(m.body) + sum(len(f"{n}: {v}\r\n") for n, v in m.headers) for m in watch.notifies()]
        assert max(sizes) <= 1300
        assert {document.user_count for document in watch.documents()} == {many}
        for call in calls:
            await call.bye()
        await watch.until(lambda one: one.over, 12)

    with_caller(scene)
