"""A caller on a bad line: of the SIP datagrams it sends and receives some are lost, by a seeded choice."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from hil_tests import ask
from hil_tests.caller import TIMEOUT_S, Address, Call, Caller, NoAnswerError

PATIENCE_S = 120.0  # with a server that has no board free


class LossyCaller(Caller):
    """As Caller. loss: part of the datagrams, in each direction, that does not arrive."""

    loss = 0.0
    lost = carried = 0

    def begin(self, loss: float, seed: int) -> LossyCaller:
        """Lose datagrams from now on."""
        self.loss, self._chance = loss, random.Random(seed)
        return self

    def _is_lost(self) -> bool:
        gone = self.loss > 0 and self._chance.random() < self.loss
        self.lost += gone
        self.carried += not gone
        return gone

    def send(self, data: bytes, peer: Address) -> None:
        """One datagram, perhaps."""
        if not self._is_lost():
            super().send(data, peer)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not self._is_lost():
            super().datagram_received(data, addr)


@dataclass
class Story:
    """What became of one conference: the statuses of its participants' INVITEs and BYEs, 0 where nobody answered."""

    joined: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)

    def whole(self, participants: int) -> bool:
        """Whether everybody came in and was let go."""
        return self.joined == self.left == [200] * participants

    def clean(self) -> bool:
        """Whether everybody who did not get through heard nothing at all, rather than something wrong.

        481: a BYE whose answer was lost, and which the board knows no more; or the board gave up first.
        """
        return set(self.joined) <= {200, 0} and set(self.left) <= {200, 481, 0}


async def hold(caller: Caller, server: str, participants: int) -> Story:
    """One conference: the first asks the server, the others call the address they are told; then all hang up."""
    story = Story()
    call = caller.call()
    address = await _allocated(call, f"{server};size={participants}", story)
    if address is None:
        return story
    calls = [call, *(caller.call() for _ in range(participants - 1))]
    story.joined = [await _join(calls[0], address)]
    if story.joined == [200]:
        story.joined += await asyncio.gather(*(_join(other, address) for other in calls[1:]))
    up = [one for one, status in zip(calls, story.joined, strict=False) if status == 200]
    story.left = list(await asyncio.gather(*(_leave(one) for one in up)))
    return story


async def _allocated(call: Call, uri: str, story: Story) -> str | None:
    deadline_s = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        try:
            outcome = await call.invite(uri, ask.offer(), TIMEOUT_S, follow=False)
        except NoAnswerError:
            story.joined = [0]
            return None
        if outcome.status == 302:
            return outcome.contact
        assert outcome.status == 503, outcome.response.start
        assert asyncio.get_running_loop().time() < deadline_s, "always 503"
        await asyncio.sleep(1.0)


async def _join(call: Call, address: str) -> int:
    try:
        return (await call.invite(address, ask.offer(), TIMEOUT_S, follow=False)).status
    except NoAnswerError:
        return 0


async def _leave(call: Call) -> int:
    if call.ended.is_set():
        return 200
    try:
        return await call.bye(TIMEOUT_S)
    except NoAnswerError:
        return 0
