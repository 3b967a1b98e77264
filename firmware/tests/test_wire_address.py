import sys
import unittest

from parley.wire.address import (
    MAX_EXPIRES_S,
    MAX_GENERATION,
    MAX_SIZE,
    MAX_SLOT,
    MIN_SIZE,
    TOKEN_CHARACTERS,
    conference_uri,
    derive,
    make_token,
    read_token,
)
from parley.wire.auth import hex_of, hmac_sha256
from parley.wire.errors import LocalError, RemoteError
from parley.wire.uri import parse_uri

ON_MICROPYTHON = sys.implementation.name == "micropython"
RANDOM_TOKENS = 2000 if ON_MICROPYTHON else 10000
KEY = bytes(range(32))
FIELDS = (3, 1795357275, 8, 1795357335)
TOKEN = "010003" + "6b02fa5b" + "0008" + "6b02fa97"  # the first 13 octets of it


def fields_of(allocation):
    return allocation.slot, allocation.generation, allocation.size, allocation.expires_s


def octets(seed, count):
    """Pseudo-random octets that are the same on every Python."""
    data = b""
    while len(data) < count:
        seed += 1
        data += hmac_sha256(b"tokens", str(seed).encode())
    return data[:count]


class TokenTest(unittest.TestCase):
    def refused(self, token, key=KEY):
        try:
            read_token(key, token)
        except RemoteError as error:
            self.assertEqual(error.status, 404)
            return
        self.fail("accepted " + token)

    def test_layout(self):
        token = make_token(KEY, *FIELDS)
        self.assertEqual(len(token), TOKEN_CHARACTERS)
        self.assertEqual(token[:26], TOKEN)
        self.assertEqual(token[26:], hex_of(hmac_sha256(KEY, bytes.fromhex(TOKEN))[:10]))

    def test_there_and_back_at_the_limits(self):
        for fields in (
            FIELDS,
            (0, 0, MIN_SIZE, 0),
            (MAX_SLOT, 0, MIN_SIZE, 0),
            (0, MAX_GENERATION, MIN_SIZE, 0),
            (0, 0, MAX_SIZE, 0),
            (0, 0, MIN_SIZE, MAX_EXPIRES_S),
            (MAX_SLOT, MAX_GENERATION, MAX_SIZE, MAX_EXPIRES_S),
        ):
            self.assertEqual(fields_of(read_token(KEY, make_token(KEY, *fields))), fields)

    def test_past_the_limits_is_our_mistake(self):
        for fields in (
            (-1, 0, 2, 0), (MAX_SLOT + 1, 0, 2, 0), (0, -1, 2, 0), (0, MAX_GENERATION + 1, 2, 0),
            (0, 0, MIN_SIZE - 1, 0), (0, 0, 0, 0), (0, 0, MAX_SIZE + 1, 0), (0, 0, 2, -1), (0, 0, 2,
            MAX_EXPIRES_S + 1),
        ):  # fmt: skip
            self.assertRaises(LocalError, make_token, KEY, *fields)
        self.assertRaises(LocalError, make_token, b"", *FIELDS)

    def test_every_flipped_bit_is_refused(self):
        data = bytes.fromhex(make_token(KEY, *FIELDS))
        for bit in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            self.refused(hex_of(bytes(flipped)))

    def test_random_tokens_are_refused(self):
        for number in range(RANDOM_TOKENS):
            self.refused(hex_of(octets(number * 2, TOKEN_CHARACTERS // 2)))

    def test_random_macs_on_right_fields_are_refused(self):
        for number in range(RANDOM_TOKENS // 10):
            self.refused(TOKEN + hex_of(octets(number, 10)))

    def test_other_spellings_are_refused(self):
        token = make_token(KEY, *FIELDS)
        self.assertNotEqual(token, token.upper())
        for other in (
            token.upper(), token[:-1] + token[-1].upper() + " ", token[:-1], token[:-2], token + "0",
            token + "00",
            "", " " + token[1:], token[:-1] + " ", token[:-1] + "g", "+" + token[1:], token[:-1] + "é",
            "0x" + token[2:],
            "\u0660" + token[1:], "conference",
        ):  # fmt: skip
            self.refused(other)

    def test_other_keys_are_refused(self):
        token = make_token(KEY, *FIELDS)
        for key in (bytes(32), KEY[:-1], KEY + b"x", b"x" + KEY, b""):
            self.refused(token, key)

    def test_other_versions_are_refused_though_signed(self):
        for version in (0, 2, 255):
            data = bytes([version]) + bytes.fromhex(TOKEN)[1:]
            self.refused(hex_of(data + hmac_sha256(KEY, data)[:10]))

    def test_sizes_below_two_are_refused_though_signed(self):
        for size in (0, 1):
            data = bytes.fromhex(TOKEN)[:7] + bytes([0, size]) + bytes.fromhex(TOKEN)[9:]
            self.refused(hex_of(data + hmac_sha256(KEY, data)[:10]))

    def test_tokens_differ_by_every_field(self):
        tokens = [make_token(KEY, *FIELDS)]
        for index in range(4):
            changed = list(FIELDS)
            changed[index] += 1
            tokens.append(make_token(KEY, *changed))
        self.assertEqual(len(set(tokens)), 5)
        self.assertEqual(len({token[26:] for token in tokens}), 5)


class UriTest(unittest.TestCase):
    def test_uri(self):
        token = make_token(KEY, *FIELDS)
        text = conference_uri(token, "127.0.1.1", 5060)
        self.assertEqual(text, "sip:" + token + "@127.0.1.1:5060;transport=udp")
        uri = parse_uri(text)
        self.assertEqual(fields_of(read_token(KEY, uri.user)), FIELDS)
        self.assertEqual(uri.address(), ("127.0.1.1", 5060))

    def test_ipv6(self):
        self.assertEqual(conference_uri("ab", "::1", 5070), "sip:ab@[::1]:5070;transport=udp")


class DeriveTest(unittest.TestCase):
    def test_passwords(self):
        password = derive(KEY, "register")
        self.assertEqual(password, hex_of(hmac_sha256(KEY, b"register")))
        self.assertEqual(len(password), 64)
        self.assertNotEqual(password, derive(KEY, "control"))
        self.assertNotEqual(password, derive(bytes(32), "register"))

    def test_no_label_is_a_tokens_message(self):
        self.assertRaises(LocalError, derive, KEY, "\x01\x00")
        self.assertRaises(LocalError, derive, KEY, "")
        self.assertEqual(MIN_SIZE, 2)
        self.assertRaises(LocalError, derive, b"", "register")


if __name__ == "__main__":
    unittest.main()
