"""What not every leg of a board can have at a time: wideband, L16, and packets of another time than 20 ms."""

from parley.media.codecs import LINEAR, PTIME_MS, WIDE_PLACES, codec_name, preference


class Places:
    """bridge: Bridge, None without; participants: by leg, in a list that stays the same, None where one is free.

    short: {what: how often it was asked for and every place was taken}.
    """

    def __init__(self, bridge, participants):
        self._bridge = bridge
        self._participants = participants
        self.short = {"ptime": 0, "codec": 0}

    def _limits(self):
        """(legs that may be wideband, have packets of their own, have L16)."""
        bridge = self._bridge
        return (0, 0, 0) if bridge is None else (bridge.wide, bridge.parcels, bridge.linear)

    @property
    def wide_limit(self):
        """How many legs may be wideband."""
        return self._limits()[0]

    @property
    def linear_limit(self):
        """How many may have L16, which takes places of all three kinds."""
        return min(self._limits())

    def wide_count(self):
        """How many have a place for wideband."""
        return self._count(_takes_wide)

    def _count(self, takes, but=None):
        return len([one for one in self._participants if one is not None and one is not but and takes(one)])

    def codecs(self, participant):
        """[(name, rate_hz), ...] that he may have, best first: what takes a place while there is one beside his own."""
        wide, parcels, linear = self._limits()
        is_wide = self._count(_takes_wide, participant) < wide
        has_parcel = self._count(_takes_parcel, participant) < parcels
        return preference(is_wide, is_wide and has_parcel and self._count(_is_linear, participant) < linear)

    def offered(self, participant):
        """Those of them that we offer him: L16 to nobody but who has it already.

        Nobody misses it who does not ask, and the INVITE would be longer than what UDP may carry (RFC 3261 18.1.1).
        """
        codecs = self.codecs(participant)
        if _is_linear(participant):
            return codecs
        return [(name, rate_hz) for name, rate_hz in codecs if codec_name(name, rate_hz) not in LINEAR]

    def may_ever(self):
        """Those that somebody may have while nobody else is there."""
        return preference(self.wide_limit > 0, self.linear_limit > 0)

    def packs(self, participant):
        """Whether he may have another packet time than 20 ms: there is a place, or he has one."""
        return self._count(_takes_parcel, participant) < self._limits()[1]

    def ptime_ms(self, participant, agreed):
        """The packet time that he gets for what was agreed on (Negotiated); counts when he wanted another."""
        if agreed.ptime_ms != PTIME_MS and not self.packs(participant):
            self.short["ptime"] += 1
            return PTIME_MS
        return agreed.ptime_ms

    def note_wish(self, participant, wish):
        """Counts when he may not have now what he wants most, (name, rate_hz) or None."""
        if wish is not None and wish not in self.codecs(participant):
            self.short["codec"] += 1


def codec_of(agreed):
    """The codec's name of what was agreed on (Negotiated)."""
    return codec_name(agreed.codec, agreed.rate_hz)


def _takes_wide(participant):
    return participant.codec in WIDE_PLACES


def _is_linear(participant):
    return participant.codec in LINEAR


def _takes_parcel(participant):
    return participant.ptime_ms != PTIME_MS or participant.codec in LINEAR
