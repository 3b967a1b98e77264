"""INVITEs that name another call: Replaces (RFC 3891) and Join (RFC 3911)."""

import unittest

from call_bench import CONTACT, PEER, words
from call_network import ANSWER, HOST, OFFER, Network, Party, answering, reply, request

from parley.wire.sip import parse_message

THIRD = (HOST, 5092)


class World:
    """One endpoint with a call from carol, and a third party that names it."""

    def __init__(self, extensions=("replaces", "join"), answered=True):
        self.party = Party(5060, extensions=extensions)
        self.endpoint = self.party.endpoint
        self.receive(request("INVITE", body=OFFER))
        self.old = self.party.heard[0].subject
        self.number = 0
        if answered:
            self.endpoint.answer(self.old, ANSWER, 0)
            self.drain()
            self.receive(request("ACK", to_tag=self.old.local_tag, branch="z9hG4bKack"))

    def drain(self, now_ms=0):
        found = []
        for data, _ in self.party.drain(now_ms):
            message = parse_message(data)
            found.append((getattr(message, "status", None) or message.method, message))
        return found

    def receive(self, data, peer=PEER):
        self.endpoint.receive(data, peer, 0)
        return self.drain()

    def named(self, *headers, method="INVITE"):
        self.number += 1
        call_id = "third" + str(self.number)
        data = request(method, branch="z9hG4bK" + call_id, call_id=call_id, headers=headers, body=OFFER)
        return self.receive(data, THIRD)

    def name(self, suffix=""):
        return self.old.call_id + ";to-tag=" + self.old.local_tag + ";from-tag=f1" + suffix


class ReplacesTest(unittest.TestCase):
    def test_takes_the_place(self):
        world = World()
        world.named(("Replaces", world.name()))
        new = world.party.last("incoming").subject
        self.assertTrue(new.replaces is world.old)
        self.assertTrue(new.joins is None)
        self.assertEqual(world.old.state, "established")  # until the answer
        world.endpoint.answer(new, ANSWER, 0)
        sent = world.drain()
        self.assertEqual(words(sent), [200, "BYE"])
        self.assertTrue("replaces" in sent[0][1].get_all("Supported"))
        self.assertEqual(sent[1][1].call_id(), world.old.call_id)
        world.receive(reply(sent[1][1].to_bytes(), 200))
        ended = world.party.last("ended")
        self.assertTrue(ended.subject is world.old)
        self.assertEqual(ended.text, "replaced")

    def test_refused_leaves_the_old_call(self):
        world = World()
        world.named(("Replaces", world.name()))
        world.endpoint.reject(world.party.last("incoming").subject, 486, 0)
        self.assertEqual(words(world.drain()), [486])
        self.assertEqual(world.old.state, "established")

    def test_the_old_call_may_end_first(self):
        world = World()
        world.named(("Replaces", world.name()))
        world.receive(request("BYE", to_tag=world.old.local_tag, branch="z9hG4bKbye", number=2))
        world.endpoint.answer(world.party.last("incoming").subject, ANSWER, 0)
        self.assertEqual(words(world.drain()), [200])

    def test_statuses(self):
        world = World()
        for value, status in (
            (world.name(";early-only"), 486),  # answered already
            ("c9;to-tag=1;from-tag=2", 481),
            (world.name() + "x", 481),
            (world.old.call_id + ";to-tag=" + world.old.local_tag, 400),
        ):
            self.assertEqual(words(world.named(("Replaces", value))), [status], value)
        twice = world.named(("Replaces", world.name()), ("Replaces", world.name()))
        self.assertEqual(words(twice), [400])
        both = world.named(("Replaces", world.name()), ("Join", world.name()))
        self.assertEqual(words(both), [400])
        self.assertEqual(words(world.named(("Replaces", world.name()), method="OPTIONS")), [400])
        self.assertEqual(world.party.kinds().count("incoming"), 1)

    def test_over(self):
        world = World()
        world.endpoint.hangup(world.old, 0)
        world.drain()
        self.assertEqual(words(world.named(("Replaces", world.name()))), [603])

    def test_not_of_a_call_that_rings_here(self):
        world = World(answered=False)
        world.endpoint.provisional(world.old, 180, 0)
        world.drain()
        self.assertEqual(words(world.named(("Replaces", world.name()))), [481])

    def test_early_dialog_of_our_own(self):
        party = Party(5060, extensions=("replaces",))
        old = party.endpoint.invite("sip:carol@127.0.0.1:5090", OFFER, 0)
        invite = party.endpoint.transmits()[0][0]
        party.endpoint.receive(reply(invite, 180, headers=CONTACT), PEER, 0)
        party.drain(0)
        name = old.call_id + ";to-tag=" + old.local_tag + ";from-tag=t1;early-only"
        data = request("INVITE", call_id="n", headers=[("Replaces", name)], body=OFFER)
        party.endpoint.receive(data, THIRD, 0)
        party.drain(0)
        party.endpoint.answer(party.last("incoming").subject, ANSWER, 0)
        sent = [parse_message(data) for data, _ in party.drain(0)]
        self.assertEqual([getattr(one, "status", 0) or one.method for one in sent], [200, "CANCEL"])

    def test_unsupported_is_ignored_unless_required(self):
        world = World(extensions=())
        world.named(("Replaces", world.name()))
        self.assertTrue(world.party.last("incoming").subject.replaces is None)
        self.assertEqual(words(world.named(("Replaces", world.name()), ("Require", "replaces"))), [420])
        world = World()
        world.named(("Replaces", world.name()), ("Require", "replaces"))
        self.assertTrue(world.party.last("incoming").subject.replaces is world.old)

    def test_not_of_a_refer_dialog(self):
        party = Party(5060, extensions=("replaces",))
        subscription = party.endpoint.refer_outside("sip:carol@127.0.0.1:5090", "sip:x@y", 0)
        sent = party.endpoint.transmits()[0][0]
        party.endpoint.receive(reply(sent, 202, headers=CONTACT), PEER, 0)
        dialog = subscription.dialog
        name = dialog.call_id + ";to-tag=" + dialog.local_tag + ";from-tag=t1"
        party.endpoint.receive(request("INVITE", headers=[("Replaces", name)], body=OFFER), THIRD, 0)
        sent = [parse_message(data).status for data, _ in party.drain(0)]
        self.assertEqual(sent, [481])


class JoinTest(unittest.TestCase):
    def test_told_and_both_go_on(self):
        world = World()
        world.named(("Join", world.name()))
        new = world.party.last("incoming").subject
        self.assertTrue(new.joins is world.old)
        world.endpoint.answer(new, ANSWER, 0)
        self.assertEqual(words(world.drain()), [200])
        self.assertEqual(world.old.state, "established")


class BothEndsTest(unittest.TestCase):
    def test_a_transfer_with_two_calls(self):
        """bob has a call with alice and one with carol, and gives carol alice's place (RFC 3891 1)."""
        alice = Party(5061, handlers={"incoming": answering()}, extensions=("replaces",))
        bob = Party(5062)
        carol = Party(5063, handlers={"incoming": answering()})
        network = Network([alice, bob, carol])
        call = bob.endpoint.invite(alice.uri, OFFER, 0)
        network.run(100)
        name = call.dialog_name
        self.assertTrue(name != "")
        carol.endpoint.invite(alice.uri, OFFER, network.now_ms, headers=[("Replaces", name)])
        network.run(200)
        self.assertEqual(bob.last("ended").text, "bye")
        self.assertEqual([one.state for one in alice.endpoint.calls], ["established"])
        self.assertEqual(alice.last("ended").text, "replaced")


if __name__ == "__main__":
    unittest.main()
