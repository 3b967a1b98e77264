"""From the jitter buffer to codes, in plain Python. Part of kernels_slow.

As native/src/leg_playout.c, leg_pace.c and leg_conceal.c, octet for octet; what it means stands in
native/include/parley_leg.h.
"""

import struct

from parley.media.kernels_slow_leg_state import (
    ATTENTION,
    CEILING,
    CODES,
    CONCEALED,
    DEPTH_FRAMES,
    FAR_AWAY,
    FILLED,
    FILLING,
    HELD_SLOTS,
    LAW,
    LEAST,
    LEVEL_IN,
    LOST,
    LOST_MAX,
    LOST_SLOTS,
    LOWS,
    MOVE,
    NOISE,
    NOISE_STATE,
    OFFSET,
    PACKET_SLOTS,
    PITCH,
    PLAY_INDEX,
    PLAY_TIMESTAMP,
    PLAYED,
    QUIET_DBOV,
    ROOM,
    SILENT,
    SLACK_LEAST,
    SPAN,
    STAT,
    STRETCHED,
    SYNCED,
    UNDERRUN,
    WAITED,
    WINDOW,
    WINDOWS,
    advance,
    attend,
    load,
    prefill_slots,
    save,
    shift,
    slack,
    slack_of_all,
    tally,
)
from parley.media.kernels_slow_plc import continued, crossed, find_pitch
from parley.media.kernels_slow_stateless import g711_decode, g711_encode
from parley.media.kernels_slow_stretch import stretched

_WAIT_MAX = 8
_SLACK_SPARE = 64
_PACE_QUIET = 16
_DRIFT_FALL = 3
_PAUSE_WINDOWS = 12
_FAR = 160
_NOISE_PEAKS = (56754, 50582, 45081, 40178, 35809, 31915)


def _slot(leg, words, ahead):
    """The codes of a slot, counted from the play point."""
    begin = CODES + 80 * ((words[PLAY_INDEX] + ahead) % 32)
    return memoryview(leg)[begin : begin + 80]


def _held(leg, words, ahead):
    return leg[FILLED + (words[PLAY_INDEX] + ahead) % 32]


def _decode(law, codes):
    pcm = bytearray(2 * len(codes))
    g711_decode(law, codes, pcm)
    return list(struct.unpack("<%dh" % len(codes), pcm))


def _encode(law, samples):
    codes = bytearray(len(samples))
    g711_encode(law, struct.pack("<%dh" % len(samples), *samples), codes)
    return codes


# --- concealment ---


def _history(leg, words, ahead):
    first = ahead - words[LOST_SLOTS] - 3
    heard = [sample for i in range(3) for sample in _decode(words[LAW], bytes(_slot(leg, words, first + i)))]
    return heard[56:]  # 184 of 240


def _conceal(leg, words, ahead):
    """Fills an empty slot with what continues the sound before it."""
    leg[FILLED + (words[PLAY_INDEX] + ahead) % 32] = 1
    tally(words, CONCEALED)
    lost = words[LOST_SLOTS]
    if lost >= LOST_MAX:
        _slot(leg, words, ahead)[:] = _encode(words[LAW], [0] * 80)
        return
    before = _history(leg, words, ahead)
    if lost == 0:
        words[PITCH] = find_pitch(before, 1)
    _slot(leg, words, ahead)[:] = _encode(words[LAW], continued(before, 1, words[PITCH], 80 * lost, 80))
    words[LOST_SLOTS] = lost + 1


def _recover(leg, words, ahead):
    """Crosses over from what was concealed to a slot that came."""
    codes, lost = _slot(leg, words, ahead), words[LOST_SLOTS]
    before, pitch = [0] * 184, 32
    if lost < LOST_MAX:
        before, pitch = _history(leg, words, ahead), words[PITCH]
    after = crossed(before, 1, pitch, 80 * lost, _decode(words[LAW], bytes(codes[:16])))
    codes[:16] = _encode(words[LAW], after)
    words[LOST_SLOTS] = 0


def _mend(leg, words, wanted):
    """Makes the empty ones of the first slots sound, and crosses over from such to the others."""
    for i in range(1 if words[OFFSET] else 0, min(wanted, words[SPAN])):
        if not _held(leg, words, i):
            _conceal(leg, words, i)
            tally(words, LOST)
        elif words[LOST_SLOTS]:
            _recover(leg, words, i)


def _hold(leg, words, wanted):
    """Appends concealed slots, for which play time stands still; False if it may not."""
    if words[SPAN] >= wanted:
        return True
    if words[NOISE] != 0 or (words[LOST_SLOTS] >= LOST_MAX and words[SPAN] <= (1 if words[OFFSET] else 0)):
        return False
    tally(words, UNDERRUN, 0 if words[LOST_SLOTS] else 1)
    while words[SPAN] < wanted:
        words[SPAN] += 1
        _conceal(leg, words, words[SPAN] - 1)
        words[PLAY_TIMESTAMP] = (words[PLAY_TIMESTAMP] - 80) & 0xFFFFFFFF
        shift(words, 80)
        words[HELD_SLOTS] += 1
    return True


def _noise(words):
    level = 127 - words[NOISE]
    peak = _NOISE_PEAKS[level % 6] >> level // 6
    samples, state = [], words[NOISE_STATE]
    for _ in range(160):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        samples.append(max(-32768, min(32767, (((state >> 16) - 32768) * (peak >> 1)) >> 14)))
    words[NOISE_STATE] = state
    return bytes(_encode(words[LAW], samples))


# --- delay ---


def _drifting(words):
    """The slack falls from window to window, as under a slow clock."""
    turn = words[WINDOW]
    lows = words[LOWS + turn : LOWS + WINDOWS] + words[LOWS : LOWS + turn] + [words[LEAST]]
    falling = all(lows[i + 1] <= lows[i] for i in range(WINDOWS))
    return falling and lows[0] != FAR_AWAY and lows[0] - lows[-1] >= _DRIFT_FALL


def _wanted(words, quantum):
    found, of_all = slack(words), slack_of_all(words)
    if found == FAR_AWAY:
        return None
    pause = words[STAT + LEVEL_IN] >= QUIET_DBOV
    if found < SLACK_LEAST and not pause and not _drifting(words):
        return 0
    if found < SLACK_LEAST:
        return (SLACK_LEAST - found + quantum - 1) // quantum * quantum
    spare = 0 if of_all < quantum + _SLACK_SPARE else (of_all - _SLACK_SPARE) // quantum * quantum
    return -spare if pause or spare > 160 else 0


def _review(words):
    """At the end of a window: takes stock of the packets' slack and decides on a move."""
    quantum = 80 if words[PACKET_SLOTS] % 2 else 160
    most = (CEILING - words[PACKET_SLOTS] - words[SPAN]) * 80
    move = _wanted(words, quantum)
    words[WAITED] += 1 if words[MOVE] < 0 else 0
    words[LOWS + words[WINDOW]] = words[LEAST]
    words[WINDOW] = (words[WINDOW] + 1) % WINDOWS
    words[LEAST] = FAR_AWAY
    if move is not None and words[MOVE] == 0 and words[OFFSET] == 0:
        if move == 0 and quantum == 160 and words[SPAN] % 2:
            move = -80
        words[MOVE] = move if move <= most else 0
        words[WAITED] = 0
        attend(words)


def _pace(words):
    left = abs(words[MOVE])
    pause = words[STAT + LEVEL_IN] >= QUIET_DBOV
    if words[MOVE] < 0 and not pause and words[WAITED] < _PAUSE_WINDOWS:
        return 0
    pace = _PACE_QUIET if pause else 1 + left // _FAR
    pace = min(pace, _PACE_QUIET, left)
    return -pace if words[MOVE] < 0 else pace


def _stretch(leg, words, taken):
    """160 codes of the samples from the play point on, `taken` of them stretched."""
    count = (words[OFFSET] + taken + 79) // 80
    line = b"".join([bytes(_slot(leg, words, i)) for i in range(count)])
    codes = line[words[OFFSET] : words[OFFSET] + taken]
    return codes if taken == 160 else bytes(_encode(words[LAW], stretched(_decode(words[LAW], codes), 160)))


# --- playing ---


def _ready(words):
    found = slack(words)
    if words[SPAN] == 0:
        return False
    if found == FAR_AWAY:
        scarce = 0 <= slack_of_all(words) < SLACK_LEAST and words[WAITED] == 0
        if (words[SPAN] >= prefill_slots(words) and not scarce) or words[WAITED] >= words[DEPTH_FRAMES]:
            return True
    elif (found >= 0 and words[SPAN] >= 2) or words[WAITED] >= _WAIT_MAX:
        return True
    words[WAITED] += 1
    return False


def _pass(words):
    """A tick without anything to play: None, or comfort noise."""
    shift(words, 160 if words[SYNCED] else 0)
    if words[NOISE] == 0:
        tally(words, SILENT)
        return None
    tally(words, PLAYED)
    codes = _noise(words)
    return [codes[:80], codes[80:]]


def _next_other(leg, words):
    """A frame that needs more than the next two slots as they came; returns (slots or None, a frame went)."""
    if words[FILLING] and not _ready(words):
        return _pass(words), False
    if words[FILLING]:
        words[FILLING] = words[WAITED] = 0
    taken = 160 - (0 if words[LOST_SLOTS] else _pace(words))
    if (words[OFFSET] + taken + 79) // 80 > words[SPAN]:
        taken = 160
    count = (words[OFFSET] + taken + 79) // 80
    _mend(leg, words, count)
    if not _hold(leg, words, count):
        shift(words, words[OFFSET] - 80 * words[SPAN])
        advance(leg, words, words[SPAN])
        words[FILLING] = 1
        words[WAITED] = words[ROOM] = words[OFFSET] = words[MOVE] = 0
        attend(words)
        return _pass(words), False
    if words[OFFSET] == 0 and taken == 160:
        slots = [bytes(_slot(leg, words, 0)), bytes(_slot(leg, words, 1))]
    else:
        codes = _stretch(leg, words, taken)
        slots = [codes[:80], codes[80:]]
        tally(words, STRETCHED, 0 if taken == 160 else 1)
    end = words[OFFSET] + taken
    advance(leg, words, end // 80)
    words[OFFSET] = end % 80
    shift(words, 160 - taken)
    words[MOVE] -= 160 - taken
    attend(words)
    return slots, True


def leg_next(leg):
    """Plays 20 ms without decoding; returns two slots of 80 codes, or None for silence."""
    words = load(leg)
    if not words[ATTENTION] and words[SPAN] >= 2 and _held(leg, words, 0) and _held(leg, words, 1):
        slots, went = [bytes(_slot(leg, words, 0)), bytes(_slot(leg, words, 1))], True
        advance(leg, words, 2)
    else:
        slots, went = _next_other(leg, words)
    if went:
        tally(words, PLAYED)
        if words[STAT + PLAYED] % 32 == 0:
            _review(words)
    save(leg, words)
    return slots
