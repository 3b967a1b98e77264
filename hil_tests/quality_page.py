"""The page of how a board sounds, out of quality's figures, and what they must keep."""

from __future__ import annotations

import numpy as np

from hil_tests import pages


def rows_of(found: dict) -> list[tuple[str, float, str, bool]]:
    """(what, measured, limit, kept) of everything measured but the loss table."""
    rows: list[tuple[str, float, str, bool]] = []

    def most(what: str, value: float, limit: float) -> None:
        rows.append((what, value, f"at most {limit:g}", value <= limit))

    def least(what: str, value: float, limit: float) -> None:
        rows.append((what, value, f"at least {limit:g}", value >= limit))

    if "clean" in found:
        one = found["clean"]
        most(
            "one talker, PESQ-NB below G.711 alone, mean",
            _below(one, "g711_alone_pesq", "one_talker_pesq"),
            0.02,
        )
        least("talkers of three whose samples arrive as sent", sum(one["one_talker_same_samples"]), 3)
        least("three talkers against their ideal sum, SNR in dB", one["three_talkers_snr_db"], 33)
        least(
            "what each of three hears of the two others, least SNR in dB", min(one["two_of_three_snr_db"]), 33
        )
        most("one's own voice in what one hears, most, dB", max(one["own_voice_db"]), -45)
        most(
            "G.722, PESQ-WB below one pass of the codec, mean",
            _below(one, "g722_once_pesq", "g722_pesq"),
            0.05,
        )
    if "steady" in found:
        one = found["steady"]
        for name in ("fast", "slow"):
            most(
                f"clock 200 ppm {name}, PESQ-NB below a true one",
                one["true_pesq"] - one[f"{name}_pesq"],
                0.05,
            )
            counts = one["board"][name]
            most(
                f"clock 200 ppm {name}, slots concealed or dropped",
                counts["concealed"] + counts["dropped"],
                0,
            )
        most(f"breaks in a 1 kHz tone of {one['seconds']:g} s", one["tone_breaks"], 0)
    if "delay" in found:
        one = found["delay"]
        most("delay on loopback, p50 in ms", one["clean"]["p50_ms"], 15)
        most("delay on loopback, p95 in ms", one["clean"]["p95_ms"], 25)
        jitter = one["jitter_40_ms"]
        above = "40 ms of jitter, above the least delay that has 99.5 % in time"
        most(f"{above}, p50 of pairs, ms", jitter["above_least_p50_ms"], 10)
        rows.append((f"{above}, worst of ten pairs, ms", jitter["above_least_worst_pair_ms"], "", True))
        rows.append(("40 ms of jitter, p95 of all bursts from 5 s on, ms", jitter["p95_ms"], "", True))
        storm = one["storm_80_ms"]
        most(
            "10 s after a storm of 80 ms, p50 above that before it, ms",
            storm["after_ms"] - storm["before_ms"],
            5,
        )
    return rows


def _below(figures: dict, reference: str, measured: str) -> float:
    return float(np.mean(figures[reference]) - np.mean(figures[measured]))


def missed(found: dict) -> list[str]:
    """What is not as it must be."""
    wrong = [f"{what}: {value:.2f}, {limit}" for what, value, limit, kept in rows_of(found) if not kept]
    losses = found.get("loss", {}).get("rows", {})
    wrong += [f"{name}: PESQ below spandsp's" for name, row in losses.items() if row["ours"] < row["spandsp"]]
    if losses and sum(row["ours"] > row["spandsp"] for row in losses.values()) < 4:
        wrong.append("not better than spandsp in four rows")
    return wrong


def figures(found: dict) -> str:
    """All of it as tables."""
    lines = ["| what | measured | must be |", "| --- | --: | --- |"]
    lines += [f"| {what} | {value:.2f} | {limit} |" for what, value, limit, _ in rows_of(found)]
    if "loss" in found:
        lines += ["", "| packets lost | PESQ-NB | spandsp's concealment |", "| --- | --: | --: |"]
        rows = found["loss"]["rows"].items()
        lines += [f"| {name} | {row['ours']:.3f} | {row['spandsp']:.3f} |" for name, row in rows]
    return "\n".join(lines)


def write(found: dict) -> None:
    """Puts them into the page."""
    pages.put(pages.DOCS / "sound.md", "figures", figures(found))
