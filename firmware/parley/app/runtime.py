"""The one module that knows which Python it runs on: clock ticks, sockets, polling, console, collector, reset.

What differs is in runtime_micropython.py and runtime_cpython.py, what they share in runtime_sockets.py, what firmware
with C modules has in runtime_queued.py; everybody
else takes it from here. Everything else under firmware/ is the same for both (media/kernels.py chooses between the
native and the slow kernels, no more).
"""

# pyright: reportAssignmentType=false, reportArgumentType=false, reportMissingImports=false
# (the same names from two or three modules)

import gc
import os
import sys

from parley.app.runtime_sockets import (
    ADDRESS_CACHE,
    SIP_DATAGRAM_BYTES,
    BoardRtpSocket,
    ReportSocket,
    SipSocket,
    host_and_port,
    literal,
    pair_of,
    stream_from,
    stream_listener,
    stream_socket,
)
from parley.media import kernels
from parley.media.native_file import check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MICROPYTHON = sys.implementation.name == "micropython"
PORTABLE_SOCKETS = "portable_sockets"  # a file of this name on the flash: no sockets but Python's

if MICROPYTHON:
    import parley.app.runtime_micropython as own
else:
    import parley.app.runtime_cpython as own

READS_JOIN_DATAGRAMS = own.READS_JOIN_DATAGRAMS
RTP_READS_PER_TICK = own.RTP_READS_PER_TICK
ConsolePort = own.ConsolePort
Poller = own.Poller
RtpSocket = own.RtpSocket
Ear = ReportSocket
TlsSocket = own.TlsSocket
heap_free = own.heap_free
join_network = own.join_network
leased_address = own.leased_address
reset = own.reset
reset_cause = own.reset_cause
ticks_diff = own.ticks_diff
ticks_ms = own.ticks_ms
tls_context = own.tls_context
traceback_of = own.traceback_of
watchdog = own.watchdog
random_bytes = os.urandom
collect = gc.collect


def _portable():
    try:
        os.stat(PORTABLE_SOCKETS)
    except OSError:
        return False
    return True


parley_io: "Any" = None  # what moves a board's packets in one call a tick, where it is there and suits
IO_FAULT = ""  # why it does not
# how many ticks of a board make 20 ms at most: more where one costs little and packets come with their time
TICK_PHASES = 1

if not _portable():
    try:
        from parley.app.runtime_queued import (
            READS_JOIN_DATAGRAMS,
            RTP_READS_PER_TICK,
            BoardRtpSocket,
            Ear,
            RtpSocket,
            SipSocket,
            packet_io,
        )

        parley_io = packet_io()
    except ImportError:
        pass  # stock firmware, or one with queues alone
    try:
        check("parley_io")
        import parley_io

        TICK_PHASES = 4
    except ImportError:
        pass  # not Linux
    except (ValueError, OSError, MemoryError) as fault:
        IO_FAULT = str(fault) or type(fault).__name__


def line_and_ear(host, port):
    """(RtpSocket, Ear) on one port; OSError when that cannot be."""
    return pair_of(RtpSocket, Ear, host, port)


# (octets) -> a buffer, out of the collector's sight where that can be had
far_memory: "Any" = bytearray if parley_io is None else parley_io.io_map
if kernels.KERNELS != "native":
    parley_io = None  # what one mixes the other must know
    TICK_PHASES = 1

__all__ = (
    "ADDRESS_CACHE",
    "IO_FAULT",
    "MICROPYTHON",
    "READS_JOIN_DATAGRAMS",
    "RTP_READS_PER_TICK",
    "SIP_DATAGRAM_BYTES",
    "TICK_PHASES",
    "BoardRtpSocket",
    "ConsolePort",
    "Poller",
    "ReportSocket",
    "RtpSocket",
    "SipSocket",
    "TlsSocket",
    "collect",
    "far_memory",
    "heap_free",
    "host_and_port",
    "join_network",
    "leased_address",
    "line_and_ear",
    "literal",
    "parley_io",
    "random_bytes",
    "reset",
    "reset_cause",
    "stream_from",
    "stream_listener",
    "stream_socket",
    "ticks_diff",
    "ticks_ms",
    "tls_context",
    "traceback_of",
    "watchdog",
)
