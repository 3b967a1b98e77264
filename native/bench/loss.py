#!/usr/bin/env python3
"""What loss does to speech: PESQ of our bridge beside spandsp's concealment, same clips, same losses.

    python native/bench/loss.py [--seeds 3] [--json FILE]

Random loss and bursts (a Gilbert chain, 2.5 packets in the mean) of packets of 20 ms, PCMU. Ours is the whole way:
packets into a bridge, what the other leg is sent. spandsp's is its PLC alone, fed with the decoded packets that
came. The score is PESQ-NB (ITU-T P.862) against the clip before any coding, in the mean of all clips and seeds.
"""

import argparse
import ctypes
import ctypes.util
import json
import random
import struct
import sys
from multiprocessing import Pool

import numpy as np
from pesq import pesq
from speech import RATE_HZ, clips

import parley_native

FRAME = 160
ROWS = (("random", 1), ("random", 3), ("random", 5), ("random", 10), ("bursts", 5), ("bursts", 10))
BURST_PACKETS = 2.5
SPARED = 3  # first packets, never lost: before speech there is nothing to conceal from
PCMU, SPEAKS, HEARS = 0, 1, 2


def fate(kind, percent, packets, seed):
    """Returns for each packet whether it is lost."""
    source = random.Random(f"{kind} {percent} {seed}")  # noqa: S311 (repeatable on purpose)
    rate, leave = percent / 100, 1 / BURST_PACKETS
    enter = rate * leave / (1 - rate)
    lost, bad = [], False
    for number in range(packets):
        if kind == "random":
            bad = source.random() < rate
        else:
            bad = source.random() >= leave if bad else source.random() < enter
        lost.append(bad and number >= SPARED)
    return lost


def coded(pcm, law=PCMU):
    """Returns the codes of samples."""
    codes = np.zeros(len(pcm), dtype=np.uint8)
    parley_native.g711_encode(law, np.ascontiguousarray(pcm), codes)
    return codes


def decoded(codes, law=PCMU):
    """Returns the samples of codes."""
    pcm = np.zeros(len(codes), dtype=np.int16)
    parley_native.g711_decode(law, np.ascontiguousarray(codes), pcm)
    return pcm


class Table:
    """A bridge with a talker (leg 0) and a listener (leg 1)."""

    def __init__(self):
        self.memory = bytearray(parley_native.bridge_size(2, 1))
        parley_native.bridge_init(self.memory, 2, 1, 0)
        for leg in range(2):
            address = bytes([10, 0, 0, leg + 1, 1, 0])
            parley_native.bridge_add_leg(
                self.memory, leg, 0, PCMU, PCMU, -1, 1, SPEAKS | HEARS, struct.pack("<3I", leg, 0, 0), address
            )

    def send(self, number, codes):
        """Hands in the talker's packet."""
        packet = struct.pack(">BBHII", 0x80, PCMU, number & 0xFFFF, number * FRAME & 0xFFFFFFFF, 7) + bytes(
            codes
        )
        return parley_native.bridge_receive_leg(self.memory, 0, packet, len(packet))

    def tick(self):
        """Returns the codes that the listener is sent in this tick."""
        parley_native.bridge_begin(self.memory, 0, 1)
        made = parley_native.bridge_mix(self.memory, 2)
        for place in range(made):
            if parley_native.bridge_packet_leg(self.memory, place) == 1:
                start = parley_native.bridge_packet(self.memory, place) + 12
                return np.frombuffer(bytes(self.memory[start : start + FRAME]), dtype=np.uint8)
        raise RuntimeError("no packet for the listener")


def ours(codes, lost):
    """Returns what the listener decodes."""
    table, heard = Table(), []
    for number, gone in enumerate(lost):
        if not gone:
            table.send(number, codes[number * FRAME : number * FRAME + FRAME])
        heard.append(table.tick())
    return decoded(np.concatenate(heard))


def spandsp(codes, lost):
    """Returns what spandsp's PLC makes of it; None without the library."""
    name = ctypes.util.find_library("spandsp")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    library.plc_init.restype = ctypes.c_void_p
    state, pcm = ctypes.c_void_p(library.plc_init(None)), decoded(codes)
    for number, gone in enumerate(lost):
        frame = pcm[number * FRAME : number * FRAME + FRAME].copy()
        (library.plc_fillin if gone else library.plc_rx)(state, frame.ctypes.data_as(ctypes.c_void_p), FRAME)
        pcm[number * FRAME : number * FRAME + FRAME] = frame
    library.plc_free(state)
    return pcm


def score(job):
    """Returns (ours, spandsp's or None) of one clip, row and seed."""
    pcm, kind, percent, seed = job
    pcm = pcm[: len(pcm) // FRAME * FRAME]
    codes, lost = coded(pcm), fate(kind, percent, len(pcm) // FRAME, seed)
    other = spandsp(codes, lost)
    mine = pesq(RATE_HZ, pcm, ours(codes, lost), "nb")
    return mine, None if other is None else pesq(RATE_HZ, pcm, other, "nb")


def measure(seeds, processes=2, rows=ROWS):
    """Returns row name -> (mean of ours, mean of spandsp's or None)."""
    speech = list(clips().values())
    if not speech:
        raise RuntimeError("no speech: apt-get install espeak-ng asterisk-core-sounds-en-wav")
    found = {}
    with Pool(processes) as pool:
        for kind, percent in rows:
            jobs = [(pcm, kind, percent, seed) for pcm in speech for seed in range(1, seeds + 1)]
            scores = pool.map(score, jobs)
            others = [other for _, other in scores if other is not None]
            found[f"{percent} % {kind}"] = (
                float(np.mean([mine for mine, _ in scores])),
                float(np.mean(others)) if others else None,
            )
    return found


def main():
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="losses of each kind, for each clip")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    asked = parser.parse_args()
    found = measure(asked.seeds)
    print(
        f"{'loss':14} {'ours':>6} {'spandsp':>8}   PESQ-NB, mean of {len(clips())} clips x {asked.seeds} seeds"
    )
    for row, (mine, other) in found.items():
        print(f"{row:14} {mine:6.3f} {'-' if other is None else format(other, '.3f'):>8}")
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump({"clips": list(clips()), "seeds": asked.seeds, "pesq_nb": found}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
