"""An INVITE that goes through a proxy of ours to a callee, in virtual time (RFC 3261 16)."""

import unittest

from call_network import ANSWER, OFFER, Network, Party, answering, messages, request
from test_call_tables import core, events_of, pairs, states_of

from parley.call.forward import ACTIONS, Forward
from parley.call.forward_table import FORWARD, FORWARD_IGNORED
from parley.wire.errors import LocalError
from parley.wire.sip import parse_message

ILLEGAL = (
    pairs("answered", "1xx, final, cancel, expire")
    + pairs("ended", "cancel, expire")
)  # fmt: skip


class World:
    def __init__(self, handlers=None, **options):
        self.callee = Party(5070, handlers=handlers or {"incoming": answering()})
        self.proxy = Party(5060, handlers={"incoming": self.forward})
        self.caller = Party(5062)
        self.network = Network([self.callee, self.proxy, self.caller], **options)

    def forward(self, party, event, now_ms):
        party.endpoint.forward(event.subject, self.callee.uri, now_ms)

    def call(self, run_ms=100):
        call = self.caller.endpoint.invite(self.proxy.uri, OFFER, self.network.now_ms)
        self.network.run(run_ms)
        return call


class ForwardTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.network = self.world.network

    def rest(self):
        self.network.run(70000)
        self.assertEqual(self.network.pending(), 0)

    def test_the_dialog_is_between_the_two(self):
        call = self.world.call()
        self.assertEqual((call.state, call.answer), ("established", ANSWER))
        self.assertEqual(self.world.callee.endpoint.calls[0].state, "established")
        self.assertEqual(call.remote_contact, self.world.callee.uri + ";transport=udp")
        legs = [(source, target, line.split(" ")[0]) for _, source, target, line, _ in self.network.log]
        self.assertTrue((5062, 5070, "ACK") in legs)
        self.assertFalse((5062, 5060, "ACK") in legs)
        self.assertEqual(self.world.proxy.kinds(), ["incoming", "forwarded"])
        self.world.caller.endpoint.hangup(call, self.network.now_ms)
        self.network.run(100)
        self.assertEqual(self.world.callee.endpoint.calls, [])
        self.rest()

    def test_what_arrives(self):
        seen = []
        self.network.tap = lambda data, source, destination: seen.append((data, source[1], destination[1]))
        self.world.call()
        invites = [data for data, _, target in seen if target == 5070 and data[:6] == b"INVITE"]
        invite = parse_message(invites[0])
        self.assertEqual(invite.uri, self.world.callee.uri)
        self.assertEqual((invite.get("Max-Forwards"), invite.get("Record-Route")), ("69", None))
        self.assertEqual(len(invite.get_all("Via")), 2)
        answers = [parse_message(data) for data, source, target in seen if (source, target) == (5060, 5062)]
        self.assertEqual([len(answer.get_all("Via")) for answer in answers], [1] * len(answers))

    def test_a_refusal_is_passed_back_and_acknowledged_on_each_side(self):
        world = World(
            {"incoming": lambda party, event, now_ms: party.endpoint.reject(event.subject, 486, now_ms)}
        )
        call = world.call()
        self.assertEqual((call.state, world.caller.last("rejected").status), ("ended", 486))
        acks = [(source, target) for _, source, target, line, _ in world.network.log if line[:3] == "ACK"]
        self.assertEqual(sorted(acks), [(5060, 5070), (5062, 5060)])
        world.network.run(70000)
        self.assertEqual(world.network.pending(), 0)

    def test_ringing_and_cancel(self):
        world = World(
            {"incoming": lambda party, event, now_ms: party.endpoint.provisional(event.subject, 180, now_ms)}
        )
        call = world.call()
        self.assertEqual(call.state, "early")
        world.caller.endpoint.hangup(call, world.network.now_ms)
        world.network.run(1000)
        self.assertEqual(call.state, "ended")
        self.assertEqual(world.callee.endpoint.calls, [])
        self.assertEqual(world.proxy.last("forwarded").status, 487)
        world.network.run(70000)
        self.assertEqual(world.network.pending(), 0)

    def test_cancel_before_anything_was_heard(self):
        world = World({"incoming": lambda party, event, now_ms: None})
        world.network.drop = lambda data, source, destination: (
            destination[1] == 5070 and world.network.now_ms < 2000
        )
        call = world.call(1000)
        world.caller.endpoint.hangup(call, world.network.now_ms)
        world.network.run(20000)
        self.assertEqual((call.state, world.callee.endpoint.calls), ("ended", []))

    def test_nobody_is_there(self):
        self.network.drop = lambda data, source, destination: destination[1] == 5070
        call = self.world.call(40000)
        self.assertEqual((call.state, self.world.caller.last("rejected").status), ("ended", 503))
        self.assertEqual(self.world.caller.last("rejected").message.get("Retry-After"), "2")
        self.rest()

    def test_nobody_hears_the_cancel(self):
        world = World(
            {"incoming": lambda party, event, now_ms: party.endpoint.provisional(event.subject, 180, now_ms)}
        )
        call = world.call()
        world.network.drop = lambda data, source, destination: destination[1] == 5070
        world.caller.endpoint.hangup(call, world.network.now_ms)
        world.network.run(40000)
        self.assertEqual((call.state, world.proxy.endpoint._core.forwards), ("ended", {}))

    def test_nobody_rings_for_ever(self):
        world = World(
            {"incoming": lambda party, event, now_ms: party.endpoint.provisional(event.subject, 180, now_ms)}
        )
        world.callee.endpoint.limit = None
        call = world.call()
        world.network.run(400000)
        self.assertEqual((call.state, world.network.pending()), ("ended", 0))

    def test_in_bad_weather(self):
        done = 0
        for seed in range(1, 25):
            world = World(seed=seed, loss=15, duplicates=20, late=30)
            call = world.call(20000)
            self.assertEqual(call.state, "established", str(seed))
            world.caller.endpoint.hangup(call, world.network.now_ms)
            world.network.run(140000)
            self.assertEqual(world.network.pending(), 0, str(seed))
            done += 1
        self.assertEqual(done, 24)

    def refused(self, headers):
        proxy = Party(5060)
        proxy.endpoint.receive(request("INVITE", body=OFFER, headers=headers), ("127.0.0.1", 5090), 0)
        proxy.drain(0)
        proxy.endpoint.forward(proxy.heard[0].subject, "sip:x@127.0.0.1:5070", 0)
        sent = messages(proxy.endpoint)
        self.assertEqual(len(sent), 1)
        return sent[0]

    def test_what_is_not_passed_on(self):
        refusal = self.refused([("Proxy-Require", "privacy")])
        self.assertEqual((refusal.status, refusal.get("Unsupported")), (420, "privacy"))
        data = request("INVITE", body=OFFER).replace(b"Max-Forwards: 70", b"Max-Forwards: 0")
        proxy = Party(5060)
        proxy.endpoint.receive(data, ("127.0.0.1", 5090), 0)
        proxy.drain(0)
        proxy.endpoint.forward(proxy.heard[0].subject, "sip:x@127.0.0.1:5070", 0)
        self.assertEqual(messages(proxy.endpoint)[0].status, 483)

    def passed_on(self, headers):
        proxy = Party(5060)
        proxy.endpoint.receive(request("INVITE", body=OFFER, headers=headers), ("127.0.0.1", 5090), 0)
        proxy.drain(0)
        proxy.endpoint.forward(proxy.heard[0].subject, "sip:x@127.0.0.1:5070", 0)
        data, peer = proxy.endpoint.transmits()[0]
        return parse_message(data), peer

    def test_a_route_that_leads_to_us_is_taken_off(self):
        invite, peer = self.passed_on([("Route", "<sip:127.0.0.1:5060;lr>")])
        self.assertEqual((invite.get("Route"), peer), (None, ("127.0.0.1", 5070)))

    def test_a_route_that_leads_on_is_followed(self):
        routes = "<sip:127.0.0.1:5060;lr>, <sip:127.0.0.1:5080;lr>"
        invite, peer = self.passed_on([("Route", routes)])
        self.assertEqual((invite.get("Route"), peer), ("<sip:127.0.0.1:5080;lr>", ("127.0.0.1", 5080)))

    def test_an_answered_call_cannot_be_passed_on(self):
        world = World()
        world.proxy.handlers = {"incoming": answering()}
        world.call()
        with self.assertRaises(LocalError):
            world.proxy.endpoint.forward(world.proxy.heard[0].subject, world.callee.uri, 0)


class TableTest(unittest.TestCase):
    def test_closed(self):
        covered = list(FORWARD) + FORWARD_IGNORED + ILLEGAL
        for state in states_of(FORWARD):
            for event in events_of(FORWARD):
                self.assertEqual(covered.count((state, event)), 1, f"{state}, {event}")
        self.assertEqual(len(covered), len(states_of(FORWARD)) * len(events_of(FORWARD)))

    def test_every_action_exists_and_is_used(self):
        used = []
        for key in FORWARD:
            used.extend(FORWARD[key][1])
        self.assertEqual(sorted(dict.fromkeys(used)), sorted(ACTIONS))

    def test_mistakes_and_ignored_events_change_nothing(self):
        party = Party(5060)
        party.endpoint.receive(request("INVITE", body=OFFER), ("127.0.0.1", 5090), 0)
        party.drain(0)
        call = party.heard[0].subject
        for state, event in ILLEGAL + FORWARD_IGNORED:
            home = core()
            way = Forward(home, call, call.invite, "sip:x@127.0.0.1")
            way.state = state
            if (state, event) in ILLEGAL:
                with self.assertRaises(LocalError):
                    way.step(event, None, 0)
            else:
                self.assertFalse(way.step(event, None, 0))
            self.assertEqual((way.state, home.layer.outgoing, home.events), (state, [], []))


if __name__ == "__main__":
    unittest.main()
