"""An INVITE that was forked on its way: several early dialogs, several answers (RFC 3261 13.2.2.4)."""

import unittest

from call_bench import CONTACT, Outgoing, words
from call_network import ANSWER, reply, request

from parley.wire.sip import parse_message


class ForksTest(unittest.TestCase):
    def ringing(self, *tags):
        bench = Outgoing()
        for tag in tags:
            bench.reply(180, to_tag=tag, headers=[("Contact", "<sip:" + tag + "@127.0.0.1:5090>")])
        return bench

    def test_the_answer_decides(self):
        bench = self.ringing("a", "b", "c")
        sent = bench.receive(reply(bench.invite, 200, "b", [("Contact", "<sip:b@127.0.0.1:5090>")], ANSWER))
        self.assertEqual(
            (words(sent), sent[0][1].uri, sent[0][1].to_tag()), (["ACK"], "sip:b@127.0.0.1:5090", "b")
        )
        bye = bench.hangup()[0][1]
        self.assertEqual((bye.to_tag(), bye.uri), ("b", "sip:b@127.0.0.1:5090"))

    def test_further_answers_get_ack_and_bye(self):
        bench = self.ringing("a", "b")
        bench.reply(200, to_tag="a", body=ANSWER)
        sent = bench.receive(reply(bench.invite, 200, "b", [("Contact", "<sip:b@127.0.0.1:5090>")], ANSWER))
        self.assertEqual([(word, one.to_tag()) for word, one in sent], [("ACK", "b"), ("BYE", "b")])
        self.assertEqual(sent[1][1].uri, "sip:b@127.0.0.1:5090")
        sent = bench.receive(reply(bench.invite, 200, "z", CONTACT, ANSWER))  # one that never rang
        self.assertEqual([(word, one.to_tag()) for word, one in sent], [("ACK", "z"), ("BYE", "z")])
        self.assertEqual((bench.call.state, bench.endpoint.counters["forked 2xx"]), ("established", 2))
        bench.hangup()
        self.assertEqual(bench.rest(), 0)

    def inside(self, bench, method, tag, number=1):
        parts = {
            "to_tag": bench.call.local_tag,
            "call_id": bench.call.call_id,
            "from_tag": tag,
            "number": number,
        }
        return bench.receive(request(method, branch="z9hG4bK" + method + tag, **parts))

    def test_requests_of_a_fork_that_is_not_the_calls(self):
        bench = self.ringing("a", "b")
        self.assertEqual(words(self.inside(bench, "UPDATE", "a")), [481])
        self.assertEqual(words(self.inside(bench, "BYE", "a", 2)), [200])
        self.assertEqual(bench.call.state, "early")  # the other one rings on
        self.assertEqual(words(self.inside(bench, "BYE", "x")), [481])
        self.assertEqual(words(self.inside(bench, "BYE", "b")), [200, "CANCEL"])

    def test_their_number_is_bounded(self):
        bench = self.ringing(*["t" + str(number) for number in range(100)])
        self.assertTrue(len(bench.call.early) <= 8)
        bench.reply(200, to_tag="t3", body=ANSWER)
        self.assertEqual(bench.call.state, "established")
        bench.hangup()
        self.assertEqual(bench.rest(), 0)


class AskedBetterTest(unittest.TestCase):
    """401 and 407 to an INVITE (RFC 3261 22.2)."""

    CHALLENGE = ("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256')

    def test_answered_once(self):
        bench = Outgoing(credentials=("alice", "secret"))
        self.assertEqual(parse_message(bench.invite).get("Authorization"), None)
        sent = bench.receive(reply(bench.invite, 401, headers=[self.CHALLENGE]))
        self.assertEqual(words(sent), ["ACK", "INVITE"])
        again = sent[1][1]
        self.assertTrue('username="alice"' in again.get("Authorization"))
        first = parse_message(bench.invite)
        self.assertEqual(
            (again.cseq()[0], again.call_id(), again.from_tag()), (2, first.call_id(), first.from_tag())
        )
        self.assertEqual((again.to_tag(), again.body), (None, first.body))
        self.assertTrue(again.top_via().branch != first.top_via().branch)
        bench.invite = again.to_bytes()
        self.assertEqual(bench.reply(401, headers=[self.CHALLENGE]), ["ACK"])
        self.assertEqual(bench.told(), [("rejected", "")])

    def test_then_cancelled(self):
        bench = Outgoing(credentials=("alice", "secret"))
        sent = bench.receive(reply(bench.invite, 401, headers=[self.CHALLENGE]))
        bench.invite = sent[1][1].to_bytes()
        bench.reply(180)
        cancel = bench.hangup()[0][1]
        self.assertEqual((cancel.method, cancel.cseq()[0]), ("CANCEL", 2))
        self.assertEqual(bench.reply(487), ["ACK"])
        self.assertEqual(bench.told()[-1], ("ended", "hangup"))
        self.assertEqual(bench.rest(), 0)

    def test_not_when_hung_up(self):
        bench = Outgoing(credentials=("alice", "secret"))
        bench.hangup()
        self.assertEqual(bench.reply(401, headers=[self.CHALLENGE]), ["ACK"])
        self.assertEqual(bench.told(), [("ended", "hangup")])

    def test_not_without_credentials_or_with_an_unknown_challenge(self):
        for options, header in (
            ({}, self.CHALLENGE),
            ({"credentials": ("a", "b")}, ("WWW-Authenticate", "Basic")),
        ):
            bench = Outgoing(**options)
            self.assertEqual(bench.reply(401, headers=[header]), ["ACK"])
            self.assertEqual(bench.told(), [("rejected", "")])

    def test_early_dialogs_of_the_first_are_gone(self):
        bench = Outgoing(credentials=("alice", "secret"))
        bench.reply(180, to_tag="a")
        proxied = ("Proxy-Authenticate", 'Digest realm="r", nonce="n"')
        sent = bench.receive(reply(bench.invite, 407, "b", [proxied]))
        self.assertTrue(sent[1][1].get("Proxy-Authorization") is not None)
        self.assertEqual(
            (bench.call.state, bench.call.dialog, len(bench.endpoint._core.dialogs)), ("calling", None, 0)
        )
        bench.invite = sent[1][1].to_bytes()
        bench.reply(200, to_tag="c", body=ANSWER)
        self.assertEqual(bench.call.state, "established")

    def test_the_first_ones_late_end_changes_nothing(self):
        bench = Outgoing(credentials=("alice", "secret"))
        first = bench.call.invite
        bench.receive(reply(bench.invite, 401, headers=[self.CHALLENGE]))
        bench.call.told(first, "transport error", None, 0)
        self.assertEqual(bench.call.state, "calling")


if __name__ == "__main__":
    unittest.main()
