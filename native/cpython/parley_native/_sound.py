"""Concealment, G.722 and sampling rates on CPython; taken into the package's own names."""

from parley_native._buffers import OCTET, SAMPLE, WORD, need, view
from parley_native._native import ffi, lib


def _history(history):
    """What was heard before a loss, and its rate: the length tells it."""
    samples = view(history, SAMPLE, writable=False)
    scale, rest = divmod(len(samples), lib.PARLEY_PLC_HISTORY)
    need(rest == 0 and scale in (1, 2), "history")
    return samples, scale


def _place(pitch, lost, scale):
    need(lib.PARLEY_PLC_PITCH_MIN * scale <= pitch <= lib.PARLEY_PLC_PITCH_MAX * scale, "argument")
    need(0 <= lost <= 0x3FFFFFFF, "argument")


def plc_pitch(history):
    """Returns the pitch period in samples; history: 184 samples at 8000 Hz or 368 at 16000 (parley_plc.h)."""
    samples, scale = _history(history)
    return lib.parley_plc_pitch(samples, scale)


def plc_conceal(history, pitch, lost, pcm):
    """Fills `pcm` with what continues `history`, `lost` samples after it (parley_plc.h)."""
    samples, scale = _history(history)
    _place(pitch, lost, scale)
    made = view(pcm, SAMPLE)
    lib.parley_plc_conceal(samples, scale, pitch, lost, made, len(made))


def plc_recover(history, pitch, lost, pcm):
    """Crosses `pcm` over from a loss of `lost` samples, in place (parley_plc.h)."""
    samples, scale = _history(history)
    _place(pitch, lost, scale)
    lib.parley_plc_recover(samples, scale, pitch, lost, view(pcm, SAMPLE, lib.PARLEY_PLC_CROSS * scale))


def _g722(state):
    return ffi.cast("parley_g722 *", view(state, WORD, lib.PARLEY_G722_STATE_BYTES // 4))


def g722_init(state):
    """Prepares `state`, 152 octets, for coding or for decoding (parley_g722.h)."""
    lib.parley_g722_init(_g722(state))


def g722_decode(state, codes, pcm):
    """Decodes all of `codes` into `pcm`, two samples each; returns the samples (parley_g722.h)."""
    source = view(codes, OCTET, writable=False)
    made = view(pcm, SAMPLE, 2 * len(source))
    lib.parley_g722_decode(_g722(state), source, made, len(source))
    return 2 * len(source)


def g722_encode(state, pcm, codes):
    """Encodes all of `pcm`, an even number of samples; returns the codes' number (parley_g722.h)."""
    source = view(pcm, SAMPLE, writable=False)
    need(len(source) % 2 == 0, "buffer length")
    lib.parley_g722_encode(_g722(state), source, view(codes, OCTET, len(source) // 2), len(source) // 2)
    return len(source) // 2


def g722_follow(state, codes, pcm):
    """Leads a coder through codes sent in place of its own; pcm: their last 24 samples (parley_g722.h)."""
    source = view(codes, OCTET, writable=False)
    last = view(pcm, SAMPLE, lib.PARLEY_G722_FILTER_SAMPLES, writable=False)
    lib.parley_g722_follow(_g722(state), source, len(source), last)


def resample_up(state, pcm, out):
    """8000 to 16000 Hz; state: 24 samples; returns the samples made (parley_resample.h)."""
    source = view(pcm, SAMPLE, writable=False)
    need(len(source) <= lib.PARLEY_RESAMPLE_SAMPLES_MAX, "buffer length")
    made = view(out, SAMPLE, 2 * len(source))
    lib.parley_resample_up(view(state, SAMPLE, lib.PARLEY_RESAMPLE_UP_STATE), source, made, len(source))
    return 2 * len(source)


def resample_down(state, pcm, out):
    """16000 to 8000 Hz; state: 48 samples; returns the samples made (parley_resample.h)."""
    source = view(pcm, SAMPLE, writable=False)
    need(len(source) % 2 == 0 and len(source) <= 2 * lib.PARLEY_RESAMPLE_SAMPLES_MAX, "buffer length")
    samples = len(source) // 2
    made = view(out, SAMPLE, samples)
    lib.parley_resample_down(view(state, SAMPLE, lib.PARLEY_RESAMPLE_DOWN_STATE), source, made, samples)
    return samples


def stretch(pcm, out):
    """Fills `out` with all of `pcm`, evenly stretched or pressed together (parley_resample.h)."""
    source, made = view(pcm, SAMPLE, 1, writable=False), view(out, SAMPLE, 1)
    need(max(len(source), len(made)) <= lib.PARLEY_STRETCH_MAX, "buffer length")
    lib.parley_stretch(source, len(source), made, len(made))
