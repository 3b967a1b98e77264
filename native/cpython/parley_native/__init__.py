"""The media kernels on CPython: the same functions as MicroPython's parley_native.mpy.

Units, shapes and clauses stand in native/include/parley_*.h. Buffers are anything with the buffer
protocol, C-contiguous, in native byte order: PCM 2 octets a sample, sums and `fields` 4 octets a word.

In each function the first buffer read sets the number of samples; every other must be as long or longer.
A buffer that is too short, of a broken length or wrongly aligned, and an unknown law, raise ValueError
and change nothing; what is not a buffer, or cannot be written, raises TypeError or BufferError.
"""

from parley_native._bridge import (
    bridge_add_leg,
    bridge_before,
    bridge_begin,
    bridge_change,
    bridge_init,
    bridge_leg_stat,
    bridge_mix,
    bridge_packet,
    bridge_packet_leg,
    bridge_receive,
    bridge_receive_leg,
    bridge_refused,
    bridge_remove_leg,
    bridge_size,
    bridge_skip,
    bridge_stat,
    bridge_wide_octets,
    bridge_widen,
)
from parley_native._bridge_side import (
    bridge_channels,
    bridge_clock,
    bridge_figures,
    bridge_gain,
    bridge_key_octets,
    bridge_key_places,
    bridge_linear_octets,
    bridge_linear_places,
    bridge_names,
    bridge_noise,
    bridge_open_report,
    bridge_packet_octets,
    bridge_parcel,
    bridge_parcel_octets,
    bridge_parcel_places,
    bridge_protect_report,
    bridge_ptime,
    bridge_secure,
    bridge_take_event,
    bridge_take_report,
    bridge_tell,
    bridge_watch,
)
from parley_native._buffers import (
    OCTET,
    SAMPLE,
    WORD,
    checked,
    leg_in,
    need,
    octets_of,
    view,
)
from parley_native._native import ffi, lib
from parley_native._sound import (
    g722_decode,
    g722_encode,
    g722_follow,
    g722_init,
    plc_conceal,
    plc_pitch,
    plc_recover,
    resample_down,
    resample_up,
    stretch,
)
from parley_native._srtp import (
    srtcp_protect,
    srtcp_unprotect,
    srtp_init,
    srtp_protect,
    srtp_size,
    srtp_unprotect,
    srtp_wipe,
)

__all__ = [
    "bridge_add_leg",
    "bridge_before",
    "bridge_begin",
    "bridge_change",
    "bridge_channels",
    "bridge_clock",
    "bridge_figures",
    "bridge_gain",
    "bridge_init",
    "bridge_key_octets",
    "bridge_key_places",
    "bridge_leg_stat",
    "bridge_linear_octets",
    "bridge_linear_places",
    "bridge_mix",
    "bridge_names",
    "bridge_noise",
    "bridge_open_report",
    "bridge_packet",
    "bridge_packet_leg",
    "bridge_packet_octets",
    "bridge_parcel",
    "bridge_parcel_octets",
    "bridge_parcel_places",
    "bridge_protect_report",
    "bridge_ptime",
    "bridge_receive",
    "bridge_receive_leg",
    "bridge_refused",
    "bridge_remove_leg",
    "bridge_secure",
    "bridge_size",
    "bridge_skip",
    "bridge_stat",
    "bridge_take_event",
    "bridge_take_report",
    "bridge_tell",
    "bridge_watch",
    "bridge_wide_octets",
    "bridge_widen",
    "g711_decode",
    "g711_encode",
    "g722_decode",
    "g722_encode",
    "g722_follow",
    "g722_init",
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
    "mix_scale",
    "plc_conceal",
    "plc_pitch",
    "plc_recover",
    "resample_down",
    "resample_up",
    "rtp_read",
    "rtp_write",
    "srtcp_protect",
    "srtcp_unprotect",
    "srtp_init",
    "srtp_protect",
    "srtp_size",
    "srtp_unprotect",
    "srtp_wipe",
    "stretch",
]


def g711_decode(law, codes, pcm):
    """Decodes all of `codes` into `pcm`; returns the number of samples (parley_g711.h)."""
    need(lib.parley_g711_known(law), "law")
    source = view(codes, OCTET, writable=False)
    return lib.parley_g711_decode(law, source, view(pcm, SAMPLE, len(source)), len(source))


def g711_encode(law, pcm, codes):
    """Encodes all of `pcm` into `codes`; returns the number of samples (parley_g711.h)."""
    need(lib.parley_g711_known(law), "law")
    source = view(pcm, SAMPLE, writable=False)
    return lib.parley_g711_encode(law, source, view(codes, OCTET, len(source)), len(source))


def mix_clear(total):
    """Sets the 32-bit sums `total` to 0 (parley_mix.h)."""
    sums = view(total, WORD)
    lib.parley_mix_clear(sums, len(sums))


def mix_add(total, pcm):
    """Adds all of `pcm` to the 32-bit sums `total` (parley_mix.h)."""
    source = view(pcm, SAMPLE, writable=False)
    lib.parley_mix_add(view(total, WORD, len(source)), source, len(source))


def mix_minus(total, own, out, gain):
    """Writes limit(`total` - `own` or nothing) to `out`, as many samples as `total` has (parley_mix.h).

    gain: of the listener, 32768 at first. Returns his gain from now on.
    """
    need(0 <= gain <= lib.PARLEY_MIX_LIMIT_ONE, "argument")
    sums = view(total, WORD, writable=False)
    less = ffi.NULL if own is None else view(own, SAMPLE, len(sums), writable=False)
    return lib.parley_mix_minus(sums, less, view(out, SAMPLE, len(sums)), len(sums), gain)


def mix_scale(pcm, gain):
    """Makes `pcm` louder or softer in place: gain in 1/256."""
    need(0 <= gain <= lib.PARLEY_MIX_GAIN_MAX, "argument")
    samples = view(pcm, SAMPLE, 0)
    lib.parley_mix_scale(samples, gain, len(samples))


def level_dbov(pcm):
    """Returns the level of `pcm` in -dBov, 0..127 (parley_level.h)."""
    samples = view(pcm, SAMPLE, writable=False)
    return lib.parley_level_dbov(samples, len(samples))


def rtp_read(packet, length, fields):
    """Reads a header into `fields`, 8 words; returns the payload's offset or an error (parley_rtp.h)."""
    octets = octets_of(packet, length)
    return lib.parley_rtp_read(octets, length, view(fields, WORD, lib.PARLEY_RTP_FIELDS))


def rtp_write(packet, fields):
    """Writes the header in `fields` (8 words) to `packet`; returns 12 (parley_rtp.h)."""
    words = view(fields, WORD, lib.PARLEY_RTP_FIELDS, writable=False)
    octets = view(packet, OCTET, lib.PARLEY_RTP_HEADER_BYTES)
    return lib.parley_rtp_write(octets, len(octets), words)


def leg_size():
    """Returns the octets one leg's state needs."""
    return lib.parley_leg_size()


def leg_init(leg, law, payload_type, event_payload_type, depth_frames, seed):
    """Prepares `leg`; `seed` is 3 words: SSRC, sequence, timestamp to send first (parley_leg.h)."""
    words = view(seed, WORD, 3, writable=False)
    state = leg_in(leg)
    size = lib.parley_leg_size()
    done = lib.parley_leg_init(state, size, law, payload_type, event_payload_type, depth_frames, words)
    checked(done, "leg")


def leg_receive(leg, packet, length):
    """Takes a datagram; returns 0, or below 0 the reason it was refused (parley_leg.h)."""
    octets = octets_of(packet, length)
    return checked(lib.parley_leg_receive(leg_in(leg), octets, length), "leg")


def leg_playout(leg, pcm):
    """Plays 20 ms into `pcm` (160 samples); returns 1 a frame, 0 silence (parley_leg.h)."""
    samples = view(pcm, SAMPLE, lib.PARLEY_LEG_FRAME_SAMPLES)
    return checked(lib.parley_leg_playout(leg_in(leg), samples), "leg")


def leg_packetise(leg, pcm, packet):
    """Makes a packet of `pcm` (160 samples) and returns 172; None lets the tick pass, 0 (parley_leg.h)."""
    source = ffi.NULL if pcm is None else view(pcm, SAMPLE, lib.PARLEY_LEG_FRAME_SAMPLES, writable=False)
    octets = view(packet, OCTET, lib.PARLEY_LEG_PACKET_BYTES)
    return checked(lib.parley_leg_packetise(leg_in(leg), source, octets, len(octets)), "leg")


def leg_stat(leg, index):
    """Returns statistic `index` of a leg (parley_leg.h; names in parley.media.kernel_numbers.LEG_STATS)."""
    return checked(lib.parley_leg_stat(leg_in(leg), index), "leg")
