"""How calls of ours end: CANCEL and BYE, ours and theirs, in every state (RFC 3261 9.1, 15)."""

import unittest

from call_bench import Outgoing
from call_network import request

from parley.wire.sip import parse_message


class HangupTest(unittest.TestCase):
    def test_before_anything_was_heard(self):
        bench = Outgoing()
        self.assertEqual((bench.hangup(), bench.call.state), ([], "ending"))  # 9.1: no CANCEL yet
        self.assertEqual(bench.reply(100, to_tag=None), ["CANCEL"])
        self.assertEqual(bench.reply(487), ["ACK"])
        self.assertEqual(bench.told(), [("ended", "hangup")])
        self.assertEqual(bench.rest(), 0)

    def test_before_anything_was_heard_and_nothing_comes(self):
        bench = Outgoing()
        bench.hangup()
        self.assertEqual((bench.rest(), bench.told()), (0, [("ended", "hangup")]))

    def test_before_anything_was_heard_and_it_is_answered(self):
        bench = Outgoing()
        bench.hangup()
        self.assertEqual(bench.reply(200), ["ACK", "BYE"])
        self.assertEqual((bench.rest(), bench.told()), (0, [("ended", "hangup")]))

    def test_before_anything_was_heard_and_it_rings(self):
        bench = Outgoing()
        bench.hangup()
        self.assertEqual(bench.reply(183), ["CANCEL"])
        self.assertEqual(bench.reply(302), ["ACK"])
        self.assertEqual((bench.rest(), bench.told()), (0, [("ended", "hangup")]))

    def test_each_other_end_of_a_withdrawn_call(self):
        for status in (302, 486):
            bench = Outgoing()
            bench.hangup()
            self.assertEqual(bench.reply(status), ["ACK"])
            self.assertEqual((bench.rest(), bench.told()), (0, [("ended", "hangup")]))

    def test_cancel_while_ringing(self):
        for status, tag in ((180, None), (183, "t1")):
            bench = Outgoing()
            bench.reply(status, to_tag=tag)
            word, cancel = bench.hangup()[0]
            invite = parse_message(bench.invite)
            self.assertEqual((word, cancel.uri, cancel.get("To")), ("CANCEL", invite.uri, invite.get("To")))
            self.assertEqual(cancel.get_all("Via"), invite.get_all("Via"))
            self.assertEqual(bench.call.state, "ending")
            bench.answer_to(cancel, 200)
            bench.reply(180)
            bench.reply(487)
            self.assertEqual(bench.told()[1:], [("ended", "hangup")])
            self.assertEqual(bench.rest(), 0)

    def test_cancel_crosses_the_2xx(self):
        bench = Outgoing()
        bench.reply(180, to_tag=None)
        bench.hangup()
        self.assertEqual(bench.reply(200), ["ACK", "BYE"])
        self.assertEqual((bench.call.state, bench.rest()), ("ending", 0))
        self.assertEqual(bench.told()[1:], [("ended", "hangup")])

    def test_cancel_and_no_final_response(self):
        bench = Outgoing()
        bench.reply(180)
        bench.hangup()
        bench.tick(31999)
        self.assertEqual(bench.call.state, "ending")
        bench.tick(32000)  # 9.1: 64*T1
        self.assertEqual((bench.call.state, bench.told()[-1]), ("ended", ("ended", "hangup")))
        self.assertEqual(len(bench.endpoint._core.layer.clients), 0)
        self.assertEqual(bench.rest(), 0)

    def test_bye(self):
        for status in (200, 481, 500):
            bench = Outgoing()
            bench.reply(200)
            word, bye = bench.hangup()[0]
            self.assertEqual((word, bye.cseq(), bench.call.state), ("BYE", (2, "BYE"), "ending"))
            bench.answer_to(bye, 100)
            self.assertEqual(bench.call.state, "ending")
            bench.answer_to(bye, status)
            self.assertEqual((bench.told()[-1], bench.rest()), (("ended", "hangup"), 0))

    def test_bye_without_an_answer(self):
        bench = Outgoing()
        bench.reply(200)
        bench.hangup()
        self.assertEqual((bench.rest(), bench.told()[-1]), (0, ("ended", "hangup")))


class ByeTest(unittest.TestCase):
    def test_before_any_dialog(self):
        bench = Outgoing()
        self.assertEqual([word for word, _ in bench.receive(bench.bye())], [481])
        bench.reply(100, to_tag=None)
        bench.hangup()
        self.assertEqual([word for word, _ in bench.receive(bench.bye(2))], [481])
        self.assertEqual(bench.call.state, "ending")

    def test_early(self):
        for before in ((), (100,)):
            bench = Outgoing()
            for status in before:
                bench.reply(status, to_tag=None)
            bench.reply(183)
            self.assertEqual([word for word, _ in bench.receive(bench.bye())], [200, "CANCEL"])
            parts = {"call_id": bench.call.call_id, "from_tag": "t1", "number": 2}
            bench.receive(request("BYE", to_tag=bench.call.local_tag, branch="z9hG4bKb2", **parts))
            self.assertEqual(bench.call.state, "ending")
            bench.reply(487)
            self.assertEqual((bench.told()[-1], bench.rest()), (("ended", "bye"), 0))

    def test_established(self):
        bench = Outgoing()
        bench.reply(200)
        self.assertEqual([word for word, _ in bench.receive(bench.bye())], [200])
        self.assertEqual((bench.told()[-1], bench.rest()), (("ended", "bye"), 0))

    def test_both_at_once(self):
        bench = Outgoing()
        bench.reply(200)
        _, bye = bench.hangup()[0]
        self.assertEqual([word for word, _ in bench.receive(bench.bye())], [200])
        bench.answer_to(bye, 481)
        self.assertEqual([kind for kind, _ in bench.told()], ["answered", "ended"])
        self.assertEqual((bench.call.state, bench.rest()), ("ended", 0))


if __name__ == "__main__":
    unittest.main()
