"""The HTTP server's own life, apart from its routes."""

import asyncio

import uvicorn

from parleyd.api import ApiServer


class Counted(ApiServer):
    """Counts what it does when nobody asks anything."""

    ticks = 0

    async def on_tick(self, counter: int) -> bool:
        self.ticks += 1
        return await super().on_tick(counter)


async def nothing(*_: object) -> None:
    """No application."""


def test_it_does_nothing_between_two_seconds_and_ends_at_once() -> None:
    async def life() -> None:
        server = Counted(uvicorn.Config(nothing, lifespan="off"))
        living = asyncio.create_task(server.main_loop())
        for _ in range(1000):
            await asyncio.sleep(0)
        assert server.ticks == 1
        assert server.server_state.default_headers[0][0] == b"date"
        server.end()
        for _ in range(10):  # turns of the loop, no time
            await asyncio.sleep(0)
        assert living.done()
        assert server.ticks == 2

    asyncio.run(life())
