"""Calls to an etcd cluster: to one node, and to the next when that one does not answer in time.

gRPC with the messages of aetcd. Its client knows one node only, and its watch ends with the connection.
"""

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc

from parley.wire.grammar import format_host_port
from parleyd.store.face import StoreError

rpc: Any = importlib.import_module("aetcd.rpc")  # generated code, without types
# An election takes 1 to 2 s; a caller repeats its INVITE for 32 s (RFC 3261 17.1.1.2, timer B).
PATIENCE_S = 8.0
ATTEMPT_S = 1.5  # then another node is asked
PAUSE_S = 0.05
START_PATIENCE_S = 5.0
OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 5000),  # etcd takes more often for an attack
    ("grpc.keepalive_timeout_ms", 2000),
)
# A node that is cut off from the others says so instead of staying silent.
WITH_LEADER = (("hasleader", "true"),)
# Another node, or the same a little later, may do it.
PASSES = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
    }
)
# name of a call -> (stub, method)
CALLS = {
    "range": ("KVStub", "Range"),
    "transact": ("KVStub", "Txn"),
    "grant": ("LeaseStub", "LeaseGrant"),
    "revoke": ("LeaseStub", "LeaseRevoke"),
}
STREAMS = {"watch": ("WatchStub", "Watch"), "keep_alive": ("LeaseStub", "LeaseKeepAlive")}

Endpoint = tuple[str, int]


class EtcdLink:
    """The way to a cluster. Made anywhere; all but `call_now` is for one event loop."""

    def __init__(self, endpoints: Sequence[Endpoint], patience_s: float = PATIENCE_S) -> None:
        self.counters = {"calls": 0, "node changes": 0}
        self._endpoints = list(endpoints)
        self._patience_s = patience_s
        self._current = 0
        self.answers = True  # whether the last call was answered; while not, nobody waits long for the next
        self._channels: dict[Endpoint, Any] = {}

    async def call(self, name: str, request: Any) -> Any:
        """Make a call of CALLS, again and elsewhere until it succeeds.

        It may have been carried out more than once, or although it failed: requests must be such that this does no
        harm. Raises StoreError when nobody answered in time, or the answer is that it cannot be done.
        """
        end_s = time.monotonic() + (self._patience_s if self.answers else min(ATTEMPT_S, self._patience_s))
        while True:
            endpoint = self._endpoints[self._current]
            left_s = min(ATTEMPT_S, end_s - time.monotonic())
            self.counters["calls"] += 1
            try:
                method = self._method(CALLS[name], endpoint)
                response = await method(request, timeout=max(left_s, PAUSE_S), metadata=WITH_LEADER)
                self.answers = True
                return response
            except grpc.RpcError as error:
                self._check(error, endpoint)
                self.turn_from(endpoint)
                if time.monotonic() + PAUSE_S >= end_s:
                    self.answers = False
                    raise StoreError(self._unreachable(error)) from error
            await asyncio.sleep(PAUSE_S)

    async def insist(self, name: str, request: Any) -> Any:
        """Make a call of CALLS for as long as it takes; each try has waited already when it fails."""
        while True:
            try:
                return await self.call(name, request)
            except StoreError:
                continue

    def stream(self, name: str, requests: AsyncIterator[Any]) -> tuple[Endpoint, Any]:
        """Open a stream of STREAMS; returns the node and the responses. What they raise is for `broken`."""
        endpoint = self._endpoints[self._current]
        return endpoint, self._method(STREAMS[name], endpoint)(requests, metadata=WITH_LEADER)

    def turn_from(self, endpoint: Endpoint) -> None:
        """Ask another node from now on, if it is this one that is asked."""
        if self._endpoints[self._current] == endpoint and len(self._endpoints) > 1:
            self._current = (self._current + 1) % len(self._endpoints)
            self.counters["node changes"] += 1

    def call_now(self, name: str, request: Any) -> Any:
        """Make a call before there is an event loop, or at a start; blocks. Raises StoreError."""
        stub, method = CALLS[name]
        end_s = time.monotonic() + START_PATIENCE_S
        while True:
            endpoint = self._endpoints[self._current]
            channel: Any = grpc.insecure_channel(format_host_port(*endpoint), options=OPTIONS)
            try:
                make: Any = getattr(rpc, stub)(channel)
                return getattr(make, method)(request, timeout=ATTEMPT_S, metadata=WITH_LEADER)
            except grpc.RpcError as error:
                self._check(error, endpoint)
                self.turn_from(endpoint)
                if time.monotonic() + PAUSE_S >= end_s:
                    raise StoreError(self._unreachable(error)) from error
            finally:
                channel.close()
            time.sleep(PAUSE_S)

    async def close(self) -> None:
        """Give all connections back."""
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            await channel.close()

    def _method(self, call: tuple[str, str], endpoint: Endpoint) -> Any:
        stub, method = call
        if endpoint not in self._channels:
            self._channels[endpoint] = rpc.insecure_channel(format_host_port(*endpoint), options=OPTIONS)
        return getattr(getattr(rpc, stub)(self._channels[endpoint]), method)

    def _check(self, error: Any, endpoint: Endpoint) -> None:
        """Raise StoreError for what no other node can do better."""
        if error.code() not in PASSES:
            text = str(error.details()).removeprefix("etcdserver: ")
            raise StoreError(f"etcd at {format_host_port(*endpoint)}: {text}{_advice(text)}") from error

    def _unreachable(self, error: Any) -> str:
        nodes = ", ".join(format_host_port(*endpoint) for endpoint in self._endpoints)
        text = str(error.details() or error.code().name.lower()).removeprefix("etcdserver: ")
        return (
            f"no etcd answers at {nodes} ({text}); start it (a cluster needs more than half of its nodes), "
            "or correct store.endpoints"
        )


def _advice(text: str) -> str:
    if "space exceeded" in text:
        return "; free its disk: etcdctl compact, etcdctl defrag, then etcdctl alarm disarm"
    if "permission denied" in text or "user name is empty" in text:
        return "; Parley uses no etcd user: let it read and write its keys without, in a network of its own"
    return ""
