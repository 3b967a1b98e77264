"""What the board tells the server with every registration: the JSON body of its REGISTER."""

import json

from parley import __version__
from parley.app.moderation import AUTOMATIC
from parley.media import kernel_numbers, kernels
from parley.media.codecs import codec_name, preference

NAMED = 96  # participants named in one report; on a board with more, conferences take turns, and pages of large ones


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
    dialogs=(),
):
    """The body as bytes. Wideband and L16 are told of when every leg may have it: then no conference can lack it.

    config: Config; start: boot id (new at each start), number of this report on this boot, image id, why it was started
    [cause, details], how an upgrade went [image, state, reason] or None; unix_s: Clock.state_s(), None while not known;
    slots: SlotTable; media: MediaTask; ticker: Ticker; trail: Trail.offer(); transports: how callers may come, as
    (name, port where it has one of its own); quality: Attendant.quality(); dialogs: Returns.told().
    A crowd's conferences that have no turn are
    in `brief`, with the number of their participants, and so are those that are too large to be named at once: `pages`
    has some of their participants.
    """
    boot, number, image, last_end, upgrade = start
    turn = number // len(config.servers)  # each server is told in turns
    named, brief, paged = _turn(slots.live(), media.count, turn)
    report = {
        "firmware": __version__,
        "boot": boot,
        "number": number,
        "unix_s": unix_s,
        "image": image,
        "last_end": last_end,
        "upgrade": upgrade,
        "board": config.board,
        "codecs": [codec_name(name, rate_hz) for name, rate_hz in _codecs(config, media.places)],
        "legs": config.legs,
        "slots": config.slots,
        "srtp": media.keys.limit > 0,
        "srtp_legs": media.keys.limit,
        "transports": [name for name, _port in transports],
        "kernels": kernels.KERNELS,
        "live": [_entry(conference, media) for conference in named],
        "brief": [[one.slot, one.generation, one.size, one.count, one.locked] for one in brief],
        "pages": [_page(conference, media, page) for conference, page in paged],
        "ended": [list(pair) for pair in slots.ended],
        "trail": trail,
        "quality": quality,
        "dialogs": dialogs,
        "stats": {"ticks": ticker.ticks, "late_ticks": ticker.late_ticks, "heap_free": heap_free_bytes},
    }
    for name, port in transports:
        if port:
            report[name + "_port"] = port
    return json.dumps(report, separators=(",", ":")).encode()


def _codecs(config, places):
    return preference(places.wide_limit >= config.legs, places.linear_limit >= config.legs)


def _turn(live, participants, turn):
    """(conferences whose participants are all named in this turn, the others, (conference, page) of some of them)."""
    if participants <= NAMED:
        return live, [], []
    a_turn = max(1, NAMED * len(live) // participants)
    first = turn * a_turn % len(live)
    turned = live[first:] + live[:first]
    named = [one for one in turned[:a_turn] if one.count <= NAMED]
    large = [one for one in turned[:a_turn] if one.count > NAMED]
    rounds = turn * a_turn // len(live)
    return named, large + turned[a_turn:], [(one, rounds) for one in large[:1]]


def _people(members):
    """[URIs, numbers of the participants, those of the muted], [of those who muted themselves, who raised hands]."""
    numbers = [one.number for one in members]
    muted = [one.number for one in members if one.muted]
    muted_self = [one.number for one in members if one.muted_self]
    hands = [one.number for one in members if one.hand]
    return [[one.uri for one in members], numbers, muted], [muted_self, hands]


def _entry(conference, media):
    """[slot, generation, size, URIs, numbers of the participants, those of the muted, locked].

    Behind it, where there are any: numbers of those who muted themselves, of those who raised their hands; `_shape`.
    """
    members = [one for one in media.members(conference) if not one.ringing]
    people, more = _people(members)
    named = [conference.slot, conference.generation, conference.size] + people + [conference.locked]
    shape = _shape(members, people[1], media)
    return named + more + shape if shape or more[0] or more[1] else named


def _shape(members, present, media):
    """[[gain, ...] of the louder and softer, [number, number of whom he does not hear] ...], or [] without any.

    gain: [number, in 1/256], or [number, AUTOMATIC, in 1/256 at the moment]. present: numbers of who can be unheard.
    """
    gains = [_gain(one, media) for one in members if one.gain != kernel_numbers.GAIN_ONE]
    unheard = [[one.number, other] for one in members for other in one.unheard if other in present]
    return [gains, unheard] if gains or unheard else []


def _gain(participant, media):
    if participant.gain == kernel_numbers.BRIDGE_GAIN_AUTO:
        return [participant.number, AUTOMATIC, media.gain_now(participant)]
    return [participant.number, participant.gain]


def _page(conference, media, page):
    """[slot, generation, first, until, URIs, numbers, the muted, muted by themselves, hands] of a page; `_shape`.

    It names all whose numbers are from `first` up to `until`, which is 0 on the last one: up to the highest.
    """
    members = media.members(conference)  # by their numbers; those of other pages are not looked at
    begin = page % -(-len(members) // NAMED) * NAMED
    first = members[begin].number if begin else 0
    until = members[begin + NAMED].number if begin + NAMED < len(members) else 0
    named = [one for one in members[begin : begin + NAMED] if not one.ringing]
    people, more = _people(named)
    present = (
        [one.number for one in members if not one.ringing] if [1 for one in named if one.unheard] else ()
    )
    shape = _shape(named, present, media)
    return [conference.slot, conference.generation, first, until] + people + more + shape
