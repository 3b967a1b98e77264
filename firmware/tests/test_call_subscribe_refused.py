"""SUBSCRIBEs and NOTIFYs that are refused, and mistakes of the application (RFC 6665)."""

import unittest

from call_network import Network, Party, answering, request
from test_call_subscribe import PACKAGES, World

from parley.wire.errors import LocalError
from parley.wire.sip import parse_message


class RefusalTest(unittest.TestCase):
    def answer(self, headers, packages=PACKAGES):
        party = Party(5060, packages=packages)
        party.endpoint.receive(request("SUBSCRIBE", headers=headers), ("127.0.0.1", 5090), 0)
        sent = party.drain(0)
        return parse_message(sent[0][0]) if sent else None

    def test_unknown_package(self):
        answer = self.answer([("Event", "presence")])
        self.assertEqual((answer.status, answer.get("Allow-Events")), (489, "refer, conference"))
        self.assertEqual(self.answer([]).status, 489)

    def test_who_serves_nothing(self):
        self.assertEqual(self.answer([("Event", "conference")], None).status, 405)

    def test_too_brief(self):
        answer = self.answer([("Event", "conference"), ("Expires", "29")])
        self.assertEqual((answer.status, answer.get("Min-Expires")), (423, "30"))

    def test_documents_nobody_could_read(self):
        self.assertEqual(self.answer([("Event", "conference"), ("Accept", "image/png")]).status, 406)

    def test_bad_expires(self):
        self.assertEqual(self.answer([("Event", "conference"), ("Expires", "soon")]).status, 400)

    def test_a_good_one_waits_for_the_application(self):
        self.assertTrue(self.answer([("Event", "conference"), ("Expires", "99999999")]) is None)

    def test_notify_for_no_subscription(self):
        alice, bob = Party(5062), Party(5060, handlers={"incoming": answering()})
        network = Network([alice, bob])
        call = alice.endpoint.invite(bob.uri, b"", 0)
        network.run(100)
        self.assertTrue(call.dialog is not None)
        headers = [("Event", "conference"), ("Subscription-State", "active")]
        data = request(
            "NOTIFY",
            to_tag=call.local_tag,
            from_tag=call.dialog.remote_tag,
            call_id=call.call_id,
            headers=headers,
        )
        alice.endpoint.receive(data, bob.address, network.now_ms)
        self.assertEqual(parse_message(alice.drain(network.now_ms)[0][0]).status, 489)

    def test_mistakes_of_the_application(self):
        world = World()
        mine = world.subscribe()
        with self.assertRaises(LocalError):
            world.alice.endpoint.publish(mine, world.network.now_ms)
        with self.assertRaises(LocalError):
            world.alice.endpoint.subscribe("tel:1", "conference", world.network.now_ms)
        with self.assertRaises(LocalError):
            world.bob.endpoint.accept_subscribe(
                world.bob.last("subscribe").subject, world.source.document, world.network.now_ms
            )


if __name__ == "__main__":
    unittest.main()
