"""What every torture message is put through; the test_torture_*.py files name the groups, one each."""

import unittest

from torture_vectors import PEER, outcome_of, vectors

from parley.wire.errors import RemoteError
from parley.wire.sip import Request, parse_message

APPLICATION_METHODS = ("REGISTER", "MESSAGE")
OPTIONS = (
    b"OPTIONS sip:wanda@bridge.example SIP/2.0\r\nVia: SIP/2.0/UDP desk1.example;branch=z9hG4bKafter\r\n"
    b"From: <sip:bob@phones.example>;tag=after\r\nTo: <sip:wanda@bridge.example>\r\nCall-ID: after@desk1\r\n"
    b"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)
WHOLE_MS = 64 * 500 + 1  # no transaction lives longer


class TortureCase(unittest.TestCase):
    """Sub-classes set group and count."""

    group = ""
    count = 0

    def all(self):
        """The messages of the group."""
        return vectors(self.group) if self.group else ()

    def test_nothing_is_missing(self):
        self.assertEqual(len(list(self.all())), self.count)

    def test_read(self):
        for vector in self.all():
            try:
                message = parse_message(vector.data)
            except RemoteError as error:
                self.assertIn(str(error.status), (vector.outcome, "0"), vector.name)
                continue
            if vector.outcome in ("call", "method", "200", "481"):
                again = parse_message(message.to_bytes())
                message.remove("Content-Length")
                again.remove("Content-Length")
                self.assertEqual(again.headers, message.headers, vector.name)
                self.assertEqual(again.body, message.body, vector.name)

    def test_outcome(self):
        for vector in self.all():
            outcome, sent, _ = outcome_of(vector.data)
            expected = "405" if vector.outcome == "method" else vector.outcome
            self.assertEqual(outcome, expected, vector.name)
            for _, peer in sent:
                self.assertEqual(peer, (PEER[0], vector.port), vector.name)

    def test_outcome_where_the_application_has_the_methods(self):
        for vector in self.all():
            outcome, _, _ = outcome_of(vector.data, APPLICATION_METHODS)
            expected = "400" if vector.name == "schemes-in-addresses" else vector.outcome
            self.assertEqual(outcome, expected, vector.name)

    def test_response_is_well_formed(self):
        for vector in self.all():
            for data, _ in outcome_of(vector.data)[1]:
                if vector.outcome not in ("400", "505"):  # what was malformed goes back malformed
                    response = parse_message(data)
                    self.assertFalse(isinstance(response, Request))
                    self.assertTrue(response.to_tag(), vector.name)

    def test_alive_and_empty_afterwards(self):
        for vector in self.all():
            _, _, endpoint = outcome_of(vector.data)
            endpoint.receive(OPTIONS, PEER, 100)
            sent = endpoint.transmits()
            self.assertEqual([data[:11] for data, _ in sent], [b"SIP/2.0 200"], vector.name)
            for call in endpoint.calls:
                endpoint.reject(call, 404, 100)
            for turn in range(1, 3):
                endpoint.tick(turn * WHOLE_MS + 100)
                endpoint.transmits()
            self.assertEqual(endpoint.pending(), 0, vector.name)

    def test_two_hundred_times(self):
        for vector in self.all():
            _, _, endpoint = outcome_of(vector.data)
            before = endpoint.pending()
            for turn in range(200):
                endpoint.receive(vector.data, PEER, turn)
                endpoint.transmits()
            self.assertEqual(endpoint.pending(), before, vector.name)
