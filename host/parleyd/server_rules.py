"""What an operator may choose of a conference server, with what holds where he chose nothing."""

from dataclasses import dataclass

from parleyd.allocate import OFFER_TTL_S
from parleyd.answers import REDIRECT_ALL, Answers
from parleyd.callers import Callers
from parleyd.gate import NOBODY, Users
from parleyd.lease import QUARANTINE_S
from parleyd.receive import DEFAULT_SIZE, FACTORY_USER
from parleyd.reunions import REUNION_S, Trust
from parleyd.sources import Sources

NO_LIMITS = Sources()


@dataclass(frozen=True, slots=True)
class Rules:
    """Times are in seconds."""

    factory_user: str = FACTORY_USER
    default_size: int = DEFAULT_SIZE
    offer_ttl_s: int = OFFER_TTL_S
    quarantine_s: float = QUARANTINE_S
    reunion_s: int = REUNION_S
    reunion_trust: Trust = "proof"
    answers: Answers = REDIRECT_ALL
    callers: Callers | None = None
    spared_share: float = 0.0
    users: Users = NOBODY
    sources: Sources = NO_LIMITS
