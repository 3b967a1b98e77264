"""What belongs to which transaction (RFC 3261 17.1.3, 17.2.3, 8.2.2.2), and the queue of timers."""

import unittest

from call_bench import PEER, Bench
from call_network import request

from parley.call.matching import server_key
from parley.call.requests import cancel_of
from parley.call.timers import TimerQueue
from parley.wire.errors import RemoteError
from parley.wire.sip import Response, parse_message, response_to


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
        message = cancel_of(transaction.request)
        self.assertEqual(message.get_all("Via"), transaction.request.get_all("Via"))  # 9.1
        self.assertEqual(message.cseq(), (7, "CANCEL"))
        cancel = bench.layer.start_client(message, PEER, bench.tell, 0)
        bench.layer.receive_response(response_to(message, 200, None, "9"), 0)
        self.assertEqual((transaction.state, cancel.state), ("calling", "completed"))
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
        self.assertTrue(queue._entries < 100)
        queue.fire_due(500)
        self.assertEqual(fired, [])
        queue.fire_due(505)
        self.assertEqual([name for _, name in fired], ["499", "498", "497", "496", "495"])
        queue.fire_due(2000)
        self.assertEqual((len(fired), queue.next_deadline()), (10, None))


if __name__ == "__main__":
    unittest.main()
