"""Requests of theirs outside calls: RFC 3261 8.2, 11, 18.2, and those the application answers."""

import unittest

from call_bench import PEER
from call_network import HOST, OFFER, Party, answering, request

from parley.wire.errors import LocalError
from parley.wire.sip import parse_message


class Server:
    """One endpoint and what it answers to raw messages."""

    def __init__(self, **options):
        self.party = Party(5060, **options)
        self.endpoint = self.party.endpoint

    def receive(self, data, peer=PEER):
        self.endpoint.receive(data, peer, 0)
        return self.party.drain(0)

    def answers(self, data):
        return [parse_message(sent) for sent, _ in self.receive(data)]

    def statuses(self, data):
        return [message.status for message in self.answers(data)]


class InspectionTest(unittest.TestCase):
    def test_options(self):
        response = Server(methods=("MESSAGE",)).answers(request("OPTIONS"))[0]
        self.assertEqual(response.status, 200)
        allowed = [
            "INVITE",
            "ACK",
            "CANCEL",
            "BYE",
            "OPTIONS",
            "PRACK",
            "UPDATE",
            "REFER",
            "NOTIFY",
            "MESSAGE",
        ]
        self.assertEqual(response.get_all("Allow"), allowed)
        self.assertEqual(response.get_all("Accept"), ["application/sdp", "message/sipfrag"])
        self.assertEqual(response.get("Supported"), "norefersub, 100rel, timer")
        self.assertTrue(response.to_tag())

    def test_methods(self):
        server = Server()
        for number, method in enumerate(("REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "INFO")):
            response = server.answers(request(method, branch="z9hG4bKm" + str(number)))[0]
            self.assertEqual((response.status, "INVITE" in response.get_all("Allow")), (405, True))
        self.assertEqual(server.statuses(request("DANCE", branch="z9hG4bKd")), [501])
        self.assertEqual(server.statuses(request("invite", branch="z9hG4bKi")), [501])  # methods have a case
        self.assertEqual(server.endpoint.counters["refused 405"], 5)
        self.assertEqual(server.endpoint.counters["refused 501"], 2)

    def test_outside_a_dialog_they_need(self):
        for method in ("BYE", "PRACK", "UPDATE", "NOTIFY"):
            self.assertEqual(Server().statuses(request(method)), [481])
            self.assertEqual(Server().statuses(request(method, to_tag="x")), [481])
        self.assertEqual(Server().statuses(request("OPTIONS", to_tag="x")), [481])
        self.assertEqual(Server().statuses(request("MESSAGE", to_tag="x")), [405])
        self.assertEqual(Server(methods=("MESSAGE",)).statuses(request("MESSAGE", to_tag="x")), [481])

    def test_uri_schemes(self):
        self.assertEqual(Server().statuses(request("INVITE", uri="tel:123")), [416])
        self.assertEqual(Server().statuses(request("OPTIONS", uri="urn:x")), [416])
        self.assertEqual(Server().statuses(request("OPTIONS", uri="sip:@")), [400])

    def test_required_extensions(self):
        headers = [("Require", "norefersub, teleport, 100rel"), ("Require", "time")]
        response = Server().answers(request("INVITE", headers=headers))[0]
        self.assertEqual((response.status, response.get_all("Unsupported")), (420, ["teleport", "time"]))
        ok = [("Require", "norefersub")]
        self.assertEqual(Server().statuses(request("OPTIONS", headers=ok)), [200])

    def test_bodies_we_cannot_read(self):
        for headers in (
            [("Content-Type", "multipart/mixed;boundary=x")],
            [("Content-Type", "application/sdp"), ("Content-Encoding", "gzip")],
        ):
            response = Server().answers(request("INVITE", body=OFFER, headers=headers))[0]
            self.assertEqual((response.status, response.get("Accept")), (415, "application/sdp"))
        server = Server()
        server.receive(request("INVITE", body=OFFER, headers=[("Content-Type", "Application/SDP ;x=1")]))
        self.assertEqual(server.party.kinds(), ["incoming"])

    def test_invite_without_contact(self):
        self.assertEqual(Server().statuses(request("INVITE", contact=False)), [400])
        self.assertEqual(
            Server().statuses(request("INVITE", contact=False, headers=[("Contact", "<tel:1>")])), [416]
        )

    def test_merged(self):
        server = Server()
        server.receive(request("INVITE"))
        self.assertEqual(server.statuses(request("INVITE", branch="z9hG4bK2")), [482])
        self.assertEqual(server.statuses(request("INVITE", branch="z9hG4bK3", number=2)), [])
        self.assertEqual(server.statuses(request("INVITE", branch="z9hG4bK4", call_id="c2")), [])
        self.assertEqual(server.party.kinds(), ["incoming"] * 3)

    def test_unreadable(self):
        server = Server()
        bad = request("OPTIONS").replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 BYE")
        self.assertEqual(server.statuses(bad), [400])
        self.assertEqual(
            server.statuses(request("OPTIONS").replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1)), [505]
        )
        self.assertEqual(server.statuses(request("OPTIONS").replace(b"tag=f1", b'tag="f1')), [400])
        self.assertEqual(server.receive(request("ACK").replace(b"CSeq: 1 ACK", b"CSeq: 1 BYE")), [])
        for noise in (b"", b"\r\n\r\n", b"\x00", b"hello", b"\x80\x00" * 80, b"SIP/2.0 200 OK\r\n\r\n"):
            self.assertEqual(server.receive(noise), [])
        self.assertEqual(server.endpoint.pending(), 0)

    def test_overload(self):
        server = Server(limit=3, methods=("MESSAGE",), handlers={"incoming": answering()})
        for number in range(3):
            server.receive(request("MESSAGE", branch="z9hG4bKa" + str(number), number=number + 1))
        response = server.answers(request("INVITE", branch="z9hG4bKb", number=9))[0]
        self.assertEqual((response.status, response.get("Retry-After")), (503, "2"))
        self.assertEqual(server.statuses(request("BYE", to_tag="x", branch="z9hG4bKc", number=10)), [481])
        self.assertEqual(server.endpoint.counters["overload"], 1)
        self.assertEqual(len(server.endpoint._core.layer.servers), 4)
        for number in range(2):
            data = request("BYE", to_tag="x", branch="z9hG4bKd" + str(number), number=20 + number)
            self.assertEqual(server.statuses(data), [481])
        data = request("BYE", to_tag="x", branch="z9hG4bKe", number=30)
        self.assertEqual(server.statuses(data), [503])  # twice the room for what is in dialogs, no more


class ResponseAddressTest(unittest.TestCase):
    def peer(self, via, source=("127.0.0.9", 7777)):
        return Server().receive(request("OPTIONS", via=via), source)[0][1]

    def test_via_decides(self):
        self.assertEqual(self.peer("SIP/2.0/UDP 127.0.0.9:5090"), ("127.0.0.9", 5090))  # 18.2.2
        self.assertEqual(self.peer("SIP/2.0/UDP 127.0.0.9"), ("127.0.0.9", 5060))
        self.assertEqual(self.peer("SIP/2.0/UDP 10.1.1.1:5090"), ("127.0.0.9", 5090))  # received
        self.assertEqual(self.peer("SIP/2.0/UDP 10.1.1.1:5090;rport"), ("127.0.0.9", 7777))  # RFC 3581
        self.assertEqual(self.peer("SIP/2.0/UDP 10.1.1.1:5090;rport=1;received=1.2.3.4"), ("127.0.0.9", 7777))

    def test_via_comes_back_with_the_source(self):
        data = request("OPTIONS", via="SIP/2.0/UDP 10.1.1.1:5090;rport")
        response = Server().answers(data)[0]
        via = response.top_via()
        self.assertEqual((via.param("received"), via.param("rport")), (HOST, "5090"))


class ForTheApplicationTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(methods=("MESSAGE", "REGISTER"))
        self.server.receive(request("MESSAGE", body=b"hi", headers=[("Content-Type", "text/plain")]))
        self.event = self.server.party.heard[0]

    def respond(self, *arguments, **options):
        self.server.endpoint.respond(self.event.subject, *arguments, **options)
        return parse_message(self.server.endpoint.transmits()[0][0])

    def test_respond(self):
        subject = self.event.subject
        self.assertEqual(
            (self.event.kind, subject.method, subject.call, subject.peer), ("request", "MESSAGE", None, PEER)
        )
        self.assertEqual(self.event.message.body, b"hi")
        headers = [("Content-Type", "text/plain"), ("X-A", "1")]
        response = self.respond(202, 0, reason="Fine", headers=headers, body=b"ok")
        self.assertEqual((response.status, response.reason, response.body), (202, "Fine", b"ok"))
        self.assertEqual((response.get("X-A"), response.to_tag()), ("1", subject.local_tag))
        self.assertEqual(subject.status, 202)

    def test_repetitions_are_answered_without_the_application(self):
        self.server.receive(request("MESSAGE"))
        self.respond(200, 0)
        self.assertEqual(self.server.statuses(request("MESSAGE")), [200])
        self.assertEqual(self.server.party.kinds(), ["request"])
        self.assertEqual(self.server.endpoint.counters["repeated request"], 2)

    def test_our_mistakes(self):
        for arguments, options in (
            ((99, 0), {}),
            ((700, 0), {}),
            ((200, 0), {"body": b"x"}),
            ((200, 0), {"headers": [("X", "a\r\nb")]}),
        ):
            with self.assertRaises(LocalError):
                self.respond(*arguments, **options)
        self.respond(403, 0)
        with self.assertRaises(LocalError):
            self.respond(200, 0)

    def test_too_late(self):
        self.server.endpoint.tick(32000)
        self.server.party.drain(32000)
        self.assertEqual(self.server.party.kinds(), ["request"])
        self.server.endpoint.respond(self.event.subject, 200, 32000)
        self.assertEqual((self.server.endpoint.transmits(), self.server.endpoint.pending()), ([], 0))

    def test_inside_a_call(self):
        server = Server(methods=("MESSAGE", "NOTIFY"), handlers={"incoming": answering()})
        server.receive(request("INVITE", body=OFFER))
        call = server.party.heard[0].subject
        server.receive(request("MESSAGE", to_tag=call.local_tag, branch="z9hG4bK2", number=2))
        self.assertTrue(server.party.heard[-1].subject.call is call)
        conference = [("Event", "conference")]
        server.receive(
            request("NOTIFY", to_tag=call.local_tag, branch="z9hG4bK3", number=3, headers=conference)
        )
        self.assertEqual(server.party.heard[-1].message.method, "NOTIFY")
        refer = [("Event", "refer")]
        data = request("NOTIFY", to_tag=call.local_tag, branch="z9hG4bK4", number=4, headers=refer)
        self.assertEqual(server.statuses(data), [481])  # those are the endpoint's


if __name__ == "__main__":
    unittest.main()
