"""The conference event package of a board (RFC 4575): what watchers are told, and when."""

import unittest

from app_bench import BOARD, Bench

from parley.app.roster import GONE_REMEMBERED, Cursor, Roster
from parley.wire import conference_info


def attribute(text, name):
    return text.partition("<conference-info")[2].partition(' %s="' % name)[2].partition('"')[0]


class WatchTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.uri = self.bench.address(size=4)
        self.alice = self.bench.phone(1)
        self.call = self.alice.call(self.uri)
        self.eve = self.bench.phone(8)

    def watch(self, phone=None, uri=None, **options):
        phone = phone or self.eve
        mine = phone.endpoint.subscribe(
            uri or self.uri, "conference", self.bench.now_ms(), peer=BOARD, **options
        )
        self.bench.run()
        return mine

    def documents(self, phone=None):
        found = [event.message for event in (phone or self.eve).events if event.kind == "news"]
        return [message.body.decode() for message in found]

    def join(self, number):
        phone = self.bench.phone(number)
        return phone, phone.call(self.uri)

    def test_who_is_in_is_told_at_once(self):
        self.watch()
        text = self.documents()[0]
        self.assertEqual(attribute(text, "entity"), self.uri)
        self.assertEqual((attribute(text, "state"), attribute(text, "version")), ("full", "0"))
        self.assertTrue("<user-count>1</user-count>" in text)
        self.assertTrue("<maximum-user-count>4</maximum-user-count>" in text)
        self.assertTrue('<user entity="%s" state="full">' % self.alice.uri in text)
        self.assertTrue("<status>connected</status><joining-method>dialed-in</joining-method>" in text)
        self.assertEqual(self.eve.last("news").get("Content-Type"), conference_info.CONTENT_TYPE)
        self.assertEqual(self.eve.last("news").get("Contact"), "<%s>;isfocus" % self.uri)

    def test_coming_holding_and_going_are_told_in_part(self):
        self.watch()
        self.bench.pass_ms(6000)
        bob, call = self.join(2)
        text = self.documents()[-1]
        self.assertEqual((attribute(text, "state"), attribute(text, "version")), ("partial", "1"))
        self.assertTrue(bob.uri in text and self.alice.uri not in text)
        self.assertTrue("<user-count>2</user-count>" in text)
        self.bench.pass_ms(6000)
        bob.reinvite(call, bob.offer(direction="sendonly"))
        self.assertTrue("<status>on-hold</status>" in self.documents()[-1])
        self.bench.pass_ms(6000)
        bob.hang_up(call)
        text = self.documents()[-1]
        self.assertTrue('<user entity="%s" state="deleted"/>' % bob.uri in text)
        self.assertEqual(attribute(text, "version"), "3")

    def test_many_changes_make_one_notify_in_five_seconds(self):
        self.watch()
        for number in (2, 3, 4):
            self.join(number)
        self.assertEqual(len(self.documents()), 1)
        self.bench.pass_ms(5000)
        self.assertEqual("".join(self.documents()[1:]).count("<user "), 3)
        self.assertTrue(len(self.documents()) <= 4)  # pieces that fit a datagram each

    def test_the_end_of_the_conference_ends_the_subscription(self):
        mine = self.watch()
        self.bench.pass_ms(6000)
        self.alice.hang_up(self.call)
        self.assertEqual((mine.state, mine.reason), ("terminated", "noresource"))
        self.assertTrue("<active>false</active>" in self.documents()[-1])
        self.bench.pass_ms(40000)
        self.assertEqual(self.bench.sip.endpoint._core.subscriptions, [])

    def test_inside_a_call(self):
        mine = self.watch(self.alice, call=self.call)
        self.assertEqual(mine.state, "active")
        self.assertEqual(len(self.documents(self.alice)), 1)

    def test_who_is_called_is_seen_ringing(self):
        self.watch()
        self.bench.pass_ms(6000)
        bob = self.bench.phone(2)
        self.alice.endpoint.refer(self.call, bob.uri, self.bench.now_ms())
        self.bench.run()
        text = self.documents()[-1]
        self.assertTrue("<status>dialing-out</status><joining-method>dialed-out</joining-method>" in text)
        self.assertTrue("<user-count>1</user-count>" in text)

    def test_who_is_muted_by_the_operator_is_told(self):
        self.watch()
        self.bench.pass_ms(6000)
        participant = self.bench.media.participants[0]
        self.bench.media.mute(participant, True)
        self.bench.sip.focus.show(participant, self.bench.now_ms())
        self.join(2)
        self.bench.pass_ms(6000)
        text = "".join(self.documents()[1:])
        self.assertTrue("<status>muted-via-focus</status>" in text)
        self.assertTrue("<user-count>2</user-count>" in text)

    def test_addresses_of_no_conference(self):
        self.watch(uri="sip:conference@127.0.1.1")
        self.assertEqual(self.eve.events[-1].text, "404 No such conference")
        self.watch(uri=self.bench.address(slot=2))
        self.assertEqual(self.eve.events[-1].text, "404 No such conference")

    def test_watchers_have_a_bound_and_ends_are_counted(self):
        for _ in range(12):
            mine = self.watch(expires_s=60)
        self.watch()
        self.assertEqual(self.eve.events[-1].text, "503 Too many watchers")
        self.eve.endpoint.end_subscription(mine, self.bench.now_ms())
        self.bench.run()
        self.assertEqual(self.watch().state, "active")

    def test_options_to_the_conference_says_isfocus(self):
        self.eve.endpoint.request("OPTIONS", self.uri, self.bench.now_ms(), peer=BOARD)
        self.bench.run()
        answer = self.eve.last("response")
        self.assertEqual(answer.get("Contact"), "<%s>;isfocus" % self.uri)
        self.assertEqual(answer.get("Allow-Events"), "refer, conference")
        self.assertTrue("SUBSCRIBE" in answer.get("Allow"))

    def test_a_name_that_would_break_the_document(self):
        mallory = self.bench.phone(7)
        call = mallory.endpoint.invite(
            self.uri, mallory.offer(), 0, peer=BOARD, from_uri="sip:a&b'c@10.0.0.7"
        )
        self.bench.run()
        self.assertEqual(call.state, "established")
        self.watch()
        self.assertTrue("sip:a&amp;b'c@10.0.0.7" in self.documents()[-1])


class RosterTest(unittest.TestCase):
    def setUp(self):
        self.roster = Roster("sip:c@b", 64)
        self.cursor = Cursor()

    def put(self, number, status="connected", uri=None):
        uri = uri or "sip:user%d@10.0.0.1" % number
        return self.roster.put(number, uri, "sip:phone%d@10.0.0.1" % number, status, "dialed-in")

    def document(self, limit=800, full=False):
        body, whole = self.roster.document(self.cursor, full, limit)
        return body.decode(), whole

    def test_documents_stay_within_the_limit_and_together_hold_all(self):
        for number in range(40):
            self.put(number)
        texts = []
        whole, full = False, True
        while not whole:
            text, whole = self.document(full=full)
            self.assertTrue(len(text) <= 800, str(len(text)))
            texts.append(text)
            full = False
        for number in range(40):
            self.assertEqual("".join(texts).count("sip:user%d@" % number), 1)
        self.assertEqual([attribute(text, "state") for text in texts[:3]], ["full", "partial", "partial"])
        self.assertEqual([attribute(text, "version") for text in texts[:3]], ["0", "1", "2"])

    def test_a_change_in_the_middle_of_a_large_state_is_not_lost(self):
        for number in range(10):
            self.put(number)
        self.document(full=True)
        self.put(0, "on-hold")
        self.roster.take_out(9, "sip:user9@10.0.0.1")
        text, whole = "", False
        while not whole:
            more, whole = self.document()
            text += more
        self.assertTrue("on-hold" in text)
        self.assertTrue('"sip:user9@10.0.0.1" state="deleted"' in text)

    def test_whoever_missed_too_many_departures_is_told_all_again(self):
        self.put(1)
        self.document(full=True)
        for number in range(2, 3 + GONE_REMEMBERED):
            self.put(number)
            self.roster.take_out(number, "sip:user%d@10.0.0.1" % number)
        text, _ = self.document()
        self.assertEqual(attribute(text, "state"), "full")
        self.assertTrue("user1@" in text)

    def test_two_phones_of_one_name_are_one_user(self):
        self.put(1, uri="sip:bob@10.0.0.1")
        self.put(2, uri="sip:bob@10.0.0.1")
        text, _ = self.document(full=True)
        self.assertEqual((text.count("<user "), text.count("<endpoint ")), (1, 2))
        self.assertTrue(self.roster.take_out(1, "sip:bob@10.0.0.1"))
        text, _ = self.document()
        self.assertEqual((text.count("deleted"), text.count("<endpoint ")), (0, 1))

    def test_what_is_known_is_no_news(self):
        self.assertTrue(self.put(1))
        self.assertFalse(self.put(1))
        self.assertFalse(self.roster.take_out(5, "sip:nobody@x"))

    def test_who_comes_back_is_not_deleted(self):
        self.put(1)
        self.document(full=True)
        self.roster.take_out(1, "sip:user1@10.0.0.1")
        self.put(1)
        text, _ = self.document()
        self.assertEqual((text.count("deleted"), text.count("<user ")), (0, 1))

    def test_a_name_longer_than_a_document(self):
        self.put(1, uri="sip:" + "x" * 5000 + "@h")
        text, whole = self.document(limit=300)
        self.assertTrue(whole)
        self.assertTrue(len(text) < 1200)


class EscapeTest(unittest.TestCase):
    def test_markup_and_control_characters(self):
        self.assertEqual(conference_info.escape('<a href="x">&\x00\n'), "&lt;a href=&quot;x&quot;&gt;&amp;??")


if __name__ == "__main__":
    unittest.main()
