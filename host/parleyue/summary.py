"""The last line of a call: everything measured, as one dictionary."""

from typing import Any

from parleyue.carrier import Carrier
from parleyue.flow import Initiator
from parleyue.listen import Listener
from parleyue.outcome import OK, Outcome
from parleyue.phone import Phone

PACKET_COUNTS = ("sent", "received", "lost", "late", "duplicate", "bad", "foreign")


def of_call(phone: Phone, flow: Initiator, times_ms: dict[str, int]) -> dict[str, Any]:
    """Sum up a call that is over."""
    return {
        **_common(phone, flow.outcome, times_ms),
        "conference": flow.conference,
        "invitees": [_invitee(carrier) for carrier in flow.carriers],
    }


def of_listening(phone: Phone, listener: Listener, times_ms: dict[str, int]) -> dict[str, Any]:
    """Sum up a listening phone that has ended."""
    outcome = Outcome(OK, f"{listener.answered} calls answered, {listener.joined} joined")
    return {
        **_common(phone, outcome, times_ms),
        "answered": listener.answered,
        "joined": listener.joined,
    }


def of_failure(outcome: Outcome) -> dict[str, Any]:
    """Sum up a call that never began."""
    nothing = dict.fromkeys(PACKET_COUNTS, 0)
    return {
        "t_ms": 0,
        **_verdict(outcome),
        "times_ms": {},
        "packets": nothing,
        "levels_dbov": {"spoken": -127.0, "heard": -127.0},
    }


def _common(phone: Phone, outcome: Outcome, times_ms: dict[str, int]) -> dict[str, Any]:
    heard = [stream.stats() for stream in phone.streams if stream.heard]
    return {
        "t_ms": phone.now_ms(),
        **_verdict(outcome),
        "user": phone.address_of_record,
        "times_ms": times_ms,
        "packets": {name: sum(counts.get(name, 0) for counts in heard) for name in PACKET_COUNTS},
        "levels_dbov": {"spoken": phone.sound.spoken.dbov, "heard": phone.sound.listened.dbov},
        "late_frames": phone.sound.late_frames,
    }


def _verdict(outcome: Outcome) -> dict[str, Any]:
    verdict: dict[str, Any] = {"ok": outcome.ok, "exit_code": outcome.code, "outcome": outcome.text}
    if outcome.status:
        verdict["status"] = outcome.status
    if outcome.retry_after_s is not None:
        verdict["retry_after_s"] = outcome.retry_after_s
    return verdict


def _invitee(carrier: Carrier) -> dict[str, Any]:
    result = carrier.result
    return {
        "uri": carrier.invitee,
        "carrier": carrier.KIND,
        "notified": result is not None and result.notified,
        "status": result.status if result is not None else 0,
        "result": result.text if result is not None else "not settled",
    }
