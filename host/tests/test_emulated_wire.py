"""The wire of an emulated board: frames on a socket pair, datagrams on the board's own address."""

import contextlib
import select
import socket
import struct

import pytest

from parleyd.emulated_wire import BURST_BYTES, PAUSE_S, EthernetWire
from parleyd.ethernet import GATEWAY_MAC, Datagram, FrameGateway

HOST = "127.0.1.231"
BOARD_MAC = bytes.fromhex("025041520001")
PORT = 15060


class Bench:
    """A wire with a board's end in the hands of the test."""

    def __init__(self, ports=(PORT,)):
        self.poller = select.epoll()
        self.wire = EthernetWire(HOST, ports, self.poller)
        self.board = self.wire.connect()
        self.board.settimeout(2)
        self.phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.phone.bind(("127.0.0.1", 0))
        self.phone.settimeout(2)
        self.now_s = 0.0

    def turn(self):
        """Handles what is ready now, then lets the wire send."""
        for handle, _ in self.poller.poll(0.2):
            self.wire.serve(handle)
        self.now_s += PAUSE_S
        return self.wire.pump(self.now_s)

    def frame(self):
        """The next frame that the board gets."""
        (length,) = struct.unpack("!I", self.board.recv(4, socket.MSG_WAITALL))
        return self.board.recv(length, socket.MSG_WAITALL)

    def speak(self, payload, port=PORT, host=HOST):
        """The board sends a datagram to the phone."""
        (frame,) = FrameGateway("127.0.0.1").to_board(
            Datagram((host, port), self.phone.getsockname(), payload)
        )
        frame = GATEWAY_MAC + BOARD_MAC + frame[12:]
        self.board.sendall(struct.pack("!I", len(frame)) + frame)


@pytest.fixture
def bench():
    made = Bench()
    with contextlib.closing(made.wire), made.phone:
        yield made


def test_a_phone_s_datagram_becomes_a_frame(bench):
    bench.phone.sendto(b"hello", (HOST, PORT))
    assert bench.turn() is None
    _, (datagram,) = FrameGateway(HOST).from_board(bench.frame())
    assert datagram == Datagram(bench.phone.getsockname(), (HOST, PORT), b"hello")


def test_a_board_s_frame_becomes_a_datagram_from_its_own_address(bench):
    bench.speak(b"hello")
    bench.turn()
    assert bench.phone.recvfrom(100) == (b"hello", (HOST, PORT))


def test_a_port_is_bound_when_the_board_first_speaks_from_it(bench):
    bench.speak(b"new", port=PORT + 2)
    bench.turn()
    assert bench.phone.recvfrom(100) == (b"new", (HOST, PORT + 2))
    bench.phone.sendto(b"back", (HOST, PORT + 2))
    bench.turn()
    assert bench.frame().endswith(b"back")


def test_a_foreign_source_address_is_refused(bench):
    bench.speak(b"forged", host="127.0.1.230")
    bench.turn()
    assert bench.wire.counters["refused"] == 1


def test_frames_may_come_in_pieces(bench):
    bench.speak(b"one")
    bench.speak(b"two")
    data = bench.wire._board.recv(4096)
    pieces = [data[:3], data[3:50], data[50:]]
    for piece in pieces:
        bench.board.sendall(piece)
        bench.turn()
    assert [bench.phone.recv(100) for _ in range(2)] == [b"one", b"two"]


def test_bursts_are_paced(bench):
    for number in range(40):
        bench.phone.sendto(bytes([number]) * 400, (HOST, PORT))
    assert bench.turn() == PAUSE_S  # the first burst is out, the rest waits
    bench.board.setblocking(False)
    assert len(bench.board.recv(1 << 20)) == BURST_BYTES
    bench.now_s += PAUSE_S / 2
    wait_s = bench.wire.pump(bench.now_s)
    assert wait_s is not None and 0 < wait_s <= PAUSE_S
    with pytest.raises(BlockingIOError):
        bench.board.recv(1)


def test_a_board_that_is_off_loses_what_comes(bench):
    bench.board.close()
    bench.turn()
    bench.phone.sendto(b"lost", (HOST, PORT))
    bench.turn()
    assert bench.wire.counters["lost"] == 1
    with bench.wire.connect() as board:
        board.settimeout(2)
        bench.phone.sendto(b"kept", (HOST, PORT))
        bench.turn()
        bench.board = board
        assert bench.frame().endswith(b"kept")


def test_a_taken_port_is_told_and_nothing_stays_open(bench):
    with pytest.raises(OSError, match="in use"):
        EthernetWire(HOST, (PORT + 4, PORT), bench.poller)
    EthernetWire(HOST, (PORT + 4,), bench.poller).close()
