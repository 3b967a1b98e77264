"""REFER and what phones do with it: races, omissions, mistakes (RFC 3515, RFC 6665)."""

import unittest

from call_bench import PEER, accept, news
from call_network import HOST, OFFER, Party, answering, reply, request

from parley.call.subscription import parse_event, parse_sipfrag, parse_subscription_state
from parley.wire.sip import parse_message

TARGET = "sip:token@127.0.1.1:5060;transport=udp"


class RawReferrer:
    """An endpoint whose REFER is answered by hand."""

    def __init__(self):
        self.party = Party(5062)
        self.endpoint = self.party.endpoint
        self.subscription = self.endpoint.refer_outside("sip:carol@127.0.0.1:5090", TARGET, 0)
        self.refer = self.endpoint.transmits()[0][0]
        self.message = parse_message(self.refer)

    def receive(self, data, now_ms=0):
        self.endpoint.receive(data, PEER, now_ms)
        return [parse_message(sent).status for sent, _ in self.party.drain(now_ms)]

    def notify(self, number, state, body=b"SIP/2.0 200 OK\r\n", event="refer", from_tag="t1", now_ms=0):
        headers = [("Event", event), ("Subscription-State", state)] if event else []
        return self.receive(
            request(
                "NOTIFY",
                to_tag=self.message.from_tag(),
                branch="z9hG4bKn" + str(number),
                number=number,
                body=body,
                headers=headers,
                call_id=self.message.call_id(),
                from_tag=from_tag,
            ),
            now_ms,
        )


class RawReferTest(unittest.TestCase):
    def test_the_refer(self):
        message = RawReferrer().message
        self.assertEqual((message.method, message.get("Refer-To")), ("REFER", "<" + TARGET + ">"))
        self.assertEqual(message.get("Referred-By"), "<sip:p5062@127.0.0.1:5062>")
        self.assertEqual(message.get("Contact"), "<sip:p5062@127.0.0.1:5062;transport=udp>")

    def test_notify_before_the_202(self):
        bench = RawReferrer()
        self.assertEqual(bench.notify(1, "active", b"SIP/2.0 100 Trying\r\n"), [200])
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(news(bench.party), [(100, False, "")])  # the late 202 is no news
        self.assertEqual(bench.notify(2, "terminated;reason=noresource"), [200])
        self.assertEqual(news(bench.party), [(100, False, ""), (200, True, "noresource")])

    def test_final_notify_before_the_202(self):
        bench = RawReferrer()
        self.assertEqual(bench.notify(1, "terminated"), [200])
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(news(bench.party), [(200, True, "")])
        self.assertEqual(bench.notify(2, "terminated"), [481])

    def test_linphone(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(bench.notify(1, "terminated;reason=reason=noresource"), [200])
        self.assertEqual(news(bench.party)[-1], (200, True, "noresource"))

    def test_final_status_in_an_active_subscription_is_told_once(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        bench.notify(1, "active;expires=60")
        bench.notify(2, "terminated;reason=timeout")
        self.assertEqual(news(bench.party), [(202, False, ""), (200, True, "")])
        bench.endpoint.tick(32000)
        self.assertEqual(bench.endpoint.pending(), 0)

    def test_final_status_in_an_active_subscription_that_goes_silent(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        bench.notify(1, "active")
        self.assertEqual((bench.subscription.final, bench.subscription.state), (True, "active"))
        bench.endpoint.tick(31999)
        self.assertTrue(bench.endpoint.pending() > 0)
        bench.endpoint.tick(32000)
        self.assertEqual((bench.endpoint.pending(), bench.subscription.state), (0, "terminated"))

    def test_progress_lasts_three_minutes(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        bench.endpoint.tick(100000)
        self.assertEqual(bench.notify(1, "active", b"SIP/2.0 180 Ringing\r\n", now_ms=100000), [200])
        bench.endpoint.tick(279999)
        bench.party.drain(279999)
        self.assertEqual(news(bench.party)[-1], (180, False, ""))
        bench.endpoint.tick(280000)
        bench.party.drain(280000)
        self.assertEqual(news(bench.party)[-1], (180, True, "expired"))

    def test_provisional_and_redirecting_responses(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 100))
        self.assertEqual(news(bench.party), [])
        bench.receive(reply(bench.refer, 300))
        self.assertEqual(news(bench.party), [(300, True, "")])

    def test_first_notifier_is_the_only_one(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(bench.notify(1, "active", from_tag="t2"), [481])  # the 202 named t1
        bench = RawReferrer()
        self.assertEqual(bench.notify(1, "active", b"SIP/2.0 100 Trying"), [200])
        bench.receive(reply(bench.refer, 202, to_tag="t2"))
        self.assertEqual(
            bench.notify(2, "active", from_tag="t2"), [481]
        )  # the NOTIFY that came first named t1
        self.assertEqual(bench.notify(3, "active"), [200])

    def test_what_a_notify_may_lack(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(bench.notify(1, "active", b""), [200])
        self.assertEqual(bench.notify(2, "", b"nonsense"), [200])
        self.assertEqual(bench.endpoint.counters["bad sipfrag"], 2)
        self.assertEqual(bench.notify(3, "active", event="refer;id=1"), [200])
        self.assertEqual(bench.notify(4, "active", event="refer;id=77"), [481])
        self.assertEqual(bench.notify(5, "active", event="conference"), [489])
        self.assertEqual(bench.notify(6, "active", event=""), [489])
        self.assertEqual(bench.notify(7, "active", from_tag="fork"), [481])
        counters = bench.endpoint.counters
        self.assertEqual((counters["refused 481"], counters["refused 489"]), (2, 2))

    def test_489_says_what_we_know(self):
        bench = RawReferrer()
        headers = [("Event", "presence")]
        tags = {"to_tag": bench.message.from_tag(), "call_id": bench.message.call_id(), "from_tag": "t1"}
        bench.endpoint.receive(request("NOTIFY", headers=headers, **tags), PEER, 0)
        self.assertEqual(parse_message(bench.party.drain(0)[0][0]).get("Allow-Events"), "refer")

    def test_a_gone_notifier_is_forgotten(self):
        bench = RawReferrer()
        bench.receive(reply(bench.refer, 202))
        self.assertEqual(bench.notify(1, "active;expires=60", b"SIP/2.0 180 Ringing\r\n"), [200])
        bench.endpoint.tick(60000)
        bench.party.drain(60000)
        self.assertEqual(news(bench.party)[-1], (180, True, "expired"))
        self.assertEqual(bench.endpoint.pending(), 0)

    def test_refers_that_ask_nothing_sensible(self):
        far = Party(5064)
        for number, values in enumerate(
            ([], ["<sip:a@b>", "<sip:c@d>"], ["<tel:123>"], ["<sip:a@b"], ["nonsense"])
        ):
            headers = [("Refer-To", value) for value in values]
            data = request("REFER", branch="z9hG4bK" + str(number), number=number + 1, headers=headers)
            far.endpoint.receive(data, PEER, 0)
            status = parse_message(far.drain(0)[0][0]).status
            self.assertEqual(status, 416 if values == ["<tel:123>"] else 400, str(values))
        self.assertEqual(far.heard, [])

    def test_refers_that_open_no_dialog(self):
        far = Party(5064)
        for number, headers in enumerate(
            ([], [("Contact", "<tel:1>")], [("Record-Route", "x"), ("Contact", "<sip:a@b>")])
        ):
            headers = headers + [("Refer-To", "<sip:a@b>")]
            parts = {"branch": "z9hG4bK" + str(number), "number": number + 1, "contact": False}
            far.endpoint.receive(request("REFER", headers=headers, **parts), PEER, 0)
            self.assertTrue(parse_message(far.drain(0)[0][0]).status in (400, 416))
        self.assertEqual(far.heard, [])

    def test_the_202(self):
        far = Party(5064, handlers={"referred": accept})
        headers = [("Refer-To", "<sip:a@b>"), ("Record-Route", "<sip:127.0.0.1:5071;lr>")]
        far.endpoint.receive(request("REFER", headers=headers), PEER, 0)
        (accepted, _), (notify, peer) = far.drain(0)
        response, notify = parse_message(accepted), parse_message(notify)
        self.assertEqual(response.get("Record-Route"), "<sip:127.0.0.1:5071;lr>")
        self.assertEqual(response.get("Contact"), "<sip:p5064@127.0.0.1:5064;transport=udp>")
        self.assertEqual((notify.get("Route"), peer), ("<sip:127.0.0.1:5071;lr>", (HOST, 5071)))
        self.assertEqual((notify.get("Event"), notify.body), ("refer", b"SIP/2.0 100 Trying\r\n"))
        self.assertEqual(notify.get("Subscription-State"), "active;expires=180")
        self.assertEqual(notify.get("Content-Type"), "message/sipfrag;version=2.0")
        far.endpoint.receive(
            request("OPTIONS", to_tag=response.to_tag(), branch="z9hG4bKo", number=2), PEER, 0
        )
        self.assertEqual(parse_message(far.drain(0)[0][0]).status, 200)  # inside the dialog

    def test_refer_in_a_call_that_ends_the_call_first(self):
        callee = Party(5060, handlers={"incoming": answering(), "referred": accept})
        callee.endpoint.receive(request("INVITE", body=OFFER), PEER, 0)
        callee.drain(0)
        tag = callee.heard[0].subject.local_tag
        headers = [("Refer-To", "<sip:x@y>")]
        callee.endpoint.receive(
            request("REFER", to_tag=tag, branch="z9hG4bKr", number=2, headers=headers), PEER, 0
        )
        callee.endpoint.receive(request("BYE", to_tag=tag, branch="z9hG4bKb", number=3), PEER, 0)
        callee.drain(0)
        refer = request("REFER", to_tag=tag, branch="z9hG4bKs", number=4, headers=headers)
        callee.endpoint.receive(refer, PEER, 0)
        self.assertEqual(parse_message(callee.drain(0)[0][0]).status, 481)


class ParsingTest(unittest.TestCase):
    def test_subscription_state(self):
        for text, expected in (
            ("active;expires=60", ("active", "", 60)),
            ("Terminated ; Reason=NoResource", ("terminated", "noresource", None)),
            ("terminated;reason=reason=noresource", ("terminated", "noresource", None)),
            ("pending", ("pending", "", None)),
            ("active;expires=99999999", ("active", "", 3600)),
            ("active;expires=x;reason", ("active", "", None)),
            ("", ("", "", None)),
        ):
            self.assertEqual(parse_subscription_state(text), expected)

    def test_sipfrag(self):
        for body, expected in (
            (b"SIP/2.0 200 OK\r\n", 200),
            (b"SIP/2.0 100", 100),
            (b"sip/2.0 486 Busy Here\nVia: x", 486),
            (b"", 0),
            (b"SIP/2.0", 0),
            (b"SIP/2.0 2000 OK", 0),
            (b"SIP/2.0 0x1 OK", 0),
            (b"SIP/2.0 700 OK", 0),
            (b"SIP/2.0 \xff\xfe\xfd OK", 0),
            (b"INVITE sip:a SIP/2.0", 0),
        ):
            self.assertEqual(parse_sipfrag(body), expected)

    def test_event(self):
        self.assertEqual(parse_event("Refer ; ID=7"), ("refer", "7"))
        self.assertEqual(parse_event("refer"), ("refer", ""))


if __name__ == "__main__":
    unittest.main()
