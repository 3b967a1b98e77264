"""The ad hoc conference with real phones: each kind once as the one who asks, and as one who is told."""

import re
import time

import pytest

from hil_tests import sip_text
from hil_tests.processes import wait_until
from hil_tests.talk import TALK_S, Talk, failures
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.face import Phone
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua
from hil_tests.ues.sipp import Sipp

pytestmark = pytest.mark.hil
needs_pjsua = pytest.mark.skipif(not Pjsua.available(), reason="pjsua2-python has no wheel for this Python")


@pytest.fixture
def scene(bench, capture_of, spoken, figures):
    """scene(ue1, ue2, ...): the listening phones are started, the capture runs."""

    def make(*phones: Phone) -> Talk:
        capture = capture_of(bench, *phones)
        for phone in phones:
            phone.start()
        return Talk(bench, list(phones), capture, spoken, known={c["id"] for c in bench.conferences()})

    return make


def wait_for_size(running: Talk, size: int) -> dict:
    """Until the conference of this conversation has so many participants; the conference."""

    def found(status: dict) -> list:
        fresh = [c for c in status["conferences"] if c["id"] not in running.known]
        return [c for c in fresh if len(c["participants"]) == size]

    return found(running.bench.wait_status(found, 12, f"{size} participants in a conference"))[0]


def finish(scene: Talk, figures) -> None:
    """The judgement that every flow must pass."""
    scene.read()
    figures.add(**times(scene))
    assert failures(scene.wire_findings() + scene.heard_findings()) == []


def times(scene: Talk) -> dict:
    """Milliseconds from M2 to every later message."""
    marks = scene.flow.marks if scene.flow else []
    return {
        f"{m.mark.replace(' ', '_')}_{m.phone}_ms": round((m.message.at_s - marks[0].message.at_s) * 1000, 1)
        for m in marks[1:]
    }


@needs_pjsua
def test_our_phone_brings_in_pjsua_and_baresip_and_leaves_first(scene, phone_of, bench, spoken, figures):
    ue2 = phone_of(Pjsua, "ue2", play=spoken["ue2"])
    ue3 = phone_of(Baresip, "ue3", play=spoken["ue3"])
    ue1 = phone_of(ParleyUe, "ue1", play=spoken["ue1"], answer=False, invitees=(ue2.uri, ue3.uri))
    running = scene(ue1, ue2, ue3)
    ue1.call(bench.server)
    wait_for_size(running, 3)
    time.sleep(TALK_S)
    ue1.hangup()
    assert ue1.process.wait(8) == 0, ue1.process.tail()
    left_s = time.time()
    time.sleep(3.0)
    bench.wait_sizes(2)
    finish(running, figures)
    assert running.heard_after("ue2", "ue3", left_s)
    assert running.heard_after("ue3", "ue2", left_s)
    assert not running.heard_after("ue2", "ue1", left_s, least_s=0.5)
    bench.wait_status(bench.idle, 12, "the conference's end")


@needs_pjsua
def test_pjsua_brings_in_baresip_and_our_phone(scene, phone_of, bench, spoken, figures):
    ue1 = phone_of(Pjsua, "ue1", play=spoken["ue1"])
    ue2 = phone_of(Baresip, "ue2", play=spoken["ue2"])
    ue3 = phone_of(ParleyUe, "ue3", play=spoken["ue3"])
    ue3.records = False  # it records its calls as one, and its call from ue1 goes on: the wire tells
    running = scene(ue1, ue2, ue3)
    ue1.call(bench.server)
    address = sip_text.uri_in(ue1.wait_event("answered", 6).detail["contact"])
    for number, invitee in enumerate((ue2, ue3), 2):
        ue1.call(invitee.uri)
        ue1.wait_event("answered", 6, number)
        time.sleep(1.1)  # baresip names its recordings by the second, one for each call
        ue1.refer(invitee.uri, address)
        wait_for_size(running, number)
    time.sleep(TALK_S)
    finish(running, figures)
    bench.wait_status(bench.idle, 12, "the conference's end")


@pytest.mark.once
@needs_pjsua
def test_baresip_brings_in_pjsua(scene, phone_of, bench, spoken, figures):
    ue1 = phone_of(Baresip, "ue1", play=spoken["ue1"])
    ue2 = phone_of(Pjsua, "ue2", play=spoken["ue2"])
    running = scene(ue1, ue2)
    ue1.call(bench.server)
    ue1.wait_event("answered", 6)
    # baresip tells nobody where a redirect led; its own trace of SIP does
    contact = wait_until(
        lambda: re.search(r"Contact: <(sip:[0-9a-f]{46}@[^>]+)>", ue1.process.log()), 5, "the address"
    )
    time.sleep(1.1)
    ue1.call(ue2.uri)
    ue2.wait_event("answered", 6)
    ue1.refer(ue2.uri, contact.group(1))
    wait_for_size(running, 2)
    time.sleep(TALK_S)
    finish(running, figures)
    bench.wait_status(bench.idle, 12, "the conference's end")


def test_sipp_brings_in_sipp(scene, phone_of, bench, spoken, figures):
    ue2 = phone_of(Sipp, "ue2", play=spoken["ue2"], talk_s=TALK_S)
    ue1 = phone_of(Sipp, "ue1", play=spoken["ue1"], answer=False, invitee=ue2.uri, talk_s=TALK_S + 1)
    running = scene(ue1, ue2)
    ue1.call(bench.server)
    wait_for_size(running, 2)
    assert ue1.succeeded(30), ue1.process.tail()
    assert ue2.succeeded(30), ue2.process.tail()
    finish(running, figures)
    bench.wait_status(bench.idle, 12, "the conference's end")


@pytest.mark.once
def test_our_phone_refers_out_of_dialog(scene, phone_of, bench, spoken, figures):
    ue2 = phone_of(Sipp, "ue2", play=spoken["ue2"], talk_s=TALK_S)
    ue3 = phone_of(ParleyUe, "ue3", play=spoken["ue3"])
    ue1 = phone_of(
        ParleyUe, "ue1", play=spoken["ue1"], answer=False, invitees=(ue2.uri, ue3.uri), carrier="refer"
    )
    running = scene(ue1, ue2, ue3)
    ue1.call(bench.server)
    wait_for_size(running, 3)
    time.sleep(TALK_S)
    assert ue2.succeeded(15), ue2.process.tail()
    finish(running, figures)
    bench.wait_status(bench.idle, 12, "the conference's end")


@pytest.mark.once
def test_a_message_carries_the_address_too(scene, phone_of, bench, spoken, figures):
    ue2 = phone_of(ParleyUe, "ue2", play=spoken["ue2"], join_messages=True)
    ue1 = phone_of(ParleyUe, "ue1", play=spoken["ue1"], answer=False, invitees=(ue2.uri,), carrier="message")
    running = scene(ue1, ue2)
    ue1.call(bench.server)
    wait_for_size(running, 2)
    running.read()
    assert failures(running.wire_findings(notified=False)) == []
    bench.wait_status(bench.idle, 12, "the conference's end")
