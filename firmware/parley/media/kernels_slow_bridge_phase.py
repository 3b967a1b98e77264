"""When in a frame's time a conference has its tick, in plain Python. Part of kernels_slow.

As native/src/bridge_phase.c, octet for octet; what it means stands in native/include/parley_bridge.h.
"""

from parley.media.kernels_slow_bridge_state import (
    FIRST,
    FLAGS,
    NEXT,
    NOBODY,
    PHASE,
    PHASE_NEXT,
    PHASES,
    SPEAKS,
    TURNS,
    WAIT,
    block_at,
    get,
    leg_of,
    put,
)
from parley.media.kernels_slow_leg_state import (
    FAR_AWAY,
    FILLING,
    LEVEL_IN,
    MOVE,
    OFFSET,
    QUIET_DBOV,
    SLACK_LEAST,
    STAT,
    SYNCED,
    WAITED,
    attend,
    load,
    save,
    shift,
    slack,
)

_ALIGN_TURNS, _CALM, _NEAR, _SPARE, _FAR = 32, 16, 8, 64, 1600


def _members(bridge, conference):
    legs, leg = [], get(bridge, FIRST, conference)
    while leg != NOBODY:
        legs.append(leg)
        leg = get(bridge, NEXT, block_at(leg))
    return legs


def _slack_of(bridge, leg, words):
    """FAR_AWAY when it does not matter."""
    speaks = get(bridge, FLAGS, block_at(leg)) & SPEAKS
    return slack(words) if speaks and words[SYNCED] and not words[FILLING] else FAR_AWAY


def _delay(slack_samples, earlier, phases):
    """(samples that a leg's delay is more by, it needs a frame more), so many phases earlier."""
    step = earlier * 160 // phases
    left = max(-_FAR, min(_FAR, slack_samples)) - step - (_CALM if earlier else _NEAR) - SLACK_LEAST
    bar = 160 if earlier else 160 + _SPARE - SLACK_LEAST
    frames = (159 - left) // 160 if left < 0 else -(left // 160) if left >= bar else 0
    return frames * 160 - step, frames > 0


def _best(slacks, phases):
    """(phases earlier that are best, or 0; legs that need a frame more then)."""
    delays, spoilt = [0] * phases, [0] * phases
    found = 0
    for earlier in range(phases):
        for one in slacks:
            delay, is_spoilt = _delay(one, earlier, phases)
            delays[earlier] += delay
            spoilt[earlier] += 1 if is_spoilt else 0
        found = earlier if delays[earlier] <= delays[found] else found
    gain = delays[0] - delays[found]
    return (found, spoilt[found]) if 2 * gain >= len(slacks) * 160 // phases else (0, 0)


def _shift_all(bridge, conference, samples):
    for leg in _members(bridge, conference):
        words = load(leg_of(bridge, leg))
        shift(words, samples if words[SYNCED] else 0)
        save(leg_of(bridge, leg), words)


def _shorten(bridge, leg, words, found):
    """In a pause, has a leg with a frame to spare lose it; True if it does."""
    if found < 160 + SLACK_LEAST + _CALM or words[STAT + LEVEL_IN] < QUIET_DBOV or words[OFFSET]:
        return False
    words[MOVE], words[WAITED] = -160, 0
    attend(words)
    save(leg_of(bridge, leg), words)
    return True


def _align(bridge, conference):
    slacks, phases, moving = [], get(bridge, PHASES), False
    for leg in _members(bridge, conference):
        words = load(leg_of(bridge, leg))
        found = _slack_of(bridge, leg, words)
        if found != FAR_AWAY:
            moving = words[MOVE] != 0 or _shorten(bridge, leg, words, found) or moving
            slacks.append(found)
    earlier, spoilt = _best(slacks, phases) if slacks and not moving else (0, 0)
    if not earlier:
        return
    now = get(bridge, PHASE, conference) % phases
    if not spoilt:
        put(bridge, PHASE, (now - 1) % phases, conference)
        _shift_all(bridge, conference, -(160 // phases))
        return
    put(bridge, PHASE, (now + 1) % phases, conference)
    put(bridge, WAIT, 1, conference)
    _shift_all(bridge, conference, 160 // phases)


def phase_turn(bridge, conference):
    """The conference, whose words begin there, is to be mixed in this tick."""
    phases = get(bridge, PHASES)
    if get(bridge, PHASE, conference) % phases != (get(bridge, PHASE_NEXT) - 1) % phases:
        return False
    if get(bridge, WAIT, conference):
        put(bridge, WAIT, 0, conference)
        return False
    turns = get(bridge, TURNS, conference) + 1
    put(bridge, TURNS, 0 if turns >= _ALIGN_TURNS else turns, conference)
    if turns >= _ALIGN_TURNS:
        _align(bridge, conference)
    return True
