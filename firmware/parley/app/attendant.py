"""What participants need beyond the tick: RTCP, keys pressed, and an eye on those who have gone quiet.

Runs in the loop's spare time, every ATTEND_MS; may allocate, but while nothing happens next to nothing. What it does
in a turn has a bound that does not grow with the number of participants: of many, some are visited in each turn.
"""

from parley.app.report_sources import ReportSources
from parley.call.table import Table
from parley.media.bridge_side import PROTECTION_BYTES
from parley.media.rtcp_session import REPORT_BYTES_MOST, RtcpSession, ntp_of
from parley.wire.dtmf import DIGITS
from parley.wire.errors import RemoteError
from parley.wire.rtcp import parse_compound

ATTEND_MS = 100
LOOK_MS = 500  # how often it is looked whether somebody still sends
REPORTS_PER_TURN = 16
EVENTS_PER_TURN = 16
QUALITY_ROWS = 8  # with one registration, at most 400 octets
TICKS_PER_MS = 8  # of the RTP clock
VISITS_PER_TURN = 8  # or more, so that everybody is seen within so many turns:
ROUND_TURNS = 125
DRAWN_BYTES = 64  # random ones: a system call for each report's two would cost as much as its text
TALKING = "sendrecv"  # who is on hold, or only listens, may be silent


class Attention:
    """What the attendant remembers of a participant."""

    def __init__(self, session, now_ms):
        self.session = session
        self.packets = 0  # taken from him, when it was looked last
        self.alive_ms = now_ms  # when something of him came
        self.look_ms = now_ms


class Attendant:
    """wire: moves RTCP packets, ReportWire. gone(participant, why, now_ms): he is to be put out.

    pressed(participant, digit, now_ms): a key. timeout_ms: without RTP and RTCP from who ought to send, 0 for ever.
    """

    def __init__(self, media, side, wire, clock, random_bytes, gone, pressed, timeout_ms, log):
        self.reports_bad = 0
        self._media = media
        self._side = side
        self._wire = wire
        self._clock = clock
        self._random_bytes = random_bytes
        self._gone = gone
        self._pressed = pressed
        self._timeout_ms = timeout_ms
        self._log = log
        self._due_ms = 0
        self._quality_leg = -1  # told of last
        self._newcomers = []
        self._known = Table()  # leg: (participant, Attention)
        self._sources = ReportSources(side)
        self._legs = []  # of all that are known
        self._next = 0  # which of them is to be visited
        self._drawn = b""
        self._drawn_at = 0
        self._room = bytearray(REPORT_BYTES_MOST + PROTECTION_BYTES)  # a report to be sent
        self._views = {}  # its first octets, by their number

    def next_deadline(self):
        """When tick is due; None while there is nobody to look after."""
        return self._due_ms if self._newcomers or self._known else None

    def tick(self, now_ms):
        """Does what is due."""
        if now_ms < self._due_ms:
            return
        self._due_ms = now_ms + ATTEND_MS
        self._meet(now_ms)
        self._take_reports(now_ms)
        self._take_events(now_ms)
        count = len(self._legs)
        for _ in range(min(count, max(VISITS_PER_TURN, -(-count // ROUND_TURNS)))):
            if self._next >= len(self._legs):  # one who was put out may have been the last
                self._next = 0
            leg = self._legs[self._next] if self._legs else -1
            self._next += 1
            known = self._known.get(leg)
            if known is not None:
                self._visit(leg, known[0], known[1], now_ms)

    def welcome(self, participant):
        """A participant has a leg from now on."""
        self._newcomers.append(participant)

    def figures(self, participant):
        """{name: value} of a participant's RTCP for people, or {}."""
        known = self._known.get(participant.leg)
        if known is None or known[0] is not participant:
            return {}
        session = known[1].session
        return {
            "remote_lost": session.remote_lost,
            "remote_fraction_lost": session.remote_fraction_lost,
            "remote_jitter": session.remote_jitter,
            "round_trip_ms": session.round_trip_ms,
            "reports_in": session.reports_in,
            "reports_out": session.reports_out,
        }

    def quality(self):
        """Rows [slot, generation, participant, lost per mille, jitter_ms, round_trip_ms or None, depth_ms] of legs.

        As many as QUALITY_ROWS, those whose turn it is: of a large board each leg is told of every few registrations.
        Loss and jitter are of what comes from him (RFC 3550 6.4.1), the depth is that of his jitter buffer.
        """
        rows = []
        legs = len(self._media.participants)
        for _ in range(legs):
            self._quality_leg = (self._quality_leg + 1) % legs
            known = self._known.get(self._quality_leg)
            if known is not None and not known[0].ringing and known[0].conference is not None:
                rows.append(self._row(known[0], known[1].session))
                if len(rows) == QUALITY_ROWS:
                    break
        return rows

    def _row(self, participant, session):
        figures = self._side.figures(participant.leg)
        lost, expected = session.loss(figures) if figures.heard else (0, 0)
        named = [participant.conference.slot, participant.conference.generation, participant.number]
        per_mille = max(0, 1000 * lost // expected) if expected else 0
        depth_ms = self._media.depth_ms(participant)
        return named + [per_mille, figures.jitter // TICKS_PER_MS, session.round_trip_ms, depth_ms]

    def farewell(self, participant):
        """RTCP BYE for who is about to be taken out (RFC 3550 6.6)."""
        if participant in self._newcomers:
            self._newcomers.remove(participant)
            return
        known = self._known.pop(participant.leg, None)
        if known is None:
            return
        self._legs.remove(participant.leg)
        self._sources.forget(participant.leg)
        packet = known[1].session.bye(self._side.figures(participant.leg))
        self._room[: len(packet)] = packet
        self._send(participant, len(packet))

    def _meet(self, now_ms):
        """Newcomers are watched from now on."""
        while self._newcomers:
            participant = self._newcomers.pop()
            self._side.watch(participant.leg)
            cname = self._random_bytes(12).hex()  # RFC 7022 4.2: short-term, unlinkable
            session = RtcpSession(cname, now_ms, self._draw)
            attention = Attention(session, now_ms)
            if participant.leg not in self._known:
                self._legs.append(participant.leg)
            self._known[participant.leg] = (participant, attention)
            self._sources.note(participant.leg, participant)

    def _draw(self, count):
        """A few random octets of many."""
        if self._drawn_at + count > len(self._drawn):
            self._drawn, self._drawn_at = self._random_bytes(DRAWN_BYTES), 0
        self._drawn_at += count
        return self._drawn[self._drawn_at - count : self._drawn_at]

    def _visit(self, leg, participant, attention, now_ms):
        """Looks after one participant."""
        self._sources.note(leg, participant)
        self._report(participant, attention, now_ms)
        self._watch(participant, attention, now_ms)

    def _take_reports(self, now_ms):
        for _ in range(REPORTS_PER_TURN):
            found = self._side.take_report()
            if found is None:
                break
            self._heard(found[0], found[1], now_ms)
        self._sources.turn()
        for _ in range(REPORTS_PER_TURN):
            found = self._wire.receive()
            if found is None:
                return
            opened = self._sources.open(found[0], found[1])
            if opened is None:  # a third party's
                self.reports_bad += 1
            else:
                self._heard(opened[0], opened[1], now_ms)

    def _heard(self, leg, packet, now_ms):
        known = self._known.get(leg)
        if known is None:
            return
        try:
            compound = parse_compound(packet)
        except RemoteError:
            self.reports_bad += 1
            return
        participant, attention = known
        attention.alive_ms = now_ms
        figures = self._side.figures(leg)
        attention.session.receive(compound, len(packet), figures, now_ms, self._ntp(now_ms))
        if attention.session.peer_left:
            # His stream ends; his call may go on, with another (RFC 3550 6.3.7). Silence then is no fault of his.
            attention.session.peer_left = False
            self._log.debug("rtcp", "%s: BYE of a stream" % participant.uri)

    def _take_events(self, now_ms):
        for _ in range(EVENTS_PER_TURN):
            found = self._side.take_event()
            if found is None:
                return
            known = self._known.get(found[0])
            if known is not None and found[1] < len(DIGITS):
                self._pressed(known[0], DIGITS[found[1]], now_ms)

    def _report(self, participant, attention, now_ms):
        if participant.report_address is None or now_ms < attention.session.due_ms:
            return
        figures = self._side.figures(participant.leg)
        length = attention.session.report(figures, now_ms, self._ntp(now_ms), self._room)
        if length:
            self._send(participant, length)

    def _send(self, participant, length):
        """Sends the report that begins the room."""
        if participant.report_address is None:
            return
        length = self._side.protect_report(participant.leg, self._room, length)
        view = self._views.get(length)
        if view is None:
            view = self._views[length] = memoryview(self._room)[:length]
        self._wire.send(participant, view)

    def _watch(self, participant, attention, now_ms):
        if now_ms < attention.look_ms:
            return
        attention.look_ms = now_ms + LOOK_MS
        packets = self._side.packets_in(participant.leg)
        if packets != attention.packets or participant.direction != TALKING:
            attention.packets = packets
            attention.alive_ms = now_ms
        elif self._timeout_ms and now_ms - attention.alive_ms >= self._timeout_ms:
            attention.alive_ms = now_ms  # once
            self._gone(participant, "no RTP for %d s" % (self._timeout_ms // 1000), now_ms)

    def _ntp(self, now_ms):
        unix_s = self._clock.unix_s()
        return ntp_of(now_ms if unix_s is None else 1000 * unix_s + now_ms % 1000)
