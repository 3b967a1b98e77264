"""One participant's media: RTP in, 20 ms of PCM out, and back. A thin face over the leg kernels."""

import struct

from parley.media import kernels
from parley.media.codecs import FRAME_BYTES, PACKET_BYTES, law_of

DEPTH_FRAMES = 1  # prefill of the jitter buffer at first; from then on it follows the network
NO_EVENTS = -1

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


class Leg:
    """Owns all memory of one participant; receive, playout and packetise allocate nothing.

    pcm: the frame last played out (160 samples of int16); `heard` tells whether it holds more than silence.
    packet: the RTP packet last made. speaks, hears: what the negotiated direction lets him do.
    """

    def __init__(self, codec, payload_type, event_payload_type, ssrc, sequence, timestamp):
        """codec: RTP encoding name; event_payload_type: of telephone-event, or None; the rest random (RFC
        3550 5.1).

        ValueError for a codec we do not speak.
        """
        self.codec = codec
        self.payload_type = payload_type
        self.event_payload_type = event_payload_type
        self.speaks = True
        self.hears = True
        self.heard = False
        self.pcm = bytearray(FRAME_BYTES)
        self.packet = bytearray(PACKET_BYTES)
        self._state = bytearray(kernels.leg_size())
        events = NO_EVENTS if event_payload_type is None else event_payload_type
        seed = bytearray(12)
        struct.pack_into("<III", seed, 0, ssrc, sequence, timestamp)
        kernels.leg_init(self._state, law_of(codec), payload_type, events, DEPTH_FRAMES, seed)

    def set_direction(self, direction):
        """direction: ours, as answered (RFC 3264 6.1): recvonly means that he speaks and hears nothing."""
        self.speaks = direction in ("sendrecv", "recvonly")
        self.hears = direction in ("sendrecv", "sendonly")

    def receive(self, buffer, length):
        """Takes one RTP packet of `length` bytes. Returns 0, or a negative reason why it was not taken."""
        return kernels.leg_receive(self._state, buffer, length)

    def playout(self):
        """Fills pcm with the next 20 ms.

        True when he was heard; False when it is silence for want of packets.
        """
        self.heard = kernels.leg_playout(self._state, self.pcm) == 1
        return self.heard

    def packetise(self, pcm):
        """Makes `packet` of 20 ms of PCM and returns its length.

        None sends nothing but lets the RTP clock go on.
        """
        return kernels.leg_packetise(self._state, pcm, self.packet)

    @property
    def level(self):
        """Level of the frame last played, in -dBov: 0 loudest, 127 silence (RFC 6464 3)."""
        return kernels.leg_stat(self._state, kernels.LEG_STATS.index("level_in"))

    def stats(self):
        """{name: count} of everything the kernel counts; not for a tick, it allocates."""
        return {name: kernels.leg_stat(self._state, index) for index, name in enumerate(kernels.LEG_STATS)}
