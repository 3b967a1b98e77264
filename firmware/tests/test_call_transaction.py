"""Transactions: schedules to the millisecond, matching, the ACK of failures (RFC 3261 17, RFC 6026)."""

import unittest

from call_network import request

from parley.call.requests import cancel_of, new_request
from parley.call.timers import TimerQueue
from parley.call.transaction import NO_REQUEST, TransactionLayer, server_key
from parley.wire.errors import LocalError, RemoteError
from parley.wire.sip import Response, parse_message, response_to

PEER = ("127.0.0.1", 5090)


class Bench:
    """A layer with a clock, a log of what was sent and told."""

    def __init__(self, reliable=False):
        self.timers = TimerQueue()
        self.counters = {}
        self.tokens = 0
        self.layer = TransactionLayer(
            self.timers, self.token, "SIP/2.0/UDP 127.0.0.1:5060", self.count, reliable
        )
        self.sent = []  # (ms, first word or two)
        self.told = []  # (ms, event)
        self.now_ms = 0

    def token(self):
        self.tokens += 1
        return "t" + str(self.tokens)

    def count(self, name):
        self.counters[name] = self.counters.get(name, 0) + 1

    def tell(self, transaction, event, message, now_ms):
        self.told.append((now_ms, event))

    def note(self):
        for data, _ in self.layer.outgoing:
            words = data.split(b"\r\n", 1)[0].decode().split(" ")
            self.sent.append((self.now_ms, words[1] if words[0] == "SIP/2.0" else words[0]))
        self.layer.outgoing = []

    def run(self, until_ms):
        self.note()
        due_ms = self.timers.next_deadline()
        while due_ms is not None and due_ms <= until_ms:
            self.now_ms = max(due_ms, self.now_ms)
            self.timers.fire_due(self.now_ms)
            self.note()
            due_ms = self.timers.next_deadline()
        self.now_ms = until_ms

    def client(self, method="INVITE"):
        message = new_request(
            method, "sip:b@127.0.0.1", "<sip:a@127.0.0.1>;tag=1", "<sip:b@127.0.0.1>", "c", 7
        )
        message.add("Route", "<sip:proxy.example.com;lr>")
        return self.layer.start_client(message, PEER, self.tell, self.now_ms)

    def reply(self, transaction, status, to_tag="9"):
        self.layer.receive_response(response_to(transaction.request, status, None, to_tag), self.now_ms)
        self.note()

    def server(self, data):
        message = parse_message(data)
        transaction = self.layer.start_server(message, PEER, self.tell, self.now_ms)
        self.note()
        return transaction

    def respond(self, transaction, status):
        self.layer.respond(transaction, response_to(transaction.request, status, None, "9"), self.now_ms)
        self.note()

    def again(self, transaction, event="request"):
        transaction.step(event, transaction.request, self.now_ms)
        self.note()

    def empty(self):
        return len(self.timers) + len(self.layer.clients) + len(self.layer.servers) == 0


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
        bench.layer.receive_response(response_to(transaction.request, 404, None, "their"), 0)
        data, peer = bench.layer.outgoing[0]
        ack = parse_message(data)
        invite = transaction.request
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
        bench.run(40000)
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

    def test_timer_h_to_the_millisecond(self):
        bench = Bench()
        bench.respond(bench.server(request("INVITE")), 486)
        bench.run(31999)
        self.assertFalse(bench.empty())
        bench.run(32000)
        self.assertTrue(bench.empty())

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

    def test_waiting_for_the_peer_is_the_same(self):
        bench = Bench(reliable=True)
        bench.reply(bench.client(), 100)
        bench.run(211999)
        self.assertFalse(bench.empty())
        bench.run(212000)
        self.assertTrue(bench.empty())
        for client_side in (True, False):
            bench = Bench(reliable=True)
            if client_side:
                bench.reply(bench.client(), 200)  # timer M
            else:
                bench.respond(bench.server(request("INVITE")), 200)  # timer L
                bench.respond(bench.server(request("INVITE", branch="z9hG4bK2")), 486)  # timer H, no timer G
                bench.server(request("OPTIONS"))  # never answered
                bench.server(request("INVITE", branch="z9hG4bK3"))
            bench.run(31999)
            held = len(bench.layer.clients), len(bench.layer.servers)
            self.assertEqual(held, (1, 0) if client_side else (0, 4))
            bench.run(32000)
            held = len(bench.layer.clients), len(bench.layer.servers)
            self.assertEqual(held, (0, 0) if client_side else (0, 1))
            sent = [(0, "INVITE")] if client_side else [(0, "200"), (0, "486"), (200, "100")]
            self.assertEqual(bench.sent, sent)


class MatchingTest(unittest.TestCase):
    def key(self, data):
        return server_key(parse_message(data))

    def test_branch_sent_by_and_method(self):
        base = self.key(request("INVITE"))
        self.assertEqual(base, self.key(request("ACK")))  # 17.2.3: an ACK matches the INVITE
        self.assertEqual(base, self.key(request("INVITE", call_id="other", from_tag="other")))
        self.assertNotEqual(base, self.key(request("CANCEL")))
        self.assertNotEqual(base, self.key(request("INVITE", branch="z9hG4bK2")))
        self.assertNotEqual(base, self.key(request("INVITE", via="SIP/2.0/UDP 127.0.0.1:5091")))

    def test_rfc_2543_peers(self):
        base = self.key(request("INVITE", branch=""))
        self.assertEqual(base, self.key(request("ACK", branch="", to_tag="ours")))
        self.assertEqual(self.key(request("INVITE", branch="1")), self.key(request("INVITE", branch="1")))
        for different in (
            request("INVITE", branch="", number=2),
            request("INVITE", branch="", call_id="other"),
            request("INVITE", branch="", from_tag="other"),
            request("INVITE", branch="", uri="sip:other@127.0.0.1"),
            request("INVITE", branch="", via="SIP/2.0/UDP 127.0.0.1:5091"),
            request("CANCEL", branch=""),
        ):
            self.assertNotEqual(base, self.key(different))

    def test_merged_requests(self):
        bench = Bench()
        bench.server(request("INVITE"))
        other_path = parse_message(request("INVITE", branch="z9hG4bK2"))
        self.assertTrue(bench.layer.is_merged(other_path))
        self.assertFalse(bench.layer.is_merged(parse_message(request("INVITE", branch="z9hG4bK2", number=2))))
        self.assertFalse(
            bench.layer.is_merged(parse_message(request("INVITE", branch="z9hG4bK2", to_tag="x")))
        )

    def test_responses_need_branch_and_method(self):
        bench = Bench()
        transaction = bench.client()
        cancel = bench.layer.start_client(cancel_of(transaction.request), PEER, bench.tell, 0)
        bench.reply(cancel, 200)
        self.assertEqual((transaction.state, cancel.state), ("calling", "completed"))
        self.assertEqual(cancel.request.get_all("Via"), transaction.request.get_all("Via"))  # 9.1
        self.assertEqual(cancel.request.cseq(), (7, "CANCEL"))
        with self.assertRaises(RemoteError):
            bench.layer.receive_response(Response(200, "", [("CSeq", "7 INVITE")]), 0)


class TimerQueueTest(unittest.TestCase):
    def test_order_and_cancelling(self):
        fired = []

        class Owner:
            def on_timer(self, name, now_ms):
                fired.append((now_ms, name))

        queue = TimerQueue()
        numbers = [queue.start(Owner(), str(index), 1000 - index) for index in range(500)]
        for number in numbers[:490]:
            queue.cancel(number)
            queue.cancel(number)
        self.assertEqual((len(queue), queue.next_deadline()), (10, 501))
        self.assertTrue(len(queue._heap) < 100)
        queue.fire_due(500)
        self.assertEqual(fired, [])
        queue.fire_due(505)
        self.assertEqual([name for _, name in fired], ["499", "498", "497", "496", "495"])
        queue.fire_due(2000)
        self.assertEqual((len(fired), queue.next_deadline()), (10, None))


if __name__ == "__main__":
    unittest.main()
