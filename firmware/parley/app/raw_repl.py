"""MicroPython's raw REPL as a state machine over bytes: no I/O, no imports, no knowledge of the runtime.

The unix port has no raw REPL of its own, and on every board the application owns the serial port while calls
are up. So the application serves the protocol itself, and `mpremote`, the build's flashing tool and the bench
drive a running bridge exactly as they drive a bare board. A boot ROM may load this file alone.

Source: docs.micropython.org, reference/repl, "Raw mode and raw-paste mode". Raw-paste is answered "not
supported", which the protocol foresees; hosts then send plain raw mode.
"""

CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E = 1, 2, 3, 4, 5
BACKSPACE, NEWLINE, RETURN, DELETE = 8, 10, 13, 127

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
FRIENDLY_BANNER = b"\r\nMicroPython (Parley); CTRL-A for the raw REPL, CTRL-D to reset\r\n>>> "
PROMPT = b">>> "
SOFT_REBOOT = b"MPY: soft reboot\r\n"
RAW_PASTE_REFUSED = b"R\x00"

MAX_SOURCE_BYTES = 65536


class RawRepl:
    """One serial session; begins in friendly mode.

    execute(source: str) -> str: runs the source in namespace that lasts between calls, lets its prints go to
        the same wire as `write`, returns the traceback text ("" when it ran to its end); lets SystemExit
        through.
    write(data: bytes): sends to the wire. reset(raw: bool): Ctrl-D on an empty line. raw=True: stop the
    application, forget the namespace, return; this object
        then shows the raw banner again, as a board does that was soft reset out of raw mode (main.py does not
        run). raw=False: reset for good; normally raises SystemExit.
    """

    def __init__(self, execute, write, reset):
        self.raw = False  # a raw session is open: whoever else writes to the wire should hold back
        self._execute = execute
        self._write = write
        self._reset = reset
        self._line = bytearray()
        self._overflow = False

    def feed(self, data):
        """Takes bytes from the wire, in pieces of any size. Answers are written before it returns."""
        for byte in data:
            if self.raw:
                self._raw_byte(byte)
            else:
                self._friendly_byte(byte)

    def _raw_byte(self, byte):
        if byte == CTRL_A:
            if bytes(self._line) == b"\x05A":
                self._clear()
                self._write(RAW_PASTE_REFUSED)
            else:
                self._enter_raw()
        elif byte == CTRL_B:
            self.raw = False
            self._clear()
            self._write(FRIENDLY_BANNER)
        elif byte == CTRL_C:
            self._clear()
        elif byte == CTRL_D:
            self._run_raw()
        else:
            self._append(byte)

    def _run_raw(self):
        """Ctrl-D in raw mode: run what was sent, or soft reset when nothing was."""
        source, overflow = bytes(self._line), self._overflow
        self._clear()
        self._write(b"OK")
        if not source:
            self._write(b"\r\n" + SOFT_REBOOT)
            self._reset(True)
            self._enter_raw()
            return
        traceback = "MemoryError: source too long\r\n" if overflow else self._run(source)
        self._write(b"\x04" + traceback.encode() + b"\x04>")

    def _friendly_byte(self, byte):
        if byte == CTRL_A:
            self._enter_raw()
        elif byte == CTRL_B:
            self._clear()
            self._write(FRIENDLY_BANNER)
        elif byte == CTRL_C:
            self._clear()
            self._write(b"\r\n" + PROMPT)
        elif byte == CTRL_D:
            self._clear()
            self._write(b"\r\n" + SOFT_REBOOT)
            self._reset(False)
        elif byte in (RETURN, NEWLINE):
            self._run_line()
        elif byte in (BACKSPACE, DELETE):
            if self._line:
                self._line = self._line[:-1]
                self._write(b"\b \b")
        elif byte >= 32:
            self._append(byte)
            self._write(bytes((byte,)))

    def _run_line(self):
        """One line of the friendly mode.

        A statement at a time, values are not shown: it is there for emergencies.
        """
        source = bytes(self._line)
        if not source:
            return  # hosts send a lone CR before each control character
        self._clear()
        self._write(b"\r\n")
        self._write(self._run(source).encode() + PROMPT)

    def _run(self, source):
        try:
            text = source.decode()
        except UnicodeError:
            return "UnicodeError: source is not UTF-8\r\n"
        return self._execute(text)

    def _enter_raw(self):
        self.raw = True
        self._clear()
        self._write(RAW_BANNER)

    def _append(self, byte):
        if len(self._line) < MAX_SOURCE_BYTES:
            self._line.append(byte)
        else:
            self._overflow = True

    def _clear(self):
        self._line = bytearray()
        self._overflow = False
