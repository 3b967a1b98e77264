"""A board's TCP connections on the loopback: accepted, made, bounded, closed; sockets, but no waiting for time."""

import socket
import unittest

from stream_side import OPTIONS, Side

from parley.app import runtime
from parley.app.streams import IDLE_MS, LIMIT, UNFINISHED_MS

TURNS = 2000  # of the loopback's patience


class StreamsTest(unittest.TestCase):
    def setUp(self):
        self.side = Side()
        self.phones = []

    def tearDown(self):
        for phone in self.phones:
            phone.close()
        self.side.streams.close()

    def phone(self):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.connect(runtime.literal(self.side.address[0], self.side.address[1]))
        self.phones.append(made)
        return made

    def until(self, done, now_ms=0):
        for _ in range(TURNS):
            self.side.poller.wait(1)
            self.side.streams.serve(now_ms)
            if done():
                return
        raise AssertionError("it never came to pass")

    def connected(self, count=1):
        phones = []
        for number in range(count):
            phones.append(self.phone())
            if number < LIMIT:
                self.until(lambda: len(self.side.streams) == len(phones))
            else:
                self.side.streams.serve(0)
        return phones

    def test_a_request_in_pieces_is_answered(self):
        phone = self.connected()[0]
        for at in range(0, len(OPTIONS), 7):
            phone.send(OPTIONS[at : at + 7])
        self.until(lambda: self.side.endpoint.pending())
        self.assertEqual(phone.recv(11), b"SIP/2.0 200")

    def test_a_keep_alive_is_answered(self):
        phone = self.connected()[0]
        phone.send(b"\r\n\r\n")
        self.side.poller.wait(1000)
        self.side.streams.serve(0)
        self.assertEqual(phone.recv(2), b"\r\n")

    def test_lost_framing_is_answered_and_closed(self):
        phone = self.connected()[0]
        phone.send(OPTIONS.replace(b"l: 0", b"l: -1"))
        self.until(lambda: len(self.side.streams) == 0)
        self.assertEqual(phone.recv(4096)[:11], b"SIP/2.0 400")
        self.assertEqual(phone.recv(1), b"")

    def test_no_more_connections_than_there_is_room_for(self):
        phones = self.connected(LIMIT + 3)
        self.until(lambda: not self.side.poller.wait(0))
        self.assertEqual(len(self.side.streams), LIMIT)
        self.assertEqual(phones[-1].recv(1), b"")

    def test_a_phone_that_closes_is_forgotten(self):
        phone = self.connected()[0]
        phone.close()
        self.phones = []
        self.until(lambda: len(self.side.streams) == 0)
        self.assertEqual(len(self.side.failures), 1)

    def test_stale_connections_are_closed(self):
        quiet, half = self.connected(2)
        half.send(OPTIONS[:40])
        self.side.poller.wait(1000)
        self.side.streams.serve(0)
        self.assertEqual(self.side.streams.deadline_ms, UNFINISHED_MS)
        self.side.streams.serve(UNFINISHED_MS + 1)
        self.assertEqual(len(self.side.streams), 1)
        self.assertEqual(half.recv(1), b"")
        self.side.streams.serve(IDLE_MS + 1)
        self.assertEqual(quiet.recv(1), b"")
        self.assertEqual(self.side.streams.deadline_ms, None)

    def test_our_own_requests_make_a_connection(self):
        other = Side()
        self.side.endpoint.request("OPTIONS", "sip:127.0.0.1:%d;transport=tcp" % other.address[1], 0)
        self.side.pump(0)
        answered = []

        def done():
            other.streams.serve(0)
            answered.extend(self.side.endpoint.events())
            return answered

        self.until(done)
        self.assertEqual(answered[0].status, 200)
        other.streams.close()

    def test_they_come_from_our_own_address(self):
        ours, other = Side("127.0.0.2"), Side("127.0.0.3")
        self.assertTrue(ours.streams.send(OPTIONS, other.address + ("tcp",), 0))

        def done():
            other.streams.serve(0)
            return other.peers

        self.until(done)
        self.assertEqual(other.peers[0][0], "127.0.0.2")
        ours.streams.close()
        other.streams.close()

    def test_where_nobody_listens_the_request_fails(self):
        free = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        other = Side()
        port = other.address[1]
        other.streams.close()
        free.close()
        self.side.endpoint.request("OPTIONS", "sip:127.0.0.1:%d;transport=tcp" % port, 0)
        self.side.pump(0)
        heard = []

        def done():
            heard.extend(self.side.endpoint.events())
            return heard

        self.until(done)
        self.assertEqual(heard[0].text, "transport error")


if __name__ == "__main__":
    unittest.main()
