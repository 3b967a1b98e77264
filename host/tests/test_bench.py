"""`parley bench`: what it says when something is missing, and one real measurement, small."""

import json
import os
import subprocess
import sys

import pytest

from parleybench.allocate_rounds import median_of, ratio_of
from parleybench.crowd import counted
from parleybench.endings import SPREAD_S, STAY_S, Endings
from parleybench.latency import row_of
from parleybench.machine import BenchError, awake, build_programs

PARLEY = [sys.executable, "-c", "from parleyd.cli import main; main()", "bench"]
COMMANDS = ("capacity", "latency", "kernels", "allocate", "idle")


def run(*words, **environment):
    everything = {**os.environ, "PARLEY_BENCH_POLITE": "1", "NO_COLOR": "1", **environment}
    return subprocess.run(
        [*PARLEY, *words], capture_output=True, text=True, env=everything, timeout=60, check=False
    )


def sentence(done):
    assert done.returncode == 1, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in done.stderr
    return line


def test_every_command_helps():
    listed = run("--help").stdout
    for command in COMMANDS:
        assert command in listed
    assert "--participants" in run("capacity", "--help", COLUMNS="120").stdout


def test_bad_usage_is_2():
    bad = (("capacity", "--participants", "many"), ("capacity", "--server", "127.0.0.1:5060"))
    bad += (
        ("latency", "--server", "nowhere"),
        ("capacity", "--participants", "0"),
        ("allocate", "--rates", "0"),
    )
    for words in bad:
        assert run(*words).returncode == 2, words


def test_what_is_missing_is_said_in_a_sentence(tmp_path):
    nothing = {"PATH": str(tmp_path)}
    assert "apt-get install gcc" in sentence(run("latency", **nothing))
    assert "apt-get install sip-tester" in sentence(run("allocate", "--rates", "100", **nothing))
    far = ("--participants", "4", "--server", "192.0.2.1:5060")
    assert "loopback" in sentence(run("capacity", *far))
    assert "cores" in sentence(run("capacity", "--participants", "4", "--boards", "4096"))


def test_delays_become_quantiles_and_a_histogram():
    found = {"delays_us": [10_000] * 99 + [20_200], "held_us": [0, 5_000], "late_us": [10], "said": 101}
    row = row_of(found, 5)
    assert (row["p50_ms"], row["worst_ms"], row["heard"], row["said"]) == (10.0, 20.2, 100, 101)
    assert sum(row["histogram"]) == 100
    assert row["histogram"][20] == 99  # 10 ms, in bins of 0.5
    assert row["above_least_p50_ms"] == pytest.approx(5, abs=0.1)
    with pytest.raises(BenchError, match="heard nothing"):
        row_of({**found, "delays_us": []}, 5)


def test_of_rounds_the_median_counts_and_ratios_are_taken_within_a_round():
    def rows(*times):
        return [{"cpu_us_per_call": us, "failed": 1, "p99_ms": 4.0 * us} for us in times]

    found = median_of(rows(30.0, 50.0, 36.0))
    assert (found["cpu_us_per_call"], found["cpu_us_least"], found["cpu_us_most"]) == (36.0, 30.0, 50.0)
    assert (found["p99_ms"], found["failed"], len(found["rounds"])) == (144.0, 3, 3)
    ratios = ratio_of(rows(30.0, 50.0, 36.0), rows(20.0, 40.0, 24.0))
    assert ratios == {"median": 1.5, "least": 1.25, "most": 1.5}


def test_loss_is_what_the_boards_did_not_take():
    zero = {"media": {"received": 0, "taken": 0}, "ticks": 1000, "late": 1, "skipped": 0}
    after = {"media": {"received": 95, "taken": 90}, "ticks": 1198, "late": 3, "skipped": 1}
    after |= {"participants": 4, "conferences": 1, "heap_free": 5}
    found = counted(zero, after, 100, 99.4)
    assert found["loss_in_percent"] == pytest.approx(10)
    assert (found["unread"], found["late_ticks"], found["skipped_ticks"]) == (5, 2, 1)
    assert found["ticks_a_frame"] == 2
    assert counted(zero, {**after, "ticks": 1000}, 100, 99.4)["ticks_a_frame"] == 1


def test_nothing_is_measured_while_transactions_end():
    endings = Endings()
    assert endings.wait_s(0, 10) == 0
    endings.add(100, 102)
    over_s = 102 + STAY_S + SPREAD_S
    assert endings.wait_s(102, STAY_S - 2) == 0  # the round is over before the first ends
    assert endings.wait_s(102, STAY_S - 1) == over_s - 102
    assert endings.wait_s(over_s, 60) == 0
    endings.add(110, 130)
    assert endings.wait_s(103, 40) == 130 + STAY_S + SPREAD_S - 103  # no room between the two
    assert endings.wait_s(103, 5) == 0


def test_cores_are_kept_awake_by_who_gives_way_and_no_longer_than_wanted(tmp_path):
    build_programs(tmp_path, "awake")
    (core,) = sorted(os.sched_getaffinity(0))[:1]
    with awake(tmp_path, [core]) as kept:
        (pid,) = kept
        assert os.sched_getscheduler(pid) == os.SCHED_IDLE
        assert os.sched_getaffinity(pid) == {core}
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_real_board_is_measured():
    done = run("latency", "--pairs", "2", "--seconds", "6", "--jitter", "0", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert row["heard"] >= 1
    assert sum(row["histogram"]) == row["heard"]
    assert row["worst_ms"] < 500  # from one burst to the next
