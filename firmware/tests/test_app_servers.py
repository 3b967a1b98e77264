"""A board that registers with several servers."""

import json
import unittest

from app_bench import CONFIG, DATE, SilentLog

from parley.app.clock import Clock
from parley.app.config import parse_config
from parley.app.servers import Servers
from parley.call.endpoint import Endpoint
from parley.wire.errors import LocalError
from parley.wire.sip import parse_message, response_to

FIRST, SECOND = ("127.0.0.1", 5060), ("127.0.0.2", 5060)
LOCAL = ("127.0.1.1", 5060)


class ServersTest(unittest.TestCase):
    def setUp(self):
        self.now = self.drawn = 0
        clock = Clock(lambda: self.now, lambda a, b: a - b)
        fields = dict(CONFIG)
        fields["server"], fields["servers"] = list(FIRST), [list(FIRST), list(SECOND)]
        config = parse_config(json.dumps(fields))
        self.endpoint = Endpoint(LOCAL, self.random)
        self.bodies = []
        self.servers = Servers(config, self.endpoint, clock, self.body, SilentLog())

    def random(self, count):
        self.drawn += 1
        return self.drawn.to_bytes(count, "big")

    def body(self, config, first):
        self.bodies.append(first)
        return b"{}"

    def sent(self):
        """What was sent since: [(request, to whom)]."""
        return [(parse_message(data), peer) for data, peer in self.endpoint.transmits()]

    def answer(self, request, peer, status=200):
        """The server's response; returns what Servers makes of it."""
        headers = [("Date", DATE), ("Expires", "9")]
        response = response_to(request, status, to_tag="server", headers=headers)
        self.endpoint.receive(response.to_bytes(), peer, self.now)
        (event,) = [event for event in self.endpoint.events() if event.kind == "response"]
        return self.servers.response(event.subject, event.message, self.now)

    def test_every_server_is_asked_and_any_one_will_do(self):
        self.servers.tick(0)
        asked = self.sent()
        self.assertEqual([peer for _, peer in asked], [FIRST, SECOND])
        self.assertEqual([request.method for request, _ in asked], ["REGISTER", "REGISTER"])
        self.assertFalse(self.servers.registered(0))
        self.assertFalse(self.answer(*asked[1]))  # the first was to lead when they were asked
        self.assertTrue(self.servers.registered(0))
        self.assertEqual(self.servers.leading(0), 1)
        self.assertTrue(self.answer(*asked[0]))
        self.assertEqual(self.servers.leading(0), 0)

    def test_a_silent_server_holds_up_nobody(self):
        self.servers.tick(0)
        asked = self.sent()
        self.answer(*asked[1])
        for self.now in range(0, 30000, 500):
            self.endpoint.tick(self.now)
            self.servers.tick(self.now)
            for request, peer in self.sent():
                if peer == SECOND:
                    self.answer(request, peer)
            self.assertTrue(self.servers.registered(self.now))

    def test_only_the_leading_server_is_told_what_is_told_once(self):
        self.servers.tick(0)
        asked = self.sent()
        self.assertEqual(self.bodies, [True, False])
        self.assertTrue(self.answer(*asked[0]))
        self.assertFalse(self.answer(*asked[1]))
        self.servers.tell(b"{}", 0)
        ((request, peer),) = self.sent()
        self.assertEqual((request.method, peer), ("MESSAGE", FIRST))
        self.now = 3000  # both refresh; the first falls silent and its lease is over
        self.servers.tick(self.now)
        self.answer(*self.sent()[1])
        self.now = 9500
        self.assertEqual(self.servers.leading(self.now), 1)
        self.servers.tell(b"{}", self.now)
        self.assertEqual([peer for request, peer in self.sent() if request.method == "MESSAGE"], [SECOND])

    def test_news_go_to_all(self):
        self.servers.tick(0)
        for request, peer in self.sent():
            self.answer(request, peer)
        self.servers.changed(500)
        self.now = 500
        self.servers.tick(500)
        self.assertEqual([peer for _, peer in self.sent()], [FIRST, SECOND])


class ListTest(unittest.TestCase):
    def servers(self, *addresses):
        fields = dict(CONFIG)
        fields["servers"] = list(addresses)
        return parse_config(json.dumps(fields)).servers

    def test_the_server_is_the_first_of_the_servers(self):
        self.assertEqual(self.servers(), [FIRST])
        self.assertEqual(self.servers(list(SECOND), list(FIRST)), [FIRST, SECOND])

    def test_what_is_no_address_is_refused(self):
        for bad in (["127.0.0.2"], ["127.0.0.2", 0], 5, ["", 5060]):
            with self.assertRaises(LocalError):
                self.servers(bad)


if __name__ == "__main__":
    unittest.main()
