"""All media of a board: its legs, who is in which conference, one mix for all. A thin face over the kernels.

No I/O: packets.py moves packets between this and the network. From `begin` to the last `mix` nothing allocates.
"""

import struct

from parley.media import kernel_numbers, kernels
from parley.media.codecs import PACKET_BYTES, law_of
from parley.wire.errors import LocalError

# prefill of a jitter buffer at first; then it follows the network
DEPTH_FRAMES = kernel_numbers.LEG_DEPTH_FRAMES
NO_ADDRESS = bytes(6)
NO_EVENTS = -1


def pack_address(host, port):
    """IPv4 address and port as the bridge knows a peer: 6 bytes. LocalError when host is no IPv4 address."""
    try:
        octets = [int(part) for part in host.split(".")]
    except ValueError:
        octets = []
    if len(octets) != 4 or min(octets) < 0 or max(octets) > 255 or not 0 < port < 65536:
        raise LocalError("no address of a peer: %s:%d" % (host, port))
    return bytes(octets) + port.to_bytes(2, "big")


def _flags(direction):
    """direction: ours, as answered (RFC 3264 6.1): recvonly means that he speaks and hears nothing."""
    speaks = kernel_numbers.BRIDGE_SPEAKS if direction in ("sendrecv", "recvonly") else 0
    return speaks | (kernel_numbers.BRIDGE_HEARS if direction in ("sendrecv", "sendonly") else 0)


def can_widen():
    """Wideband is in the native kernels only."""
    return kernels.KERNELS == "native"


def can_encrypt():
    """So is SRTP."""
    return kernels.KERNELS == "native"


def _whole_lines(octets):
    """Tables begin on a line of the cache."""
    return (octets + 63) // 64 * 64


def _refusal(reason):
    is_full = reason == kernel_numbers.BRIDGE_NO_PLACE
    return LocalError("no place for a leg with this codec" if is_full else "another leg has this peer")


class Bridge:
    """Owns the memory of `legs` legs in up to `conferences` conferences, both named by number from 0 on.

    loudest: voices mixed in one conference at most, 0 all. memory: a buffer of Bridge.size() bytes to live in,
    best one outside the collector's heap; without it, one is made. wide, keyed: legs that may be wideband, and that
    may have keys, at a time; parcels: that may be sent packets of another time than 20 ms, or L16; linear: that
    may have L16, which takes a place of `wide` and one of `parcels`, too. Plain kernels have none of these.
    """

    def __init__(self, legs, conferences, loudest=0, memory=None, wide=0, keyed=0, parcels=0, linear=0):
        """ValueError for what the kernels cannot do, or a memory too short."""
        self.wide = wide if can_widen() else 0
        self.parcels = parcels if can_widen() else 0
        self.linear = linear if can_widen() else 0
        self.legs = legs
        self.conferences = conferences
        self.memory = (
            bytearray(self.size(legs, conferences, wide, keyed, parcels, linear))
            if memory is None
            else memory
        )
        kernels.bridge_init(self.memory, legs, conferences, loudest)
        if self.wide:
            kernels.bridge_widen(self.memory, self.wide)
        if keyed and can_encrypt():
            kernels.bridge_key_places(self.memory, keyed)
        if self.parcels:
            kernels.bridge_parcel_places(self.memory, self.parcels)
        if self.linear:
            kernels.bridge_linear_places(self.memory, self.linear)
        self._free = list(range(legs - 1, -1, -1))

    @staticmethod  # pyright: ignore[reportArgumentType] - MicroPython's stubs know it without arguments only
    def size(legs, conferences, wide=0, keyed=0, parcels=0, linear=0):
        """Bytes of memory a bridge needs."""
        size = kernels.bridge_size(legs, conferences)
        if wide and can_widen():
            size = _whole_lines(size) + kernels.bridge_wide_octets(wide, conferences)
        if keyed and can_encrypt():
            size = _whole_lines(size) + kernels.bridge_key_octets(keyed)
        if parcels and can_widen():
            size = _whole_lines(size) + kernels.bridge_parcel_octets(parcels)
        if linear and can_widen():
            size = _whole_lines(size) + kernels.bridge_linear_octets(linear)
        return size

    @property
    def count(self):
        """Legs in use."""
        return self.legs - len(self._free)

    @property
    def full(self):
        """Every leg is in use."""
        return not self._free

    def add(self, conference, codec, payload_type, event_payload_type, direction, address, seed):
        """Lets somebody into a conference, from the next tick on; returns the number of his leg.

        codec: its name (media.codecs); event_payload_type: of telephone-event, or None; direction: ours; address:
        pack_address of the peer, or NO_ADDRESS; seed: (SSRC, sequence number, timestamp) to send first, random
        (RFC 3550 5.1). LocalError when every leg, or place for one with this codec, is in use, or another leg has that
        peer; ValueError for a codec we do not speak.
        """
        if self.full:
            raise LocalError("every leg is in use")
        leg = self._free[-1]
        events = NO_EVENTS if event_payload_type is None else event_payload_type
        words = struct.pack("<III", *seed)
        flags = _flags(direction)
        law = law_of(codec)
        done = kernels.bridge_add_leg(
            self.memory, leg, conference, law, payload_type, events, DEPTH_FRAMES, flags, words, address
        )
        if done < 0:
            raise _refusal(done)
        self._free.pop()
        return leg

    def change(self, leg, codec, payload_type, event_payload_type, direction, address):
        """Other terms for a leg; its SSRC and clock go on. Errors as in `add`; then nothing has changed."""
        events = NO_EVENTS if event_payload_type is None else event_payload_type
        flags = _flags(direction)
        done = kernels.bridge_change(self.memory, leg, law_of(codec), payload_type, events, flags, address)
        if done < 0:
            raise _refusal(done)

    def remove(self, leg):
        """Takes a leg out. ValueError when it is not in use."""
        kernels.bridge_remove_leg(self.memory, leg)
        self._free.append(leg)

    def receive(self, packet, length, address):
        """Takes a datagram from `address` (6 bytes). Returns 0, or a negative reason why it was not taken."""
        return kernels.bridge_receive(self.memory, packet, length, address)

    def receive_leg(self, leg, packet, length):
        """The same for a datagram that is known to come from a leg's peer."""
        return kernels.bridge_receive_leg(self.memory, leg, packet, length)

    def begin(self, phase=0, phases=1):
        """Opens a tick for the conferences whose number is `phase` modulo `phases`."""
        kernels.bridge_begin(self.memory, phase, phases)

    def mix(self, most):
        """Makes up to `most` packets, at places 0 and up; returns how many, 0 when the tick is over."""
        return kernels.bridge_mix(self.memory, most)

    def ptime(self, leg, ptime_ms):
        """Has a leg's packets hold so much sound: 10, 20 ... 60 ms. Returns False when there is no place for it."""
        return kernels.bridge_ptime(self.memory, leg, ptime_ms) == 0

    def packet(self, place, octets=PACKET_BYTES):
        """A view of a packet of so many octets at a place; made once, it shows every later one there.

        But not those of a leg with another packet time, which stand where `packet_at` says.
        """
        return self.view(kernels.bridge_packet(self.memory, place), octets)

    def packet_at(self, place):
        """Where in the memory the packet at a place begins."""
        return kernels.bridge_packet(self.memory, place)

    def view(self, start, octets):
        """A view of a packet that begins there."""
        return memoryview(self.memory)[start : start + octets]

    def parcels_of(self, leg):
        """Where a leg's packets begin that stand outside the transmit area: one or two places, or none.

        With a header of 12 bytes: what it has beyond begins as much before.
        """
        try:
            return [kernels.bridge_parcel(self.memory, leg, number) for number in range(2)]
        except ValueError:
            return []

    def packet_octets(self, place):
        """How long the packet at a place is: PACKET_BYTES of a plain leg, 0 when it must not leave."""
        return kernels.bridge_packet_octets(self.memory, place)

    def packet_leg(self, place):
        """Whose packet stands at a place."""
        return kernels.bridge_packet_leg(self.memory, place)

    def refused(self, place):
        """Counts the packet at a place as not taken by the network."""
        kernels.bridge_refused(self.memory, place)

    def skip(self, ticks):
        """Moves everybody's RTP clock on over ticks that could not be run."""
        kernels.bridge_skip(self.memory, ticks)

    def tell(self, leg, tone, times=1):
        """Plays a leg a tone of kernel_numbers.TONES on top of what it hears, so often; it ends the tone before."""
        kernels.bridge_tell(self.memory, leg, kernel_numbers.TONES.index(tone), times)

    def gain(self, leg, gain):
        """Makes a leg louder or softer for everybody, in 1/256: kernel_numbers.GAIN_ONE leaves it as it came."""
        kernels.bridge_gain(self.memory, leg, gain)

    def channels(self, leg, says, hears):
        """On which channels a leg is heard, and to which it listens: kernel_numbers.BRIDGE_CHANNELS bits each."""
        kernels.bridge_channels(self.memory, leg, says, hears)

    def names(self, leg, most, level_id_out=0, level_id_in=0):
        """Has a leg's packets name up to `most` who are heard in them, and hears the level that it says of itself.

        level_id_out, level_id_in: of the header extensions with levels (RFC 6465, RFC 6464), 0 for none.
        """
        kernels.bridge_names(self.memory, leg, most, level_id_out, level_id_in)

    def noise(self, leg, level):
        """Has a leg sent comfort noise (RFC 3389) of a level, -dBov, while it hears nobody; 0: no more."""
        kernels.bridge_noise(self.memory, leg, level)

    def level(self, leg):
        """Level of the frame last played, in -dBov: 0 loudest, 127 silence (RFC 6464 3)."""
        return kernels.bridge_leg_stat(self.memory, leg, kernel_numbers.BRIDGE_LEG_STATS.index("level_in"))

    def depth_ms(self, leg):
        """How much sound waits in a leg's jitter buffer."""
        return kernels.bridge_leg_stat(self.memory, leg, kernel_numbers.BRIDGE_LEG_STATS.index("depth"))

    def stats(self, leg):
        """{name: count} of everything counted of a leg; not for a tick, it allocates."""
        names = kernel_numbers.BRIDGE_LEG_STATS
        return {names[i]: kernels.bridge_leg_stat(self.memory, leg, i) for i in range(len(names))}

    def totals(self):
        """{name: count} of the whole bridge; not for a tick, it allocates."""
        names = kernel_numbers.BRIDGE_STATS
        return {names[i]: kernels.bridge_stat(self.memory, i) for i in range(len(names))}
