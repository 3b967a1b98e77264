"""Runs the golden vectors over one implementation of the kernels: run_vectors.py MODULE FILE...

A program of its own because it runs on CPython and on MicroPython alike; a board imports it and calls main().
Exit code 1 and a line per failure.
"""

import binascii
import struct
import sys


def octets(text):
    return bytearray(b"" if text == "-" else binascii.unhexlify(text))


def block(kernels, frames):
    """Returns the 32-bit sums of frames."""
    total = bytearray(2 * len(frames[0]))
    kernels.mix_clear(total)
    for frame in frames:
        kernels.mix_add(total, frame)
    return total


def decode(kernels, law, codes, pcm):
    result = bytearray(len(octets(pcm)))
    assert kernels.g711_decode(int(law), octets(codes), result) == len(octets(codes))
    assert result == octets(pcm)


def encode(kernels, law, pcm, codes):
    result = bytearray(len(octets(codes)))
    assert kernels.g711_encode(int(law), octets(pcm), result) == len(octets(codes))
    assert result == octets(codes)


def sweep(kernels, law, crc):
    found = 0
    for first in range(-32768, 32768, 4096):
        pcm = bytearray(2 * 4096)
        for i in range(4096):
            struct.pack_into("<h", pcm, 2 * i, first + i)
        codes = bytearray(4096)
        kernels.g711_encode(int(law), pcm, codes)
        found = binascii.crc32(codes, found)
    assert found == int(crc, 16)


def path(kernels, law, codes, heard):
    """One talker: what the others get, through decode, mix and encode."""
    pcm = bytearray(2 * len(octets(codes)))
    kernels.g711_decode(int(law), octets(codes), pcm)
    assert kernels.mix_minus(block(kernels, [pcm]), None, pcm, 32768) == 32768
    result = bytearray(len(octets(codes)))
    kernels.g711_encode(int(law), pcm, result)
    assert result == octets(heard)


def mix(kernels, talkers, results):
    frames = [octets(frame) for frame in talkers.split(",")]
    total = block(kernels, frames)
    for own, expected in zip(frames + [None], results.split(",")):  # noqa: B905, RUF005 (MicroPython)
        out = bytearray(len(frames[0]))
        kernels.mix_minus(total, own, out, 32768)
        assert out == octets(expected)
    kernels.mix_minus(total, frames[0], frames[0], 32768)  # in place
    assert frames[0] == octets(results.split(",")[0])


def limit(kernels, gain, sums, result):
    expected, after = result.split(",")
    out = bytearray(len(octets(expected)))
    assert kernels.mix_minus(octets(sums), None, out, int(gain)) == int(after)
    assert out == octets(expected)


def scale(kernels, gain, pcm, scaled):
    made = bytearray(octets(pcm))
    kernels.mix_scale(made, int(gain))
    assert made == octets(scaled)


def level(kernels, pcm, dbov):
    assert kernels.level_dbov(octets(pcm)) == int(dbov)


def read(kernels, packet, result, fields):
    untouched = bytearray(b"\xa5" * 32)
    found = bytearray(untouched)
    assert kernels.rtp_read(octets(packet), len(octets(packet)), found) == int(result)
    if fields == "-":
        assert found == untouched
    else:
        assert struct.unpack("<8I", found) == tuple([int(field) for field in fields.split(",")])


def write(kernels, fields, packet):
    words = struct.pack("<8I", *[int(field) for field in fields.split(",")])
    result = bytearray(12)
    assert kernels.rtp_write(result, words) == 12
    assert result == octets(packet)


def pitch(kernels, history, lag):
    assert kernels.plc_pitch(octets(history)) == int(lag)


def conceal(kernels, history, place, pcm):
    result = bytearray(len(octets(pcm)))
    lag, lost = [int(word) for word in place.split(",")]
    kernels.plc_conceal(octets(history), lag, lost, result)
    assert result == octets(pcm)


def recover(kernels, history, place, both):
    pcm, after = [octets(word) for word in both.split(",")]
    lag, lost = [int(word) for word in place.split(",")]
    kernels.plc_recover(octets(history), lag, lost, pcm)
    assert pcm == after


def g722(kernels, pcm, both):
    codes, decoded = [octets(word) for word in both.split(",")]
    state, made, back = bytearray(152), bytearray(len(codes)), bytearray(len(decoded))
    kernels.g722_init(state)
    assert kernels.g722_encode(state, octets(pcm), made) == len(codes)
    assert made == codes
    kernels.g722_init(state)
    assert kernels.g722_decode(state, codes, back) == len(decoded) // 2
    assert back == decoded


def follow(kernels, codes, both, following):
    pcm, later = [octets(word) for word in both.split(",")]
    state, made = bytearray(152), bytearray(len(octets(following)))
    kernels.g722_init(state)
    kernels.g722_follow(state, octets(codes), pcm)
    kernels.g722_encode(state, later, made)
    assert made == octets(following)


def up(kernels, pcm, out):
    """In two parts, so that the state is used."""
    source, expected, state = octets(pcm), octets(out), bytearray(48)
    first = len(expected) // 8 * 4
    head, tail = bytearray(first), bytearray(len(expected) - first)
    kernels.resample_up(state, source[: first // 2], head)
    kernels.resample_up(state, source[first // 2 :], tail)
    assert head + tail == expected


def down(kernels, pcm, out):
    source, expected, state = octets(pcm), octets(out), bytearray(96)
    first = len(expected) // 8 * 4
    head, tail = bytearray(first), bytearray(len(expected) - first)
    kernels.resample_down(state, source[: 2 * first], head)
    kernels.resample_down(state, source[2 * first :], tail)
    assert head + tail == expected


def stretch(kernels, pcm, out):
    made = bytearray(len(octets(out)))
    kernels.stretch(octets(pcm), made)
    assert made == octets(out)


WIDE = ("g722", "follow", "up", "down")  # the plain-Python kernels are narrowband

CASES = {
    "decode": decode,
    "encode": encode,
    "sweep": sweep,
    "path": path,
    "mix": mix,
    "limit": limit,
    "scale": scale,
    "level": level,
    "read": read,
    "write": write,
    "pitch": pitch,
    "conceal": conceal,
    "recover": recover,
    "g722": g722,
    "follow": follow,
    "up": up,
    "down": down,
    "stretch": stretch,
}


def main(module, files):
    kernels = __import__(module)
    for name in module.split(".")[1:]:
        kernels = getattr(kernels, name)
    done = failed = 0
    for name in files:
        with open(name) as lines:
            for number, line in enumerate(lines):
                words = line.split()
                if words[0] in WIDE and not hasattr(kernels, "g722_init"):
                    continue
                done += 1
                try:
                    CASES[words[0]](kernels, *words[1:])
                except AssertionError:
                    failed += 1
                    print("FAILED " + name + " line " + str(number + 1) + ": " + line[:60])
    print(module + ": " + str(done) + " cases, " + str(failed) + " failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
