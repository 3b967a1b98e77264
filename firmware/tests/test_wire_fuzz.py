"""Seeded mutations of good input: every parser returns a value or raises RemoteError, and nothing else."""

import sys
import unittest

from parley.wire.address import read_token
from parley.wire.auth import Authenticator, choose_challenge, parse_challenge, parse_credentials
from parley.wire.errors import RemoteError
from parley.wire.grammar import parse_host_port, parse_params, split_outside
from parley.wire.rtp import read_header
from parley.wire.sdp import parse_sdp
from parley.wire.sip import Request, note_source, parse_message, response_to
from parley.wire.uri import parse_name_addr, parse_uri, parse_via

ROUNDS = 500 if sys.implementation.name == "micropython" else 5000

INVITE = (
    b"INVITE sip:conference@127.0.0.1;size=8 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP [2001:db8::7]:5062;branch=z9hG4bKtop;rport, SIP/2.0/UDP b;received=[::1]\r\n"
    b'From: "A, \\"B\\"" <sip:alice@h>;tag=a1\r\nTo: sip:c@h;x="y;z"\r\nCall-ID: 1@h\r\nCSeq: 7 INVITE\r\n'
    b"m: <sip:a@h:5070;transport=udp?X=%41>;isfocus;expires=60,sip:b@h\r\n"
    b"Subject: folded\r\n line \xc3\xa9\r\nMax-Forwards: 70\r\n"
    b'Authorization: Digest username="u", realm="r", nonce="n", uri="sip:h", response="0", qop=auth\r\n'
    b"Content-Length: 150\r\n\r\n"
)
SDP = (
    b"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio 4000/2 RTP/AVP 0 96\r\n"
    b"a=rtpmap:96 opus/48000/2\r\na=fmtp:96 x=1\r\na=ptime:20\r\na=sendonly\r\n"
)
RESPONSE = (
    b"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP h;branch=1\r\n"
    b"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
    b'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256\r\n\r\n'
)
RTP = (
    bytes([0xB1, 0x80, 1, 2]) + bytes(8) + b"csrc" + bytes([0, 0, 0, 1]) + b"extn" + b"payload" + b"\x02\x02"
)
SPICE = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\r\n ",
    b" ", b"\t", b";", b",", b":", b"=", b"<", b">", b'"', b"\\",
    b"@", b"[", b"]", b"%", b"%4", b"?", b"/", b"\x00", b"\x80", b"\xff", b"\xc3\xa9", b"-1", b"4294967296",
    b"0" * 30, b"Via:", b"l: 5\r\n", b"SIP/2.0", b"SIP/2.0 200 OK\r\n", b"a=", b"m=audio 0 RTP/AVP 0\r\n",
    b"\xd9\xa3", b"*",
)  # fmt: skip


class Dice:
    """A small generator (xorshift) that throws the same on every Python."""

    def __init__(self, seed):
        self.state = seed * 2654435761 % 0xFFFFFFFF or 1

    def below(self, limit):
        word = self.state
        word ^= word << 13 & 0xFFFFFFFF
        word ^= word >> 17
        word ^= word << 5 & 0xFFFFFFFF
        self.state = word
        return word % limit


def mutated(data, dice):
    """One to four random changes: octet, insertion, removal, repetition, truncation, swap."""
    data = bytearray(data)
    for _ in range(1 + dice.below(4)):
        at = dice.below(len(data) + 1)
        to = min(len(data), at + dice.below(20))
        kind = dice.below(6)
        if kind == 0 and at < len(data):
            data[at] = dice.below(256)
        elif kind == 1:
            data = data[:at] + SPICE[dice.below(len(SPICE))] + data[at:]
        elif kind == 2:
            data = data[:at] + data[to:]
        elif kind == 3:
            data = data[:to] + bytes(data[at:to]) * (1 + dice.below(3)) + data[to:]
        elif kind == 4 and dice.below(4) == 0:
            data = data[:at]
        else:
            data = data[:at] + SPICE[dice.below(len(SPICE))] + data[to:]
    return bytes(data)


class FuzzTest(unittest.TestCase):
    def attempt(self, function, *args):
        """The function's value, or None when it raised RemoteError; anything else fails the test."""
        try:
            return function(*args)
        except RemoteError as error:
            self.assertTrue(error.status == 0 or 400 <= error.status < 700)
            self.assertTrue(error.reason != "")
            return None

    def read_everything(self, message):
        for read in (message.cseq, message.call_id, message.from_tag, message.to_tag, message.top_via):
            self.attempt(read)
        for name in ("Contact", "Via", "Supported"):
            for value in self.attempt(message.get_all, name) or ():
                address = self.attempt(parse_name_addr, value)
                if address is not None:
                    uri = self.attempt(parse_uri, address.uri_text)
                    if uri is not None:
                        uri.address()
                        uri.header_list()
                        self.assertEqual(str(parse_uri(str(uri))), str(uri))
                via = self.attempt(parse_via, value)
                if via is not None:
                    self.attempt(via.reply_address)
        if isinstance(message, Request):
            self.attempt(parse_uri, message.uri)
            self.attempt(note_source, message, ("10.0.0.1", 9))
            response_to(message, 400, to_tag="t").to_bytes()

    def test_messages(self):
        accepted = 0
        for round_number in range(ROUNDS):
            dice = Dice(round_number + 1)
            data = mutated(RESPONSE if round_number % 4 == 0 else INVITE + SDP, dice)
            try:
                message = parse_message(data)
            except RemoteError as error:
                if error.message is not None:
                    self.read_everything(error.message)
                else:
                    self.assertEqual(error.status, 0)
                continue
            accepted += 1
            again = parse_message(message.to_bytes())
            self.assertEqual(again.to_bytes(), message.to_bytes(), data)
            self.assertEqual(again.body, message.body)
            self.read_everything(message)
        self.assertGreater(accepted, ROUNDS // 10)  # the mutations must not all fail at the door
        self.assertLess(accepted, ROUNDS)

    def test_sdp(self):
        accepted = 0
        for round_number in range(ROUNDS):
            session = self.attempt(parse_sdp, mutated(SDP, Dice(round_number + 1)))
            if session is None:
                continue
            accepted += 1
            self.assertEqual(parse_sdp(session.to_bytes()).to_bytes(), session.to_bytes())
            for media in session.media:
                self.attempt(media.rtpmaps)
                media.ptime_ms()
                media.fmtp(96)
                session.direction_of(media)
                self.attempt(session.address_of, media)
        self.assertGreater(accepted, ROUNDS // 10)
        self.assertLess(accepted, ROUNDS)

    def test_values(self):
        server = Authenticator("r", b"s")
        seeds = (
            (parse_uri, b"sip:a:p@[::1]:5060;lr;x=%41?To=b%40c&d=e"),
            (parse_name_addr, b'"A \\" <" <sip:a@h;lr>;tag="1;2";x'),
            (parse_via, b"SIP/2.0/UDP [::1]:5060;branch=z;rport=5;received=1.2.3.4"),
            (parse_challenge, b'Digest realm="a, b", nonce="n", qop="auth", stale=true'),
            (parse_credentials, b'Digest username="u", realm="r", nonce="n", uri="x", response="0"'),
            (lambda text: choose_challenge([text]), b'Digest realm="a, b", nonce="n", qop="auth"'),
            (lambda text: server.check(text, "A", lambda name: "p", 5), server.challenges(5)[0].encode()),
            (lambda text: read_token(b"key", text), b"01" * 23),
            (parse_host_port, b"[::ffff:1.2.3.4]:5060"),
            (parse_params, b';a="b;c";d=e;f'),
            (lambda text: split_outside(text, ","), b'"a, \\" b" <c,d>, e'),
        )
        for round_number in range(ROUNDS):
            function, seed = seeds[round_number % len(seeds)]
            octets = mutated(seed, Dice(round_number + 1))
            try:
                text = octets.decode()
            except UnicodeError:
                text = "".join([chr(octet) for octet in octets])
            self.attempt(function, text)

    def test_rtp(self):
        for round_number in range(ROUNDS):
            packet = mutated(RTP, Dice(round_number + 1))
            read = self.attempt(read_header, packet)
            if read is not None:
                self.assertTrue(12 <= read[1] <= read[2] <= len(packet))

    def test_noise(self):
        dice = Dice(4711)
        for _ in range(ROUNDS // 5):
            data = bytes([dice.below(256) for _ in range(dice.below(200))])
            for function in (parse_message, parse_sdp, read_header):
                self.attempt(function, data)


if __name__ == "__main__":
    unittest.main()
