"""What some legs of a bridge have beyond plain media: keys, RTCP, telephone events. A thin face over the kernels.

Never in a tick but `clock`: it allocates.
"""

import struct
from array import array

from parley.media import kernel_numbers, kernels
from parley.media.bridge import can_encrypt
from parley.media.rtcp_session import Figures
from parley.wire.errors import LocalError

NO_KEY = bytes(30)
# By suite: what a packet grows by (RFC 3711 5.2, RFC 4568 6.2, RFC 7714 13.1).
TAG_BYTES = {1: 10, 2: 4, 3: 16}
PROTECTION_BYTES = 24  # SRTCP's index, tag, and what a suite adds (RFC 3711 3.4, RFC 7714 9)
CLOCK_MASK = 0x1FFFFFFF  # what fits an integer of MicroPython without the heap
_PACKETS_IN = kernel_numbers.FIGURES.index("packets_in")


class BridgeSide:
    """bridge: a Bridge."""

    def __init__(self, bridge):
        self._memory = bridge.memory
        self._word = bytearray(4)
        self._report = bytearray(kernel_numbers.BRIDGE_REPORT_BYTES)
        self._words = array("I", bytes(4 * kernel_numbers.BRIDGE_FIGURES))
        self._figures = Figures()

    def secure(self, leg, suite, master_out, master_in, ssrc):
        """Keys for a leg, as parley.wire.sdes has them (suite: number); ssrc: to send with, random.

        LocalError when these kernels cannot encrypt, or every place for keys is taken.
        """
        if not can_encrypt():
            raise LocalError("no SRTP without native kernels")
        done = kernels.bridge_secure(self._memory, leg, suite, master_out, master_in, struct.pack("<I", ssrc))
        if done < 0:
            raise LocalError("no place for a leg with keys")

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

    def protect_report(self, leg, room, length):
        """Makes of the RTCP packet to a leg that begins `room` what goes to the network; returns its bytes.

        room: a bytearray with PROTECTION_BYTES to spare.
        """
        return kernels.bridge_protect_report(self._memory, leg, room, length)

    def open_report(self, leg, packet):
        """An RTCP packet that a leg sent to a port of its own, in the clear; None when it is not under its keys."""
        plain = bytearray(len(packet))
        octets = kernels.bridge_open_report(self._memory, leg, packet, len(packet), plain)
        return None if octets < 0 else bytes(plain[:octets])

    def packets_in(self, leg):
        """Good RTP packets of a watched leg since its stream began."""
        kernels.bridge_figures(self._memory, leg, self._words)
        return self._words[_PACKETS_IN]

    def figures(self, leg):
        """Figures of a leg, good until the next call; of one that is not watched what it sends only."""
        words, found = self._words, self._figures
        kernels.bridge_figures(self._memory, leg, words)
        found.ssrc_out, found.packets_out, found.timestamp_out = words[0], words[1], words[2]
        found.heard = words[3] != 0
        found.ssrc_in, found.first_sequence, found.highest_sequence = words[4], words[5], words[6]
        found.packets_in, found.jitter = words[7], words[8]
        found.octets_out, found.gain = words[10], words[11]
        return found
