"""REFER between two endpoints, in a call and outside (RFC 3515, RFC 4488)."""

import unittest

from call_bench import accept, news
from call_network import HOST, Network, Party, established_pair, request

from parley.wire.errors import LocalError
from parley.wire.sip import parse_message

TARGET = "sip:token@127.0.1.1:5060;transport=udp"


class BetweenEndpointsTest(unittest.TestCase):
    def test_in_a_call(self):
        network, near, far, call, far_call = established_pair()
        far.handlers["referred"] = accept
        subscription = near.endpoint.refer(call, TARGET, network.now_ms)
        network.run(50)
        refer = far.last("referred")
        self.assertEqual((refer.subject.refer_to, refer.subject.call), (TARGET, far_call))
        self.assertEqual(refer.subject.referred_by, "<sip:p5062@127.0.0.1:5062>")
        self.assertEqual((subscription.state, far.subscription.state), ("active", "active"))
        self.assertEqual((news(near), subscription.call), ([(202, False, ""), (100, False, "")], call))
        far.endpoint.notify_refer(far.subscription, 180, None, network.now_ms)
        far.endpoint.notify_refer(far.subscription, 200, "OK", network.now_ms)  # held until 180 is answered
        network.run(50)
        self.assertEqual(news(near)[2:], [(180, False, ""), (200, True, "noresource")])
        self.assertEqual((subscription.reason, far.subscription.status), ("noresource", 200))
        self.assertEqual(near.heard[-2].message.body, b"SIP/2.0 180 Ringing\r\n")
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

    def test_each_refers_the_other_in_one_call(self):
        network, near, far, call, far_call = established_pair()
        near.handlers["referred"] = far.handlers["referred"] = accept
        near.endpoint.refer(call, TARGET, network.now_ms)
        network.run(50)
        far.endpoint.refer(far_call, TARGET, network.now_ms)
        network.run(50)
        near.endpoint.notify_refer(near.subscription, 486, None, network.now_ms)
        far.endpoint.notify_refer(far.subscription, 200, None, network.now_ms)
        network.run(50)
        self.assertEqual((news(near)[-1][:2], news(far)[-1][:2]), ((200, True), (486, True)))

    def test_one_notify_at_a_time(self):
        near, far = Party(5062), Party(5064, handlers={"referred": accept})
        network = Network([near, far])
        network.drop = lambda data, source, destination: data.startswith(b"NOTIFY")
        near.endpoint.refer_outside(far.uri, TARGET, 0)
        network.run(50)
        far.endpoint.notify_refer(far.subscription, 180, None, network.now_ms)
        far.endpoint.notify_refer(far.subscription, 200, None, network.now_ms)
        network.run(2000)
        self.assertEqual(len(dict.fromkeys(network.numbers("NOTIFY"))), 1)
        network.drop = None
        network.run(5000)
        self.assertEqual(
            news(near), [(202, False, ""), (100, False, ""), (200, True, "noresource")]
        )  # the latest
        self.assertEqual(len(dict.fromkeys(network.numbers("NOTIFY"))), 2)

    def test_nobody_wants_the_news(self):
        near, far = Party(5062), Party(5064, handlers={"referred": accept})
        network = Network([near, far])
        near.endpoint.refer_outside(far.uri, TARGET, 0, give_up_ms=1)
        network.run(100)
        self.assertEqual((far.subscription.state, far.endpoint.counters["notify refused"]), ("terminated", 1))
        far.endpoint.notify_refer(far.subscription, 200, None, network.now_ms)
        self.assertEqual(far.endpoint.counters["unwanted notify"], 1)
        self.assertEqual(far.endpoint.transmits(), [])

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
        parts = {"call_id": call.call_id, "from_tag": call.local_tag}
        for method in ("BYE", "INVITE", "REFER"):
            data = request(method, to_tag=far_call.local_tag, branch="z9hG4bK" + method, number=90, **parts)
            far.endpoint.receive(data, (HOST, 5090), network.now_ms)
            self.assertEqual(parse_message(far.drain(network.now_ms)[0][0]).status, 481)
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

    def test_no_subscription_wanted_and_nothing_told(self):
        near, far = Party(5062), Party(5064, handlers={"referred": accept})
        network = Network([near, far])
        near.endpoint.refer_outside(far.uri, TARGET, 0, headers=[("Refer-Sub", "false")])
        network.run(400000)
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
            number = call.dialog.local_seq
            with self.assertRaises(LocalError):
                wrong()
            self.assertEqual((near.endpoint.pending(), call.dialog.local_seq), (before, number))


if __name__ == "__main__":
    unittest.main()
