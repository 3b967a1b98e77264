"""RTCP on a port of its own from behind a NAT, which gives it another address than RTP: found, kept, and not forged."""

import asyncio
import re
import socket
import struct

import numpy as np
import pytest

from hil_tests import assault, g711, measure, sip_text
from hil_tests.caller import Caller
from hil_tests.console import board_counts
from hil_tests.nat import Nat, hidden_end
from hil_tests.table_talk import Seat, conference, leave, talk
from hil_tests.wav import RATE_HZ

pytestmark = pytest.mark.hil

TONES_HZ, AMPLITUDE = (1000, 600), 8000
SECONDS = 14  # the board reports every 6.2 s at the latest (RFC 3550 6.3.1)
RECEIVER_REPORT, DESCRIPTION, BYE = 201, 202, 203  # RFC 3550 12.1


def tone(hz):
    return g711.encode(np.round(AMPLITUDE * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)), g711.PCMU)


def report(ssrc, about):
    """A report of one stream's sender about another stream, with his name (RFC 3550 6.4.2, 6.5)."""
    block = struct.pack("!6I", about, 0, 100, 0, 0, 0)
    name = struct.pack("!I", ssrc) + b"\x01\x05phone\0"
    head = struct.pack("!BBHI", 0x81, RECEIVER_REPORT, 7, ssrc)
    return head + block + struct.pack("!BBH", 0x81, DESCRIPTION, len(name) // 4) + name


def goodbye(ssrc):
    return struct.pack("!BBHI", 0x81, BYE, 1, ssrc)


class ReportEnd:
    """The phone's RTCP socket."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]

    def received(self):
        """All that has come."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(2048))
            except BlockingIOError:
                return found


def report_port(description):
    """Where a description has RTCP sent to (RFC 3605)."""
    return int(re.search(rb"^a=rtcp:(\d+)", description, re.MULTILINE)[1])


async def reporting(bench, phone, end, nat, board):
    """The phone reports once, a stranger before and after; (what the stranger was sent, legs as the board has them)."""
    await asyncio.sleep(1.0)  # now its RTP is known
    (ours,) = end.ssrcs
    stranger = assault.Stranger([end])  # at the very host of the NAT
    guesses = (stranger.bye(), report(end.ssrc, ours ^ 1) + goodbye(end.ssrc), report(end.ssrc ^ 1, ours))
    for packet in guesses * 3:
        stranger.socket.sendto(packet, board)
    await asyncio.sleep(0.5)
    phone.socket.sendto(report(end.ssrc, ours), nat.inside)
    await asyncio.sleep(0.5)
    for _ in range(10):  # he has learned everything by now, but it is too late
        stranger.socket.sendto(report(end.ssrc, ours) + goodbye(end.ssrc), board)
    await asyncio.sleep(SECONDS - 3)
    _, legs = await asyncio.to_thread(board_counts, bench.boards()[0].serial)
    return stranger.received(), legs


async def story(bench):
    (plain,) = await conference(bench, [("PCMU", tone(TONES_HZ[1]))], 101, spare=1)
    end, description = hidden_end(tone(TONES_HZ[0]), 100)
    call = (await Caller.open()).call("hidden")
    outcome = await call.invite(plain.call.target, description)
    assert outcome.status == 200, outcome.response.start
    body = outcome.response.body
    end.peer = sip_text.media_address(body)
    reports_at = end.peer[0], report_port(body)
    phone = ReportEnd()
    nat, report_nat = Nat(end, end.peer), Nat(phone, reports_at)
    end.peer = nat.inside
    seats = [Seat(end, call), plain]
    came = await asyncio.gather(
        talk([seats], SECONDS * 50), reporting(bench, phone, end, report_nat, reports_at)
    )
    for each in (nat, report_nat):
        each.close()
    await leave([seats])
    return seats, phone.received(), *came[1]


def test_rtcp_from_behind_a_nat_is_answered_and_nobody_else_s_is_believed(lone_board, figures):
    seats, answers, to_stranger, legs = asyncio.run(story(lone_board()))
    assert to_stranger == [], "the board has sent something to a stranger"
    (ours,) = seats[0].end.ssrcs
    assert answers and {struct.unpack("!I", packet[4:8])[0] for packet in answers} == {ours}
    reports_in = {sip_text.user_of(uri): counts["reports_in"] for uri, _, counts in legs}
    assert (len(legs), reports_in["hidden"]) == (2, 1), legs
    pcm = g711.decode(seats[1].heard(), g711.PCMU)[-2 * RATE_HZ : -RATE_HZ]
    of_hidden_db = measure.decibel(measure.amplitude(pcm, TONES_HZ[0]) / AMPLITUDE)
    assert of_hidden_db > -0.5  # who was said to have left
    figures.add(answers=len(answers))
