"""Waiting for the disk: a thread that does so, one thing after the other, and when it is better not to ask it."""

import queue
import threading
from collections.abc import Callable

QUICK_S = 0.001  # handing over and back costs more than to wait for so long
FIRST_S = 0.010  # what a disk is held to take until it was seen to be quicker
MEAN_OF = 8


class DiskPace:
    """How long the disk takes, as a moving mean: one long wait is enough to call a quick disk slow for a while."""

    def __init__(self) -> None:
        self._mean_s = FIRST_S

    @property
    def quick(self) -> bool:
        """Tell whether to wait for it in place."""
        return self._mean_s < QUICK_S

    def note(self, took_s: float) -> None:
        """Take note of a wait."""
        self._mean_s += (took_s - self._mean_s) / MEAN_OF


class Wait:
    """One thing that the thread does. error: what it raised, once it is done."""

    __slots__ = ("_do", "_done", "_told", "error")

    def __init__(self, do: Callable[[], None], told: "Callable[[Wait], None]") -> None:
        self.error: Exception | None = None
        self._do = do
        self._told = told
        self._done = threading.Lock()
        self._done.acquire()

    def run(self) -> None:
        """Do it; for the thread."""
        try:
            self._do()
        except Exception as error:  # whoever waits for it must hear of it
            self.error = error
        self._done.release()
        self._told(self)

    def join(self) -> None:
        """Block until it is done."""
        with self._done:
            pass


class DiskThread:
    """Does what it is given in the order in which it came. The thread begins with the first."""

    def __init__(self) -> None:
        self._waits: queue.SimpleQueue[Wait | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, do: Callable[[], None], told: Callable[[Wait], None]) -> Wait:
        """Let it be done; told(wait) is called in the thread afterwards."""
        wait = Wait(do, told)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="disk", daemon=True)
            self._thread.start()
        self._waits.put(wait)
        return wait

    def stop(self) -> None:
        """Do what was given, and end."""
        if self._thread is not None:
            self._waits.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (wait := self._waits.get()) is not None:
            wait.run()
