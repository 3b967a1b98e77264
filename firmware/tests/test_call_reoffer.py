"""Changing a call: re-INVITE and UPDATE, theirs and ours, glare (RFC 3261 14, RFC 3311)."""

import unittest

from call_network import ANSWER, HOST, OFFER, established_pair, reply, request

from parley.wire.errors import LocalError
from parley.wire.sip import parse_message

HOLD = OFFER + b"a=sendonly\r\n"
HELD = ANSWER + b"a=recvonly\r\n"


class Pair:
    """A call between two endpoints; `far` is the callee."""

    def __init__(self):
        self.network, self.near, self.far, self.call, self.far_call = established_pair()

    def now(self):
        return self.network.now_ms

    def reinvite(self, body=HOLD):
        self.near.endpoint.reinvite(self.call, body, self.now())
        self.network.run(50)

    def answer(self, body, status=488):
        self.far.endpoint.answer_reoffer(self.far_call, body, self.now(), status)
        self.network.run(50)

    def request(self, method, number, body=b"", to_tag=None):
        """The caller's side sends a hand-made request inside the dialog; returns the statuses it gets."""
        call = self.far_call
        data = request(
            method,
            to_tag=to_tag or call.local_tag,
            branch="z9hG4bK" + method + str(number),
            number=number,
            body=body,
            call_id=call.call_id,
            from_tag=self.call.local_tag,
            contact=False,
            headers=[("Content-Type", "application/sdp")] if body else [],
        )
        self.far.endpoint.receive(data, (HOST, 5090), self.now())
        found = [parse_message(sent) for sent, _ in self.far.drain(self.now())]
        return [getattr(message, "status", None) or message.method for message in found]

    def ended(self):
        self.network.run(400000)
        return (self.call.state, self.far_call.state, self.network.pending())


class ReinviteTest(unittest.TestCase):
    def test_hold(self):
        pair = Pair()
        pair.reinvite()
        event = pair.far.heard[-1]
        self.assertEqual((event.kind, event.message.method, event.message.body), ("reoffer", "INVITE", HOLD))
        self.assertTrue(event.subject is pair.far_call)
        pair.answer(HELD)
        self.assertEqual((pair.near.heard[-1].kind, pair.call.answer), ("renegotiated", HELD))
        self.assertEqual((pair.far_call.offer, pair.far_call.answer), (HOLD, HELD))
        self.assertEqual(
            pair.network.lines("ACK")[-1].split(" ")[1], "sip:p5060@127.0.0.1:5060;transport=udp"
        )
        self.assertEqual(
            (pair.call.state, pair.far_call.state, pair.far_call.accept), ("established",) * 2 + (None,)
        )
        pair.far.endpoint.reinvite(pair.far_call, OFFER, pair.now())  # and the other way round
        pair.network.run(50)
        self.assertEqual(pair.near.heard[-1].kind, "reoffer")

    def test_refused(self):
        pair = Pair()
        pair.reinvite()
        pair.answer(None)
        event = pair.near.heard[-1]
        self.assertEqual((event.kind, event.status, pair.call.state), ("reoffer_refused", 488, "established"))
        pair.reinvite(OFFER)  # another may follow
        pair.answer(ANSWER)
        self.assertEqual(pair.near.heard[-1].kind, "renegotiated")

    def test_without_an_offer(self):
        pair = Pair()
        self.assertEqual(pair.request("INVITE", 7), [])
        self.assertEqual(pair.far.heard[-1].message.body, b"")
        pair.far.endpoint.answer_reoffer(pair.far_call, OFFER, pair.now())
        self.assertEqual(pair.request("ACK", 7, body=ANSWER), [200])  # the 200 was in the queue
        event = pair.far.heard[-1]
        self.assertEqual(
            (event.kind, event.message.method, pair.far_call.answer), ("renegotiated", "ACK", ANSWER)
        )

    def test_2xx_is_repeated_and_without_ack_the_call_ends(self):
        pair = Pair()
        self.assertEqual(pair.request("INVITE", 7, OFFER), [])
        pair.far.endpoint.answer_reoffer(pair.far_call, ANSWER, pair.now())
        pair.network.run(31999)
        self.assertEqual(
            len(pair.network.lines("200 OK")), 1 + 11
        )  # the first INVITE's, and eleven to this one
        self.assertEqual(pair.far_call.state, "established")
        pair.network.run(100)
        self.assertEqual((pair.far.heard[-1].kind, pair.far.heard[-1].text), ("ended", "no ack"))
        self.assertEqual((pair.near.heard[-1].kind, pair.near.heard[-1].text), ("ended", "bye"))

    def test_cancelled(self):
        pair = Pair()
        pair.request("INVITE", 7, OFFER)
        call = pair.far_call
        parts = {"call_id": call.call_id, "from_tag": pair.call.local_tag}
        cancel = request("CANCEL", to_tag=call.local_tag, branch="z9hG4bKINVITE7", number=7, **parts)
        pair.far.endpoint.receive(cancel, (HOST, 5090), pair.now())
        found = [parse_message(sent).status for sent, _ in pair.far.drain(pair.now())]
        self.assertEqual(sorted(found), [200, 487])
        self.assertEqual(call.state, "established")
        pair.far.endpoint.answer_reoffer(call, ANSWER, pair.now())  # its own doing crossed the CANCEL
        self.assertEqual(pair.far.endpoint.counters["late answer"], 1)

    def test_one_at_a_time(self):
        pair = Pair()
        pair.reinvite()
        with self.assertRaises(LocalError):
            pair.near.endpoint.reinvite(pair.call, OFFER, pair.now())
        self.assertEqual(pair.request("INVITE", 8, OFFER), [500])  # 14.2: the first has no answer yet
        self.assertEqual(pair.request("UPDATE", 9, OFFER), [500])
        with self.assertRaises(LocalError):
            pair.far.endpoint.reinvite(pair.far_call, OFFER, pair.now())
        with self.assertRaises(LocalError):
            pair.far.endpoint.answer_reoffer(pair.far_call, None, pair.now(), status=200)
        pair.answer(HELD)
        self.assertEqual(pair.near.heard[-1].kind, "renegotiated")

    def test_forgotten(self):
        pair = Pair()
        pair.reinvite()
        pair.network.run(32100)
        self.assertEqual((pair.near.heard[-1].kind, pair.near.heard[-1].status), ("reoffer_refused", 500))
        pair.answer(ANSWER)  # too late, and no mistake
        self.assertEqual(pair.call.state, "established")

    def test_dialog_that_is_gone(self):
        pair = Pair()
        pair.near.endpoint.reinvite(pair.call, HOLD, pair.now())
        sent = pair.near.endpoint.transmits()[0][0]
        pair.near.endpoint.receive(reply(sent, 481), (HOST, 5060), pair.now())  # 12.2.1.2
        pair.network.run(100)
        self.assertEqual((pair.near.heard[-1].kind, pair.near.heard[-1].text), ("ended", "lost"))
        self.assertEqual(pair.ended(), ("ended", "ended", 0))

    def test_no_answer(self):
        pair = Pair()
        pair.network.drop = lambda data, source, destination: True
        pair.reinvite()
        self.assertEqual(pair.call.state, "established")
        pair.network.run(100000)
        self.assertEqual((pair.near.heard[-1].kind, pair.near.heard[-1].text), ("ended", "lost"))

    def test_hangup_under_way(self):
        for near_hangs_up in (True, False):
            pair = Pair()
            pair.reinvite()
            party, call = (pair.near, pair.call) if near_hangs_up else (pair.far, pair.far_call)
            party.endpoint.hangup(call, pair.now())
            pair.network.run(100)
            pair.far.endpoint.answer_reoffer(pair.far_call, ANSWER, pair.now())
            self.assertEqual(len(pair.network.lines("487")), 1)  # 15.1.2
            self.assertEqual(pair.ended(), ("ended", "ended", 0))


class GlareTest(unittest.TestCase):
    def test_both_at_once(self):
        pair = Pair()
        pair.far.handlers["reoffer"] = lambda party, event, now: party.endpoint.answer_reoffer(
            event.subject, HELD, now
        )
        pair.near.handlers["reoffer"] = pair.far.handlers["reoffer"]
        pair.near.endpoint.reinvite(pair.call, HOLD, pair.now())
        pair.far.endpoint.reinvite(pair.far_call, HOLD, pair.now())
        pair.network.run(50)
        self.assertEqual(len(pair.network.lines("491")), 2)
        pair.network.run(10000)
        again = [entry for entry in pair.network.log if entry[3].startswith("INVITE")][3:]
        near_ms = [entry[0] - 105 for entry in again if entry[1] == 5062]
        far_ms = [entry[0] - 105 for entry in again if entry[1] == 5060]
        self.assertEqual((len(near_ms), len(far_ms)), (1, 1))
        self.assertTrue(
            2100 <= near_ms[0] <= 4010, str(near_ms)
        )  # 14.1: the owner of the Call-ID waits longer
        self.assertTrue(0 <= far_ms[0] <= 2010, str(far_ms))
        self.assertEqual([pair.near.kinds().count(kind) for kind in ("renegotiated", "reoffer")], [1, 1])
        self.assertEqual([pair.far.kinds().count(kind) for kind in ("renegotiated", "reoffer")], [1, 1])


class UpdateTest(unittest.TestCase):
    def test_with_an_offer(self):
        pair = Pair()
        self.assertEqual(pair.request("UPDATE", 7, HOLD), [])
        self.assertEqual((pair.far.heard[-1].kind, pair.far.heard[-1].message.method), ("reoffer", "UPDATE"))
        pair.far.endpoint.answer_reoffer(pair.far_call, HELD, pair.now())
        response = parse_message(pair.far.endpoint.transmits()[0][0])
        self.assertEqual((response.status, response.body), (200, HELD))
        self.assertEqual(pair.far_call.accept, None)

    def test_without_an_offer(self):
        pair = Pair()
        self.assertEqual(pair.request("UPDATE", 7), [200])
        self.assertEqual(pair.far.kinds(), ["incoming", "established"])

    def test_while_ours_is_under_way(self):
        pair = Pair()
        pair.far.endpoint.reinvite(pair.far_call, HOLD, pair.now())
        pair.far.endpoint.transmits()
        self.assertEqual(pair.request("UPDATE", 7, HOLD), [491])
        self.assertEqual(pair.request("INVITE", 8, HOLD), [491])

    def test_after_hanging_up(self):
        pair = Pair()
        pair.far.endpoint.hangup(pair.far_call, pair.now())
        pair.far.endpoint.transmits()
        self.assertEqual(pair.request("UPDATE", 7), [481])
        self.assertEqual(pair.request("INVITE", 8, HOLD), [481])


if __name__ == "__main__":
    unittest.main()
