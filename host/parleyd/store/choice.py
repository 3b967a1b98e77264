"""Which store the settings ask for."""

from typing import TYPE_CHECKING

from parleyd.store.face import Store
from parleyd.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from parleyd.settings import Settings


def open_store(settings: "Settings") -> Store:
    """Return the store. Raises StoreError with one sentence."""
    if settings.store.kind == "sqlite":
        return SqliteStore(settings.state / "leases.sqlite")
    from parleyd.store.etcd import EtcdStore  # gRPC costs a second and 20 MB, which a single server saves

    return EtcdStore(settings.store.endpoints, settings.store.prefix)
