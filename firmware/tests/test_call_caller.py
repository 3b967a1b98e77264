"""Calls of ours: the INVITE and every answer to it in every state (RFC 3261 13.2)."""

import unittest

from call_bench import CONTACT, PEER, Outgoing
from call_network import ANSWER, HOST, OFFER, Party, reply, request

from parley.call.caller import contacts_of
from parley.wire.errors import LocalError
from parley.wire.sip import Response, parse_message


class AnsweredTest(unittest.TestCase):
    def test_the_invite(self):
        bench = Outgoing(headers=[("X-Test", "1")])
        invite = parse_message(bench.invite)
        self.assertEqual(
            (invite.method, invite.uri, invite.body), ("INVITE", "sip:carol@127.0.0.1:5090", OFFER)
        )
        self.assertEqual((invite.get("X-Test"), invite.get("Max-Forwards")), ("1", "70"))
        self.assertEqual(invite.get("Contact"), "<sip:p5060@127.0.0.1:5060;transport=udp>")
        self.assertEqual(invite.get("Content-Type"), "application/sdp")
        via = invite.top_via()
        self.assertEqual((via.host, via.port, via.param("rport")), (HOST, 5060, ""))
        self.assertTrue(via.branch.startswith("z9hG4bK"))
        self.assertEqual((bench.call.role, bench.call.state, bench.call.peer), ("uac", "calling", PEER))
        self.assertEqual(bench.call.local_tag, invite.from_tag())

    def test_what_does_not_belong_into_a_request_uri(self):
        bench = Outgoing(
            "sip:carol@127.0.0.1:5090;transport=udp;size=4;method=INVITE?Subject=hi&Via=evil&X-A=1"
        )
        invite = parse_message(bench.invite)
        self.assertEqual(invite.uri, "sip:carol@127.0.0.1:5090;transport=udp;size=4")
        self.assertEqual(invite.get("To"), "<sip:carol@127.0.0.1:5090;size=4>")
        self.assertEqual((invite.get("Subject"), invite.get("X-A")), ("hi", "1"))
        smuggled = "sip:carol@127.0.0.1:5090?Subject=a%0D%0AVia%3A%20b&X-B=a%0Ab&X-C=%0D&X%20D=1"
        invite = parse_message(Outgoing(smuggled).invite)
        names = [name for name, _ in invite.headers]
        self.assertEqual([name for name in names if name in ("Subject", "X-B", "X-C", "X D")], [])
        self.assertEqual(len(invite.get_all("Via")), 1)

    def test_states_on_the_way(self):
        bench = Outgoing()
        bench.reply(100, to_tag=None)
        self.assertEqual(bench.call.state, "proceeding")
        bench.reply(180, to_tag=None)
        self.assertEqual(bench.call.state, "proceeding")
        bench.reply(183)
        self.assertEqual(bench.call.state, "early")
        contact = [("Contact", "<sip:token@127.0.0.1:5090;transport=udp>;isfocus")]
        self.assertEqual(bench.reply(200, headers=contact, body=ANSWER), ["ACK"])
        call = bench.call
        self.assertEqual((call.state, call.answer, call.is_focus), ("established", ANSWER, True))
        self.assertEqual(call.remote_contact, "sip:token@127.0.0.1:5090;transport=udp")
        kinds = [kind for kind, _ in bench.told()]
        self.assertEqual(kinds, ["progress", "progress", "progress", "answered"])
        self.assertEqual([event.status for event in bench.party.heard], [100, 180, 183, 200])

    def test_100_opens_no_dialog(self):
        bench = Outgoing()
        bench.reply(100, to_tag="t1")
        self.assertEqual((bench.call.state, len(bench.endpoint._core.dialogs)), ("proceeding", 0))

    def test_isfocus_inside_the_brackets(self):
        bench = Outgoing()
        bench.reply(200, headers=[("Contact", "<sip:carol@127.0.0.1:5090;isfocus>")])
        self.assertTrue(bench.call.is_focus)
        bench = Outgoing()
        bench.reply(200)
        self.assertFalse(bench.call.is_focus)

    def test_ack_is_a_request_of_its_own(self):
        bench = Outgoing()
        invite = parse_message(bench.invite)
        routes = ("Record-Route", "<sip:127.0.0.1:5071;lr>, <sip:127.0.0.1:5072;lr>")
        bench.endpoint.receive(reply(bench.invite, 200, headers=CONTACT + [routes]), PEER, 0)
        data, peer = bench.endpoint.transmits()[0]
        ack = parse_message(data)
        self.assertEqual((ack.uri, ack.cseq()), ("sip:carol@127.0.0.1:5090", (1, "ACK")))
        self.assertNotEqual(ack.top_via().branch, invite.top_via().branch)  # 13.2.2.4
        self.assertEqual(ack.get_all("Route"), ["<sip:127.0.0.1:5072;lr>", "<sip:127.0.0.1:5071;lr>"])
        self.assertEqual((peer, ack.to_tag()), ((HOST, 5072), "t1"))

    def test_repeated_2xx_gets_the_same_ack(self):
        bench = Outgoing()
        bench.reply(200)
        self.assertEqual(bench.reply(200), ["ACK"])
        bench.receive(bench.bye())
        self.assertEqual((bench.call.state, bench.reply(200)), ("ended", ["ACK"]))
        self.assertEqual([kind for kind, _ in bench.told()], ["answered", "ended"])
        self.assertEqual(bench.rest(), 0)

    def test_second_fork_is_hung_up(self):
        bench = Outgoing()
        bench.reply(180, to_tag="t2")
        bench.reply(200)
        fork = reply(bench.invite, 200, to_tag="t2", headers=[("Contact", "<sip:other@127.0.0.1:5099>")])
        bench.endpoint.receive(fork, PEER, 0)
        sent = [
            (parse_message(data).method, parse_message(data).to_tag(), peer)
            for data, peer in bench.party.drain(0)
        ]
        self.assertEqual(sent, [("ACK", "t2", (HOST, 5099)), ("BYE", "t2", (HOST, 5099))])  # 13.2.2.4
        self.assertEqual(bench.call.state, "established")
        self.assertEqual([word for word, _ in bench.receive(bench.bye())], [200])

    def test_2xx_with_a_bad_contact_is_acknowledged_all_the_same(self):
        for contact in ([], [("Contact", "<sip:>")], [("Contact", "<tel:1>")], [("Record-Route", "<x")]):
            bench = Outgoing()
            self.assertEqual(bench.reply(200, headers=contact), ["ACK"])
            self.assertEqual(bench.call.state, "established")
            self.assertEqual([word for word, _ in bench.hangup()], ["BYE"])


class RefusedTest(unittest.TestCase):
    def test_redirected(self):
        bench = Outgoing()
        contact = [
            ("Contact", "<sip:a@127.0.0.1:5071>;q=0.1, <sip:token@127.0.0.1:5070;transport=udp>;isfocus")
        ]
        self.assertEqual(bench.reply(302, headers=contact), ["ACK"])
        event = bench.party.heard[-1]
        self.assertEqual((event.kind, event.status, bench.call.state), ("redirected", 302, "ended"))
        targets = contacts_of(event.message)
        self.assertEqual(targets, ["sip:token@127.0.0.1:5070;transport=udp", "sip:a@127.0.0.1:5071"])
        before = parse_message(bench.invite)
        bench.endpoint.invite(targets[0], OFFER, 0, redirected=bench.call)
        data, peer = bench.endpoint.transmits()[0]
        again = parse_message(data)
        self.assertEqual((again.uri, peer), (targets[0], (HOST, 5070)))
        self.assertEqual(again.cseq(), (2, "INVITE"))  # 8.1.3.4
        for name in ("To", "From", "Call-ID"):
            self.assertEqual(again.get(name), before.get(name))

    def test_contacts_that_cannot_be_called(self):
        values = "<tel:123>, <sip:a@b>;q=x, <mailto:a@b>, <sip:ok@127.0.0.1>"
        self.assertEqual(contacts_of(Response(302, "", [("Contact", values)])), ["sip:ok@127.0.0.1"])
        self.assertEqual(contacts_of(Response(302, "", [("Contact", "<sip:a, b")])), [])
        self.assertEqual(contacts_of(Response(302)), [])

    def test_every_end_from_every_state(self):
        for before in ((), (100,), (183,), (183, 183), (180, 100), (183, 100)):
            for status, kind, sent in (
                (200, "answered", ["ACK"]),
                (302, "redirected", ["ACK"]),
                (400, "rejected", ["ACK"]),
            ):
                bench = Outgoing()
                for provisional in before:
                    bench.reply(provisional, to_tag="t1" if provisional > 180 else None)
                self.assertEqual(bench.reply(status), sent)
                kinds = [event.kind for event in bench.party.heard]
                self.assertEqual(kinds, ["progress"] * len(before) + [kind])
                if status == 200:
                    self.assertEqual([word for word, _ in bench.hangup()], ["BYE"])
                self.assertEqual(bench.rest(), 0)

    def test_silence_after_each_state(self):
        for before in ((100,), (183,), (100, 183), (183, 183), (183, 100), (100, 100)):
            bench = Outgoing()
            for index, provisional in enumerate(before):
                bench.reply(provisional, index * 1000, to_tag="t1" if provisional > 180 else None)
            last_ms = 1000 * (len(before) - 1)
            bench.tick(last_ms + 179999)
            self.assertTrue(bench.call.state in ("proceeding", "early"))
            self.assertEqual(bench.tick(last_ms + 180000), ["CANCEL"])  # patience starts again with each 1xx
            self.assertEqual((bench.call.state, bench.rest()), ("ending", 0))

    def test_patience_ends_with_the_answer(self):
        bench = Outgoing()
        bench.reply(183)
        bench.reply(200)
        self.assertEqual((bench.rest(), bench.call.state), (2, "established"))  # the call and its dialog

    def test_timer_c_ends_a_call_too(self):
        for status in (100, 183):
            bench = Outgoing()
            bench.reply(status, to_tag="t1" if status == 183 else None)
            bench.call.timers.stop_all()  # as if our own patience had no limit
            self.assertEqual(bench.rest(), 0)
            self.assertEqual(bench.told()[-1], ("rejected", "timeout"))

    def test_second_early_dialog_takes_over(self):
        bench = Outgoing()
        bench.reply(100, to_tag=None)
        bench.reply(183, to_tag="t2")
        bench.reply(183, to_tag="t1")
        self.assertEqual([word for word, _ in bench.receive(bench.bye())], [200, "CANCEL"])

    def test_rejected_from_each_state(self):
        for before in ((), (100,), (183,)):
            bench = Outgoing()
            for status in before:
                bench.reply(status)
            self.assertEqual(bench.reply(486), ["ACK"])
            self.assertEqual((bench.told()[-1], bench.call.state), (("rejected", ""), "ended"))
            self.assertEqual(bench.party.heard[-1].status, 486)
            self.assertEqual(bench.rest(), 0)

    def test_no_answer_at_all(self):
        bench = Outgoing()
        self.assertEqual(bench.rest(), 0)
        self.assertEqual(bench.told(), [("rejected", "timeout")])

    def test_nobody_there(self):
        bench = Outgoing()
        bench.endpoint.transport_error(PEER, 1)
        bench.drain(1)
        self.assertEqual((bench.told(), bench.endpoint.pending()), ([("rejected", "transport error")], 0))

    def test_ringing_for_ever(self):
        bench = Outgoing()
        bench.reply(180, 1000)
        self.assertEqual((bench.tick(180999), bench.tick(181000)), ([], ["CANCEL"]))
        self.assertEqual(bench.rest(), 0)
        self.assertEqual(bench.told(), [("progress", ""), ("ended", "no answer")])

    def test_what_cannot_be_called(self):
        party = Party(5060)
        call = Outgoing().call
        callee = Party(
            5061, handlers={"incoming": lambda p, event, now: p.endpoint.reject(event.subject, 486, now)}
        )
        callee.endpoint.receive(request("INVITE"), PEER, 0)
        callee.drain(0)
        rejected = callee.heard[0].subject
        for wrong in (
            lambda: party.endpoint.invite("tel:123", OFFER, 0),
            lambda: party.endpoint.invite("nonsense", OFFER, 0),
            lambda: party.endpoint.invite("sip:a@b", OFFER, 0, from_uri="x\r\ny"),
            lambda: party.endpoint.invite("sip:a@b", OFFER, 0, headers=[("X", "\r\n")]),
            lambda: party.endpoint.invite("sip:a@b", OFFER, 0, from_uri="nonsense"),
            lambda: party.endpoint.invite("sip:a@b", OFFER, 0, redirected=call),
            lambda: party.endpoint.invite("sip:a@b", OFFER, 0, redirected=rejected),
        ):
            with self.assertRaises(LocalError):
                wrong()
        self.assertEqual((party.endpoint.pending(), party.endpoint.transmits()), (0, []))


if __name__ == "__main__":
    unittest.main()
