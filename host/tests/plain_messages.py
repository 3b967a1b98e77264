"""INVITEs and ACKs, plain ones and others. Not a test."""

PEER = ("127.0.0.1", 5070)
SDP = (
    b"v=0\r\no=user1 53655765 2353687637 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def invite(
    number=1, via=b";branch=z9hG4bK-%d", more=b"", uri=b"sip:conference@127.0.0.1:5060;size=2", **parts
):
    fields = {
        b"Via": b"SIP/2.0/UDP 127.0.0.1:5070" + (via % number if b"%d" in via else via),
        b"From": b"sipp <sip:sipp@127.0.0.1:5070>;tag=%dT" % number,
        b"To": b"<sip:conference@127.0.0.1:5060>",
        b"Call-ID": b"%d@127.0.0.1" % number,
        b"CSeq": b"1 INVITE",
        b"Contact": b"<sip:sipp@127.0.0.1:5070>",
        b"Max-Forwards": b"70",
        b"Content-Type": b"application/sdp",
    }
    body = parts.pop("body", SDP)
    fields |= {name.replace("_", "-").encode(): value for name, value in parts.items()}
    lines = [b"%b: %b" % field for field in fields.items() if field[1] is not None]
    head = b"\r\n".join([b"INVITE " + uri + b" SIP/2.0", *lines])
    return head + b"\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def ack(number=1, via=b";branch=z9hG4bK-%d"):
    return (
        b"ACK sip:conference@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070%b\r\n"
        b"From: sipp <sip:sipp@127.0.0.1:5070>;tag=%dT\r\nTo: <sip:conference@127.0.0.1:5060>;tag=x\r\n"
        b"Call-ID: %d@127.0.0.1\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
    ) % (via % number if b"%d" in via else via, number, number)


PLAIN = [
    {},
    {"via": b";branch=z9hG4bK-%d;rport"},
    {"via": b";rport;branch=z9hG4bK-%d"},
    {"more": b"Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKfar;received=10.0.0.9\r\n"},
    {"more": b"User-Agent: x\r\nAllow: INVITE, ACK\r\nSupported: replaces\r\n"},
    {"uri": b"sip:conference@127.0.0.1"},
    {"uri": b"sip:conference@127.0.0.1;size=1"},
    {"uri": b"sip:conference@127.0.0.1;size=70000"},
    {"uri": b"sip:nobody@127.0.0.1"},
    {"uri": b"sip:127.0.0.1"},
    {"From": b'"Alice B." <sip:alice@10.0.0.5;transport=udp>;tag=a.b-c'},
    {
        "body": SDP.replace(b"m=audio 6000 RTP/AVP 0", b"m=audio 6000 RTP/AVP 18").replace(
            b"a=rtpmap:0 PCMU", b"a=rtpmap:8 PCMA"
        )
    },
    {"body": SDP + b"m=video 9000 RTP/AVP 34\r\n"},
    {"body": SDP.replace(b"RTP/AVP", b"RTP/SAVP")},
    {"body": SDP + b"rubbish\r\n"},
]
OTHER = [
    {"via": b""},
    {"via": b";branch=z9hG4bK"},
    {"via": b";branch=old-%d"},
    {"via": b";branch=z9hG4bK-%d;received=1.2.3.4"},
    {"via": b";branch=z9hG4bK-%d;rport=9"},
    {"To": b"<sip:conference@127.0.0.1>;tag=known"},
    {"CSeq": b"1 OPTIONS"},
    {"CSeq": b"x INVITE"},
    {"From": None},
    {"Call_ID": None},
    {"Content_Type": b"text/plain"},
    {"more": b"Require: teleport\r\n"},
    {"more": b"Content-Encoding: gzip\r\n"},
    {"more": b"From: <sip:twice@h>;tag=1\r\n"},
    {"more": b" folded\r\n"},
    {"more": b"Priority: emergency\r\n"},
    {"body": b""},
    {"body": b"v=0\r\n"},
    {"uri": b"tel:+49"},
]
