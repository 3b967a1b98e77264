"""Times the reading and writing of a typical INVITE with SDP; runs unchanged on CPython and MicroPython.

    [micro]python sip_times.py

Prints one JSON object: reader -> messages a second of processor time, the best and the median of several rounds. On
CPython sipmessage takes its turns between ours, where it is installed; how many times as fast ours is, is the median of
the rounds' own ratios, which a busy machine moves little.
"""

import json
import time

from parley.wire.sdp import parse_sdp
from parley.wire.sip import parse_message
from parley.wire.uri import parse_name_addr

try:
    import sipmessage
except ImportError:  # MicroPython
    sipmessage = None

ROUNDS = 9
ROUND_NS = 150_000_000
PAIRS = (("ours", "sipmessage"), ("ours, typed, with SDP", "sipmessage, typed"))
OFFER = """v=0
o=- 4004349440 4004349440 IN IP4 192.0.2.7
s=call
b=AS:84
t=0 0
m=audio 4000 RTP/AVP 0 8 9 120
c=IN IP4 192.0.2.7
a=rtcp:4001 IN IP4 192.0.2.7
a=sendrecv
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:9 G722/8000
a=rtpmap:120 telephone-event/8000
a=fmtp:120 0-16
a=ptime:20
"""
HEAD = """INVITE sip:conference@192.0.2.1:5060 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:35162;rport;branch=z9hG4bKPj5DhzDMx0fsErEyNuLQwYpRpIzOA4R
Max-Forwards: 70
From: "Alice" <sip:alice@192.0.2.7>;tag=n5Wyu94BoAkSbW2rMDY2AGUPae
To: <sip:conference@192.0.2.1:5060>
Contact: <sip:alice@192.0.2.7:35162;ob>
Call-ID: wDo2dSqK.dAs6mPGUJ0ZjmAAD6h.EHW2
CSeq: 32263 INVITE
Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS
Supported: replaces, 100rel, timer, norefersub
Session-Expires: 1800
Min-SE: 90
User-Agent: A phone 2.15.1
Content-Type: application/sdp
Content-Length: """


def invite():
    """Returns the INVITE as octets."""
    body = OFFER.replace("\n", "\r\n")
    return (HEAD.replace("\n", "\r\n") + str(len(body)) + "\r\n\r\n" + body).encode()


DATA = invite()


def ours():
    """Reads and writes it."""
    return parse_message(DATA).to_bytes()


def ours_typed():
    """Reads and writes it, and reads every address, the CSeq and the offer as values."""
    message = parse_message(DATA)
    message.top_via()
    for name in ("From", "To", "Contact"):
        parse_name_addr(message.required(name))
    message.cseq()
    parse_sdp(message.body)
    return message.to_bytes()


def theirs():
    """The same with sipmessage."""
    return bytes(sipmessage.Message.parse(DATA))


def theirs_typed():
    """The same with sipmessage, which has no SDP."""
    message = sipmessage.Message.parse(DATA)
    values = (message.via, message.from_address, message.to_address, message.contact, message.cseq)
    return bytes(message) if values else b""


def clock_ns():
    """Returns processor time, not the wall's: whoever else has the processor must not count as ours."""
    return time.process_time_ns() if hasattr(time, "process_time_ns") else int(time.clock() * 1_000_000_000)


def per_second(call):
    """Returns how often it ran in one round, a second."""
    count, start_ns = 0, clock_ns()
    while clock_ns() - start_ns < ROUND_NS:
        for _ in range(50):
            call()
        count += 50
    return count * 1_000_000_000 / (clock_ns() - start_ns)


def median(values):
    """Returns the middle one of an odd number of values."""
    return sorted(values)[len(values) // 2]


def main():
    """Takes turns, so that all have the machine at its best and at its worst."""
    calls = {"ours": ours, "ours, typed, with SDP": ours_typed}
    if sipmessage is not None:
        calls["sipmessage"] = theirs
        calls["sipmessage, typed"] = theirs_typed
    rounds = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name in calls:
            rounds[name].append(per_second(calls[name]))
    figures = {
        "octets": len(DATA),
        "per_s": {name: round(max(rounds[name])) for name in calls},
        "median_per_s": {name: round(median(rounds[name])) for name in calls},
        "times_sipmessage": {},
    }
    for mine, other in PAIRS:
        if other in calls:
            ratios = [a / b for a, b in zip(rounds[mine], rounds[other])]  # noqa: B905 - MicroPython has no strict=
            figures["times_sipmessage"][mine] = round(median(ratios), 2)
    print(json.dumps(figures))


main()
