"""What ad hoc allocation buys: the same six people in two conferences, held in the three older ways and in ours.

    python -m hil_tests.prior_art [--page]

A terminal that mixes for the others; a fixed server that mixes; addresses booked beforehand; Parley. All phones are
PJSUA, and so is whatever mixes in the first two ways. Everybody speaks a tone of its own, so that a recording tells who
was heard and when. Writes out/bench/prior_art.json, and with --page the table of docs/prior-art.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hil_tests import http_api, pages, prior_art_page, wav
from hil_tests.bench import Bench
from hil_tests.measure import amplitude, decibel
from hil_tests.ports import PortPicker
from hil_tests.processes import wait_until
from hil_tests.ues.pjsua import Pjsua

OUTPUT = Path(__file__).resolve().parent.parent / "out" / "bench" / "prior_art.json"
TONES_HZ = ((400, 500, 600), (700, 800, 900))  # of each group's three
AMPLITUDE = 4000.0
TALK_S, AFTER_S, TRACK_S = 4.0, 4.0, 60.0
HEARD_DB, ABSENT_DB = -6.0, -30.0  # a tone in a whole second of a recording
BOOKED_AHEAD_S = 3.0


@dataclass
class Group:
    """Three phones that want to talk; the first of them has the idea. address: where they met."""

    phones: list[Pjsua]
    tones_hz: tuple[int, ...]
    address: str = ""
    set_up_ms: float = 0.0
    left_at_s: float = 0.0
    cpu_ms_per_s: float = 0.0
    heard: dict[str, bool] = field(default_factory=dict)


@dataclass
class Stage:
    """What the models are played on: server and board, a folder for recordings, and what is to be stopped."""

    bench: Bench
    folder: Path
    ports: PortPicker
    stack: ExitStack

    def phone(self, name: str, play: Path | None = None, mix: bool = False) -> Pjsua:
        """A started phone that takes every call."""
        phone = Pjsua(name, self.folder, self.ports.take(40), play=play, mix=mix)
        self.stack.callback(phone.stop)
        phone.start()
        return phone

    def groups(self, title: str, mixes: bool = False, second: int = 3) -> list[Group]:
        """A group of three and one of so many; mixes: the first of each is a terminal that mixes."""
        made = []
        for number, tones_hz in enumerate(TONES_HZ):
            phones = []
            for seat, hz in enumerate(tones_hz[: second if number else 3]):
                at = np.arange(int(TRACK_S * wav.RATE_HZ))
                tone = np.round(AMPLITUDE * np.sin(2 * np.pi * hz * at / wav.RATE_HZ)).astype(np.int16)
                track = wav.write(self.folder / f"{hz}.wav", tone)
                name = f"{title}{number + 1}{'abc'[seat]}"
                phones.append(self.phone(name, track, mix=mixes and seat == 0))
            made.append(Group(phones, tones_hz))
        return made


# ---- the four ways to meet


def terminal_mixes(stage: Stage) -> list[Group]:
    """First model: one of the phones calls the others and mixes for all."""
    groups = stage.groups("terminal", mixes=True)
    for group in groups:
        first, *others = group.phones
        began_s = time.time()
        for count, other in enumerate(others, 1):
            first.call(other.uri)
            done = first.wait_event("answered", 10, count)
        group.set_up_ms = 1000 * (done.at_s - began_s)
    return groups


def fixed_server(stage: Stage) -> list[Group]:
    """Second model: everybody calls the one address of a server that mixes whoever calls."""
    mixer = stage.phone("mixer", mix=True)
    groups = stage.groups("server", second=1)  # PJSUA holds four calls at most
    for group in groups:
        dial(group, mixer.uri)
    return groups


def dial_in(stage: Stage) -> list[Group]:
    """Third model: somebody has booked an address for each group and has told everybody beforehand."""
    groups = stage.groups("dialin")
    for group in groups:
        group.address = book(stage.bench)
    time.sleep(BOOKED_AHEAD_S)
    for group in groups:
        dial(group, group.address)
    return groups


def ad_hoc(stage: Stage) -> list[Group]:
    """Parley: one asks, is given an address, calls it, and tells the others by REFER in a call to each."""
    groups = stage.groups("adhoc")
    for group in groups:
        first, *others = group.phones
        began_s = time.time()
        first.call(stage.bench.server)
        group.address = first.wait_event("answered", 10).detail["contact"].strip("<>").partition(">")[0]
        for count, other in enumerate(others, 2):
            first.call(other.uri)
            first.wait_event("answered", 10, count)
            first.refer(other.uri, group.address)
            done = other.wait_event("answered", 10, 2)
            first.command(f"drop {other.uri}")
        group.set_up_ms = 1000 * (done.at_s - began_s)
    return groups


MODELS: dict[str, Callable[[Stage], list[Group]]] = {
    "a terminal mixes": terminal_mixes,
    "a fixed server mixes": fixed_server,
    "booked dial-in": dial_in,
    "Parley, ad hoc": ad_hoc,
}


def dial(group: Group, uri: str) -> None:
    """All three call the address at once."""
    began_s, group.address = time.time(), uri
    for phone in group.phones:
        phone.call(uri)
    group.set_up_ms = 1000 * (max(phone.wait_event("answered", 10).at_s for phone in group.phones) - began_s)


def book(bench: Bench) -> str:
    """An address for three, by the server's HTTP API."""
    return http_api.post(f"{bench.http}/v1/conferences", {"size": 3}, timeout_s=5)["address"]


# ---- what came of it


def cpu_ms(phone: Pjsua) -> float:
    """Processor time of all threads of the phone so far."""
    assert phone.process is not None
    threads = Path(f"/proc/{phone.process.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def talk(groups: list[Group]) -> None:
    """All talk; then each group's first leaves and the others talk on."""
    before = [cpu_ms(group.phones[0]) for group in groups]
    time.sleep(TALK_S)
    for group, spent_ms in zip(groups, before, strict=True):
        group.cpu_ms_per_s = (cpu_ms(group.phones[0]) - spent_ms) / TALK_S
        group.phones[0].hangup()
        group.left_at_s = time.time()
    time.sleep(AFTER_S)


def tones_in(phone: Pjsua, after_s: float) -> dict[int, float]:
    """Tone -> its greatest level (dB of what was spoken) in the seconds of the conference after a time."""
    began = [event.at_s for event in phone.events() if event.kind == "answered"]
    begun_s = began[0] if phone.asked else began[-1]
    pcm = wav.read(phone.recording)
    first = max(0, int(np.ceil(after_s - begun_s)))
    seconds = [pcm[at * wav.RATE_HZ :][: wav.RATE_HZ] for at in range(first, len(pcm) // wav.RATE_HZ)]
    every = [hz for tones in TONES_HZ for hz in tones]
    return {
        hz: max((decibel(amplitude(one, hz) / AMPLITUDE) for one in seconds), default=-99.0) for hz in every
    }


def judge(groups: list[Group]) -> dict:
    """The figures of one model."""
    for group in groups:
        for phone in group.phones:
            phone.finish()
    met = survived = True
    overlap = False
    for group in groups:
        foreign = [hz for tones in TONES_HZ if tones != group.tones_hz for hz in tones]
        for seat in range(1, len(group.phones)):
            phone, other = group.phones[seat], group.tones_hz[3 - seat]
            heard = tones_in(phone, 0.0)
            met &= heard[other] > HEARD_DB and heard[group.tones_hz[0]] > HEARD_DB
            overlap |= max(heard[hz] for hz in foreign) > ABSENT_DB
            survived &= tones_in(phone, group.left_at_s + 1.0)[other] > HEARD_DB
    return {
        "all_heard_each_other": met,
        "heard_the_other_conference": overlap,
        "talked_on_without_the_first": survived,
        "addresses": len({group.address for group in groups if group.address}),
        "set_up_ms": [round(group.set_up_ms) for group in groups],
        "first_phone_cpu_ms_per_s": [round(group.cpu_ms_per_s, 1) for group in groups],
    }


def legs_free(bench: Bench) -> int:
    """Legs that the server could give out."""
    return sum(board["legs_free"] for board in bench.status()["boards"])


def held_unused_s(bench: Bench, all_legs: int, since_s: float) -> float:
    """How long a booking that nobody came to has kept its legs from others."""
    wait_until(lambda: legs_free(bench) == all_legs, 120, "the unused booking's end", 0.5)
    return round(time.time() - since_s, 1)


def play(folder: Path, show: Callable[[str], None]) -> dict:
    """All models one after the other, on one bench."""
    found: dict = {}
    ports = PortPicker()
    with Bench(folder / "bench", ports, boards=1) as bench:
        all_legs, booked_at_s = legs_free(bench), time.time()
        book(bench)
        for name, meet in MODELS.items():
            show(name)
            with ExitStack() as stack:
                groups = meet(Stage(bench, folder / name.partition(",")[0].replace(" ", "-"), ports, stack))
                talk(groups)
                found[name] = judge(groups)
        show("a booking that nobody came to")
        found["unused_booking_held_s"] = held_unused_s(bench, all_legs, booked_at_s)
    return found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--page", action="store_true", help="write the table into docs/prior-art.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = play(Path(folder), lambda name: print(f"{name} ...", flush=True))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(found, indent=1) + "\n")
    return pages.conclude(prior_art_page, found, options.page)


if __name__ == "__main__":
    sys.exit(main())
