import hashlib
import unittest

from parley.wire.auth import (
    MAX_NONCES,
    Authenticator,
    authorization,
    choose_challenge,
    hex_of,
    hmac_sha256,
    parse_challenge,
    parse_credentials,
    same_bytes,
)
from parley.wire.errors import RemoteError


class HmacTest(unittest.TestCase):
    # RFC 4231 4.2 to 4.8: key, data, first octets of HMAC-SHA-256 (case 5 is defined on 128 bits only).
    VECTORS = (
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            bytes(range(1, 26)),
            b"\xcd" * 50,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            b"\xaa" * 131,
            b"This is a test using a larger than block-size key and a larger than block-size data. "
            b"The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    )

    def test_rfc_4231(self):
        for key, data, expected in self.VECTORS:
            self.assertEqual(hex_of(hmac_sha256(key, data))[: len(expected)], expected)

    def test_keys_around_the_block_size(self):
        for length in (0, 63, 64, 65):
            key = b"k" * length
            if length > 64:
                key = hashlib.sha256(key).digest()
            inner = bytes([octet ^ 0x36 for octet in key + bytes(64 - len(key))])
            outer = bytes([octet ^ 0x5C for octet in key + bytes(64 - len(key))])
            expected = hashlib.sha256(outer + hashlib.sha256(inner + b"data").digest()).digest()
            self.assertEqual(hmac_sha256(b"k" * length, b"data"), expected)

    def test_same_bytes(self):
        self.assertTrue(same_bytes(b"", b""))
        self.assertTrue(same_bytes(b"abc", b"abc"))
        for other in (b"abd", b"xbc", b"ab", b"abcd", b""):
            self.assertFalse(same_bytes(b"abc", other))

    def test_hex(self):
        self.assertEqual(hex_of(b"\x00\x0f\xff"), "000fff")


class ParseTest(unittest.TestCase):
    def test_challenge(self):
        fields = parse_challenge(
            'Digest realm="a, \\"b\\"", qop="auth,auth-int" , NONCE="x=y,z", algorithm=SHA-256, '
            'stale=TRUE, opaque=""'
        )
        self.assertEqual(fields["scheme"], "digest")
        self.assertEqual(
            (fields["realm"], fields["nonce"], fields["qop"]), ('a, "b"', "x=y,z", "auth,auth-int")
        )
        self.assertEqual((fields["algorithm"], fields["stale"], fields["opaque"]), ("SHA-256", "TRUE", ""))

    def test_other_schemes(self):
        self.assertEqual(parse_challenge("Basic realm=x"), {"scheme": "basic"})
        self.assertEqual(parse_credentials("Bearer abc.def=="), {"scheme": "bearer"})

    def test_refused(self):
        for value in (
            "", "Digest", "Digest realm", 'Digest realm="x', 'Digest realm="x"', 'Digest nonce="x"',
            "Digest ,",
            'Digest realm="x", nonce="y",', 'Digest realm="x", realm="x", nonce="y"',
            'Di(gest realm="x", nonce="y"',
            'Digest realm="x", nonce="y", scheme=basic', 'Digest realm="x", nonce="y", =z',
        ):  # fmt: skip
            for parse in (parse_challenge, parse_credentials):
                with self.assertRaises(RemoteError) as caught:
                    parse(value)
                self.assertEqual(caught.exception.status, 400, value)

    def test_credentials_need_all(self):
        whole = 'Digest username="u", realm="r", nonce="n", uri="sip:h", response="0"'
        self.assertEqual(parse_credentials(whole)["uri"], "sip:h")
        for name in ("username", "realm", "nonce", "uri", "response"):
            self.assertRaises(RemoteError, parse_credentials, whole.replace(name, "x-gone"))


class AnswerTest(unittest.TestCase):
    def answer(self, challenge, **changes):
        values = {
            "method": "GET",
            "uri": "/dir/index.html",
            "username": "Mufasa",
            "password": "Circle of Life",
        }
        values.update(changes)
        text = authorization(
            parse_challenge(challenge), values["method"], values["uri"], values["username"],
            values["password"],
            1, values.get("cnonce", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
        )  # fmt: skip
        return text, parse_credentials(text)

    def test_rfc_7616(self):  # section 3.9.1
        for algorithm, expected in (
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ):
            text, fields = self.answer(
                'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=' + algorithm + ", "
                'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
                'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
            )
            self.assertEqual(fields["response"], expected)
            self.assertEqual(fields["opaque"], "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")
            self.assertIn("algorithm=" + algorithm + ",", text)
            self.assertIn("qop=auth, nc=00000001, cnonce=", text)

    def test_rfc_2617(self):  # section 3.5
        fields = self.answer(
            'Digest realm="testrealm@host.com", qop="auth,auth-int", '
            'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
            password="Circle Of Life",
            cnonce="0a4f113b",
        )[1]
        self.assertEqual(fields["response"], "6629fae49393a05397450978507c4ef1")
        self.assertNotIn("algorithm", fields)

    def test_without_qop(self):  # RFC 2069 2.4 with its erratum
        fields = self.answer(
            'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
            password="CircleOfLife",
        )[1]
        self.assertEqual(fields["response"], "1949323746fe6a43ef61f9606e7febea")
        for name in ("qop", "nc", "cnonce"):
            self.assertNotIn(name, fields)

    def test_quotes_in_names(self):
        fields = self.answer('Digest realm="a \\"b\\"", nonce="n"', username='M"u')[1]
        self.assertEqual((fields["username"], fields["realm"]), ('M"u', 'a "b"'))

    def test_unknown_kinds(self):
        for challenge in (
            'Digest realm="r", nonce="n", algorithm=SHA-512-256',
            'Digest realm="r", nonce="n", qop="auth-int"',
            "Basic realm=x",
        ):
            self.assertIsNone(choose_challenge([challenge]))
            with self.assertRaises(RemoteError) as caught:
                self.answer(challenge)
            self.assertEqual(caught.exception.status, 0)

    def test_the_first_usable_challenge_is_chosen(self):
        values = ["Digest broken", "Basic realm=x", 'Digest realm="r", nonce="1", algorithm=AKAv1-MD5']
        self.assertIsNone(choose_challenge(values))
        values += ['Digest realm="r", nonce="2", algorithm=sha-256', 'Digest realm="r", nonce="3"']
        self.assertEqual(choose_challenge(values)["nonce"], "2")


class AuthenticatorTest(unittest.TestCase):
    def setUp(self):
        self.server = Authenticator("virtual-1", b"secret", nonce_life_s=300)

    def answer(self, challenge, count=1, username="bob", password="right", method="REGISTER"):
        return authorization(parse_challenge(challenge), method, "sip:h", username, password, count, "c")

    def check(self, header, now_s=1000, method="REGISTER"):
        passwords = {"bob": "right", "eve": ""}
        return self.server.check(header, method, lambda name: passwords.get(name), now_s)

    def test_challenges(self):
        values = self.server.challenges(1000)
        fields = [parse_challenge(value) for value in values]
        self.assertEqual([field["algorithm"] for field in fields], ["SHA-256", "MD5"])
        self.assertEqual(fields[0]["nonce"], fields[1]["nonce"])
        self.assertEqual((fields[0]["realm"], fields[0]["qop"]), ("virtual-1", "auth"))
        self.assertNotIn("stale", fields[0])
        self.assertEqual(parse_challenge(self.server.challenges(1000, stale=True)[0])["stale"], "true")
        self.assertNotEqual(parse_challenge(self.server.challenges(1000)[0])["nonce"], fields[0]["nonce"])

    def test_both_algorithms_are_taken(self):
        for challenge in self.server.challenges(1000):
            self.assertEqual(self.check(self.answer(challenge, int(challenge[-1] == "5") + 1)), ("ok", "bob"))

    def test_missing(self):
        self.assertEqual(self.check(None), ("missing", ""))
        self.assertEqual(self.check("Basic Ym9iOnJpZ2h0"), ("missing", ""))
        other = Authenticator("elsewhere", b"secret").challenges(1000)[0]
        self.assertEqual(self.check(self.answer(other)), ("missing", ""))

    def test_bad(self):
        challenge = self.server.challenges(1000)[0]
        good = self.answer(challenge)
        self.assertEqual(self.check("Digest nonsense"), ("bad", ""))
        self.assertEqual(self.check(self.answer(challenge, password="wrong")), ("bad", "bob"))
        self.assertEqual(self.check(self.answer(challenge, username="nobody")), ("bad", "nobody"))
        self.assertEqual(
            self.check(self.answer(challenge, username="nobody", password="")), ("bad", "nobody")
        )
        self.assertEqual(self.check(good, method="INVITE"), ("bad", "bob"))
        for old, new in (
            ("sip:h", "sip:i"), ("nc=00000001", "nc=1"), ("nc=00000001", "nc=0000000g"), ("nc=00000001",
            "nc=00000002"),
            ("qop=auth", "qop=auth-int"), ("SHA-256", "MD5"), ("SHA-256", "SHA-512-256"),
            (', cnonce="c"', ""),
            ('response="', 'response="0'), ('response="', 'response="é'),
        ):  # fmt: skip
            self.assertIn(old, good)
            self.assertEqual(self.check(good.replace(old, new)), ("bad", "bob"), new)
        self.assertEqual(self.check(good), ("ok", "bob"))

    def test_no_qop_no_entry(self):
        legacy = self.server.challenges(1000)[1].replace(', qop="auth"', "")
        self.assertEqual(self.check(self.answer(legacy)), ("bad", "bob"))

    def test_an_algorithm_not_offered_is_bad(self):
        self.server = Authenticator("virtual-1", b"secret", ("SHA-256",))
        md5 = self.server.challenges(1000)[0].replace("SHA-256", "MD5")
        self.assertEqual(self.check(self.answer(md5)), ("bad", "bob"))

    def test_nonce_counts_rise(self):
        challenge = self.server.challenges(1000)[0]
        for count, verdict in ((1, "ok"), (1, "stale"), (3, "ok"), (2, "stale"), (3, "stale"), (4, "ok")):
            self.assertEqual(self.check(self.answer(challenge, count))[0], verdict, count)
        self.assertEqual(self.check(self.answer(self.server.challenges(1000)[0], 0))[0], "stale")

    def test_time(self):
        challenge = self.server.challenges(1000)[0]
        self.assertEqual(self.check(self.answer(challenge, 1), 999)[0], "stale")
        self.assertEqual(self.check(self.answer(challenge, 2), 1301)[0], "stale")
        self.assertEqual(self.check(self.answer(challenge, 3), 1300)[0], "ok")

    def test_forged_nonces_are_stale(self):
        challenge = self.server.challenges(1000)[0]
        nonce = parse_challenge(challenge)["nonce"]
        for other in (nonce[:-1] + "g", nonce[:-1], nonce.upper(), "", "0" * 36, nonce[:7] + "9" + nonce[8:]):
            if other != nonce:
                self.assertEqual(self.check(self.answer(challenge.replace(nonce, other)))[0], "stale", other)
        foreign = Authenticator("virtual-1", b"other secret").challenges(1000)[0]
        self.assertEqual(self.check(self.answer(foreign))[0], "stale")
        self.assertEqual(self.check(self.answer(foreign, password="wrong"))[0], "bad")

    def test_a_wrong_password_uses_no_memory(self):
        challenge = self.server.challenges(1000)[0]
        self.check(self.answer(challenge, 9, password="wrong"))
        self.assertEqual(self.check(self.answer(challenge, 1))[0], "ok")

    def test_memory_is_bounded_and_forgets_nothing_that_could_be_replayed(self):
        def fresh():
            return self.server.challenges(1000)[1]

        early, first, second, late = fresh(), fresh(), fresh(), fresh()
        for challenge in (first, second):
            self.assertEqual(self.check(self.answer(challenge))[0], "ok")
        for _ in range(MAX_NONCES - 2):
            self.assertEqual(self.check(self.answer(fresh()))[0], "ok")
        self.assertEqual(self.check(self.answer(first, 2))[0], "ok")  # just full
        self.assertEqual(self.check(self.answer(fresh()))[0], "ok")  # pushes out the first
        self.assertEqual(self.check(self.answer(first, 3))[0], "stale")
        self.assertEqual(self.check(self.answer(early))[0], "stale")
        self.assertEqual(self.check(self.answer(second, 1))[0], "stale")
        self.assertEqual(self.check(self.answer(second, 2))[0], "ok")
        self.assertEqual(self.check(self.answer(late))[0], "ok")
        self.assertEqual(MAX_NONCES, 512)

    def test_case_of_hex_and_words(self):
        upper = self.answer(self.server.challenges(1000)[0], 10)
        response = parse_credentials(upper)["response"]
        upper = upper.replace(response, response.upper())
        self.assertEqual(self.check(upper), ("ok", "bob"))
        self.assertIsNotNone(choose_challenge(['Digest realm="r", nonce="n", qop="AUTH"']))


if __name__ == "__main__":
    unittest.main()
