"""L16 at a running board: to the bit from phone to phone, at every packet time, and beside all other codecs."""

import asyncio
import time

import numpy as np
import pytest

from hil_tests import g711, measure, wav
from hil_tests.joining import all_join
from hil_tests.paced_end import KINDS, joined, leave, steady, talk
from hil_tests.table_talk import CODECS
from hil_tests.talk import TALK_S
from hil_tests.test_srtp import WIDE, narrowband, packets
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua

pytestmark = [pytest.mark.hil, pytest.mark.limit_s(120)]
SPOKEN_S, TONE_S, TRIES = 1, 2, 4
SILENCE = {"PCMU": b"\xff", "L16/8000": b"\0\0", "L16/16000": b"\0\0"}
TONES_HZ, AMPLITUDE = {"PCMU": 600, "PCMA": 900, "G722": 1100, "L16/8000": 1300, "L16/16000": 1700}, 2500


def noise(name: str) -> bytes:
    """Octets of a codec that never are its silence."""
    octets = np.random.default_rng(len(name)).integers(1, 0x50, SPOKEN_S * 100 * KINDS[name].octets, np.uint8)
    return octets.tobytes()


def steady_story(bench, talker, kinds):
    """The story, told again as long as the machine is too busy for it."""
    for _ in range(TRIES):
        said, people = asyncio.run(story(bench, talker, kinds))
        if steady(people):
            break
    return said, people


async def story(bench, talker, kinds):
    said = noise(talker[0])
    plays = [(*talker, said, SILENCE[talker[0]])]
    people = await joined(bench, plays + [(name, ptime_ms, b"", SILENCE[name]) for name, ptime_ms in kinds])
    await talk(people, SPOKEN_S + 0.6)
    await leave(people)
    return said, people


@pytest.mark.parametrize(
    ("talker", "ears"),
    [
        (("L16/16000", 20), [("L16/16000", ptime_ms) for ptime_ms in (10, 20, 30, 40)]),
        (("L16/16000", 40), [("L16/16000", 20)]),
        (("L16/8000", 10), [("L16/8000", ptime_ms) for ptime_ms in (10, 20, 30, 40, 60)]),
        (("L16/8000", 60), [("L16/8000", 20)]),
    ],
)
def test_one_voice_is_heard_to_the_bit(lone_board, figures, talker, ears):
    bench = lone_board()
    said, people = steady_story(bench, talker, ears)
    figures.add(late_ms=[round(1000 * max(one.late_s), 1) for one in people])
    for one in people[1:]:
        assert f"a=ptime:{one.ptime_ms}" in one.answered
        heard = one.heard()
        begin = heard.find(said[:64])
        assert begin % 2 == 0 and heard[begin : begin + len(said)] == said, (one.ptime_ms, begin)
        assert heard[:begin].strip(b"\0") == b""
    bench.wait_status(bench.idle, 12, "the conference's end")


def test_mu_law_alone_is_heard_as_its_codes_mean(lone_board):
    bench = lone_board()
    said, people = steady_story(bench, ("PCMU", 20), [("L16/8000", 20)])
    assert g711.decode(said, g711.PCMU).astype(">i2").tobytes() in people[1].heard()
    bench.wait_status(bench.idle, 12, "the conference's end")


def tone(name: str) -> bytes:
    """A tone in what a codec sends; G.722 only listens."""
    rate_hz = 16000 if name == "L16/16000" else 8000
    at = np.arange(rate_hz * TONE_S)
    pcm = np.round(AMPLITUDE * np.sin(2 * np.pi * TONES_HZ[name] / rate_hz * at)).astype(np.int16)
    if name == "G722":
        return b""
    return pcm.astype(">i2").tobytes() if name.startswith("L16") else g711.encode(pcm, CODECS[name][0])


async def everybody(bench):
    names = list(TONES_HZ)
    silence = {**SILENCE, "PCMA": b"\xd5", "G722": b"\xfa"}
    people = await joined(bench, [(name, 20, tone(name), silence[name]) for name in names])
    await talk(people, TONE_S - 0.2)
    await leave(people)
    return {name: one.heard() for name, one in zip(names, people, strict=True)}


def test_all_codecs_of_a_conference_hear_each_other(lone_board, figures):
    bench = lone_board()
    heard = asyncio.run(everybody(bench))
    levels = {}
    for name in ("PCMU", "PCMA", "L16/8000", "L16/16000"):
        rate_hz = 16000 if name == "L16/16000" else 8000
        octets = heard[name]
        pcm = np.frombuffer(octets, ">i2") if name.startswith("L16") else g711.decode(octets, CODECS[name][0])
        part = pcm[len(pcm) // 2 :][: rate_hz // 2].astype(float)
        turns = np.arange(len(part)) / rate_hz
        levels[name] = {
            other: round(
                measure.decibel(2 * abs(np.mean(part * np.exp(-2j * np.pi * hz * turns))) / AMPLITUDE), 1
            )
            for other, hz in TONES_HZ.items()
        }
    figures.add(levels_db=levels)
    for name, row in levels.items():
        for other, level in row.items():
            silent = other in (name, "G722")
            assert level < -30 if silent else abs(level) < 1.0, (name, other, levels)
    bench.wait_status(bench.idle, 12, "the conference's end")


@pytest.mark.skipif(not Pjsua.available(), reason="pjsua2-python has no wheel for this Python")
def test_l16_of_baresip_beside_g722_and_g711(bench, phone_of, capture_of, spoken, figures, artifacts):
    """baresip at 16000 Hz, encrypted; PJSUA with G.722, for it has L16 at 44100 Hz alone; our phone with G.711."""
    loud = wav.write(artifacts / "ue1-loud.wav", WIDE.baresip_gain * wav.read(spoken["ue1"]).astype(int))
    ue1 = phone_of(Baresip, "ue1", play=loud, srtp="srtp", codecs="L16/16000/1")
    ue2 = phone_of(Pjsua, "ue2", play=spoken["ue2"], codec="G722")
    ue3 = phone_of(ParleyUe, "ue3", play=spoken["ue3"], answer=False)
    phones = [ue1, ue2, ue3]
    capture = capture_of(bench, *phones)
    all_join(phones, bench)
    time.sleep(TALK_S)
    for phone in phones:
        phone.finish()
    capture.stop()
    sent, heard = packets(capture, ue1)
    figures.add(baresip=[sorted(sent), sorted(heard)])
    assert {octets for octets, _ in heard} == {662}  # 640, header, tag
    assert {octets for octets, _ in sent} == {1302}  # whatever it says: 40 ms
    sources = {phone.name: wav.read(spoken[phone.name]) for phone in phones}
    for phone in phones:
        pcm = narrowband(phone.recording)
        for name, source in sources.items():
            found = measure.hear(pcm, source, 1.5)
            figures.add(**{f"{phone.name} hears {name}": found.present})
            assert found.present == (name != phone.name), (phone.name, name)
    bench.wait_status(bench.idle, 12, "the conference's end")
