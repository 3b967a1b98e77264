"""Tones for one leg, in plain Python. Part of kernels_slow.

As native/src/bridge_tone.c, octet for octet; what it means stands in native/include/parley_bridge_side.h.
"""

import struct

from parley.media.kernels_slow_bridge_state import ARGUMENT, TOLD, TONE, get, in_use, put, usable
from parley.media.kernels_slow_stateless import g711_decode, g711_encode, need

OVER = -1
PEAK, STEP_HZ, RATE_HZ, FRAME_SAMPLES = 4000, 50, 8000, 160
# notes of each tone: frequency in steps of 50 Hz (0 a rest), frames
NOTES = (
    (),
    ((12, 5), (16, 5), (0, 1)),
    ((16, 5), (12, 5), (0, 1)),
    ((8, 8), (0, 5), (8, 8)),
    ((20, 5), (10, 8), (0, 1)),
    ((10, 5), (20, 8), (0, 1)),
    ((9, 10), (0, 1)),
    ((18, 10), (0, 1)),
    ((14, 4), (18, 4), (22, 4)),
    ((22, 4), (18, 4), (14, 4)),
    ((17, 5), (0, 10)),
    ((6, 20), (0, 1)),
)


def _sine(part):
    """sin of `part` / 65536 turns in Q14."""
    x = part if part < 0x8000 else part - 0x10000
    if x > 0x4000 or x < -0x4000:
        x = (0x8000 if x > 0 else -0x8000) - x
    square = x * x >> 14
    return x * (25736 - (square * (10583 - (square * 1306 >> 14)) >> 14)) >> 14


def _note_at(told):
    """Frequency of the note that sounds, OVER when the tone is."""
    frame = told >> 16
    for step, frames in NOTES[told & 0xFF]:
        if frame < frames:
            return step * STEP_HZ
        frame -= frames
    return OVER


def tone_next(told):
    """What the word of a leg is after this frame."""
    if _note_at(told + 0x10000) != OVER:
        return told + 0x10000
    times = (told >> 8 & 0xFF) - 1
    return times << 8 | (told & 0xFF) if times else 0


def tone_mix(told, law, codes):
    """Adds this frame of the tone to codes."""
    pcm = bytearray(2 * FRAME_SAMPLES)
    g711_decode(law, codes, pcm)
    hertz = _note_at(told)
    for i in range(FRAME_SAMPLES):
        value = _sine(hertz * i % RATE_HZ * 4096 // (RATE_HZ // 16)) * PEAK >> 14
        value += struct.unpack_from("<h", pcm, 2 * i)[0]
        struct.pack_into("<h", pcm, 2 * i, max(-32767, min(32767, value)))
    g711_encode(law, pcm, codes)


def bridge_tell(bridge, leg, tone, times):
    """Plays a leg a tone, so often, on top of what it hears; returns 0."""
    at = in_use(usable(bridge), leg)
    need(0 <= tone < len(NOTES) and 1 <= times <= 255, ARGUMENT)
    put(bridge, TOLD, get(bridge, TOLD, at) & ~TONE | (times << 8 | tone if tone else 0), at)
    return 0
