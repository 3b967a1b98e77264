"""The keeper of one board without hardware: a small process, so that a board outlives the daemon as silicon does.

    python -m parleyd.virtual_keeper --folder <state>/boards/<id> --rom FILE --heap-kb N --micropython FILE
    python -m parleyd.virtual_keeper --folder <state>/boards/<id> --emulator JSON

It owns the board's process, serial port and console log, starts a dead board again after a back-off, and
obeys whoever connects to <folder>/control (virtual_control.py). It ends when told so or when that socket is
taken away with its folder. Only the standard library is imported: it must start in a moment.
"""

import argparse
import fcntl
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from parleyd.console_log import ConsoleLog
from parleyd.emulated_command import EmulatedCommand
from parleyd.emulated_wire import EthernetWire
from parleyd.virtual_control import SOCKET_NAME, ControlServer, KeeperStatus
from parleyd.virtual_process import (
    CRASH_STATUS,
    HEALTHY_S,
    Backoff,
    BoardCommand,
    BoardProcess,
    Command,
    PowerUp,
)
from parleyd.virtual_serial import SerialBridge
from parleyd.virtual_watchdog import VirtualWatchdog

HOUSEKEEPING_S = 5.0
PENDING_S = 0.005


@dataclass(frozen=True)
class KeeperSettings:
    """What to keep: a board's folder and command, the daemon's word for it, whether to start it again."""

    folder: Path
    command: Command
    fingerprint: str
    restart: bool


class Keeper:
    """One board, see the module's text. Its loop is an epoll over its files and a wake-up for signals."""

    def __init__(self, settings: KeeperSettings) -> None:
        folder = settings.folder
        self._settings = settings
        self._poller = select.epoll()
        self._log = ConsoleLog(folder / "console.log")
        self._bridge = SerialBridge(folder / "serial", self._poller, self._log.write)
        self._wire = _wire_for(settings.command, self._poller)
        self._watchdog = VirtualWatchdog(self._poller)
        self._bitten = False
        self._cause = PowerUp.POWER
        self._process: BoardProcess | None = None
        self._backoff = Backoff()
        self._start_at_s: float | None = None
        self._ending = False
        self._waker = self._listen_to_signals()
        device = self._bridge.device
        status = KeeperStatus("restarting", 0, 0, None, settings.fingerprint, False, device, os.getpid())
        self._control = ControlServer(status, self._poller, self._obey)

    def run(self) -> None:
        """Boots the board, main.py left alone because it is provisioned first; returns when told to stop."""
        self._boot(safe=True)
        while not self._ending:
            pending = self._bridge.pump()
            pause_s = self._wire.pump(time.monotonic()) if self._wire else None
            for handle, _ in self._poller.poll(self._timeout_s(pending, pause_s)):
                if handle == self._waker.fileno():
                    self._waker.recv(64)
                self._control.serve(handle)
                self._watchdog.serve(handle, time.monotonic())
                if self._wire is not None:
                    self._wire.serve(handle)
            self._look_after_process()
            if not os.path.exists(SOCKET_NAME):
                self._ending = True
        self._end()

    def _timeout_s(self, pending: bool, pause_s: float | None) -> float:
        if pending or pause_s is not None:
            return min(PENDING_S, PENDING_S if pause_s is None else pause_s)
        now_s = time.monotonic()
        if self._start_at_s is not None:
            return min(max(self._start_at_s - now_s, 0.0), HOUSEKEEPING_S)
        bite_s = self._watchdog.wait_s(now_s)
        return HOUSEKEEPING_S if bite_s is None else min(bite_s + PENDING_S, HOUSEKEEPING_S)

    def _obey(self, order: str) -> None:
        if order == "stop":
            self._ending = True
        elif order == "kill" and self._process is not None:
            self._process.kill()
        elif order == "provisioned":
            self._control.tell(provisioned=True)

    def _boot(self, safe: bool = False) -> None:
        self._start_at_s = None
        command = self._settings.command
        end = self._wire.connect() if self._wire else None
        try:
            wire = None if end is None else end.fileno()
            power_up = PowerUp(safe, self._cause, self._watchdog.handle, wire)
            self._process = BoardProcess(command, self._bridge.connect(), power_up)
        except OSError as error:
            self._log.note(f"cannot start {command.program}: {error.strerror}")
            self._control.tell(state="failed", pid=0)
            return
        finally:
            self._bridge.connected()
            if end is not None:
                end.close()
        boots = self._control.status.boots + 1
        self._log.note(f"boot {boots}, pid {self._process.pid}{', its firmware left alone' if safe else ''}")
        self._control.tell(state="running", pid=self._process.pid, boots=boots)

    def _look_after_process(self) -> None:
        if self._process is not None and self._watchdog.overdue(time.monotonic()):
            self._log.note("watchdog: the firmware makes no progress, the board is reset")
            self._bitten = True
            self._process.kill()
            self._process.wait()
        if self._process is not None:
            status = self._process.status()
            if status is not None:
                self._process_ended(self._process, status)
        if self._start_at_s is not None and time.monotonic() >= self._start_at_s:
            self._boot()

    def _process_ended(self, process: BoardProcess, status: int) -> None:
        self._process = None
        before = 0 if process.lived_s() >= HEALTHY_S else self._control.status.crashes
        crashes = before + 1 if status else 0
        process.sweep()
        self._watchdog.stop()
        self._cause = self._cause_of(status)
        self._bridge.disconnect()
        if self._wire is not None:
            self._wire.disconnect()
        if status and not self._settings.restart:
            self._log.note(f"board process ended ({_how(status)}), not started again")
            self._control.tell(state="failed", pid=0, exit_status=status, crashes=crashes)
            return
        delay_s = self._backoff.after(status, process.lived_s())
        self._log.note(f"board process ended ({_how(status)}), next boot in {delay_s:.0f} s")
        self._start_at_s = time.monotonic() + delay_s
        self._control.tell(state="restarting", pid=0, exit_status=status, crashes=crashes)

    def _cause_of(self, status: int) -> int:
        """What the next boot is told of this end."""
        bitten, self._bitten = self._bitten, False
        if bitten:
            return PowerUp.WATCHDOG
        return PowerUp.POWER if status < 0 else PowerUp.RESET

    def _end(self) -> None:
        if self._process is not None:
            self._process.stop()
        self._bridge.close()
        if self._wire is not None:
            self._wire.close()
        self._watchdog.close()
        self._log.note("stopped")
        self._log.close()
        Path(SOCKET_NAME).unlink(missing_ok=True)
        self._control.tell(state="stopped", pid=0)

    def _listen_to_signals(self) -> socket.socket:
        waker, self._signaller = socket.socketpair()
        waker.setblocking(False)
        self._signaller.setblocking(False)
        signal.set_wakeup_fd(self._signaller.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        self._poller.register(waker, select.EPOLLIN)
        return waker

    def _on_signal(self, number: int, _frame: object) -> None:
        if number != signal.SIGCHLD:
            self._ending = True


def _wire_for(command: Command, poller: select.epoll) -> EthernetWire | None:
    """The wire of an emulated board; a virtual one uses this machine's network itself."""
    return EthernetWire(command.host, command.ports, poller) if isinstance(command, EmulatedCommand) else None


def _how(status: int) -> str:
    if status < 0:
        return signal.Signals(-status).name
    if status == CRASH_STATUS:
        return "its firmware crashed"
    return "reset" if status == 0 else f"exit status {status}"


def _settings() -> KeeperSettings:
    parser = argparse.ArgumentParser(description="keeper of one virtual board (started by parleyd)")
    parser.add_argument("--folder", type=Path, required=True, help="<state>/boards/<board id>")
    parser.add_argument("--rom", type=Path, default=Path("rom.py"), help="boot script")
    parser.add_argument("--heap-kb", type=int, default=8192, help="MicroPython heap, KB")
    parser.add_argument("--micropython", default="micropython", help="path of the interpreter")
    parser.add_argument("--core", type=int, help="the one processor core it runs on; default: any")
    parser.add_argument(
        "--emulator", help="an emulated_command.EmulatedCommand as JSON, instead of those three"
    )
    parser.add_argument("--fingerprint", default="", help="repeated in every status")
    parser.add_argument("--no-restart", action="store_true", help="a crashed board stays down")
    arguments = parser.parse_args()
    folder: Path = arguments.folder.resolve()
    rom: Path = arguments.rom.resolve()
    command: Command = BoardCommand(
        arguments.micropython, rom, arguments.heap_kb, folder / "flash", folder.name, arguments.core
    )
    if arguments.emulator is not None:
        command = EmulatedCommand(**json.loads(arguments.emulator))
    return KeeperSettings(folder, command, arguments.fingerprint, not arguments.no_restart)


def main() -> int:
    """Command line; prints "ready" when the control socket is there; returns the exit code."""
    settings = _settings()
    os.chdir(settings.folder)
    lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"another keeper has {settings.folder}", file=sys.stderr)
        return 1
    os.ftruncate(lock, 0)
    os.write(lock, b"%d" % os.getpid())
    try:
        keeper = Keeper(settings)
    except OSError as error:
        print(f"{settings.folder.name} cannot have its address: {error.strerror}", file=sys.stderr)
        return 1
    print("ready", flush=True)
    keeper.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
