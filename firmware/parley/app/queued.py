"""Sockets of a board whose firmware queues datagrams beside Python (native/lwip_rtp/udp_queue.c).

The same faces as the portable ones in runtime_sockets.py; runtime.py imports this where there is such a firmware. No
burst is lost while Python is busy, and each read is one datagram.
"""

import gc

from udp_queue import Socket  # pyright: ignore[reportMissingImports]

SIP_DEPTH = 16  # datagrams; phones repeat what is lost beyond
RTP_DEPTH = 8  # 160 ms of one participant: longer than any pause of the loop
RTP_READS_PER_TICK = RTP_DEPTH
READS_JOIN_DATAGRAMS = False


class SipSocket:
    """The board's one SIP socket (UDP), never blocking."""

    def __init__(self, host, port, server):
        """Binds to (host, port); OSError when that cannot be. server: the server's address, no name here."""
        self.raw = _bound_socket(host, port, SIP_DEPTH)
        self._scrap = bytearray(1)

    def receive(self):
        """The next datagram as (data, (host, port)); None when there is none.

        MemoryError when there is no room for it: it is lost then, and the next call brings the one after it.
        """
        try:
            return self.raw.receive()
        except MemoryError:  # a heap in pieces
            gc.collect()
        try:
            return self.raw.receive()
        except MemoryError:
            self.raw.receive_into(self._scrap)  # or it would stay the first, and the board deaf
            raise

    def send(self, data, peer):
        """Sends one datagram to (host, port). False when the network refuses it, or host is a name."""
        try:
            return self.raw.sendto(data, peer[0], peer[1])
        except OSError:
            return False

    def close(self):
        """Gives the port back."""
        self.raw.close()


class RtpSocket:
    """One leg's RTP socket, connected, so that strangers' packets stay out. Its two calls allocate nothing."""

    def __init__(self, host, port):
        """Binds to (host, port); OSError when that cannot be."""
        self.raw = _bound_socket(host, port, RTP_DEPTH)

    def connect(self, host, port):
        """From now on the peer is (host, port). May be repeated. OSError when host is a name."""
        self.raw.connect(host, port)

    def receive_into(self, buffer):
        """Bytes of the next datagram, 0 when there is none."""
        return self.raw.receive_into(buffer)

    def send(self, packet):
        """Sends the whole buffer as one datagram; False when it could not."""
        return self.raw.send(packet)

    def close(self):
        """Gives the port back."""
        self.raw.close()


def _bound_socket(host, port, depth):
    bound = Socket(depth)
    try:
        bound.bind(host, port)
    except OSError:
        bound.close()
        raise
    return bound
