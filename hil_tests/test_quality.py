"""The judge of sound judged, on signals made here; and, as a soak, ten minutes of drift and of a tone."""

import asyncio

import numpy as np
import pytest

from hil_tests import quality_page, quality_scores

SECONDS = 4


def noise(seed, level=3000):
    return (np.random.default_rng(seed).standard_normal(SECONDS * 8000) * level).round().astype(np.int16)


def placed(*clips, at=1234):
    out = np.zeros(SECONDS * 8000 + 4000)
    for clip in clips:
        out[at : at + len(clip)] += clip
    return out.round().clip(-32768, 32767).astype(np.int16)


@pytest.mark.parametrize("kind", ["random", "bursts"])
def test_losses_are_as_many_as_asked_for_and_repeatable(kind):
    lost = quality_scores.fate(kind, 5, 20000, 1)
    assert 0.04 < len(lost) / 20000 < 0.06
    assert lost == quality_scores.fate(kind, 5, 20000, 1) != quality_scores.fate(kind, 5, 20000, 2)
    runs = sum(number - 1 not in lost for number in lost)
    assert (len(lost) / runs > 2) == (kind == "bursts")


def test_a_clip_is_found_where_it_is():
    clip = noise(1)
    assert quality_scores.offset_of(placed(clip), clip) == 1234
    assert np.array_equal(quality_scores.cut(placed(clip), clip), clip)
    assert quality_scores.offset_of(clip[500:], clip) == -500


def test_noise_beside_the_ideal_sum_is_told():
    clips = [noise(1), noise(2), noise(3)]
    error = np.concatenate([np.zeros(1234), noise(4, 100)])
    heard = placed(*clips) + np.resize(error, SECONDS * 8000 + 4000).astype(np.int16)
    assert quality_scores.snr_db(heard, clips) == pytest.approx(20 * np.log10(3000 * 3**0.5 / 100), abs=0.2)


@pytest.mark.parametrize("level_db", [-20, -40])
def test_ones_own_voice_is_found_at_any_delay(level_db):
    own, others = noise(1), [noise(2), noise(3)]
    late = np.concatenate([np.zeros(700), own[:-700]]) * 10 ** (level_db / 20)
    assert quality_scores.own_db(placed(*others, late), others, own) == pytest.approx(level_db, abs=0.5)
    assert quality_scores.own_db(placed(*others), others, own) < -60


@pytest.mark.parametrize("fault", ["none", "gap", "left out", "repeated"])
def test_breaks_in_a_tone(fault):
    pcm = np.round(10000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 8000))
    pieces = {"none": [pcm], "gap": [pcm[:5000], np.zeros(160), pcm[5160:]]}
    pieces |= {"left out": [pcm[:5000], pcm[5161:]], "repeated": [pcm[:5003], pcm[5000:]]}
    assert (quality_scores.breaks(np.concatenate(pieces[fault]), 1000) > 0) == (fault != "none")


def test_a_delay_that_wanders_is_told():
    clip = noise(1)
    steady = np.tile(clip, 4)
    begins = [8000 * second for second in range(14)]
    assert quality_scores.wander_ms(steady, clip, begins) == 0
    longer = np.concatenate([steady[:50000], steady[49840:]])
    assert quality_scores.wander_ms(longer, clip, [8000, 80000]) == pytest.approx(20)


def test_the_page_says_what_is_missed():
    rows = {f"{number} %": {"ours": 3.0 + number / 10, "spandsp": 3.0} for number in range(6)}
    assert quality_page.missed({"loss": {"rows": rows}}) == []
    assert "| 5 % | 3.500 | 3.000 |" in quality_page.figures({"loss": {"rows": rows}})
    rows["1 %"]["ours"] = 2.9
    assert quality_page.missed({"loss": {"rows": rows}}) == ["1 %: PESQ below spandsp's"]


@pytest.mark.hil
@pytest.mark.soak
@pytest.mark.once
@pytest.mark.limit_s(800)
def test_ten_minutes_of_drift_and_of_a_tone(own_bench, figures):
    from hil_tests import quality

    found = {"steady": asyncio.run(quality.steady(own_bench(boards=1), 600))}
    figures.add(**found["steady"])
    assert quality_page.missed(found) == []
