"""One call's media: RTP in, 20 ms of PCM out, and back. A thin face over the leg kernels."""

import struct

from parley.media import kernel_numbers, kernels
from parley.media.codecs import FRAME_BYTES, PACKET_BYTES, law_of

NO_EVENTS = -1


class Leg:
    """Owns all memory of one call.

    pcm: the frame last played out (160 samples of int16); packet: the RTP packet last made.
    """

    def __init__(self, codec, payload_type, event_payload_type, ssrc, sequence, timestamp):
        """codec: RTP encoding name; event_payload_type: of telephone-event, or None; the rest random (RFC
        3550 5.1).

        ValueError for a codec we do not speak.
        """
        self.pcm = bytearray(FRAME_BYTES)
        self.packet = bytearray(PACKET_BYTES)
        self._state = bytearray(kernels.leg_size())
        events = NO_EVENTS if event_payload_type is None else event_payload_type
        seed = bytearray(12)
        struct.pack_into("<III", seed, 0, ssrc, sequence, timestamp)
        kernels.leg_init(
            self._state, law_of(codec), payload_type, events, kernel_numbers.LEG_DEPTH_FRAMES, seed
        )

    def receive(self, buffer, length):
        """Takes one RTP packet of `length` bytes. Returns 0, or a negative reason why it was not taken."""
        return kernels.leg_receive(self._state, buffer, length)

    def playout(self):
        """Fills pcm with the next 20 ms.

        False when it is silence for want of packets.
        """
        return kernels.leg_playout(self._state, self.pcm) == 1

    def packetise(self, pcm):
        """Makes `packet` of 20 ms of PCM and returns its length.

        None sends nothing but lets the RTP clock go on.
        """
        return kernels.leg_packetise(self._state, pcm, self.packet)

    def stats(self):
        """{name: count} of everything the kernel counts."""
        return {
            name: kernels.leg_stat(self._state, index) for index, name in enumerate(kernel_numbers.LEG_STATS)
        }
