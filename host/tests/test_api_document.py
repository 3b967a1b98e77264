"""Any request that the OpenAPI document allows gets an answer that the document names: hypothesis against it."""

from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parleyd.api import api
from parleyd.control import Outcome
from parleyd.daemon import DaemonError
from parleyd.drains import Drains
from parleyd.roster import read_roster
from parleyd.status import status_document
from parleyd.tokens import Tokens
from parleyd.upgrade import Upgrades

from .server_world import World


def daemon_of(world, folder):
    """What the application needs of a daemon, around the real server of a world in memory."""
    roster = read_roster(folder)
    made = SimpleNamespace(server=world.server, boards={}, tokens=Tokens(folder), own_token="own")
    made.settings = SimpleNamespace(http=("127.0.0.1", 8060))

    async def order(conference_id, name, *numbers):
        outcomes = []
        world.server.orders.conference(conference_id, name, numbers, outcomes.append)
        world.settle()
        return outcomes[0] if outcomes else Outcome(408, "The board does not answer")

    def upgrade_board(board_id, image, now, if_needed):
        raise DaemonError(f"this server does not hold the serial port of {board_id}")

    made.order = order
    made.upgrade_board = upgrade_board
    server = world.server
    made.drains = Drains(server.ledger, roster, server.pool, server.events)
    made.upgrades = Upgrades(server.pool, server.events, made.drains.say, None, None)
    made.move_all = lambda board_id: world.server.moves.board(board_id, lambda outcome: None)
    made.console_log = lambda board_id: None
    made.status = lambda: status_document(world.server, {})
    return made


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    world = World(folder / "leases.sqlite", boards=2)
    world.register_all()
    board, allocation, _ = world.granted()
    board.report["live"] = [[allocation.slot, allocation.generation, 8, ["sip:a@h"], [1], [], False]]
    board.register(0)
    world.settle()
    found = TestClient(api(daemon_of(world, folder)), base_url="http://127.0.0.1:8060")
    found.known = {"board_id": "b1", "slot": allocation.slot, "generation": allocation.generation}
    return found


def operations(document):
    for path, methods in document["paths"].items():
        for method, facts in methods.items():
            if path != "/v1/events" and not path.endswith("/reset"):
                yield path, method.upper(), facts


def value_of(schema):
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    if schema["type"] == "boolean":
        return st.booleans()
    if schema["type"] == "integer":
        return st.integers(schema.get("minimum"), schema.get("maximum"))
    if schema["type"] == "number":
        return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False, width=32)
    return st.from_regex(schema["pattern"], fullmatch=True) if "pattern" in schema else st.text(min_size=1)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_answer_is_in_the_document(client, data):
    document = client.get("/openapi.json").json()
    path, method, facts = data.draw(st.sampled_from(list(operations(document))))
    query = {}
    for parameter in facts.get("parameters", []):
        name, wild = parameter["name"], value_of(parameter["schema"])
        if parameter["in"] == "path":
            known = client.known.get(name)
            value = data.draw(wild if known is None else st.one_of(st.just(known), wild), label=name)
            path = path.replace("{" + name + "}", str(value))
        elif parameter["in"] == "query" and data.draw(st.booleans()):
            query[name] = data.draw(wild, label=name)
    answer = client.request(method, path, params=query)
    assert str(answer.status_code) in facts["responses"], (path, answer.text)
    assert answer.status_code < 500 or answer.status_code in (502, 503, 504)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_document_names_every_route(client):
    paths = set(client.get("/openapi.json").json()["paths"])
    one = "/v1/conferences/{board_id}/{slot}/{generation}"
    assert {"/v1/status", "/v1/boards", "/v1/events", "/metrics", one, one + "/lock"} <= paths
