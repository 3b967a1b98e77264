"""A PNG of what the phones heard: each recording's waveform coloured by who speaks, its spectrogram below."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hil_tests.measure import PIECE, Heard
from hil_tests.wav import RATE_HZ

COLOURS = {"ue1": "#1d4ed8", "ue2": "#c2410c", "ue3": "#15803d"}
SPARE = ("#7c3aed", "#0f766e", "#b91c1c")
SILENT, MIXED = "#cbd5e1", "#475569"


@dataclass(frozen=True)
class Panel:
    """One recording: title, int16 samples, where each talker was found, seconds from time 0 to its start."""

    title: str
    pcm: np.ndarray
    heard: dict[str, Heard]
    start_s: float = 0.0


def talkers_at(panel: Panel, frame: int) -> list[frozenset[str]]:
    """Who speaks in each frame of so many samples, as `measure.hear` found them."""
    count = len(panel.pcm) // frame
    names: list[set[str]] = [set() for _ in range(count)]
    for name, heard in panel.heard.items():
        for piece in heard.pieces if heard.present else ():
            for index in range(
                piece.recording_at // frame, min(count, (piece.recording_at + PIECE) // frame)
            ):
                names[index].add(name)
    return [frozenset(found) for found in names]


def draw(path: Path, panels: list[Panel], title: str) -> Path:
    """Write the PNG; returns the path. Needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = len(panels)
    figure, axes = pyplot.subplots(
        rows * 2, 1, figsize=(14, 2.9 * rows + 1), sharex=True, squeeze=False,
        gridspec_kw={"height_ratios": [1.25, 1] * rows, "hspace": 0.1},
    )  # fmt: skip
    colours = _colours(panels)
    for index, panel in enumerate(panels):
        _waveform(axes[2 * index][0], panel, colours)
        _spectrogram(axes[2 * index + 1][0], panel)
    axes[-1][0].set_xlabel("seconds since the first recording began")
    axes[-1][0].set_xlim(0, max((p.start_s + len(p.pcm) / RATE_HZ for p in panels), default=1))
    figure.suptitle(title, x=0.06, y=0.985, ha="left", fontsize=15, fontweight="bold")
    _legend(figure, colours)
    figure.subplots_adjust(left=0.06, right=0.985, top=0.925, bottom=0.05)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path


def _colours(panels: list[Panel]) -> dict[str, str]:
    names = sorted({name for panel in panels for name in panel.heard})
    return {name: COLOURS.get(name, SPARE[index % len(SPARE)]) for index, name in enumerate(names)}


def _legend(figure, colours: dict[str, str]) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(color=colour, label=f"{name.upper()} speaks") for name, colour in colours.items()]
    patches += [Patch(color=MIXED, label="several speak"), Patch(color=SILENT, label="nobody found")]
    figure.legend(handles=patches, loc="upper right", ncols=len(patches), frameon=False, fontsize=10)


def _waveform(axis, panel: Panel, colours: dict[str, str]) -> None:
    frame = RATE_HZ // 50
    count = len(panel.pcm) // frame
    frames = panel.pcm[: count * frame].reshape(count, frame).astype(np.float64)
    low, high = frames.min(axis=1), frames.max(axis=1)
    at = panel.start_s + np.arange(count) * frame / RATE_HZ
    who = talkers_at(panel, frame)
    shades = [SILENT if not w else colours[next(iter(w))] if len(w) == 1 else MIXED for w in who]
    peak = max(float(np.abs(frames).max(initial=0.0)), 1000.0)
    axis.vlines(at, low / peak, high / peak, colors=shades, linewidth=1.0)
    for lane, (name, colour) in enumerate(colours.items()):
        spans = _spans([name in w for w in who], at, frame / RATE_HZ)
        axis.broken_barh(spans, (-1.25 - lane * 0.17, 0.13), color=colour, linewidth=0)
    axis.set_ylim(-1.3 - 0.17 * len(colours), 1.25)
    axis.set_yticks([])
    axis.text(0.0, 0.97, panel.title, transform=axis.transAxes, fontsize=11, fontweight="bold", va="top")
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)


def _spans(flags: list[bool], at: np.ndarray, step_s: float) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    for flag, start in zip(flags, at.tolist(), strict=True):
        if flag and spans and abs(spans[-1][0] + spans[-1][1] - start) < step_s / 2:
            spans[-1] = (spans[-1][0], spans[-1][1] + step_s)
        elif flag:
            spans.append((start, step_s))
    return spans


def _spectrogram(axis, panel: Panel) -> None:
    window, hop = 256, 80
    pcm = panel.pcm.astype(np.float64)
    count = max(0, (len(pcm) - window) // hop)
    if not count:
        return
    frames = np.lib.stride_tricks.sliding_window_view(pcm, window)[::hop][:count] * np.hanning(window)
    power = 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)) / (32768 * window / 4) + 1e-6)
    end_s = panel.start_s + (count * hop + window) / RATE_HZ
    axis.imshow(
        power.T, origin="lower", aspect="auto", extent=(panel.start_s, end_s, 0, RATE_HZ / 2000),
        cmap="magma", vmin=-85, vmax=-25, interpolation="bilinear",
    )  # fmt: skip
    axis.set_ylabel("kHz", fontsize=9)
    axis.set_yticks([0, 2, 4])
    axis.tick_params(labelsize=8)
