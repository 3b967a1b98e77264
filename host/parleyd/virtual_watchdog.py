"""The watchdog of a virtual board: what silicon has beside its processor, the keeper has beside the process.

The board's boot code writes a byte to a pipe to start or feed it: the time until it bites, in tenths of a second;
0 stops it, as a reset does on silicon. It bites by ending the process.
"""

import os
import select

UNIT_S = 0.1


class VirtualWatchdog:
    """Reads the pipe. handle: the writing end, for the board's process. Times are monotonic seconds."""

    def __init__(self, poller: select.epoll) -> None:
        self._reader, self.handle = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._deadline_s: float | None = None
        poller.register(self._reader, select.EPOLLIN)

    def serve(self, handle: int, now_s: float) -> None:
        """Handles a ready file; files of others are left alone."""
        if handle == self._reader:
            self._take(now_s)

    def overdue(self, now_s: float) -> bool:
        """Tells whether it bites; once."""
        if self._deadline_s is None:
            return False
        self._take(now_s)  # what was fed while the keeper itself was late
        if self.wait_s(now_s) != 0:
            return False
        self._deadline_s = None
        return True

    def wait_s(self, now_s: float) -> float | None:
        """How long until it may bite; None while it is stopped."""
        return None if self._deadline_s is None else max(0.0, self._deadline_s - now_s)

    def stop(self) -> None:
        """The board is off: forgets what it wrote."""
        self._take(0.0)
        self._deadline_s = None

    def close(self) -> None:
        """Gives the pipe back."""
        os.close(self._reader)
        os.close(self.handle)

    def _take(self, now_s: float) -> None:
        try:
            data = os.read(self._reader, 4096)
        except BlockingIOError:
            return
        if data:
            self._deadline_s = now_s + data[-1] * UNIT_S if data[-1] else None
