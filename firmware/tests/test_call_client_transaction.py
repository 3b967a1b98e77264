"""Client transactions: schedules to the millisecond, the ACK of failures (RFC 3261 17.1, RFC 6026)."""

import unittest

from call_bench import PEER, Bench

from parley.call.transaction import NO_REQUEST
from parley.wire.sip import parse_message, response_to


class ClientInviteTest(unittest.TestCase):
    def test_timers_a_and_b(self):
        bench = Bench()
        bench.client()
        bench.run(40000)
        times = [0, 500, 1500, 3500, 7500, 15500, 31500]  # 17.1.1.2: A doubles without limit
        self.assertEqual(bench.sent, [(ms, "INVITE") for ms in times])
        self.assertEqual(bench.told, [(32000, "timeout")])
        self.assertTrue(bench.empty())

    def test_1xx_stops_retransmission_until_timer_c(self):
        bench = Bench()
        transaction = bench.client()
        bench.run(600)
        bench.reply(transaction, 180)
        bench.run(100600)
        bench.reply(transaction, 180)
        bench.run(1000000)
        self.assertEqual(bench.sent, [(0, "INVITE"), (500, "INVITE")])
        self.assertEqual(bench.told, [(600, "1xx"), (100600, "1xx"), (312600, "timeout")])
        self.assertTrue(bench.empty())

    def test_timer_c_starts_with_the_first_1xx(self):
        bench = Bench()
        bench.reply(bench.client(), 100)
        bench.run(211999)
        self.assertEqual(bench.told, [(0, "1xx")])
        bench.run(212000)
        self.assertEqual(bench.told, [(0, "1xx"), (212000, "timeout")])

    def test_failure_is_acknowledged_each_time_until_timer_d(self):
        bench = Bench()
        transaction = bench.client()
        bench.run(100)
        bench.reply(transaction, 486)
        bench.run(700)
        bench.reply(transaction, 486)
        bench.reply(transaction, 180)  # late
        bench.run(32099)
        bench.reply(transaction, 486)
        self.assertEqual(bench.sent, [(0, "INVITE"), (100, "ACK"), (700, "ACK"), (32099, "ACK")])
        self.assertEqual(bench.told, [(100, "final")])
        bench.run(32100)
        self.assertTrue(bench.empty())
        bench.reply(transaction, 486)
        self.assertEqual(bench.counters["stray response"], 1)

    def test_ack_of_failure_is_made_from_the_invite(self):
        bench = Bench()
        transaction = bench.client()
        bench.layer.outgoing = []
        invite = transaction.request
        bench.layer.receive_response(response_to(invite, 404, None, "their"), 0)
        data, peer = bench.layer.outgoing[0]
        ack = parse_message(data)
        self.assertEqual((ack.method, ack.uri, peer), ("ACK", "sip:b@127.0.0.1", PEER))
        self.assertEqual(ack.get_all("Via"), invite.get_all("Via"))  # 17.1.1.3: one Via, the same branch
        self.assertEqual(ack.get("From"), invite.get("From"))
        self.assertEqual(ack.get("Call-ID"), invite.get("Call-ID"))
        self.assertEqual(ack.get("Route"), invite.get("Route"))
        self.assertEqual(ack.get("To"), "<sip:b@127.0.0.1>;tag=their")
        self.assertEqual(ack.cseq(), (7, "ACK"))

    def test_every_2xx_is_passed_until_timer_m(self):
        bench = Bench()
        transaction = bench.client()
        bench.run(100)
        bench.reply(transaction, 200)
        bench.run(600)
        bench.reply(transaction, 200)
        bench.reply(transaction, 486)  # of a fork that lost
        bench.run(32099)
        self.assertFalse(bench.empty())
        bench.run(32100)
        self.assertEqual(bench.sent, [(0, "INVITE")])
        self.assertEqual(bench.told, [(100, "2xx"), (600, "2xx")])
        self.assertTrue(bench.empty())

    def test_transport_error(self):
        bench = Bench()
        bench.client()
        bench.layer.transport_error(("127.0.0.1", 1), 3)
        self.assertEqual(bench.told, [])
        bench.layer.transport_error(PEER, 3)
        self.assertEqual(bench.told, [(3, "transport error")])
        self.assertTrue(bench.empty())

    def test_transport_error_later(self):
        for status, told in ((180, []), (486, [(5, "transport error")]), (200, [])):
            bench = Bench()
            bench.reply(bench.client(), status)
            bench.layer.transport_error(PEER, 5)
            self.assertEqual(bench.told[1:], told)
            self.assertEqual(bench.empty(), told != [])


class ClientNonInviteTest(unittest.TestCase):
    def test_timers_e_and_f(self):
        bench = Bench()
        bench.client("OPTIONS")
        bench.run(40000)
        times = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
        self.assertEqual(bench.sent, [(ms, "OPTIONS") for ms in times])
        self.assertEqual(bench.told, [(32000, "timeout")])
        self.assertTrue(bench.empty())

    def test_proceeding_is_repeated_every_t2(self):
        bench = Bench()
        transaction = bench.client("OPTIONS")
        bench.run(100)
        bench.reply(transaction, 100)
        bench.run(200)
        bench.reply(transaction, 100)
        bench.run(40000)
        times = [0, 500] + list(range(4500, 32000, 4000))  # 17.1.2.2
        self.assertEqual(bench.sent, [(ms, "OPTIONS") for ms in times])
        self.assertEqual(bench.told, [(100, "1xx"), (200, "1xx"), (32000, "timeout")])

    def test_transport_error(self):
        for status, told in ((None, [(5, "transport error")]), (100, [(5, "transport error")]), (200, [])):
            bench = Bench()
            transaction = bench.client("OPTIONS")
            if status is not None:
                bench.reply(transaction, status)
            bench.layer.transport_error(PEER, 5)
            self.assertEqual([entry for entry in bench.told if entry[0] == 5], told)
            self.assertEqual(bench.empty(), told != [])

    def test_final_is_told_once_and_timer_k_ends(self):
        bench = Bench()
        transaction = bench.client("OPTIONS")
        bench.run(100)
        bench.reply(transaction, 200)
        bench.reply(transaction, 200)
        bench.run(5099)
        self.assertEqual(len(bench.layer.clients), 1)
        bench.run(5100)
        self.assertEqual((bench.sent, bench.told), ([(0, "OPTIONS")], [(100, "final")]))
        self.assertTrue(bench.empty())

    def test_an_answered_request_is_let_go(self):
        for method, status in (("OPTIONS", 200), ("INVITE", 200), ("INVITE", 486)):
            bench = Bench()
            transaction = bench.client(method)
            bench.reply(transaction, status)
            self.assertTrue(transaction.request is NO_REQUEST)
            self.assertEqual(transaction.sent[:3], b"ACK" if status == 486 else b"")


if __name__ == "__main__":
    unittest.main()
