"""Boot code of the virtual board: what silicon has built in, for the MicroPython unix port.

Runs with the flash folder as working directory and the serial port as stdin and stdout. It makes the flash
the whole file system, runs main.py, and serves the raw REPL when there is none to run or it failed. A reset
is the end of the process with exit code 0; the keeper (parleyd/virtual_keeper.py) then starts it again.

PARLEY_BOOT=safe in the environment leaves main.py alone, like the boot button of a board.
"""

import io
import os
import sys

import machine as builtin_machine
import vfs


class Machine:
    """The unix port's machine module and what a board's has besides."""

    def __getattr__(self, name):
        return getattr(builtin_machine, name)

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

    def serve(self):
        """Until a reset, or until the serial port is gone (then the board has lost its keeper and stops)."""
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
    """main.py as the main program. Returns when it ended or failed; SystemExit(0) asks for a reset."""
    try:
        with open("main.py") as file:
            source = file.read()
    except OSError:
        print("rom: no main.py on the flash")
        return
    try:
        exec(compile(source, "main.py", "exec"), {"__name__": "__main__"})  # noqa: S102
        print("rom: main.py has ended")
    except SystemExit as error:
        if not error.args or not error.args[0]:
            raise
        print(traceback_of(error), end="")
    except BaseException as error:
        print(traceback_of(error), end="")


BOARD_ID = os.getenv("PARLEY_BOARD_ID") or "virtual"

with open(sys.argv[0].rsplit("/", 1)[0] + "/raw_repl.py") as rom_file:
    rom = {"__name__": "raw_repl"}
    exec(rom_file.read(), rom)  # noqa: S102

safe = os.getenv("PARLEY_BOOT") == "safe"
become_board()
if safe:
    print("rom: safe boot")
else:
    run_main()
RomConsole(rom["RawRepl"]).serve()
