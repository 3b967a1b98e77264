"""Log lines on the serial port, `12.345 info sip: text`, held back while a raw session has the port."""

LEVELS = ("debug", "info", "warning", "error")
RING_LINES = 64


class Log:
    """Writes lines, or keeps the last RING_LINES while held.

    write(bytes) sends to the port; now_ms() is the time since start.
    """

    def __init__(self, write, now_ms, level="info"):
        self.level = level
        self._write = write
        self._now_ms = now_ms
        self._held = False
        self._waiting = []
        self._dropped = 0

    def debug(self, area, text):
        """For the developer."""
        self._line("debug", area, text)

    def info(self, area, text):
        """What the owner may like to know."""
        self._line("info", area, text)

    def warning(self, area, text):
        """Something went wrong and was dealt with."""
        self._line("warning", area, text)

    def error(self, area, text):
        """Something went wrong and needs the owner."""
        self._line("error", area, text)

    def hold(self):
        """From now on lines wait."""
        self._held = True

    def release(self):
        """Writes what waited, and from now on every line at once."""
        if not self._held:
            return
        self._held = False
        waiting, self._waiting = self._waiting, []
        dropped, self._dropped = self._dropped, 0
        for line in waiting:
            self._write(line)
        if dropped:
            self.warning("log", "%d lines dropped" % dropped)

    def _line(self, level, area, text):
        if LEVELS.index(level) < LEVELS.index(self.level):
            return
        now_ms = self._now_ms()
        line = ("%d.%03d %s %s: %s\r\n" % (now_ms // 1000, now_ms % 1000, level, area, text)).encode()
        if not self._held:
            self._write(line)
            return
        if len(self._waiting) >= RING_LINES:
            self._waiting.pop(0)
            self._dropped += 1
        self._waiting.append(line)
