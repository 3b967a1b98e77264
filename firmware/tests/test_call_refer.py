"""REFER both ways: responses, NOTIFYs, races, what phones get wrong (RFC 3515, RFC 6665, RFC 4488)."""

import unittest

from call_network import HOST, OFFER, Network, Party, answering, established_pair, reply, request

from parley.call.subscription import parse_event, parse_sipfrag, parse_subscription_state
from parley.wire.errors import LocalError
from parley.wire.sip import parse_message

PEER = (HOST, 5090)
TARGET = "sip:token@127.0.1.1:5060;transport=udp"


def news(party):
    """Return (status, final, text) of each refer_progress."""
    return [
        (event.status, event.final, event.text) for event in party.heard if event.kind == "refer_progress"
    ]


def accept(party, event, now_ms):
    party.subscription = party.endpoint.accept_refer(event.subject, now_ms)


class BetweenEndpointsTest(unittest.TestCase):
    def test_in_a_call(self):
        network, near, far, call, far_call = established_pair()
        far.handlers["referred"] = accept
        subscription = near.endpoint.refer(call, TARGET, network.now_ms)
        network.run(50)
        refer = far.last("referred")
        self.assertEqual((refer.subject.refer_to, refer.subject.call), (TARGET, far_call))
        self.assertEqual(refer.subject.referred_by, "<sip:p5062@127.0.0.1:5062>")
        self.assertEqual((news(near), subscription.call), ([(202, False, ""), (100, False, "")], call))
        far.endpoint.notify_refer(far.subscription, 180, None, network.now_ms)
        far.endpoint.notify_refer(far.subscription, 200, "OK", network.now_ms)  # held until 180 is answered
        network.run(50)
        self.assertEqual(news(near)[2:], [(180, False, ""), (200, True, "noresource")])
        self.assertEqual(
            (subscription.state, subscription.status, subscription.final), ("terminated", 200, True)
        )
        self.assertEqual((call.state, near.last("refer_progress").message.method), ("established", "NOTIFY"))
        near.endpoint.hangup(call, network.now_ms)
        network.run(40000)
        self.assertEqual(network.pending(), 0)

    def test_outside_a_call(self):
        near, far = Party(5062), Party(5064, handlers={"referred": accept})
        network = Network([near, far])
        subscription = near.endpoint.refer_outside(far.uri, TARGET, 0, headers=[("X-Test", "1")])
        network.run(50)
        refer = far.heard[0].subject
        self.assertEqual((refer.call, refer.peer, refer.request.get("X-Test")), (None, near.address, "1"))
        far.endpoint.notify_refer(far.subscription, 503, "No room", network.now_ms)
        network.run(50)
        self.assertEqual(news(near), [(202, False, ""), (100, False, ""), (503, True, "noresource")])
        self.assertEqual(near.last("refer_progress").message.body, b"SIP/2.0 503 No room\r\n")
        self.assertEqual(subscription.state, "terminated")
        network.run(40000)
        self.assertEqual(network.pending(), 0)

    def test_refused(self):
        near = Party(5062)
        far = Party(
            5064,
            handlers={"referred": lambda party, event, now: party.endpoint.respond(event.subject, 603, now)},
        )
        network = Network([near, far])
        near.endpoint.refer_outside(far.uri, TARGET, 0)
        network.run(40000)
        self.assertEqual((news(near), network.pending()), ([(603, True, "")], 0))

    def test_no_answer(self):
        near = Party(5062)
        network = Network([near])
        near.endpoint.refer_outside("sip:nobody@127.0.0.1:9", TARGET, 0)
        network.run(31999)
        self.assertEqual(news(near), [])
        network.run(1)
        self.assertEqual((news(near), near.heard[-1].message), ([(0, True, "no answer")], None))
        self.assertEqual(network.pending(), 0)

    def test_giving_up_early(self):
        near, far = Party(5062), Party(5064)
        network = Network([near, far])
        subscription = near.endpoint.refer_outside(far.uri, TARGET, 0, give_up_ms=2000)
        network.run(2000)
        self.assertEqual((news(near), subscription.state), ([(0, True, "no answer")], "terminated"))
        accept(far, far.heard[0], network.now_ms)  # at last
        network.run(100)
        self.assertEqual(network.lines("481"), ["SIP/2.0 481 Call/Transaction Does Not Exist"])
        self.assertEqual((len(news(near)), far.subscription.state), (1, "terminated"))
        network.run(40000)
        self.assertEqual(network.pending(), 0)

    def test_an_answer_in_time_stops_the_giving_up(self):
        near, far = Party(5062), Party(5064, handlers={"referred": accept})
        network = Network([near, far])
        near.endpoint.refer_outside(far.uri, TARGET, 0, give_up_ms=2000)
        network.run(3000)
        self.assertEqual(news(near), [(202, False, ""), (100, False, "")])

    def test_notifies_that_never_come(self):
        near, far = Party(5062), Party(5064, handlers={"referred": accept})
        network = Network([near, far])
        network.drop = lambda data, source, destination: data.startswith(b"NOTIFY")
        near.endpoint.refer_outside(far.uri, TARGET, 0)
        network.run(200000)
        self.assertEqual(news(near), [(202, False, ""), (202, True, "expired")])
        self.assertEqual((far.subscription.state, network.pending()), ("terminated", 0))

    def test_referee_that_says_nothing_more(self):
        near, far = Party(5062), Party(5064, handlers={"referred": accept})
        network = Network([near, far])
        near.endpoint.refer_outside(far.uri, TARGET, 0)
        network.run(400000)
        self.assertEqual(news(near)[2][:2], (100, True))
        self.assertEqual((far.endpoint.counters["refer expired"], network.pending()), (1, 0))

    def test_second_refer_in_a_call_has_an_id(self):
        network, near, far, call, _ = established_pair()
        taken = []
        far.handlers["referred"] = lambda party, event, now: taken.append(
            party.endpoint.accept_refer(event.subject, now)
        )
        seen = []
        network.tap = lambda data, source, destination: seen.append(data)
        first = near.endpoint.refer(call, TARGET, network.now_ms)
        network.run(50)
        second = near.endpoint.refer(call, "sip:other@127.0.0.1", network.now_ms)
        network.run(50)
        far.endpoint.notify_refer(taken[0], 486, None, network.now_ms)
        far.endpoint.notify_refer(taken[1], 200, None, network.now_ms)
        network.run(50)
        self.assertEqual((first.status, second.status), (486, 200))
        events = [parse_message(data).get("Event") for data in seen if data.startswith(b"NOTIFY")]
        self.assertEqual(events, ["refer", "refer;id=3", "refer", "refer;id=3"])  # RFC 3515 2.4.6

    def test_call_ends_before_the_news(self):
        network, near, far, call, far_call = established_pair()
        far.handlers["referred"] = accept
        near.endpoint.refer(call, TARGET, network.now_ms)
        network.run(50)
        near.endpoint.hangup(call, network.now_ms)
        network.run(50)
        self.assertEqual((call.state, far_call.state), ("ended", "ended"))
        far.endpoint.notify_refer(
            far.subscription, 200, None, network.now_ms
        )  # the dialog lives on (RFC 5057)
        network.run(50)
        self.assertEqual(news(near)[-1], (200, True, "noresource"))
        network.run(40000)
        self.assertEqual(network.pending(), 0)

    def test_no_subscription_wanted(self):
        near, far = Party(5062), Party(5064, handlers={"referred": accept})
        network = Network([near, far])
        near.endpoint.refer_outside(far.uri, TARGET, 0, headers=[("Refer-Sub", "false")])
        network.run(50)
        self.assertEqual((news(near), network.lines("NOTIFY")), ([(202, True, "")], []))  # RFC 4488
        far.endpoint.notify_refer(far.subscription, 200, None, network.now_ms)
        network.run(40000)
        self.assertEqual((network.lines("NOTIFY"), network.pending()), ([], 0))

    def test_our_mistakes(self):
        network, near, far, call, _ = established_pair()
        far.handlers["referred"] = accept
        subscription = near.endpoint.refer(call, TARGET, network.now_ms)
        network.run(50)
        refer = far.last("referred").subject
        far.endpoint.notify_refer(far.subscription, 200, None, network.now_ms)
        for wrong in (
            lambda: near.endpoint.notify_refer(subscription, 200, None, network.now_ms),
            lambda: far.endpoint.notify_refer(far.subscription, 200, None, network.now_ms),
            lambda: far.endpoint.accept_refer(refer, network.now_ms),
            lambda: far.endpoint.respond(refer, 603, network.now_ms),
            lambda: near.endpoint.refer(call, "sip:a\r\nb", network.now_ms),
            lambda: near.endpoint.refer_outside("tel:1", TARGET, network.now_ms),
            lambda: near.endpoint.refer_outside(far.uri, TARGET, network.now_ms, headers=[("X", "\n")]),
        ):
            before = near.endpoint.pending()
            with self.assertRaises(LocalError):
                wrong()
            self.assertEqual(near.endpoint.pending(), before)


class RawReferrer:
    """An endpoint whose REFER is answered by hand."""

    def __init__(self):
        self.party = Party(5062)
        self.endpoint = self.party.endpoint
        self.subscription = self.endpoint.refer_outside("sip:carol@127.0.0.1:5090", TARGET, 0)
        self.refer = self.endpoint.transmits()[0][0]
        self.message = parse_message(self.refer)

    def receive(self, data):
        self.endpoint.receive(data, PEER, 0)
        return [parse_message(sent).status for sent, _ in self.party.drain(0)]

    def notify(self, number, state, body=b"SIP/2.0 200 OK\r\n", event="refer", from_tag="t1"):
        headers = [("Event", event), ("Subscription-State", state)] if event else []
        return self.receive(
            request(
                "NOTIFY",
                to_tag=self.message.from_tag(),
                branch="z9hG4bKn" + str(number),
                number=number,
                body=body,
                headers=headers,
                call_id=self.message.call_id(),
                from_tag=from_tag,
            )
        )


class RawReferTest(unittest.TestCase):
    def test_the_refer(self):
        message = RawReferrer().message
        self.assertEqual((message.method, message.get("Refer-To")), ("REFER", "<" + TARGET + ">"))
        self.assertEqual(message.get("Referred-By"), "<sip:p5062@127.0.0.1:5062>")
        self.assertEqual(message.get("Contact"), "<sip:p5062@127.0.0.1:5062;transport=udp>")

    def test_notify_before_the_202(self):
        bench = RawReferrer()
        self.assertEqual(bench.notify(1, "active", b"SIP/2.0 100 Trying\r\n"), [200])
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(news(bench.party), [(100, False, "")])  # the late 202 is no news
        self.assertEqual(bench.notify(2, "terminated;reason=noresource"), [200])
        self.assertEqual(news(bench.party), [(100, False, ""), (200, True, "noresource")])

    def test_final_notify_before_the_202(self):
        bench = RawReferrer()
        self.assertEqual(bench.notify(1, "terminated"), [200])
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(news(bench.party), [(200, True, "")])
        self.assertEqual(bench.notify(2, "terminated"), [481])

    def test_linphone(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(bench.notify(1, "terminated;reason=reason=noresource"), [200])
        self.assertEqual(news(bench.party)[-1], (200, True, "noresource"))

    def test_final_status_in_an_active_subscription_is_told_once(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        bench.notify(1, "active;expires=60")
        bench.notify(2, "terminated;reason=timeout")
        self.assertEqual(news(bench.party), [(202, False, ""), (200, True, "")])
        bench.endpoint.tick(32000)
        self.assertEqual(bench.endpoint.pending(), 0)

    def test_what_a_notify_may_lack(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(bench.notify(1, "active", b""), [200])
        self.assertEqual(bench.notify(2, "", b"nonsense"), [200])
        self.assertEqual(bench.endpoint.counters["bad sipfrag"], 2)
        self.assertEqual(bench.notify(3, "active", event="refer;id=1"), [200])
        self.assertEqual(bench.notify(4, "active", event="refer;id=77"), [481])
        self.assertEqual(bench.notify(5, "active", event="conference"), [489])
        self.assertEqual(bench.notify(6, "active", event=""), [489])
        self.assertEqual(bench.notify(7, "active", from_tag="fork"), [481])

    def test_a_gone_notifier_is_forgotten(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(bench.notify(1, "active;expires=60", b"SIP/2.0 180 Ringing\r\n"), [200])
        bench.endpoint.tick(60000)
        bench.party.drain(60000)
        self.assertEqual(news(bench.party)[-1], (180, True, "expired"))
        self.assertEqual(bench.endpoint.pending(), 0)

    def test_refers_that_ask_nothing_sensible(self):
        far = Party(5064)
        for number, values in enumerate(
            ([], ["<sip:a@b>", "<sip:c@d>"], ["<tel:123>"], ["<sip:a@b"], ["nonsense"])
        ):
            headers = [("Refer-To", value) for value in values]
            data = request("REFER", branch="z9hG4bK" + str(number), number=number + 1, headers=headers)
            far.endpoint.receive(data, PEER, 0)
            status = parse_message(far.drain(0)[0][0]).status
            self.assertEqual(status, 416 if values == ["<tel:123>"] else 400, str(values))
        self.assertEqual(far.heard, [])

    def test_refer_in_a_call_that_ends_the_call_first(self):
        callee = Party(5060, handlers={"incoming": answering(), "referred": accept})
        callee.endpoint.receive(request("INVITE", body=OFFER), PEER, 0)
        callee.drain(0)
        tag = callee.heard[0].subject.local_tag
        headers = [("Refer-To", "<sip:x@y>")]
        callee.endpoint.receive(
            request("REFER", to_tag=tag, branch="z9hG4bKr", number=2, headers=headers), PEER, 0
        )
        callee.endpoint.receive(request("BYE", to_tag=tag, branch="z9hG4bKb", number=3), PEER, 0)
        callee.drain(0)
        refer = request("REFER", to_tag=tag, branch="z9hG4bKs", number=4, headers=headers)
        callee.endpoint.receive(refer, PEER, 0)
        self.assertEqual(parse_message(callee.drain(0)[0][0]).status, 481)


class ParsingTest(unittest.TestCase):
    def test_subscription_state(self):
        for text, expected in (
            ("active;expires=60", ("active", "", 60)),
            ("Terminated ; Reason=NoResource", ("terminated", "noresource", None)),
            ("terminated;reason=reason=noresource", ("terminated", "noresource", None)),
            ("pending", ("pending", "", None)),
            ("active;expires=99999999", ("active", "", 3600)),
            ("active;expires=x;reason", ("active", "", None)),
            ("", ("", "", None)),
        ):
            self.assertEqual(parse_subscription_state(text), expected)

    def test_sipfrag(self):
        for body, expected in (
            (b"SIP/2.0 200 OK\r\n", 200),
            (b"SIP/2.0 100", 100),
            (b"sip/2.0 486 Busy Here\nVia: x", 486),
            (b"", 0),
            (b"SIP/2.0", 0),
            (b"SIP/2.0 2000 OK", 0),
            (b"SIP/2.0 0x1 OK", 0),
            (b"SIP/2.0 700 OK", 0),
            (b"SIP/2.0 \xff\xfe\xfd OK", 0),
            (b"INVITE sip:a SIP/2.0", 0),
        ):
            self.assertEqual(parse_sipfrag(body), expected)

    def test_event(self):
        self.assertEqual(parse_event("Refer ; ID=7"), ("refer", "7"))
        self.assertEqual(parse_event("refer"), ("refer", ""))


if __name__ == "__main__":
    unittest.main()
