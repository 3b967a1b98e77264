"""How calls to us end: CANCEL and BYE, theirs and ours, in every state (RFC 3261 9.2, 15)."""

import unittest

from call_bench import Incoming, words
from call_network import ANSWER, messages, request

from parley.wire.errors import LocalError


class CancelTest(unittest.TestCase):
    def test_incoming(self):
        bench = Incoming()
        bench.endpoint.provisional(bench.call, 180, 0)
        bench.drain()
        found = bench.receive(request("CANCEL"))
        self.assertEqual(sorted(words(found)), [200, 487])
        self.assertEqual([message.to_tag() for _, message in found], [bench.call.local_tag] * 2)
        self.assertEqual((bench.call.state, bench.told()[-1]), ("ended", ("ended", "cancel")))
        with self.assertRaises(LocalError):
            bench.endpoint.answer(bench.call, ANSWER, 0)
        bench.receive(request("ACK", to_tag=bench.call.local_tag))
        bench.tick(32000)
        self.assertEqual(bench.endpoint.pending(), 0)

    def test_too_late(self):
        bench = Incoming()
        bench.answered()
        self.assertEqual(words(bench.receive(request("CANCEL"))), [200])
        self.assertEqual(bench.call.state, "answered")
        bench.ack()
        self.assertEqual(words(bench.receive(request("CANCEL", branch="z9hG4bK1"))), [200])  # repeated
        self.assertEqual(bench.call.state, "established")
        rejected = Incoming()
        rejected.endpoint.reject(rejected.call, 486, 0)
        self.assertEqual(words(rejected.drain()), [486])
        self.assertEqual(words(rejected.receive(request("CANCEL"))), [200])

    def test_whatever_it_requires(self):
        bench = Incoming()
        found = bench.receive(request("CANCEL", headers=[("Require", "x")], uri="tel:1"))  # 8.2.2.3
        self.assertEqual(sorted(words(found)), [200, 487])

    def test_of_nothing(self):
        bench = Incoming()
        self.assertEqual(words(bench.receive(request("CANCEL", branch="z9hG4bK2"))), [481])
        self.assertEqual(bench.call.state, "incoming")

    def test_while_hanging_up(self):
        bench = Incoming()
        bench.answered()
        bench.endpoint.hangup(bench.call, 0)
        self.assertEqual(words(bench.receive(request("CANCEL"))), [200])
        self.assertEqual(words(bench.ack()), ["BYE"])
        self.assertEqual(words(bench.receive(request("CANCEL", branch="z9hG4bK1"))), [200])
        self.assertEqual(bench.call.state, "ending")


class ByeTest(unittest.TestCase):
    def test_early(self):
        bench = Incoming()
        bench.endpoint.provisional(bench.call, 180, 0)
        bench.drain()
        self.assertEqual(sorted(words(bench.receive(bench.inside("BYE")))), [200, 487])  # 15.1.2
        self.assertEqual(bench.told()[-1], ("ended", "bye"))

    def test_before_any_dialog(self):
        bench = Incoming()
        self.assertEqual(words(bench.receive(bench.inside("BYE"))), [481])
        self.assertEqual(bench.call.state, "incoming")

    def test_before_the_ack(self):
        bench = Incoming()
        bench.answered()
        self.assertEqual(words(bench.receive(bench.inside("BYE"))), [200])
        self.assertEqual(bench.told()[-1], ("ended", "bye"))
        self.assertEqual(bench.tick(31999), [])  # no more 2xx
        bench.tick(64000)
        self.assertEqual(bench.endpoint.pending(), 0)

    def test_established_and_again(self):
        bench = Incoming().established()
        self.assertEqual(words(bench.receive(bench.inside("BYE"))), [200])
        self.assertEqual(words(bench.receive(bench.inside("BYE"))), [200])  # the same one
        again = request("BYE", to_tag=bench.call.local_tag, branch="z9hG4bKnew", number=4)
        self.assertEqual(words(bench.receive(again)), [481])
        self.assertEqual([kind for kind, _ in bench.told()].count("ended"), 1)

    def test_while_hanging_up(self):
        for acknowledged in (False, True):
            bench = Incoming()
            bench.answered()
            if acknowledged:
                bench.ack()
            bench.endpoint.hangup(bench.call, 0)
            self.assertEqual(words(bench.drain()), ["BYE"] if acknowledged else [])
            self.assertEqual(words(bench.receive(bench.inside("BYE"))), [200])
            self.assertEqual((bench.call.state, bench.told()[-1]), ("ended", ("ended", "hangup")))


class HangupTest(unittest.TestCase):
    def test_incoming(self):
        bench = Incoming()
        bench.endpoint.hangup(bench.call, 0)
        self.assertEqual(words(bench.drain()), [487])
        self.assertEqual(bench.told()[-1], ("ended", "hangup"))

    def test_waits_for_the_ack(self):
        bench = Incoming()
        bench.answered()
        bench.endpoint.hangup(bench.call, 0, headers=[("Reason", "Q.850;cause=16")])
        self.assertEqual((bench.drain(), bench.call.state), ([], "ending"))  # 15: no BYE before the ACK
        self.assertEqual(bench.tick(500), [200])
        word, bye = bench.ack(600)[0]
        self.assertEqual((word, bye.get("Reason")), ("BYE", "Q.850;cause=16"))
        self.assertEqual((bye.uri, bye.cseq()), ("sip:carol@127.0.0.1:5090", (1, "BYE")))

    def test_or_for_64_t1(self):
        bench = Incoming()
        bench.answered()
        bench.endpoint.hangup(bench.call, 0)
        while bench.call.phase == "closing":
            found = bench.tick(bench.endpoint.next_deadline())
        self.assertEqual((found, bench.call.state), (["BYE"], "ending"))
        for now_ms in range(32000, 70001, 500):
            bench.tick(now_ms)
        self.assertEqual((bench.told()[-1], bench.endpoint.pending()), (("ended", "hangup"), 0))

    def test_twice_is_once(self):
        bench = Incoming().established()
        bench.endpoint.hangup(bench.call, 0)
        bench.endpoint.hangup(bench.call, 0)
        self.assertEqual(len(messages(bench.endpoint)), 1)
        bench.receive(bench.inside("BYE"))
        bench.endpoint.hangup(bench.call, 0)
        self.assertEqual(bench.drain(), [])


if __name__ == "__main__":
    unittest.main()
