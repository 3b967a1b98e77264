"""A UDP socket's datagrams in batches, plain SIP requests among them read; contract: native/sip/parley_sip.h.

Linux, IPv4. Elsewhere there is no such module, and `parleyd` reads and sends one datagram after the other.
"""

import socket
from collections.abc import Sequence

from parley_sip._sip import ffi, lib

BATCH: int = lib.PARLEY_SIP_BATCH
_INVITE = lib.PARLEY_SIP_INVITE
_ACK = lib.PARLEY_SIP_ACK
_ROW = lib.PARLEY_SIP_ROW
_DATAGRAM = lib.PARLEY_SIP_DATAGRAM
_SCRATCH = lib.PARLEY_SIP_SCRATCH
MAX_KNOWN = 65536  # hosts whose spelling is remembered


Peer = tuple[str, int]
# key, merged, before_tag, after_tag, kind, asker, back: as in PlainInvite
Invite = tuple[bytes, bytes, bytes, bytes, tuple[bytes, bytes], str, Peer]


class Datagrams:
    """What one thread needs to read from and write to UDP sockets of IPv4."""

    def __init__(self):
        self._data = ffi.new("uint8_t[]", BATCH * _DATAGRAM)
        self._scratch = ffi.new("uint8_t[]", BATCH * _SCRATCH)
        self._rows = ffi.new("int64_t[]", BATCH * _ROW)
        self._octets = ffi.buffer(self._data)
        self._pieces = ffi.buffer(self._scratch)
        self._hosts = {}
        self._addresses = {}

    def receive(self, fd: int) -> list[tuple[bytes, Peer, Invite | bytes | None]]:
        """Take what has arrived, BATCH datagrams at most.

        Returns for each (octets, (host, port), pieces): of an INVITE what PlainInvite of parleyd/plain.py has
        but for its body, of an ACK its key, else None. Raises OSError.
        """
        count = lib.parley_sip_receive(fd, self._data, self._scratch, self._rows)
        if count < 0:
            raise OSError(-count, "recvmmsg")
        numbers = ffi.unpack(self._rows, count * _ROW) if count else ()
        data, hosts = self._octets, self._hosts
        found = []
        for place in range(count):
            row = place * _ROW
            kind, octets, address, port = numbers[row : row + 4]
            if octets < 0:
                continue
            host = hosts.get(address)
            if host is None:
                host = self._host(address)
            begin = place * _DATAGRAM
            at, pieces = place * _SCRATCH, None
            if kind == _INVITE:
                pieces = self._invite(at, row, numbers, host)
            elif kind == _ACK:
                pieces = self._ack(at, row, numbers)
            found.append((data[begin : begin + octets], (host, port), pieces))
        return found

    def send(self, fd: int, messages: Sequence[tuple[bytes, Peer]]) -> int:
        """Send (octets, (host, port)) each; returns how many the system did not take. Raises OSError for a bad host."""
        addresses = self._addresses
        numbers = []
        for _, peer in messages:
            address = addresses.get(peer[0])
            numbers.append(self._address(peer[0]) if address is None else address)
        return lib.parley_sip_send(
            fd,
            len(messages),
            b"".join([octets for octets, _ in messages]),
            [len(octets) for octets, _ in messages],
            numbers,
            [peer[1] for _, peer in messages],
        )

    def _ack(self, at, row, numbers):
        return self._pieces[at : at + numbers[row + 5]]

    def _invite(self, at, row, numbers, host):
        pieces = self._pieces
        back_port, key, merged, before, after, uri, tail, asker = numbers[row + 4 : row + 12]
        return (
            pieces[at : at + key],
            pieces[at + key : at + merged],
            pieces[at + merged : at + before],
            pieces[at + before : at + after],
            (pieces[at + after : at + uri], pieces[at + uri : at + tail]),
            pieces[at + tail : at + asker].decode(),
            (host, back_port),
        )

    def _host(self, address):
        if len(self._hosts) >= MAX_KNOWN:
            self._hosts.clear()
        host = self._hosts[address] = socket.inet_ntoa(address.to_bytes(4, "big"))
        return host

    def _address(self, host):
        if len(self._addresses) >= MAX_KNOWN:
            self._addresses.clear()
        address = self._addresses[host] = int.from_bytes(socket.inet_pton(socket.AF_INET, host), "big")
        return address
