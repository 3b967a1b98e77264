"""Datagrams of UDP sockets of IPv4, in batches."""

from collections.abc import Sequence

from parley_sip._sip import ffi, lib
from parley_sip.hosts import number_of, text_of
from parley_sip.transactions import OTHER, Asked, Peer, Transactions

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
        self._left = ffi.new("int32_t *")
        self._octets = ffi.buffer(self._data)
        self._pieces = ffi.buffer(self._scratch)

    def receive(
        self, fd: int, transactions: Transactions | None = None, now_ms: int = 0, begin: bool = False
    ) -> tuple[int, list[tuple[bytes, Peer, Asked | None]]]:
        """Take what has arrived, BATCH datagrams at most.

        transactions: take what is theirs; begin: whether new ones may begin; now_ms: monotonic. Returns how many
        datagrams there were, and (octets, (host, port), new INVITE or None) of each that is left to do. Raises OSError.
        """
        native = ffi.NULL if transactions is None else transactions.native
        count = lib.parley_sip_receive(
            fd, native, now_ms, begin, self._data, self._scratch, self._rows, self._left
        )
        if count < 0:
            raise OSError(-count, "recvmmsg")
        left = self._left[0]
        numbers = ffi.unpack(self._rows, left * _ROW) if left else ()
        data, pieces = self._octets, self._pieces
        found = []
        kind = (b"", b"")
        for row in range(0, left * _ROW, _ROW):
            what, place, octets, address, port, number, uri, tail, asker, end = numbers[row : row + _ROW]
            asked = None
            if what != OTHER:
                at = place * _SCRATCH
                said = (pieces[at + uri : at + tail], pieces[at + tail : at + asker])
                if said != kind:  # who say the same have the same object
                    kind = said
                asked = (what, number, kind, pieces[at + asker : at + end].decode())
            begun = place * _DATAGRAM
            found.append((data[begun : begun + octets], (text_of(address), port), asked))
        return count, found

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
