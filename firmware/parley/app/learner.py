"""Participants behind a NAT: where their RTP comes from is learned once, in a short window, and kept (RFC 7362).

Who names a media address that is not where his signalling came from gets a port with two sockets on it: his line, which
goes to the address he named, and an ear, which hears whom the line does not. What comes to the ear from the host of his
signalling, in the codec agreed on, under his keys or two packets in a row of one stream, is him: the line is connected
to there and the ear shut. It is shut as well when packets come from where he said, or the window is over. From then on
the network itself keeps everybody else out.
"""

from parley.wire.errors import RemoteError
from parley.wire.rtp import read_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WINDOW_MS = 5000
LOOK_MS = 20
DATAGRAMS_PER_LOOK = 16
COMFORT_NOISE = 13  # RFC 3551 table 4
MOST_PLACES = 16  # a NAT may have more than one way out: so many sources are compared
LOOPBACK = "127."


def is_behind_nat(origin, host):
    """Whether who signals from `origin` and names `host` for media is behind a NAT; both IPv4 literals, origin or "".

    No NAT stands between the addresses of one machine.
    """
    both = (origin, host)
    if not origin or origin == host or [one for one in both if one.strip("0123456789.")]:
        return False
    return not (origin.startswith(LOOPBACK) and host.startswith(LOOPBACK))


class Lesson:
    """What is known of one participant while his source is looked for."""

    def __init__(self, participant, ear, received):
        self.participant = participant
        self.ear: "Any" = ear
        self.received = received  # by his leg, from where he said
        self.until_ms: "int | None" = None
        self.last = {}  # source: (SSRC, sequence number) of its last packet


class Learner:
    """media: MediaTask. strangers: datagrams to ears that were nobody's."""

    def __init__(self, media):
        self.strangers = 0
        self._media = media
        self._lessons = []
        self._due_ms = 0

    def begin(self, participant, ear):
        """Looks for a participant's source with this ear, from his next look on."""
        self.forget(participant)
        self._lessons.append(Lesson(participant, ear, self._received(participant)))

    def forget(self, participant):
        """Looks for it no more."""
        for lesson in self._lessons:
            if lesson.participant is participant:
                self._end(lesson)
                return

    def next_deadline(self):
        """When tick is due; None while nobody is looked for."""
        return self._due_ms if self._lessons else None

    def tick(self, now_ms):
        """Looks at what has come. Returns [(participant, (host, port)), ...] learned."""
        if now_ms < self._due_ms:
            return []
        self._due_ms = now_ms + LOOK_MS
        learned = []
        for lesson in list(self._lessons):
            if lesson.participant.leg < 0:  # he has not entered yet
                continue
            if lesson.until_ms is None:
                lesson.until_ms = now_ms + WINDOW_MS
            source = self._listen(lesson)
            if source is not None:
                learned.append((lesson.participant, source))
            elif now_ms >= lesson.until_ms or self._received(lesson.participant) != lesson.received:
                self._end(lesson)
        return learned

    def _listen(self, lesson):
        """Where he sends from, None while that is not known; a packet that tells is taken by his leg."""
        participant = lesson.participant
        for _ in range(DATAGRAMS_PER_LOOK):
            found = lesson.ear.receive()
            if found is None:
                return None
            packet, source = found
            if source[0] == participant.origin and self._is_his(lesson, packet, source):
                try:
                    participant.line.connect(source[0], source[1])
                except OSError:
                    return None
                self._end(lesson)
                return source
            self.strangers += 1
        return None

    def _is_his(self, lesson, packet, source):
        participant = lesson.participant
        if participant.keys is not None:
            return self._media.take(participant, packet)
        try:
            header = read_header(packet)[0]
        except RemoteError:
            return False
        if header.payload_type not in (
            participant.payload_type,
            participant.event_payload_type,
            COMFORT_NOISE,
        ):
            return False
        before = lesson.last.get(source)
        if before is None and len(lesson.last) >= MOST_PLACES:
            return False
        lesson.last[source] = (header.ssrc, header.sequence)
        if before != (header.ssrc, (header.sequence - 1) & 0xFFFF):
            return False
        self._media.take(participant, packet)
        return True

    def _received(self, participant):
        return self._media.stats(participant)["received"] if participant.leg >= 0 else 0

    def _end(self, lesson):
        lesson.ear.close()
        self._lessons.remove(lesson)
