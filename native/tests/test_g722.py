"""G.722 against somebody else's: spandsp's coder and decoder, code for code and sample for sample."""

import ctypes
import ctypes.util

import numpy as np
import pytest

import parley_native

RATE_HZ = 16000
RATE_BITS = 64000


@pytest.fixture(scope="module")
def spandsp():
    name = ctypes.util.find_library("spandsp")
    if name is None:
        pytest.skip("no libspandsp: apt-get install libspandsp2")
    library = ctypes.CDLL(name)
    library.g722_encode_init.restype = library.g722_decode_init.restype = ctypes.c_void_p
    return library


def address(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def signals():
    """Speech-like, tones, noise of any level, silence, full scale: two seconds each."""
    source = np.random.default_rng(722)
    at = np.arange(2 * RATE_HZ)
    buzz = np.cos(2 * np.pi * 120 / RATE_HZ * at) ** 25 * 9000 * np.sin(2 * np.pi * 0.8 / RATE_HZ * at)
    return {
        "speech": buzz + source.normal(0, 60, len(at)),
        "tone": 9000 * np.sin(2 * np.pi * 1000 / RATE_HZ * at),
        "high tone": 6000 * np.sin(2 * np.pi * 6000 / RATE_HZ * at),
        "noise": source.normal(0, 3000, len(at)),
        "murmur": source.normal(0, 4, len(at)),
        "silence": np.zeros(len(at)),
        "square": np.where(at // 37 % 2, 32767, -32768),
        "full noise": source.integers(-32768, 32768, len(at)),
    }


@pytest.mark.parametrize("name", signals())
def test_same_codes_and_samples(spandsp, name):
    pcm = signals()[name].round().clip(-32768, 32767).astype(np.int16)
    theirs, ours = (np.zeros(len(pcm) // 2, dtype=np.uint8) for _ in range(2))
    coder = ctypes.c_void_p(spandsp.g722_encode_init(None, RATE_BITS, 0))
    assert spandsp.g722_encode(coder, address(theirs), address(pcm), len(pcm)) == len(theirs)
    state = bytearray(152)
    parley_native.g722_init(state)
    parley_native.g722_encode(state, pcm, ours)
    assert np.array_equal(ours, theirs)
    their_pcm, our_pcm = (np.zeros(len(pcm), dtype=np.int16) for _ in range(2))
    decoder = ctypes.c_void_p(spandsp.g722_decode_init(None, RATE_BITS, 0))
    assert spandsp.g722_decode(decoder, address(their_pcm), address(theirs), len(theirs)) == len(pcm)
    parley_native.g722_init(state)
    parley_native.g722_decode(state, theirs, our_pcm)
    # spandsp lets a sum beyond 16 bits wrap; the clause limits it
    limited = (our_pcm == 32767) | (our_pcm == -32768)
    assert np.array_equal(our_pcm[~limited], their_pcm[~limited])
    assert limited.mean() < (0.5 if name in ("square", "full noise") else 1e-9)
    spandsp.g722_encode_release(coder)
    spandsp.g722_decode_release(decoder)


def test_one_pass_keeps_a_tone():
    at = np.arange(RATE_HZ)
    pcm = (9000 * np.sin(2 * np.pi * 1000 / RATE_HZ * at)).round().astype(np.int16)
    codes, back, state = np.zeros(len(pcm) // 2, np.uint8), np.zeros(len(pcm), np.int16), bytearray(152)
    parley_native.g722_init(state)
    parley_native.g722_encode(state, pcm, codes)
    parley_native.g722_init(state)
    parley_native.g722_decode(state, codes, back)
    delay = 22  # of the mirror filter, both ends
    error = back[delay + 400 :].astype(float) - pcm[400:-delay]
    signal = pcm[400:-delay].astype(float)
    assert 10 * np.log10(np.sum(signal**2) / np.sum(error**2)) > 30
