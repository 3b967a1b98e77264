"""The sockets of a board that queues datagrams beside Python, when memory is short."""

import sys
import unittest

PEER = ("192.0.2.7", 5060)


class Queue:
    """What native/lwip_rtp/udp_queue.c says of its Socket, without a network: `large` datagrams find no room."""

    def __init__(self, depth):
        self.datagrams, self.large = [], 0

    def bind(self, host, port):
        pass

    def receive(self):
        if not self.datagrams:
            return None
        if len(self.datagrams[0]) > self.large:
            raise MemoryError
        return self.datagrams.pop(0), PEER

    def receive_into(self, buffer):
        return min(len(buffer), len(self.datagrams.pop(0)))


class QueueModule:
    Socket = Queue


def queued_sockets():
    before = sys.modules.get("udp_queue")
    sys.modules["udp_queue"] = QueueModule
    try:
        from parley.app import runtime_queued
    finally:
        if before is None:
            del sys.modules["udp_queue"]
    return runtime_queued


class ShortageTest(unittest.TestCase):
    def setUp(self):
        self.socket = queued_sockets().SipSocket("192.0.2.1", 5060, PEER)
        self.socket.raw.large = 10

    def test_a_datagram_without_room_is_lost_and_the_next_comes(self):
        self.socket.raw.datagrams = [b"much too long", b"short"]
        self.assertRaises(MemoryError, self.socket.receive)
        self.assertEqual(self.socket.receive(), (b"short", PEER))
        self.assertIsNone(self.socket.receive())

    def test_a_collection_may_make_room(self):
        self.socket.raw.datagrams = [b"much too long"]
        socket, tried = self.socket.raw, []
        at_first = socket.receive

        def receive():
            tried.append(1)
            if len(tried) == 2:
                socket.large = 100
            return at_first()

        socket.receive = receive
        self.assertEqual(self.socket.receive(), (b"much too long", PEER))


if __name__ == "__main__":
    unittest.main()
