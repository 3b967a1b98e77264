"""Calls over TCP: no retransmission, answers on the connection they belong to, Via and Contact that say TCP."""

import unittest

from call_network import OFFER, Network, Party, answering

from parley.wire.errors import RemoteError
from parley.wire.sip import parse_message
from parley.wire.stream import StreamReader

STREAM = ("192.0.2.9", 40123, "tcp")
OPTIONS = (
    b"OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP phone.example:5070;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
    b"To: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
)


def tcp(uri):
    return uri + ";transport=tcp"


class StreamCallTest(unittest.TestCase):
    def setUp(self):
        self.caller = Party(5062)
        self.callee = Party(5060, handlers={"incoming": answering()})
        self.network = Network([self.caller, self.callee])
        self.seen = []
        self.network.tap = lambda data, source, destination: self.seen.append((data, destination))

    def first_lines(self):
        return [line.split(" ")[0] for line in self.network.lines()]

    def test_a_whole_call(self):
        call = self.caller.endpoint.invite(tcp(self.callee.uri), OFFER, 0)
        self.network.run(1000)
        self.caller.endpoint.hangup(call, self.network.now_ms)
        self.network.run(40000)
        self.assertEqual(self.first_lines(), ["INVITE", "SIP/2.0", "ACK", "BYE", "SIP/2.0"])
        self.assertEqual([destination[2] for _, destination in self.seen], ["tcp"] * 5)
        self.assertEqual(self.network.pending(), 0)

    def test_what_the_messages_say(self):
        self.caller.endpoint.invite(tcp(self.callee.uri), OFFER, 0)
        self.network.run(1000)
        invite, response, ack = [parse_message(data) for data, _ in self.seen[:3]]
        self.assertEqual(invite.top_via().transport, "TCP")
        self.assertEqual(ack.top_via().transport, "TCP")
        for message in (invite, response):
            self.assertIn(";transport=tcp>", message.get("Contact"))

    def test_the_callee_hangs_up_over_tcp(self):
        self.caller.endpoint.invite(tcp(self.callee.uri), OFFER, 0)
        self.network.run(1000)
        self.callee.endpoint.hangup(self.callee.endpoint.calls[0], self.network.now_ms)
        self.network.run(40000)
        self.assertEqual(self.first_lines()[3:], ["BYE", "SIP/2.0"])
        self.assertEqual(self.seen[3][1], ("127.0.0.1", 5062, "tcp"))

    def test_an_invite_is_sent_once(self):
        self.network.drop = lambda data, source, destination: True
        self.caller.endpoint.invite(tcp(self.callee.uri), OFFER, 0)
        self.network.run(31999)
        self.assertEqual(self.first_lines(), ["INVITE"])
        self.network.run(1)
        self.assertEqual(self.caller.endpoint.pending(), 0)

    def test_udp_beside_it_is_as_ever(self):
        self.network.drop = lambda data, source, destination: True
        self.caller.endpoint.invite(self.callee.uri, OFFER, 0)
        self.network.run(1600)
        self.assertEqual(self.first_lines(), ["INVITE"] * 3)

    def test_a_connection_that_breaks_ends_the_call_at_once(self):
        call = self.caller.endpoint.invite(tcp(self.callee.uri), OFFER, 0)
        self.caller.endpoint.transmits()
        self.caller.endpoint.transport_error(("127.0.0.1", 5060), 5)  # the datagrams' way is another
        self.assertEqual(call.state, "calling")
        self.caller.endpoint.transport_error(("127.0.0.1", 5060, "tcp"), 10)
        self.assertEqual(call.state, "ended")


class StreamServerTest(unittest.TestCase):
    def test_the_answer_goes_back_on_the_connection(self):
        party = Party(5060)
        party.endpoint.receive(OPTIONS, STREAM, 0)
        data, peer = party.endpoint.transmits()[0]
        self.assertEqual(peer, STREAM)  # not to the Via's port (RFC 3261 18.2.2)
        self.assertEqual(parse_message(data).top_via().param("received"), "192.0.2.9")
        party.endpoint.tick(0)
        self.assertEqual(party.endpoint.pending(), 0)  # timer J is 0

    def test_what_the_reader_refused_is_answered(self):
        party, reader = Party(5060), StreamReader()
        reader.feed(OPTIONS)
        try:
            reader.take()
        except RemoteError as error:
            party.endpoint.stream_lost(error, STREAM, 0)
        data, peer = party.endpoint.transmits()[0]
        self.assertEqual((data[:11], peer), (b"SIP/2.0 400", STREAM))
        party.endpoint.stream_lost(RemoteError(0, "Headers without end"), STREAM, 0)
        self.assertEqual(party.endpoint.transmits(), [])

    def test_requests_outside_dialogs_and_refers(self):
        party = Party(5060)
        party.endpoint.request("OPTIONS", "sip:h;transport=TCP", 0)
        party.endpoint.refer_outside("sip:127.0.0.1;transport=tcp", "sip:c@h", 0)
        for data, peer in party.endpoint.transmits():
            self.assertEqual(peer[2:], ("tcp",))
            self.assertEqual(parse_message(data).top_via().transport, "TCP")


if __name__ == "__main__":
    unittest.main()
