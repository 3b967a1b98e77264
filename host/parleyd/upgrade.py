"""Upgrades of boards in service: drained, a new firmware put beside the old, tried, confirmed or taken back.

The board decides (firmware/main.py): only a firmware that has registered here is confirmed. This is the other end:
it waits for the board's calls to end, writes, resets, watches, and says how it went.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from parley.wire.errors import LocalError
from parleyd.events import EventLog
from parleyd.images import Image, image_names, load_image
from parleyd.pool import Pool

TRIAL_S = 90.0  # longest wait for the new firmware, or the old one, to register
PRESS_S = 10.0  # a board that is silent for so long on trial is reset, so that it counts its starts
POLL_S = 0.2
HAD_IT = "ran it already"


class UpgradeError(LocalError):
    """An upgrade cannot begin; one sentence says why."""


class Handle(Protocol):
    """How a board is reached besides the network."""

    async def upgrade(self, image: Image, progress: Callable[[int, int], None]) -> None:
        """Put the firmware on the board and reset it."""
        ...

    async def press_reset(self) -> None:
        """Reset it, whatever it does."""
        ...


@dataclass(slots=True)
class Upgrade:
    """One upgrade. step: "draining", "writing", "trying", "done" or "failed"; note: how far, or why it failed."""

    board_id: str
    image_id: str
    firmware: str
    step: str = "draining"
    note: str = ""

    @property
    def running(self) -> bool:
        """Tell whether it goes on."""
        return self.step not in ("done", "failed")


class Upgrades:
    """The latest upgrade of each board in this daemon's life.

    drain(board_id, on): takes it out of the pool or back; busy(board_id): whether conferences are on it;
    end_all(board_id): ends them.
    """

    def __init__(
        self,
        pool: Pool,
        events: EventLog,
        drain: Callable[[str, bool], Awaitable[None]],
        busy: Callable[[str], bool],
        end_all: Callable[[str], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._events = events
        self._drain = drain
        self._busy = busy
        self._end_all = end_all
        self._latest: dict[str, Upgrade] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def latest(self, board_id: str) -> Upgrade | None:
        """Return the latest upgrade of a board."""
        return self._latest.get(board_id)

    def begin(
        self, board_id: str, handle: Handle, image: Image, now: bool, if_needed: bool = False
    ) -> Upgrade:
        """Start an upgrade and return it.

        Args:
            board_id, handle: a registered board.
            image: whose firmware it is to get.
            now: end its conferences instead of waiting until they have ended.
            if_needed: a board that runs this firmware already is done at once, which else is an error.

        Raises UpgradeError.
        """
        registration = self._pool.registration(board_id)
        latest = self._latest.get(board_id)
        if latest is not None and latest.running:
            raise UpgradeError(f"{board_id} is being upgraded already: {latest.step} {latest.note}".rstrip())
        if registration is None:
            raise UpgradeError(
                f"{board_id} is not registered; a board is upgraded in service, else provision it"
            )
        upgrade = Upgrade(board_id, image.image_id, image.firmware)
        if registration.report.image == image.image_id:
            if if_needed:
                upgrade.step, upgrade.note = "done", HAD_IT
                return upgrade
            raise UpgradeError(f"{board_id} runs this firmware already ({image.firmware}, {image.image_id})")
        self._latest[board_id] = upgrade
        task = asyncio.create_task(self._run(upgrade, handle, image, now))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return upgrade

    async def stop(self) -> None:
        """Give up waiting; boards go on by themselves."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, upgrade: Upgrade, handle: Handle, image: Image, now: bool) -> None:
        board_id = upgrade.board_id
        was_draining = board_id in self._pool.draining
        self._events.info("upgrade begins", board=board_id, image=image.image_id, firmware=image.firmware)
        try:
            await self._drain(board_id, True)
            if now:
                await self._end_all(board_id)
            while self._busy(board_id):
                await asyncio.sleep(POLL_S)
            await self._write(upgrade, handle, image)
            await self._watch(upgrade, handle)
        except LocalError as error:
            upgrade.step, upgrade.note = "failed", str(error)
        finally:
            if not was_draining:
                await self._undrain(board_id)
        if upgrade.step == "done":
            self._events.info("upgrade is confirmed", board=board_id, image=image.image_id)
        else:
            self._events.warning("upgrade failed", board=board_id, image=image.image_id, reason=upgrade.note)

    async def _undrain(self, board_id: str) -> None:
        try:
            await self._drain(board_id, False)
        except LocalError as error:
            self._events.warning("board still drains", board=board_id, reason=str(error))

    async def _write(self, upgrade: Upgrade, handle: Handle, image: Image) -> None:
        upgrade.step = "writing"

        def progress(done: int, total: int) -> None:
            upgrade.note = f"{done // 1024} of {total // 1024} KB"

        await handle.upgrade(image, progress)
        upgrade.step, upgrade.note = "trying", ""

    async def _watch(self, upgrade: Upgrade, handle: Handle) -> None:
        """Until the board says how it went; a board that says nothing is reset now and then."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + TRIAL_S
        press_s = loop.time() + PRESS_S
        while loop.time() < end_s:
            verdict = self._verdict(upgrade)
            if verdict is not None:
                upgrade.step, upgrade.note = verdict
                return
            registered = self._pool.registration(upgrade.board_id) is not None
            if not registered and loop.time() >= press_s:
                press_s = loop.time() + PRESS_S
                await handle.press_reset()
            await asyncio.sleep(POLL_S)
        upgrade.step, upgrade.note = "failed", f"the board has not registered for {TRIAL_S:.0f} s"

    def _verdict(self, upgrade: Upgrade) -> tuple[str, str] | None:
        registration = self._pool.registration(upgrade.board_id)
        told = registration.report.upgrade if registration else None
        if told is None or told.image != upgrade.image_id:
            return None
        if told.state == "confirmed":
            return "done", ""
        return ("failed", told.reason) if told.state == "rolled back" else None


def find_image(state: Path, name: str) -> Image:
    """Return the image of that name: one under STATE/images before the one of the package. Raises ImageError."""
    own = state / "images"
    return load_image(name, own if name in image_names(own) else None)
