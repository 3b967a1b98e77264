"""What some legs of a bridge have beyond plain media: keys, RTCP, telephone events. A thin face over the kernels.

Never in a tick but `clock`: it allocates.
"""

import struct

from parley.media import kernels
from parley.media.rtcp_session import Figures
from parley.wire.errors import LocalError

NO_KEY = bytes(30)
# By suite: what a packet grows by (RFC 3711 5.2, RFC 4568 6.2, RFC 7714 13.1).
TAG_BYTES = {1: 10, 2: 4, 3: 16}
CLOCK_MASK = 0x1FFFFFFF  # what fits an integer of MicroPython without the heap
_MASK = 0xFFFFFFFF
_PACKETS_IN = kernels.FIGURES.index("packets_in")


def can_encrypt():
    """SRTP is in the native kernels only."""
    return kernels.KERNELS == "native"


class BridgeSide:
    """bridge: a Bridge."""

    def __init__(self, bridge):
        self._memory = bridge.memory
        self._word = bytearray(4)
        self._report = bytearray(kernels.BRIDGE_REPORT_BYTES)
        self._words = bytearray(4 * kernels.BRIDGE_FIGURES)

    def secure(self, leg, suite, master_out, master_in, ssrc):
        """Keys for a leg, as parley.wire.sdes has them (suite: number); ssrc: to send with, random.

        LocalError when these kernels cannot encrypt.
        """
        if not can_encrypt():
            raise LocalError("no SRTP without native kernels")
        kernels.bridge_secure(self._memory, leg, suite, master_out, master_in, struct.pack("<I", ssrc))

    def expose(self, leg):
        """Takes a leg's keys away: plain from now on."""
        kernels.bridge_secure(self._memory, leg, 0, NO_KEY, NO_KEY, bytes(4))

    def watch(self, leg):
        """From now on the leg's RTCP packets and keys pressed are kept, and its figures counted."""
        kernels.bridge_watch(self._memory, leg, 1)

    def clock(self, now_ms):
        """Says when the packets that follow have come. Allocates nothing."""
        kernels.bridge_clock(self._memory, now_ms & CLOCK_MASK)

    def take_report(self):
        """(leg, packet in the clear) of the next RTCP packet that came by an RTP port, None when there is none."""
        octets = kernels.bridge_take_report(self._memory, self._word, self._report)
        return (struct.unpack("<I", self._word)[0], bytes(self._report[:octets])) if octets else None

    def take_event(self):
        """(leg, event) of the next key pressed (RFC 4733), None when there is none."""
        event = kernels.bridge_take_event(self._memory, self._word)
        return None if event < 0 else (struct.unpack("<I", self._word)[0], event)

    def protect_report(self, leg, packet):
        """An RTCP packet to a leg as it goes to the network."""
        room = bytearray(packet) + bytearray(24)
        octets = kernels.bridge_protect_report(self._memory, leg, room, len(packet))
        return bytes(room[:octets])

    def open_report(self, leg, packet):
        """An RTCP packet that a leg sent to a port of its own, in the clear; None when it is not under its keys."""
        plain = bytearray(len(packet))
        octets = kernels.bridge_open_report(self._memory, leg, packet, len(packet), plain)
        return None if octets < 0 else bytes(plain[:octets])

    def packets_in(self, leg):
        """Good RTP packets of a watched leg since its stream began."""
        kernels.bridge_figures(self._memory, leg, self._words)
        return struct.unpack_from("<I", self._words, 4 * _PACKETS_IN)[0]

    def figures(self, leg):
        """Figures of a leg; of one that is not watched what it sends only."""
        kernels.bridge_figures(self._memory, leg, self._words)
        found = Figures()
        for index, word in enumerate(struct.unpack("<%dI" % kernels.BRIDGE_FIGURES, self._words)):
            setattr(found, kernels.FIGURES[index], word)
        found.heard = bool(found.heard)
        found.octets_out = found.packets_out * kernels.FRAME_SAMPLES & _MASK
        return found
