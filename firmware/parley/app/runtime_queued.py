"""Sockets of a board whose firmware queues datagrams beside Python (native/lwip_rtp).

The same faces as the portable ones in runtime_sockets.py; runtime.py imports this where there is such a firmware. No
burst is lost while Python is busy, and each read is one datagram. packet_io() is what native/io is on Linux: one call
a tick moves everybody's RTP.
"""

import gc

from udp_queue import Socket  # pyright: ignore[reportMissingImports]

from parley.media import kernels
from parley.media.bridge import NO_ADDRESS

SIP_DEPTH = 16  # datagrams; phones repeat what is lost beyond
EAR_DEPTH = 16  # datagrams, of who is behind a NAT and has not been found yet
RTP_DEPTH = 8  # 160 ms of one participant: longer than any pause of the loop
RTP_READS_PER_TICK = RTP_DEPTH
BOARD_RTP_DEPTH = 128  # as many as there can be
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

    def __init__(self, host, port, shares=False):
        """Binds to (host, port); OSError when that cannot be. shares: with another socket that does."""
        self.raw = _bound_socket(host, port, RTP_DEPTH, shares)

    def connect(self, host, port):
        """From now on the peer is (host, port). May be repeated. OSError when host is a name."""
        self.raw.connect(host, port)

    def fileno(self):
        """What lwip_io takes for a descriptor."""
        return self.raw

    def receive_into(self, buffer):
        """Bytes of the next datagram, 0 when there is none."""
        return self.raw.receive_into(buffer)

    def send(self, packet):
        """Sends the whole buffer as one datagram; False when it could not."""
        return self.raw.send(packet)

    def close(self):
        """Gives the port back."""
        self.raw.close()


class Ear:
    """Beside a line, on its port: hears whom the line does not."""

    def __init__(self, host, port, shares=False):
        """Binds to (host, port); OSError when that cannot be."""
        self._raw = _bound_socket(host, port, EAR_DEPTH, shares)

    def receive(self):
        """The next packet as (data, (host, port)); None when there is none."""
        return self._raw.receive()

    def close(self):
        """Hears no more."""
        self._raw.close()


class BoardRtpSocket:
    """The RTP socket of a whole board, not connected: lwip_io sends to everybody and the bridge knows the peers."""

    def __init__(self, host, port, legs):
        """Binds to (host, port), with room for a tick of `legs` peers; OSError when that cannot be."""
        self._raw = _bound_socket(host, port, min(RTP_DEPTH * legs, BOARD_RTP_DEPTH))

    def fileno(self):
        """What lwip_io takes for a descriptor."""
        return self._raw

    def check_way(self, host, port):
        """OSError when there is no way to (host, port) from here, or host is a name."""
        probe = Socket(1)
        try:
            probe.connect(host, port)
        finally:
            probe.close()

    def send_to(self, packet, peer):
        """Sends an RTCP packet by RTP's port (RFC 5761); never in a tick. False when the network refuses it."""
        try:
            return self._raw.sendto(packet, peer[0], peer[1])
        except OSError:
            return False

    def close(self):
        """Gives the port back."""
        self._raw.close()


def packet_io():
    """The module lwip_io, ready for a new bridge. ImportError where the firmware has queues alone."""
    import lwip_io  # pyright: ignore[reportMissingImports]

    called = (
        kernels.bridge_before,
        kernels.bridge_receive,
        kernels.bridge_receive_leg,
        kernels.bridge_begin,
        kernels.bridge_mix,
        kernels.bridge_packet,
        kernels.bridge_packet_leg,
        kernels.bridge_packet_octets,
        kernels.bridge_refused,
    )
    lwip_io.io_kernels(called, bytearray(NO_ADDRESS))
    return lwip_io


def _bound_socket(host, port, depth, shares=False):
    bound = Socket(depth)
    try:
        if shares:
            bound.share()
        bound.bind(host, port)
    except OSError:
        bound.close()
        raise
    return bound
