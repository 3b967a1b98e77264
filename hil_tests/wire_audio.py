"""What the boards sent to a phone, taken from the capture: a recording no phone had a hand in."""

from __future__ import annotations

import struct

import numpy as np

from hil_tests import rtp_stream, sip_text
from hil_tests.capture import Address, Capture
from hil_tests.flow import Flow
from hil_tests.rtp_stream import Arrived, StreamReport


def media_address(capture: Capture, flow: Flow, phone: str) -> Address | None:
    """Where the phone told the board to send (the SDP of its INVITE to the allocated address)."""
    joined = flow.mark("M5", phone) or flow.mark("M7", phone)
    if joined is None:
        return None
    for packet in capture.packets():
        if packet.at_s == joined.message.at_s and packet.source == joined.message.source:
            message = sip_text.parse(packet.payload)
            return sip_text.media_address(message.body) if message else None
    return None


def sent_to(capture: Capture, flow: Flow, phone: str, after_s: float = 0.0) -> list[Arrived]:
    """RTP packets from the boards to the phone captured later than `after_s` (seconds since 1970)."""
    target = media_address(capture, flow, phone)
    arrived = []
    for stream in capture.streams():
        if stream.target != target or stream.source[0] not in flow.cast.board_hosts:
            continue
        for at_s, data in stream.packets:
            if at_s > after_s:
                _, second, sequence, timestamp, _ = struct.unpack("!BBHII", data[:12])
                arrived.append(Arrived(at_s, sequence, timestamp, second & 0x7F, data[12:]))
    return sorted(arrived, key=lambda packet: packet.at_s)


def recording(capture: Capture, flow: Flow, phone: str, after_s: float = 0.0) -> np.ndarray:
    """The sound in those packets: int16 at 8 kHz."""
    return rtp_stream.samples(sent_to(capture, flow, phone, after_s))


def counts(capture: Capture, flow: Flow, phone: str) -> StreamReport:
    """Loss and lateness of what was sent to the phone."""
    return rtp_stream.report(sent_to(capture, flow, phone))
