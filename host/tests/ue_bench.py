"""The user equipment under test in the world of ue_peers: fake RTP ports, names from a table, one flow."""

from parleyue.equipment import CallPlan, Equipment
from parleyue.flow import Initiator
from parleyue.listen import Listener
from parleyue.report import Report

from .ue_peers import ALICE, CODECS, SERVER_URI, Node, World, board, server


def conference(invitees=(), duration_ms=1000, **options):
    """A world with server and board, alice calling; returns world, alice, flow (not yet run)."""
    world = World()
    server(world)
    board(world)
    alice = UserEquipment(world)
    return world, alice, alice.call(CallPlan(SERVER_URI, list(invitees), duration_ms=duration_ms, **options))


class FakePort:
    """An RTP port that remembers what was asked of it."""

    def __init__(self, host, port, purpose):
        self.host, self.port, self.purpose = host, port, purpose
        self.started, self.stopped = [], False
        self.pressed = ""

    def start(self, negotiated):
        assert not self.stopped
        self.started.append(negotiated)

    def press(self, keys):
        self.pressed += keys
        return True

    def stop(self):
        self.stopped = True


class ListReport(Report):
    """Keeps all steps."""

    def __init__(self):
        super().__init__()
        self.steps = []

    def show(self, step):
        self.steps.append(step)

    def events(self, message):
        return [step.event for step in self.steps if step.message == message]


class UserEquipment(Node):
    """The phone under test: an endpoint, fake RTP ports, names from a dictionary, and one flow."""

    def __init__(
        self, world, address=ALICE, user="alice", methods=(), names=None, codecs=None, extensions=()
    ):
        super().__init__(world, address, user, methods=methods, extensions=extensions)
        self.report = ListReport()
        self.ports = []
        self.names = names or {}
        self.flow = None
        self.equipment = Equipment(
            self.endpoint,
            self._resolve,
            self._open_media,
            self.report,
            f"sip:{user}@{address[0]}:{address[1]}",
            codecs or CODECS,
            lambda: 1,
        )

    def _resolve(self, uri, then):
        host, port = uri.address()
        if host[0].isdigit():
            then((host, port), self.world.now_ms)
        else:
            found = self.names.get(host)
            then((found, port) if found else None, self.world.now_ms)

    def _open_media(self, purpose):
        port = FakePort(self.address[0], 30_000 + 2 * len(self.ports), purpose)
        self.ports.append(port)
        return port

    def call(self, plan):
        self.flow = Initiator(self.equipment, plan)
        self._started()
        return self.flow

    def listen(self, plan):
        self.flow = Listener(self.equipment, plan)
        self._started()
        return self.flow

    def _started(self):
        self.flow.start(self.world.now_ms)
        self.drain()

    def hang_up(self):
        self.flow.hang_up(self.world.now_ms)
        self.drain()

    def react(self, event):
        self.flow.event(event, self.world.now_ms)

    def tick(self):
        super().tick()
        self.flow.tick(self.world.now_ms)
        self.drain()

    def next_deadline(self):
        times = [self.endpoint.next_deadline(), self.flow.next_deadline() if self.flow else None]
        return min((time for time in times if time is not None), default=None)
