"""SIP over TLS on a board: handshake and calls in pieces, strangers, no more than a step of a handshake a turn."""

import socket
import unittest
from binascii import a2b_base64

from stream_side import FIRST_PORT, OPTIONS, Side
from tls_pair import CERTIFICATE, KEY

from parley.app import runtime
from parley.app.streams import READ_BYTES, READS_PER_TURN, UNFINISHED_MS

try:
    import ssl
except ImportError:  # a MicroPython without
    ssl = None

TURNS = 3000  # of the loopback's patience


def options(number):
    """One of its own."""
    return OPTIONS.replace(b"z9hG4bK1", b"z9hG4bK1%d" % number).replace(
        b"Call-ID: 1", b"Call-ID: 1%d" % number
    )


class Phone:
    """A TLS client that never blocks."""

    def __init__(self, address):
        raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.connect(runtime.literal(address[0], address[1]))
        raw.setblocking(False)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if hasattr(context, "check_hostname"):
            context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.secure = runtime.TlsSocket(raw, context, False)
        self.heard = b""
        self.unsent = b""
        self.ended = False

    def turn(self):
        try:
            if self.unsent:
                self.unsent = self.unsent[self.secure.send(self.unsent) :]
            data = self.secure.recv(4096)
        except OSError:
            return
        self.ended = self.ended or data == b""
        self.heard += data or b""


class TlsTest(unittest.TestCase):
    def setUp(self):
        if ssl is None:
            self.skipTest("no ssl on this Python")
        self.side = Side()
        context = runtime.tls_context(a2b_base64(CERTIFICATE), a2b_base64(KEY))
        for port in range(FIRST_PORT + 300, FIRST_PORT + 500):
            try:
                self.side.streams.listen_tls("127.0.0.1", port, context)
                break
            except OSError:
                continue
        self.address = ("127.0.0.1", port)
        self.phones = []

    def tearDown(self):
        if ssl is not None:
            for phone in self.phones:
                phone.secure.close()
            self.side.streams.close()

    def phone(self):
        made = Phone(self.address)
        self.phones.append(made)
        return made

    def until(self, done, now_ms=0):
        for _ in range(TURNS):
            waits = self.side.streams.deadline_ms != now_ms
            self.side.poller.wait(1 if waits else 0)
            self.side.streams.serve(now_ms)
            for phone in self.phones:
                phone.turn()
            if done():
                return
        raise AssertionError("it never came to pass")

    def test_a_request_is_answered_on_its_connection(self):
        phone = self.phone()
        phone.unsent = OPTIONS.replace(b"/TCP", b"/TLS")
        self.until(lambda: phone.heard)
        self.assertEqual(phone.heard[:11], b"SIP/2.0 200")
        self.assertIn(b";transport=tls>", phone.heard)

    def test_more_than_a_turn_takes_is_read_without_another_word_of_the_phone(self):
        phone = self.phone()
        count = READS_PER_TURN * READ_BYTES // len(OPTIONS) + 4
        phone.unsent = b"".join([options(number) for number in range(count)])
        self.until(lambda: phone.heard.count(b"SIP/2.0 200") == count)

    def test_two_shake_hands_at_once(self):
        phones = [self.phone(), self.phone()]
        phones[0].unsent, phones[1].unsent = options(1), options(2)
        self.until(lambda: phones[0].heard and phones[1].heard)

    def test_who_speaks_no_tls_is_let_go(self):
        raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.connect(runtime.literal(self.address[0], self.address[1]))
        raw.send(OPTIONS)
        self.until(lambda: len(self.side.streams) == 1)
        self.until(lambda: len(self.side.streams) == 0)
        raw.close()

    def test_a_handshake_that_does_not_come_ends_the_connection(self):
        raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.connect(runtime.literal(self.address[0], self.address[1]))
        self.until(lambda: len(self.side.streams) == 1)
        self.side.streams.serve(UNFINISHED_MS + 1)
        self.assertEqual(len(self.side.streams), 0)
        raw.close()

    def test_a_phone_that_closes_is_forgotten(self):
        phone = self.phone()
        phone.unsent = OPTIONS
        self.until(lambda: phone.heard)
        self.phones.remove(phone)
        phone.secure.close()
        self.until(lambda: len(self.side.streams) == 0)

    def test_we_connect_to_nobody_over_tls(self):
        self.side.endpoint.request("OPTIONS", "sip:127.0.0.1:%d;transport=tls" % self.address[1], 0)
        self.side.pump(0)
        self.assertEqual([event.text for event in self.side.endpoint.events()], ["transport error"])

    def test_a_certificate_that_is_none(self):
        for pair in ((b"x", a2b_base64(KEY)), (a2b_base64(CERTIFICATE), b"x")):
            self.assertRaises(OSError, runtime.tls_context, pair[0], pair[1])


if __name__ == "__main__":
    unittest.main()
