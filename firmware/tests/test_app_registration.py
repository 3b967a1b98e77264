import json
import unittest

from app_bench import NOW_S, SERVER, Bench, SilentLog

from parley.app.registration import ACTIONS, REGISTRATION, REGISTRATION_IGNORED, Registration
from parley.media.bridge import can_encrypt
from parley.wire.sip import Request, response_to

STATES = ("new", "asking", "registered", "resting")
EVENTS = ("due", "accepted", "failed", "changed")


class TableTest(unittest.TestCase):
    def test_table_is_closed(self):
        for state in STATES:
            for event in EVENTS:
                known = (state, event) in REGISTRATION
                self.assertTrue(known != ((state, event) in REGISTRATION_IGNORED), (state, event))
        self.assertEqual(len(REGISTRATION) + len(REGISTRATION_IGNORED), len(STATES) * len(EVENTS))

    def test_every_row_leads_to_a_state_and_an_action(self):
        for state, action in REGISTRATION.values():
            self.assertIn(state, STATES)
            self.assertIn(action, ACTIONS)


class FakeClock:
    def __init__(self):
        self.set_to = []

    def set_unix_s(self, now_s, heard_s):
        self.set_to.append((now_s, heard_s))


class StateTest(unittest.TestCase):
    def setUp(self):
        self.asked = []
        self.clock = FakeClock()
        self.log = SilentLog()
        self.registration = Registration(self.asked.append, self.clock, self.log, 9)

    def response(self, status=200, headers=()):
        headers_of_request = [
            ("Via", "SIP/2.0/UDP h;branch=z9hG4bKa"),
            ("From", "<sip:b@h>;tag=1"),
            ("To", "<sip:b@h>"),
            ("Call-ID", "c"),
            ("CSeq", "1 REGISTER"),
        ]
        response = response_to(Request("REGISTER", "sip:h", headers_of_request), status)
        for name, value in headers:
            response.add(name, value)
        return response

    def run_until(self, end_ms, step_ms=50):
        """Ticks along; nobody answers."""
        for now_ms in range(0, end_ms, step_ms):
            self.registration.tick(now_ms)

    def register(self, now_ms=0, headers=()):
        self.registration.tick(now_ms)
        self.registration.response(self.response(headers=headers), now_ms)

    def test_asks_at_once_and_only_once(self):
        self.run_until(5000)
        self.assertEqual(self.asked, [0])
        self.assertIsNone(self.registration.next_deadline())

    def test_refreshes_at_a_third(self):
        self.register()
        self.assertEqual(self.registration.next_deadline(), 3000)
        self.run_until(4000)
        self.assertEqual(self.asked, [0, 3000])

    def test_registered_until_the_lease_ends(self):
        self.assertFalse(self.registration.registered(0))
        self.register()
        self.assertTrue(self.registration.registered(8999))
        self.assertFalse(self.registration.registered(9000))

    def test_server_may_grant_less(self):
        contact = "<sip:127.0.1.1:5060;transport=udp>;expires=6"
        self.register(headers=[("Contact", contact)])
        self.assertEqual(self.registration.next_deadline(), 2000)

    def test_expires_of_the_response_counts_without_a_contact_s(self):
        self.register(headers=[("Expires", "3")])
        self.assertEqual(self.registration.next_deadline(), 1000)

    def test_server_cannot_grant_more_or_nonsense(self):
        for headers in ([("Expires", "3600")], [("Expires", "x")], [("Contact", "<sip:a@b>;expires=-1")]):
            self.setUp()
            self.register(headers=headers)
            self.assertEqual(self.registration.next_deadline(), 3000)

    def test_changes_are_told_at_once_but_200_ms_apart(self):
        self.register()
        self.registration.changed(1000)
        self.registration.tick(1000)
        self.assertEqual(self.asked, [0, 1000])
        self.registration.response(self.response(), 1010)
        self.registration.changed(1020)
        self.registration.changed(1030)
        self.registration.tick(1030)
        self.assertEqual(self.asked, [0, 1000])
        self.assertEqual(self.registration.next_deadline(), 1200)
        self.registration.tick(1200)
        self.assertEqual(self.asked, [0, 1000, 1200])

    def test_change_while_asking_is_told_after_the_answer(self):
        self.registration.tick(0)
        self.registration.changed(5)
        self.registration.response(self.response(), 10)
        self.assertEqual(self.registration.next_deadline(), 200)
        self.registration.tick(200)
        self.registration.response(self.response(), 210)
        self.assertEqual(self.registration.next_deadline(), 3200)

    def test_backs_off_1_2_4_8_10_10_seconds(self):
        now_ms = 0
        rests = []
        for _ in range(6):
            self.registration.tick(now_ms)
            self.registration.response(None, now_ms)
            rests.append(self.registration.next_deadline() - now_ms)
            now_ms = self.registration.next_deadline()
        self.assertEqual(rests, [1000, 2000, 4000, 8000, 10000, 10000])
        self.assertEqual(len(self.asked), 6)

    def test_refusal_backs_off_too_and_success_forgets_it(self):
        self.registration.tick(0)
        self.registration.response(self.response(403), 0)
        self.assertEqual(self.registration.next_deadline(), 1000)
        self.register(1000)
        self.registration.tick(4000)
        self.registration.response(None, 4000)
        self.assertEqual(self.registration.next_deadline(), 5000)

    def test_change_does_not_break_the_rest(self):
        self.registration.tick(0)
        self.registration.response(None, 0)
        self.registration.changed(100)
        self.assertEqual(self.registration.next_deadline(), 1000)

    def test_date_sets_the_clock(self):
        self.register(headers=[("Date", "Sun, 22 Nov 2026 14:40:00 GMT")])
        self.assertEqual(self.clock.set_to, [(NOW_S, 0)])

    def test_bad_or_missing_date_does_not(self):
        self.register(headers=[("Date", "yesterday")])
        self.register(3000)
        self.assertEqual(self.clock.set_to, [])
        self.assertTrue(self.registration.registered(3000))

    def test_answer_nobody_waits_for_changes_nothing(self):
        self.register()
        self.registration.response(None, 100)
        self.assertEqual(self.registration.next_deadline(), 3000)


class WireTest(unittest.TestCase):
    """The REGISTER itself."""

    def setUp(self):
        self.bench = Bench(registered=False)
        self.bench.run()
        self.request = self.bench.registers[0]

    def test_request(self):
        self.assertEqual(self.request.method, "REGISTER")
        self.assertEqual(self.request.uri, "sip:127.0.0.1:5060")
        self.assertEqual(self.request.get("To"), "<sip:virtual-1@127.0.0.1>")
        self.assertTrue(self.request.get("From").startswith("<sip:virtual-1@127.0.0.1>;tag="))
        self.assertEqual(self.request.get("Contact"), "<sip:127.0.1.1:5060;transport=udp>;expires=9")
        self.assertEqual(self.request.get("Content-Type"), "application/json")

    def test_body(self):
        body = json.loads(self.request.body.decode())
        self.assertEqual(
            sorted(body),
            [
                "board",
                "boot",
                "brief",
                "codecs",
                "dialogs",
                "ended",
                "firmware",
                "image",
                "kernels",
                "last_end",
                "legs",
                "live",
                "number",
                "pages",
                "quality",
                "slots",
                "srtp",
                "srtp_legs",
                "stats",
                "trail",
                "transports",
                "unix_s",
                "upgrade",
            ],
        )
        self.assertEqual(body["codecs"], ["PCMU", "PCMA"])
        self.assertEqual((body["legs"], body["slots"]), (6, 4))
        self.assertEqual((body["srtp"], body["srtp_legs"]), (True, 6) if can_encrypt() else (False, 0))
        self.assertEqual((body["live"], body["ended"]), ([], []))
        self.assertEqual(sorted(body["stats"]), ["heap_free", "late_ticks", "ticks"])
        self.assertIn(body["kernels"], ("native", "slow"))

    def test_challenge_is_answered_with_the_derived_password(self):
        from parley.wire.address import derive
        from parley.wire.auth import Authenticator

        server = Authenticator("parley", b"secret")
        challenges = [("WWW-Authenticate", value) for value in server.challenges(0)]
        self.bench.answer_register(401, headers=challenges)
        password = derive(self.bench.config.key, "register")

        def password_of(username):
            return password if username == "virtual-1" else None

        header = self.bench.registers[1].get("Authorization")
        self.assertEqual(server.check(header, "REGISTER", password_of, 1), ("ok", "virtual-1"))
        self.bench.answer_register()
        self.assertTrue(self.bench.sip.servers.registered(self.bench.now_ms()))
        self.assertEqual(self.bench.clock.unix_s(), NOW_S)

    def test_refreshes_are_one_registration(self):
        self.bench.answer_register()
        self.bench.pass_ms(3000)
        again = self.bench.registers[1]
        self.assertEqual(again.call_id(), self.request.call_id())
        self.assertEqual(again.cseq()[0], self.request.cseq()[0] + 1)

    def test_conference_is_told_at_once(self):
        self.bench.answer_register()
        self.bench.pass_ms(500)
        alice = self.bench.phone(1)
        call = alice.call(self.bench.address(generation=7))
        self.bench.pass_ms(100)
        body = json.loads(self.bench.registers[-1].body.decode())
        self.assertEqual(body["live"], [[0, 7, 3, [alice.uri], [1], [], False]])
        self.bench.answer_register()
        alice.endpoint.hangup(call, self.bench.now_ms())
        self.bench.pass_ms(300)
        body = json.loads(self.bench.registers[-1].body.decode())
        self.assertEqual((body["live"], body["ended"]), ([], [[0, 7]]))

    def test_network_that_refuses_is_tried_again(self):
        bench = Bench(registered=False)
        bench.wire.broken = True
        bench.run()
        self.assertEqual(bench.sip.servers.registrations[0].state, "resting")
        bench.wire.broken = False
        bench.pass_ms(1000)
        self.assertEqual(len(bench.registers), 1)

    def test_server_that_is_silent_hears_us_again(self):
        self.bench.pass_ms(5000)
        self.assertTrue(len(self.bench.registers) > 3)
        self.assertEqual(SERVER, self.bench.config.server)


if __name__ == "__main__":
    unittest.main()
