"""Datagrams of a UDP socket in batches, and the transactions of plain INVITEs among them; see native/sip/parley_sip.h.

Linux, IPv4. Elsewhere there is no such module, and `parleyd` reads and sends one datagram after the other.
"""

from parley_sip._sip import ffi, lib
from parley_sip.datagrams import BATCH, Datagrams
from parley_sip.transactions import INVITE, MERGED, OTHER, TAKEN, Asked, Grant, Transactions

__all__ = [
    "BATCH",
    "INVITE",
    "MERGED",
    "OTHER",
    "TAKEN",
    "Asked",
    "Datagrams",
    "Grant",
    "Transactions",
    "ffi",
    "lib",
]
