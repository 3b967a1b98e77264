"""Subscriptions to an event package between two endpoints, in virtual time (RFC 6665)."""

import unittest

from call_network import Network, Party, established_pair

from parley.call.notifier import DATAGRAM_BYTES

PACKAGES = {"conference": "text/plain"}


class Source:
    """What a notifier has to tell: numbered items, as many in a document as fit."""

    def __init__(self):
        self.items = []
        self.asked = []  # (full, limit)
        self.told = 0

    def document(self, subscription, full, limit):
        self.asked.append((full, limit))
        if full:
            self.told = 0
        body = b""
        while self.told < len(self.items) and len(body) + len(self.items[self.told]) < limit:
            body += self.items[self.told] + b"\n"
            self.told += 1
        return body or b"-\n", self.told == len(self.items)


class World:
    def __init__(self, **options):
        self.source = Source()
        self.granted = []
        self.bob = Party(5060, handlers={"subscribe": self.grant}, packages=PACKAGES)
        self.alice = Party(5062)
        self.network = Network([self.alice, self.bob], **options)

    def grant(self, party, event, now_ms):
        self.granted.append(party.endpoint.accept_subscribe(event.subject, self.source.document, now_ms))

    def subscribe(self, expires_s=3600, headers=(("Accept", "text/plain"),)):
        now_ms = self.network.now_ms
        mine = self.alice.endpoint.subscribe(self.bob.uri, "conference", now_ms, expires_s, headers=headers)
        self.network.run(100)
        return mine

    def news(self, item):
        self.source.items.append(item)
        self.bob.endpoint.publish(self.granted[-1], self.network.now_ms)
        self.network.run(100)

    def heard(self):
        return [event.message.body for event in self.alice.heard if event.kind == "news"]

    def over(self, party):
        return [event.text for event in party.heard if event.kind == "subscription_over"]


class SubscribeTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.network = self.world.network

    def rest(self):
        self.network.run(40000)
        self.assertEqual(self.network.pending(), 0)

    def test_full_state_comes_at_once(self):
        self.world.source.items = [b"one"]
        mine = self.world.subscribe()
        self.assertEqual(self.world.heard(), [b"one\n"])
        self.assertEqual(mine.state, "active")
        self.assertEqual(self.world.source.asked[0][0], True)

    def test_news_follow_and_are_throttled(self):
        self.world.subscribe()
        self.network.run(6000)
        self.world.news(b"a")
        self.assertEqual(self.world.heard()[1:], [b"a\n"])
        self.world.news(b"b")
        self.world.news(b"c")
        self.assertEqual(len(self.world.heard()), 2)
        self.network.run(5000)
        self.assertEqual(self.world.heard()[2:], [b"b\nc\n"])
        self.assertEqual([full for full, _ in self.world.source.asked], [True, False, False])

    def test_a_state_too_large_for_a_datagram_comes_in_pieces_one_after_the_other(self):
        self.world.source.items = [b"%04d" % i + b"x" * 100 for i in range(40)]
        self.world.subscribe()
        self.network.run(500)
        self.assertEqual(b"".join(self.world.heard()).count(b"x\n"), 40)
        self.assertTrue(len(self.world.heard()) >= 4)
        sizes = []
        self.network.tap = lambda data, source, destination: sizes.append(len(data))
        self.network.run(6000)
        self.world.source.items += self.world.source.items
        self.world.news(b"last")
        self.network.run(1000)
        self.assertTrue(0 < max(sizes) <= DATAGRAM_BYTES, str(sizes))

    def test_unsubscribing(self):
        mine = self.world.subscribe()
        self.world.alice.endpoint.end_subscription(mine, self.network.now_ms)
        self.network.run(100)
        self.assertEqual(mine.state, "terminated")
        self.assertEqual(self.world.over(self.world.alice), ["unsubscribed"])
        self.assertEqual(self.world.over(self.world.bob), ["timeout"])
        self.rest()

    def test_unsubscribing_before_the_answer(self):
        mine = self.world.alice.endpoint.subscribe(self.world.bob.uri, "conference", 0)
        self.world.alice.endpoint.end_subscription(mine, 0)
        self.network.run(200)
        self.assertEqual(mine.state, "terminated")
        self.assertEqual(self.world.heard(), [])
        self.rest()

    def test_one_look(self):
        self.world.source.items = [b"one"]
        mine = self.world.subscribe(expires_s=0)
        self.assertEqual(self.world.heard(), [b"one\n"])
        self.assertEqual(mine.state, "terminated")
        self.rest()

    def test_the_notifier_ends_it(self):
        mine = self.world.subscribe()
        self.world.bob.endpoint.end_subscription(self.world.granted[0], self.network.now_ms)
        self.network.run(100)
        self.assertEqual((mine.state, mine.reason), ("terminated", "noresource"))
        self.rest()

    def test_the_end_follows_the_notify_under_way(self):
        mine = self.world.subscribe()
        self.network.run(6000)
        self.world.source.items.append(b"a")
        self.world.bob.endpoint.publish(self.world.granted[0], self.network.now_ms)
        self.world.bob.endpoint.end_subscription(self.world.granted[0], self.network.now_ms)
        self.network.run(100)
        self.assertEqual(self.world.heard()[1], b"a\n")
        self.assertEqual(mine.state, "terminated")

    def test_it_is_refreshed_in_time_and_told_all_again(self):
        self.world.source.items = [b"one"]
        mine = self.world.subscribe(expires_s=60)
        self.network.run(200000)
        self.assertEqual(mine.state, "active")
        self.assertEqual(self.network.numbers("SUBSCRIBE"), [b"1", b"2", b"3", b"4", b"5"])
        self.assertEqual([full for full, _ in self.world.source.asked], [True] * 5)
        self.world.alice.endpoint.end_subscription(mine, self.network.now_ms)
        self.rest()

    def test_it_ends_by_itself_when_the_subscriber_has_gone(self):
        self.world.subscribe(expires_s=60)
        self.network.drop = lambda data, source, destination: source[1] == 5062
        self.network.run(200000)
        self.assertEqual(self.world.granted[0].state, "terminated")
        self.assertEqual(self.world.over(self.world.bob), ["refused"])  # the last NOTIFY was not answered
        self.rest()

    def test_a_notifier_that_has_gone_is_noticed(self):
        mine = self.world.subscribe(expires_s=60)
        self.network.drop = lambda data, source, destination: source[1] == 5060
        self.network.run(200000)
        self.assertEqual((mine.state, self.world.over(self.world.alice)), ("terminated", ["timeout"]))
        self.rest()

    def test_no_answer_at_all(self):
        self.network.drop = lambda data, source, destination: True
        mine = self.world.subscribe()
        self.network.run(40000)
        self.assertEqual((mine.state, mine.reason), ("terminated", "no answer"))
        self.rest()

    def test_a_2xx_without_a_notify(self):
        self.network.drop = lambda data, source, destination: data.startswith(b"NOTIFY")
        mine = self.world.subscribe()
        self.network.run(40000)
        self.assertEqual(mine.state, "terminated")
        self.network.run(40000)
        self.rest()

    def test_a_notify_that_overtakes_the_answer(self):
        lost = []

        def drop(data, source, destination):
            first = data.startswith(b"SIP/2.0 200") and b"SUBSCRIBE" in data and not lost
            if first:
                lost.append(data)
            return first

        self.network.drop = drop
        mine = self.world.subscribe()
        self.assertEqual((mine.state, len(self.world.heard())), ("active", 1))
        self.network.run(2000)
        self.assertEqual(mine.state, "active")

    def test_in_bad_weather(self):
        for seed in range(1, 12):
            world = World(seed=seed, loss=20, duplicates=20, late=30)
            mine = world.subscribe()
            world.network.run(30000)
            for number in range(5):
                world.news(b"item%d" % number)
                world.network.run(3000)
            world.network.run(40000)
            self.assertEqual(b"".join(world.heard()).count(b"item"), 5, str(seed))
            world.alice.endpoint.end_subscription(mine, world.network.now_ms)
            world.network.run(120000)
            self.assertEqual(world.network.pending(), 0, str(seed))

    def test_inside_a_call_and_beyond_its_end(self):
        network, caller, callee, call, theirs = established_pair(packages=PACKAGES)
        source = Source()
        granted = []

        def grant(party, event, now_ms):
            granted.append(party.endpoint.accept_subscribe(event.subject, source.document, now_ms))

        callee.handlers["subscribe"] = grant
        mine = caller.endpoint.subscribe("", "conference", network.now_ms, call=call)
        network.run(100)
        self.assertEqual((mine.state, mine.call is call, granted[0].call is theirs), ("active", True, True))
        caller.endpoint.hangup(call, network.now_ms)
        network.run(6000)
        source.items.append(b"still here")
        callee.endpoint.publish(granted[0], network.now_ms)
        network.run(100)
        self.assertEqual(caller.last("news").message.body, b"still here\n")
        callee.endpoint.end_subscription(granted[0], network.now_ms)
        network.run(40000)
        self.assertEqual(network.pending(), 0)

    def test_refer_and_conference_share_a_dialog(self):
        network, caller, callee, call, _ = established_pair(packages=PACKAGES)
        source = Source()
        callee.handlers["subscribe"] = lambda party, event, now_ms: party.endpoint.accept_subscribe(
            event.subject, source.document, now_ms
        )
        callee.handlers["referred"] = lambda party, event, now_ms: party.endpoint.accept_refer(
            event.subject, now_ms
        )
        caller.endpoint.subscribe("", "conference", network.now_ms, call=call)
        caller.endpoint.refer(call, "sip:x@127.0.0.1", network.now_ms)
        network.run(200)
        self.assertEqual(caller.kinds().count("news"), 1)
        self.assertEqual([e.status for e in caller.heard if e.kind == "refer_progress"], [202, 100])


if __name__ == "__main__":
    unittest.main()
