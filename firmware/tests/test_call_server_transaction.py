"""Server transactions to the millisecond, and over reliable transports (RFC 3261 17.2, RFC 6026)."""

import unittest

from call_bench import PEER, Bench
from call_network import request

from parley.call.transaction import NO_REQUEST
from parley.wire.errors import LocalError


class ServerInviteTest(unittest.TestCase):
    def test_100_after_200_ms(self):
        bench = Bench()
        transaction = bench.server(request("INVITE"))
        bench.run(100)
        bench.again(transaction)  # nothing to say yet
        bench.run(300)
        bench.again(transaction)
        self.assertEqual(bench.sent, [(200, "100"), (300, "100")])

    def test_no_100_when_answered_in_time(self):
        bench = Bench()
        transaction = bench.server(request("INVITE"))
        bench.respond(transaction, 180)
        bench.run(1000)
        self.assertEqual(bench.sent, [(0, "180")])

    def test_failure_repeats_by_timer_g_until_timer_h(self):
        bench = Bench()
        transaction = bench.server(request("INVITE"))
        bench.respond(transaction, 486)
        bench.run(31999)
        self.assertFalse(bench.empty())
        bench.run(32000)
        times = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
        self.assertEqual(bench.sent, [(ms, "486") for ms in times])
        self.assertEqual((bench.told, bench.counters["timeout"]), ([(0, "request")], 1))
        self.assertTrue(bench.empty())

    def test_ack_stops_it_and_timer_i_absorbs(self):
        bench = Bench()
        transaction = bench.server(request("INVITE"))
        bench.respond(transaction, 302)
        bench.run(600)
        bench.again(transaction)
        bench.again(transaction, "ack")
        bench.again(transaction, "ack")
        bench.again(transaction)
        bench.run(5599)
        self.assertEqual(len(bench.layer.servers), 1)
        bench.run(5600)
        self.assertEqual(bench.sent, [(0, "302"), (500, "302"), (600, "302")])
        self.assertTrue(bench.empty())

    def test_2xx_is_the_users_to_repeat(self):
        bench = Bench()
        transaction = bench.server(request("INVITE"))
        bench.respond(transaction, 200)
        bench.run(700)
        bench.again(transaction)  # RFC 6026 7.1: absorbed
        bench.respond(transaction, 200)
        bench.again(transaction, "ack")
        bench.run(31999)
        self.assertEqual(bench.sent, [(0, "200"), (700, "200")])
        self.assertEqual(bench.told, [(0, "request"), (700, "ack")])
        self.assertEqual(len(bench.layer.servers), 1)
        bench.run(32000)
        self.assertTrue(bench.empty())

    def test_transport_error(self):
        for status, told in (
            (None, [(5, "transport error")]),
            (180, [(5, "transport error")]),
            (200, []),
            (486, []),
        ):
            bench = Bench()
            transaction = bench.server(request("INVITE"))
            if status is not None:
                bench.respond(transaction, status)
            bench.layer.transport_error(PEER, 5)
            self.assertEqual(bench.told[1:], told)
            self.assertEqual(bench.empty(), status != 200)

    def test_second_final_answer_is_our_mistake(self):
        bench = Bench()
        transaction = bench.server(request("INVITE"))
        bench.respond(transaction, 486)
        with self.assertRaises(LocalError):
            bench.respond(transaction, 200)
        self.assertEqual(transaction.state, "completed")


class ServerNonInviteTest(unittest.TestCase):
    def test_response_is_kept_for_timer_j(self):
        bench = Bench()
        transaction = bench.server(request("OPTIONS"))
        bench.again(transaction)  # trying: nothing to repeat
        bench.respond(transaction, 200)
        bench.run(31999)
        bench.again(transaction)
        self.assertEqual(bench.sent, [(0, "200"), (31999, "200")])
        bench.run(32000)
        self.assertTrue(bench.empty())

    def test_forgotten_request_ends(self):
        bench = Bench()
        transaction = bench.server(request("OPTIONS"))
        bench.run(32000)
        self.assertEqual(bench.told, [(0, "request"), (32000, "timeout")])
        self.assertTrue(bench.empty())
        bench.respond(transaction, 200)  # too late, and no mistake
        self.assertEqual((bench.sent, bench.counters["ignored send final"]), ([], 1))

    def test_provisional_responses(self):
        bench = Bench()
        transaction = bench.server(request("OPTIONS"))
        bench.respond(transaction, 100)
        bench.run(100)
        bench.again(transaction)
        bench.respond(transaction, 183)
        bench.run(200)
        bench.respond(transaction, 200)
        bench.run(31000)
        bench.again(transaction)
        self.assertEqual(bench.sent, [(0, "100"), (100, "100"), (100, "183"), (200, "200"), (31000, "200")])
        bench.run(32199)
        self.assertFalse(bench.empty())
        bench.run(32200)
        self.assertTrue(bench.empty())

    def test_forgotten_after_a_provisional_response(self):
        bench = Bench()
        bench.respond(bench.server(request("OPTIONS")), 100)
        bench.run(32000)
        self.assertEqual(bench.told, [(0, "request"), (32000, "timeout")])
        self.assertTrue(bench.empty())

    def test_transport_error(self):
        for status, told in ((None, []), (100, [(5, "transport error")]), (200, [])):
            bench = Bench()
            transaction = bench.server(request("OPTIONS"))
            if status is not None:
                bench.respond(transaction, status)
            bench.layer.transport_error(PEER, 5)
            self.assertEqual(bench.told[1:], told)
            self.assertEqual(bench.empty(), status is not None)

    def test_an_answered_request_is_let_go(self):
        for method in ("INVITE", "OPTIONS"):
            for provisional in (False, True):
                bench = Bench()
                transaction = bench.server(request(method))
                if provisional:
                    bench.respond(transaction, 183)
                bench.respond(transaction, 486)
                self.assertTrue(transaction.request is NO_REQUEST)  # memory is short on a board
                bench.again(transaction)
                self.assertEqual(bench.sent[-1], (0, "486"))

    def test_an_accepted_invite_keeps_only_its_user(self):
        bench = Bench()
        transaction = bench.server(request("INVITE"))
        bench.respond(transaction, 200)
        self.assertTrue(transaction.request is NO_REQUEST)
        self.assertEqual(transaction.sent, b"")  # who sends a 2xx again brings it (RFC 6026 7.1)
        bench.again(transaction)
        bench.again(transaction, "ack")
        self.assertEqual((bench.sent, bench.told[-1]), ([(0, "200")], (0, "ack")))


class ReliableTest(unittest.TestCase):
    def test_nothing_is_repeated_and_nothing_lingers(self):
        bench = Bench(reliable=True)
        bench.client()
        bench.client("OPTIONS")
        bench.run(31999)
        self.assertEqual(bench.sent, [(0, "INVITE"), (0, "OPTIONS")])
        bench.run(32000)
        self.assertEqual(bench.told, [(32000, "timeout"), (32000, "timeout")])
        server = bench.server(request("INVITE"))
        bench.respond(server, 486)
        bench.again(server, "ack")
        bench.respond(bench.server(request("OPTIONS", branch="z9hG4bK2")), 200)
        bench.reply(bench.client(), 486)
        bench.reply(bench.client("OPTIONS"), 200)
        bench.run(32000)
        self.assertTrue(bench.empty())

    def test_patience_with_a_caller_is_the_same(self):
        bench = Bench(reliable=True)
        bench.respond(bench.server(request("INVITE")), 200)  # timer L
        bench.respond(bench.server(request("INVITE", branch="z9hG4bK2")), 486)  # timer H, no timer G
        bench.server(request("OPTIONS"))  # never answered
        bench.server(request("INVITE", branch="z9hG4bK3"))
        bench.run(31999)
        self.assertEqual(len(bench.layer.servers), 4)
        bench.run(32000)
        self.assertEqual(len(bench.layer.servers), 1)
        self.assertEqual(bench.sent, [(0, "200"), (0, "486"), (200, "100")])

    def test_patience_with_a_callee_is_the_same(self):
        for status, end_ms in ((200, 32000), (100, 212000)):  # timers M and C
            bench = Bench(reliable=True)
            bench.reply(bench.client(), status)
            bench.run(end_ms - 1)
            self.assertEqual(len(bench.layer.clients), 1)
            bench.run(end_ms)
            self.assertTrue(bench.empty())


if __name__ == "__main__":
    unittest.main()
