"""Boards that die: whoever was in a conference there and asks again in time meets the others in a new one.

No phone has to know anything for that. Who says that he was there must prove it: by the conference's address itself,
which nobody can invent, or by his password. Where no two people call from one host under one name, calling from the
host that his own URI names may be proof too ("host"); a gateway that always gives one From would mix strangers.
The new conference is one lease, `asked_by` the lost one, so every server of a fleet finds it, and its address can be
written anew by any of them.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from parley.wire.address import read_token
from parley.wire.errors import RemoteError
from parleyd.allocate import speaks
from parleyd.books import Books
from parleyd.callers import user_at_host
from parleyd.lease import RUNNING
from parleyd.live_conference import LiveConference
from parleyd.receive import Need
from parleyd.verdict import Grant

REUNION_S = 120
ANONYMOUS = "anonymous"  # RFC 3323 4.1.1.3
MAX_KEPT = 65536  # people, and conferences
Trust = Literal["proof", "host", "from"]


class Lost(NamedTuple):
    """A conference that died with its board: name, size and place; until when people may come back (monotonic)."""

    conference_id: str
    board_id: str
    size: int
    until_ms: int
    slot: int
    generation: int

    @property
    def asked_by(self) -> str:
        """Return what stands for the caller in the lease of the conference that follows it."""
        return f"those of {self.conference_id}"


class Reunions:
    """Who was in what was lost."""

    def __init__(
        self,
        ttl_s: int,
        kept_s: int,
        trust: Trust,
        alive: Callable[[str, str], bool],
        key_of: Callable[[str], bytes],
    ) -> None:
        """ttl_s: life of an address until its first call. kept_s: for how long people may come back, 0 for never.

        trust: "host" where a name at its own host is one person, "from" where nobody can send another's From.
        alive(board, conference): whether it runs after all. key_of(board): the key that signs its addresses, b"" for
        none.
        """
        self._ttl_s = ttl_s
        self._kept_ms = 1000 * kept_s
        self._trust = trust
        self._alive = alive
        self._key_of = key_of
        self._people: dict[str, Lost] = {}  # by user@host
        self._places: dict[tuple[int, int], list[Lost]] = {}  # by slot and generation, on any board

    def lose(self, board_id: str, live: Iterable[LiveConference], now_ms: int) -> int:
        """Remember who was where, by the board's last report; returns how many conferences were lost."""
        live = list(live)
        if not self._kept_ms:
            return len(live)
        self._forget(now_ms)
        times = Counter(user_at_host(uri) for one in live for uri in one.participants)
        for one in live:
            place = (one.slot, one.generation)
            lost = Lost(one.name_on(board_id), board_id, one.size, now_ms + self._kept_ms, *place)
            if not one.locked and len(self._places) < MAX_KEPT:  # else the address alone let nobody in
                self._places.setdefault(place, []).append(lost)
            for who in map(user_at_host, one.participants) if len(self._people) < MAX_KEPT else ():
                if not who.startswith(ANONYMOUS) and times[who] == 1:  # a gateway's URI is many people's
                    self._people[who] = lost
        return len(live)

    @property
    def any(self) -> bool:
        """Tell whether anybody has lost anything."""
        return bool(self._places or self._people)

    def of(self, need: Need, now_ms: int) -> Lost | None:
        """Return the conference that this caller has lost, and proves to have been in; None as a rule."""
        if not self.any:
            return None
        lost = self._by_token(need.token) if need.token else self._by_name(need)
        if lost is None or lost.until_ms <= now_ms or self._alive(lost.board_id, lost.conference_id):
            return None
        return lost

    def joined(self, books: Books, lost: Lost, need: Need) -> Grant | None:
        """Return the address of the conference that follows it, if there is one and the caller can speak with it."""
        need = need._replace(size=lost.size)
        for book in books.boards.values() if lost.asked_by in books.held else ():
            if book.view is None or not speaks(book.view.kind, need):
                continue
            for lease in book.records.values():
                if lease.asked_by == lost.asked_by and lease.state in RUNNING:
                    return Grant(lease, book.view, self._ttl_s)
        return None

    def _by_name(self, need: Need) -> Lost | None:
        who = user_at_host(need.asked_by)
        lost = self._people.get(who)
        proved = (
            self._trust == "from"
            or _has_password(who, need)
            or (self._trust == "host" and _is_at_home(who, need))
        )
        return lost if proved else None

    def _by_token(self, token: str) -> Lost | None:
        place = (int(token[2:6], 16), int(token[6:14], 16))  # as parley.wire.address lays it out
        for lost in self._places.get(place, ()):
            try:
                allocation = read_token(self._key_of(lost.board_id), token)
            except RemoteError:
                continue
            if (allocation.slot, allocation.generation) == place:
                return lost
        return None

    def _forget(self, now_ms: int) -> None:
        self._people = {who: lost for who, lost in self._people.items() if lost.until_ms > now_ms}
        kept = [lost for those in self._places.values() for lost in those if lost.until_ms > now_ms]
        self._places = {}
        for lost in kept:
            self._places.setdefault((lost.slot, lost.generation), []).append(lost)


def _has_password(who: str, need: Need) -> bool:
    """Tell whether it is his name that he has proved by a password."""
    user = who.rpartition("@")[0]
    return bool(user) and need.user == user


def _is_at_home(who: str, need: Need) -> bool:
    """Tell whether it is his own URI's host that he calls from."""
    user, _, host = who.rpartition("@")
    return bool(user) and bool(need.source) and host.strip("[]") == need.source


def need_of(need: Need, lost: Lost) -> Need:
    """Return what the first who comes back asks for: as much room as there was, on nobody's account."""
    return need._replace(
        size=max(need.size, lost.size), asked_by=lost.asked_by, quota=0, priority=True, token=""
    )
