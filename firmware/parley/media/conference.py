"""One conference: who is in it, and the mix of one frame. No I/O; `mix` allocates nothing."""

from parley.media import kernels
from parley.media.codecs import FRAME_BYTES, FRAME_SAMPLES
from parley.wire.errors import LocalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Conference:
    """Mixes up to `size` legs so that each hears the sum of all others and nobody hears himself.

    legs: preallocated list of `size` places; the first `count` hold Leg objects in order of arrival.
    """

    def __init__(self, slot, generation, size):
        self.slot = slot
        self.generation = generation
        self.size = size
        self.locked = False  # nobody else comes in
        self.legs: "list[Any]" = [None] * size
        self.count = 0
        self._sum = bytearray(FRAME_SAMPLES * 4)  # int32, native order; 64 talkers of full scale need 22 bits
        self._out = bytearray(FRAME_BYTES)

    @property
    def full(self):
        """No place is left."""
        return self.count >= self.size

    def add(self, leg):
        """Lets a leg in, from the next frame on. LocalError when full or when it is in already."""
        if self.full or leg in self.legs:
            raise LocalError("leg cannot join")
        self.legs[self.count] = leg
        self.count += 1

    def remove(self, leg):
        """Takes a leg out and closes the gap. LocalError when it is not in."""
        if leg not in self.legs:
            raise LocalError("leg is not in this conference")
        at = self.legs.index(leg)
        self.count -= 1
        for i in range(at, self.count):
            self.legs[i] = self.legs[i + 1]
        self.legs[self.count] = None

    def mix(self):
        """One frame of 20 ms: plays out every speaking leg, then fills `packet` of every leg that hears."""
        kernels.mix_clear(self._sum)
        for i in range(self.count):
            leg = self.legs[i]
            if not leg.speaks:
                leg.heard = False
            elif leg.playout():
                kernels.mix_add(self._sum, leg.pcm)
        for i in range(self.count):
            leg = self.legs[i]
            if leg.hears:
                kernels.mix_minus(self._sum, leg.pcm if leg.heard else None, self._out)
                leg.packetise(self._out)
            else:
                leg.packetise(None)
