"""Legs that are watched, in plain Python: their RTCP packets, telephone events and figures. Part of kernels_slow.

As native/src/bridge_special.c and rtp_source.c, octet for octet; what it means stands in
native/include/parley_bridge_side.h. Encryption is the native kernels' alone: here a leg takes no keys.
"""

import struct

from parley.media.kernels_slow_bridge_state import (
    CLOCK,
    EVENT_IN,
    EVENT_OUT,
    EVENTS_AT,
    EVENTS_DROPPED,
    FLAGS,
    LEGS,
    RECIPIENTS_AT,
    REPORT_BYTES,
    REPORT_IN,
    REPORT_OUT,
    REPORT_PLACES,
    REPORTS_AT,
    REPORTS_DROPPED,
    SIDE_BYTES,
    SIDES_AT,
    SPECIAL_OUT,
    TRANSMIT_AT,
    TRANSMIT_BYTES,
    WATCHED,
    block_at,
    get,
    in_use,
    leg_of,
    put,
    set_flags,
    tally,
    usable,
)
from parley.media.kernels_slow_leg import leg_stat
from parley.media.kernels_slow_names import OCTETS_AT
from parley.media.kernels_slow_noise import OCTETS_MORE
from parley.media.kernels_slow_shape import gain_of
from parley.media.kernels_slow_stateless import count_items, need, rtp_read

HEARD, SSRC, FIRST, HIGHEST, PACKETS, TRANSIT, JITTER, RESTART = 0, 1, 2, 3, 4, 5, 6, 7
HEARD_CLOCK, EVENT_KNOWN, EVENT_TIMESTAMP, EVENT_SSRC, FORGED, REPLAYED, REPORTS = 8, 9, 10, 11, 12, 13, 14
SIDE_WORDS = 16
PAYLOAD_TYPE, EVENT_PAYLOAD_TYPE, SSRC_OUT, TIMESTAMP_OUT, SENT_STAT = 2, 3, 5, 7, 15  # of a leg
REPORT_OCTETS, EVENTS = 504, 32
NO_RESTART, DROPOUT_MAX, MISORDER_MAX = 0x10000, 3000, 100
EVENT_LATE = 32000  # ticks
BAD, LATE, DUPLICATE, NOTHING, NO_PLACE = -1, -3, -4, -11, -12
WORD = 0xFFFFFFFF


def _side_at(bridge, leg):
    return get(bridge, SIDES_AT) + SIDE_BYTES * leg


def side_clear(bridge, leg):
    """Wipes what a leg had."""
    for word in range(SIDE_WORDS):
        put(bridge, word, 0, _side_at(bridge, leg))
    set_flags(bridge, block_at(leg), 0)


def side_stat(bridge, leg, index):
    """forged, replayed, reports."""
    return get(bridge, FORGED + index, _side_at(bridge, leg))


def is_rtcp(packet, length):
    """By its second octet (RFC 5761 4)."""
    return length >= 2 and 192 <= packet[1] <= 223


def keep_report(bridge, leg, packet, length):
    """Keeps an RTCP packet for the caller; returns 0, or below 0: it is lost."""
    at = get(bridge, REPORTS_AT) + REPORT_BYTES * get(bridge, REPORT_IN)
    if length < 8 or length > REPORT_OCTETS or get(bridge, 1, at) != 0:
        tally(bridge, REPORTS_DROPPED)
        return BAD
    put(bridge, 0, leg, at)
    put(bridge, 1, length, at)
    memoryview(bridge)[at + 8 : at + 8 + length] = bytes(memoryview(packet)[:length])
    side = _side_at(bridge, leg)
    put(bridge, REPORTS, (get(bridge, REPORTS, side) + 1) & 0x3FFFFFFF, side)
    put(bridge, REPORT_IN, (get(bridge, REPORT_IN) + 1) % get(bridge, REPORT_PLACES))
    return 0


def _begin(bridge, side, ssrc, sequence, transit):
    for word, value in (
        (HEARD, 1),
        (SSRC, ssrc),
        (FIRST, sequence),
        (HIGHEST, sequence),
        (PACKETS, 0),
        (TRANSIT, transit),
        (JITTER, 0),
        (RESTART, NO_RESTART),
    ):
        put(bridge, word, value, side)


def _note_source(bridge, side, ssrc, sequence, timestamp, arrival):
    # RFC 3550 A.1 and A.8
    transit = (arrival - timestamp) & WORD
    if not get(bridge, HEARD, side) or get(bridge, SSRC, side) & WORD != ssrc:
        _begin(bridge, side, ssrc, sequence, transit)
    ahead = (sequence - get(bridge, HIGHEST, side)) & 0xFFFF
    if ahead < DROPOUT_MAX:
        put(bridge, HIGHEST, get(bridge, HIGHEST, side) + ahead, side)
    elif ahead <= 0x10000 - MISORDER_MAX:
        if sequence != get(bridge, RESTART, side):
            put(bridge, RESTART, (sequence + 1) & 0xFFFF, side)
            return
        _begin(bridge, side, ssrc, sequence, transit)
    put(bridge, PACKETS, get(bridge, PACKETS, side) + 1, side)
    change = (transit - get(bridge, TRANSIT, side)) & WORD
    difference = 0x100000000 - change if change & 0x80000000 else change
    put(bridge, TRANSIT, transit, side)
    jitter = get(bridge, JITTER, side) & WORD
    put(bridge, JITTER, jitter + difference - (((jitter + 8) & WORD) >> 4), side)


def _note_event(bridge, leg, ssrc, timestamp, event):
    # RFC 4733 2.5.1.2: all packets of one press have its timestamp
    side = _side_at(bridge, leg)
    late = (get(bridge, EVENT_TIMESTAMP, side) - timestamp) & WORD < EVENT_LATE
    if get(bridge, EVENT_KNOWN, side) and late and get(bridge, EVENT_SSRC, side) & WORD == ssrc:
        return
    at = EVENTS_AT + 8 * get(bridge, EVENT_IN)
    if get(bridge, 0, at) != 0:
        tally(bridge, EVENTS_DROPPED)
        return
    put(bridge, EVENT_KNOWN, 1, side)
    put(bridge, EVENT_TIMESTAMP, timestamp, side)
    put(bridge, EVENT_SSRC, ssrc, side)
    put(bridge, 0, leg + 1, at)
    put(bridge, 1, event, at)
    put(bridge, EVENT_IN, (get(bridge, EVENT_IN) + 1) % EVENTS)


def watch(bridge, leg, packet, length, result):
    """Counts what a watched leg's packet tells; result: what the leg made of it."""
    fields = bytearray(32)
    if result not in (0, LATE, DUPLICATE):
        return
    start = rtp_read(packet, length, fields)
    if start < 0:
        return
    payload_type, _, sequence, timestamp, ssrc, _, end = struct.unpack_from("<7I", fields, 0)
    side = _side_at(bridge, leg)
    if payload_type == get(leg_of(bridge, leg), EVENT_PAYLOAD_TYPE):
        if end - start >= 4:
            _note_event(bridge, leg, ssrc, timestamp, packet[start])
        put(bridge, PACKETS, get(bridge, PACKETS, side) + get(bridge, HEARD, side), side)
    elif payload_type != get(leg_of(bridge, leg), PAYLOAD_TYPE):
        return
    else:
        _note_source(bridge, side, ssrc, sequence, timestamp, (get(bridge, CLOCK) * 8) & WORD)
    put(bridge, HEARD_CLOCK, get(bridge, CLOCK), side)


def bridge_packet_octets(bridge, place):
    """How long the packet at `place` is."""
    usable(bridge)
    need(0 <= place < get(bridge, LEGS), "argument")
    leg = get(bridge, place, get(bridge, RECIPIENTS_AT))
    special = get(bridge, FLAGS, block_at(leg)) & SPECIAL_OUT
    return get(bridge, 0, get(bridge, TRANSMIT_AT) + TRANSMIT_BYTES * place + OCTETS_AT) if special else 172


def bridge_parcel_octets(places):
    """Plain Python sends packets of 20 ms: there are no places for others."""
    need(False, "argument")


def bridge_parcel_places(bridge, places):
    """The same."""
    need(False, "argument")


def bridge_linear_octets(places):
    """Plain Python has no L16: there are no places."""
    need(False, "argument")


def bridge_linear_places(bridge, places):
    """The same."""
    need(False, "argument")


def bridge_ptime(bridge, leg, ptime_ms):
    """Packets of a leg are of 20 ms; returns 0, or below 0 for every other time: there is no place."""
    in_use(usable(bridge), leg)
    need(10 <= ptime_ms <= 60 and ptime_ms % 10 == 0, "argument")
    return 0 if ptime_ms == 20 else NO_PLACE


def bridge_parcel(bridge, leg, number):
    """No leg has packets elsewhere than at its place."""
    need(False, "argument")


def bridge_key_octets(places):
    """Plain Python has no encryption: there are no places."""
    need(False, "argument")


def bridge_key_places(bridge, places):
    """The same."""
    need(False, "argument")


def bridge_secure(bridge, leg, suite, master_out, master_in, ssrc):
    """Keys for a leg: not in plain Python. ValueError but for suite 0, which takes them away."""
    in_use(usable(bridge), leg)
    need(suite == 0, "no SRTP without native kernels")
    return 0


def bridge_watch(bridge, leg, watched):
    """Has a leg's reports and events kept, or no more; returns 0."""
    at = in_use(usable(bridge), leg)
    flags = get(bridge, FLAGS, at)
    put(bridge, FLAGS, flags | WATCHED if watched else flags & ~WATCHED, at)
    return 0


def bridge_clock(bridge, now_ms):
    """Says when the packets that follow have come; returns 0."""
    put(usable(bridge), CLOCK, now_ms)
    return 0


def bridge_take_report(bridge, leg, packet):
    """Writes the next RTCP packet to `packet` and whose to leg[0]; returns its octets, 0: none."""
    usable(bridge)
    count_items(packet, 1, REPORT_OCTETS)
    at = get(bridge, REPORTS_AT) + REPORT_BYTES * get(bridge, REPORT_OUT)
    octets = get(bridge, 1, at)
    if octets == 0:
        return 0
    put(bridge, 1, 0, at)
    put(bridge, REPORT_OUT, (get(bridge, REPORT_OUT) + 1) % get(bridge, REPORT_PLACES))
    put(leg, 0, get(bridge, 0, at))
    memoryview(packet)[:octets] = memoryview(bridge)[at + 8 : at + 8 + octets]
    return octets


def bridge_protect_report(bridge, leg, packet, length):
    """An RTCP packet to a leg: it stays as it is."""
    in_use(usable(bridge), leg)
    need(0 <= length <= count_items(packet, 1), "length")
    return length


def bridge_open_report(bridge, leg, packet, length, plain):
    """An RTCP packet of a leg: copied to `plain`; returns its octets."""
    in_use(usable(bridge), leg)
    need(0 <= length <= count_items(packet, 1), "length")
    count_items(plain, 1, length)
    memoryview(plain)[:length] = bytes(memoryview(packet)[:length])
    return length


def bridge_take_event(bridge, leg):
    """The next key pressed, whose goes to leg[0]; below 0: none."""
    usable(bridge)
    at = EVENTS_AT + 8 * get(bridge, EVENT_OUT)
    if get(bridge, 0, at) == 0:
        return NOTHING
    put(leg, 0, get(bridge, 0, at) - 1)
    put(bridge, 0, 0, at)
    put(bridge, EVENT_OUT, (get(bridge, EVENT_OUT) + 1) % EVENTS)
    return get(bridge, 1, at)


def bridge_figures(bridge, leg, figures):
    """Writes what a leg's reports need to `figures`, 12 words; returns 0."""
    in_use(usable(bridge), leg)
    count_items(figures, 4, 12)
    its, side = leg_of(bridge, leg), _side_at(bridge, leg)
    put(figures, 0, get(its, SSRC_OUT))
    put(figures, 1, leg_stat(its, SENT_STAT))
    put(figures, 2, get(its, TIMESTAMP_OUT))
    for word, source in ((3, HEARD), (4, SSRC), (5, FIRST), (6, HIGHEST), (7, PACKETS), (9, HEARD_CLOCK)):
        put(figures, word, get(bridge, source, side))
    put(figures, 8, (get(bridge, JITTER, side) & WORD) >> 4)
    put(figures, 10, leg_stat(its, SENT_STAT) * 160 + get(bridge, OCTETS_MORE, side))
    put(figures, 11, gain_of(bridge, leg))
    return 0
