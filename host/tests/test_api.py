"""The HTTP API of a running daemon: orders, roles, problems, events, metrics."""

import json
import threading

import httpx
import pytest
from typer.testing import CliRunner

from parleyd.commands.conferences import conference_app
from parleyd.tokens import Role, Tokens

from .daemon_bench import Board, Daemon, Phone

PROBLEM = "application/problem+json"


class Bench:
    """A daemon, a board that is registered, one conference on it."""

    def __init__(self, folder, *flags):
        self.daemon = Daemon(folder)
        self.board = Board(self.daemon.server)
        config = folder / "parley.toml"
        config.write_text(self.board.toml())
        self.daemon.start("--config", str(config), *flags)
        assert self.board.register().status == 200
        (contact,) = Phone(self.daemon.server).ask().get_all("Contact")
        found = self.board.begin(contact)
        self.slot, self.generation = found.slot, found.generation
        self.path = f"/v1/conferences/bench-1/{found.slot}/{found.generation}"

    def while_the_board_works(self, path, method, **more):
        """The API's answer to an order, for which the board must answer, too."""
        answers = []
        asking = threading.Thread(target=lambda: answers.append(self.daemon.ask(path, method, **more)))
        asking.start()
        self.board.until(lambda: answers, "the API's answer")
        asking.join()
        return answers[0]

    def stop(self):
        if self.daemon.process.poll() is None:
            self.daemon.process.kill()
        self.daemon.process.communicate()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.stop()


def test_orders_reach_the_board(bench):
    ids = (bench.slot, bench.generation)
    for path, method, order in (
        ("/participants/1/mute", "POST", ("mute", *ids, 1, 1)),
        ("/participants/1/unmute", "POST", ("mute", *ids, 1, 0)),
        ("/participants/1/gain?db=-6", "POST", ("gain", *ids, 1, 128)),
        ("/participants/1/gain?db=24", "POST", ("gain", *ids, 1, 4057)),
        ("/participants/1/gain/auto", "POST", ("gain", *ids, 1, 65535)),
        ("/participants/1/unhear/2", "POST", ("hear", *ids, 1, 2, 0)),
        ("/participants/1/hear/2", "POST", ("hear", *ids, 1, 2, 1)),
        ("/participants/1", "DELETE", ("kick", *ids, 1)),
        ("/lock", "POST", ("lock", *ids, 1)),
        ("/unlock", "POST", ("lock", *ids, 0)),
        ("", "DELETE", ("end", *ids)),
    ):
        status, document = bench.while_the_board_works(bench.path + path, method)
        assert status == 200, document
        assert bench.board.orders[-1] == order


def test_what_a_board_refuses_is_a_problem_document(bench):
    bench.board.obeys = 404
    status, document = bench.while_the_board_works(bench.path + "/participants/9/mute", "POST")
    assert (status, document["title"], document["detail"]) == (404, "Not Found", "404 Not Found")
    bench.board.obeys = 500
    assert bench.while_the_board_works(bench.path + "/lock", "POST")[0] == 502


def test_one_conference_and_its_ladder(bench):
    status, row = bench.daemon.ask(bench.path)
    assert (status, row["members"]) == (
        200,
        [
            {
                "number": 1,
                "uri": "sip:alice@127.0.0.1",
                "muted": False,
                "muted_self": False,
                "hand": False,
                "gain_db": 0.0,
                "gain_auto": False,
                "unheard": [],
                "level_dbov": None,
            }
        ],
    )
    assert bench.daemon.ask(bench.path + "/participants")[1] == row["members"]
    ladder = bench.daemon.ask(bench.path + "/ladder")[1]
    assert [message["text"][:4] for message in ladder] == ["INVI", "302 ", "REGI"]


def test_gains_and_who_is_unheard_are_as_the_board_tells_them(bench):
    (live,) = bench.board.report["live"]
    live[3:5] = [["sip:alice@127.0.0.1", "sip:bob@127.0.0.1"], [1, 2]]
    live += [[], [], [[1, 65535, 512], [2, 128]], [[2, 1], [2, 9]]]  # 9 has left
    assert bench.board.register().status == 200
    members = bench.daemon.ask(bench.path)[1]["members"]
    told = [(one["gain_db"], one["gain_auto"], one["unheard"]) for one in members]
    assert told == [(6.0, True, []), (-6.0, False, [1])]
    labels = f'board="bench-1",conference="{bench.slot}/{bench.generation}",participant="1"'
    assert f"parley_leg_gain_decibels{{{labels}}} 6.0" in bench.daemon.ask("/metrics")[1]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/v1/conferences/bench-1/9/9", "GET", 404),
        ("/v1/conferences/bench-1/9/9/ladder", "GET", 404),
        ("/v1/conferences/bench-1/9/9/participants", "GET", 404),
        ("/v1/conferences/bench-1/9/x", "GET", 422),
        ("/v1/conferences/bench-1/70000/9", "GET", 422),
        ("/v1/conferences/bench-1/1/9/participants/1/gain?db=25", "POST", 422),
        ("/v1/conferences/bench-1/1/9/participants/1/gain", "POST", 422),
        ("/v1/boards/nobody", "GET", 404),
        ("/v1/boards/nobody/drain", "POST", 404),
        ("/v1/boards/bench-1/console", "GET", 409),
        ("/v1/boards/bench-1/reset", "POST", 409),
        ("/v1/log?limit=0", "GET", 422),
        ("/v1/nothing", "GET", 404),
        ("/v1/status", "POST", 405),
    ],
)
def test_faults_are_problem_documents(shared, path, method, status):
    answer = httpx.request(method, f"http://{shared.daemon.http}{path}", trust_env=False)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    document = answer.json()
    assert document["status"] == status and document["detail"] and document["title"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    made = Bench(tmp_path_factory.mktemp("shared"))
    yield made
    made.stop()


def test_pages_of_other_sites_may_not_act(shared):
    refused = shared.daemon.ask("/v1/boards/bench-1/drain", "POST", Origin="http://evil.example")
    assert refused[0] == 403
    own = shared.daemon.ask("/v1/boards/bench-1/undrain", "POST", Origin=f"http://{shared.daemon.http}")
    assert own[0] == 200


def test_metrics_have_names_with_units(shared):
    from prometheus_client.parser import text_string_to_metric_families

    status, text = shared.daemon.ask("/metrics")
    assert status == 200
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert samples["parley_board_legs", "bench-1"] == 16
    assert samples["parley_board_legs_reserved", "bench-1"] == 8
    assert samples["parley_conferences", "active"] == 1
    leg = ("bench-1", f"{shared.slot}/{shared.generation}", "1")
    assert samples[("parley_leg_lost_ratio", *leg)] == 0.02
    assert samples[("parley_leg_jitter_seconds", *leg)] == 0.007
    assert samples[("parley_leg_playout_depth_seconds", *leg)] == 0.03
    assert ("parley_leg_round_trip_seconds", *leg) not in samples  # not known yet
    assert samples["parley_boards", "degraded"] + samples["parley_boards", "ready"] == 1
    assert samples["parley_sip_requests_total", "INVITE", "302"] == 1
    assert samples[("parley_resident_memory_bytes",)] > 1e6
    assert {name for name in families if not name.startswith("parley_")} == set()


def test_events_are_streamed(shared):
    url = f"http://{shared.daemon.http}/v1/events?kinds=log,status"
    with httpx.stream("GET", url, trust_env=False, timeout=10, headers={"Last-Event-ID": "0"}) as stream:
        kinds, rows = [], []
        acting = threading.Timer(0.5, lambda: shared.daemon.ask("/v1/boards/bench-1/drain", "POST"))
        acting.start()
        lines = stream.iter_lines()
        for line in lines:
            if line.startswith("event: "):
                kinds.append(line[7:])
                rows.append(json.loads(next(line for line in lines if line.startswith("data: "))[6:]))
            if rows and rows[-1].get("event") == "board drains":
                break
        states = []
        for line in lines:
            if line.startswith("data: "):
                states.append(json.loads(line[6:]))
                if "boards" in states[-1] and states[-1]["boards"][0]["draining"]:
                    break
    assert "status" in kinds
    assert {"board new", "offered", "lease"} <= {row.get("event") for row in rows}
    shared.daemon.ask("/v1/boards/bench-1/undrain", "POST")


def test_the_command_line_has_an_address_without_a_call(shared):
    where = ["--http", shared.daemon.http, "--state", str(shared.daemon.state)]
    done = CliRunner().invoke(conference_app, ["new", "--size", "4", "--codec", "PCMU", "--json", *where])
    offer = json.loads(done.output)
    assert (done.exit_code, offer["size"], offer["board_id"]) == (0, 4, "bench-1")
    done = CliRunner().invoke(conference_app, ["new", "--size", "2", *where])
    assert done.output.startswith("sip:") and "kept for 32 s" in done.output
    done = CliRunner().invoke(conference_app, ["new", "--codec", "OPUS", *where])
    assert done.exit_code == 1


def test_a_drained_board_stays_so_over_a_restart(bench):
    assert bench.daemon.ask("/v1/boards/bench-1/drain", "POST")[0] == 200
    bench.daemon.process.kill()
    bench.daemon.process.communicate()
    bench.daemon.start("--config", str(bench.daemon.folder / "parley.toml"))
    bench.board.register()
    (row,) = bench.daemon.ask("/v1/boards")[1]
    assert (row["state"], row["draining"]) == ("draining", True)
    assert bench.daemon.ask("/v1/boards/bench-1/undrain", "POST")[0] == 200
    assert bench.daemon.ask("/v1/boards/bench-1")[1]["state"] == "ready"


def test_roles(bench):
    tokens = Tokens(bench.daemon.state)
    looks, works, rules = (tokens.add(role.value, role) for role in Role)
    ask = bench.daemon.ask
    status, document = ask("/v1/status")
    assert status == 401 and "parley token add" in document["detail"]
    assert ask("/v1/status", token="guess")[0] == 401
    assert ask("/v1/status", token=looks)[0] == 200
    assert ask("/v1/me", token=works)[1] == {"role": "operator", "token_needed": True}
    status, document = ask("/v1/boards/bench-1/drain", "POST", token=looks)
    assert status == 403 and "operator" in document["detail"]
    assert ask("/v1/boards/bench-1/drain", "POST", token=works)[0] == 200
    assert ask("/v1/boards/bench-1/reset", "POST", token=works)[0] == 403
    assert ask("/v1/boards/bench-1/reset", "POST", token=rules)[0] == 409
    assert ask("/metrics")[0] == 401
    assert ask("/openapi.json")[0] == 200
    own = json.loads((bench.daemon.state / "daemon.json").read_text())["token"]
    assert ask("/v1/status", token=own)[0] == 200


def test_others_than_this_machine_need_tokens(tmp_path):
    daemon = Daemon(tmp_path)
    daemon.http = "0.0.0.0:" + daemon.http.rpartition(":")[2]
    daemon.start()
    assert daemon.process.wait(15) == 1
    assert "parley token add" in daemon.process.stderr.read()
    daemon.process.stdout.close()
    daemon.process.stderr.close()
    Tokens(daemon.state).add("anna", Role.ADMIN)
    assert daemon.start().startswith("ready ")
    assert daemon.stop() == 0
    daemon.process.communicate()
