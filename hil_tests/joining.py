"""Phones come into one conference: the first is sent there by the server, the others call the address it got."""

from collections.abc import Sequence

from hil_tests.bench import Bench
from hil_tests.processes import wait_until
from hil_tests.ues.face import Phone


def all_join(phones: Sequence[Phone], bench: Bench) -> str:
    """Start the phones and wait until all are in it; returns its address. Raises WaitTimeoutError."""
    for phone in phones:
        phone.start()
    uri = bench.server
    for phone in phones:
        phone.call(uri)
        wait_until(lambda who=phone.name: who in bench.members(), 10, f"{phone.name} to be in the conference")
        uri = next(one["address"] for one in bench.conferences() if one["participants"])
    return uri
