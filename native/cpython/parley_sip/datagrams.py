"""Datagrams of UDP sockets of IPv4, in batches."""

from collections.abc import Sequence

from parley_sip._sip import ffi, lib
from parley_sip.hosts import number_of, text_of
from parley_sip.transactions import INVITE, OTHER, Asked, Peer, Transactions

BATCH: int = lib.PARLEY_SIP_BATCH
_ROW = lib.PARLEY_SIP_ROW
_DATAGRAM = lib.PARLEY_SIP_DATAGRAM
_SCRATCH = lib.PARLEY_SIP_SCRATCH


class Datagrams:
    """What one thread needs to read from and write to sockets."""

    def __init__(self):
        self._data = ffi.new("uint8_t[]", BATCH * _DATAGRAM)
        self._scratch = ffi.new("uint8_t[]", BATCH * _SCRATCH)
        self._rows = ffi.new("int64_t[]", BATCH * _ROW)
        self._asked = ffi.new("parley_sip_asked *")
        self._left = ffi.new("int32_t *")
        self._kind = (b"", b"")
        self._octets = ffi.buffer(self._data)
        self._pieces = ffi.buffer(self._scratch)
        self._askers = ffi.buffer(self._asked.askers)

    def receive(
        self,
        fd: int,
        transactions: Transactions | None = None,
        now_ms: int = 0,
        begin: bool = False,
        together: bool = False,
    ) -> tuple[int, list[tuple[bytes, Peer, Asked | None]]]:
        """Take what has arrived, BATCH datagrams at most.

        transactions: take what is theirs; begin: whether new ones may begin; now_ms: monotonic. together: whether new
        INVITEs that say the same may be told of at once, without their octets. Returns how many datagrams there were,
        and (octets, (host, port), new request or None) of each that is left to do. Raises OSError.
        """
        native = ffi.NULL if transactions is None else transactions.native
        count = lib.parley_sip_receive(
            fd,
            native,
            now_ms,
            begin,
            together,
            self._data,
            self._scratch,
            self._rows,
            self._asked,
            self._left,
        )
        if count < 0:
            raise OSError(-count, "recvmmsg")
        rows = ffi.unpack(self._rows, self._left[0] * _ROW) if self._left[0] else []
        found: list[tuple[bytes, Peer, Asked | None]] = []
        for row in range(0, len(rows), _ROW):
            what, place, octets, address, port = rows[row : row + 5]
            host, asked = text_of(address), None
            if what != OTHER:
                asked = self._asked_in(what, place * _SCRATCH, rows[row + 5 : row + _ROW], host)
            begun = place * _DATAGRAM
            data = b"" if together and what == INVITE else self._octets[begun : begun + octets]
            found.append((data, (host, port), asked))
        return count, found

    def _asked_in(self, what: int, at: int, row: Sequence[int], host: str) -> Asked:
        """at: where the pieces of its first datagram begin; host: where that came from."""
        uri, tail, end, first, count, askers, askers_end = row
        kind = (self._pieces[at + uri : at + tail], self._pieces[at + tail : at + end])
        if kind != self._kind:  # who say the same have the same object
            self._kind = kind
        text = self._askers[askers : askers_end - 1].decode()
        if count == 1:
            return what, [self._asked.numbers[first]], self._kind, [text], [host]
        numbers = ffi.unpack(self._asked.numbers, first + count)[first:]
        addresses = ffi.unpack(self._asked.addresses, first + count)[first:]
        return what, numbers, self._kind, text.split("\n"), [text_of(address) for address in addresses]

    def send(self, fd: int, messages: Sequence[tuple[bytes, Peer]]) -> int:
        """Send (octets, (host, port)) each; returns how many the system did not take. Raises OSError for a bad host."""
        return lib.parley_sip_send(
            fd,
            len(messages),
            b"".join([octets for octets, _ in messages]),
            [len(octets) for octets, _ in messages],
            [number_of(peer[0]) for _, peer in messages],
            [peer[1] for _, peer in messages],
        )
