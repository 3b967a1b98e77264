"""Log lines at a few microseconds each: JSON made by one encoder, written together once the event loop has a moment.

An allocation writes a line, so its cost is part of the cost of an answer.
"""

import asyncio
import json
import logging
import time
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

Fields = MutableMapping[str, Any]
_quote = json.encoder.encode_basestring_ascii
_ENCODE = json.JSONEncoder(default=str).encode


class Stamp:
    """Adds the time, UTC by ISO 8601 with microseconds; the date is written out once a second only."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self, logger: Any, method: str, fields: Fields) -> Fields:
        """Be a processor of structlog."""
        second, rest_ns = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        fields["timestamp"] = f"{self._text}.{rest_ns // 1000:06d}Z"
        return fields


def as_json(logger: Any, method: str, fields: Fields) -> str:
    """Be the last processor of structlog."""
    texts = [
        f'"{name}": {_quote(value) if type(value) is str else value if type(value) is int else _ENCODE(value)}'
        for name, value in fields.items()
    ]
    return "{" + ", ".join(texts) + "}"


def json_logger(threshold: int) -> type[structlog.BoundLoggerBase]:
    """Return a wrapper class for structlog that writes JSON lines of this level and above, with no step between."""
    stamp = Stamp()

    class JsonLogger(structlog.BoundLoggerBase):
        def _say(self, number: int, level: str, event: str, fields: dict[str, Any]) -> None:
            if number >= threshold:
                row = {**self._context, **fields} if self._context else fields
                row["event"], row["level"] = event, level
                self._logger.msg(as_json(None, level, stamp(None, level, row)))

        def debug(self, event: str, **fields: Any) -> None:
            self._say(logging.DEBUG, "debug", event, fields)

        def info(self, event: str, **fields: Any) -> None:
            self._say(logging.INFO, "info", event, fields)

        def warning(self, event: str, **fields: Any) -> None:
            self._say(logging.WARNING, "warning", event, fields)

        def error(self, event: str, **fields: Any) -> None:
            self._say(logging.ERROR, "error", event, fields)

    return JsonLogger


class Lines:
    """A logger of structlog that keeps the lines of one turn of the event loop together; without a loop, none waits."""

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self._waiting: list[str] = []

    def msg(self, line: str) -> None:
        """Write a line soon."""
        self._waiting.append(line)
        if len(self._waiting) > 1:
            return
        try:
            asyncio.get_running_loop().call_soon(self.write)
        except RuntimeError:  # no loop runs
            self.write()

    debug = info = warning = error = critical = exception = msg

    def write(self) -> None:
        """Write what waits now."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._target.write("\n".join(waiting) + "\n")
            self._target.flush()
