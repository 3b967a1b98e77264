"""Calls of ours: every state against what can come back, CANCEL, BYE and hangup (RFC 3261 9.1, 13.2, 15)."""

import unittest

from call_network import ANSWER, HOST, OFFER, Party, reply, request

from parley.call.caller import contacts_of
from parley.wire.errors import LocalError
from parley.wire.sip import Response, parse_message

PEER = (HOST, 5090)
CONTACT = [("Contact", "<sip:carol@127.0.0.1:5090>")]


class Outgoing:
    """One endpoint that calls a peer made of raw messages."""

    def __init__(self, uri="sip:carol@127.0.0.1:5090", **options):
        self.party = Party(5060)
        self.endpoint = self.party.endpoint
        self.call = self.endpoint.invite(uri, OFFER, 0, **options)
        self.invite = self.endpoint.transmits()[0][0]

    def drain(self, now_ms=0):
        found = []
        for data, _ in self.party.drain(now_ms):
            message = parse_message(data)
            found.append((getattr(message, "status", None) or message.method, message))
        return found

    def receive(self, data, now_ms=0):
        self.endpoint.receive(data, PEER, now_ms)
        return self.drain(now_ms)

    def reply(self, status, now_ms=0, **parts):
        """The peer answers the INVITE; returns what goes out."""
        if 100 < status < 300 and "headers" not in parts:
            parts["headers"] = CONTACT
        return [word for word, _ in self.receive(reply(self.invite, status, **parts), now_ms)]

    def answer_to(self, message, status):
        self.receive(reply(message.to_bytes(), status))

    def tick(self, now_ms):
        self.endpoint.tick(now_ms)
        return [word for word, _ in self.drain(now_ms)]

    def hangup(self):
        self.endpoint.hangup(self.call, 0)
        return self.drain()

    def told(self):
        return [(event.kind, event.text) for event in self.party.heard]

    def bye(self, number=1):
        parts = {"call_id": self.call.call_id, "from_tag": "t1", "number": number}
        return request("BYE", to_tag=self.call.local_tag, branch="z9hG4bKbye", **parts)

    def rest(self):
        """Let all timers run out; returns what is left."""
        while self.endpoint.next_deadline() is not None:
            now_ms = self.endpoint.next_deadline()
            self.endpoint.tick(now_ms)
            self.drain(now_ms)
        return self.endpoint.pending()


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
        self.assertEqual(bench.reply(200, to_tag="t2"), ["ACK", "BYE"])  # 13.2.2.4
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
                (486, "rejected", ["ACK"]),
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
        for wrong in (
            lambda: party.endpoint.invite("tel:123", OFFER, 0),
            lambda: party.endpoint.invite("nonsense", OFFER, 0),
            lambda: party.endpoint.invite("sip:a@b", OFFER, 0, from_uri="x\r\ny"),
            lambda: party.endpoint.invite("sip:a@b", OFFER, 0, headers=[("X", "\r\n")]),
            lambda: party.endpoint.invite("sip:a@b", OFFER, 0, redirected=call),
        ):
            with self.assertRaises(LocalError):
                wrong()
        self.assertEqual((party.endpoint.pending(), party.endpoint.transmits()), (0, []))


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
        bench = Outgoing()
        bench.reply(100, to_tag=None)
        bench.reply(183)
        self.assertEqual([word for word, _ in bench.receive(bench.bye())], [200, "CANCEL"])
        bench.receive(
            request(
                "BYE",
                to_tag=bench.call.local_tag,
                branch="z9hG4bKb2",
                call_id=bench.call.call_id,
                from_tag="t1",
                number=2,
            )
        )
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
