"""After a board's death another board calls those whose phones take its call for the lost one (Replaces, RFC 3891).

Nobody is believed but the dead board: it has told, under its own key, which dialogs it had (dialog_mac), and a phone
obeys only who names a dialog that it really has. One server of a fleet does it: the one that can write into the lost
conference's record that it is taken care of.
"""

from collections.abc import Callable
from dataclasses import dataclass

from parley.wire.address import conference_uri, make_token
from parley.wire.auth import same_bytes
from parley.wire.dialog_id import dialog_mac
from parleyd.decisions import Then
from parleyd.events import Log
from parleyd.ledger import Ledger
from parleyd.live_conference import LiveConference
from parleyd.moves import needs_of
from parleyd.orders import Orders
from parleyd.pool import Pool
from parleyd.receive import Need
from parleyd.registrar import TRIES
from parleyd.report import BoardReport, Dialog
from parleyd.reunions import Lost
from parleyd.store.face import ConflictError, StoreError
from parleyd.verdict import Grant, Refusal

MOST_TEXT = 1024  # of an order (parley/app/control.py)

Meet = Callable[[Need, Lost, Then], None]


@dataclass(frozen=True, slots=True)
class Fetch:
    """A lost conference, its old address, what its new board should be able to do, and what to order for whom."""

    lost: Lost
    address: str
    needs: tuple[Need, ...]
    people: tuple[str, ...]


class Fetches:
    """meet: as Decisions.meet(). kept_s: for how long after the loss, 0 for never."""

    def __init__(self, pool: Pool, ledger: Ledger, orders: Orders, meet: Meet, kept_s: int, log: Log) -> None:
        self._pool = pool
        self._ledger = ledger
        self._orders = orders
        self._meet = meet
        self._kept_ms = 1000 * kept_s
        self._log = log
        self._waiting: list[Fetch] = []  # for room

    def lose(self, board_id: str, report: BoardReport, now_ms: int) -> None:
        """Take care of the conferences in the board's last report."""
        board = self._pool.board(board_id)
        if board is None or not self._kept_ms or not report.dialogs:
            return
        good = [one for one in report.dialogs if _is_signed(board.key, report.boot, one)]
        if len(good) < len(report.dialogs):
            self._log.warning("forged dialogs", board=board_id, count=len(report.dialogs) - len(good))
        for live in report.live:
            lease = self._ledger.leases.get(board_id, {}).get(live.slot)
            people = _people(live, good)
            if lease is None or not people:
                continue
            place = (live.slot, live.generation)
            lost = Lost(live.name_on(board_id), board_id, live.size, now_ms + self._kept_ms, *place)
            needs = tuple(needs_of(board, report, lease))
            token = make_token(
                board.key, *place, live.size, 0
            )  # the board looks at slot and generation alone
            address = conference_uri(token, board.host, board.port)
            self._claim(Fetch(lost, address, needs, people), TRIES)

    def look_again(self, now_ms: int) -> None:
        """Try once more what there was no room for: a board may have come."""
        waiting, self._waiting = self._waiting, []
        for fetch in waiting:
            if fetch.lost.until_ms > now_ms:
                self._find_room(fetch, fetch.needs)

    def _claim(self, fetch: Fetch, tries: int) -> None:
        lost = fetch.lost
        lease = self._ledger.leases.get(lost.board_id, {}).get(lost.slot)
        if lease is None or lease.generation != lost.generation or lease.asked_by == lost.asked_by:
            return  # another server does it

        def stored(error: StoreError | None) -> None:
            if error is None:
                self._find_room(fetch, fetch.needs)
            elif isinstance(error, ConflictError) and tries > 1:
                self._claim(fetch, tries - 1)
            else:
                self._log.warning("store failed", error=str(error))

        self._ledger.stage(lost.board_id, (lease._replace(asked_by=lost.asked_by),), stored)

    def _find_room(self, fetch: Fetch, needs: tuple[Need, ...]) -> None:
        lost = fetch.lost
        if self._pool.runs(lost.board_id, lost.conference_id):  # it was out of reach only
            return

        def decided(verdict: Grant | Refusal) -> None:
            if isinstance(verdict, Grant):
                self._order(fetch, verdict)
            elif len(needs) > 1:
                self._find_room(fetch, needs[1:])
            else:
                self._waiting.append(fetch)

        self._meet(needs[0], lost, decided)

    def _order(self, fetch: Fetch, grant: Grant) -> None:
        name = grant.lease.conference_id
        self._log.info("fetches", conference=fetch.lost.conference_id, to=name, people=len(fetch.people))
        for one in fetch.people:
            text = f"{fetch.address} {grant.address} {one}"
            if len(text) <= MOST_TEXT:
                self._orders.conference(name, "fetch", (text,), lambda outcome: None)


def _is_signed(key: bytes, boot: str, dialog: Dialog) -> bool:
    return same_bytes(dialog_mac(key, boot, dialog).encode(), dialog.mac.encode())


def _people(live: LiveConference, dialogs: list[Dialog]) -> tuple[str, ...]:
    """Return contact, dialog and URI of whoever can be fetched; somebody without a name here goes by his contact."""
    names = dict(zip(live.numbers, live.participants, strict=False))
    here = [one for one in dialogs if (one.slot, one.generation) == (live.slot, live.generation)]
    return tuple(
        f"{one.contact} {one.name} {names.get(one.number, one.contact)}"
        for one in here
        if one.number in names or live.unnamed
    )
