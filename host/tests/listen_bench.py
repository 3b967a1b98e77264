"""The auto-answering phone, and Alice who calls it by hand. Not a test."""

from parley.call.negotiate import make_offer
from parley.wire.sip import Request
from parleyue.listen import ListenPlan

from .ue_bench import UserEquipment
from .ue_peers import (
    ALICE,
    BOB,
    BOB_URI,
    CODECS,
    Answerer,
    World,
)

OFFER = make_offer(CODECS, ALICE[0], 20_000, 7, 1).to_bytes()


class Caller(Answerer):
    """Alice by hand: keeps what became of her calls and REFERs."""

    def __init__(self, world):
        super().__init__(world, ALICE, "alice")
        self.progress, self.rejected, self.answered, self.responses = [], [], [], []

    def on_refer_progress(self, event, now_ms):
        self.progress.append(event)

    def on_rejected(self, event, now_ms):
        self.rejected.append(event.message)

    def on_answered(self, event, now_ms):
        self.answered.append(event.subject)

    def on_response(self, event, now_ms):
        self.responses.append(event.message)

    def invite(self, body=OFFER, headers=()):
        call = self.endpoint.invite(BOB_URI, body, self.world.now_ms, headers=headers)
        self.drain()
        return call

    def refer(self, call, target, headers=()):
        self.endpoint.refer(call, target, self.world.now_ms, headers=headers)
        self.drain()

    def refer_outside(self, target):
        self.endpoint.refer_outside(BOB_URI, target, self.world.now_ms)
        self.drain()

    def message(self, body, kind="text/plain"):
        self.endpoint.request(
            "MESSAGE", BOB_URI, self.world.now_ms, headers=[("Content-Type", kind)], body=body
        )
        self.drain()

    def notified(self):
        """First lines of the sipfrags received."""
        return [
            message.body.decode().split("\r\n")[0]
            for _, source, _, message in self.world.log
            if source == BOB and isinstance(message, Request) and message.method == "NOTIFY"
        ]


def listening(messages=False, **plan):
    world = World()
    bob = UserEquipment(world, BOB, "bob", methods=("MESSAGE",) if messages else (), extensions=("replaces",))
    bob.listen(ListenPlan(join_messages=messages, **plan))
    return world, bob, Caller(world)
