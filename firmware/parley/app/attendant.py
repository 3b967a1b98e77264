"""What participants need beyond the tick: RTCP, keys pressed, and an eye on those who have gone quiet.

Runs in the loop's spare time, every ATTEND_MS; may allocate, but while nothing happens next to nothing.
"""

from parley.media.rtcp_session import RtcpSession, ntp_of
from parley.wire.dtmf import DIGITS
from parley.wire.errors import RemoteError
from parley.wire.rtcp import parse_compound

ATTEND_MS = 100
LOOK_MS = 500  # how often it is looked whether somebody still sends
REPORTS_PER_TURN = 16
EVENTS_PER_TURN = 16
QUALITY_ROWS = 8  # with one registration, at most 400 octets
TICKS_PER_MS = 8  # of the RTP clock
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
        self._known = {}  # leg: (participant, Attention)

    def next_deadline(self):
        """When tick is due; None while there is nobody to look after."""
        return self._due_ms if self._media.active or self._known else None

    def tick(self, now_ms):
        """Does what is due."""
        if now_ms < self._due_ms:
            return
        self._due_ms = now_ms + ATTEND_MS
        self._meet(now_ms)
        self._take_reports(now_ms)
        self._take_events(now_ms)
        for leg in range(len(self._media.participants)):
            known = self._known.get(leg)
            if known is not None:
                self._report(known[0], known[1], now_ms)
                self._watch(known[0], known[1], now_ms)

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
        known = self._known.pop(participant.leg, None)
        if known is not None and known[0] is participant:
            self._send(participant, known[1].session.bye(self._side.figures(participant.leg)))

    def _meet(self, now_ms):
        """Newcomers are watched from now on; who has left is forgotten."""
        for leg in range(len(self._media.participants)):
            participant = self._media.participants[leg]
            known = self._known.get(leg)
            if known is not None and known[0] is not participant:
                del self._known[leg]
                known = None
            if participant is not None and known is None:
                self._side.watch(leg)
                cname = self._random_bytes(12).hex()  # RFC 7022 4.2: short-term, unlinkable
                session = RtcpSession(cname, now_ms, self._random_bytes)
                self._known[leg] = (participant, Attention(session, now_ms))

    def _take_reports(self, now_ms):
        for _ in range(REPORTS_PER_TURN):
            found = self._side.take_report()
            if found is None:
                break
            self._heard(found[0], found[1], now_ms)
        for _ in range(REPORTS_PER_TURN):
            found = self._wire.receive()
            if found is None:
                return
            leg = self._leg_of(found[1])
            if leg < 0:  # a third party's
                self.reports_bad += 1
                continue
            packet = self._side.open_report(leg, found[0])
            if packet is None:
                self.reports_bad += 1
            else:
                self._heard(leg, packet, now_ms)

    def _leg_of(self, address):
        for leg in self._known:
            if self._known[leg][0].report_address == address:
                return leg
        return -1

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
        packet = attention.session.report(self._side.figures(participant.leg), now_ms, self._ntp(now_ms))
        if packet is not None:
            self._send(participant, packet)

    def _send(self, participant, packet):
        if participant.report_address is not None:
            self._wire.send(participant, self._side.protect_report(participant.leg, packet))

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
