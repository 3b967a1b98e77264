"""From an operator's settings to the rules of allocation."""

from parleyd.callers import CallerRule, Callers
from parleyd.settings import Settings
from parleyd.sources import Sources


def callers_of(settings: Settings) -> Callers:
    """Return who may have what, and which network is where."""
    rules = {
        entry.caller: CallerRule(entry.size, entry.quota or settings.quota, entry.priority, entry.site)
        for entry in settings.callers
    }
    sites = [(entry.network, entry.site) for entry in settings.sites]
    return Callers(rules, CallerRule(quota=settings.quota), sites)


def sources_of(settings: Settings) -> Sources:
    """Return how many new requests a source may send."""
    return Sources(settings.source_per_s, [(entry.network, entry.per_s) for entry in settings.sources])
