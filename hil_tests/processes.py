"""Programs we start: each has a log, a bounded life, and is stopped by its own process id."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


class WaitTimeoutError(AssertionError):
    """Something we waited for did not happen in its time."""


def wait_until(condition: Callable[[], Result], timeout_s: float, what: str, every_s: float = 0.05) -> Result:
    """Call `condition` until its result is true; return it.

    Raises WaitTimeoutError naming `what` when `timeout_s` has passed.
    """
    end_s = time.monotonic() + timeout_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= end_s:
            raise WaitTimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(every_s)


class Process:
    """One running program; standard output and error go to its log file."""

    def __init__(
        self,
        name: str,
        args: Sequence[str],
        log_path: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
    ) -> None:
        self.name = name
        self.log_path = log_path
        log_path.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open("ab") as log:
            self._child = subprocess.Popen(
                list(args),
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,  # a Ctrl-C at our terminal must not end it before we do
            )
        self.pid = self._child.pid

    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Its exit code (negative: the signal that ended it), None while it runs."""
        return self._child.poll()

    def write_line(self, line: str) -> None:
        """Send one line to its standard input; a program that has gone is ignored."""
        pipe = self._child.stdin
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.write(line.encode() + b"\n")
                pipe.flush()

    def send_signal(self, number: int) -> None:
        """Send a signal to this process alone, if it still runs."""
        if self.running():
            self._child.send_signal(number)

    def wait(self, timeout_s: float) -> int:
        """Its exit code, waited for; WaitTimeoutError (with the log's tail) when it does not end."""
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise WaitTimeoutError(f"{self.name} still runs after {timeout_s:g} s\n{self.tail()}") from None

    def stop(self, grace_s: float = 5.0, first: int = signal.SIGTERM) -> int:
        """Ask it to end with `first`; kill it when `grace_s` has passed. Returns the exit code."""
        self.send_signal(first)
        try:
            code = self._child.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            code = self._child.wait(5)
        if self._child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._child.stdin.close()
        return code

    def log(self) -> str:
        """Everything it has printed."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def tail(self, lines: int = 20) -> str:
        """The last lines of its log, headed by the log's path."""
        return "\n".join([f"--- {self.log_path}", *self.log().splitlines()[-lines:]])


def alive(pid: int) -> bool:
    """Whether a process with this id exists and is not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@contextlib.contextmanager
def urgent(*pids: int) -> Iterator[None]:
    """Put these processes before all others of the machine for a while, where we may (root); 0 is ourselves.

    What is judged then is the product, not who else had the processor.
    """
    urged = []
    for pid in pids:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))
            urged.append(pid)
    try:
        yield
    finally:
        for pid in urged:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))


def kill_if(pid: int, mark: str, number: int = signal.SIGKILL) -> bool:
    """Signal process `pid` only when `mark` is in its command line or working folder.

    Process ids are used again by the system; the mark (a path of this run) makes sure that it is still ours.
    """
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        folder = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return False
    if mark not in words and mark not in folder:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    return True
