"""RTCP of one participant: when to report and what (RFC 3550 6). No I/O; time is an argument; never in a tick.

A leg is a session of two: its peer, and we who send him the mix.
"""

from parley.wire.rtcp import ReportBlock, SenderInfo, make_bye, make_name, write_report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.wire.rtcp import Compound

LEAST_INTERVAL_MS = 5000  # RFC 3550 6.2; half of it before the first report
BANDWIDTH_FRACTION = 20  # RTCP takes 5 % of the session's bandwidth
RECEIVERS_PERCENT = 75  # of it for those who do not send
USUAL_PACKET_BYTES = 112  # report, name, and headers of UDP and IP, before any was seen
HEADER_BYTES = 28  # IPv4 and UDP
REPORT_BYTES_MOST = 36 + 24 + 260  # SR with a block, and the longest name
COMPENSATION_PERMILLE = 1218  # e - 3/2 (RFC 3550 6.3.1): for the reconsideration
NTP_EPOCH_S = 2208988800  # from 1900 to 1970


def interval_ms(members, senders, we_send, average_bytes, bandwidth_bytes_s, initial, random_16):
    """Milliseconds to the next report (RFC 3550 6.3.1, A.7).

    average_bytes: of RTCP packets, headers of UDP and IP included; bandwidth_bytes_s: of RTCP alone;
    random_16: 0..65535.
    """
    count = members
    if senders * 4 <= members:  # few send: they share a quarter
        if we_send:
            bandwidth_bytes_s = bandwidth_bytes_s * (100 - RECEIVERS_PERCENT) // 100
            count = senders
        else:
            bandwidth_bytes_s = bandwidth_bytes_s * RECEIVERS_PERCENT // 100
            count = members - senders
    least_ms = LEAST_INTERVAL_MS // 2 if initial else LEAST_INTERVAL_MS
    even_ms = max(least_ms, 1000 * count * average_bytes // max(1, bandwidth_bytes_s))
    spread_ms = even_ms // 2 + even_ms * random_16 // 65536  # 0.5 to 1.5 times
    return spread_ms * 1000 // COMPENSATION_PERMILLE


class Figures:
    """What the media path has counted of a leg, as the bridge gives it.

    ssrc_out, packets_out, octets_out (payload only), timestamp_out: of what we send. heard: somebody sends to us:
    ssrc_in, first_sequence and highest_sequence (32 bits, cycles above), packets_in, jitter (RTP clock ticks). gain: in
    1/256, how loud he is made for everybody; an automatic one as it is now.
    """

    def __init__(self):
        self.ssrc_out = self.packets_out = self.octets_out = self.timestamp_out = 0
        self.heard = False
        self.ssrc_in = self.first_sequence = self.highest_sequence = self.packets_in = self.jitter = 0
        self.gain = 0


class RtcpSession:
    """cname: our persistent name (RFC 7022); random_bytes(n) -> bytes; session_bytes_s: RTP's bandwidth one way."""

    def __init__(self, cname, now_ms, random_bytes, session_bytes_s=10000):
        self.cname = cname
        self._name = make_name(cname)
        self._sender = SenderInfo(0, 0, 0, 0, 0)  # written anew in each report, as is the block
        self._block = [ReportBlock(0, 0, 0, 0, 0, 0, 0)]
        self.remote_cname = ""
        self.peer_left = False
        self.heard_ms = None  # when the last RTCP of the peer came
        self.reports_in = self.reports_out = 0
        self.remote_fraction_lost = self.remote_lost = self.remote_jitter = None  # as the peer tells of us
        self.round_trip_ms = None
        self._random_bytes: "Callable[[int], bytes]" = random_bytes
        self._bandwidth_bytes_s = 2 * session_bytes_s // BANDWIDTH_FRACTION
        self._average_bytes = USUAL_PACKET_BYTES
        self._last_ms = now_ms
        self._packets_before = 0
        self._source_ssrc = None  # and what was expected and received when we reported last
        self._source_expected = self._source_received = 0
        self._last_sr = None  # (middle 32 bits, when it came)
        self.due_ms = now_ms + self._interval_ms(True)

    def receive(self, compound: "Compound", length, figures, now_ms, ntp):
        """Takes a compound of `length` bytes that the peer sent; figures: our leg's; ntp: (seconds, fraction) now."""
        self.heard_ms = now_ms
        self.reports_in += 1
        self._weigh(length)
        if compound.sender is not None:
            middle = (compound.sender.ntp_seconds & 0xFFFF) << 16 | compound.sender.ntp_fraction >> 16
            self._last_sr = (middle, now_ms)
        self.remote_cname = compound.cnames.get(compound.ssrc, self.remote_cname)
        for block in compound.blocks:
            if block.ssrc == figures.ssrc_out:
                self._note_block(block, ntp)
        if compound.ssrc in compound.left or (figures.heard and figures.ssrc_in in compound.left):
            self.peer_left = True

    def report(self, figures, now_ms, ntp, room):
        """Writes the report that is due into `room`, a bytearray of REPORT_BYTES_MOST or more.

        Returns its bytes, 0 when none is due (RFC 3550 6.3.6: the interval is drawn again first).
        """
        if now_ms < self.due_ms:
            return 0
        due_ms = self._last_ms + self._interval_ms(self.reports_out == 0)
        if due_ms > now_ms:
            self.due_ms = due_ms
            return 0
        sends = (
            figures.packets_out != self._packets_before
        )  # RFC 3550 6.4: an SR only for who sent since the last
        sender = None
        if sends:
            sender = self._sender
            sender.ntp_seconds, sender.ntp_fraction = ntp
            sender.rtp_timestamp = figures.timestamp_out
            sender.packets, sender.octets = figures.packets_out, figures.octets_out
        self._packets_before = figures.packets_out
        length = write_report(room, figures.ssrc_out, sender, self._blocks(figures, now_ms), self._name)
        self._weigh(length)
        self.reports_out += 1
        self._last_ms = now_ms
        self.due_ms = now_ms + self._interval_ms(False)
        return length

    def bye(self, figures):
        """The last packet (RFC 3550 6.6)."""
        return make_bye(figures.ssrc_out, self.cname)

    def loss(self, figures):
        """(packets lost, expected) since the stream began (RFC 3550 A.3)."""
        expected = (figures.highest_sequence - figures.first_sequence + 1) & 0xFFFFFFFF
        return expected - figures.packets_in, expected

    def _blocks(self, figures, now_ms):
        if not figures.heard:
            return ()
        lost, expected = self.loss(figures)
        if self._source_ssrc != figures.ssrc_in:
            self._source_ssrc = figures.ssrc_in
            self._source_expected = self._source_received = 0
        expected_now = expected - self._source_expected
        lost_now = expected_now - (figures.packets_in - self._source_received)
        self._source_expected, self._source_received = expected, figures.packets_in
        block = self._block[0]
        block.ssrc, block.lost = figures.ssrc_in, lost
        block.fraction_lost = 0
        if expected_now > 0 and lost_now > 0:
            block.fraction_lost = min(255, lost_now * 256 // expected_now)
        block.highest_sequence, block.jitter = figures.highest_sequence, figures.jitter
        block.last_report = block.delay = 0
        if self._last_sr is not None:
            block.last_report = self._last_sr[0]
            block.delay = (now_ms - self._last_sr[1]) * 65536 // 1000 & 0xFFFFFFFF
        return self._block

    def _note_block(self, block, ntp):
        self.remote_fraction_lost, self.remote_lost = block.fraction_lost, block.lost
        self.remote_jitter = block.jitter
        if block.last_report:
            now = (ntp[0] & 0xFFFF) << 16 | ntp[1] >> 16
            trip = (now - block.last_report - block.delay) & 0xFFFFFFFF  # RFC 3550 6.4.1, 1/65536 s
            self.round_trip_ms = trip * 1000 // 65536 if trip < 0x80000000 else 0

    def _weigh(self, length):
        self._average_bytes = (15 * self._average_bytes + length + HEADER_BYTES) // 16  # RFC 3550 6.3.3

    def _interval_ms(self, initial):
        random_16 = int.from_bytes(self._random_bytes(2), "big")
        return interval_ms(2, 2, True, self._average_bytes, self._bandwidth_bytes_s, initial, random_16)


def ntp_of(unix_ms):
    """(seconds, fraction) of NTP (RFC 3550 4) of a time in milliseconds since 1970, or since anything else."""
    return (
        unix_ms // 1000 + NTP_EPOCH_S
    ) & 0xFFFFFFFF, unix_ms % 1000 * 4294967 + unix_ms % 1000 * 296 // 1000
