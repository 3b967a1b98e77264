"""Phones that hold one small conference after the other, on whichever server answers, and note what came of each."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from hil_tests import ask
from hil_tests.caller import Call, Caller, NoAnswerError

SIZE = 3
PATIENCE_S = 10.0  # an election of etcd's, and its answer


@dataclass
class Held:
    """One address and what calls to it were answered: monotonic times, statuses (0: no answer)."""

    address: str
    server: str
    given_s: float
    asked_ms: float
    joined: list[tuple[float, int]] = field(default_factory=list)


@dataclass
class Diary:
    """All that a crowd has seen. `refused`: status of a server's answer (0: none) -> how often."""

    held: list[Held] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)


class Crowd:
    """So many conferences at a time until `stop` is set."""

    def __init__(self, servers: list[str], seed: int, at_once: int) -> None:
        self.servers, self.at_once = servers, at_once
        self.diary = Diary()
        self.stop = False
        self._draw = random.Random(seed)

    def run(self) -> None:
        """Blocks until stopped and every phone has hung up."""
        asyncio.run(self._all())

    async def _all(self) -> None:
        callers = [await Caller.open() for _ in range(self.at_once)]
        try:
            await asyncio.gather(*(self._life(caller, self._draw.random()) for caller in callers))
        finally:
            for caller in callers:
                caller.close()

    async def _life(self, caller: Caller, seed: float) -> None:
        draw = random.Random(seed)
        await asyncio.sleep(draw.uniform(0, 1))
        while not self.stop:
            held = await self._allocated(caller, draw)
            if held is None:
                await asyncio.sleep(draw.uniform(0.2, 1))
            elif draw.random() < 0.9:  # the others never call: their offers lapse
                await self._conference(caller, held, draw)

    async def _allocated(self, caller: Caller, draw: random.Random) -> Held | None:
        """An address from any server; the next is asked when one refuses or is silent."""
        for server in draw.sample(self.servers, len(self.servers)):
            begun_s = time.monotonic()
            try:
                outcome = await ask.ask(caller, f"{server};size={SIZE}", timeout_s=PATIENCE_S)
            except NoAnswerError:
                self._refused(0)
                continue
            now_s = time.monotonic()
            if outcome.status == 302:
                held = Held(outcome.contact, server, now_s, (now_s - begun_s) * 1000)
                self.diary.held.append(held)
                return held
            self._refused(outcome.status)
        return None

    def _refused(self, status: int) -> None:
        self.diary.refused[status] = self.diary.refused.get(status, 0) + 1

    async def _conference(self, caller: Caller, held: Held, draw: random.Random) -> None:
        calls = []
        for _ in range(draw.randint(1, SIZE)):
            call = caller.call()
            status = await _joined(call, held.address)
            held.joined.append((time.monotonic(), status))
            if status == 200:
                calls.append(call)
            await asyncio.sleep(draw.uniform(0, 0.3))
        await asyncio.sleep(draw.uniform(0.3, 5))
        for call in calls:
            try:
                await call.bye()
            except NoAnswerError:
                pass  # the board was killed
            await asyncio.sleep(draw.uniform(0, 0.3))


async def _joined(call: Call, address: str) -> int:
    try:
        return (await call.invite(address, ask.offer(), 4.0, follow=False)).status
    except NoAnswerError:
        return 0
