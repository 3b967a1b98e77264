"""How the delay follows the network and the sender's clock: by simulation."""

import random
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from network import Network, delays_s, pulses

COUNTED = ("lost", "late", "concealed", "dropped", "resync", "underrun")


def quiet(stats):
    """Nothing was lost, made up or dropped."""
    return all(stats[name] == 0 for name in COUNTED)


def delay_s(codes, after_s=0.0):
    """Median delay of the pulses heard after a time; those of exactly one tick early stand as nearly 0.4 s."""
    found = [delay if delay < 0.39 else delay - 0.4 for second, delay in delays_s(codes) if second >= after_s]
    return float(np.median(found))


@pytest.mark.parametrize("kernels", ["parley_native", "parley.media.kernels_slow"])
@pytest.mark.parametrize("phase_s", [0.001, 0.01, 0.016])
def test_a_clean_path_is_passed_on_to_the_bit_at_the_next_tick(kernels, phase_s):
    codes = pulses(4)
    heard, stats = Network(kernels, phase_s=phase_s).run(codes)
    assert quiet(stats[-1])
    assert stats[-1]["stretched"] == 0
    sent = np.where(codes == 0x7F, 0xFF, codes)  # the negative zero
    assert np.array_equal(heard[:-320], sent[: len(heard) - 320])


def test_a_sender_just_before_the_tick_gets_a_frame_more():
    heard, stats = Network(phase_s=0.019).run(pulses(20))
    assert quiet(stats[-1])
    assert delay_s(heard, 12) == pytest.approx(0.02, abs=0.0002)


@pytest.mark.parametrize("ppm", [200, -200, 500, -500])
def test_a_clock_that_runs_fast_or_slow_costs_nothing(ppm):
    _, stats = Network(ppm=ppm).run(pulses(100_000 // abs(ppm)))
    assert quiet(stats[-1])
    assert 0 < stats[-1]["stretched"] < 0.1 * stats[-1]["played"]


def test_ten_minutes_at_200_ppm():
    for ppm in (200, -200):
        _, stats = Network(ppm=ppm).run(pulses(600))
        assert quiet(stats[-1])


def test_jitter_of_40_ms_takes_the_least_delay_of_the_grid_that_holds():
    source = random.Random(3)
    jitter = [source.uniform(0, 0.04) for _ in range(2000)]
    heard, stats = Network(phase_s=0.01).run(pulses(40), jitter.__getitem__)
    # packets come 10 to 50 ms before the ticks: 40 ms and the 10 to the tick is the first that holds all but 0.5 %
    assert delay_s(heard, 10) == pytest.approx(0.04, abs=0.001)
    late = stats[-1]["concealed"] - stats[499]["concealed"]
    assert late <= 0.005 * 2 * 1500


def storm(floor):
    """Returns what is heard of 50 s with jitter of 80 ms from 10 to 20 s."""
    source = random.Random(3)
    jitter = [source.uniform(0, 0.08) if 500 <= number < 1000 else 0.0 for number in range(2500)]
    heard, stats = Network(phase_s=0.01).run(pulses(50, floor=floor), jitter.__getitem__)
    assert max(one["depth"] for one in stats) <= 200
    return heard


def test_the_delay_is_back_at_its_floor_10_s_after_a_storm():
    assert delay_s(storm(0), 30) == pytest.approx(0, abs=0.0002)


def test_who_makes_no_pause_is_not_waited_for_longer_than_8_s():
    heard = storm(900)
    assert delay_s(heard[: 25 * 8000], 20) > 0.06  # nobody hears it stretched in the hope of a pause
    assert delay_s(heard, 40) == pytest.approx(0, abs=0.0002)


@pytest.mark.parametrize("ptime_s", [0.01, 0.03, 0.04, 0.06])
def test_every_packet_time_settles(ptime_s):
    _, stats = Network(ptime_s=ptime_s, phase_s=0.013).run(pulses(10))
    assert quiet(stats[-1])
    assert stats[-1]["stretched"] == stats[250]["stretched"]
