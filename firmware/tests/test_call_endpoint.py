"""The door: draining, deadlines, clocks, identities; and that a late or idle caller does no harm."""

import unittest

from call_network import ANSWER, HOST, OFFER, Network, Party, answering, established_pair, request

from parley.call.endpoint import Endpoint
from parley.call.events import KINDS
from parley.wire.sip import parse_message

PEER = (HOST, 5090)


class ContractTest(unittest.TestCase):
    def test_outputs_are_drained(self):
        endpoint = Party(5060).endpoint
        endpoint.invite("sip:a@127.0.0.1", OFFER, 0)
        self.assertEqual(len(endpoint.transmits()), 1)
        self.assertEqual(endpoint.transmits(), [])
        endpoint.receive(request("INVITE"), PEER, 0)
        self.assertEqual([event.kind for event in endpoint.events()], ["incoming"])
        self.assertEqual(endpoint.events(), [])

    def test_deadlines(self):
        endpoint = Party(5060).endpoint
        self.assertEqual((endpoint.next_deadline(), endpoint.pending(), endpoint.calls), (None, 0, []))
        endpoint.invite("sip:a@127.0.0.1", OFFER, 1000)
        endpoint.transmits()
        self.assertEqual(endpoint.next_deadline(), 1500)
        endpoint.tick(1499)
        self.assertEqual(endpoint.transmits(), [])
        endpoint.tick(1500)
        self.assertEqual((len(endpoint.transmits()), endpoint.next_deadline()), (1, 2500))

    def test_a_late_tick_sends_once(self):
        endpoint = Party(5060).endpoint
        endpoint.invite("sip:a@127.0.0.1", OFFER, 0)
        endpoint.transmits()
        endpoint.tick(20000)
        self.assertEqual((len(endpoint.transmits()), endpoint.next_deadline()), (1, 21000))

    def test_time_never_goes_back(self):
        endpoint = Party(5060).endpoint
        endpoint.tick(5000)
        endpoint.invite("sip:a@127.0.0.1", OFFER, 4000)
        self.assertEqual(endpoint.next_deadline(), 5500)

    def test_every_kind_of_event_is_documented(self):
        network, near, far, call, far_call = established_pair()
        far.handlers["referred"] = lambda party, event, now: party.endpoint.respond(event.subject, 603, now)
        near.endpoint.refer(call, "sip:x@y", network.now_ms)
        near.endpoint.reinvite(call, OFFER, network.now_ms)
        network.run(100)
        far.endpoint.answer_reoffer(far_call, ANSWER, network.now_ms)
        near.endpoint.hangup(call, network.now_ms)
        network.run(100)
        heard = near.kinds() + far.kinds()
        self.assertEqual([kind for kind in heard if kind not in KINDS], [])
        self.assertTrue(len(dict.fromkeys(heard, 1)) >= 7)

    def test_a_long_call_needs_nothing(self):
        network, near, far, call, far_call = established_pair(session_expires_s=0)
        network.run(60000)
        self.assertEqual((near.endpoint.next_deadline(), far.endpoint.next_deadline()), (None, None))
        lines = len(network.log)
        network.run(10 * 3600 * 1000)
        self.assertEqual(
            (call.state, far_call.state, len(network.log)), ("established", "established", lines)
        )

    def test_everybody_is_told_the_end_once(self):
        network, near, far, call, far_call = established_pair()
        near.endpoint.hangup(call, network.now_ms)
        far.endpoint.hangup(far_call, network.now_ms)
        network.run(60000)
        for party in (near, far):
            ends = [(event.kind, event.text) for event in party.heard if event.kind == "ended"]
            self.assertEqual(ends, [("ended", "hangup")])
        self.assertEqual(network.pending(), 0)


class IdentityTest(unittest.TestCase):
    def invite(self, *arguments, **options):
        endpoint = Endpoint(*arguments, **options)
        endpoint.invite("sip:a@127.0.0.1:5090", OFFER, 0)
        return parse_message(endpoint.transmits()[0][0])

    def test_defaults(self):
        invite = self.invite(("127.0.0.1", 5060), bytes)
        self.assertEqual(invite.get("Contact"), "<sip:parley@127.0.0.1:5060;transport=udp>")
        self.assertEqual(invite.get("User-Agent"), "Parley/0.1")
        self.assertTrue(invite.get("From").startswith("<sip:parley@127.0.0.1:5060>;tag="))

    def test_options(self):
        options = {
            "user": "focus",
            "user_agent": "Board/2",
            "contact_params": ";isfocus",
            "methods": ("MESSAGE",),
        }
        invite = self.invite(("127.0.0.1", 5060), bytes, **options)
        self.assertEqual(invite.get("Contact"), "<sip:focus@127.0.0.1:5060;transport=udp>;isfocus")
        self.assertEqual((invite.get("User-Agent"), invite.get_all("Allow")[-1]), ("Board/2", "MESSAGE"))

    def test_ipv6_and_tcp(self):
        invite = self.invite(("::1", 5060), bytes, reliable=True)
        self.assertTrue(invite.get("Via").startswith("SIP/2.0/TCP [::1]:5060;branch=z9hG4bK"))
        self.assertEqual(invite.get("Contact"), "<sip:parley@[::1]:5060;transport=tcp>")

    def test_from_of_ones_own(self):
        endpoint = Party(5060).endpoint
        call = endpoint.invite(
            "sip:a@127.0.0.1:5090", OFFER, 0, from_uri="sip:me@example.com", peer=("127.0.0.9", 7)
        )
        data, peer = endpoint.transmits()[0]
        self.assertTrue(parse_message(data).get("From").startswith("<sip:me@example.com>;tag="))
        self.assertEqual(
            (peer, call.local_uri, call.remote_uri),
            (("127.0.0.9", 7), "sip:me@example.com", "sip:a@127.0.0.1:5090"),
        )

    def test_branches_and_tags_are_fresh(self):
        party = Party(5060)
        seen = []
        for _ in range(50):
            party.endpoint.invite("sip:a@127.0.0.1", OFFER, 0)
            invite = parse_message(party.endpoint.transmits()[0][0])
            seen.extend([invite.top_via().branch, invite.from_tag(), invite.call_id()])
        self.assertEqual(len(dict.fromkeys(seen, 1)), 150)


class ReliableTransportTest(unittest.TestCase):
    def test_a_call_without_retransmissions(self):
        caller = Party(5062, reliable=True)
        callee = Party(5060, reliable=True, handlers={"incoming": answering()})
        network = Network([caller, callee])
        call = caller.endpoint.invite(callee.uri, OFFER, 0)
        network.run(1000)
        caller.endpoint.hangup(call, network.now_ms)
        network.run(1000)
        self.assertEqual(
            [line.split(" ")[0] for line in network.lines()], ["INVITE", "SIP/2.0", "ACK", "BYE", "SIP/2.0"]
        )
        network.run(40000)
        self.assertEqual(network.pending(), 0)


if __name__ == "__main__":
    unittest.main()
