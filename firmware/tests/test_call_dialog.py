"""Dialogs: route sets, targets, CSeq order, who is inside (RFC 3261 12)."""

import unittest

from call_network import HOST, OFFER, Party, established_pair, reply, request

from parley.call.dialog import confirm, dialog_of_request, dialog_of_sent
from parley.wire.errors import RemoteError
from parley.wire.sip import Response, parse_message

PEER = (HOST, 5090)
ROUTES = [("Record-Route", "<sip:a.example.com;lr>"), ("Record-Route", "<sip:b.example.com;lr>")]


def received(**parts):
    return parse_message(request("INVITE", **parts))


class DialogTest(unittest.TestCase):
    def test_of_a_request(self):
        dialog = dialog_of_request(received(headers=ROUTES, number=9), "ours", PEER)
        self.assertEqual((dialog.call_id, dialog.local_tag, dialog.remote_tag), ("c1", "ours", "f1"))
        self.assertEqual((dialog.remote_seq, dialog.local_seq), (9, 0))
        self.assertEqual(dialog.route_set, ["<sip:a.example.com;lr>", "<sip:b.example.com;lr>"])
        bye = dialog.request("BYE")
        self.assertEqual((bye.uri, bye.cseq()), ("sip:carol@127.0.0.1:5090", (1, "BYE")))
        self.assertEqual(bye.get("From"), "<sip:bob@127.0.0.1>;tag=ours")
        self.assertEqual(bye.get("To"), "<sip:carol@127.0.0.1:5090>;tag=f1")
        self.assertEqual(bye.get_all("Route"), dialog.route_set)
        self.assertEqual(dialog.next_hop(), ("a.example.com", 5060))

    def test_of_a_response(self):
        invite = received(headers=[])
        dialog = dialog_of_sent(invite)
        self.assertTrue(dialog.matches("anything"))
        confirm(
            dialog,
            parse_message(reply(invite.to_bytes(), 200, headers=ROUTES + [("Contact", "<sip:d@h:7>")])),
        )
        self.assertEqual(
            dialog.route_set, ["<sip:b.example.com;lr>", "<sip:a.example.com;lr>"]
        )  # 12.1.2: reversed
        self.assertEqual((dialog.remote_target, dialog.remote_tag), ("sip:d@h:7", "t1"))
        self.assertEqual(
            (dialog.matches("t1"), dialog.matches("t2"), dialog.matches(None)), (True, False, False)
        )
        self.assertEqual(dialog.request("BYE").cseq(), (2, "BYE"))

    def test_strict_router(self):
        dialog = dialog_of_request(
            received(headers=[("Record-Route", "<sip:old.example.com>, <sip:b;lr>")]), "x", PEER
        )
        bye = dialog.request("BYE")
        self.assertEqual(bye.uri, "sip:old.example.com")  # 12.2.1.1
        self.assertEqual(bye.get_all("Route"), ["<sip:b;lr>", "<sip:carol@127.0.0.1:5090>"])
        self.assertEqual(dialog.next_hop(), ("old.example.com", 5060))

    def test_over_tls_the_callers_connection_is_the_way(self):
        caller = (HOST, 40123, "tls")
        for message, way in (
            (
                received(headers=[("Contact", "<sip:carol@%s:5061;transport=tls>" % HOST)], contact=False),
                caller,
            ),
            (received(), (HOST, 5090)),  # a Contact elsewhere
            (received(headers=[("Record-Route", "<sip:a;transport=tls;lr>")]), caller),
        ):
            self.assertEqual(dialog_of_request(message, "ours", caller).next_hop(), way)
        over_tcp = dialog_of_request(
            received(headers=[("Record-Route", "<sip:a;transport=tcp;lr>")]), "x", PEER
        )
        self.assertEqual(over_tcp.next_hop(), ("a", 5060, "tcp"))

    def test_peers_without_tags(self):
        message = received()
        message.set("From", "sip:old@127.0.0.1")
        dialog = dialog_of_request(message, "ours", PEER)
        self.assertEqual((dialog.remote_tag, dialog.matches(None)), ("", True))
        self.assertEqual(dialog.request("BYE").get("To"), "<sip:old@127.0.0.1>")
        sent = dialog_of_sent(received())
        confirm(sent, Response(200, "", [("To", "<sip:bob@127.0.0.1>")]))
        self.assertEqual((sent.remote_tag, sent.matches(None), sent.matches("x")), ("", True, False))

    def test_what_cannot_open_a_dialog(self):
        for headers in (
            [("Contact", "<tel:123>")],
            [("Contact", "<sip:a")],
            [("Contact", "*")],
            [("Contact", "<sip:a@b>"), ("Record-Route", "<tel:1>")],
            [("Contact", "<sip:a@b>"), ("Record-Route", "nonsense")],
            [],
        ):
            with self.assertRaises(RemoteError):
                dialog_of_request(received(headers=headers, contact=False), "ours", PEER)

    def test_display_names_stay(self):
        message = received()
        message.set("From", '"Carol \\"C\\" Doe" <sip:carol@h>;x=1;tag=f1')
        self.assertEqual(
            dialog_of_request(message, "o", PEER).remote, '"Carol \\"C\\" Doe" <sip:carol@h>;x=1'
        )


class OrderTest(unittest.TestCase):
    def setUp(self):
        self.party = Party(
            5060,
            handlers={"incoming": lambda party, event, now: party.endpoint.answer(event.subject, OFFER, now)},
        )
        self.receive(request("INVITE", body=OFFER, number=10))
        self.call = self.party.heard[0].subject
        self.receive(self.inside("ACK", 10))
        self.replies = []

    def receive(self, data):
        self.party.endpoint.receive(data, PEER, 0)
        return [parse_message(sent) for sent, _ in self.party.drain(0)]

    def inside(self, method, number, branch=None, **parts):
        branch = branch or "z9hG4bK" + method + str(number)
        return request(method, to_tag=self.call.local_tag, branch=branch, number=number, **parts)

    def status(self, data):
        return [message.status for message in self.receive(data)]

    def test_lower_numbers_are_refused(self):
        self.assertEqual(self.status(self.inside("OPTIONS", 20)), [200])  # gaps are allowed
        self.assertEqual(self.status(self.inside("OPTIONS", 19)), [500])
        self.assertEqual(self.status(self.inside("BYE", 19)), [500])
        self.assertEqual(self.call.state, "established")
        self.assertEqual(self.status(self.inside("BYE", 21)), [200])

    def test_equal_numbers_are_not_lower(self):
        self.assertEqual(self.status(self.inside("OPTIONS", 20)), [200])
        self.assertEqual(self.status(self.inside("OPTIONS", 20, branch="z9hG4bKother")), [200])

    def test_repetitions_are_not_out_of_order(self):
        self.assertEqual(self.status(self.inside("OPTIONS", 20)), [200])
        self.assertEqual(self.status(self.inside("OPTIONS", 21)), [200])
        self.assertEqual(self.status(self.inside("OPTIONS", 20)), [200])

    def test_strangers_are_outside(self):
        self.assertEqual(self.status(self.inside("BYE", 11, from_tag="other")), [481])
        self.assertEqual(self.status(self.inside("BYE", 11, branch="z9hG4bKx", call_id="other")), [481])
        self.assertEqual(self.status(request("BYE", to_tag="other", branch="z9hG4bKy", number=11)), [481])
        self.assertEqual(self.status(request("BYE", branch="z9hG4bKz", number=12)), [481])
        self.assertEqual(self.status(request("INVITE", to_tag="x", branch="z9hG4bKw", number=11)), [481])
        self.assertEqual(self.call.state, "established")

    def test_target_refresh(self):
        contact = [("Contact", "<sip:carol@127.0.0.1:5099>")]
        update = self.inside("UPDATE", 11, contact=False, headers=contact)
        self.assertEqual(self.status(update), [200])
        self.party.endpoint.hangup(self.call, 0)
        data, peer = self.party.endpoint.transmits()[0]
        self.assertEqual((parse_message(data).uri, peer), ("sip:carol@127.0.0.1:5099", (HOST, 5099)))


class EndTest(unittest.TestCase):
    def test_dialogs_end_with_their_calls(self):
        network, caller, callee, call, _ = established_pair()
        self.assertEqual((len(caller.endpoint._core.dialogs), len(callee.endpoint._core.dialogs)), (1, 1))
        caller.endpoint.hangup(call, network.now_ms)
        network.run(100)
        self.assertEqual((len(caller.endpoint._core.dialogs), len(callee.endpoint._core.dialogs)), (0, 0))
        network.run(40000)
        self.assertEqual(network.pending(), 0)


if __name__ == "__main__":
    unittest.main()
