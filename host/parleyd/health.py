"""The state of a board in words that a person understands, and why it is in it. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from parleyd.pool import Registration
from parleyd.virtual_process import CRASH_STATUS

BOOT_S = 15.0  # a board that has not registered so long after its start is not just booting


class Health(StrEnum):
    """What a board is to the fleet."""

    UNPROVISIONED = "unprovisioned"  # there, but without an identity
    BOOTING = "booting"  # on its way to its first registration
    READY = "ready"  # takes conferences
    DRAINING = "draining"  # its conferences go on, it gets no new ones
    DEGRADED = "degraded"  # takes conferences, but somebody should look at it
    LOST = "lost"  # does not register


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """What is known of the process of a board without hardware.

    state: VirtualBoard's. running_s: for how long the firmware runs. exit_status: of its last run. crashes: in a
    row. log: path of its console log.
    """

    state: str
    running_s: float
    exit_status: int | None
    crashes: int
    log: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """State and reason; the reason is "" while all is well."""

    state: Health
    reason: str = ""


def judge(
    registration: Registration | None,
    draining: bool,
    process: ProcessFacts | None,
    last_seen_s: float | None,
    complaint: str = "",
) -> Verdict:
    """Return the state of a provisioned board.

    Args:
        registration: the present one, or None.
        draining: an operator has taken it out of the pool.
        process: of a board without hardware; None for silicon.
        last_seen_s: for how long it has not registered, None if it never did in this daemon's life.
        complaint: what an upgrade or the board's own report leaves to be said, "" for nothing.
    """
    if registration is not None:
        report = registration.report
        if draining:
            return Verdict(Health.DRAINING, "gets no new conferences; parley board undrain brings it back")
        if complaint:
            return Verdict(Health.DEGRADED, complaint)
        if report.kernels != "native":
            return Verdict(Health.DEGRADED, "runs without its native kernels, which takes far more time")
        return Verdict(Health.READY)
    if process is not None:
        return _of_process(process)
    if last_seen_s is None:
        return Verdict(Health.LOST, "has not registered since this server started")
    return Verdict(Health.LOST, f"last heard of {last_seen_s:.0f} s ago")


def _of_process(process: ProcessFacts) -> Verdict:
    if process.state == "provisioning":
        return Verdict(Health.BOOTING, "gets its firmware")
    fresh = process.state == "starting" or (process.state == "running" and process.running_s < BOOT_S)
    if fresh and not process.crashes:
        return Verdict(Health.BOOTING, "has started, is about to register")
    if process.crashes:
        how = _ending(process.exit_status)
        times = "once" if process.crashes == 1 else f"{process.crashes} times in a row"
        return Verdict(
            Health.LOST, f"its firmware ended {times} ({how}) and is started again; see {process.log}"
        )
    if process.state == "running":
        return Verdict(Health.LOST, f"runs, but does not register; see {process.log}")
    if process.state == "restarting":
        return Verdict(Health.BOOTING, "starts again")
    return Verdict(Health.LOST, f"its process is {process.state}; see {process.log}")


def _ending(status: int | None) -> str:
    if status is None:
        return "no reason known"
    if status == CRASH_STATUS:
        return "an exception"
    return f"signal {-status}" if status < 0 else f"exit status {status}"
