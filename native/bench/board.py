"""A board reduced to its media tick, for tick.py: MicroPython, the bridge, one socket, no SIP.

    micropython board.py HOST PORT PARTICIPANTS SIZE PHASES LOUDEST SLOTS SECONDS

The participants are those of host/parleybench/c/load.c (its bench_address and slot_of). Prints one JSON object.
"""

import json
import socket
import struct
import sys
import time

import parley_io
import parley_native

SOCKETS = 8
FIRST_PORT = 40000
SO_RCVBUF, SO_RCVBUFFORCE = 8, 33
BUFFER_BYTES = 8 << 20
FRAME_US = 20_000
STATS = ("legs", "conferences", "received", "taken", "unknown", "sent", "refused", "frames", "voices",
         "encoded", "shared", "copied", "silence")  # fmt: skip
LEG_STATS = ("received", "lost", "late", "duplicate", "played", "silent", "depth", "bad")


def peer(i, slots):
    """Address and port of participant i."""
    port = FIRST_PORT + 2 * (i % slots % SOCKETS)
    return struct.pack(">BBHH", 127, 16, i, port)


def make_bridge(participants, size, loudest, slots):
    """Returns the memory of a bridge with everybody in it."""
    conferences = (participants + size - 1) // size
    memory = parley_io.io_map(parley_native.bridge_size(participants, conferences))
    parley_native.bridge_init(memory, participants, conferences, loudest)
    for i in range(participants):
        seed = struct.pack("<3I", 0x50000000 + i, i, i)
        done = parley_native.bridge_add_leg(memory, i, i // size, 0, 0, 101, 2, 3, seed, peer(i, slots))
        assert done == 0, done
    return memory


def open_socket(host, port):
    """Returns a bound socket with room for a tick's packets."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, struct.pack("<i", BUFFER_BYTES))
    except OSError:
        made.setsockopt(socket.SOL_SOCKET, SO_RCVBUF, struct.pack("<i", BUFFER_BYTES))
    made.bind(socket.getaddrinfo(host, port)[0][-1])
    return made


def run(memory, io, fd, most, phases, seconds):
    """Ticks for `seconds`; returns how many ticks began more than 5 ms late."""
    tick, ticks_us, ticks_diff, ticks_add = parley_io.io_tick, time.ticks_us, time.ticks_diff, time.ticks_add
    period = FRAME_US // phases
    due, late, phase = ticks_us(), 0, 0
    for _ in range(int(seconds * 1e6) // period):
        wait = ticks_diff(due, ticks_us())
        if wait > 0:
            time.sleep_us(wait)
        elif wait < -5000:
            late += 1
        tick(io, memory, fd, most, phase, phases)
        phase = (phase + 1) % phases
        due = ticks_add(due, period)
    return late


def main(host, port, participants, size, phases, loudest, slots, seconds):
    """Runs and reports."""
    memory = make_bridge(int(participants), int(size), int(loudest), int(slots))
    io = bytearray(parley_io.io_size())
    parley_io.io_init(io)
    wire = open_socket(host, int(port))
    print("ready")
    late = run(memory, io, wire.fileno(), 4 * int(participants) + 64, int(phases), float(seconds))
    found = {name: parley_native.bridge_stat(memory, i) for i, name in enumerate(STATS)}
    legs = dict.fromkeys(LEG_STATS, 0)
    for leg in range(int(participants)):
        for i, name in enumerate(LEG_STATS):
            legs[name] += parley_native.bridge_leg_stat(memory, leg, i)
    io_stats = [parley_io.io_stat(io, i) for i in range(7)]
    print(json.dumps({"bridge": found, "legs": legs, "io": io_stats, "late_ticks": late}))


main(*sys.argv[1:])
