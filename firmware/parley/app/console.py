"""The serial port: the raw REPL for whoever connects, log lines otherwise."""

from parley.app.raw_repl import RawRepl

SILENCE_MS = 30000  # a raw session nobody has used for so long holds the log back no more


class Console:
    """port: runtime.ConsolePort; traceback_of(error) -> text; reset(raw): see RawRepl."""

    def __init__(self, port, traceback_of, log, reset):
        self.namespace = {}
        self.source = port.raw  # for a Poller
        self._port = port
        self._traceback_of = traceback_of
        self._log = log
        self._reset = reset
        self._silent_from_ms = 0
        self._repl = RawRepl(self._execute, port.write, self._soft_reset)

    def readable(self, now_ms):
        """The port has bytes for us. Returns False at the end of the line: it will never have any more."""
        data = self._port.read()
        if not data:
            self._log.release()
            return False
        self._silent_from_ms = now_ms + SILENCE_MS
        self._repl.feed(data)
        if self._repl.raw:
            self._log.hold()
        else:
            self._log.release()
        return True

    def tick(self, now_ms):
        """Lets the log go on after a session that was left open."""
        if now_ms >= self._silent_from_ms:
            self._log.release()

    def _execute(self, source):
        """Runs what the owner sent. SystemExit goes through: machine.reset() of a port without hardware."""
        try:
            exec(source, self.namespace)  # noqa: S102 - whoever holds the serial port owns the board
        except SystemExit:
            raise
        except BaseException as error:  # whatever it was, show it and stay
            return self._traceback_of(error)
        return ""

    def _soft_reset(self, raw):
        self._log.hold()
        self.namespace.clear()
        self.namespace["__name__"] = "__main__"
        self._reset(raw)
