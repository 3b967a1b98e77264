"""A UDP socket in the event loop that also learns when nobody listens at the other end (ICMP)."""

import asyncio
import ipaddress
import socket
import sys
from collections.abc import Callable

from parleyue.equipment import Address

_IP_RECVERR = (socket.IPPROTO_IP, 11)  # linux/in.h; Python names it from 3.14 on
_IPV6_RECVERR = (socket.IPPROTO_IPV6, 25)
_MAX_DATAGRAM = 65_535
_BURST = 64  # datagrams read before others get their turn
_EVEN_TRIES = 50


class UdpSocket:
    """One bound, unconnected socket.

    on_datagram(data, peer) is called for every datagram; on_unreachable(peer), on Linux, when the kernel
    heard that a datagram of ours reached nobody. Raises OSError when host and port cannot be bound.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_datagram: Callable[[bytes, Address], None],
        on_unreachable: Callable[[Address], None] | None = None,
    ) -> None:
        self._on_datagram = on_datagram
        self._on_unreachable = on_unreachable
        self._loop: asyncio.AbstractEventLoop | None = None
        six = ":" in host
        self._socket = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            if on_unreachable is not None and sys.platform == "linux":
                self._socket.setsockopt(*(_IPV6_RECVERR if six else _IP_RECVERR), 1)
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise OSError(error.errno, f"cannot use {host} port {port}: {error.strerror}") from error
        self.host, self.port = self._socket.getsockname()[:2]

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to receive."""
        self._loop = loop
        loop.add_reader(self._socket.fileno(), self._readable)

    def send(self, data: bytes | memoryview, peer: Address) -> bool:
        """Send one datagram; False when the kernel would not take it (UDP loses datagrams anyway)."""
        for _ in range(2):
            try:
                self._socket.sendto(data, peer)
                return True
            except BlockingIOError:
                return False
            except OSError:
                self._drain_errors()  # the error of an earlier datagram, told now: try this one again
        return False

    def close(self) -> None:
        """Stop receiving and give the port back."""
        if self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._loop = None
        self._socket.close()

    def _readable(self) -> None:
        for _ in range(_BURST):
            if self._loop is None:  # closed by what came before
                return
            try:
                data, peer = self._socket.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                break
            except OSError:
                continue
            self._on_datagram(data, (peer[0], peer[1]))
        self._drain_errors()

    def _drain_errors(self) -> None:
        if self._on_unreachable is None or sys.platform != "linux":
            return
        for _ in range(_BURST):
            try:
                _, _, _, peer = self._socket.recvmsg(0, 0, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
            except OSError:
                return
            self._on_unreachable((peer[0], peer[1]))


def even_port(host: str, make: Callable[[int], UdpSocket]) -> UdpSocket:
    """Bind a free even port, as RTP wants (RFC 3550 section 11). Raises OSError when there is none."""
    odd: list[UdpSocket] = []
    try:
        for _ in range(_EVEN_TRIES):
            made = make(0)
            if made.port % 2 == 0:
                return made
            odd.append(made)  # kept until the end, so that the kernel offers another one
        raise OSError(f"no even port free on {host}")
    finally:
        for unwanted in odd:
            unwanted.close()


def host_towards(address: Address) -> str:
    """The local address from which a datagram to this one would leave. Raises OSError without a route."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(address)
        return str(probe.getsockname()[0])


def is_literal(host: str) -> bool:
    """Whether a host is an address already, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
