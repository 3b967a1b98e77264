"""The daemon's connection to the keeper of a virtual board: finding it, starting it, ordering it about."""

import asyncio
import fcntl
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from parley.wire.errors import LocalError
from parleyd.virtual_control import SOCKET_NAME, KeeperStatus, order_line, read_status

READY_S = 10.0
ANSWER_S = 5.0
LOCK_NAME = "lock"
LOG_NAME = "keeper.log"


class VirtualBoardError(LocalError):
    """A virtual board cannot be started or does not obey; one sentence says why."""


class KeeperLink:
    """One connection. `status` is always the latest; `lost` is set when the keeper has ended.

    on_status: called with each status that comes.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        first: KeeperStatus,
        on_status: Callable[[KeeperStatus], None],
    ) -> None:
        self.status = first
        self.lost = asyncio.Event()
        self._reader = reader
        self._writer = writer
        self._on_status = on_status
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                await self._take(read_status(line))
        except (OSError, ValueError):
            pass  # cut off in the middle of a line: the keeper is gone
        finally:
            self._writer.close()
            self.lost.set()
        async with self._changed:
            self._changed.notify_all()

    async def _take(self, status: KeeperStatus) -> None:
        async with self._changed:
            self.status = status
            self._on_status(status)
            self._changed.notify_all()

    def order(self, what: str) -> None:
        """Sends an order; see virtual_control."""
        if not self.lost.is_set():
            self._writer.write(order_line(what))

    async def until(
        self, wanted: Callable[[KeeperStatus], bool], timeout_s: float = ANSWER_S
    ) -> KeeperStatus:
        """The first status, from now on, that is wanted. VirtualBoardError when it does not come."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self.lost.is_set() or wanted(self.status))
        except TimeoutError:
            raise VirtualBoardError(f"the board's keeper is stuck, state {self.status.state!r}") from None
        if not wanted(self.status):
            raise VirtualBoardError("the board's keeper has ended")
        return self.status

    async def stop(self) -> None:
        """Ends board and keeper, by force when they do not obey; returns when the keeper is gone."""
        self.order("stop")
        try:
            async with asyncio.timeout(ANSWER_S):
                await self.lost.wait()
        except TimeoutError:
            os.kill(self.status.keeper, signal.SIGKILL)  # the board's terminal hangs up, so it ends, too
            await self.lost.wait()

    async def leave(self) -> None:
        """Closes the connection; the board goes on."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def find_keeper(folder: Path, on_status: Callable[[KeeperStatus], None]) -> KeeperLink | None:
    """A connection to the keeper of the board's folder; None when there is none that answers."""
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:  # by way of /proc, because the path of a Unix socket holds 107 bytes only
        reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{directory}/{SOCKET_NAME}")
    except OSError:
        return None
    finally:
        os.close(directory)
    try:
        async with asyncio.timeout(ANSWER_S):
            first = read_status(await reader.readline())
    except (OSError, ValueError, TimeoutError):
        writer.close()
        return None
    return KeeperLink(reader, writer, first, on_status)


async def start_keeper(folder: Path, command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Starts a keeper in a session of its own and waits until it can be connected to."""
    await asyncio.to_thread(clear_lock, folder)
    with (folder / LOG_NAME).open("wb") as log:
        # Not asyncio's own subprocess, which would kill the keeper together with the event loop.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(READY_S):
            line = await asyncio.to_thread(process.stdout.readline)
    except BaseException:
        process.kill()
        raise
    process.stdout.close()
    if line.strip() != b"ready":
        text = (folder / LOG_NAME).read_text(errors="replace").strip().splitlines()
        reason = text[-1] if text else "it gives no reason"
        raise VirtualBoardError(f"the keeper of {folder.name} did not start: {reason}")
    return process


def clear_lock(folder: Path) -> None:
    """Kills a keeper that holds the folder but does not answer: whoever holds the lock is alive."""
    with (folder / LOCK_NAME).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            os.kill(int(lock.read()), signal.SIGKILL)
            fcntl.flock(lock, fcntl.LOCK_EX)
