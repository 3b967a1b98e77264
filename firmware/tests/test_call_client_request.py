"""Requests of ours outside calls, and digest (RFC 3261 8.1, 22)."""

import unittest

from call_bench import PEER
from call_network import Network, Party, reply

from parley.wire.auth import Authenticator
from parley.wire.errors import LocalError
from parley.wire.sip import parse_message


class OwnRequestTest(unittest.TestCase):
    def test_message(self):
        party = Party(5062)
        headers = [("Content-Type", "text/plain")]
        client = party.endpoint.request(
            "MESSAGE", "sip:b@127.0.0.1:5090;transport=udp", 0, headers=headers, body=b"x"
        )
        data, peer = party.endpoint.transmits()[0]
        sent = parse_message(data)
        self.assertEqual((sent.uri, peer, sent.body), ("sip:b@127.0.0.1:5090;transport=udp", PEER, b"x"))
        self.assertEqual((sent.get("To"), sent.cseq()), ("<sip:b@127.0.0.1:5090>", (1, "MESSAGE")))
        party.endpoint.receive(reply(data, 100, to_tag=None), PEER, 1)
        party.endpoint.receive(reply(data, 202), PEER, 1)
        party.drain(1)
        event = party.heard[0]
        self.assertEqual((event.kind, event.status, event.subject), ("response", 202, client))
        self.assertEqual((client.done, client.response.status, len(party.heard)), (True, 202, 1))

    def test_uris_of_ones_own(self):
        party = Party(5062)
        uris = {"from_uri": "sip:board@server", "to_uri": "sip:board@server", "peer": ("127.0.0.1", 9)}
        party.endpoint.request("REGISTER", "sip:server", 0, **uris)
        data, peer = party.endpoint.transmits()[0]
        sent = parse_message(data)
        self.assertEqual((sent.get("To"), peer), ("<sip:board@server>", ("127.0.0.1", 9)))
        self.assertTrue(sent.get("From").startswith("<sip:board@server>;tag="))

    def test_no_answer(self):
        party = Party(5062)
        network = Network([party])
        party.endpoint.request("OPTIONS", "sip:b@127.0.0.1:5090", 0)
        network.run(32000)
        self.assertEqual(
            [(event.kind, event.text, event.message) for event in party.heard],
            [("response", "timeout", None)],
        )
        self.assertEqual(network.pending(), 0)

    def test_our_mistakes(self):
        party = Party(5062)
        for wrong in (
            lambda: party.endpoint.request("INVITE", "sip:a@b", 0),
            lambda: party.endpoint.request("MESSAGE", "tel:1", 0),
            lambda: party.endpoint.request("MESSAGE", "sip:a@b", 0, body=b"x"),
            lambda: party.endpoint.request("MESSAGE", "sip:a@b", 0, headers=[("X", "\r\n")]),
        ):
            with self.assertRaises(LocalError):
                wrong()
        self.assertEqual((party.endpoint.pending(), party.endpoint.transmits()), (0, []))


class DigestTest(unittest.TestCase):
    def setUp(self):
        self.judge = Authenticator("test", b"secret")
        self.verdicts = []
        self.registrar = Party(5060, methods=("REGISTER",), handlers={"request": self.check})
        self.client = Party(5062)
        self.network = Network([self.registrar, self.client])

    def check(self, party, event, now_ms):
        header = event.message.get("Authorization")
        verdict, _ = self.judge.check(header, "REGISTER", {"board": "right"}.get, now_ms // 1000)
        self.verdicts.append(verdict)
        if verdict == "ok":
            party.endpoint.respond(event.subject, 200, now_ms)
            return
        values = self.judge.challenges(now_ms // 1000, verdict == "stale")
        party.endpoint.respond(
            event.subject, 401, now_ms, headers=[("WWW-Authenticate", value) for value in values]
        )

    def register(self, password, previous=None):
        options = {"credentials": ("board", password), "previous": previous}
        client = self.client.endpoint.request(
            "REGISTER", "sip:127.0.0.1:5060", self.network.now_ms, **options
        )
        self.network.run(100)
        return client

    def test_challenge_is_answered_once(self):
        client = self.register("right")
        self.assertEqual((client.response.status, client.number, self.verdicts), (200, 2, ["missing", "ok"]))
        self.assertEqual(len(self.client.heard), 1)

    def test_wrong_password(self):
        client = self.register("wrong")
        self.assertEqual((client.response.status, self.verdicts), (401, ["missing", "bad"]))

    def test_no_credentials(self):
        self.client.endpoint.request("REGISTER", "sip:127.0.0.1:5060", 0)
        self.network.run(100)
        self.assertEqual([event.status for event in self.client.heard], [401])

    def test_next_request_uses_the_challenge_again(self):
        first = self.register("right")
        second = self.register("right", first)
        self.assertEqual((second.response.status, second.number, second.call_id), (200, 3, first.call_id))
        self.assertEqual(self.verdicts, ["missing", "ok", "ok"])
        self.network.run(400000)  # the nonce grows stale
        third = self.register("right", second)
        self.assertEqual((third.response.status, self.verdicts[-2:]), (200, ["stale", "ok"]))
        self.network.run(40000)
        self.assertEqual(self.network.pending(), 0)

    def test_challenges_of_other_kinds(self):
        for value in (
            "Basic realm=x",
            'Digest realm="a", nonce="b", algorithm=SHA-512-256',
            "Digest x",
            "nonsense",
        ):
            party = Party(5062)
            party.endpoint.request("OPTIONS", "sip:b@127.0.0.1:5090", 0, credentials=("a", "b"))
            data, _ = party.endpoint.transmits()[0]
            party.endpoint.receive(reply(data, 401, headers=[("WWW-Authenticate", value)]), PEER, 0)
            self.assertEqual(len(party.drain(0)), 0)
            self.assertEqual([event.status for event in party.heard], [401])
            self.assertEqual(party.endpoint.counters["unusable challenge"], 1)

    def test_proxies(self):
        party = Party(5062)
        party.endpoint.request("OPTIONS", "sip:b@127.0.0.1:5090", 0, credentials=("a", "b"))
        data, _ = party.endpoint.transmits()[0]
        challenge = [("Proxy-Authenticate", 'Digest realm="a", nonce="b"')]
        party.endpoint.receive(reply(data, 407, headers=challenge), PEER, 0)
        again = parse_message(party.endpoint.transmits()[0][0])
        self.assertTrue(again.get("Proxy-Authorization").startswith("Digest username="))
        self.assertEqual(
            (again.cseq(), again.get("Call-ID")), ((2, "OPTIONS"), parse_message(data).get("Call-ID"))
        )


if __name__ == "__main__":
    unittest.main()
