"""The etcd store against real nodes: exclusive, followed without gaps, and clear about what is wrong."""

import asyncio
import base64
import json
import signal
import tempfile
import time
from pathlib import Path

import pytest

from parleyd.lease import LeaseState
from parleyd.store import etcd as etcd_store
from parleyd.store.etcd import EtcdStore
from parleyd.store.face import BoardKey, ConflictError, Heard, StoreError

from .etcd_bench import IN_MEMORY, Cluster, free_ports, need_etcd
from .etcd_servers import Follower, Server, group, lease, on_loop, prefixes, until


@pytest.fixture(scope="module")
def node():
    need_etcd()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, Cluster(Path(folder)) as cluster:
        yield cluster


@pytest.fixture
def cluster(request):
    need_etcd()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, Cluster(Path(folder), request.param) as made:
        yield made


@on_loop
async def test_what_is_written_is_there_for_the_next_server(node):
    prefix = next(prefixes)
    first = Server(node.endpoints, prefix)
    assert (first.loaded.leases, first.loaded.keys) == ((), ())
    heard = Heard("b2", "a1", 7, 99, ("f0", "f1"))
    answers = await first.write(group(lease(0), lease(3)), group(lease(board_id="b2"), heard=heard))
    assert answers == [None, None]
    assert await first.write(group(lease(0, 6, LeaseState.ACTIVE))) == [None]
    await first.store.stop()
    loaded = EtcdStore(node.endpoints, prefix).load()
    assert loaded.leases == (lease(0, 6, LeaseState.ACTIVE), lease(3), lease(board_id="b2"))
    assert loaded.heard == (heard,)


def test_a_board_has_the_key_that_the_first_server_made(node):
    prefix = next(prefixes)
    first, second = (EtcdStore(node.endpoints, prefix) for _ in range(2))
    assert first.keep_key(BoardKey("b1", b"k" * 32)).key == b"k" * 32
    assert second.keep_key(BoardKey("b1", b"j" * 32)).key == b"k" * 32
    assert second.load().keys == (BoardKey("b1", b"k" * 32),)
    moved = BoardKey("b1", b"l" * 32, "127.0.1.1", 5060, "north")
    assert first.keep_key(moved) == BoardKey("b1", b"k" * 32, "127.0.1.1", 5060, "north")
    assert second.load().keys == (first.keep_key(moved),)


@on_loop
async def test_two_servers_that_choose_at_once_do_not_both_get_it(node):
    prefix = next(prefixes)
    servers = [Server(node.endpoints, prefix, server=name) for name in "ab"]
    both = await asyncio.gather(*(one.write(group(lease(5, 7 + n))) for n, one in enumerate(servers)))
    refused = [answers[0] for answers in both]
    assert sorted(type(one) for one in refused if one is not None) == [ConflictError]
    loser, winner = (0, 1) if refused[0] else (1, 0)
    won = lease(5, 7 + winner)
    assert servers[loser].follower.boards == [("b1", (won,), None)]  # it knows what to decide on now
    assert EtcdStore(node.endpoints, prefix).load().leases == (won,)
    assert await servers[loser].write(group(lease(6, 9))) == [None]


@on_loop
async def test_other_slots_of_the_same_board_conflict_too_but_other_boards_do_not(node):
    """Legs are shared by a board's slots."""
    prefix = next(prefixes)
    first, second = (Server(node.endpoints, prefix) for _ in range(2))
    await first.write(group(lease(0)))
    answers = await second.write(group(lease(1)), group(lease(0, board_id="b2")))
    assert [type(one) for one in answers] == [ConflictError, type(None)]
    assert {one.board_id for one in EtcdStore(node.endpoints, prefix).load().leases} == {"b1", "b2"}


@on_loop
async def test_every_server_hears_what_the_others_write_and_nothing_of_its_own(node):
    prefix = next(prefixes)
    writer, reader = (Server(node.endpoints, prefix) for _ in range(2))
    leases = [lease(slot, 5, board_id=f"b{slot % 3}") for slot in range(300)]
    answers = await writer.write(*(group(one) for one in leases))  # more than one transaction can hold
    assert answers == [None] * 300
    await until(lambda: len(reader.follower.learned) == 300, "what the other wrote")
    assert sorted(reader.follower.learned) == sorted(leases)
    assert writer.follower.learned == writer.follower.boards == []
    assert writer.store.counters["transactions"] <= 10


@on_loop
async def test_a_registration_lives_as_long_as_it_is_repeated(node):
    prefix = next(prefixes)
    told, hears = Server(node.endpoints, prefix, server="a"), Server(node.endpoints, prefix)
    key = ("b1", "a")
    for _ in range(4):  # longer than the lease
        told.store.announce("b1", "report", 2)
        await asyncio.sleep(1)
        assert hears.follower.registered == {key: "report"}
    told.store.announce("b1", "news", 2)
    await until(lambda: hears.follower.registered[key] == "news", "the news")
    late = Server(node.endpoints, prefix)
    assert late.follower.registered == {key: "news"}
    told.store.close()  # as if killed
    await until(lambda: hears.follower.registered[key] is None, "the end of the dead server's registrations")


@on_loop
async def test_a_drain_is_known_to_all_servers_and_to_those_that_start_later(node):
    prefix = next(prefixes)
    asked, hears = Server(node.endpoints, prefix), Server(node.endpoints, prefix)
    await asked.store.drain("b1", True)
    await asked.store.drain("b2", True)
    await asked.store.drain("b2", False)
    wanted = [("b1", True), ("b2", True), ("b2", False)]
    await until(lambda: hears.follower.drained == asked.follower.drained == wanted, "the drains")
    assert EtcdStore(node.endpoints, prefix).load().draining == ("b1",)


@on_loop
async def test_a_twin_is_known_to_all_servers_as_long_as_it_is_met(node):
    prefix = next(prefixes)
    met, hears = Server(node.endpoints, prefix, server="a"), Server(node.endpoints, prefix)
    met.store.announce("b1", "report", 9)
    met.store.tell_twin("b1", "b2", 2)
    await until(lambda: hears.follower.twins == {("b1", "a"): "b2"}, "the twin")
    assert Server(node.endpoints, prefix).follower.twins == {("b1", "a"): "b2"}
    await until(lambda: hears.follower.twins[("b1", "a")] is None, "its end")
    assert hears.follower.registered == {("b1", "a"): "report"}
    assert not met.follower.twins  # that is no news


@on_loop
async def test_a_lease_that_was_over_is_taken_anew(node):
    prefix = next(prefixes)
    told, hears = Server(node.endpoints, prefix, server="a"), Server(node.endpoints, prefix)
    told.store.announce("b1", "report", 2)
    await until(lambda: hears.follower.registered.get(("b1", "a")), "the board")
    await until(lambda: hears.follower.registered[("b1", "a")] is None, "its end")
    told.store.announce("b1", "report", 2)
    await until(lambda: hears.follower.registered[("b1", "a")], "its return")
    told.store.withdraw("b1")
    await until(lambda: hears.follower.registered[("b1", "a")] is None, "its leave", patience_s=1.5)


@pytest.mark.parametrize("cluster", [1], indirect=True)
@on_loop
async def test_a_watch_goes_on_where_it_was_when_the_node_comes_back(cluster):
    writer, reader = (Server(cluster.endpoints, "/p/", patience_s=10) for _ in range(2))
    (node,) = cluster.nodes
    for turn in range(3):
        await writer.write(*(group(lease(slot, 5 + turn)) for slot in range(5)))
        await until(lambda: reader.store.watch.counters["events"] > 0, "the watch")
        node.kill()
        pending = asyncio.ensure_future(writer.write(group(lease(9, 50 + turn))))
        await asyncio.sleep(0.3)
        assert not pending.done()  # it waits for the node
        node.start(cluster.peers)
        assert await pending == [None]
    wanted = {(slot, 5 + turn) for slot in range(5) for turn in range(3)} | {(9, 50), (9, 51), (9, 52)}
    await until(lambda: len(reader.follower.learned) >= len(wanted), "all that was written")
    assert sorted((one.slot, one.generation) for one in reader.follower.learned) == sorted(wanted)
    assert reader.store.watch.counters["resumed"] >= 3


@on_loop
async def test_a_watch_that_missed_what_etcd_has_forgotten_reads_all_anew(node):
    prefix = next(prefixes)
    writer = Server(node.endpoints, prefix)
    late = EtcdStore(node.endpoints, prefix)
    late.load()
    for generation in range(6, 10):
        await writer.write(group(lease(0, generation)))
    writer.store.announce("b1", "report", 5)
    await writer.store.drain("b1", True)
    await asyncio.sleep(0.2)
    (only,) = node.nodes
    head = only.ask("/v3/kv/range", b'{"key": "AA=="}')["header"]["revision"]
    only.ask("/v3/kv/compaction", json.dumps({"revision": head, "physical": True}).encode())
    follower = Follower()
    late.follow(follower)
    await until(lambda: follower.boards, "the board")
    assert follower.boards == [("b1", (lease(0, 9),), None)]
    assert follower.registered == {("b1", writer.store.server): "report"}
    assert late.watch.counters["missed"] == 1 and follower.drained == [("b1", True)]
    await writer.write(group(lease(1, 11)))
    await until(lambda: follower.learned == [lease(1, 11)], "what came later")
    await late.stop()


@pytest.mark.parametrize("cluster", [3], indirect=True)
@on_loop
async def test_three_nodes_go_on_without_their_leader_and_not_without_two(cluster):
    server = Server(cluster.endpoints, "/p/", patience_s=10)
    other = Server(cluster.endpoints, "/p/")
    assert await server.write(group(lease(0))) == [None]
    leader = cluster.leader()
    leader.kill()
    begun_s = time.monotonic()
    assert await server.write(group(lease(1))) == [None]
    assert time.monotonic() - begun_s < 10
    second = next(node for node in cluster.nodes if node is not leader)
    second.kill(signal.SIGKILL)
    server.store.link._patience_s = 1
    (error,) = await server.write(group(lease(2)))
    assert "no etcd answers at" in str(error) and "more than half of its nodes" in str(error)
    leader.start(cluster.peers)
    server.store.link._patience_s = 10
    server.store.link.answers = True
    assert type((await server.write(group(lease(3))))[0]) in (ConflictError, type(None))
    assert await server.write(group(lease(3))) == [None]
    slots = {one.slot for one in EtcdStore(cluster.endpoints, "/p/").load().leases}
    assert slots >= {0, 1, 3}
    await until(lambda: {one.slot for one in other.follower.learned} >= {0, 1, 3}, "the other to hear")


def test_an_etcd_that_is_not_there(monkeypatch):
    monkeypatch.setattr("parleyd.store.etcd_link.START_PATIENCE_S", 0.3)
    (port,) = free_ports(1)
    store = EtcdStore([("127.0.0.1", port)], "/p/")
    with pytest.raises(StoreError) as raised:
        store.load()
    text = str(raised.value)
    assert text.startswith(f"no etcd answers at 127.0.0.1:{port} (")
    assert text.endswith("start it (a cluster needs more than half of its nodes), or correct store.endpoints")


def test_values_that_are_no_leases(node):
    prefix = next(prefixes)
    for name, value, said in (
        ("slots/b1/00001", "[]", "is no lease"),
        ("slots/b1/00001", '["asleep", 1, 1, 8, 0, 0, 0, 0, ""]', "asleep"),
        ("boards/b1", "{}", "mark of board b1"),
    ):
        put_text(node, prefix + name, value)
        with pytest.raises(StoreError, match=said):
            EtcdStore(node.endpoints, prefix).load()
        prefix = next(prefixes)


def put_text(cluster, key, value):
    coded = {
        "key": base64.b64encode(key.encode()).decode(),
        "value": base64.b64encode(value.encode()).decode(),
    }
    cluster.nodes[0].ask("/v3/kv/put", json.dumps(coded).encode())


def test_a_transaction_holds_what_etcd_takes(node):
    assert etcd_store.MOST_OPERATIONS <= 128

    async def body():
        server = Server(node.endpoints, next(prefixes))
        one_group = group(
            *(lease(slot) for slot in range(119))
        )  # a board's refresh may change many slots at once
        assert await server.write(one_group, one_group) == [None, None]

    asyncio.run(body())
