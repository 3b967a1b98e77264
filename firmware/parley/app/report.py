"""What the board tells the server with every registration: the JSON body of its REGISTER."""

import json

from parley import __version__
from parley.media import kernels
from parley.media.codecs import preference

NAMED = 96  # participants named in one report; on a board with more, conferences take turns


def register_body(
    config,
    start,
    unix_s,
    slots,
    media,
    ticker,
    heap_free_bytes,
    trail=(),
    transports=(("udp", 0),),
    quality=(),
):
    """The body as bytes. Wideband is told of when every leg may have it, for then no conference can lack it.

    config: Config; start: boot id (new at each start), number of this report on this boot, image id, why it was started
    [cause, details], how an upgrade went [image, state, reason] or None; unix_s: Clock.state_s(), None while not known;
    slots: SlotTable; media: MediaTask; ticker: Ticker; trail: Trail.offer(); transports: how callers may come, as
    (name, port where it has one of its own); quality: Attendant.quality(). A crowd's conferences that have no turn are
    in `brief`, with the number of their participants.
    """
    boot, number, image, last_end, upgrade = start
    named, brief = _turn(slots.live(), media.count, number)
    report = {
        "firmware": __version__,
        "boot": boot,
        "number": number,
        "unix_s": unix_s,
        "image": image,
        "last_end": last_end,
        "upgrade": upgrade,
        "board": config.board,
        "codecs": [name for name, _rate_hz in preference(media.wide_limit >= config.legs)],
        "legs": config.legs,
        "slots": config.slots,
        "srtp": media.keys.limit > 0,
        "srtp_legs": media.keys.limit,
        "transports": [name for name, _port in transports],
        "kernels": kernels.KERNELS,
        "live": [_entry(conference, media) for conference in named],
        "brief": [[one.slot, one.generation, one.size, one.count, one.locked] for one in brief],
        "ended": [list(pair) for pair in slots.ended],
        "trail": trail,
        "quality": quality,
        "stats": {"ticks": ticker.ticks, "late_ticks": ticker.late_ticks, "heap_free": heap_free_bytes},
    }
    for name, port in transports:
        if port:
            report[name + "_port"] = port
    return json.dumps(report, separators=(",", ":")).encode()


def _turn(live, participants, number):
    """(conferences whose participants are named in report `number`, the others). One is, however large."""
    if participants <= NAMED:
        return live, []
    a_turn = max(1, NAMED * len(live) // participants)
    first = number * a_turn % len(live)
    turned = live[first:] + live[:first]
    return turned[:a_turn], turned[a_turn:]


def _entry(conference, media):
    """[slot, generation, size, URIs, numbers of the participants, those of the muted, locked].

    Behind it, where there are any: numbers of those who muted themselves, of those who raised their hands.
    """
    members = [one for one in media.members(conference) if not one.ringing]
    uris = [participant.uri for participant in members]
    numbers = [participant.number for participant in members]
    muted = [participant.number for participant in members if participant.muted]
    named = [conference.slot, conference.generation, conference.size, uris]
    muted_self = [participant.number for participant in members if participant.muted_self]
    hands = [participant.number for participant in members if participant.hand]
    more = [muted_self, hands] if muted_self or hands else []
    return named + [numbers, muted, conference.locked] + more
