"""The other two ways to answer: phones that follow no 302 (proxy), and programs that do not call (HTTP)."""

import asyncio
import json
import urllib.request

import pytest

from hil_tests import sip_text
from hil_tests.ask import join, offer, with_caller
from hil_tests.processes import wait_until
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.pjsua import Pjsua

pytestmark = pytest.mark.hil
RULES = '[{"user_agent": "baresip*", "answer": "proxy"}, {"uri_param": "way=proxy", "answer": "proxy"}]'


@pytest.fixture
def proxying(own_bench):
    """A server that passes on baresip's INVITEs, and whoever calls with ;way=proxy."""
    return own_bench(boards=1, env={"PARLEY_ANSWER_RULES": RULES})


@pytest.mark.once
def test_who_is_passed_on_sees_the_focus_and_the_server_is_out_of_the_path(
    proxying, phone_of, capture_of, spoken
):
    phone = phone_of(Baresip, "ue1", play=spoken["ue1"])
    capture = capture_of(proxying, phone)
    phone.start()
    phone.call(proxying.server)
    phone.wait_event("answered", 6)
    wait_until(lambda: [c for c in proxying.conferences() if c["participants"]], 5, "baresip in a conference")
    phone.hangup()
    proxying.wait_status(proxying.idle, 12, "the conference's end")
    phone.finish()
    capture.stop()
    server, host = ("127.0.0.1", proxying.sip_port), proxying.boards()[0].host
    messages = [m for m in capture.messages() if (phone.host, phone.port) in (m.source, m.target)]
    assert not [m for m in messages if m.status == 302]
    (answer,) = [m for m in messages if m.status == 200 and m.cseq_method == "INVITE" and m.source == server]
    assert answer.contact.endswith(";isfocus") and f"@{host}:" in answer.contact
    after = [m for m in messages if m.at_s > answer.at_s]
    assert {m.method for m in after if m.is_request} == {"ACK", "BYE"}
    assert all(server not in (m.source, m.target) for m in after)


@pytest.mark.once
def test_others_are_redirected(proxying, phone_of, spoken):
    phone = phone_of(Pjsua, "ue1", play=spoken["ue1"])
    phone.start()
    phone.call(proxying.server)
    phone.wait_event("redirected", 6)
    phone.wait_event("answered", 6)
    phone.hangup()
    proxying.wait_status(proxying.idle, 12, "the conference's end")


@pytest.mark.once
def test_a_refusal_and_a_cancel_pass_through(proxying):
    async def scene(caller):
        call = caller.call()
        outcome = await call.invite(proxying.server + ";way=proxy", offer(), 4.0, follow=False)
        assert outcome.status == 200 and outcome.response.header("contact").endswith(";isfocus")
        again, refused = await join(caller, f"{proxying.server};size=9999;way=proxy")
        assert refused.status == 606
        await asyncio.sleep(0.2)
        assert not caller.calls.get(again.call_id)
        assert await call.bye() == 200

    with_caller(scene)
    proxying.wait_status(proxying.idle, 12, "the conference's end")


def test_an_address_without_a_call(bench):
    body = json.dumps({"size": 2, "asked_by": "hil"}).encode()
    request = urllib.request.Request(
        f"{bench.http}/v1/conferences", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        assert response.status == 201
        given = json.load(response)
    assert sip_text.address_of(given["address"])[0] in {board.host for board in bench.boards()}

    async def scene(caller):
        call, outcome = await join(caller, given["address"])
        assert outcome.status == 200
        other, full = await join(caller, given["address"])
        assert full.status == 200
        _, third = await join(caller, given["address"])
        assert third.status == 486
        await call.bye()
        await other.bye()

    with_caller(scene)
    bench.wait_status(bench.idle, 12, "the conference's end")
