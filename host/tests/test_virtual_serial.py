"""The bridge between a board's serial line and the port that tools open, with real pseudo-terminals."""

import os
import select
import termios
import time
import tty

import pytest

from parleyd.virtual_serial import TO_HOST_LIMIT_BYTES, SerialBridge


class Bench:
    """A bridge, its loop, and the board's end of the line."""

    def __init__(self, folder):
        self.port = folder / "serial"
        self.poller = select.epoll()
        self.logged = bytearray()
        self.pending = False
        self.bridge = SerialBridge(self.port, self.poller, self.logged.extend)
        self.power_on()

    def power_on(self):
        device = self.bridge.connect()
        self.board = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.bridge.connected()

    def power_off(self):
        os.close(self.board)
        self.bridge.disconnect()
        self.pending = True  # the keeper's loop was woken up by the end of the process

    def open_port(self):
        return os.open(self.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def turn(self):
        """One turn of the keeper's loop, which does nothing unless it is woken up or bytes are pending."""
        if self.poller.poll(0.005) or self.pending:
            self.pending = self.bridge.pump()

    def until(self, done, timeout_s=5.0):
        """Turns the loop until done() is true."""
        deadline_s = time.monotonic() + timeout_s
        while not done():
            assert time.monotonic() < deadline_s, "the bytes do not come"
            self.turn()

    def read(self, handle, count, step=65536):
        """Turns the loop until count bytes were read from the handle, `step` at a time."""
        got = bytearray()

        def enough():
            try:
                got.extend(os.read(handle, step))
            except BlockingIOError:
                pass
            return len(got) >= count

        self.until(enough)
        return bytes(got)

    def send(self, handle, data):
        """Writes everything, turning the loop while the line is full."""
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(handle, left) :]
            except BlockingIOError:
                self.turn()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.bridge.close()
    made.poller.close()


EVERY_BYTE = bytes(range(256))


def test_bytes_pass_unchanged_both_ways(bench):
    port = bench.open_port()
    bench.send(port, EVERY_BYTE)
    assert bench.read(bench.board, 256) == EVERY_BYTE
    bench.send(bench.board, EVERY_BYTE)
    assert bench.read(port, 256) == EVERY_BYTE
    assert bytes(bench.logged) == EVERY_BYTE
    os.close(port)


def test_nobody_at_the_port_never_holds_the_board_up(bench):
    said = os.urandom(300_000)
    bench.send(bench.board, said)
    bench.until(lambda: len(bench.logged) == len(said))
    assert bytes(bench.logged) == said


def test_a_tool_sees_nothing_from_before_it_came(bench):
    bench.send(bench.board, b"old news")
    bench.until(lambda: bench.logged == b"old news")
    port = bench.open_port()
    bench.send(bench.board, b"fresh")
    assert bench.read(port, 5) == b"fresh"
    os.close(port)


def test_a_tool_sees_nothing_that_its_predecessor_left_unread(bench):
    first = bench.open_port()
    bench.send(bench.board, os.urandom(200_000))
    bench.until(lambda: len(bench.logged) == 200_000)
    os.close(first)
    bench.turn()  # woken up by the hang-up
    second = bench.open_port()
    bench.send(bench.board, b"fresh")
    assert bench.read(second, 5) == b"fresh"
    os.close(second)


def test_a_slow_tool_loses_nothing(bench):
    port = bench.open_port()
    said = os.urandom(150_000)
    bench.send(bench.board, said)
    assert bench.read(port, len(said), step=997) == said
    os.close(port)


def test_a_tool_that_never_reads_costs_bounded_memory_and_holds_nobody_up(bench):
    port = bench.open_port()
    said = 2 * TO_HOST_LIMIT_BYTES
    bench.send(bench.board, bytes(said))
    bench.until(lambda: len(bench.logged) == said)
    assert len(bench.bridge._to_host) <= TO_HOST_LIMIT_BYTES
    os.close(port)


def test_a_slow_board_loses_nothing(bench):
    port = bench.open_port()
    sent = os.urandom(100_000)
    left, got = memoryview(sent), bytearray()

    def done():
        nonlocal left
        try:
            left = left[os.write(port, left[:5000]) :]
        except BlockingIOError:
            pass
        try:
            got.extend(os.read(bench.board, 777))
        except BlockingIOError:
            pass
        return len(got) == len(sent)

    bench.until(done, 20.0)
    assert bytes(got) == sent
    os.close(port)


def test_a_board_that_does_not_read_stops_the_tool(bench):
    port = bench.open_port()
    written = 0
    with pytest.raises(BlockingIOError):
        for _ in range(1000):
            written += os.write(port, bytes(1000))
            bench.turn()
    assert written < 200_000
    os.close(port)


def test_one_line_and_gone(bench):
    """As in: printf '\\x03' > serial."""
    port = bench.open_port()
    os.write(port, b"\x03")
    os.close(port)
    assert bench.read(bench.board, 1) == b"\x03"


def test_the_port_survives_the_board(bench):
    port = bench.open_port()
    path = os.readlink(bench.port)
    bench.power_off()
    os.write(port, b"to nobody")
    bench.turn()
    bench.power_on()
    bench.send(port, b"hello")
    assert bench.read(bench.board, 5) == b"hello"
    bench.send(bench.board, b"again")
    assert bench.read(port, 5) == b"again"
    assert os.readlink(bench.port) == path
    os.close(port)


def test_last_words_of_a_board_are_kept(bench):
    port = bench.open_port()
    os.write(bench.board, b"traceback")
    bench.power_off()
    assert bench.read(port, 9) == b"traceback"
    assert bytes(bench.logged) == b"traceback"
    os.close(port)


def test_a_tool_that_leaves_echo_on_does_not_make_the_board_hear_itself(bench):
    port = bench.open_port()
    settings = termios.tcgetattr(port)
    settings[3] |= termios.ECHO | termios.ICANON
    termios.tcsetattr(port, termios.TCSANOW, settings)
    bench.send(port, b"x\n")
    bench.read(bench.board, 2)
    os.close(port)
    bench.turn()
    again = bench.open_port()
    assert not termios.tcgetattr(again)[tty.LFLAG] & (termios.ECHO | termios.ICANON)
    os.close(again)


def test_the_link_goes_with_the_bridge(tmp_path):
    bench = Bench(tmp_path)
    bench.bridge.close()
    assert not bench.port.is_symlink()


def test_a_link_left_by_a_crash_is_replaced(tmp_path):
    (tmp_path / "serial").symlink_to("/dev/pts/nowhere")
    (tmp_path / "serial.new").symlink_to("/dev/pts/nowhere")
    bench = Bench(tmp_path)
    assert os.path.exists(bench.port)
    bench.bridge.close()
