"""Calls to us: answers, the 2xx and its ACK (RFC 3261 13.3)."""

import unittest

from call_bench import PEER, Incoming
from call_network import ANSWER, OFFER, request

from parley.wire.errors import LocalError


class IncomingTest(unittest.TestCase):
    def test_what_the_call_says(self):
        bench = Incoming()
        call = bench.call
        self.assertEqual((call.role, call.state, call.peer), ("uas", "incoming", PEER))
        self.assertEqual((call.call_id, call.offer, call.answer), ("c1", OFFER, b""))
        self.assertEqual((call.local_uri, call.remote_uri), ("sip:bob@127.0.0.1", "sip:carol@127.0.0.1:5090"))
        self.assertEqual((call.remote_contact, call.is_focus), ("sip:carol@127.0.0.1:5090", False))

    def test_answer(self):
        bench = Incoming()
        contact = "<sip:token@127.0.0.1:5060;transport=udp>;isfocus"
        bench.endpoint.answer(bench.call, ANSWER, 0, contact=contact, headers=[("X-Test", "1")])
        status, response = bench.drain()[0]
        self.assertEqual((status, response.body, response.get("Contact")), (200, ANSWER, contact))
        self.assertEqual((response.get("X-Test"), response.get("Content-Type")), ("1", "application/sdp"))
        self.assertEqual(response.to_tag(), bench.call.local_tag)
        self.assertTrue("REFER" in response.get_all("Allow"))
        self.assertEqual(
            (response.get("Supported"), response.get("Server")), ("norefersub, 100rel, timer", "Parley/0.1")
        )
        self.assertEqual(bench.call.state, "answered")
        bench.ack()
        self.assertEqual((bench.call.state, bench.told()[-1]), ("established", ("established", "")))
        self.assertEqual(bench.call.answer, ANSWER)

    def test_provisional_keeps_the_tag(self):
        bench = Incoming(headers=[("Record-Route", "<sip:p1;lr>, <sip:p2;lr>")])
        bench.endpoint.provisional(bench.call, 180, 0)
        bench.endpoint.answer(bench.call, ANSWER, 0)
        ringing, response = [message for _, message in bench.drain()]
        self.assertEqual((ringing.status, ringing.to_tag()), (180, response.to_tag()))
        self.assertEqual(response.get_all("Record-Route"), ["<sip:p1;lr>", "<sip:p2;lr>"])  # 12.1.1
        with self.assertRaises(LocalError):
            bench.endpoint.provisional(bench.call, 180, 0)

    def test_reject_and_redirect(self):
        bench = Incoming()
        bench.endpoint.reject(bench.call, 302, 0, headers=[("Contact", "<sip:token@127.0.1.1>;isfocus")])
        status, response = bench.drain()[0]
        self.assertEqual((status, response.get("Contact")), (302, "<sip:token@127.0.1.1>;isfocus"))
        self.assertEqual((bench.call.state, bench.told()[-1]), ("ended", ("ended", "rejected")))
        self.assertEqual(bench.endpoint.calls, [])
        bench.receive(request("ACK", to_tag=bench.call.local_tag))
        self.assertEqual(bench.tick(500), [])  # acknowledged
        bench.tick(5000)
        self.assertEqual(bench.endpoint.pending(), 0)

    def test_answering_twice_is_our_mistake(self):
        bench = Incoming()
        bench.answered()
        for wrong in (
            lambda: bench.endpoint.answer(bench.call, ANSWER, 0),
            lambda: bench.endpoint.reject(bench.call, 486, 0),
            lambda: bench.endpoint.reinvite(bench.call, OFFER, 0),
            lambda: bench.endpoint.refer(bench.call, "sip:x@y", 0),
            lambda: bench.endpoint.answer_reoffer(bench.call, ANSWER, 0),
        ):
            with self.assertRaises(LocalError):
                wrong()
        with self.assertRaises(LocalError):
            bench.endpoint.answer(bench.call, ANSWER, 0, contact="<sip:other@127.0.0.1>")
        self.assertEqual((bench.call.state, bench.drain()), ("answered", []))
        self.assertEqual(bench.call.contact, "<sip:p5060@127.0.0.1:5060;transport=udp>")

    def test_bad_statuses_and_headers_change_nothing(self):
        bench = Incoming()
        for wrong in (
            lambda: bench.endpoint.reject(bench.call, 200, 0),
            lambda: bench.endpoint.reject(bench.call, 700, 0),
            lambda: bench.endpoint.provisional(bench.call, 100, 0),
            lambda: bench.endpoint.answer(bench.call, ANSWER, 0, headers=[("X", "a\r\nVia: b")]),
            lambda: bench.endpoint.answer(bench.call, ANSWER, 0, contact="<sip:a>\r\nX: y"),
            lambda: bench.endpoint.hangup(bench.call, 0, headers=[("X", "a\nb")]),
        ):
            with self.assertRaises(LocalError):
                wrong()
        self.assertEqual((bench.call.state, bench.drain()), ("incoming", []))
        bench.endpoint.answer(bench.call, ANSWER, 0)
        self.assertTrue(bench.drain()[0][1].get("Contact").startswith("<sip:p5060@"))

    def test_caller_vanishes(self):
        bench = Incoming()
        bench.endpoint.provisional(bench.call, 180, 0)
        bench.drain()
        bench.endpoint.transport_error(PEER, 5)
        bench.drain(5)
        self.assertEqual((bench.told()[-1], bench.endpoint.pending()), (("ended", "transport error"), 0))

    def test_nobody_answers(self):
        bench = Incoming()
        self.assertEqual(bench.tick(200), [100])
        self.assertEqual(bench.tick(179999), [])
        self.assertEqual(bench.tick(180000), [480])
        self.assertEqual(bench.told()[-1], ("ended", "no answer"))


class AcknowledgementTest(unittest.TestCase):
    def test_2xx_is_repeated_until_the_ack(self):
        bench = Incoming()
        bench.answered()
        times = []
        for now_ms in range(0, 9001, 100):
            if bench.tick(now_ms) == [200]:
                times.append(now_ms)
        self.assertEqual(times, [500, 1500, 3500, 7500])  # 13.3.1.4: T1 doubled up to T2
        bench.ack(9000)
        self.assertEqual((bench.call.state, bench.tick(20000)), ("established", []))

    def test_no_ack_at_all(self):
        bench = Incoming()
        bench.answered()
        times = []
        now_ms = bench.endpoint.next_deadline()
        while bench.call.state != "ended":
            times.append((now_ms, bench.tick(now_ms)))
            now_ms = bench.endpoint.next_deadline()
        expected = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
        self.assertEqual(times[:-1], [(ms, [200]) for ms in expected])
        self.assertEqual(times[-1], (32000, ["BYE"]))
        self.assertEqual(bench.told()[-1], ("ended", "no ack"))
        bench.tick(64000)
        self.assertEqual(bench.endpoint.pending(), 0)

    def test_ack_of_another_transaction_is_stray(self):
        bench = Incoming()
        bench.answered()
        bench.ack(0, number=2)
        bench.receive(request("ACK", to_tag="other", branch="z9hG4bKack"))
        bench.receive(request("ACK", to_tag=bench.call.local_tag, branch="z9hG4bKack", from_tag="other"))
        self.assertEqual(bench.call.state, "answered")
        self.assertEqual(bench.endpoint.counters["stray ack"], 3)
        bench.ack()
        bench.ack()
        self.assertEqual(bench.call.state, "established")
        self.assertEqual([kind for kind, _ in bench.told()].count("established"), 1)

    def test_ack_with_the_branch_of_the_invite(self):
        bench = Incoming()
        bench.answered()
        bench.receive(request("ACK", to_tag=bench.call.local_tag))
        self.assertEqual(bench.call.state, "established")

    def test_offer_in_our_answer(self):
        bench = Incoming(offer=b"")
        self.assertEqual(bench.call.offer, b"")
        bench.endpoint.answer(bench.call, OFFER, 0)
        bench.drain()
        bench.receive(bench.inside("ACK", 1, body=ANSWER))
        self.assertEqual((bench.call.state, bench.call.answer), ("established", ANSWER))
        self.assertEqual(bench.party.heard[-1].message.body, ANSWER)


if __name__ == "__main__":
    unittest.main()
