"""The RTP port of one call: a UDP socket and the media kernels' leg (packets, jitter buffer, G.711)."""

import asyncio
import contextlib
import os
import socket
from collections import Counter

from parley.call.negotiate import Negotiated
from parley.media.srtp import Protection
from parleyue.audio import FRAME_MS
from parleyue.dialler import Dialler
from parleyue.equipment import Address
from parleyue.leg import Leg
from parleyue.sound import Sound
from parleyue.udp import UdpSocket, even_port, is_literal

_SLOT_MS = 10  # the leg counts what it missed in slots of this length
_SENDING = ("sendrecv", "sendonly")


class RtpStream:
    """Bound at once, quiet until start(); see equipment.MediaPort and sound.Stream.

    speaks: the microphone is for this call; heard: its sound is for the user.
    """

    def __init__(self, host: str, sound: Sound, speaks: bool, heard: bool) -> None:
        self.speaks = speaks
        self.heard = heard
        self.sent = 0
        self.foreign = 0
        self._protection: Protection | None = None
        self._sound = sound
        self._leg: Leg | None = None
        self._sends = False
        self._remote: Address = ("", 0)
        self._agreed: tuple[str, int] | None = None
        self._past: Counter[str] = Counter()  # of legs before a change of codec
        self._dialler = Dialler()
        self._events: int | None = None
        self._socket = even_port(host, lambda port: UdpSocket(host, port, self._receive))
        self._socket.attach(asyncio.get_running_loop())
        self.host, self.port = self._socket.host, self._socket.port

    def start(self, negotiated: Negotiated) -> None:
        """Send and receive as agreed; called again after a re-offer."""
        self._remote = negotiated.remote
        if not is_literal(self._remote[0]):
            self._looking = asyncio.get_running_loop().create_task(self._look_up(self._remote))
        self._sends = negotiated.direction in _SENDING and negotiated.remote[1] != 0
        self._events = negotiated.event_payload_type
        self._protect(negotiated)
        agreed = (negotiated.codec, negotiated.payload_type)
        if agreed != self._agreed:
            self._agreed = agreed
            self._past.update(self._leg_stats())
            self._leg = _new_leg(negotiated)
        if self not in self._sound.streams:
            self._sound.streams.append(self)

    def _protect(self, negotiated: Negotiated) -> None:
        """Take keys, other keys, or none; another key of ours is another stream (RFC 3711 section 9.1)."""
        keys = negotiated.keys
        if keys is None:
            self._protection = None
        elif self._protection is None or not self._protection.has(keys):
            self._protection = Protection(keys)
            self._agreed = None

    def press(self, keys: str) -> bool:
        """Send these keys as telephone events; False when the other end takes none."""
        if self._events is None or not self._sends:
            return False
        self._dialler.press(keys)
        return True

    async def _look_up(self, name: Address) -> None:
        """Aim at a host that SDP gives by name (RFC 8866 section 5.7); until then nothing is sent."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, UnicodeError):
            found = await loop.getaddrinfo(*name, family=family, type=socket.SOCK_DGRAM)
            self._remote = (str(found[0][4][0]), name[1])

    def stop(self) -> None:
        """Close the port; stats() stays."""
        if self in self._sound.streams:
            self._sound.streams.remove(self)
        self._socket.close()

    def exchange(self, frame: bytes) -> bytes | None:
        """Send one frame of 20 ms, play one."""
        leg = self._leg
        if leg is None:
            return None
        length = leg.packetise(frame if self._sends else None)  # on hold the RTP clock goes on
        if self._sends and is_literal(self._remote[0]):
            packet = bytes(memoryview(leg.packet)[:length])
            if self._events is not None:
                packet = self._dialler.replace(packet, self._events)
            if self._protection is not None:
                packet = self._protection.protect(memoryview(packet))
            self.sent += self._socket.send(packet, self._remote)
        return bytes(leg.pcm) if leg.playout() else None

    def stats(self) -> dict[str, int]:
        """Packets sent, received, lost, late, duplicate, bad, and from strangers."""
        total = Counter(self._past)
        total.update(self._leg_stats())
        refused = {} if self._protection is None else {"forged": self._protection.refused}
        return {"sent": self.sent, **total, "foreign": self.foreign, **refused}

    def _receive(self, data: bytes, peer: Address) -> None:
        if self._leg is None or peer[0] != self._remote[0]:
            # The port may differ: symmetric RTP is common, not required (RFC 4961)
            self.foreign += 1
            return
        if self._protection is not None:
            data = self._protection.unprotect(data)
        if data:
            self._leg.receive(data, len(data))

    def _leg_stats(self) -> dict[str, int]:
        if self._leg is None:
            return {}
        stats = self._leg.stats()
        counts = {name: int(stats[name]) for name in ("received", "late", "duplicate", "bad")}
        return {**counts, "lost": -(-int(stats["lost"]) * _SLOT_MS // FRAME_MS)}


def _new_leg(negotiated: Negotiated) -> Leg:
    """A leg with random SSRC, sequence number and timestamp (RFC 3550 section 5.1)."""
    seed = os.urandom(10)
    return Leg(
        negotiated.codec,
        negotiated.payload_type,
        negotiated.event_payload_type,
        int.from_bytes(seed[:4], "big"),
        int.from_bytes(seed[4:6], "big")
        & 0x7FFF,  # far from the first wrap, which late listeners must not miss
        int.from_bytes(seed[6:], "big"),
    )
