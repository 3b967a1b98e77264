"""Encrypted and plain phones in one conference: SRTP of PJSUA and baresip, the product's phone in the clear."""

import time

import pytest

from hil_tests import hearing, wav
from hil_tests.capture import Capture
from hil_tests.processes import wait_until
from hil_tests.talk import TALK_S, failures
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.face import Phone
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua

pytestmark = [pytest.mark.hil, pytest.mark.limit_s(120)]
needs_pjsua = pytest.mark.skipif(not Pjsua.available(), reason="pjsua2-python has no wheel for this Python")
PLAIN_BYTES = 172  # 20 ms of G.711 with its header
TAG_BYTES = 10  # AES_CM_128_HMAC_SHA1_80
MEDIA_PORTS = 30  # from a phone's SIP port on


def joins(phone: Phone, bench, uri: str) -> None:
    phone.call(uri)
    wait_until(lambda: phone.name in bench.members(), 10, f"{phone.name} to be in the conference")


def lengths(capture: Capture, phone: Phone) -> tuple[set[int], set[int]]:
    """Octets of the RTP packets from and to a phone."""
    near = range(phone.port, phone.port + MEDIA_PORTS)
    here = [(phone.host, port) for port in near]
    streams = capture.streams()
    sent = {len(data) for one in streams if one.source in here for _, data in one.packets}
    heard = {len(data) for one in streams if one.target in here for _, data in one.packets}
    return sent, heard


@needs_pjsua
def test_encrypted_and_plain_phones_hear_each_other(bench, phone_of, capture_of, spoken, figures):
    ue1 = phone_of(Pjsua, "ue1", play=spoken["ue1"], srtp=True)
    ue2 = phone_of(Baresip, "ue2", play=spoken["ue2"], srtp="srtp")
    ue3 = phone_of(ParleyUe, "ue3", play=spoken["ue3"], answer=False)
    phones = [ue1, ue2, ue3]
    capture = capture_of(bench, *phones)
    for phone in phones:
        phone.start()
    joins(ue1, bench, bench.server)
    address = next(one["address"] for one in bench.conferences() if one["participants"])
    joins(ue2, bench, address)
    joins(ue3, bench, address)
    ue1.hold()
    time.sleep(0.5)
    ue1.unhold()
    time.sleep(TALK_S)
    for phone in phones:
        phone.finish()
    capture.stop()
    figures.add(**{phone.name: [sorted(one) for one in lengths(capture, phone)] for phone in phones})
    for phone in (ue1, ue2):
        assert lengths(capture, phone) == ({PLAIN_BYTES + TAG_BYTES}, {PLAIN_BYTES + TAG_BYTES}), phone.name
    sources = {phone.name: wav.read(spoken[phone.name]) for phone in phones}
    findings = []
    for phone in phones:
        heard = hearing.listen(phone.name, wav.read(phone.recording), sources)
        findings += hearing.judge(heard, [name for name in sources if name != phone.name])
    assert failures(findings) == []
    bench.wait_status(bench.idle, 12, "the conference's end")
