"""What the answers to some torture messages say, and how RFC 2543 peers are matched."""

import unittest

from torture_vectors import PEER, outcome_of, vectors

from parley.wire.sip import parse_message


def message_named(group, name):
    for vector in vectors(group):
        if vector.name == name:
            return vector.data
    raise KeyError(name)


class AnswerTest(unittest.TestCase):
    def answer_to(self, group, name, methods=()):
        _, sent, _ = outcome_of(message_named(group, name), methods)
        self.assertEqual(len(sent), 1)
        return parse_message(sent[0][0])

    def test_420_names_what_is_not_supported(self):
        answer = self.answer_to("meaning", "extension-required")
        self.assertEqual(answer.get_all("Unsupported"), ["nobodyHasThis", "norThis"])

    def test_415_says_what_would_do(self):
        answer = self.answer_to("meaning", "body-of-unknown-type")
        self.assertEqual(answer.get("Accept"), "application/sdp")

    def test_406_says_why(self):
        answer = self.answer_to("meaning", "no-answer-acceptable")
        self.assertEqual(answer.get("Warning"), '399 192.0.2.1 "No SDP is accepted"')

    def test_405_and_501_list_the_methods(self):
        for group, name in (("meaning", "contact-parameter"), ("valid", "odd-method")):
            self.assertIn("INVITE", self.answer_to(group, name).get_all("Allow"))

    def test_escaped_nulls_come_back_whole(self):
        answer = self.answer_to("valid", "escaped-nulls")
        self.assertEqual(answer.get("From"), "sip:nil-%00-nil@bridge.example;tag=n0")

    def test_every_via_comes_back(self):
        answer = self.answer_to("valid", "odd-transports")
        vias = answer.get_all("Via")
        self.assertEqual(vias[0], "SIP/2.0/UDP one.example;branch=z9hG4bKtransports;received=203.0.113.9")
        self.assertEqual(vias[3], "SIP/2.0/PIGEON four.example;branch=z9hG4bKfour")
        self.assertEqual(len(vias), 5)

    def test_made_up_received_is_overwritten(self):
        answer = self.answer_to("ipv6", "received-in-brackets")
        self.assertEqual(answer.top_via().param("received"), PEER[0])


class AcceptTest(unittest.TestCase):
    """RFC 3261 20.1: what an INVITE accepts."""

    def outcome_with(self, old, new):
        return outcome_of(message_named("meaning", "no-answer-acceptable").replace(old, new))[0]

    def test_what_holds_sdp(self):
        for value in (b"application/sdp", b"text/x, APPLICATION/SDP;level=1", b"application/*", b"*/*"):
            self.assertEqual(self.outcome_with(b"text/nobodys-format", value), "call")

    def test_nothing_at_all(self):
        self.assertEqual(self.outcome_with(b"text/nobodys-format", b""), "406")


class OptionalBodyTest(unittest.TestCase):
    """RFC 3261 8.2.3: handling=optional makes an unknown body none."""

    def test_handling(self):
        data = message_named("meaning", "body-of-unknown-type")
        for value, outcome in ((b"render; handling=optional", "call"), (b"render;handling=required", "415")):
            asked = data.replace(b"Max-Forwards", b"Content-Disposition: " + value + b"\r\nMax-Forwards")
            self.assertEqual(outcome_of(asked)[0], outcome)


class OldPeerTest(unittest.TestCase):
    """RFC 3261 17.2.3: without a usable branch, Request-URI, tags, Call-ID, CSeq and Via match."""

    def test_repeated_invite_is_the_same_call(self):
        data = message_named("meaning", "caller-of-2543")
        _, _, endpoint = outcome_of(data)
        endpoint.receive(data, PEER, 500)
        self.assertEqual(endpoint.events(), [])
        self.assertEqual(len(endpoint.calls), 1)
        self.assertEqual(endpoint.counters["repeated request"], 1)

    def test_ack_of_a_refusal_ends_its_repetition(self):
        data = message_named("meaning", "caller-of-2543")
        _, _, endpoint = outcome_of(data)
        endpoint.reject(endpoint.calls[0], 404, 10)
        response = parse_message(endpoint.transmits()[0][0])
        ack = data.replace(b"INVITE", b"ACK").replace(
            b"To: sip:+15555550222@ss1.example;user=phone", b"To: " + response.get("To").encode()
        )
        endpoint.receive(ack, PEER, 20)
        endpoint.tick(10000)
        self.assertEqual(endpoint.transmits(), [])
        self.assertEqual(endpoint.pending(), 0)

    def test_two_requests_with_the_cookie_alone_are_two(self):
        data = message_named("meaning", "branch-is-the-cookie-alone")
        _, _, endpoint = outcome_of(data)
        endpoint.receive(data.replace(b"cookie.sad", b"another.sad"), PEER, 10)
        self.assertEqual(len(endpoint.transmits()), 1)
        self.assertEqual(endpoint.counters, {})

    def test_answer_goes_by_the_from_address_without_contact(self):
        _, _, endpoint = outcome_of(message_named("meaning", "caller-of-2543"))
        call = endpoint.calls[0]
        endpoint.answer(call, b"v=0\r\n", 10)
        self.assertEqual(call.dialog.remote_target, "sip:+15555550111@old.phones.example;user=phone")


if __name__ == "__main__":
    unittest.main()
