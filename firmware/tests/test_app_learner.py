"""Who is taken for somebody behind a NAT: by where his request came from, and what his description names."""

import unittest

from parley.app.learner import is_behind_nat
from parley.app.terms import origin_of, origin_of_answer
from parley.wire.sip import Request, Response


class OriginTest(unittest.TestCase):
    def test_where_a_request_came_from(self):
        for vias, origin in (
            (("SIP/2.0/UDP 10.0.0.1:5060;branch=z;received=192.0.2.1",), "192.0.2.1"),
            (("SIP/2.0/UDP 10.0.0.1;branch=z",), "10.0.0.1"),
            (("SIP/2.0/UDP proxy;branch=y", "SIP/2.0/UDP 10.0.0.1;branch=z;received=192.0.2.1"), "192.0.2.1"),
            ((), ""),
            (("nonsense",), ""),
        ):
            request = Request("INVITE", "sip:x@y", [("Via", via) for via in vias])
            self.assertEqual(origin_of(request), origin)

    def test_where_an_answer_came_from(self):
        route, contact = (
            ("Record-Route", "<sip:192.0.2.5;lr>"),
            ("Contact", "<sip:bob@192.0.2.1:4444;ob>;q=1"),
        )
        for headers, origin in (
            ((contact,), "192.0.2.7"),
            ((), "192.0.2.7"),
            ((route, contact), "192.0.2.1"),
            ((route,), ""),
            ((route, ("Contact", "nonsense")), ""),
        ):
            response = Response(200, headers=list(headers))
            self.assertEqual(response.source, "")
            response.source = "192.0.2.7"
            self.assertEqual(origin_of_answer(response), origin)

    def test_who_is_behind_a_nat(self):
        for origin, host, is_so in (
            ("192.0.2.1", "10.0.0.1", True),
            ("192.0.2.1", "192.0.2.1", False),
            ("127.0.0.1", "127.0.0.2", False),
            ("127.0.0.1", "10.0.0.1", True),
            ("", "10.0.0.1", False),
            ("proxy.example", "10.0.0.1", False),
            ("2001:db8::1", "2001:db8::2", False),
        ):
            self.assertEqual(is_behind_nat(origin, host), is_so)


if __name__ == "__main__":
    unittest.main()
