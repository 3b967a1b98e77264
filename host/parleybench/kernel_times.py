"""Times the media kernels of one interpreter; runs unchanged on CPython and MicroPython.

    [micro]python kernel_times.py native|slow

Prints one JSON object: kernel -> nanoseconds a call, the best of several rounds, call included.
"""

import json
import struct
import sys
import time

if len(sys.argv) > 1 and sys.argv[1] == "slow":
    from parley.media import kernels_slow as kernels
else:
    from parley.media import kernels

SAMPLES = 160  # 20 ms at 8 kHz
ROUNDS = 5
ROUND_NS = 40_000_000


def noise_pcm():
    """Returns a frame of 16-bit noise at about -20 dBFS, the same on every run."""
    pcm = bytearray(2 * SAMPLES)
    state = 12345
    for i in range(SAMPLES):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        struct.pack_into("<h", pcm, 2 * i, (state >> 15) % 6000 - 3000)
    return pcm


def clock_ns():
    """Returns processor time where there is such a clock, else the wall's."""
    return time.process_time_ns() if hasattr(time, "process_time_ns") else time.time_ns()


def nanoseconds(call):
    """Returns the least mean time of one call over ROUNDS rounds of about ROUND_NS each."""
    repeats = 1
    while True:
        start = clock_ns()
        for _ in range(repeats):
            call()
        took = clock_ns() - start
        if took > ROUND_NS // 4:
            break
        repeats *= 4
    best = took / repeats
    for _ in range(ROUNDS):
        start = clock_ns()
        for _ in range(repeats):
            call()
        best = min(best, (clock_ns() - start) / repeats)
    return best


def cases():
    """Returns name -> call without arguments, one for each kernel of a participant's frame."""
    pcm, out, total = noise_pcm(), bytearray(2 * SAMPLES), bytearray(4 * SAMPLES)
    codes, packet = bytearray(SAMPLES), bytearray(12 + SAMPLES)
    leg, seed = bytearray(kernels.leg_size()), bytearray(12)
    kernels.leg_init(leg, 0, 0, -1, 2, seed)

    def whole_leg():
        kernels.leg_packetise(leg, pcm, packet)
        kernels.leg_receive(leg, packet, len(packet))
        kernels.leg_playout(leg, out)

    return {
        "g711_encode": lambda: kernels.g711_encode(0, pcm, codes),
        "g711_decode": lambda: kernels.g711_decode(0, codes, out),
        "mix_add": lambda: kernels.mix_add(total, pcm),
        "mix_minus": lambda: kernels.mix_minus(total, pcm, out, 32768),
        "level_dbov": lambda: kernels.level_dbov(pcm),
        "leg packetise, receive, playout": whole_leg,
    }


print(json.dumps({name: round(nanoseconds(call)) for name, call in cases().items()}))
