"""From a need to a durable verdict: the allocation unit decides, the ledger stores, and only then it is told."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from parleyd.allocate import AllocationUnit
from parleyd.clock import Clock
from parleyd.events import Log
from parleyd.journal import Journal
from parleyd.lane import Lane
from parleyd.ledger import Ledger
from parleyd.receive import Need
from parleyd.registrar import STORE_RETRY_S, TRIES
from parleyd.reunions import Lost, Reunions, need_of
from parleyd.store.face import ConflictError, StoreError
from parleyd.verdict import Grant, Refusal

STORE_FAILED = Refusal(503, "The conference server cannot store leases now", STORE_RETRY_S)
OVER = Refusal(404, "That conference is not here, call the server for another")
CLOSING = Refusal(503, "The conference server is going down", 10)
BUSY = Refusal(503, "The conference server is overloaded", 2)

MANY = 8  # grants of one commit that share a line of the log

Then = Callable[[Grant | Refusal], None]
Told = Sequence[tuple[Any, Grant | Refusal]]  # what a request was known by, and its verdict


class State(Protocol):
    """What may stand in the way of anything new."""

    closing: bool
    busy: bool


class Decisions:
    """Decides about requests, however they came."""

    def __init__(
        self,
        unit: AllocationUnit,
        ledger: Ledger,
        state: State,
        clock: Clock,
        journal: Journal,
        log: Log,
        count: Callable[[str], None],
        refresh: Callable[[], None],
        reunions: Reunions,
    ) -> None:
        """count(name): counts conflicts. refresh(): drops boards whose registration is over.

        tell: called with the verdicts of decide_one_of_many().
        """
        self.tell: Callable[[Told], None] = lambda told: None
        self._stored = self._settle  # one and the same object for Ledger.grant()
        self._reunions = reunions
        self._refreshed_ms = -1
        self._granted: list[Grant] = []
        self._meeting: dict[str, list[Then]] = {}  # who waits for the address of which reunion
        self._unit = unit
        self._ledger = ledger
        self._state = state
        self._clock = clock
        self._journal = journal
        self._log = log
        self._count = count
        self._refresh = refresh

    def decide(self, need: Need | Refusal, then: Then) -> None:
        """Call then(verdict) once, when a grant is durable.

        That is within this call for a refusal, within the ledger's flush or later for what has to be stored. Those
        whose conference was lost with its board are given one address for all of them (Reunions).
        """
        if type(need) is Need:
            now_ms = self.look()
            lost = self._reunions.of(need, now_ms)
            if lost is not None:
                self.meet(need, lost, then)
                return
            if need.token:
                need = OVER
        self._decide(need, then, TRIES)

    def look(self) -> int:
        """Drop boards whose registration is over; return what time it is, monotonic milliseconds."""
        now_ms = self._clock.now_ms()
        if now_ms != self._refreshed_ms:
            self._refreshed_ms = now_ms
            self._refresh()
        return now_ms

    def lane(self, need: Need | None) -> Lane | None:
        """Return a short way for those who need the same, until anything else is done; None where there is none.

        look() was called. need: as ReceiverUnit.common() has it.
        """
        state = self._state
        if (
            need is None
            or need.token
            or self._reunions.any
            or state.closing
            or state.busy
            or self._ledger.full
        ):
            return None
        return self._unit.lane(self._ledger.books, need, self._clock.now_s())

    def grant_by(self, lane: Lane, askers: Sequence[str], items: Sequence[Any]) -> int:
        """Do what decide_one_of_many() would with each, up to the first that has to be asked there; returns how many.

        askers: asked_by of each; items: what each is told under.
        """
        granted, need = lane.grant(askers), lane.need
        if granted:
            asked = [(item, grant, need) for item, (_, grant) in zip(items, granted, strict=False)]
            self._ledger.grant_all(granted, asked, self._stored)
        return len(granted)

    def decide_one_of_many(self, need: Need | Refusal, item: Any) -> None:
        """Decide just as decide() does, in less; look() was called for all of them.

        The verdict is told by `tell` under the item, together with those of others that share a commit.
        """
        if type(need) is not Need or need.token or self._reunions.any:
            self.decide(need, lambda verdict: self.tell(((item, verdict),)))
            return
        verdict = self._verdict(need)
        if isinstance(verdict, Refusal):
            self._refused(verdict)
            self.tell(((item, verdict),))
        else:
            self._ledger.grant(verdict.lease, (item, verdict, need), self._stored)

    def _settle(self, asked: list[tuple[Any, Grant, Need]], errors: Sequence[StoreError | None]) -> None:
        """Tell how it went; those that were too late are decided anew, each on its own."""
        if any(errors):
            told = [(item, grant) for (item, grant, _), error in zip(asked, errors, strict=True) if not error]
        else:
            told = [(item, grant) for item, grant, _ in asked]
        self._granted += [grant for _, grant in told]
        self.tell(told)
        if len(told) == len(asked):
            return
        for (item, grant, need), error in zip(asked, errors, strict=True):
            if error is not None:
                need = need._replace(asked_by=grant.lease.asked_by)  # those of a lane share one
                self._failed(need, lambda verdict, item=item: self.tell(((item, verdict),)), TRIES, error)

    def meet(self, need: Need, lost: Lost, then: Then) -> None:
        """Give one of those who have lost a conference the address that all of them get; `then` as of decide()."""
        waiting = self._meeting.get(lost.asked_by)
        if waiting is not None:  # another of them asks just now
            waiting.append(then)
            return
        joined = self._reunions.joined(self._ledger.books, lost, need)
        if joined is not None:
            self._log.info("meets again", conference=joined.lease.conference_id, to=need.asked_by)
            then(joined)
            return
        waiting = self._meeting[lost.asked_by] = [then]

        def decided(verdict: Grant | Refusal) -> None:
            del self._meeting[lost.asked_by]
            for one in waiting:
                one(verdict)

        self._decide(need_of(need, lost), decided, TRIES)

    def _decide(self, need: Need | Refusal, then: Then, tries: int) -> None:
        """tries: how often to decide anew when another server of the fleet was faster."""
        verdict = self._verdict(need)
        if isinstance(verdict, Refusal):
            self._refused(verdict)
            then(verdict)
            return

        def stored(error: StoreError | None) -> None:
            if error is None:
                self._granted.append(verdict)
                then(verdict)
            else:
                self._failed(need, then, tries, error)

        self._ledger.stage(verdict.lease.board_id, (verdict.lease,), stored)

    def _refused(self, refusal: Refusal) -> None:
        self._log.info("refused", status=refusal.status, reason=refusal.reason)

    def _failed(self, need: Need | Refusal, then: Then, tries: int, error: StoreError) -> None:
        if isinstance(error, ConflictError) and tries > 1:
            self._count("conflict")
            self._decide(need, then, tries - 1)
        else:
            self._log.warning("store failed", error=str(error))
            then(STORE_FAILED)

    def note_grants(self) -> None:
        """Write down what was granted since the last call: a line each, under load one for all of a commit."""
        if not self._granted:
            return
        granted, self._granted = self._granted, []
        leases = [grant.lease for grant in granted]
        if len(granted) < MANY:
            for lease in leases:
                self._log.info("offered", conference=lease.conference_id, size=lease.size, to=lease.asked_by)
        else:
            offers = [f"{lease.conference_id} size {lease.size} to {lease.asked_by}" for lease in leases]
            self._log.info("offered many", count=len(offers), offers=offers)
        self._journal.offered([(grant.lease, grant.board.place) for grant in granted])

    def _verdict(self, need: Need | Refusal) -> Grant | Refusal:
        if isinstance(need, Refusal):
            return need
        if self._state.closing:
            return CLOSING
        if self._state.busy:
            return BUSY
        if self._ledger.full:
            return STORE_FAILED
        return self._unit.allocate(self._ledger.books, need, self._clock.now_s())
