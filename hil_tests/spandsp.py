"""Somebody else's sound: spandsp's G.722 and packet loss concealment, by its shared library (Debian libspandsp2)."""

import ctypes
import ctypes.util
from functools import cache

import numpy as np

from hil_tests import programs

G722_BITS_A_SECOND = 64000
FRAME = 160


@cache
def library() -> ctypes.CDLL:
    """The library. MissingProgramError without it."""
    name = ctypes.util.find_library("spandsp")
    if name is None:
        raise programs.MissingProgramError("no libspandsp: apt-get install libspandsp2")
    found = ctypes.CDLL(name)
    for maker in (found.g722_encode_init, found.g722_decode_init, found.plc_init):
        maker.restype = ctypes.c_void_p
    return found


def _at(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def g722_encode(pcm: np.ndarray) -> bytes:
    """int16 at 16 kHz to one code for two samples (ITU-T G.722, 64 kbit/s)."""
    pcm, codes = np.ascontiguousarray(pcm, np.int16), np.zeros(len(pcm) // 2, np.uint8)
    state = ctypes.c_void_p(library().g722_encode_init(None, G722_BITS_A_SECOND, 0))
    made = library().g722_encode(state, _at(codes), _at(pcm), len(pcm))
    library().g722_encode_free(state)
    return codes[:made].tobytes()


def g722_decode(codes: bytes) -> np.ndarray:
    """The way back: int16 at 16 kHz."""
    given, pcm = np.frombuffer(codes, np.uint8).copy(), np.zeros(2 * len(codes), np.int16)
    state = ctypes.c_void_p(library().g722_decode_init(None, G722_BITS_A_SECOND, 0))
    made = library().g722_decode(state, _at(pcm), _at(given), len(given))
    library().g722_decode_free(state)
    return pcm[:made]


def concealed(pcm: np.ndarray, lost: list[bool]) -> np.ndarray:
    """int16 at 8 kHz with the lost frames of 20 ms filled in by the library's concealment."""
    pcm = np.array(pcm, np.int16)
    state = ctypes.c_void_p(library().plc_init(None))
    for number, gone in enumerate(lost):
        frame = pcm[number * FRAME :][:FRAME].copy()
        (library().plc_fillin if gone else library().plc_rx)(state, _at(frame), len(frame))
        pcm[number * FRAME :][:FRAME] = frame
    library().plc_free(state)
    return pcm
