"""A small bridge with faults to order: the judge practises on it, so that we know it can say no.

It answers at one UDP address as server (302 to itself) and as resource (200, mixing), in one asyncio loop.
Faults: "own" (everybody hears itself), "quiet" (0.9 of the level), "deaf" (the last leg is never heard),
"gap" (every 50th packet is not sent), "crossed" (conferences are mixed together).
"""

import asyncio
import struct

import numpy as np

from hil_tests import g711, sip_text

FRAME = 160


class Leg(asyncio.DatagramProtocol):
    """One participant's media: takes frames by RTP timestamp, plays them 60 ms later."""

    def __init__(self, token: str, peer: tuple[str, int]) -> None:
        self.token, self.peer = token, peer
        self.frames: dict[int, np.ndarray] = {}
        self.first = self.play = None
        self.sequence = 0

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr) -> None:
        stamp = struct.unpack("!I", data[4:8])[0]
        if self.first is None:
            self.first, self.play = stamp, -3
        self.frames[(stamp - self.first) // FRAME] = g711.decode(data[12:]).astype(np.int32)

    def frame(self) -> np.ndarray:
        """The next 20 ms to be mixed."""
        if self.play is None:
            return np.zeros(FRAME, np.int32)
        self.play += 1
        return self.frames.pop(self.play - 1, np.zeros(FRAME, np.int32))

    def send(self, pcm: np.ndarray, skip: bool) -> None:
        """One packet to the participant."""
        header = struct.pack(
            "!BBHII", 0x80, 0, self.sequence & 0xFFFF, self.sequence * FRAME, id(self) & 0xFFFF
        )
        self.sequence += 1
        if not skip:
            self.transport.sendto(header + g711.encode(np.clip(pcm, -32768, 32767)), self.peer)


class PracticeBridge(asyncio.DatagramProtocol):
    """`bridge = await PracticeBridge.open(fault)`; call its `server`; `await bridge.close()`."""

    def __init__(self, fault: str) -> None:
        self.fault, self.host = fault, "127.0.0.1"
        self.legs: dict[str, Leg] = {}
        self.given = 0

    @classmethod
    async def open(cls, fault: str = "") -> "PracticeBridge":
        loop = asyncio.get_running_loop()
        transport, bridge = await loop.create_datagram_endpoint(
            lambda: cls(fault), local_addr=("127.0.0.1", 0)
        )
        bridge.transport, bridge.port = transport, transport.get_extra_info("sockname")[1]
        bridge.server = f"sip:conference@127.0.0.1:{bridge.port}"
        bridge.mixing = asyncio.create_task(bridge.mix())
        return bridge

    async def close(self) -> None:
        """Stop mixing, close the sockets."""
        self.mixing.cancel()
        for leg in self.legs.values():
            leg.transport.close()
        self.transport.close()

    def datagram_received(self, data: bytes, addr) -> None:
        request = sip_text.parse(data)
        if request is None or request.status or request.method == "ACK":
            return
        asyncio.get_running_loop().create_task(self.respond(request, addr))

    async def respond(self, request: sip_text.SipText, addr) -> None:
        """302 for the server's user, 200 for every other INVITE and for BYE."""
        uri = request.start.split()[1]
        here = f"@{self.host}:{self.port};transport=udp>"
        if request.method == "INVITE" and sip_text.user_of(uri) == "conference":
            self.given += 1
            contact = ("Contact", f"<sip:room{self.given}{here};isfocus")
            self.transport.sendto(
                sip_text.answer(request, "302 Moved Temporarily", "practice", [contact]), addr
            )
            return
        body, headers = b"", []
        if request.method == "INVITE":
            loop = asyncio.get_running_loop()
            token, peer = sip_text.user_of(uri), sip_text.media_address(request.body)
            media, leg = await loop.create_datagram_endpoint(
                lambda: Leg(token, peer), local_addr=(self.host, 0)
            )
            self.legs[request.header("call-id")] = leg
            body = sip_text.sdp_offer(self.host, media.get_extra_info("sockname")[1])
            headers = [("Contact", f"<sip:{token}{here};isfocus"), ("Content-Type", "application/sdp")]
        else:
            leg = self.legs.pop(request.header("call-id"), None)
            if leg is not None:
                leg.transport.close()
        response = sip_text.answer(request, "200 OK", "practice", headers)
        response = response.replace(b"Content-Length: 0", f"Content-Length: {len(body)}".encode()) + body
        self.transport.sendto(response, addr)

    async def mix(self) -> None:
        """20 ms a turn: everybody gets the sum of the others, or what the fault makes of it."""
        loop, turn = asyncio.get_running_loop(), 0
        due = loop.time()
        while True:
            turn += 1
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))
            legs = list(self.legs.values())
            frames = {leg: leg.frame() for leg in legs}
            if self.fault == "deaf" and legs:
                frames[legs[-1]] = np.zeros(FRAME, np.int32)
            for leg in legs:
                heard = [frames[o] for o in legs if self.fault == "crossed" or o.token == leg.token]
                total = np.sum(heard, axis=0) - (0 if self.fault == "own" else frames[leg])
                scale = 0.9 if self.fault == "quiet" else 1.0
                leg.send((total * scale).astype(np.int32), self.fault == "gap" and turn % 50 == 0)
