"""Reliable provisional responses (RFC 3262), sent and received."""

import unittest

from call_bench import CONTACT, Incoming, Outgoing, words
from call_network import ANSWER, OFFER, Network, Party, reply

from parley.wire.errors import LocalError
from parley.wire.sip import parse_message

REQUIRED = [("Require", "100rel")]


class CalleeTest(unittest.TestCase):
    def ringing(self, body=b"", offer=OFFER):
        bench = Incoming(offer=offer, headers=REQUIRED)
        bench.endpoint.provisional(bench.call, 183, 0, body=body)
        self.progress = bench.drain()[0][1]
        self.number = int(self.progress.get("RSeq"))
        return bench

    def prack(self, bench, number=None, cseq=2, now_ms=10, **parts):
        rack = ("RAck", str(self.number if number is None else number) + " 1 INVITE")
        suffix = str(cseq)
        return bench.receive(bench.inside("PRACK", cseq, suffix, headers=[rack], **parts), now_ms)

    def test_plain_unless_required(self):
        bench = Incoming(headers=[("Supported", "100rel")])
        bench.endpoint.provisional(bench.call, 180, 0)
        sent = bench.drain()[0][1]
        self.assertEqual((sent.get("RSeq"), sent.get("Require")), (None, None))

    def test_repeated_until_prack(self):
        bench = self.ringing()
        self.assertEqual((self.progress.get("Require"), self.progress.status), ("100rel", 183))
        self.assertTrue(1 <= self.number < 2**31)
        self.assertEqual(
            (bench.tick(499), bench.tick(500), bench.tick(1499), bench.tick(1500)), ([], [183], [], [183])
        )
        self.assertEqual(words(self.prack(bench, now_ms=1600)), [200])
        self.assertEqual(bench.tick(10000), [])
        self.assertEqual(words(self.prack(bench, cseq=3, now_ms=1700)), [481])  # nothing waits any more

    def test_wrong_racks(self):
        bench = self.ringing()
        self.assertEqual(words(self.prack(bench, self.number + 1)), [481])
        self.assertEqual(words(bench.receive(bench.inside("PRACK", 3, "b"))), [400])
        wrong = bench.inside("PRACK", 4, "c", headers=[("RAck", "x 1 INVITE")])
        self.assertEqual(words(bench.receive(wrong)), [400])
        other = bench.inside("PRACK", 5, "d", headers=[("RAck", str(self.number) + " 1 OPTIONS")])
        self.assertEqual(words(bench.receive(other)), [481])
        self.assertEqual(words(self.prack(bench, cseq=6)), [200])

    def test_nobody_acknowledges(self):
        bench = self.ringing()
        heard = []
        while bench.call.state != "ended":
            heard.extend(bench.tick(bench.endpoint.next_deadline()))
        self.assertEqual(heard, [183] * 6 + [504])
        self.assertEqual(bench.told()[-1], ("ended", "no prack"))

    def test_one_at_a_time(self):
        bench = self.ringing()
        for status in (180, 182):
            bench.endpoint.provisional(bench.call, status, 0)
        self.assertEqual(bench.drain(), [])
        sent = self.prack(bench)
        self.assertEqual(words(sent), [200, 180])
        self.assertEqual(int(sent[1][1].get("RSeq")), self.number + 1)
        self.number += 1
        self.assertEqual(words(self.prack(bench, cseq=3)), [200, 182])

    def test_the_answer_need_not_wait(self):
        bench = self.ringing()
        bench.endpoint.answer(bench.call, ANSWER, 0)
        self.assertEqual(words(bench.drain()), [200])
        bench.ack()
        self.assertEqual(words(self.prack(bench)), [200])  # RFC 3262 3: still taken
        self.assertEqual(bench.tick(40000), [])

    def test_but_for_that_of_an_answer_in_it(self):
        bench = self.ringing(body=ANSWER)
        bench.endpoint.answer(bench.call, b"", 0)
        self.assertEqual(bench.drain(), [])
        with self.assertRaises(LocalError):
            bench.endpoint.answer(bench.call, b"", 0)
        self.assertEqual(words(self.prack(bench)), [200, 200])
        bench.ack()
        self.assertEqual((bench.call.state, bench.call.answer), ("established", ANSWER))

    def test_cancelled_while_it_waits(self):
        bench = self.ringing(body=ANSWER)
        bench.endpoint.answer(bench.call, b"", 0)
        sent = bench.receive(
            bench.inside("CANCEL", 1, branch="z9hG4bK1").replace(
                b";tag=" + bench.call.local_tag.encode(), b""
            )
        )
        self.assertEqual(words(sent), [200, 487])
        self.assertEqual(words(self.prack(bench)), [481])

    def test_offer_in_the_1xx(self):
        bench = Incoming(offer=b"", headers=REQUIRED)
        with self.assertRaises(LocalError):  # RFC 3262 5
            bench.endpoint.provisional(bench.call, 180, 0)
        bench.endpoint.provisional(bench.call, 183, 0, body=OFFER)
        self.number = int(bench.drain()[0][1].get("RSeq"))
        self.assertEqual(words(self.prack(bench, body=ANSWER)), [200])
        self.assertEqual(bench.told()[-1], ("renegotiated", ""))
        self.assertEqual(bench.call.answer, ANSWER)

    def test_offer_in_the_prack(self):
        bench = self.ringing(body=ANSWER)
        self.assertEqual(self.prack(bench, body=OFFER), [])
        self.assertEqual(bench.told()[-1][0], "reoffer")
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 10)
        sent = bench.drain()
        self.assertEqual((words(sent), sent[0][1].body), ([200], ANSWER))

    def test_prack_of_a_call_without(self):
        bench = Incoming()
        bench.endpoint.provisional(bench.call, 180, 0)
        bench.drain()
        self.number = 1
        self.assertEqual(words(self.prack(bench)), [481])

    def test_update_before_the_answer(self):
        bench = self.ringing(body=ANSWER)
        self.assertEqual(words(bench.receive(bench.inside("UPDATE", 2, body=OFFER))), [500])
        self.prack(bench, cseq=3)
        self.assertEqual(bench.receive(bench.inside("UPDATE", 4, "x", body=OFFER)), [])
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)
        self.assertEqual(words(bench.drain()), [200])
        bench.endpoint.update(bench.call, OFFER, 0)
        sent = bench.drain()
        self.assertEqual(words(sent), ["UPDATE"])
        bench.receive(reply(sent[0][1].to_bytes(), 200, headers=CONTACT, body=ANSWER))
        self.assertEqual(bench.told()[-1], ("renegotiated", ""))


class CallerTest(unittest.TestCase):
    def progress(self, bench, number, status=183, to_tag="t1", body=b""):
        headers = CONTACT + [("Require", "100rel"), ("RSeq", str(number))]
        return bench.receive(reply(bench.invite, status, to_tag, headers=headers, body=body))

    def test_acknowledged_once_and_in_order(self):
        bench = Outgoing()
        self.assertTrue("100rel" in parse_message(bench.invite).get_all("Supported"))
        sent = self.progress(bench, 7)
        self.assertEqual((words(sent), sent[0][1].get("RAck")), (["PRACK"], "7 1 INVITE"))
        self.assertEqual(sent[0][1].cseq(), (2, "PRACK"))
        self.assertEqual(sent[0][1].uri, "sip:carol@127.0.0.1:5090")
        self.assertEqual(self.progress(bench, 7), [])  # a repetition
        self.assertEqual(self.progress(bench, 9), [])  # 8 is missing: not yet
        self.assertEqual(words(self.progress(bench, 8)), ["PRACK"])
        self.assertEqual(bench.party.kinds(), ["progress", "progress"])

    def test_each_fork_counts_for_itself(self):
        bench = Outgoing()
        self.progress(bench, 7, to_tag="a")
        sent = self.progress(bench, 100, to_tag="b")
        self.assertEqual((words(sent), sent[0][1].to_tag()), (["PRACK"], "b"))
        sent = self.progress(bench, 8, to_tag="a")
        self.assertEqual((sent[0][1].to_tag(), sent[0][1].cseq()[0]), ("a", 3))

    def test_answer_in_the_1xx(self):
        bench = Outgoing()
        self.progress(bench, 1, body=ANSWER)
        self.assertEqual(bench.call.answer, ANSWER)
        self.assertEqual(bench.reply(200), ["ACK"])
        self.assertEqual((bench.call.answer, bench.call.state), (ANSWER, "established"))

    def test_unusable(self):
        bench = Outgoing()
        for value in ("x", "-1", "4294967296"):
            self.assertEqual(self.progress(bench, value), [])
        self.assertEqual(bench.endpoint.counters["bad reliable response"], 3)

    def test_not_asked_for_without_an_offer(self):
        party = Party(5060)
        party.endpoint.invite("sip:carol@127.0.0.1:5090", b"", 0)
        invite = parse_message(party.endpoint.transmits()[0][0])
        self.assertTrue("100rel" not in invite.get_all("Supported"))
        self.assertTrue("timer" in invite.get_all("Supported"))

    def test_hung_up_before(self):
        bench = Outgoing()
        bench.hangup()
        self.assertEqual(sorted(words(self.progress(bench, 1))), ["CANCEL", "PRACK"])


class BothEndsTest(unittest.TestCase):
    def test_through_a_storm(self):
        """Half of all datagrams are lost: the 1xx still arrives before the 2xx, and nothing is left behind."""

        def ring(party, event, now_ms):
            party.endpoint.provisional(event.subject, 183, now_ms, body=ANSWER)
            party.endpoint.answer(event.subject, b"", now_ms)

        both = 0
        for seed in range(1, 30):
            near, far = Party(5062), Party(5060, handlers={"incoming": ring})
            network = Network([near, far], seed=seed, loss=40)
            call = near.endpoint.invite(far.uri, OFFER, 0, headers=REQUIRED)
            network.run(40000)
            if call.state == "established":
                self.assertEqual(near.kinds()[:2], ["progress", "answered"])
                both += far.kinds().count("established")
                near.endpoint.hangup(call, network.now_ms)
            network.run(400000)
            self.assertEqual(network.pending(), 0)
        self.assertTrue(both > 20, str(both))


if __name__ == "__main__":
    unittest.main()
