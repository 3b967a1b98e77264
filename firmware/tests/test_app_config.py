import json
import unittest

from app_bench import CONFIG, KEY_HEX

from parley.app.config import parse_config, read_config
from parley.wire.errors import LocalError


class ConfigTest(unittest.TestCase):
    def text(self, **changes):
        fields = dict(CONFIG)
        for name, value in changes.items():
            if value is None:
                del fields[name]
            else:
                fields[name] = value
        return json.dumps(fields)

    def refused(self, text):
        """What is wrong with it."""
        with self.assertRaises(LocalError) as caught:
            parse_config(text)
        return str(caught.exception)

    def test_an_address_by_dhcp_is_not_known_yet(self):
        config = parse_config(self.text(host="dhcp"))
        self.assertEqual((config.dhcp, config.host), (True, ""))
        self.assertFalse(parse_config(self.text()).dhcp)

    def test_every_field_arrives(self):
        config = parse_config(self.text())
        self.assertEqual(config.board_id, "virtual-1")
        self.assertEqual(config.server, ("127.0.0.1", 5060))
        self.assertEqual(config.key, bytes.fromhex(KEY_HEX))
        self.assertEqual((config.host, config.sip_port, config.rtp_port_first), ("127.0.1.1", 5060, 10000))
        self.assertEqual((config.legs, config.slots), (6, 4))
        self.assertEqual((config.registration_s, config.offer_ttl_s, config.board), (9, 60, "virtual"))

    def test_each_missing_field_is_named(self):
        for name in CONFIG:
            self.assertIn(name, self.refused(self.text(**{name: None})))

    def test_each_wrong_type_is_named(self):
        for name, value in CONFIG.items():
            wrong = 5 if isinstance(value, (str, list)) else "5"
            self.assertIn(name, self.refused(self.text(**{name: wrong})))

    def test_numbers_out_of_range(self):
        self.assertIn("sip_port", self.refused(self.text(sip_port=0)))
        self.assertIn("sip_port", self.refused(self.text(sip_port=65536)))
        self.assertIn("legs", self.refused(self.text(legs=True)))
        self.assertIn("server", self.refused(self.text(server=["h", 0])))
        self.assertIn("server", self.refused(self.text(server=[5, 5060])))
        self.assertIn("rtp_port_first", self.refused(self.text(rtp_port_first=65530)))

    def test_key_must_be_hex(self):
        self.assertIn("key", self.refused(self.text(key="x" * 64)))

    def test_tls_is_a_certificate_and_a_key(self):
        self.assertEqual(parse_config(self.text()).tls, None)
        pair = {"tls_certificate": "Y2VydA==", "tls_key": "a2V5"}
        self.assertEqual(parse_config(self.text(**pair)).tls, (5061, b"cert", b"key"))
        self.assertEqual(parse_config(self.text(tls_port=5063, **pair)).tls, (5063, b"cert", b"key"))
        self.assertIn("tls_key", self.refused(self.text(tls_certificate="Y2VydA==")))
        self.assertIn("tls_port", self.refused(self.text(tls_port=0, **pair)))
        self.assertIn("tls_key", self.refused(self.text(tls_certificate="Y2VydA==", tls_key="a")))

    def test_what_is_no_json_object(self):
        for text in ("", "{", "[]", "5", "null"):
            self.assertIn("JSON", self.refused(text))

    def test_missing_file(self):
        self.assertRaises(LocalError, read_config, "no-such-file.json")


if __name__ == "__main__":
    unittest.main()
