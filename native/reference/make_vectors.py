"""Writes the golden vectors of the kernels (native/vectors), or checks that they are what the reference says.

One case a line: what, its inputs, its results. PCM and packets are hexadecimal octets (PCM little-endian),
lists are separated by commas, "-" is empty. Lengths hit a vector loop's tail only (1, 3, 7), its body only
(16, 160) and both (163).
"""

import argparse
import random
import sys
import zlib
from pathlib import Path

import numpy as np
import plc
import resample
from dbov import level_dbov
from g722 import Codec
from itu_g711 import LAWS
from mix_minus import limit, mix_minus, mix_scale
from rtp_header import read, write

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
LENGTHS = (1, 3, 7, 16, 160, 163)
SEED = 3550


def noise(source, samples, peak=32767):
    """Returns uniform int16 noise of at most `peak`; the same on every machine and numpy."""
    wide = np.frombuffer(source.randbytes(2 * samples), dtype="<i2").astype(np.int64)
    return (wide * peak // 32767).clip(-32768, 32767).astype(np.int16)


def text(octets):
    """Returns octets, or an array as little-endian octets, in hexadecimal."""
    octets = bytes(octets) if isinstance(octets, (bytes, bytearray)) else octets.tobytes()
    return octets.hex() or "-"


def borders(law):
    """Returns every decision value and its neighbours, both signs, within 16 bits: where codes change."""
    around = np.concatenate([law.decisions + step for step in (-1, 0, 1)])
    both = np.unique(np.concatenate((around, -around, [-32768, 32767])))
    return both[(both >= -32768) & (both <= 32767)].astype(np.int16)


def g711_cases(source):
    """decode LAW CODES PCM; encode LAW PCM CODES; path: one talker's codes to what the others get.

    sweep LAW CRC: CRC-32 of the codes of -32768..32767.
    """
    everything = np.arange(-32768, 32768).astype(np.int16)
    codes = np.arange(256).astype(np.uint8)
    for number, law in LAWS.items():
        yield f"decode {number} {text(codes)} {text(law.decode(codes))}"
        yield f"encode {number} {text(borders(law))} {text(law.encode(borders(law)))}"
        yield f"sweep {number} {zlib.crc32(law.encode(everything).tobytes()):08x}"
        yield f"path {number} {text(codes)} {text(law.encode(mix_minus([law.decode(codes)], None)[0]))}"
        for length in LENGTHS:
            pcm = noise(source, length)
            yield f"encode {number} {text(pcm)} {text(law.encode(pcm))}"
            yield f"decode {number} {text(law.encode(pcm))} {text(law.decode(law.encode(pcm)))}"


def mix_case(talkers):
    """mix PCM,PCM,... OUT,OUT,...: the result of each talker in turn, then of a mere listener."""
    results = [mix_minus(talkers, own)[0] for own in (*range(len(talkers)), None)]
    return f"mix {','.join(map(text, talkers))} {','.join(map(text, results))}"


def limit_case(sums, gain):
    """limit GAIN SUMS OUT,GAIN."""
    out, after = limit(sums, gain)
    return f"limit {gain} {text(np.asarray(sums, dtype='<i4'))} {text(out)},{after}"


def limit_cases(source):
    """Frames that swell, fade, begin and end loud, at gains from 1 to 0, up to the sums of the largest conference."""
    for samples in (1, 16, 17, 160):
        for loudness in (1, 2, 16384):
            sums = noise(source, samples).astype(np.int64) * loudness
            for gain in (32768, 32767, 16384, 0):
                yield limit_case(sums, gain)
    for block in (0, 1, 4, 9):
        for peak in (32768, 40000, 10**6):
            sums = noise(source, 160, 9000).astype(np.int64)
            sums[16 * block + block] = peak * (-1) ** block
            for gain in (32768, 12000):
                yield limit_case(sums, gain)
    yield limit_case(noise(source, 490).astype(np.int64) * 3, 30001)
    yield limit_case(np.full(160, -(2**31)), 32768)


def mix_cases(source):
    """Quiet, loud and extreme blocks; every wanted value around the end of the scale."""
    for length in LENGTHS:
        for talkers, peak in ((2, 8000), (3, 32767)):
            yield mix_case(noise(source, talkers * length, peak).reshape(talkers, length))
    for value in (-32768, 32767):
        for talkers in (1, 2, 9):
            yield mix_case(np.full((talkers, 16), value, dtype=np.int16))
    ramp = (24576, 32766, 32767, 32768, 32769, 40000, 65534)
    both = np.array([*ramp, *(-value for value in ramp)])
    yield mix_case(np.stack((both // 2, both - both // 2)).astype(np.int16))
    for gain in (0, 1, 128, 255, 256, 257, 363, 1000, 4096):
        pcm = np.concatenate(
            (np.array([-32768, -4, -3, -2, -1, 0, 1, 2, 3, 4, 32767]), noise(source, 40, 32767))
        )
        yield f"scale {gain} {text(pcm.astype(np.int16))} {text(mix_scale(pcm, gain))}"


def level_cases(source):
    """level PCM DBOV: silence, one step, square waves, DC, sines and noise from overload to the floor."""
    blocks = [np.full(160, -32768), np.full(7, 32767), np.full(163, 100), [1], [0] * 160, [1] + [0] * 159]
    blocks.append([1] + [0] * 1999)  # less than one step in the mean: beyond 120
    blocks.append(np.where(np.arange(160) % 2, 8031, -8031))
    phase = 2 * np.pi * 440 / 8000 * np.arange(160)
    blocks += [10 ** (-loss / 20) * 32767 * np.sin(phase) for loss in range(0, 96, 5)]
    blocks += [noise(source, length, 300) for length in LENGTHS]
    for block in blocks:
        pcm = np.rint(block).astype(np.int16)
        yield f"level {text(pcm)} {level_dbov(pcm)}"


def read_case(packet):
    """read PACKET RESULT FIELDS."""
    result, fields = read(packet)
    return f"read {text(packet)} {result} {','.join(map(str, fields)) if fields else '-'}"


def rtp_cases(source):
    """read: whole, every truncation, each broken length; write FIELDS PACKET."""
    plain = write(0, 0, 1, 160, 0x1234ABCD)
    payload = source.randbytes(20)
    extended = (
        bytes([0xB2]) + plain[1:] + source.randbytes(8) + bytes.fromhex("bede0002") + source.randbytes(8)
    )
    whole = extended + payload[:9] + b"\x00\x00\x03"
    yield from (read_case(whole[:length]) for length in range(len(whole) + 1))
    yield from (read_case(plain + payload[:length]) for length in (0, 1, 20))
    for padding in (0, 1, 20, 21, 255):
        yield read_case(bytes([0xA0]) + plain[1:] + payload[:19] + bytes([padding]))
    yield read_case(bytes([0xA0]) + plain[1:])
    yield read_case(bytes([0x90]) + plain[1:] + bytes.fromhex("bedeffff") + payload)
    yield read_case(bytes([0x8F]) + plain[1:] + source.randbytes(60))
    yield from (read_case(bytes([version << 6]) + plain[1:] + payload) for version in range(4))
    for fields in ((0, 0, 0, 0, 0), (127, 1, 65535, 2**32 - 1, 2**32 - 1), (8, 1, 256, 2**31, 2**31 - 1)):
        packet = write(*fields)
        yield f"write {','.join(map(str, (*fields, 0, 0, 0)))} {text(packet)}"
        yield read_case(packet + payload)


def voice(source, samples, rate_hz, period, peak=9000):
    """Returns something like a vowel: a decaying pulse every `period` samples, in a little noise."""
    phase = np.arange(samples) % period
    wave = np.exp(-phase * 400 / rate_hz) * np.cos(2 * np.pi * 700 / rate_hz * phase) * peak
    return (wave + noise(source, samples, peak // 20)).round().clip(-32768, 32767).astype(np.int16)


def plc_cases(source):
    """pitch HISTORY LAG; conceal HISTORY PITCH,LOST PCM; recover HISTORY PITCH,LOST PCM,RESULT."""
    for scale in (1, 2):
        count = plc.HISTORY * scale
        histories = [voice(source, count, 8000 * scale, period * scale) for period in (33, 57, 80, 119)]
        histories += [noise(source, count), noise(source, count, 3), np.zeros(count, dtype=np.int16)]
        histories += [np.full(count, -32768, dtype=np.int16), voice(source, count, 8000 * scale, 60, 60000)]
        for history in histories:
            lag = plc.pitch(history, scale)
            yield f"pitch {text(history)} {lag}"
            for lost, samples in ((0, 80), (80, 80), (400, 80), (480, 16), (7, 1)):
                pcm = plc.conceal(history, scale, lag, lost, samples * scale)
                yield f"conceal {text(history)} {lag},{lost} {text(pcm)}"
            for lost in (80, 160, 480):
                pcm = noise(source, 20 * scale)
                after = plc.recover(history, scale, lag, lost * scale, pcm)
                yield f"recover {text(history)} {lag},{lost * scale} {text(pcm)},{text(after)}"


def g722_cases(source):
    """g722 PCM CODES,DECODED: a coder, and a decoder of its codes; follow CODES PCM,LATER NEXT."""
    for pcm in (
        noise(source, 640),
        noise(source, 640, 20),
        np.zeros(320, dtype=np.int16),
        voice(source, 1600, 16000, 130),
        np.where(np.arange(640) // 37 % 2, 32767, -32768).astype(np.int16),
    ):
        codes = Codec().encode(pcm)
        decoded = np.array(Codec().decode(codes), dtype=np.int16)
        yield f"g722 {text(pcm)} {text(codes)},{text(decoded)}"
        ahead = Codec().encode(np.concatenate((pcm, pcm[:64])))
        yield f"follow {text(codes)} {text(pcm[-24:])},{text(pcm[:64])} {text(ahead[len(codes) :])}"


def resample_cases(source):
    """up PCM OUT, down PCM OUT (in two parts, the first as long as out // 4 * 2), stretch PCM OUT."""
    for samples, peak in ((160, 32767), (40, 32767), (8, 3), (160, 8000)):
        pcm = noise(source, 2 * samples, peak)
        yield f"down {text(pcm)} {text(resample.down(pcm))}"
        yield f"up {text(pcm[:samples])} {text(resample.up(pcm[:samples]))}"
    for taken, made in (
        (161, 160),
        (159, 160),
        (176, 160),
        (144, 160),
        (322, 320),
        (1, 3),
        (2, 1),
        (160, 160),
    ):
        pcm = noise(source, taken)
        yield f"stretch {text(pcm)} {text(resample.stretch(pcm, made))}"


CASES = {
    "g711": g711_cases,
    "g722": g722_cases,
    "level": level_cases,
    "limit": limit_cases,
    "mix": mix_cases,
    "plc": plc_cases,
    "resample": resample_cases,
    "rtp": rtp_cases,
}


def main():
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true")
    mode.add_argument("--write", action="store_true")
    writes = parser.parse_args().write
    different = 0
    for name, cases in CASES.items():
        path = VECTORS / f"{name}.txt"
        source = random.Random(SEED)  # noqa: S311 (repeatable on purpose)
        made = "".join(f"{line}\n" for line in cases(source))
        if writes:
            path.write_text(made, encoding="ascii", newline="\n")
        elif not path.exists() or path.read_text(encoding="ascii") != made:
            print(f"{path.name} is not what the reference makes", file=sys.stderr)
            different += 1
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
