"""A leg's state and its way out, in plain Python. Part of kernels_slow.

As native/src/leg.c and leg_playout.c, octet for octet; what it means stands in native/include/parley_leg.h.
"""

import struct

from parley.media.kernels_slow_leg_playout import leg_next
from parley.media.kernels_slow_leg_state import (
    CODES,
    DEPTH,
    DEPTH_FRAMES,
    DROPPED,
    EVENT_TYPE,
    FILLING,
    LAW,
    LEG_BYTES,
    LEG_MAGIC,
    LEVEL_IN,
    LOST_SLOTS,
    MARKER_OUT,
    NOISE,
    PACKET_SLOTS,
    PAYLOAD_TYPE,
    SENT,
    SEQUENCE_OUT,
    SPAN,
    SSRC_OUT,
    STAT,
    STAT_COUNT,
    STRAY_KNOWN,
    SYNCED,
    TIMESTAMP_OUT,
    WAITED,
    advance,
    forget,
    load,
    save,
    tally,
)
from parley.media.kernels_slow_stateless import count_items, g711_decode, g711_encode, level_dbov, need

_ZERO = {0: 0xFF, 8: 0xD5}  # the code of 0


def _quiet(leg, law):
    """Makes silence of what stands in the ring: it is what concealment starts from."""
    memoryview(leg)[CODES:LEG_BYTES] = bytes([_ZERO[law]]) * (LEG_BYTES - CODES)


def leg_size():
    """Octets one leg's state needs."""
    return LEG_BYTES


def leg_init(leg, law, payload_type, event_payload_type, depth_frames, seed):
    """Prepares `leg`; `seed` is 3 words: SSRC, sequence, timestamp to send first."""
    count_items(seed, 4, 3)
    need(count_items(leg, 1) >= LEG_BYTES, "buffer too short")
    need(law in (0, 8) and 1 <= depth_frames <= 8, "argument")
    need(leg_types_fit(payload_type, event_payload_type), "argument")
    memoryview(leg)[:LEG_BYTES] = bytes(LEG_BYTES)
    words = [0] * (STAT + STAT_COUNT)
    words[: DEPTH_FRAMES + 1] = [LEG_MAGIC, law, payload_type, event_payload_type, depth_frames]
    words[SSRC_OUT], sequence, words[TIMESTAMP_OUT] = struct.unpack_from("<3I", seed, 0)
    words[SEQUENCE_OUT] = sequence & 0xFFFF
    words[MARKER_OUT] = words[FILLING] = 1
    words[PACKET_SLOTS] = 2
    words[STAT + LEVEL_IN] = 127
    forget(words)
    _quiet(leg, law)
    save(leg, words)


def leg_header(leg, packet):
    """Writes the header of this tick's packet to `packet` and counts the packet."""
    words = load(leg)
    second = words[MARKER_OUT] << 7 | words[PAYLOAD_TYPE]
    struct.pack_into(
        ">BBHII", packet, 0, 0x80, second, words[SEQUENCE_OUT], words[TIMESTAMP_OUT], words[SSRC_OUT]
    )
    words[SEQUENCE_OUT] = (words[SEQUENCE_OUT] + 1) & 0xFFFF
    words[TIMESTAMP_OUT] = (words[TIMESTAMP_OUT] + 160) & 0xFFFFFFFF
    words[MARKER_OUT] = 0
    tally(words, SENT)
    save(leg, words)


def leg_pause(leg, ticks):
    """Lets `ticks` pass without a packet."""
    words = load(leg)
    words[TIMESTAMP_OUT] = (words[TIMESTAMP_OUT] + 160 * ticks) & 0xFFFFFFFF  # RFC 3550 5.1
    words[MARKER_OUT] = 1  # RFC 3551 4.1
    save(leg, words)


def leg_packetise(leg, pcm, packet):
    """Makes the tick's packet of `pcm` (160 samples); returns 172, or 0 for a tick not sent: pcm None."""
    count_items(packet, 1, 172)
    law = leg_law(leg)
    if pcm is None:
        leg_pause(leg, 1)
        return 0
    count_items(pcm, 2, 160)
    frame = struct.pack("<160h", *struct.unpack_from("<160h", pcm, 0))
    leg_header(leg, packet)
    g711_encode(law, frame, memoryview(packet)[12:172])
    return 172


def leg_law(leg):
    """Its law."""
    return load(leg)[LAW]


def leg_types_fit(payload_type, event_payload_type):
    """They are such as leg_init takes."""
    return 0 <= payload_type <= 127 and -1 <= event_payload_type <= 127 and event_payload_type != payload_type


def leg_retype(leg, law, payload_type, event_payload_type, falls_silent):
    """Other payload types, and another law, which empties the jitter buffer, as `falls_silent` does."""
    words = load(leg)
    if law != words[LAW] or falls_silent:
        tally(words, DROPPED, advance(leg, words, words[SPAN]))
        words[SYNCED] = words[WAITED] = words[STRAY_KNOWN] = 0
        words[FILLING] = 1
        words[NOISE] = words[LOST_SLOTS] = 0
        forget(words)
        _quiet(leg, law)
    words[LAW], words[PAYLOAD_TYPE], words[EVENT_TYPE] = law, payload_type, event_payload_type
    save(leg, words)


def leg_stat(leg, index):
    """Statistic `index` of a leg."""
    words = load(leg)
    need(0 <= index < STAT_COUNT, "argument")
    return words[SPAN] * 10 if index == DEPTH else words[STAT + index]


def leg_note_level(leg, level):
    """Keeps the level of the frame just played."""
    struct.pack_into("<I", leg, 4 * (STAT + LEVEL_IN), level)


def decode_slots(law, slots):
    """The samples of two slots, one not held as silence."""
    frame = bytearray(320)
    for i in range(2):
        if slots[i] is not None:
            g711_decode(law, slots[i], memoryview(frame)[160 * i :])
    return frame


def leg_playout(leg, pcm):
    """Plays 20 ms into `pcm` (160 samples); returns 1 a frame, 0 silence."""
    count_items(pcm, 2, 160)
    slots = leg_next(leg)
    frame = decode_slots(leg_law(leg), slots or (None, None))
    leg_note_level(leg, level_dbov(frame))
    struct.pack_into("<160h", pcm, 0, *struct.unpack_from("<160h", frame, 0))
    return 0 if slots is None else 1
