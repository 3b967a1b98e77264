"""Boot code of the virtual board: what silicon has built in, for the MicroPython unix port.

Runs with the flash folder as working directory and the serial port as stdin and stdout. It makes the flash
the whole file system, runs main.py, and serves the raw REPL when there is none to run or it failed. A reset
is the end of the process with exit code 0; the keeper (parleyd/virtual_keeper.py) then starts it again.

A main.py that fails leaves the console open for CRASH_WAIT_MS, or for as long as somebody uses it; then the process
ends with code 70 and is started again after a while.

PARLEY_BOOT=safe in the environment leaves main.py alone, like the boot button of a board. PARLEY_RESET_CAUSE: the
value of machine.reset_cause(). PARLEY_WATCHDOG: descriptor by which machine.WDT is fed (parleyd/virtual_watchdog.py).
"""

import io
import os
import select
import sys
import time

import machine as builtin_machine
import vfs

CRASH_STATUS = 70
CRASH_WAIT_MS = 3000


class Watchdog:
    """machine.WDT. Fed often, it tells the keeper some eight times in its period only."""

    wire = None  # the keeper's pipe

    def __init__(self, id=0, timeout=5000):  # noqa: A002 - its name everywhere
        self._tenths = bytes([min(255, max(1, timeout // 100))])
        self._pause_ms = min(25500, timeout) // 8
        self._told_ms = time.ticks_ms()
        self._tell(self._tenths)

    def feed(self):
        """All is well."""
        now_ms = time.ticks_ms()
        if time.ticks_diff(now_ms, self._told_ms) >= self._pause_ms:
            self._told_ms = now_ms
            self._tell(self._tenths)

    def stop():
        """No program is there to feed it."""
        Watchdog._tell(None, b"\0")

    def _tell(self, data):
        if Watchdog.wire is not None:
            try:
                Watchdog.wire.write(data)
            except OSError:
                pass


class Machine:
    """The unix port's machine module and what a board's has besides."""

    PWRON_RESET, SOFT_RESET, WDT_RESET = 0, 1, 3
    WDT = Watchdog

    def __getattr__(self, name):
        return getattr(builtin_machine, name)

    def reset_cause(self):
        """Why the board was started."""
        return RESET_CAUSE

    def reset(self):
        """Ends the process; nothing of the run is left, as after a power cycle."""
        raise SystemExit(0)

    def unique_id(self):
        """Bytes that tell one virtual board from another."""
        return BOARD_ID.encode()


class RomConsole:
    """The raw REPL of a board that runs no application: reads the serial port and does nothing else."""

    def __init__(self, repl_class):
        self._names = {"__name__": "__main__"}
        self._repl = repl_class(self._execute, sys.stdout.buffer.write, self._reset)

    def serve(self, patience_ms=-1):
        """Until a reset, or until the serial port is gone (then the board has lost its keeper and stops).

        patience_ms: without a word for so long after the start, the board ends as crashed; -1 waits for ever.
        """
        if patience_ms >= 0:
            poll = select.poll()
            poll.register(sys.stdin, select.POLLIN)
            if not poll.poll(patience_ms):
                raise SystemExit(CRASH_STATUS)
        while True:
            data = sys.stdin.buffer.read(1)
            if not data:
                raise SystemExit(0)
            self._repl.feed(data)

    def _execute(self, source):
        try:
            exec(source, self._names)  # noqa: S102 - that is what a REPL does
        except Exception as error:
            return traceback_of(error)
        except KeyboardInterrupt as error:
            return traceback_of(error)
        return ""

    def _reset(self, raw):
        if not raw:
            raise SystemExit(0)
        self._names.clear()
        self._names["__name__"] = "__main__"
        forget_modules()


def traceback_of(error):
    """The text MicroPython prints for an exception."""
    text = io.StringIO()
    sys.print_exception(error, text)
    return text.getvalue()


def become_board():
    """The flash becomes /, as on silicon; the host's files are out of reach."""
    flash = os.getcwd()
    vfs.umount("/")
    vfs.mount(vfs.VfsPosix(flash), "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    sys.argv[:] = []
    sys.modules["machine"] = Machine()


def forget_modules():
    """After a soft reset every import reads the flash again."""
    machine = sys.modules["machine"]
    sys.modules.clear()
    sys.modules["machine"] = machine


def run_main():
    """main.py as the main program. Returns whether it failed; SystemExit(0) asks for a reset."""
    try:
        with open("main.py") as file:
            source = file.read()
    except OSError:
        print("rom: no main.py on the flash")
        return False
    try:
        exec(compile(source, "main.py", "exec"), {"__name__": "__main__"})  # noqa: S102
        print("rom: main.py has ended")
        return False
    except SystemExit as error:
        if not error.args or not error.args[0]:
            raise
        print(traceback_of(error), end="")
    except BaseException as error:
        print(traceback_of(error), end="")
    return True


BOARD_ID = os.getenv("PARLEY_BOARD_ID") or "virtual"

with open(sys.argv[0].rsplit("/", 1)[0] + "/raw_repl.py") as rom_file:
    rom = {"__name__": "raw_repl"}
    exec(rom_file.read(), rom)  # noqa: S102

RESET_CAUSE = int(os.getenv("PARLEY_RESET_CAUSE") or 0)
if os.getenv("PARLEY_WATCHDOG"):
    Watchdog.wire = open("/dev/fd/" + os.getenv("PARLEY_WATCHDOG"), "wb")  # noqa: SIM115
safe = os.getenv("PARLEY_BOOT") == "safe"
become_board()
failed = False
if safe:
    print("rom: safe boot")
else:
    failed = run_main()
Watchdog.stop()
RomConsole(rom["RawRepl"]).serve(CRASH_WAIT_MS if failed else -1)
