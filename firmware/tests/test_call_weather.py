"""Lossy networks, thousands of calls, garbage: nothing is left behind and nothing is raised."""

import unittest

from call_network import ANSWER, HOST, OFFER, Chance, Network, Party, answering, broken, reply, request

PEER = (HOST, 5090)


class LossTest(unittest.TestCase):
    def test_set_up_and_teardown_by_timers_alone(self):
        for seed in range(30):
            caller, callee = Party(5062), Party(5060, handlers={"incoming": answering()})
            network = Network([caller, callee], seed, loss=30, duplicates=20, late=30, delay_ms=30)
            call = caller.endpoint.invite(callee.uri, OFFER, 0)
            network.run(60000)
            states = [call.state] + [other.state for other in callee.endpoint.calls]
            self.assertEqual(states, ["established"] * 2, f"seed {seed}")
            self.assertEqual((call.answer, callee.kinds()), (ANSWER, ["incoming", "established"]))
            party, other = (caller, callee) if seed % 2 else (callee, caller)
            party.endpoint.hangup(party.endpoint.calls[0], network.now_ms)
            network.run(100000)
            self.assertEqual(
                (caller.heard[-1].kind, callee.heard[-1].kind), ("ended", "ended"), f"seed {seed}"
            )
            self.assertEqual((party.heard[-1].text, other.heard[-1].text), ("hangup", "bye"), f"seed {seed}")
            self.assertEqual(network.pending(), 0)

    def test_one_way_only(self):
        for silent in (5060, 5062):
            caller, callee = Party(5062), Party(5060, handlers={"incoming": answering()})
            network = Network([caller, callee])
            network.drop = lambda data, source, destination, silent=silent: source[1] == silent
            caller.endpoint.invite(callee.uri, OFFER, 0)
            network.run(200000)
            self.assertEqual(caller.kinds(), ["rejected"])
            ends = [(event.kind, event.text) for event in callee.heard[1:]]
            self.assertEqual(ends, [("ended", "no ack")] if silent == 5060 else [])
            self.assertEqual(network.pending(), 0)

    def test_every_kind_of_message_lost_once(self):
        for word in (
            b"INVITE",
            b"SIP/2.0 180",
            b"SIP/2.0 200",
            b"ACK",
            b"BYE",
            b"REFER",
            b"SIP/2.0 202",
            b"NOTIFY",
        ):
            self.lose_once(word)

    def lose_once(self, word):
        lost = []

        def drop(data, source, destination):
            if data.startswith(word) and not lost:
                lost.append(data)
                return True
            return False

        def ring(party, event, now_ms):
            party.endpoint.provisional(event.subject, 180, now_ms)
            party.endpoint.answer(event.subject, ANSWER, now_ms)

        def obey(party, event, now_ms):
            subscription = party.endpoint.accept_refer(event.subject, now_ms)
            party.endpoint.notify_refer(subscription, 200, None, now_ms)

        caller = Party(5062)
        callee = Party(5060, handlers={"incoming": ring, "referred": obey})
        network = Network([caller, callee])
        network.drop = drop
        call = caller.endpoint.invite(callee.uri, OFFER, 0)
        network.run(10000)
        self.assertEqual(call.state, "established")
        caller.endpoint.refer(call, "sip:x@y", network.now_ms)
        network.run(10000)
        self.assertTrue(caller.last("refer_progress").final)
        caller.endpoint.hangup(call, network.now_ms)
        network.run(100000)
        self.assertEqual(
            (len(lost), caller.kinds()[-1], callee.kinds()[-1]), (1, "ended", "ended"), str(word)
        )
        self.assertEqual(network.pending(), 0)


def outcome(party, event, now_ms):
    """Handle "incoming" in one of six ways by turns."""
    number = event.subject.id % 6
    if number == 0:
        party.endpoint.reject(event.subject, 486, now_ms)
    elif number == 1:
        party.endpoint.reject(event.subject, 302, now_ms, headers=[("Contact", "<sip:x@y>")])
    elif number == 2:
        party.endpoint.provisional(event.subject, 180, now_ms)
    else:
        party.endpoint.answer(event.subject, ANSWER, now_ms)


class EmptinessTest(unittest.TestCase):
    def test_thousands_of_calls(self):
        caller, callee = Party(5062), Party(5060, handlers={"incoming": outcome})
        network = Network([caller, callee], seed=5, loss=2)
        highest = 0
        for number in range(2000):
            call = caller.endpoint.invite(callee.uri, OFFER, network.now_ms)
            network.run(1000)
            if number % 2 == 0:  # one side or the other; what it does depends on how far the call came
                caller.endpoint.hangup(call, network.now_ms)
            for ringing in [other for other in caller.endpoint.calls if other.state != "established"]:
                caller.endpoint.hangup(ringing, network.now_ms)
            for answered in callee.endpoint.calls:
                callee.endpoint.hangup(answered, network.now_ms)
            highest = max(highest, network.pending())
            caller.heard, callee.heard, network.log = [], [], []
        network.run(400000)
        self.assertTrue(highest < 1000, str(highest))  # what 32 s of a call a second leave behind
        self.assertEqual((network.pending(), caller.endpoint.calls, callee.endpoint.calls), (0, [], []))
        for party in (caller, callee):
            core = party.endpoint._core
            kept = (
                core.timers._heaps.values(),
                core.layer._merged.values(),
                core.events,
                core.layer.outgoing,
            )
            self.assertEqual([len(part) for part in kept], [0, 0, 0, 0])

    def test_flood_is_bounded(self):
        callee = Party(5060, limit=50)
        for number in range(1000):
            callee.endpoint.receive(
                request("INVITE", branch="z9hG4bK" + str(number), number=number + 1), PEER, number
            )
            callee.drain(number)
        self.assertEqual(len(callee.endpoint.calls), 50)
        self.assertTrue(callee.endpoint.pending() <= 50 * 4)
        self.assertEqual(callee.endpoint.counters["overload"], 950)
        while callee.endpoint.next_deadline() is not None:
            callee.endpoint.tick(callee.endpoint.next_deadline())
            callee.drain(0)
        self.assertEqual(callee.endpoint.pending(), 0)


class GarbageTest(unittest.TestCase):
    """Broken and hostile datagrams at an endpoint in the middle of everything."""

    def setUp(self):
        self.chance = Chance(77)
        handlers = {
            "incoming": answering(),
            "reoffer": lambda party, event, now: party.endpoint.answer_reoffer(event.subject, ANSWER, now),
            "request": lambda party, event, now: party.endpoint.respond(event.subject, 200, now),
            "referred": lambda party, event, now: party.endpoint.accept_refer(event.subject, now),
        }
        self.party = Party(5060, handlers=handlers, methods=("MESSAGE",))
        self.now_ms = 0

    def receive(self, data):
        self.party.endpoint.receive(data, PEER, self.now_ms)
        sent = self.party.drain(self.now_ms)
        self.party.heard = self.party.heard[-20:]
        return sent

    def corpus(self):
        call = self.party.endpoint.invite("sip:carol@127.0.0.1:5090", OFFER, self.now_ms)
        subscription = self.party.endpoint.refer_outside("sip:carol@127.0.0.1:5090", "sip:x@y", self.now_ms)
        client = self.party.endpoint.request(
            "OPTIONS", "sip:carol@127.0.0.1", self.now_ms, credentials=("a", "b")
        )
        sent = [data for data, _ in self.party.drain(self.now_ms)]
        contact = [
            ("Contact", '"C" <sip:carol@127.0.0.1:5090>;isfocus'),
            ("Record-Route", "<sip:127.0.0.1;lr>"),
        ]
        challenge = [("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"')]
        event = [("Event", "refer"), ("Subscription-State", "active;expires=60")]
        inside = {
            "to_tag": subscription.dialog.local_tag,
            "call_id": subscription.dialog.call_id,
            "from_tag": "t1",
        }
        early = {"to_tag": call.local_tag, "call_id": call.call_id, "from_tag": "t1"}
        routed = [("Record-Route", "<sip:127.0.0.1;lr>"), ("Require", "norefersub")]
        branch = "z9hG4bK" + str(self.now_ms)
        return [
            reply(sent[0], 180, headers=contact),
            reply(sent[0], 200, headers=contact, body=ANSWER),
            reply(sent[0], 302, headers=contact),
            reply(sent[0], 486),
            reply(sent[1], 202, headers=contact),
            reply(sent[1], 603),
            reply(sent[2], 401, headers=challenge),
            reply(client.request.to_bytes(), 200),
            request("NOTIFY", branch=branch + "n", headers=event, body=b"SIP/2.0 200 OK\r\n", **inside),
            request("BYE", branch=branch + "b", **early),
            request("UPDATE", branch=branch + "u", body=OFFER, **early),
            request("INVITE", branch=branch, body=OFFER, headers=routed, call_id=branch),
            request("CANCEL", branch=branch, call_id=branch),
            request("ACK", branch=branch, call_id=branch, to_tag="x"),
            request(
                "REFER",
                branch=branch + "r",
                headers=[("Refer-To", "<sip:x@y?Replaces=a%3Bb>")],
                call_id=branch,
            ),
            request("MESSAGE", branch=branch + "m", body=b"x", call_id=branch),
            request("OPTIONS", branch="", call_id=branch),
        ]

    def test_no_exception_ever(self):
        for _ in range(60):
            corpus = self.corpus()
            for _ in range(40):
                data = corpus[self.chance.below(len(corpus))]
                if self.chance.below(4):
                    data = broken(self.chance, data)
                self.receive(data)
                self.now_ms += self.chance.below(300)
                if self.chance.below(5) == 0:
                    self.party.endpoint.tick(self.now_ms)
                    self.party.drain(self.now_ms)
        for call in self.party.endpoint.calls:
            self.party.endpoint.hangup(call, self.now_ms)
        while self.party.endpoint.next_deadline() is not None:
            self.now_ms = max(self.now_ms, self.party.endpoint.next_deadline())
            self.party.endpoint.tick(self.now_ms)
            self.party.drain(self.now_ms)
        self.assertEqual(self.party.endpoint.pending(), 0)
        counters = self.party.endpoint.counters
        for name in ("unreadable", "stray response", "stray ack"):
            self.assertTrue(counters.get(name, 0) > 0, name)


if __name__ == "__main__":
    unittest.main()
