"""A mixed conference: SRTP of PJSUA and baresip, in G.722 where the board has it; our phone in the clear, in G.711."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hil_tests import emulated, hearing, speech, wav
from hil_tests.capture import Capture
from hil_tests.joining import all_join
from hil_tests.talk import TALK_S, failures
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.face import Phone
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua

pytestmark = [pytest.mark.hil, pytest.mark.limit_s(120)]
needs_pjsua = pytest.mark.skipif(not Pjsua.available(), reason="pjsua2-python has no wheel for this Python")
PACKET_BYTES = 172  # 20 ms of G.711 or G.722 with its header
TAG_BYTES = 10  # AES_CM_128_HMAC_SHA1_80
MEDIA_PORTS = 30  # from a phone's SIP port on


@dataclass(frozen=True)
class Encrypted:
    """What the encrypted phones speak, and how nearly the others hear it."""

    payload_type: int
    pjsua: str
    baresip: str
    baresip_gain: int
    tolerance_db: float
    own_limit_db: float  # of one's own voice in what one hears


# Wide: PJSUA sends G.722 6 dB lower and plays it 6 dB higher, until something is loud; baresip's resampler takes 9 dB;
# two codecs and resamplers in the way leave more of the others to correlate with.
WIDE = Encrypted(9, "G722", "G722/16000/1", 2, 10.0, -18.0)
NARROW = Encrypted(0, "PCMU", "PCMU/8000/1", 1, hearing.LEVEL_TOLERANCE_DB, hearing.OWN_LIMIT_DB)


def packets(capture: Capture, phone: Phone) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """(octets, payload type) of the RTP packets from and to a phone."""
    near = range(phone.port, phone.port + MEDIA_PORTS)
    here = [(phone.host, port) for port in near]
    streams = capture.streams()
    sent = {kind(data) for one in streams if one.source in here for _, data in one.packets}
    heard = {kind(data) for one in streams if one.target in here for _, data in one.packets}
    return sent, heard


def narrowband(path: Path) -> np.ndarray:
    """A recording at 8000 Hz, whichever rate its phone records at."""
    rate_hz = int.from_bytes(path.read_bytes()[24:28], "little")
    return np.round(speech.resample(wav.read(path, rate_hz), rate_hz, wav.RATE_HZ)).astype(np.int16)


def kind(data: bytes) -> tuple[int, int]:
    """Octets and payload type of a packet."""
    return len(data), data[1] & 0x7F


@needs_pjsua
def test_phones_of_both_rates_encrypted_and_plain_hear_each_other(
    bench, phone_of, capture_of, spoken, figures, artifacts
):
    media = NARROW if bench.board_kind in emulated.KINDS else WIDE  # Arm boards are narrowband
    loud = wav.write(artifacts / "ue2-loud.wav", media.baresip_gain * wav.read(spoken["ue2"]).astype(int))
    ue1 = phone_of(Pjsua, "ue1", play=spoken["ue1"], srtp=True, codec=media.pjsua)
    ue2 = phone_of(Baresip, "ue2", play=loud, srtp="srtp", codecs=media.baresip)
    ue3 = phone_of(ParleyUe, "ue3", play=spoken["ue3"], answer=False)
    phones = [ue1, ue2, ue3]
    capture = capture_of(bench, *phones)
    all_join(phones, bench)
    ue1.hold()
    time.sleep(0.5)
    ue1.unhold()
    time.sleep(TALK_S)
    for phone in phones:
        phone.finish()
    capture.stop()
    figures.add(**{phone.name: [sorted(one) for one in packets(capture, phone)] for phone in (ue1, ue2)})
    kinds = {(PACKET_BYTES + TAG_BYTES, media.payload_type)}
    for phone in (ue1, ue2):
        assert packets(capture, phone) == (kinds, kinds), phone.name
    sources = {phone.name: wav.read(spoken[phone.name]) for phone in phones}
    findings = []
    for phone in phones:
        heard = hearing.listen(phone.name, narrowband(phone.recording), sources)
        figures.add(**{f"{phone.name} heard": heard.facts()})
        others = [name for name in sources if name != phone.name]
        findings += hearing.judge(heard, others, media.tolerance_db, media.own_limit_db)
    assert failures(findings) == []
    bench.wait_status(bench.idle, 12, "the conference's end")
