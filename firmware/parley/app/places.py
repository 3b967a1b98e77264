"""What not every leg of a board can have at a time: wideband, and packets of another time than 20 ms."""

from parley.media.codecs import PTIME_MS, WIDEBAND, preference


class Places:
    """bridge: Bridge, None without; participants: by leg, in a list that stays the same, None where one is free.

    short: {what: how often it was asked for and every place was taken}.
    """

    def __init__(self, bridge, participants):
        self._bridge = bridge
        self._participants = participants
        self.short = {"ptime": 0}

    @property
    def wide_limit(self):
        """How many legs may be wideband."""
        return 0 if self._bridge is None else self._bridge.wide

    def wide_count(self):
        """How many are."""
        return len([one for one in self._participants if one is not None and one.codec in WIDEBAND])

    def parcel_count(self):
        """How many have packets of another time."""
        return len([one for one in self._participants if one is not None and one.ptime_ms != PTIME_MS])

    def codecs(self, participant):
        """[(name, rate_hz), ...] that he may have, best first: wideband while there is a place for it, or he has it."""
        return preference(participant.codec in WIDEBAND or self.wide_count() < self.wide_limit)

    def packs(self, participant):
        """Whether he may have another packet time than 20 ms: there is a place, or he has one."""
        limit = 0 if self._bridge is None else self._bridge.parcels
        return (participant.leg >= 0 and participant.ptime_ms != PTIME_MS) or self.parcel_count() < limit

    def ptime_ms(self, participant, agreed):
        """The packet time that he gets for what was agreed on (Negotiated); counts when he wanted another."""
        if agreed.ptime_ms != PTIME_MS and not self.packs(participant):
            self.short["ptime"] += 1
            return PTIME_MS
        return agreed.ptime_ms
