"""UPDATE of our own (RFC 3311), and glare between two of them."""

import unittest

from call_bench import CONTACT, Incoming, Outgoing, words
from call_network import ANSWER, OFFER, established_pair, reply

from parley.wire.errors import LocalError


class UpdateTest(unittest.TestCase):
    def up(self):
        bench = Outgoing()
        bench.reply(200, body=ANSWER)
        return bench

    def test_offer(self):
        bench = self.up()
        bench.endpoint.update(bench.call, OFFER, 0)
        sent = bench.drain()
        self.assertEqual(
            (words(sent), sent[0][1].body, sent[0][1].cseq()), (["UPDATE"], OFFER, (2, "UPDATE"))
        )
        with self.assertRaises(LocalError):
            bench.endpoint.update(bench.call, OFFER, 0)
        with self.assertRaises(LocalError):
            bench.endpoint.reinvite(bench.call, OFFER, 0)
        moved = [("Contact", "<sip:carol@127.0.0.1:5099>")]
        sent = bench.receive(reply(sent[0][1].to_bytes(), 200, headers=moved, body=ANSWER))
        self.assertEqual(sent, [])  # no ACK
        self.assertEqual(bench.told()[-1], ("renegotiated", ""))
        self.assertEqual(bench.hangup()[0][1].uri, "sip:carol@127.0.0.1:5099")

    def test_refused(self):
        bench = self.up()
        bench.endpoint.update(bench.call, OFFER, 0)
        update = bench.drain()[0][1]
        bench.receive(reply(update.to_bytes(), 488))
        self.assertEqual(bench.told()[-1], ("reoffer_refused", ""))
        self.assertEqual(bench.call.state, "established")

    def test_lost_dialog(self):
        bench = self.up()
        bench.endpoint.update(bench.call, b"", 0)
        update = bench.drain()[0][1]
        sent = bench.receive(reply(update.to_bytes(), 481))
        self.assertEqual(words(sent), ["BYE"])

    def test_too_early(self):
        bench = Outgoing()
        with self.assertRaises(LocalError):
            bench.endpoint.update(bench.call, OFFER, 0)
        bench.reply(180)
        with self.assertRaises(LocalError):  # RFC 3311 5.1: our first offer is not answered
            bench.endpoint.update(bench.call, OFFER, 0)
        bench.endpoint.update(bench.call, b"", 0)  # only our Contact
        self.assertEqual(words(bench.drain()), ["UPDATE"])
        incoming = Incoming()
        with self.assertRaises(LocalError):
            incoming.endpoint.update(incoming.call, b"", 0)

    def test_early_after_a_reliable_answer(self):
        bench = Outgoing()
        headers = CONTACT + [("Require", "100rel"), ("RSeq", "1")]
        bench.receive(reply(bench.invite, 183, headers=headers, body=ANSWER))
        bench.endpoint.update(bench.call, OFFER, 0)
        self.assertEqual(words(bench.drain()), ["UPDATE"])

    def test_ended_meanwhile(self):
        bench = self.up()
        bench.endpoint.update(bench.call, OFFER, 0)
        update = bench.drain()[0][1]
        bench.hangup()
        bench.receive(reply(update.to_bytes(), 200, headers=CONTACT, body=ANSWER))
        self.assertEqual(bench.rest(), 0)
        self.assertEqual(bench.told()[-1], ("ended", "hangup"))


class GlareTest(unittest.TestCase):
    def test_two_at_once(self):
        network, near, far, call, far_call = established_pair()
        for party in (near, far):
            party.handlers["reoffer"] = lambda party, event, now: party.endpoint.answer_reoffer(
                event.subject, ANSWER, now
            )
        near.endpoint.update(call, OFFER, network.now_ms)
        far.endpoint.update(far_call, OFFER, network.now_ms)
        network.run(60)
        self.assertEqual(len(network.lines("491")), 2)
        network.run(10000)
        self.assertEqual((near.kinds().count("renegotiated"), far.kinds().count("renegotiated")), (1, 1))
        self.assertEqual(len(network.lines("491")), 2)  # RFC 3261 14.1: the waits cannot meet
        self.assertEqual((call.state, far_call.state), ("established", "established"))


if __name__ == "__main__":
    unittest.main()
