"""Session timers (RFC 4028): agreed on, refreshed, and what happens when nobody refreshes."""

import unittest

from call_bench import CONTACT, Incoming, Outgoing, words
from call_network import ANSWER, OFFER, Party, established_pair, reply

from parley.wire.sip import parse_message

TIMER = ("Supported", "timer")


def expires(message):
    return message.get("Session-Expires")


class CalleeTest(unittest.TestCase):
    """The board, called by phones that know session timers or not."""

    def answer(self, *headers):
        bench = Incoming(headers=list(headers))
        return bench, bench.answered()[0][1]

    def test_only_for_who_lists_it(self):
        bench, response = self.answer(("Session-Expires", "1800"))
        self.assertEqual((expires(response), response.get("Require")), (None, None))
        bench.ack()
        self.assertEqual(bench.endpoint.next_deadline(), 32000)  # the transaction's, no session's

    def test_the_caller_refreshes(self):
        _, response = self.answer(TIMER)
        self.assertEqual((expires(response), response.get("Require")), ("1800;refresher=uac", "timer"))
        _, response = self.answer(TIMER, ("Session-Expires", "300"))
        self.assertEqual(expires(response), "300;refresher=uac")
        _, response = self.answer(("k", "x, TIMER"), ("x", "7200 ; refresher=uas"), ("Min-SE", "2000"))
        self.assertEqual((expires(response), response.get("Require")), ("2000;refresher=uas", None))

    def test_too_small(self):
        bench = Incoming()
        for headers, status in (
            ([TIMER, ("Session-Expires", "89")], [422]),
            ([TIMER, ("Session-Expires", "x")], [400]),
            ([TIMER, ("Session-Expires", "90;refresher=me")], [400]),
            ([TIMER, ("Session-Expires", "90"), ("Min-SE", "-1")], [400]),
        ):
            branch = "z9hG4bK" + headers[1][1][:2] + str(len(headers))
            data = Incoming.inside(bench, "INVITE", number=1, branch=branch, headers=headers)
            data = data.replace(b";tag=" + bench.call.local_tag.encode(), b"").replace(
                b"c1", b"d" + branch.encode()
            )
            sent = bench.receive(data)
            self.assertEqual(words(sent), status)
            if status == [422]:
                self.assertEqual(sent[0][1].get("Min-SE"), "90")
        _, response = self.answer(
            ("Session-Expires", "30")
        )  # RFC 4028 9: who knows nothing of it is not refused
        self.assertEqual(response.status, 200)

    def watched(self):
        bench, _ = self.answer(TIMER, ("Session-Expires", "90"))
        bench.ack()
        return bench

    def test_hangs_up_when_nobody_refreshes(self):
        bench = self.watched()
        self.assertEqual(bench.tick(59999), [])
        sent = bench.tick_all(60000)  # 90 s less a third
        self.assertEqual(words(sent), ["BYE"])
        self.assertTrue("408" in sent[0][1].get("Reason"))
        bench.receive(reply(sent[0][1].to_bytes(), 200), 60001)
        self.assertEqual(bench.told()[-1], ("ended", "session expired"))

    def test_a_refresh_starts_again(self):
        bench = self.watched()
        headers = [TIMER, ("Session-Expires", "90;refresher=uac")]
        sent = bench.receive(bench.inside("UPDATE", headers=headers), 50000)
        self.assertEqual((words(sent), expires(sent[0][1])), ([200], "90;refresher=uac"))
        self.assertEqual(bench.tick(100000), [])
        sent = bench.receive(bench.inside("INVITE", 3, headers=headers, body=OFFER), 101000)
        self.assertEqual(sent, [])
        bench.endpoint.answer_reoffer(bench.call, ANSWER, 101000)
        sent = bench.drain(101000)
        self.assertEqual(expires(sent[0][1]), "90;refresher=uac")
        bench.receive(bench.inside("ACK", 3), 101000)
        self.assertEqual(bench.tick(160999), [])
        self.assertEqual(bench.tick(161000), ["BYE"])

    def test_a_refresh_without_timer_ends_it(self):
        bench = self.watched()
        bench.receive(bench.inside("UPDATE"), 50000)
        self.assertEqual(bench.tick(3600000), [])

    def test_we_refresh_when_told_to(self):
        headers = [TIMER, ("Session-Expires", "90;refresher=uas"), ("Allow", "INVITE, UPDATE")]
        bench = Incoming(headers=headers)
        bench.answered()
        bench.ack()
        sent = bench.tick_all(45000)
        self.assertEqual((words(sent), expires(sent[0][1])), (["UPDATE"], "90;refresher=uac"))
        self.assertEqual(sent[0][1].body, b"")
        back = [("Session-Expires", "90;refresher=uac")]
        bench.receive(reply(sent[0][1].to_bytes(), 200, headers=back), 45010)
        self.assertEqual(bench.tick(90009), [])
        self.assertEqual(bench.tick(90010), ["UPDATE"])

    def test_by_reinvite_where_update_is_unknown(self):
        bench, _ = self.answer(TIMER, ("Session-Expires", "90;refresher=uas"))
        bench.ack()
        sent = bench.tick_all(45000)
        self.assertEqual((words(sent), sent[0][1].body), (["INVITE"], ANSWER))
        back = [("Session-Expires", "90;refresher=uac")] + CONTACT
        sent = bench.receive(reply(sent[0][1].to_bytes(), 200, headers=back, body=OFFER), 45010)
        self.assertEqual(words(sent), ["ACK"])

    def test_update_that_turns_out_unknown(self):
        headers = [TIMER, ("Session-Expires", "90;refresher=uas"), ("Allow", "UPDATE")]
        bench = Incoming(headers=headers)
        bench.answered()
        bench.ack()
        sent = bench.tick_all(45000)
        self.assertEqual(words(bench.receive(reply(sent[0][1].to_bytes(), 501), 45010)), ["INVITE"])


class CallerTest(unittest.TestCase):
    """Our phone, and the board when it dials out."""

    def answered(self, value, allow="UPDATE"):
        bench = Outgoing()
        headers = CONTACT + [("Session-Expires", value), ("Require", "timer"), ("Allow", allow)]
        bench.reply(200, headers=headers, body=ANSWER)
        return bench

    def test_asks(self):
        invite = parse_message(Outgoing().invite)
        self.assertTrue("timer" in invite.get_all("Supported"))
        self.assertEqual(expires(invite), "1800")
        party = Party(5060, session_expires_s=0)
        party.endpoint.invite("sip:carol@127.0.0.1:5090", OFFER, 0)
        self.assertEqual(expires(parse_message(party.endpoint.transmits()[0][0])), None)

    def test_no_timer_without_session_expires(self):
        bench = Outgoing()
        bench.reply(200, body=ANSWER)
        self.assertEqual(bench.tick(7200000), [])

    def test_refreshes(self):
        bench = self.answered("100;refresher=uac")
        self.assertEqual(bench.tick(49999), [])
        self.assertEqual(bench.tick(50000), ["UPDATE"])

    def test_watches(self):
        bench = self.answered("300;refresher=uas")
        self.assertEqual(bench.tick(267999), [])
        self.assertEqual(bench.tick(268000), ["BYE"])  # 32 s before the end

    def test_no_answer_to_a_refresh_ends_the_call(self):
        bench = self.answered("90;refresher=uac")
        bench.tick(45000)
        now_ms = 45000
        heard = []
        while now_ms < 130000:
            now_ms = bench.endpoint.next_deadline() or 130000
            heard.extend(bench.tick(now_ms))
        self.assertTrue("BYE" in heard)
        self.assertTrue(bench.told()[-1] in (("ended", "session expired"), ("ended", "lost")))

    def test_a_busy_moment_is_tried_again(self):
        bench = self.answered("90;refresher=uac")
        bench.endpoint.tick(45000)
        update = bench.drain(45000)[0][1]
        self.assertEqual(words(bench.receive(reply(update.to_bytes(), 491), 45010)), [])
        self.assertEqual(bench.tick(50010), ["UPDATE"])

    def test_422(self):
        bench = Outgoing()
        sent = bench.receive(reply(bench.invite, 422, headers=[("Min-SE", "3600")]))
        self.assertEqual(words(sent), ["ACK", "INVITE"])
        again = sent[1][1]
        self.assertEqual((expires(again), again.get("Min-SE"), again.cseq()[0]), ("3600", "3600", 2))
        self.assertEqual(again.call_id(), bench.call.call_id)
        self.assertEqual(again.to_tag(), None)
        bench.invite = again.to_bytes()
        self.assertEqual(bench.reply(422, headers=[("Min-SE", "3600")]), ["ACK"])  # it asks for what it got
        self.assertEqual(bench.told(), [("rejected", "")])
        self.assertEqual(bench.rest(), 0)

    def test_422_without_min_se(self):
        bench = Outgoing()
        self.assertEqual(bench.reply(422), ["ACK"])
        self.assertEqual(bench.told(), [("rejected", "")])

    def test_bad_session_expires(self):
        bench = self.answered("soon")
        self.assertEqual(bench.endpoint.counters["bad session expires"], 1)
        self.assertEqual(bench.tick(7200000), [])


class BothEndsTest(unittest.TestCase):
    def test_a_long_call_is_refreshed(self):
        network, near, far, call, far_call = established_pair(session_expires_s=90)
        network.run(10 * 60 * 1000)
        self.assertEqual((call.state, far_call.state), ("established", "established"))
        self.assertEqual(len(network.lines("UPDATE")), 13)  # every 45 s
        network.drop = lambda data, source, destination: True
        network.run(5 * 60 * 1000)
        self.assertEqual(
            (near.last("ended").text, far.last("ended").text), ("session expired", "session expired")
        )
        self.assertEqual(network.pending(), 0)


if __name__ == "__main__":
    unittest.main()
