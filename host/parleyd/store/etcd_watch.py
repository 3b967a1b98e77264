"""A watch that goes on where it was: after a broken connection from the last revision it has seen.

etcd forgets old revisions (compaction). When that was faster than we, the watcher is told that it missed something and
must read all anew.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import grpc

from parleyd.store.etcd_link import EtcdLink, rpc

PAUSE_S = 0.2


class Watch:
    """Follows all keys of a prefix. took(revision, events): what one transaction wrote, in order, nothing twice.

    missed(): a stretch is lost; it returns the revision up to which the watcher has read everything since.
    """

    def __init__(
        self,
        link: EtcdLink,
        prefix: bytes,
        end: bytes,
        took: Callable[[int, Sequence[Any]], None],
        missed: Callable[[], Any],
    ) -> None:
        self.counters = {"events": 0, "resumed": 0, "missed": 0}
        self._link = link
        self._range = (prefix, end)
        self._took = took
        self._missed = missed
        self.revision = 0

    async def run(self, revision: int) -> None:
        """Watch for ever, beginning after this revision."""
        self.revision = revision
        while True:
            endpoint, responses = self._link.stream("watch", self._requests())
            try:
                compacted = await self._read(responses)
            except grpc.RpcError:
                compacted = False
            finally:
                responses.cancel()
            if compacted:
                self.counters["missed"] += 1
                self.revision = await self._missed()
                continue
            self.counters["resumed"] += 1
            self._link.turn_from(endpoint)
            await asyncio.sleep(PAUSE_S)

    async def _requests(self) -> AsyncIterator[Any]:
        key, end = self._range
        create = rpc.WatchCreateRequest(key=key, range_end=end, start_revision=self.revision + 1)
        yield rpc.WatchRequest(create_request=create)
        await asyncio.Event().wait()  # the end of the requests would be the end of the stream

    async def _read(self, responses: Any) -> bool:
        """Return True when what comes next was compacted, False at any other end."""
        async for response in responses:
            if response.compact_revision > self.revision:
                return True
            if response.canceled:
                return False
            self._take(response.events)
        return False

    def _take(self, events: Sequence[Any]) -> None:
        together: dict[int, list[Any]] = {}
        for event in events:
            if event.kv.mod_revision > self.revision:
                together.setdefault(event.kv.mod_revision, []).append(event)
        for revision, those in together.items():
            self.counters["events"] += len(those)
            self.revision = revision
            self._took(revision, those)
