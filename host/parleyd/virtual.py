"""Boards without hardware: each in a process of its own, with a serial port, a flash and an address.

What the process is, MicroPython's unix port or an emulated board, is a matter of the image (machines.py).

Beside the daemon every virtual board has a keeper process (virtual_keeper.py), so that it outlives the
daemon as silicon does: a daemon that is started again on the same state finds its boards and adopts them.

<state>/boards/<board id>/
    flash/        what is on the board's flash (an emulated board: psram.bin)
    serial        symbolic link to its serial port
    console.log   everything it wrote there
    control, lock, keeper.log   the keeper's
"""

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Literal, cast

from parley.wire.errors import LocalError
from parleyd.deployment import Deployment
from parleyd.health import ProcessFacts
from parleyd.images import Image
from parleyd.machines import machine_of
from parleyd.provision import BoardConfig, provision, reset_board, upgrade_over
from parleyd.virtual_control import KeeperStatus
from parleyd.virtual_link import KeeperLink, VirtualBoardError, find_keeper, start_keeper
from parleyd.virtual_process import Backoff

State = Literal["starting", "provisioning", "running", "restarting", "stopped", "failed"]

PROTOCOL = (
    2  # of keeper and control socket; another number: boards of an older daemon are replaced, not adopted
)
BOOT_S = 5.0


class VirtualBoard:
    """One virtual board, seen from the daemon.

    config: what the board is told of itself; its name is the folder's. state_dir: the daemon's state folder.
    image: what to deploy, with a boot ROM. restart: whether a crashed board is started again. core: the one processor
    core it runs on, None: any.
    on_change: called, in the event loop, after every change of `state` or `pid`.
    Attributes: state; adopted, whether start() found it running; deployment, what start() had to write, if
    it was not adopted.
    """

    def __init__(
        self,
        config: BoardConfig,
        state_dir: Path,
        image: Image,
        *,
        restart: bool = True,
        core: int | None = None,
        on_change: Callable[["VirtualBoard"], None] | None = None,
    ) -> None:
        self._machine = machine_of(image)
        self.config = self._machine.suit(config)
        self.image = image
        self.folder = (state_dir / "boards" / config.board_id).resolve()
        self.state: State = "stopped"
        self.adopted = False
        self.deployment: Deployment | None = None
        self._restart = restart
        self._core = core
        self._boots: int = 0
        self._booted_s = monotonic()
        self._on_change = on_change
        self._link: KeeperLink | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    @property
    def board_id(self) -> str:
        """The board's name."""
        return self.config.board_id

    @property
    def pid(self) -> int | None:
        """The id of the process that is the board; None while there is none."""
        return self._link.status.pid or None if self._link else None

    @property
    def boots(self) -> int:
        """How often the board was started by its present keeper."""
        return self._link.status.boots if self._link else 0

    @property
    def facts(self) -> ProcessFacts:
        """What is known of its process."""
        status = self._link.status if self._link else None
        return ProcessFacts(
            state=self.state,
            running_s=monotonic() - self._booted_s,
            exit_status=status.exit_status if status else None,
            crashes=status.crashes if status else 0,
            log=str(self.log),
        )

    @property
    def serial(self) -> Path:
        """The serial port: the same path over all restarts."""
        return self.folder / "serial"

    @property
    def log(self) -> Path:
        """The console log; older parts are log.1, log.2 ..."""
        return self.folder / "console.log"

    async def start(self) -> None:
        """Adopts the board if it runs already as it should; else starts and provisions it.

        Returns when its firmware runs. Raises VirtualBoardError, SerialFault, ImageError; then nothing runs.
        """
        if self._link is not None:
            return
        self._enter("starting")
        try:
            await self._bring_up()
        except BaseException:
            await self._take_down()
            self._enter("failed")
            raise
        self._watch = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Ends the board and its keeper; returns when both are gone. May be repeated."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        await self._take_down()
        self._enter("stopped")

    async def leave(self) -> None:
        """Lets the board run without this daemon, as if the daemon had died."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._link is not None:
            await self._link.leave()
            self._link = None
        if self._keeper is not None:
            self._keeper.returncode = 0  # not ours to wait for any more
            self._keeper = None

    async def kill(self) -> None:
        """SIGKILL to the MicroPython process, as pulling the plug; the keeper plugs it in again later."""
        if self._link is not None and self._link.status.pid:
            pid = self._link.status.pid
            self._link.order("kill")
            await self._link.until(lambda status: status.pid != pid)

    async def reset(self) -> None:
        """Starts the firmware anew over the serial port. Raises SerialFault."""
        await asyncio.to_thread(reset_board, str(self.serial), self.image)

    async def upgrade(self, image: Image, progress: Callable[[int, int], None]) -> None:
        """Puts a new firmware beside the one that runs, and resets the board. Raises SerialFault, ImageError."""
        await asyncio.to_thread(upgrade_over, str(self.serial), image, progress)

    async def press_reset(self) -> None:
        """As the button of a board."""
        await self.kill()

    async def wait_for(self, state: State, timeout_s: float) -> None:
        """Returns when the board is in the state. TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while self.state != state:
                await self._changed.wait()

    async def _bring_up(self) -> None:
        fingerprint = self._fingerprint()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # the flash holds the board's key
        link = await find_keeper(self.folder, self._heard)
        if link is not None and _adoptable(link.status, fingerprint):
            self._link, self.adopted = link, True
            self._enter(cast(State, link.status.state))
            return
        if link is not None:
            await link.stop()
        self.adopted = False
        self._keeper = await start_keeper(self.folder, self._keeper_command(fingerprint))
        self._link = await find_keeper(self.folder, self._heard)
        if self._link is None:
            raise VirtualBoardError(f"the keeper of {self.board_id} does not answer")
        await self._provision(self._link)

    async def _provision(self, link: KeeperLink) -> None:
        self._enter("provisioning")
        await link.until(lambda status: status.state != "restarting")
        boots = link.status.boots
        if link.status.state != "running":
            raise VirtualBoardError(f"the process of {self.board_id} cannot be started, see {self.log}")
        self.deployment = await asyncio.to_thread(provision, str(self.serial), self.image, self.config)
        link.order("provisioned")
        await link.until(
            lambda status: status.provisioned and status.state == "running" and status.boots > boots, BOOT_S
        )
        self._enter("running")

    async def _take_down(self) -> None:
        link, self._link = self._link, None
        keeper, self._keeper = self._keeper, None
        if link is not None:
            await link.stop()
            self.serial.unlink(missing_ok=True)  # left behind by a keeper that had to be killed
        elif keeper is not None:
            keeper.terminate()
        if keeper is not None:
            await asyncio.to_thread(keeper.wait)

    async def _follow(self) -> None:
        """Replaces a keeper that has ended unasked, and with it the board, after a back-off."""
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        while (link := self._link) is not None:
            since_s = loop.time()
            await link.lost.wait()
            delay_s = backoff.after(1, loop.time() - since_s)
            while not self._alive():
                await self._take_down()
                self._enter("restarting" if self._restart else "failed")
                if not self._restart:
                    return
                await asyncio.sleep(delay_s)
                delay_s = backoff.after(1, 0)
                with suppress(LocalError):
                    await self._bring_up()

    def _alive(self) -> bool:
        return self._link is not None and not self._link.lost.is_set()

    def _heard(self, status: KeeperStatus) -> None:
        """A keeper's word counts once the board is provisioned; before that, start() says what goes on."""
        if status.boots != self._boots:
            self._boots, self._booted_s = status.boots, monotonic()
        if status.provisioned and self.state not in ("starting", "provisioning"):
            self._enter(cast(State, status.state))

    def _enter(self, state: State) -> None:
        self.state = state
        self._changed.set()
        self._changed = asyncio.Event()
        if self._on_change is not None:
            self._on_change(self)

    def _fingerprint(self) -> str:
        """What the board is, all of it: a running one with the same may be adopted."""
        facts = [PROTOCOL, self.image.digest, *self._machine.facts()]
        text = json.dumps([facts, self._restart, self._core, self.config.to_bytes().decode()])
        return hashlib.sha256(text.encode()).hexdigest()

    def _keeper_command(self, fingerprint: str) -> Sequence[str]:
        command = [sys.executable, "-P", "-m", "parleyd.virtual_keeper", "--folder", str(self.folder)]
        options = self._machine.options(self.config, self.folder, self._core)
        command += ["--fingerprint", fingerprint, *options]
        return command if self._restart else [*command, "--no-restart"]


async def stop_left_boards(state_dir: Path, keep: Collection[str] = ()) -> list[str]:
    """Stops boards that an earlier daemon left running in the state folder; returns their names.

    keep: names of boards to leave alone.
    """
    stopped: list[str] = []
    for folder in sorted((state_dir / "boards").glob("*/")):
        link = None if folder.name in keep else await find_keeper(folder, lambda status: None)
        if link is not None:
            await link.stop()
            stopped.append(folder.name)
    return stopped


def _adoptable(status: KeeperStatus, fingerprint: str) -> bool:
    runs = status.state in ("running", "restarting")
    return runs and status.provisioned and status.fingerprint == fingerprint
