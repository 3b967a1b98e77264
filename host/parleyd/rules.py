"""From an operator's settings to the rules of allocation."""

from parleyd.callers import CallerRule, Callers
from parleyd.settings import Settings


def callers_of(settings: Settings) -> Callers:
    """Return who may have what, and which network is where."""
    rules = {
        entry.caller: CallerRule(entry.size, entry.quota or settings.quota, entry.priority, entry.site)
        for entry in settings.callers
    }
    sites = [(entry.network, entry.site) for entry in settings.sites]
    return Callers(rules, CallerRule(quota=settings.quota), sites)
