"""One UDP socket of the daemon: emptied in turns, in batches where the system has them."""

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Protocol

try:
    import parley_sip
except ImportError:  # not Linux: one datagram after the other
    parley_sip = None

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from parley_sip import Asked, Transactions

MAX_DATAGRAM_BYTES = 65536
TURN_S = 0.005
LONGEST_TURN_S = 0.009
CROWD = 4  # datagrams of a turn after which the next turn is not worth a wake-up of its own
MANY = 32  # datagrams of a turn after which the next one may take longer than TURN_S,
ENOUGH = 112  # until so many are there: what a turn and its commit cost by themselves is little then
BATCH = 512  # datagrams of one turn; timers and other sockets are not kept waiting for longer

Peer = tuple[str, int]
Message = tuple[bytes, Peer]


def pause_after(count: int, period_s: float) -> float:
    """Return how long after the beginning of a turn of so many datagrams, that came in so long, the next may begin."""
    if count >= BATCH:  # more waits already
        return 0.0
    if count < MANY:
        return TURN_S
    return min(max(ENOUGH * period_s / count, TURN_S), LONGEST_TURN_S)


class Owner(Protocol):
    """Who takes the datagrams."""

    unsent: int

    def transactions(self) -> "tuple[Transactions | None, int, bool, bool]":
        """Return those that take what is theirs at once, monotonic milliseconds, whether new ones may begin, and
        whether those that say the same may come together, without their octets.
        """
        ...

    def datagrams(self, batch: "list[tuple[bytes, Peer, Asked | None]]", way: "Datagrams") -> None:
        """Take them: octets, source, the transaction that has begun for it, or several."""
        ...

    def queued(self, now_s: float) -> None:
        """Note that more waits than one turn can take."""
        ...

    def emptied(self) -> None:
        """Note that nothing waits."""
        ...

    def drain(self) -> None:
        """Answer."""
        ...


class Datagrams:
    """One UDP socket, emptied in turns.

    A datagram after a pause is read at once. Under load there is one turn in TURN_S, under more load in LONGEST_TURN_S
    at most, however many datagrams come: they share one wake-up and one commit to the disk.
    """

    def __init__(self, owner: Owner, udp: socket.socket) -> None:
        self._owner = owner
        self.udp = udp
        self._loop = asyncio.get_running_loop()
        self._last_s = 0.0
        self._next: asyncio.TimerHandle | None = None
        self._native = None
        self._at_once = 1  # datagrams that _receive() takes where there are so many
        self._receive: Callable[[], tuple[int, list[tuple[bytes, Peer, Asked | None]]]] = self._receive_one
        if parley_sip is not None and udp.family == socket.AF_INET:
            self._native, self._at_once = parley_sip.Datagrams(), parley_sip.BATCH
            self._receive = self._receive_batch
        self._loop.add_reader(udp.fileno(), self._readable)

    def _readable(self) -> None:
        wait_s = self._last_s + TURN_S - self._loop.time()
        if wait_s <= 0:
            self._turn()
        else:
            self._loop.remove_reader(self.udp.fileno())
            self._next = self._loop.call_later(wait_s, self._next_turn)

    def _next_turn(self) -> None:
        self._next = None
        before_s, began_s = self._last_s, time.monotonic()
        count = self._turn()
        if count >= CROWD:
            pause_s = pause_after(count, self._last_s - before_s) - (time.monotonic() - began_s)
            self._next = self._loop.call_later(max(pause_s, 0.0), self._next_turn)
        else:
            self._loop.add_reader(self.udp.fileno(), self._readable)

    def _turn(self) -> int:
        """Take what has come, all of it if that is not too much for one turn, then answer; returns how much it was."""
        owner = self._owner
        count = 0
        try:
            while count < BATCH:
                came, batch = self._receive()
                count += came
                if batch:
                    owner.datagrams(batch, self)
                if came < self._at_once:
                    owner.emptied()
                    break
            else:
                owner.queued(self._loop.time())
        except OSError:
            pass  # of an earlier datagram of ours (ICMP); the next turn reads on
        finally:
            owner.drain()
        self._last_s = self._loop.time()
        return count

    def _receive_one(self) -> "tuple[int, list[tuple[bytes, Peer, Asked | None]]]":
        try:
            data, address = self.udp.recvfrom(MAX_DATAGRAM_BYTES)
        except (BlockingIOError, InterruptedError):
            return 0, []
        return 1, [(data, (address[0], address[1]), None)]

    def _receive_batch(self) -> "tuple[int, list[tuple[bytes, Peer, Asked | None]]]":
        assert self._native is not None
        return self._native.receive(self.udp.fileno(), *self._owner.transactions())

    def send(self, messages: "Sequence[Message]") -> None:
        """Send datagrams; what the system cannot take now is lost, as on any network."""
        if self._native is not None and len(messages) > 1:
            try:
                self._owner.unsent += self._native.send(self.udp.fileno(), messages)
                return
            except OSError:  # one of the hosts is none
                pass
        for data, peer in messages:
            try:
                self.udp.sendto(data, peer)
            except OSError:
                self._owner.unsent += 1

    def close(self) -> None:
        """Stop reading."""
        if self._next is not None:
            self._next.cancel()
        self._loop.remove_reader(self.udp.fileno())
        self.udp.close()
