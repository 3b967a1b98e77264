"""Re-INVITE and UPDATE at the wrong moment, repeated, or malformed (RFC 3261 14, RFC 3311 5.2)."""

import unittest

from call_bench import CONTACT, Incoming, Outgoing, words
from call_network import ANSWER, HOST, OFFER, reply, request

from parley.wire.errors import LocalError
from parley.wire.sip import parse_message

PEER = (HOST, 5090)
SDP = [("Content-Type", "application/sdp")]


def reoffer(bench, method="INVITE", number=2, body=OFFER, **parts):
    return bench.receive(bench.inside(method, number, body=body, **parts))


class MomentTest(unittest.TestCase):
    def test_before_our_answer(self):
        bench = Incoming()
        bench.endpoint.provisional(bench.call, 183, 0)
        bench.drain()
        for number, method in ((2, "UPDATE"), (3, "INVITE")):
            status, response = reoffer(bench, method, number)[0]
            self.assertEqual((status, response.get("Retry-After")), (500, "2"))
        self.assertEqual(words(reoffer(bench, "UPDATE", 4, body=b"", branch_suffix="b")), [200])

    def test_between_our_answer_and_the_ack(self):
        bench = Incoming()
        bench.answered()
        self.assertEqual(words(reoffer(bench, "INVITE", 2)), [500])
        self.assertEqual(words(reoffer(bench, "UPDATE", 3)), [])  # offer and answer are complete
        self.assertEqual(bench.told()[-1][0], "reoffer")
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)
        status, response = bench.drain()[0]
        self.assertEqual((status, response.get("Content-Type")), (200, "application/sdp"))
        bench.receive(
            request("ACK", to_tag=bench.call.local_tag, branch="z9hG4bKINVITE", number=2)
        )  # of the 500
        self.assertEqual(words(bench.tick_all(500)), [200])  # the INVITE's 2xx still waits for its ACK
        bench.ack(600)
        self.assertEqual(bench.call.state, "established")

    def test_before_the_answer_to_ours(self):
        bench = Outgoing()
        bench.reply(183)
        parts = {"call_id": bench.call.call_id, "from_tag": "t1", "to_tag": bench.call.local_tag}
        found = bench.receive(request("UPDATE", branch="z9hG4bKu", body=OFFER, headers=SDP, **parts))
        self.assertEqual([word for word, _ in found], [491])

    def test_ours_before_the_ack_of_theirs(self):
        bench = Incoming().established()
        reoffer(bench)
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)
        with self.assertRaises(LocalError):
            bench.endpoint.reinvite(bench.call, OFFER, 0)
        bench.drain()
        bench.ack(0, number=2)
        bench.endpoint.reinvite(bench.call, OFFER, 0)
        word, message = bench.drain()[0]
        self.assertEqual(
            (word, message.body, message.get("Content-Type")), ("INVITE", OFFER, "application/sdp")
        )
        self.assertEqual(message.get("Contact"), bench.call.contact)
        self.assertTrue("UPDATE" in message.get_all("Allow"))

    def test_ours_in_every_other_state(self):
        for bench in (Incoming(), Outgoing()):
            with self.assertRaises(LocalError):
                bench.endpoint.reinvite(bench.call, OFFER, 0)
        self.assertEqual(bench.drain(), [])


class TheirsTest(unittest.TestCase):
    def test_target_refresh(self):
        bench = Incoming().established()
        bench.receive(
            bench.inside(
                "INVITE", 2, body=OFFER, contact=False, headers=[("Contact", "<sip:c@127.0.0.1:5099>")]
            )
        )
        self.assertEqual(
            bench.call.dialog.remote_target, "sip:carol@127.0.0.1:5090"
        )  # not before it is accepted
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)
        self.assertEqual(bench.call.dialog.remote_target, "sip:c@127.0.0.1:5099")

    def test_bad_contact_is_refused_at_once(self):
        bench = Incoming().established()
        for number, (value, status) in enumerate((("<sip:a@b", 400), ("<tel:1>", 416))):
            parts = {"contact": False, "headers": [("Contact", value)], "branch_suffix": str(number)}
            self.assertEqual(words(reoffer(bench, number=2 + number, **parts)), [status])
        self.assertEqual(bench.told()[-1][0], "established")

    def test_next_one_before_the_ack(self):
        bench = Incoming().established()
        reoffer(bench)
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)
        bench.drain()
        self.assertEqual(words(reoffer(bench, number=3, branch_suffix="b")), [500])

    def test_one_that_is_gone_and_one_that_was_answered(self):
        bench = Incoming().established()
        reoffer(bench)
        found = bench.receive(bench.inside("CANCEL", 2, branch="z9hG4bKINVITE"))
        self.assertEqual(sorted(words(found)), [200, 487])
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)  # it crossed the CANCEL
        self.assertEqual(bench.drain(), [])
        reoffer(bench, number=3, branch_suffix="b")
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)
        with self.assertRaises(LocalError):
            bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)

    def test_answering_what_is_not_there(self):
        bench = Incoming().established()
        reoffer(bench)
        bench.endpoint.answer_reoffer(bench.call, None, 0)
        self.assertEqual(words(bench.drain()), [488])
        with self.assertRaises(LocalError):
            bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)

    def test_offer_of_ours_in_their_reinvite_is_answered_in_the_ack(self):
        bench = Incoming().established()
        reoffer(bench, body=b"")
        bench.endpoint.answer_reoffer(bench.call, OFFER, 0)
        bench.drain()
        bench.receive(bench.inside("ACK", 2, body=ANSWER))
        self.assertEqual((bench.told()[-1][0], bench.call.answer), ("renegotiated", ANSWER))
        reoffer(bench, number=3, branch_suffix="c")
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 0)
        bench.drain()
        bench.ack(0, number=3)
        self.assertEqual(
            [kind for kind, _ in bench.told()].count("renegotiated"), 1
        )  # nothing new in that ACK


class OursTest(unittest.TestCase):
    def setUp(self):
        self.bench = Outgoing()
        self.bench.reply(200)
        self.bench.endpoint.reinvite(self.bench.call, OFFER, 0)
        self.sent = self.bench.endpoint.transmits()[0][0]

    def reply(self, status, now_ms=0, **parts):
        return [word for word, _ in self.bench.receive(reply(self.sent, status, **parts), now_ms)]

    def test_repeated_2xx_is_acknowledged_and_told_once(self):
        self.assertEqual(self.reply(100), [])
        self.assertEqual(self.reply(200, headers=CONTACT, body=ANSWER), ["ACK"])
        self.assertEqual(self.reply(200, headers=CONTACT, body=ANSWER), ["ACK"])
        self.assertEqual([kind for kind, _ in self.bench.told()].count("renegotiated"), 1)
        self.bench.hangup()
        self.assertEqual(self.reply(200, headers=CONTACT, body=ANSWER), ["ACK"])

    def test_target_refresh(self):
        contact = [("Contact", "<sip:carol@127.0.0.1:5099>")]
        self.bench.endpoint.receive(reply(self.sent, 200, headers=contact), PEER, 0)
        data, peer = self.bench.party.drain(0)[0]
        self.assertEqual((parse_message(data).uri, peer), ("sip:carol@127.0.0.1:5099", (HOST, 5099)))

    def test_bad_contact(self):
        self.assertEqual(self.reply(200, headers=[("Contact", "<tel:1>")]), ["ACK"])
        self.assertEqual(self.bench.told()[-1][0], "renegotiated")
        self.assertEqual(self.bench.endpoint.counters["bad contact"], 1)

    def test_answer_after_the_end(self):
        self.bench.hangup()
        self.assertEqual(self.reply(200, headers=CONTACT), ["ACK"])
        self.assertEqual(self.bench.told()[-1][0], "answered")
        self.assertEqual(self.bench.rest(), 0)

    def test_refusal_after_the_end(self):
        self.bench.hangup()
        self.assertEqual(self.reply(481), ["ACK"])
        self.assertEqual(self.bench.rest(), 0)

    def test_glare_waits_until_theirs_is_settled(self):
        bench, call = self.bench, self.bench.call
        self.assertEqual(self.reply(491), ["ACK"])
        parts = {"call_id": call.call_id, "from_tag": "t1", "to_tag": call.local_tag, "headers": SDP}
        bench.receive(request("INVITE", branch="z9hG4bKi", number=5, body=OFFER, **parts))
        self.assertEqual((bench.told()[-1][0], bench.tick(4100)), ("reoffer", [100]))
        bench.endpoint.answer_reoffer(call, ANSWER, 4100)
        bench.drain()
        self.assertEqual(bench.tick(4600), [200])  # repeated: no ACK yet, so ours waits
        bench.receive(request("ACK", branch="z9hG4bKa", number=5, **parts), 4700)
        self.assertEqual(bench.tick(5100), ["INVITE"])

    def test_glare_and_another_try_by_hand(self):
        self.reply(491)
        self.bench.endpoint.reinvite(self.bench.call, OFFER, 100)
        self.assertEqual([word for word, _ in self.bench.drain(100)], ["INVITE"])
        for now_ms in range(200, 5000, 100):
            self.assertTrue(self.bench.tick(now_ms) in ([], ["INVITE"]))  # only what timer A repeats
        self.assertEqual(len(self.bench.endpoint._core.layer.clients), 3)

    def test_glare_and_the_end(self):
        self.reply(491)
        self.bench.hangup()
        self.assertEqual((self.bench.rest(), self.bench.told()[-1]), (0, ("ended", "hangup")))


if __name__ == "__main__":
    unittest.main()
