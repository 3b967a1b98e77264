"""Console logs of boards on serial ports: a pseudo-terminal is the port, real as far as pyserial can tell."""

import asyncio
import os
import pty
import threading
import time
import tty
from dataclasses import dataclass

import serial

from parleyd.roster import Enrolled
from parleyd.serial_consoles import SerialConsole, borrowed

USB_SERIAL = "0042"
PATIENCE_S = 10


@dataclass
class Port:
    """What list_ports tells of a board that is plugged in."""

    device: str
    serial_number: str | None
    vid: int | None = 0x0483
    pid: int | None = 0x374B


class Plug:
    """The board's end of the line."""

    def __init__(self):
        self.board, self._line = pty.openpty()
        tty.setraw(self._line)
        self.name = os.ttyname(self._line)

    def say(self, text):
        os.write(self.board, text)

    def pull(self):
        os.close(self.board)
        os.close(self._line)


class Bench:
    """A console with the ports there are."""

    def __init__(self, state, usb_serial=USB_SERIAL, port="", **limits):
        self.state = state
        self.ports = []
        board = Enrolled("bench-1", "192.0.2.1", 5060, "k", "virtual", usb_serial, port)
        self.console = SerialConsole(state, board, 115200, lambda: self.ports, **limits)

    def plug_in(self):
        plug = Plug()
        self.ports = [Port("/dev/null", "another"), Port(plug.name, USB_SERIAL)]
        return plug

    def text(self):
        return self.console.path.read_text()

    async def until(self, found):
        end_s = time.monotonic() + PATIENCE_S
        while not found():
            assert time.monotonic() < end_s, self.text()
            await asyncio.sleep(0.02)


def run(bench, play):
    async def whole():
        task = asyncio.create_task(bench.console.run())
        try:
            await play()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(whole())


def test_a_board_is_found_by_its_usb_serial_number_and_again_at_another_port(tmp_path):
    bench = Bench(tmp_path)

    async def play():
        first = bench.plug_in()
        await bench.until(lambda: "is open" in bench.text())
        first.say(b"Parley starts\r\n")
        await bench.until(lambda: "Parley starts" in bench.text())
        bench.ports = []
        first.pull()
        await bench.until(lambda: "closed: unplugged" in bench.text())
        second = bench.plug_in()
        await bench.until(lambda: bench.text().count("is open") == 2)
        second.say(b"once more\r\n")
        await bench.until(lambda: "once more" in bench.text())
        second.pull()

    run(bench, play)
    assert "Parley starts" in bench.text()


def test_a_board_without_a_number_is_at_the_port_it_was_provisioned_at(tmp_path):
    link = tmp_path / "ttyS9"
    bench = Bench(tmp_path, "", str(link))

    async def play():
        plug = Plug()
        link.symlink_to(plug.name)
        await bench.until(lambda: "is open" in bench.text())
        plug.say(b"hello\n")
        await bench.until(lambda: "hello" in bench.text())
        plug.pull()

    run(bench, play)


def test_the_log_has_bounds(tmp_path):
    bench = Bench(tmp_path, limit_bytes=2000, kept=2)

    async def play():
        plug = bench.plug_in()
        await bench.until(lambda: "is open" in bench.text())
        for number in range(100):
            plug.say(b"%04d " % number + b"x" * 95)
            await asyncio.sleep(0)
        await bench.until(lambda: "0099" in bench.text())
        plug.pull()

    run(bench, play)
    files = sorted(path.name for path in bench.console.path.parent.glob("console.log*"))
    assert files == ["console.log", "console.log.1", "console.log.2"]
    assert all((bench.console.path.parent / name).stat().st_size <= 6100 for name in files)


def test_a_command_borrows_the_port(tmp_path):
    bench = Bench(tmp_path)
    opened, done = threading.Event(), threading.Event()

    def command(name):
        with borrowed(tmp_path, "bench-1"), serial.Serial(name, exclusive=True, timeout=PATIENCE_S) as port:
            opened.set()
            assert port.read(6) == b"for it"
        done.set()

    async def play():
        plug = bench.plug_in()
        await bench.until(lambda: "is open" in bench.text())
        thread = threading.Thread(target=command, args=(plug.name,))
        thread.start()
        await bench.until(opened.is_set)
        assert "closed: lent to a command" in bench.text()
        plug.say(b"for it")
        await bench.until(done.is_set)
        await bench.until(lambda: bench.text().count("is open") == 2)
        plug.say(b"for us\n")
        await bench.until(lambda: "for us" in bench.text())
        plug.pull()
        thread.join()

    run(bench, play)
    assert "for it" not in bench.text()
