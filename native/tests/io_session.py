"""64 participants, one socket, a few ticks: io_session.py HOST. Runs on CPython and on MicroPython alike."""

import socket
import struct
import sys
from array import array

import parley_io
import parley_native

LEGS, PORT = 64, 24000


def address_of(port):
    return socket.getaddrinfo(sys.argv[1], port)[0][-1]


def open_socket(port):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(address_of(port))
    return made


def main():
    host = bytes([int(part) for part in sys.argv[1].split(".")])
    board = open_socket(PORT)
    peers = [open_socket(PORT + 2 + 2 * i) for i in range(LEGS)]
    memory = parley_io.io_map(parley_native.bridge_size(LEGS, 16))
    io = bytearray(parley_io.io_size())
    parley_io.io_init(io)
    parley_native.bridge_init(memory, LEGS, 16, 0)
    for i in range(LEGS):
        peer = host + struct.pack(">H", PORT + 2 + 2 * i)
        assert parley_native.bridge_add_leg(memory, i, i // 4, 0, 0, -1, 1, 3, bytes(12), peer) == 0
    for tick in range(3):
        for i in range(LEGS):
            header = struct.pack(">BBHII", 0x80, 0, tick, 160 * tick, i)
            peers[i].sendto(header + bytes([0xA0 + i]) * 160, address_of(PORT))
        before = parley_native.bridge_stat(memory, 3)
        sent = parley_io.io_tick(io, memory, board.fileno(), 1000, 0, 1)
        print("taken", parley_native.bridge_stat(memory, 3) - before, "sent", sent)
    for i in range(LEGS):
        packets = [peers[i].recv(2000) for _ in range(3)]
        assert [len(packet) for packet in packets] == [172, 172, 172]
        print(i, packets[2][:12].hex(), packets[2][12:16].hex())
    parley_io.io_line(io, 3, peers[0].fileno())  # not connected: nothing goes there
    print("sent", parley_io.io_tick(io, memory, board.fileno(), 1000, 0, 1))
    parley_io.io_line(io, 3, -1)
    print("sent", parley_io.io_tick(io, memory, board.fileno(), 1000, 0, 1))
    plan = array("i", [0, 10, 0, 1000, 0, 2, 7, 0])
    for _ in range(2):
        print("ticks", parley_io.io_run(io, memory, board.fileno(), 1000, array("i"), 0, plan), list(plan))
        plan[0] = 0
    plan[2] = -1
    try:
        parley_io.io_run(io, memory, board.fileno(), 1000, array("i"), 0, plan)
    except ValueError:
        print("no such plan")
    try:
        parley_io.io_line(io, -1, 0)
    except ValueError:
        print("no such leg")
    print([parley_io.io_stat(io, index) for index in range(6)])


main()
