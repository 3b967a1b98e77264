"""Several real daemons on a real etcd: any of them may be asked, and each sentence about what is wrong is clear."""

import signal
import tempfile
from pathlib import Path

import pytest

from parley.wire.address import read_token
from parley.wire.uri import parse_name_addr

from .daemon_bench import KEY, Board, Daemon, Phone
from .etcd_bench import IN_MEMORY, Cluster, free_ports, need_etcd


@pytest.fixture(scope="module")
def cluster():
    need_etcd()
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, Cluster(Path(folder)) as made:
        yield made


class Fleet:
    """Daemons that share an etcd, and one board."""

    def __init__(self, folder, cluster, count=2):
        self.daemons = []
        for number in range(count):
            (folder / str(number)).mkdir()
            self.daemons.append(Daemon(folder / str(number)))
        servers = [f"{host}:{port}" for host, port in (daemon.server for daemon in self.daemons)]
        nodes = [f"{host}:{port}" for host, port in cluster.endpoints]
        self.board = Board(self.daemons[0].server)
        self.config = folder / "parley.toml"
        prefix = f"/{folder.name}/"
        self.config.write_text(
            f"servers = {servers}\n[store]\nkind = 'etcd'\nendpoints = {nodes}\nprefix = '{prefix}'\n"
            + self.board.toml()
        )

    def start(self):
        for daemon in self.daemons:
            ready = daemon.start("--config", str(self.config))
            assert ready.startswith("ready"), daemon.process.stderr.read()

    def stop(self):
        for daemon in self.daemons:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()


@pytest.fixture
def fleet(tmp_path, cluster):
    made = Fleet(tmp_path, cluster)
    yield made
    made.stop()


def slot_of(response):
    (contact,) = response.get_all("Contact")
    return read_token(KEY, parse_name_addr(contact).uri.user).slot


def test_a_phone_may_ask_a_server_that_the_board_has_never_spoken_to(fleet):
    fleet.start()
    first, second = fleet.daemons
    assert fleet.board.register().status == 200
    one, other = Phone(first.server), Phone(second.server)
    fleet.board.until(lambda: second.ask("/v1/status")[1]["boards"][0]["registered"], "the news")
    report = fleet.board.report
    report["legs"], report["slots"] = 24, 8
    assert fleet.board.register().status == 200
    fleet.board.until(lambda: second.ask("/v1/status")[1]["boards"][0]["legs"] == 24, "the new report")
    answers = [phone.ask() for phone in (other, one, other)]
    assert [answer.status for answer in answers] == [302, 302, 302]
    assert len({slot_of(answer) for answer in answers}) == 3
    assert one.ask().status == 503  # 24 legs are three conferences of 8, whoever promised them
    assert first.stop() == second.stop() == 0


def test_what_a_server_promised_is_known_after_its_death(fleet):
    fleet.start()
    first, second = fleet.daemons
    fleet.board.register()
    one, other = Phone(first.server), Phone(second.server)
    taken = {slot_of(one.ask())}
    first.stop(signal.SIGKILL)
    fleet.board.server = second.server
    assert fleet.board.register().status == 200
    taken.add(slot_of(other.ask()))
    assert len(taken) == 2 and other.ask().status == 503
    first.start("--config", str(fleet.config))
    assert one.ask().status == 503  # it learns what happened, at its start
    assert first.stop() == second.stop() == 0


def test_two_boards_with_one_identity_at_two_servers(fleet):
    """Each speaks to one server alone: it is as if both spoke to one, also after that one's restart."""
    fleet.start()
    first, second = fleet.daemons
    twin, board = fleet.board, Board(second.server, fleet.board.address)
    assert twin.register().status == 200
    board.until(lambda: second.ask("/v1/status")[1]["boards"][0]["registered"], "the news")
    given = {Phone(first.server).ask().get("Contact")}
    board.report["boot"] = "b2"
    assert board.register().status == 200

    def both_know():
        return all("boot a1" in one.ask("/v1/boards/bench-1")[1]["reason"] for one in fleet.daemons)

    twin.until(lambda: twin.register().status == 403, "the word of the second server")
    board.until(both_know, "the twin at both")
    for daemon in fleet.daemons:
        row = daemon.ask("/v1/boards/bench-1")[1]
        assert (row["state"], row["registered"]) == ("degraded", True)
        assert daemon.log.read_text().count("two boards have one identity") == 1
    first.stop(signal.SIGKILL)
    first.start("--config", str(fleet.config))
    assert "identity" in twin.register().reason
    assert board.register().status == 200
    given |= {Phone(one.server).ask().get("Contact") for one in fleet.daemons}
    assert len(given) == 3
    assert first.stop() == second.stop() == 0


def test_a_drain_asked_at_one_server_holds_at_all_over_their_restarts(fleet):
    fleet.start()
    first, second = fleet.daemons
    assert fleet.board.register().status == 200
    states = [lambda one=one: one.ask("/v1/boards/bench-1")[1]["state"] for one in fleet.daemons]
    fleet.board.until(lambda: states[1]() == "ready", "the board at the other server")
    assert first.ask("/v1/boards/bench-1/drain", "POST")[0] == 200
    fleet.board.until(lambda: [state() for state in states] == ["draining"] * 2, "the drain at both")
    assert [Phone(one.server).ask().status for one in fleet.daemons] == [503, 503]
    assert first.stop() == 0
    first.start("--config", str(fleet.config))
    assert first.ask("/v1/boards/bench-1")[1]["draining"]
    assert second.ask("/v1/boards/bench-1/undrain", "POST")[0] == 200
    fleet.board.register()
    fleet.board.until(lambda: [state() for state in states] == ["ready"] * 2, "its return at both")
    assert Phone(first.server).ask().status == 302
    assert first.stop() == second.stop() == 0


def test_a_board_of_one_servers_settings_is_known_to_all_and_has_one_identity(fleet, tmp_path):
    first, second = fleet.daemons
    text = fleet.config.read_text()
    without = tmp_path / "without.toml"
    without.write_text(text.partition("[[provisioned]]")[0])
    first.start("--config", str(fleet.config))
    second.start("--config", str(without))
    fleet.board.server = second.server
    assert fleet.board.register().status == 200
    assert Phone(second.server).ask().status == 302
    assert second.stop() == 0
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace(KEY.hex(), "ab" * 32))
    second.start("--config", str(wrong))
    assert second.process.wait(30) == 1
    said = " ".join(second.process.stderr.read().split())
    assert "another server knows bench-1 by another key; give one of the two boards another id" in said
    assert first.stop() == 0


def started_with(folder, text):
    """Exit code and sentence of a daemon with this configuration."""
    config = folder / "parley.toml"
    config.write_text(text)
    daemon = Daemon(folder)
    daemon.start("--config", str(config))
    code = daemon.process.wait(30)
    return code, " ".join(daemon.process.stderr.read().split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[store]\nkind = 'etcd'", 'store: endpoints is missing: kind = "etcd" needs at least one HOST:PORT'),
        ("[store]\nkind = 'paper'", "store.kind: Input should be 'sqlite' or 'etcd'"),
        ("[store]\nendpoints = ['127.0.0.1:1']", 'endpoints is of no use with kind = "sqlite"'),
        ("[store]\nkind = 'etcd'\nendpoints = ['here']", "store.endpoints: 'here' is not HOST:PORT"),
        ("[store]\nkind = 'etcd'\nendpoints = ['h:1']\nprefix = 'p'", "store.prefix: String should match"),
        ("servers = ['127.0.0.9:5060']", "servers: our own address"),
        ("servers = ['somewhere']", "servers: 'somewhere' is not HOST:PORT"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, said):
    code, sentence = started_with(tmp_path, text)
    assert (code, said in sentence) == (1, True), sentence


def test_several_servers_need_a_store_they_share(tmp_path):
    daemon = Daemon(tmp_path)
    host, port = daemon.server
    config = tmp_path / "parley.toml"
    config.write_text(f"servers = ['{host}:{port}', '127.0.0.9:5060']\n")
    daemon.start("--config", str(config))
    assert daemon.process.wait(30) == 1
    assert "several servers need a store that they share" in " ".join(daemon.process.stderr.read().split())


def test_an_etcd_that_does_not_answer(tmp_path):
    (port,) = free_ports(1)
    code, sentence = started_with(tmp_path, f"[store]\nkind = 'etcd'\nendpoints = ['127.0.0.1:{port}']")
    assert code == 1
    assert f"error: no etcd answers at 127.0.0.1:{port}" in sentence
    assert "or correct store.endpoints" in sentence
