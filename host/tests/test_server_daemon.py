"""The daemon as a process: sockets, HTTP, its end, and its return after a kill."""

import json
import signal
import threading

import pytest

from .daemon_bench import Board, Daemon, Phone


class Bench:
    """A running daemon with one provisioned board and a phone."""

    def __init__(self, folder):
        self.daemon = Daemon(folder)
        self.board = Board(self.daemon.server)
        self.phone = Phone(self.daemon.server)
        self.config = folder / "parley.toml"
        self.config.write_text(self.board.toml())
        self.ready = self.start()

    def start(self):
        return self.daemon.start("--config", str(self.config))

    def conference(self):
        """A conference that runs on the board; its address and id."""
        (contact,) = self.phone.ask().get_all("Contact")
        found = self.board.begin(contact)
        return contact, f"bench-1/{found.slot}/{found.generation}"

    def stop_while_the_board_works(self, number):
        """Stop the daemon; meanwhile the board obeys orders and reports the ends."""
        code = []
        stopping = threading.Thread(target=lambda: code.append(self.daemon.stop(number)))
        stopping.start()
        self.board.until(lambda: self.board.orders or code, "an order, or the daemon's end")
        self.board.register()
        stopping.join()
        return code[0]


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    if made.daemon.process.poll() is None:
        made.daemon.process.kill()
    made.daemon.process.communicate()


def test_ready_then_calls_then_a_clean_end(bench):
    host, port = bench.daemon.server
    assert (
        bench.ready
        == f"ready conference=sip:conference@{host}:{port} http=http://{bench.daemon.http} boards=1\n"
    )
    assert bench.phone.ask().status == 503  # the board has not registered
    assert bench.board.register().status == 200
    contact, conference = bench.conference()
    status, document = bench.daemon.ask("/v1/status")
    assert status == 200
    (row,) = document["conferences"]
    assert (row["id"], row["state"], row["participants"]) == (conference, "active", ["sip:alice@127.0.0.1"])
    assert row["address"] in contact
    (board,) = document["boards"]
    assert (board["registered"], board["legs_used"], board["legs_free"]) == (True, 8, 8)
    assert document["participants"] == [{"uri": "sip:alice@127.0.0.1", "conference": conference}]

    assert bench.stop_while_the_board_works(signal.SIGTERM) == 0
    assert bench.board.orders == [("end", *map(int, conference.split("/")[1:]))]
    assert not (bench.daemon.state / "daemon.json").exists()
    events = [json.loads(line)["event"] for line in bench.daemon.log.read_text().splitlines()]
    assert "board new" in events and "offered" in events
    assert "Traceback" not in bench.daemon.process.stderr.read()


def test_sigint_ends_it_too(bench):
    assert bench.daemon.stop(signal.SIGINT) == 0


def test_a_conference_is_ended_over_http(bench):
    bench.board.register()
    _, conference = bench.conference()
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(bench.daemon.ask(f"/v1/conferences/{conference}", "DELETE"))
    )
    asking.start()
    bench.board.until(lambda: answers, "the API's answer")
    assert answers == [(200, {"ended": conference})]
    bench.board.register()
    assert bench.daemon.ask("/v1/conferences") == (200, [])
    status, document = bench.daemon.ask(f"/v1/conferences/{conference}", "DELETE")
    assert (status, document["detail"]) == (404, "404 No such conference")


def test_an_address_is_given_over_http(bench):
    bench.board.register()
    status, document = bench.daemon.ask("/v1/conferences", "POST", json={"size": 2, "asked_by": "planner"})
    assert status == 201, document
    assert bench.board.begin(f"<{document['address']}>").size == 2
    (row,) = bench.daemon.ask("/v1/conferences")[1]
    assert (row["id"], row["state"], row["asked_by"]) == (document["id"], "active", "planner")
    assert bench.daemon.ask("/v1/conferences", "POST", json={"size": 1})[0] == 422
    status, document = bench.daemon.ask("/v1/conferences", "POST", json={"size": 4000})
    assert (status, document["detail"]) == (422, "No conference board has 4000 legs, the largest has 16")
    status, _ = bench.daemon.ask("/v1/conferences", "POST", json={"size": 2}, Origin="http://evil.example")
    assert status == 403


def test_pages_of_other_sites_get_nothing(bench):
    assert bench.daemon.ask("/v1/status", host="evil.example")[0] == 400


def test_a_killed_daemon_comes_back_with_its_books(bench):
    bench.board.register()
    contact, _ = bench.conference()
    (offered,) = bench.phone.ask().get_all("Contact")  # 302 sent, nobody has called yet
    bench.daemon.stop(signal.SIGKILL)
    bench.start()
    assert bench.phone.ask().status == 503
    bench.board.register()
    rows = bench.daemon.ask("/v1/conferences")[1]
    assert {row["state"] for row in rows} == {"active", "offered"}
    assert {row["address"] in contact or row["address"] in offered for row in rows} == {True}
    assert bench.phone.ask().status == 503  # both hold 8 of 16 legs
