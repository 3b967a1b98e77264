"""Legs of a bridge that are more than plain: keys against libsrtp, RTCP, telephone events, what reports need."""

import struct

import pytest

import parley_native as p

from .side_bench import EVENTS, FORGED, OURS, PROFILES, REPLAYED, UNWANTED, Board, address, peer, rtp, voice


@pytest.mark.parametrize("suite", PROFILES)
def test_protected_and_plain_hear_each_other(suite):
    """What a plain leg gets of a protected one is what it gets of a plain one, octet for octet, and back."""
    secured, plain = Board(suite), Board()
    speaks, hears = peer(suite)
    heard = 0
    for sequence in range(50, 120):
        assert secured.take(speaks.protect(voice(sequence))) == 0
        assert plain.take(voice(sequence)) == 0
        for board in (secured, plain):
            board.take(voice(sequence, ssrc=3), leg=1)
        wire, clear = secured.tick(), plain.tick()
        assert wire[1] == clear[1]
        opened = hears.unprotect(wire[0])
        assert opened[12:] == clear[0][12:]
        assert wire[0][12:172] != opened[12:]
        heard += any(code not in (0xFF, 0x7F) for code in opened[12:])
    assert heard > 60
    assert secured.stat("forged") == secured.stat("replayed") == 0


def test_our_sequence_numbers_leave_room_before_the_first_wrap():
    board = Board(1)
    _, hears = peer(1)
    first = hears.unprotect(board.tick()[0])
    assert struct.unpack(">H", first[2:4])[0] == 0x7FF0
    assert struct.unpack(">I", first[8:12])[0] == 77


@pytest.mark.parametrize("suite", PROFILES)
def test_nothing_that_is_not_under_the_keys_is_heard(suite):
    board = Board(suite)
    speaks, _ = peer(suite)
    other, _ = peer(suite, theirs=bytes(range(100, 130)))
    wire = speaks.protect(voice(50))
    assert board.take(voice(50)) == FORGED  # in the clear
    assert board.take(other.protect(voice(50))) == FORGED
    assert board.take(wire[:-1]) == FORGED
    assert board.take(b"\x80") == FORGED
    assert board.take(bytes(1500)) == FORGED
    assert board.take(wire) == 0
    assert board.take(wire) == REPLAYED
    assert (board.stat("forged"), board.stat("replayed")) == (5, 1)


def test_other_keys_and_none():
    board = Board(1)
    speaks, hears = peer(1)
    board.take(speaks.protect(voice(50)))
    hears.unprotect(board.tick()[0])
    fresh = bytes(range(30, 60)), bytes(range(90, 120))
    board.secure(3, *fresh, ssrc=78)
    again, listens = peer(3, *fresh)
    assert board.take(speaks.protect(voice(51))) == FORGED
    assert board.take(again.protect(voice(51))) == 0
    opened = listens.unprotect(board.tick()[0])
    assert struct.unpack(">I", opened[8:12])[0] == 78
    p.bridge_secure(board.memory, 0, 0, bytes(30), bytes(30), bytes(4))
    assert len(board.tick()[0]) == 172
    assert board.take(voice(52)) == 0


def test_keys_outlive_a_change_of_terms_and_nothing_outlives_the_leg():
    board = Board(1)
    speaks, _ = peer(1)
    p.bridge_watch(board.memory, 0, 1)
    p.bridge_change(board.memory, 0, 8, 8, -1, 1, address(4000))
    assert board.take(voice(50)) == FORGED
    assert board.take(speaks.protect(voice(50, payload_type=8))) == 0
    p.bridge_remove_leg(board.memory, 0)
    size = 16 * 4 + p.srtp_size()
    assert OURS not in bytes(board.memory)
    seed = struct.pack("<III", 1, 2, 3)
    p.bridge_add_leg(board.memory, 0, 0, 0, 0, EVENTS, 2, 3, seed, address(4000))
    assert board.take(voice(50)) == 0
    assert board.figures()[3] == 0
    assert size > 0


def test_reports_come_out_in_the_clear_and_in_order():
    for suite in (0, 1, 3):
        board = Board(suite)
        p.bridge_watch(board.memory, 0, 1)
        speaks, hears = peer(suite or 1)
        for number in range(3):
            report = struct.pack(">BBHII", 0x80, 201, 2, 9, number)
            assert board.take(speaks.protect_rtcp(report) if suite else report) == 0
        assert [board.report() for _ in range(3)] == [
            (0, struct.pack(">BBHII", 0x80, 201, 2, 9, number)) for number in range(3)
        ]
        assert board.report() is None
        assert board.stat("reports") == 3
        ours = bytearray(struct.pack(">BBHII", 0x80, 201, 2, 77, 5) + bytes(20))
        octets = p.bridge_protect_report(board.memory, 0, ours, 12)
        sent = bytes(ours[:octets])
        assert (hears.unprotect_rtcp(sent) if suite else sent) == struct.pack(">BBHII", 0x80, 201, 2, 77, 5)
        plain = bytearray(100)
        wire = speaks.protect_rtcp(report) if suite else report
        assert p.bridge_open_report(board.memory, 0, wire, len(wire), plain) == 12
        assert plain[:12] == report


def test_reports_that_are_too_short_too_long_or_too_many_are_dropped():
    board = Board()
    p.bridge_watch(board.memory, 0, 1)
    for length in (2, 4, 7, 505, 1400):
        assert board.take((b"\x80\xc8" + bytes(1500))[:length]) == -1
    assert board.total("reports_dropped") == 5
    for number in range(5):  # there are as many places as legs
        board.take(struct.pack(">BBHI", 0x80, 200, 1, number))
    assert board.total("reports_dropped") == 7
    assert [board.report()[1][7] for _ in range(3)] == [0, 1, 2]
    assert board.take(struct.pack(">BBHI", 0x80, 200, 1, 9)) == 0


def test_a_leg_on_hold_still_reports():
    board = Board()
    p.bridge_watch(board.memory, 0, 1)
    p.bridge_change(board.memory, 0, 0, 0, EVENTS, 2, address(4000))
    assert board.take(voice(50)) == UNWANTED
    assert board.take(struct.pack(">BBHI", 0x80, 201, 1, 9)) == 0


def key(event, timestamp, sequence, end=0, ssrc=9):
    return rtp(sequence, bytes((event, 10 | end << 7, 3, 0x20)), ssrc, EVENTS, timestamp)


def test_a_key_counts_once_a_press():
    board = Board()
    p.bridge_watch(board.memory, 0, 1)
    sequence = 50
    for event, timestamp in ((5, 8000), (5, 16000), (11, 24000)):
        for packet in range(8):
            assert board.take(key(event, timestamp, sequence, end=packet > 4)) == 0
            sequence += 1
    assert board.take(key(5, 8000, 60)) == 0  # a late repeat
    assert [board.event() for _ in range(4)] == [(0, 5), (0, 5), (0, 11), None]
    assert board.stat("event") == 25


def test_keys_of_recordings_whose_time_goes_back():
    """SIPp's own recordings: the star has a later timestamp than the 2."""
    board = Board()
    p.bridge_watch(board.memory, 0, 1)
    for sequence, (event, timestamp) in enumerate(((10, 85760), (10, 85760), (2, 23200), (2, 23200))):
        board.take(key(event, timestamp, 50 + sequence))
    assert [board.event() for _ in range(3)] == [(0, 10), (0, 2), None]


def test_who_is_muted_still_presses_keys_and_is_there():
    board = Board()
    p.bridge_watch(board.memory, 0, 1)
    p.bridge_change(board.memory, 0, 0, 0, EVENTS, 2, address(4000))
    for sequence in range(50, 60):
        assert board.take(voice(sequence)) == UNWANTED
        assert board.take(voice(sequence, payload_type=77)) == UNWANTED
    assert board.take(key(6, 8000, 60)) == UNWANTED
    assert board.event() == (0, 6)
    assert board.figures()[3:8] == (1, 9, 50, 59, 11)
    assert board.stat("unwanted") == 21


def test_keys_nobody_takes_are_counted():
    board = Board()
    p.bridge_watch(board.memory, 0, 1)
    for press in range(40):
        board.take(key(1, 1000 * press, press))
    assert board.total("events_dropped") == 8
    assert [board.event() for _ in range(33)][-2:] == [(0, 1), None]


def test_half_an_event_is_none():
    board = Board()
    p.bridge_watch(board.memory, 0, 1)
    board.take(rtp(50, b"\x05\x0a\0", payload_type=EVENTS))
    assert board.event() is None


def test_figures_are_those_of_rfc_3550():
    """Loss, order and jitter against a model of A.1, A.3 and A.8, over a wrap."""
    board = Board()
    p.bridge_watch(board.memory, 0, 1)
    transit, jitter, packets, highest = None, 0, 0, 65500
    for number in range(65500, 65700):
        if number % 9 == 4:
            continue
        now_ms = 20 * number + number * 7 % 13
        p.bridge_clock(board.memory, now_ms)
        board.take(voice(number & 0xFFFF, timestamp=160 * number & 0xFFFFFFFF))
        board.tick()
        now = 8 * now_ms - 160 * number
        if transit is not None:
            jitter += abs(now - transit) - ((jitter + 8) >> 4)
        transit, packets, highest = now, packets + 1, number
    ssrc_out, sent, stamp, heard, ssrc, first, top, taken, found, heard_ms, octets, gain = board.figures()
    assert (ssrc_out, sent, stamp, octets) == (1000, packets, 5 + 160 * packets, 160 * packets)
    assert (heard, ssrc, first, top, taken) == (1, 9, 65500, highest, packets)
    assert (found, heard_ms, gain) == (jitter >> 4, now_ms, 256)
    assert 20 < found < 60


def test_a_stranger_changes_no_figure():
    board = Board()
    p.bridge_watch(board.memory, 0, 1)
    board.take(voice(50))
    before = board.figures()
    board.take(voice(9000, ssrc=66))  # stray
    board.take(b"\x80" * 40)
    assert board.figures() == before
