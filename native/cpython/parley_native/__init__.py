"""The media kernels on CPython: the same functions as MicroPython's parley_native.mpy.

Units, shapes and clauses stand in native/include/parley_*.h. Buffers are anything with the buffer
protocol, C-contiguous, in native byte order: PCM 2 octets a sample, sums and `fields` 4 octets a word.

In each function the first buffer read sets the number of samples; every other must be as long or longer.
A buffer that is too short, of a broken length or wrongly aligned, and an unknown law, raise ValueError
and change nothing; what is not a buffer, or cannot be written, raises TypeError or BufferError.
"""

from parley_native._native import ffi, lib

__all__ = [
    "g711_decode",
    "g711_encode",
    "leg_init",
    "leg_packetise",
    "leg_playout",
    "leg_receive",
    "leg_size",
    "leg_stat",
    "level_dbov",
    "mix_add",
    "mix_clear",
    "mix_minus",
    "rtp_read",
    "rtp_write",
]

_WORD = ffi.typeof("int32_t[]")
_SAMPLE = ffi.typeof("int16_t[]")
_OCTET = ffi.typeof("uint8_t[]")
_SIZES = {_WORD: 4, _SAMPLE: 2, _OCTET: 1}


def _need(condition, text):
    if not condition:
        raise ValueError(text)


def _view(buffer, item, least=0, writable=True):
    """Returns `buffer` as a C array of `item`, with at least `least` items."""
    octets = ffi.from_buffer(buffer, require_writable=writable)
    size = _SIZES[item]
    _need(len(octets) % size == 0, "buffer length")
    _need(len(octets) >= least * size, "buffer too short")
    _need(int(ffi.cast("uintptr_t", octets)) % size == 0, "buffer alignment")
    return ffi.from_buffer(item, buffer, require_writable=writable)


def _leg(buffer):
    """Returns `buffer` as a leg, with room for one."""
    least = lib.parley_leg_size() // 4
    return ffi.cast("parley_leg *", _view(buffer, _WORD, least))


def _checked(result):
    """Returns what a leg kernel returned; raises for the caller's own mistakes."""
    _need(
        result > lib.PARLEY_LEG_UNUSABLE,
        "leg not initialised" if result == lib.PARLEY_LEG_UNUSABLE else "argument",
    )
    return result


def g711_decode(law, codes, pcm):
    """Decodes all of `codes` into `pcm`; returns the number of samples (parley_g711.h)."""
    _need(lib.parley_g711_known(law), "law")
    source = _view(codes, _OCTET, writable=False)
    return lib.parley_g711_decode(law, source, _view(pcm, _SAMPLE, len(source)), len(source))


def g711_encode(law, pcm, codes):
    """Encodes all of `pcm` into `codes`; returns the number of samples (parley_g711.h)."""
    _need(lib.parley_g711_known(law), "law")
    source = _view(pcm, _SAMPLE, writable=False)
    return lib.parley_g711_encode(law, source, _view(codes, _OCTET, len(source)), len(source))


def mix_clear(total):
    """Sets the 32-bit sums `total` to 0 (parley_mix.h)."""
    sums = _view(total, _WORD)
    lib.parley_mix_clear(sums, len(sums))


def mix_add(total, pcm):
    """Adds all of `pcm` to the 32-bit sums `total` (parley_mix.h)."""
    source = _view(pcm, _SAMPLE, writable=False)
    lib.parley_mix_add(_view(total, _WORD, len(source)), source, len(source))


def mix_minus(total, own, out):
    """Writes limit(`total` - `own` or nothing) to `out`, as many samples as `total` has (parley_mix.h)."""
    sums = _view(total, _WORD, writable=False)
    less = ffi.NULL if own is None else _view(own, _SAMPLE, len(sums), writable=False)
    lib.parley_mix_minus(sums, less, _view(out, _SAMPLE, len(sums)), len(sums))


def level_dbov(pcm):
    """Returns the level of `pcm` in -dBov, 0..127 (parley_level.h)."""
    samples = _view(pcm, _SAMPLE, writable=False)
    return lib.parley_level_dbov(samples, len(samples))


def rtp_read(packet, length, fields):
    """Reads a header into `fields`, 8 words; returns the payload's offset or an error (parley_rtp.h)."""
    octets = _view(packet, _OCTET, writable=False)
    _need(0 <= length <= len(octets), "length")
    return lib.parley_rtp_read(octets, length, _view(fields, _WORD, lib.PARLEY_RTP_FIELDS))


def rtp_write(packet, fields):
    """Writes the header in `fields` (8 words) to `packet`; returns 12 (parley_rtp.h)."""
    words = _view(fields, _WORD, lib.PARLEY_RTP_FIELDS, writable=False)
    octets = _view(packet, _OCTET, lib.PARLEY_RTP_HEADER_BYTES)
    return lib.parley_rtp_write(octets, len(octets), words)


def leg_size():
    """Returns the octets one leg's state needs."""
    return lib.parley_leg_size()


def leg_init(leg, law, payload_type, event_payload_type, depth_frames, seed):
    """Prepares `leg`; `seed` is 3 words: SSRC, sequence, timestamp to send first (parley_leg.h)."""
    words = _view(seed, _WORD, 3, writable=False)
    state = _leg(leg)
    _checked(
        lib.parley_leg_init(
            state, lib.parley_leg_size(), law, payload_type, event_payload_type, depth_frames, words
        )
    )


def leg_receive(leg, packet, length):
    """Takes a datagram; returns 0, or below 0 the reason it was refused (parley_leg.h)."""
    octets = _view(packet, _OCTET, writable=False)
    _need(0 <= length <= len(octets), "length")
    return _checked(lib.parley_leg_receive(_leg(leg), octets, length))


def leg_playout(leg, pcm):
    """Plays 20 ms into `pcm` (160 samples); returns 1 a frame, 0 silence (parley_leg.h)."""
    samples = _view(pcm, _SAMPLE, lib.PARLEY_LEG_FRAME_SAMPLES)
    return _checked(lib.parley_leg_playout(_leg(leg), samples))


def leg_packetise(leg, pcm, packet):
    """Makes a packet of `pcm` (160 samples) and returns 172; None lets the tick pass, 0 (parley_leg.h)."""
    source = ffi.NULL if pcm is None else _view(pcm, _SAMPLE, lib.PARLEY_LEG_FRAME_SAMPLES, writable=False)
    octets = _view(packet, _OCTET, lib.PARLEY_LEG_PACKET_BYTES)
    return _checked(lib.parley_leg_packetise(_leg(leg), source, octets, len(octets)))


def leg_stat(leg, index):
    """Returns statistic `index` of a leg (parley_leg.h; names in parley.media.kernels.LEG_STATS)."""
    return _checked(lib.parley_leg_stat(_leg(leg), index))
