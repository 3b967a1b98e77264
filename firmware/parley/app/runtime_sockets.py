"""Sockets as both Pythons have them: SIP, RTP, streams. parley.app.runtime is the face of this."""

# pyright: reportAttributeAccessIssue=false
# (either Python's library lacks something of the other's)

import errno
import gc
import select
import socket
import struct

SIP_DATAGRAM_BYTES = 8192  # longer than any request we can use; the rest of a longer datagram is lost
SHORT_DATAGRAM_BYTES = 2048  # the usual: so much in one piece is soon found in a heap in pieces
REPORT_BYTES = 1024  # longer RTCP is nobody's; the rest is lost
ADDRESS_CACHE = 64

# Linux, linux/socket.h, asm-generic/socket.h
MSG_PEEK = 2
IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO = 0, 10, 2
SO_SNDBUF, SO_RCVBUF, SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_TIMESTAMPNS = 7, 8, 32, 33, 35
SO_REUSEPORT = 15  # among sockets of one user; the connected one of them has its peer's datagrams (socket(7))
ROOM_BYTES_PER_LEG = 4096  # Linux doubles it, and takes 768 for a packet: ten packets, 200 ms


class SipSocket:
    """The board's one SIP socket (UDP), never blocking."""

    def __init__(self, host, port, server):
        """Binds to (host, port); OSError when that cannot be. server: the only peer that may have a name."""
        self.raw = _bound_socket(host, port)
        self._readable = select.poll()
        self._readable.register(self.raw, select.POLLIN)
        self._addresses = {}
        self._peeks = _has_flags(self.raw)
        self._server = server
        try:
            self._server_address = _resolve(server[0], server[1])
        except OSError:
            self.raw.close()
            raise

    def receive(self):
        """The next datagram as (data, (host, port)); None when there is none."""
        if not self._readable.poll(0):  # recvfrom makes its buffer before it looks
            return None
        try:
            data, address = self._recvfrom()
        except OSError:
            return None  # nothing there, or the echo of an earlier send (ICMP), which SIP's timers deal with
        return data, host_and_port(address)

    def _recvfrom(self):
        try:
            if self._peeks:
                found = self.raw.recvfrom(SHORT_DATAGRAM_BYTES, MSG_PEEK)  # pyright: ignore[reportCallIssue]
                if len(found[0]) < SHORT_DATAGRAM_BYTES:
                    self.raw.recvfrom(1)  # takes it
                    return found
            return self.raw.recvfrom(SIP_DATAGRAM_BYTES)
        except MemoryError:  # a heap in pieces: most requests fit in less
            gc.collect()
            return self.raw.recvfrom(SHORT_DATAGRAM_BYTES)

    def send(self, data, peer):
        """Sends one datagram to (host, port). False when the network refuses it, or host is a name."""
        try:
            self.raw.sendto(data, self._address(peer))
        except OSError:
            return False
        return True

    def _address(self, peer):
        if peer == self._server:
            return self._server_address
        if peer not in self._addresses:
            if len(self._addresses) >= ADDRESS_CACHE:
                self._addresses.clear()
            self._addresses[peer] = literal(peer[0], peer[1])
        return self._addresses[peer]

    def close(self):
        """Gives the port back."""
        self.raw.close()


def _has_flags(raw):
    """Whether recvfrom takes flags; raw: does not block."""
    try:
        raw.recvfrom(1, MSG_PEEK)  # pyright: ignore[reportCallIssue]
    except OSError:  # nothing is there
        return True
    except TypeError:
        return False
    return True


class RtpSocketBase:
    """One leg's RTP socket, connected, so that the kernel keeps strangers' packets out.

    Nothing in it allocates.
    """

    def __init__(self, host, port, shares=False):
        """Binds to (host, port); OSError when that cannot be. shares: with another socket of ours that does."""
        self.raw = _bound_socket(host, port, shares)

    def connect(self, host, port):
        """From now on the peer is (host, port). May be repeated. OSError when there is no way to it."""
        self.raw.connect(literal(host, port))

    def fileno(self):
        """Descriptor of the socket."""
        return self.raw.fileno()

    def close(self):
        """Gives the port back."""
        self.raw.close()


class BoardRtpSocket:
    """The RTP socket of a whole board on Linux, not connected: native/io sends to everybody and knows the peers."""

    def __init__(self, host, port, legs):
        """Binds to (host, port), with room for what `legs` peers send; OSError when that cannot be."""
        self._host = host
        self._raw = _bound_socket(host, port)
        room = struct.pack("<i", legs * ROOM_BYTES_PER_LEG)
        for forced, usual in ((SO_RCVBUFFORCE, SO_RCVBUF), (SO_SNDBUFFORCE, SO_SNDBUF)):
            try:
                self._raw.setsockopt(socket.SOL_SOCKET, forced, room)
            except OSError:  # only root goes beyond net.core.rmem_max and wmem_max
                self._raw.setsockopt(socket.SOL_SOCKET, usual, room)
        # socket(7): native/io learns from it when packets came
        self._raw.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, struct.pack("<i", 1))
        # ip(7): nothing of ours is long enough for a fragment, and Linux need not draw an identification (RFC 6864 4.1)
        self._raw.setsockopt(IPPROTO_IP, IP_MTU_DISCOVER, struct.pack("<i", IP_PMTUDISC_DO))

    def fileno(self):
        """Descriptor of the socket."""
        return self._raw.fileno()

    def check_way(self, host, port):
        """OSError when there is no way to (host, port) from here, or host is a name."""
        address = literal(host, port)
        probe = _bound_socket(self._host, 0)
        try:
            probe.connect(address)
        finally:
            probe.close()

    def send_to(self, packet, peer):
        """Sends an RTCP packet by RTP's port (RFC 5761); never in a tick. False when the network refuses it."""
        return _send_to(self._raw, packet, peer)

    def close(self):
        """Gives the port back."""
        self._raw.close()


class ReportSocket:
    """The board's RTCP socket, or an ear beside a line; never blocking."""

    def __init__(self, host, port, shares=False):
        """Binds to (host, port); OSError when that cannot be. shares: as RtpSocketBase."""
        self._raw = _bound_socket(host, port, shares)
        self._readable = select.poll()
        self._readable.register(self._raw, select.POLLIN)

    def receive(self):
        """The next packet as (data, (host, port)); None when there is none."""
        if not self._readable.poll(0):  # recvfrom makes its buffer before it looks
            return None
        try:
            data, address = self._raw.recvfrom(REPORT_BYTES)
        except OSError:  # the echo of an earlier send (ICMP)
            return None
        return data, host_and_port(address)

    def send(self, packet, peer):
        """Sends a packet to (host, port). False when the network refuses it, or host is a name."""
        return _send_to(self._raw, packet, peer)

    def close(self):
        """Gives the port back."""
        self._raw.close()


def _send_to(raw, packet, peer):
    try:
        raw.sendto(packet, literal(peer[0], peer[1]))
    except OSError:
        return False
    return True


def pair_of(line_type, ear_type, host, port):
    """(line, ear): two sockets on a port; once the line is connected, the ear has all that is not its peer's."""
    line = line_type(host, port, shares=True)
    try:
        return line, ear_type(host, port, shares=True)
    except OSError:
        line.close()
        raise


def _bound_socket(host, port, shares=False):
    bound = _socket(host, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        if shares:
            bound.setsockopt(socket.SOL_SOCKET, SO_REUSEPORT, 1)
        bound.bind(_resolve(host, port))
    except OSError:
        bound.close()
        raise
    return bound


def _socket(host, kind):
    """A socket of the host's address family. OSError where there is no IPv6."""
    if ":" not in host:
        return socket.socket(socket.AF_INET, kind)
    if not hasattr(socket, "AF_INET6"):
        raise OSError(errno.EHOSTUNREACH)
    return socket.socket(socket.AF_INET6, kind)


def stream_socket(host):
    """A new TCP socket that never blocks, for a peer or an address like host."""
    made = _socket(host, socket.SOCK_STREAM)
    made.setblocking(False)
    return made


def stream_from(host, peer_host):
    """A TCP socket for a connection from this address of ours, by which the peer knows us.

    OSError when that cannot be, as between address families.
    """
    made = stream_socket(peer_host)
    try:
        made.bind(_resolve(host, 0))
    except OSError:
        made.close()
        raise
    return made


def stream_listener(host, port):
    """A TCP socket that takes connections to (host, port); OSError when that cannot be."""
    listener = stream_socket(host)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(literal(host, port))
        listener.listen(4)
    except OSError:
        listener.close()
        raise
    return listener


def _resolve(host, port):
    return socket.getaddrinfo(host, port)[0][-1]


def literal(host, port):
    """Socket address of an IP literal. OSError for a name: looking it up would stop everybody's media."""
    if host.strip("0123456789abcdefABCDEF:." if ":" in host else "0123456789."):
        raise OSError(errno.EHOSTUNREACH)
    return _resolve(host, port)


def host_and_port(address):
    """The (host, port) of a socket address."""
    if isinstance(address, tuple):
        return address[0], address[1]
    family, packed, port = socket.sockaddr(address)[:3]  # MicroPython's unix port: a raw struct sockaddr
    return socket.inet_ntop(family, packed), port
