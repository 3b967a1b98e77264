"""Leases, and how a ledger writes them, for the tests of the SQLite store. Not a test."""

from parleyd.lease import Lease, LeaseState


def lease(slot=0, generation=5, state=LeaseState.OFFERED, board_id="b1"):
    return Lease(board_id, slot, generation, generation, 8, 99, state, 10, 20, 3, "sip:alice@here")


def written(ledger, *leases):
    """Stage and flush; the error, if any."""
    errors = []
    ledger.stage("b1", leases, errors.append)
    ledger.flush()
    return errors[0]
