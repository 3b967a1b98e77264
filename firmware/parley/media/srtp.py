"""SRTP of one stream outside the bridge, for phones and tools: packets protected and opened under negotiated keys."""

from parley.media import kernels
from parley.wire.errors import LocalError

GROWTH_BYTES = 20


class Protection:
    """keys: Keys of parley.call.secure. LocalError where the kernels cannot encrypt."""

    def __init__(self, keys):
        if kernels.KERNELS != "native":
            raise LocalError("no SRTP without native kernels")
        self.refused = 0
        self._keys = keys
        self._state = bytearray(kernels.srtp_size())
        kernels.srtp_init(self._state, keys.ours.number, keys.ours.master, keys.theirs.master)

    def has(self, keys):
        """These are the keys in use."""
        return self._keys.same_as(keys)

    def protect(self, packet):
        """An RTP packet as it goes to the network. LocalError when its key is spent."""
        room = bytearray(packet) + bytearray(GROWTH_BYTES)
        octets = kernels.srtp_protect(self._state, room, len(packet))
        if octets < 0:
            raise LocalError("SRTP key is spent")
        return bytes(room[:octets])

    def unprotect(self, packet):
        """The RTP packet of a datagram; b"" when it is not under the peer's key, or came before."""
        plain = bytearray(len(packet))
        octets = kernels.srtp_unprotect(self._state, packet, len(packet), plain)
        if octets < 0:
            self.refused += 1
            return b""
        return bytes(plain[:octets])
