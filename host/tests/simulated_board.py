"""What a board does with tokens; written from the contract alone, it shares no code with the server. Time is given."""

from parley.wire.address import read_token
from parley.wire.errors import RemoteError
from parleyd.report import BoardReport

OFFER_TTL_S = 32
OLD_ANSWER_S = 35
OK, BUSY, GONE, NOT_READY = 200, 486, 410, 503


class SimulatedBoard:
    """Lives in an allocation world (allocation_world.py)."""

    def __init__(self, board_id, key, legs, slots):
        self.board_id, self.key, self.legs, self.slots = board_id, key, legs, slots
        self.boots = 0
        self.refreshed_s = {}  # server -> when a REGISTER of this board last came through to it
        self.reboot(0.0)

    def reboot(self, elapsed_s):
        self.boots += 1
        self.booted_s = elapsed_s
        self.offset_s = None  # unix time minus elapsed time; comes with a 200's Date
        self.stated_s = 0  # the latest unix time that a report has borne
        self.started_s = 0  # unix time of this boot, the latest it can have been
        self.live = {}  # slot -> [generation, size, participants]
        self.ended = []
        self.reports = 0
        self.answer_lost = set()
        self.requests = {}  # server -> (built at, report): one REGISTER to each at a time

    def set_clock(self, date_s, elapsed_s, heard_s):
        self.offset_s = date_s - elapsed_s
        self.started_s = max(self.started_s, self.booted_s + self.offset_s, heard_s)
        if date_s < self.stated_s - OLD_ANSWER_S:
            self.stated_s = 0

    def answer(self, allocation, elapsed_s):
        """What an INVITE to an address of this board would get, without doing it."""
        if self.offset_s is None:
            return NOT_READY
        slot, generation = allocation.slot, allocation.generation
        if slot in self.live:
            live = self.live[slot]
            if live[0] != generation:
                return GONE
            return OK if len(live[2]) < live[1] else BUSY
        expired = allocation.expires_s < max(int(elapsed_s + self.offset_s), self.stated_s)
        before_boot = allocation.expires_s - OFFER_TTL_S < self.started_s
        return GONE if expired or before_boot or (slot, generation) in self.ended else OK

    def invite(self, token, who, elapsed_s):
        allocation = read_token(self.key, token)
        status = self.answer(allocation, elapsed_s)
        if status == OK:
            live = self.live.setdefault(allocation.slot, [allocation.generation, allocation.size, []])
            live[2].append(who)
        return status

    def leave(self, slot):
        self.live[slot][2].pop()
        if not self.live[slot][2]:
            self.end(slot)

    def end(self, slot):
        self.ended.append((slot, self.live.pop(slot)[0]))

    def report(self, elapsed_s):
        self.reports += 1
        unix_s = None if self.offset_s is None else int(elapsed_s + self.offset_s)
        self.stated_s = max(self.stated_s, unix_s or 0)
        return BoardReport.model_validate(
            {
                "firmware": "0.1.0",
                "boot": f"{self.boots:08x}",
                "number": self.reports,
                "unix_s": unix_s,
                "board": "simulated",
                "codecs": ["PCMU"],
                "legs": self.legs,
                "slots": self.slots,
                "live": [(slot, *entry[:2], list(entry[2])) for slot, entry in sorted(self.live.items())],
                "ended": self.ended[-16:],
            }
        )


def refused(board, token):
    """Whether the board does not even know the token as its own."""
    try:
        read_token(board.key, token)
    except RemoteError:
        return True
    return False
