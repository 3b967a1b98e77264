"""Requests as the phones of the house send them, read, answered and written back."""

import unittest

from parley.wire.sdp import parse_sdp
from parley.wire.sip import note_source, parse_message, response_to
from parley.wire.uri import parse_name_addr, parse_uri


def lines(text, body=""):
    """A message as on the wire; the body's length goes into Content-Length."""
    head = text.strip().replace("\n", "\r\n")
    body = body.strip().replace("\n", "\r\n") + "\r\n" if body else ""
    return (head + f"\r\nContent-Length: {len(body)}\r\n\r\n" + body).encode()


# pjsua 2.15: addresses without brackets, ";ob", session timer.
PJSUA = lines(
    """
INVITE sip:conference@127.0.0.9:35060 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:35162;rport;branch=z9hG4bKPj5DhzDMx0fsErEyNuLQwYpRpIzOA4R-6Q
Max-Forwards: 70
From: sip:alice@127.0.0.1;tag=n5Wyu94BoAkSbW2rMDY2AGUPae.OJvIH
To: sip:conference@127.0.0.9
Contact: <sip:alice@127.0.0.1:35162;ob>
Call-ID: wDo2dSqK.dAs6mPGUJ0ZjmAAD6h.EHW2
CSeq: 32263 INVITE
Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS
Supported: replaces, 100rel, timer, norefersub
Session-Expires: 1800
Min-SE: 90
Content-Type: application/sdp""",
    """
v=0
o=- 4004349440 4004349440 IN IP4 127.0.0.1
s=pjmedia
b=AS:84
t=0 0
a=X-nat:0
m=audio 4000 RTP/AVP 0 8 9 120
c=IN IP4 127.0.0.1
b=TIAS:64000
a=rtcp:4001 IN IP4 127.0.0.1
a=sendrecv
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:9 G722/8000
a=rtpmap:120 telephone-event/8000
a=fmtp:120 0-16
a=ssrc:1574317602 cname:68bc90fb038687dd""",
)

# baresip 1.0: transport on the dialled URI (doubled when the URI named one already), empty Supported.
BARESIP = lines(
    """
INVITE sip:conference@127.0.0.9:35060;transport=udp;transport=udp SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:35163;branch=z9hG4bK2842275602bdfc06;rport
Contact: <sip:alice-0x56165f566000@127.0.0.1:35163>
Max-Forwards: 70
To: <sip:conference@127.0.0.9:35060;transport=udp;transport=udp>
From: <sip:alice@127.0.0.1:35163>;tag=8d6fa3e2b6617a9d
Call-ID: 748c4e71c4b497d0
CSeq: 29094 INVITE
User-Agent: baresip v1.0.0 (x86_64/linux)
Allow: INVITE,ACK,BYE,CANCEL,OPTIONS,NOTIFY,SUBSCRIBE,INFO,MESSAGE,REFER
Supported:
Content-Type: application/sdp""",
    """
v=0
o=- 3109251704 126539943 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
a=tool:baresip 1.0.0
m=audio 48676 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
a=label:1
a=rtcp-rsize
a=ssrc:3805898460 cname:sip:alice@127.0.0.1:35163
a=minptime:20
a=ptime:20""",
)

# linphone 5: quoted display, +sip.instance in the Contact, feedback attributes, dynamic types first.
LINPHONE = lines(
    """
INVITE sip:conference@127.0.0.9:35060 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bK.7Kk2bO~pd;rport
From: "Alice, \\"the\\" caller" <sip:alice@127.0.0.1>;tag=sGzJ4nS~k
To: sip:conference@127.0.0.9
CSeq: 20 INVITE
Call-ID: o4MxLu-8Xj
Max-Forwards: 70
Supported: replaces, outbound, gruu, path, record-aware
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO, PRACK, UPDATE
Contact: <sip:alice@127.0.0.1:5062>;+org.linphone.specs="groupchat,lime";+sip.instance="<urn:uuid:0-1-2>"
User-Agent: LinphoneC/5.1.65 (host) (belle-sip/5.1.64)
Content-Type: application/sdp""",
    """
v=0
o=alice 1557 2744 IN IP4 127.0.0.1
s=Talk
c=IN IP4 127.0.0.1
t=0 0
a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics
m=audio 7078 RTP/AVP 96 97 98 0 8 18 101 99
a=rtpmap:96 opus/48000/2
a=fmtp:96 useinbandfec=1
a=rtpmap:97 speex/16000
a=fmtp:97 vbr=on
a=rtpmap:98 speex/8000
a=fmtp:98 vbr=on
a=fmtp:18 annexb=yes
a=rtpmap:101 telephone-event/48000
a=rtpmap:99 telephone-event/8000
a=rtcp-fb:* trr-int 5000
a=rtcp-fb:* ccm tmmbr""",
)

# SIPp's own scenario: no rport, short SDP, odd numbers in o=.
SIPP = lines(
    """
INVITE sip:conference@127.0.0.1:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.1.7:5062;branch=z9hG4bK-4242-1-0
From: sipp <sip:sipp@127.0.1.7:5062>;tag=4242SIPpTag001
To: service <sip:conference@127.0.0.1:5060>
Call-ID: 1-4242@127.0.1.7
CSeq: 1 INVITE
Contact: sip:sipp@127.0.1.7:5062
Max-Forwards: 70
Subject: Performance Test
Content-Type: application/sdp""",
    """
v=0
o=user1 53655765 2353687637 IN IP4 127.0.1.7
s=-
c=IN IP4 127.0.1.7
t=0 0
m=audio 6000 RTP/AVP 0
a=rtpmap:0 PCMU/8000""",
)

INVITES = (PJSUA, BARESIP, LINPHONE, SIPP)


class InviteTest(unittest.TestCase):
    def test_everything_typed_can_be_read(self):
        for data, tag, cseq, contact in (
            (PJSUA, "n5Wyu94BoAkSbW2rMDY2AGUPae.OJvIH", 32263, ("127.0.0.1", 35162)),
            (BARESIP, "8d6fa3e2b6617a9d", 29094, ("127.0.0.1", 35163)),
            (LINPHONE, "sGzJ4nS~k", 20, ("127.0.0.1", 5062)),
            (SIPP, "4242SIPpTag001", 1, ("127.0.1.7", 5062)),
        ):
            invite = parse_message(data)
            self.assertEqual((invite.from_tag(), invite.to_tag()), (tag, None))
            self.assertEqual(invite.cseq(), (cseq, "INVITE"))
            self.assertEqual(parse_uri(invite.uri).user, "conference")
            contacts = invite.get_all("Contact")
            self.assertEqual(len(contacts), 1)
            self.assertEqual(parse_name_addr(contacts[0]).uri.address(), contact)
            self.assertEqual(invite.top_via().branch[:7], "z9hG4bK")

    def test_written_as_read(self):
        for data in INVITES:
            expected = data.replace(b"Supported:\r\n", b"Supported: \r\n")
            self.assertEqual(parse_message(data).to_bytes(), expected)

    def test_answers_go_back_to_where_the_request_came_from(self):
        for data in INVITES:
            invite = parse_message(data)
            host, port = invite.top_via().host, invite.top_via().port
            note_source(invite, (host, port))
            self.assertEqual(invite.top_via().reply_address(), (host, port))
            invite = parse_message(data)
            note_source(invite, ("10.9.8.7", 12345))
            asked_rport = b"rport" in data
            self.assertEqual(invite.top_via().reply_address(), ("10.9.8.7", 12345 if asked_rport else port))
            redirect = parse_message(response_to(invite, 302, to_tag="t").to_bytes())
            self.assertEqual(redirect.top_via().branch, invite.top_via().branch)
            self.assertEqual((redirect.to_tag(), redirect.from_tag()), ("t", invite.from_tag()))

    def test_offers(self):
        for data, port, names in (
            (PJSUA, 4000, ["PCMU", "PCMA", "G722", "telephone-event"]),
            (BARESIP, 48676, ["PCMU", "PCMA", "telephone-event"]),
            (LINPHONE, 7078,
             ["opus", "speex", "speex", "PCMU", "PCMA", "G729", "telephone-event", "telephone-event"]),
            (SIPP, 6000, ["PCMU"]),
        ):  # fmt: skip
            offer = parse_sdp(parse_message(data).body)
            media = offer.media[0]
            self.assertEqual([name for _, name, _, _ in media.rtpmaps()], names)
            self.assertEqual(offer.address_of(media)[1], port)
            self.assertEqual(offer.direction_of(media), "sendrecv")

    def test_quirks(self):
        self.assertEqual(parse_message(BARESIP).get_all("Supported"), [])
        self.assertEqual(parse_uri(parse_message(BARESIP).uri).param("transport"), "udp")
        sender = parse_name_addr(parse_message(LINPHONE).get("From"))
        self.assertEqual(sender.display, 'Alice, "the" caller')
        contact = parse_name_addr(parse_message(LINPHONE).get("Contact"))
        self.assertEqual(contact.param("+sip.instance"), "<urn:uuid:0-1-2>")
        self.assertEqual(parse_message(PJSUA).get_all("Supported")[1], "100rel")
        self.assertIn("REFER", parse_message(BARESIP).get_all("Allow"))


class OtherTest(unittest.TestCase):
    def test_redirect_with_a_focus(self):
        data = lines(
            """
SIP/2.0 302 Moved Temporarily
Via: SIP/2.0/UDP 127.0.0.1:35162;rport=35162;received=127.0.0.1;branch=z9hG4bKPj5
From: <sip:alice@127.0.0.1>;tag=a
To: <sip:conference@127.0.0.9>;tag=b
Call-ID: x
CSeq: 1 INVITE
Contact: <sip:0a1b2c@127.0.1.1:5060;transport=udp>;isfocus;q=1.0, "second, best" <sip:d@127.0.1.2>;q=0.5"""
        )
        response = parse_message(data)
        contacts = [parse_name_addr(value) for value in response.get_all("Contact")]
        self.assertEqual([contact.uri.user for contact in contacts], ["0a1b2c", "d"])
        self.assertEqual([contact.param("isfocus") for contact in contacts], ["", None])
        self.assertEqual((response.status, response.cseq()[1]), (302, "INVITE"))

    def test_refer_in_compact_form(self):
        data = lines(
            """
REFER sip:bob@127.0.0.1:5064 SIP/2.0
v: SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bKr
f: <sip:alice@127.0.0.1>;tag=a
t: <sip:bob@127.0.0.1>;tag=b
i: y
CSeq: 2 REFER
m: <sip:alice@127.0.0.1:5062>
r: <sip:0a1b@127.0.1.1:5060;transport=udp;method=INVITE?Subject=hi&Replaces=1%40h%3Bto-tag%3D1>
b: <sip:alice@127.0.0.1>"""
        )
        refer = parse_message(data)
        target = parse_name_addr(refer.get("Refer-To")).uri
        self.assertEqual((target.user, target.param("method")), ("0a1b", "INVITE"))
        self.assertEqual(target.header_list(), [("Subject", "hi"), ("Replaces", "1@h;to-tag=1")])
        self.assertEqual(refer.get("Referred-By"), "<sip:alice@127.0.0.1>")
        self.assertEqual(parse_message(refer.to_bytes()).headers, refer.headers)

    def test_notify_with_a_fragment(self):
        notify = parse_message(
            lines(
                """
NOTIFY sip:alice@127.0.0.1:5062 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5064;branch=z9hG4bKn
From: <sip:bob@127.0.0.1>;tag=b
To: <sip:alice@127.0.0.1>;tag=a
Call-ID: y
CSeq: 1 NOTIFY
Event: refer;id=2
Subscription-State: terminated;reason=reason=noresource
Content-Type: message/sipfrag;version=2.0""",
                "SIP/2.0 200 OK",
            )
        )
        self.assertEqual(notify.body, b"SIP/2.0 200 OK\r\n")
        self.assertEqual(notify.get("o"), "refer;id=2")

    def test_prack_with_a_bare_line_feed(self):  # baresip 4
        data = lines(
            """
PRACK sip:0a1b@127.0.1.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5064;branch=z9hG4bKp
From: <sip:bob@127.0.0.1>;tag=b
To: <sip:0a1b@127.0.1.1>;tag=a
Call-ID: y
CSeq: 2 PRACK
RAck: 1 61730 INVITE"""
        )
        prack = parse_message(data.replace(b"61730 INVITE\r\n", b"61730 INVITE\n"))
        self.assertEqual(prack.get("RAck"), "1 61730 INVITE")
        self.assertEqual(prack.body, b"")


if __name__ == "__main__":
    unittest.main()
