"""parley.wire.sdes: a=crypto lines."""

import unittest

from parley.wire.sdes import Crypto, cryptos_of, new_crypto, parse_crypto
from parley.wire.sdp import Media

KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"  # RFC 4568 4
SHORT = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYg=="  # 28 octets
CM_80 = "AES_CM_128_HMAC_SHA1_80"


class ParseCrypto(unittest.TestCase):
    def test_the_rfc_example(self):
        crypto = parse_crypto("1 %s inline:%s|2^20|1:4" % (CM_80, KEY))
        self.assertIsNone(crypto)  # it has an MKI, which we have not
        crypto = parse_crypto("1 %s inline:%s|2^20" % (CM_80, KEY))
        self.assertEqual((crypto.tag, crypto.suite, crypto.number), ("1", CM_80, 1))
        self.assertEqual(crypto.master[:4], b"YS__")
        self.assertEqual(len(crypto.master), 30)

    def test_what_comes_back_is_what_was_read(self):
        for suite, key in ((CM_80, KEY), ("AES_CM_128_HMAC_SHA1_32", KEY), ("AEAD_AES_128_GCM", SHORT)):
            value = "7 %s inline:%s" % (suite, key)
            self.assertEqual(parse_crypto(value).value(), value)

    def test_usual_decorations_are_taken(self):
        for value in (
            "1 %s inline:%s|2^31" % (CM_80, KEY),
            "1 %s inline:%s|1048576" % (CM_80, KEY),
            "1 %s inline:%s WSH=64" % (CM_80, KEY),
            "1 %s inline:%s -X=1" % (CM_80, KEY),
            "1 aes_cm_128_hmac_sha1_80 INLINE:%s" % KEY,
            "1 AEAD_AES_128_GCM inline:%s" % SHORT.rstrip("="),
        ):
            self.assertIsNotNone(parse_crypto(value), value)

    def test_what_we_have_not_is_passed_over(self):
        for value in (
            "",
            "1",
            "1 %s" % CM_80,
            "x %s inline:%s" % (CM_80, KEY),
            "1234567890 %s inline:%s" % (CM_80, KEY),
            "1 F8_128_HMAC_SHA1_80 inline:%s" % KEY,
            "1 AES_256_CM_HMAC_SHA1_80 inline:%s" % KEY,
            "1 %s inline:%s;inline:%s" % (CM_80, KEY, KEY),
            "1 %s inline:%s|1:4" % (CM_80, KEY),
            "1 %s inline:%s|2^" % (CM_80, KEY),
            "1 %s inline:%s|3^4" % (CM_80, KEY),
            "1 %s inline:%s KDR=1" % (CM_80, KEY),
            "1 %s inline:%s UNENCRYPTED_SRTP" % (CM_80, KEY),
            "1 %s inline:%s" % (CM_80, KEY[:-1]),
            "1 %s inline:%s" % (CM_80, KEY + "A"),
            "1 %s inline:%s" % (CM_80, KEY[:-1] + "-"),
            "1 %s inline:%s" % (CM_80, SHORT),
            "1 AEAD_AES_128_GCM inline:%s" % KEY,
            "1 %s prompt:%s" % (CM_80, KEY),
            "1 %s inline:%s %s" % (CM_80, KEY, "-X=" + "y" * 600),
        ):
            self.assertIsNone(parse_crypto(value), value)

    def test_no_key_is_printed(self):
        crypto = parse_crypto("1 %s inline:%s" % (CM_80, KEY))
        for text in (repr(crypto), str(crypto), "%s" % crypto):
            self.assertEqual(text, "<Crypto 1 AES_CM_128_HMAC_SHA1_80>")


class Cryptos(unittest.TestCase):
    def test_in_the_order_of_the_offer(self):
        media = Media("audio", 4000, "RTP/SAVP", ["0"])
        media.attributes = [
            ("crypto", "1 AES_256_CM_HMAC_SHA1_80 inline:" + KEY),
            ("crypto", "2 AES_CM_128_HMAC_SHA1_32 inline:" + KEY),
            ("crypto", None),
            ("crypto", "3 %s inline:%s" % (CM_80, KEY)),
        ]
        self.assertEqual([crypto.tag for crypto in cryptos_of(media)], ["2", "3"])

    def test_new_keys(self):
        crypto = new_crypto("4", "AEAD_AES_128_GCM", bytes(range(40)))
        self.assertEqual(crypto.master, bytes(range(28)) + b"\0\0")
        self.assertEqual(parse_crypto(crypto.value()).master, crypto.master)

    def test_same_key(self):
        one = Crypto("1", CM_80, bytes(30))
        self.assertTrue(one.same_as(Crypto("2", CM_80, bytes(30))))
        self.assertFalse(one.same_as(Crypto("1", "AES_CM_128_HMAC_SHA1_32", bytes(30))))
        self.assertFalse(one.same_as(Crypto("1", CM_80, bytes(29) + b"\1")))
        self.assertFalse(one.same_as(None))


if __name__ == "__main__":
    unittest.main()
