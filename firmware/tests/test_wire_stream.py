"""SIP over a byte stream: pieces of any size, keep-alives, limits, lost framing."""

import unittest

from torture_vectors import vectors

from parley.wire.errors import RemoteError
from parley.wire.sip import parse_message
from parley.wire.stream import StreamReader

HEAD = (
    b"OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
    b"To: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
)


def message(body=b"", length=None, name=b"Content-Length"):
    length = b"%d" % len(body) if length is None else length
    return HEAD + name + b": " + length + b"\r\n\r\n" + body


def all_of(data, piece, limit=65535):
    """(messages, the reader) of data fed in pieces."""
    reader, found = StreamReader(limit), []
    for at in range(0, len(data), piece):
        reader.feed(data[at : at + piece])
        while True:
            whole = reader.take()
            if whole is None:
                break
            found.append(whole)
    return found, reader


class PiecesTest(unittest.TestCase):
    def test_messages_in_pieces_of_any_size(self):
        sent = [message(b"v=0\r\n\r\nbody"), message(), message(b"\r\n\r\n"), message(b"x" * 300, name=b"l ")]
        for piece in (1, 7, 64, 10000):
            found, reader = all_of(b"".join(sent), piece)
            # the line ends of the third body are its own, not keep-alives
            self.assertEqual(found, sent)
            self.assertEqual(reader.pongs, 0)
            self.assertFalse(reader.waiting)

    def test_an_unfinished_message_waits(self):
        found, reader = all_of(message(b"12345")[:-1], 7)
        self.assertEqual(found, [])
        self.assertTrue(reader.waiting)
        reader.feed(b"5")
        self.assertEqual(reader.take(), message(b"12345"))

    def test_bare_line_feeds(self):
        data = message(b"body").replace(b"\r\n", b"\n")
        for piece in (1, 7, 10000):
            self.assertEqual(all_of(data + data, piece)[0], [data, data])

    def test_a_folded_length(self):
        data = HEAD + b"content-LENGTH\t:\r\n  4\r\n\r\nbody"
        for piece in (1, 7, 10000):
            self.assertEqual(all_of(data, piece)[0], [data])

    def test_torture_messages_with_a_length_come_out_whole(self):
        for group in ("valid", "ipv6"):
            for vector in vectors(group):
                if vector.name == "second-request-behind":
                    continue
                for piece in (1, 7, 10000):
                    self.assertEqual(all_of(vector.data, piece)[0], [vector.data], vector.name)

    def test_a_second_request_is_a_second_request(self):
        # in a datagram it is noise (RFC 4475 3.1.1.8), in a stream it is the next message
        for vector in vectors("valid"):
            if vector.name == "second-request-behind":
                for piece in (1, 7, 10000):
                    methods = [parse_message(data).method for data in all_of(vector.data, piece)[0]]
                    self.assertEqual(methods, ["REGISTER", "INVITE"])


class KeepAliveTest(unittest.TestCase):
    """RFC 5626 3.5.1: a double CRLF asks, a single one answers."""

    def test_pings_are_counted(self):
        for piece in (1, 2, 3, 4, 100):
            found, reader = all_of(b"\r\n\r\n" + message() + b"\r\n\r\n\r\n\r\n" + message(), piece)
            self.assertEqual(len(found), 2)
            self.assertEqual(reader.pongs, 3, piece)

    def test_a_pong_is_passed_over(self):
        found, reader = all_of(b"\r\n" + message(), 1)
        self.assertEqual((len(found), reader.pongs), (1, 0))

    def test_half_a_ping_waits_for_its_other_half(self):
        _, reader = all_of(b"\r\n", 1)
        reader.feed(b"\r\n")
        self.assertEqual((reader.take(), reader.pongs), (None, 1))


class LostTest(unittest.TestCase):
    def refusal(self, data, limit=65535, piece=7):
        try:
            found, _ = all_of(data, piece, limit)
        except RemoteError as error:
            return error
        raise AssertionError("taken: %r" % found)

    def test_without_content_length(self):
        error = self.refusal(HEAD + b"\r\n")
        self.assertEqual((error.status, error.message.method), (400, "OPTIONS"))

    def test_two_lengths(self):
        self.assertEqual(self.refusal(message(b"", b"0\r\nl: 5")).status, 400)

    def test_lengths_that_are_none(self):
        for length in (b"-1", b"", b"1x", b"9" * 40, b"\xff"):
            error = self.refusal(message(b"", length))
            self.assertEqual(error.status, 400, length)

    def test_too_large(self):
        error = self.refusal(message(b"", b"70000"))
        self.assertEqual((error.status, error.message.method), (513, "OPTIONS"))
        self.assertEqual(self.refusal(message(b"x" * 800), 900).status, 513)

    def test_headers_without_end(self):
        for piece in (7, 5000):
            error = self.refusal(HEAD + b"X: y\r\n" * 4000, piece=piece)
            self.assertEqual((error.status, error.message), (0, None))
        self.assertEqual(self.refusal(b"x" * 2000, 1000).status, 0)

    def test_responses_and_noise_are_not_answered(self):
        response = b"SIP/2.0 200 OK\r\n" + HEAD.partition(b"\r\n")[2] + b"\r\n"
        for data in (
            response,
            b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            HEAD.replace(b"OPTIONS", b"ACK") + b"\r\n",
        ):
            error = self.refusal(data)
            self.assertEqual(error.status, 0, data)


class PongTest(unittest.TestCase):
    """Keep-alives of our own (RFC 5626 3.5.1)."""

    def test_taken_when_one_is_owed(self):
        for arrives in (b"\r\n", b"\r\n\r\n\r\n"):  # alone, and after a ping of theirs
            reader = StreamReader()
            reader.awaits_pong = True
            reader.feed(arrives)
            self.assertEqual(reader.take(), None)
            self.assertEqual(
                (reader.awaits_pong, reader.waiting, reader.pongs), (False, False, len(arrives) // 4)
            )

    def test_half_of_one(self):
        reader = StreamReader()
        reader.awaits_pong = True
        for octet, owed in ((b"\r", True), (b"\n", False)):
            reader.feed(octet)
            self.assertEqual((reader.take(), reader.awaits_pong), (None, owed))

    def test_a_message_instead(self):
        reader = StreamReader()
        reader.awaits_pong = True
        message = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
        reader.feed(message)
        self.assertEqual((reader.take(), reader.awaits_pong), (message, True))


if __name__ == "__main__":
    unittest.main()
