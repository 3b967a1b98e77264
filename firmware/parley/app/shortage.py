"""What a board does without memory: what it was about is dropped, as if lost on the way, and SIP's timers see to it."""

from parley.app.runtime import collect

COUNTER = "no memory"  # of the endpoint


def note_shortage(endpoint):
    """Counts one thing dropped and makes room. endpoint: its counters are in the board's status."""
    endpoint.counters[COUNTER] = endpoint.counters.get(COUNTER, 0) + 1
    collect()
