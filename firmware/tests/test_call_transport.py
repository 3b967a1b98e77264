"""Which way messages take: UDP, TCP, TLS; requests too long for a datagram (RFC 3261 18.1.1, 26.2)."""

import unittest

from call_bench import CONTACT, PEER, Outgoing
from call_network import ANSWER, HOST, OFFER, Party, reply, request

from parley.call.peers import destination_of
from parley.wire.sip import parse_message
from parley.wire.uri import parse_uri

LONG = OFFER + b"a=x-padding:" + b"x" * 1300 + b"\r\n"


def sent(party):
    return [(parse_message(data), peer) for data, peer in party.endpoint.transmits()]


class DestinationTest(unittest.TestCase):
    def test_transports(self):
        for text, peer in (
            ("sip:a@h", ("h", 5060)),
            ("sip:a@h;transport=udp", ("h", 5060)),
            ("sip:a@h;transport=TCP", ("h", 5060, "tcp")),
            ("sip:a@h;transport=tls", ("h", 5061, "tls")),
            ("sips:a@h", ("h", 5061, "tls")),
            ("sips:a@h:7;transport=tcp", ("h", 7, "tls")),
            ("sip:a@h;transport=sctp", ("h", 5060)),
        ):
            self.assertEqual(destination_of(parse_uri(text)), peer, text)

    def test_via_and_contact(self):
        party = Party(5060, tls_port=5061)
        for uri, via, contact in (
            (
                "sip:b@127.0.0.1:5090",
                "SIP/2.0/UDP 127.0.0.1:5060",
                "<sip:p5060@127.0.0.1:5060;transport=udp>",
            ),
            (
                "sip:b@127.0.0.1;transport=tcp",
                "SIP/2.0/TCP 127.0.0.1:5060",
                "<sip:p5060@127.0.0.1:5060;transport=tcp>",
            ),
            (
                "sip:b@127.0.0.1;transport=tls",
                "SIP/2.0/TLS 127.0.0.1:5061",
                "<sip:p5060@127.0.0.1:5061;transport=tls>",
            ),
            ("sips:b@127.0.0.1", "SIP/2.0/TLS 127.0.0.1:5061", "<sips:p5060@127.0.0.1:5061>"),
        ):
            party.endpoint.invite(uri, OFFER, 0)
            message, _ = sent(party)[0]
            self.assertEqual(message.get("Via").partition(";")[0], via)
            self.assertEqual(message.get("Contact"), contact)

    def test_called_by_sips(self):
        party = Party(5060, tls_port=5061)
        party.endpoint.receive(request("INVITE", uri="sips:b@127.0.0.1", body=OFFER), PEER + ("tls",), 0)
        party.endpoint.answer(party.endpoint.events()[0].subject, ANSWER, 0)
        message, peer = sent(party)[0]
        self.assertEqual((message.get("Contact"), peer), ("<sips:p5060@127.0.0.1:5061>", PEER + ("tls",)))

    def test_the_next_requests_take_the_same_way(self):
        bench = Outgoing("sip:carol@127.0.0.1:5090;transport=tcp")
        contact = [("Contact", "<sip:carol@127.0.0.1:5090;transport=tcp>")]
        bench.endpoint.receive(reply(bench.invite, 200, headers=contact, body=ANSWER), PEER + ("tcp",), 0)
        self.assertEqual(sent(bench.party)[0][1], PEER + ("tcp",))  # the ACK
        bench.endpoint.hangup(bench.call, 0)
        self.assertEqual(sent(bench.party)[0][1], PEER + ("tcp",))


class LengthTest(unittest.TestCase):
    def invite(self, uri="sip:carol@127.0.0.1:5090", body=LONG, streams=True, **options):
        self.party = Party(5060, streams=streams)
        self.call = self.party.endpoint.invite(uri, body, 0, **options)
        self.first, peer = sent(self.party)[0]
        return peer

    def test_a_long_request_takes_tcp(self):
        self.assertEqual(self.invite(), PEER + ("tcp",))
        self.assertEqual(self.first.top_via().transport, "TCP")
        self.assertEqual(self.party.endpoint.next_deadline(), 32000)  # timer B alone
        self.assertEqual(self.party.endpoint.counters["too long for UDP"], 1)

    def test_not_a_short_one(self):
        self.assertEqual(self.invite(body=OFFER), PEER)

    def test_not_where_udp_is_fixed(self):
        self.assertEqual(self.invite("sip:carol@127.0.0.1:5090;transport=udp"), PEER)

    def test_not_without_tcp(self):
        self.assertEqual(self.invite(streams=False), PEER)

    def test_by_an_address_that_was_looked_up(self):
        self.assertEqual(self.invite("sip:carol@example.com", peer=PEER), PEER + ("tcp",))

    def test_back_to_udp_where_nobody_takes_tcp(self):
        self.invite()
        self.party.endpoint.transport_error(PEER + ("tcp",), 100)
        again, peer = sent(self.party)[0]
        self.assertEqual((peer, again.top_via().transport, again.body), (PEER, "UDP", LONG))
        self.assertEqual(again.top_via().branch, self.first.top_via().branch)
        self.assertEqual(self.party.endpoint.events(), [])
        self.party.endpoint.tick(600)
        self.assertEqual(len(sent(self.party)), 1)  # timer A runs now
        self.party.endpoint.receive(reply(again.to_bytes(), 180, headers=CONTACT), PEER, 700)
        self.party.endpoint.hangup(self.call, 700)
        cancel, peer = sent(self.party)[0]
        self.assertEqual((cancel.method, cancel.top_via().transport, peer), ("CANCEL", "UDP", PEER))

    def test_the_cancel_takes_tcp_too(self):
        self.invite()
        self.party.endpoint.receive(reply(self.first.to_bytes(), 180, headers=CONTACT), PEER + ("tcp",), 0)
        self.party.endpoint.hangup(self.call, 0)
        cancel, peer = sent(self.party)[0]
        self.assertEqual(
            (cancel.method, cancel.top_via().transport, peer), ("CANCEL", "TCP", PEER + ("tcp",))
        )

    def test_then_no_more_second_tries(self):
        self.invite()
        self.party.endpoint.transport_error(PEER + ("tcp",), 100)
        self.party.endpoint.transport_error(PEER, 200)
        self.assertEqual([event.text for event in self.party.endpoint.events()], ["transport error"])

    def test_a_lost_connection_after_an_answer_is_no_reason_to_repeat(self):
        self.invite()
        self.party.endpoint.receive(reply(self.first.to_bytes(), 180, headers=CONTACT), PEER + ("tcp",), 0)
        self.party.endpoint.transport_error(PEER + ("tcp",), 100)
        self.assertEqual(sent(self.party), [])

    def test_other_requests(self):
        party = Party(5060, streams=True)
        party.endpoint.request(
            "MESSAGE", "sip:b@127.0.0.1:5090", 0, headers=[("Content-Type", "text/plain")], body=LONG
        )
        first, peer = sent(party)[0]
        self.assertEqual(peer, (HOST, 5090, "tcp"))
        party.endpoint.transport_error(peer, 0)
        again, peer = sent(party)[0]
        self.assertEqual((again.top_via().transport, peer), ("UDP", (HOST, 5090)))
        party.endpoint.receive(reply(again.to_bytes(), 200), (HOST, 5090), 0)
        self.assertEqual([event.kind for event in party.endpoint.events()], ["response"])
        self.assertEqual(first.top_via().transport, "TCP")


if __name__ == "__main__":
    unittest.main()
