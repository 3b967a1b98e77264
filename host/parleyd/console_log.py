"""The console log of a board: all it wrote to its serial port, in files of bounded size."""

import time
from pathlib import Path

LIMIT_BYTES = 1_000_000
KEPT_FILES = 3  # console.log.1 (newest) ... console.log.3


class ConsoleLog:
    """Appends bytes to `path` and starts a new file when it is full.

    path: the log file; older ones are path.1, path.2 ... up to `kept`. limit_bytes: when a file is full.
    A log that cannot be written is given up silently: a full disk must not stop a conference.
    """

    def __init__(self, path: Path, limit_bytes: int = LIMIT_BYTES, kept: int = KEPT_FILES) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._kept = kept
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()
        self._line_open = False

    def write(self, data: bytes) -> None:
        """Adds bytes exactly as the board sent them."""
        try:
            if self._size and self._size + len(data) > self._limit_bytes:
                self._rotate()
            self._file.write(data)
        except OSError:
            return
        self._size += len(data)
        self._line_open = not data.endswith(b"\n")

    def note(self, text: str) -> None:
        """Adds a line of Parley's own, with the time, that cannot be taken for the board's."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        start = "\n" if self._line_open else ""
        self.write(f"{start}[{stamp} parley: {text}]\n".encode())

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self._kept, 0, -1):
            older = self._numbered(number)
            newer = self._numbered(number - 1) if number > 1 else self._path
            if newer.exists():
                newer.replace(older)
        self._file = self._path.open("ab", buffering=0)
        self._size = 0

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
