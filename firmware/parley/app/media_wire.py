"""How RTP finds the legs of a board.

With native packet I/O all legs share one port, and where a packet comes from tells whose it is. Who names a media
address that another participant has named already gets a line: a port of his own, connected to that address. Without
native packet I/O every leg has a line. Who is behind a NAT gets one too, and his source is learned (learner.py),
where the network lets two sockets share a port; and so does who is made an offer by the board, since he may be.
"""

from parley.app import runtime
from parley.app.keys import KeyRing
from parley.app.learner import Learner, is_behind_nat
from parley.app.media_task import MediaTask
from parley.app.ports import PortPool
from parley.app.report_wire import ReportWire
from parley.call.negotiate import NOBODY
from parley.call.table import Table
from parley.media.bridge import NO_ADDRESS, Bridge, pack_address
from parley.media.bridge_side import BridgeSide
from parley.media.packets import BatchPackets, SocketPackets
from parley.wire.errors import LocalError, RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MediaWire:
    """lines: PortPool; shared: BoardRtpSocket on `port`, or None and 0: every leg has a line. reports: ReportWire.

    learner: Learner of the sources of who is behind a NAT; without one nobody is taken for such.
    """

    def __init__(self, lines, shared=None, port=0, reports=None, learner=None):
        self.reports: "Any" = reports
        self.learner: "Any" = learner
        self._lines = lines
        self._shared = shared
        self.port = port
        self._named = Table()  # address of a peer -> the participant who is told by it

    def open(self, participant, apart=False):
        """Gives a participant the port where he is to send to. RemoteError(503) when there is none.

        apart: he is made an offer, and what is behind a NAT is known with his answer, when it is too late for another
        port. So he has one of his own, while there are any, on which nobody is heard before.
        """
        if self._shared is None:
            participant.line, participant.port = self._lines.open(deaf=apart)
            return
        participant.port = self.port
        if apart and self.learner is not None and self._lines.splits:
            try:
                participant.line, participant.port = self._lines.open(deaf=True)
            except RemoteError:
                pass  # as with anybody else, then

    def aim(self, participant, remote, may_move=True):
        """Makes remote, (host, port), the place a participant's packets go to, and the only one they come from.

        Returns whether his own port is another now. RemoteError, and nothing has changed: 488 when there is no way to
        remote, or another participant has named it and he may not move; 503 when there is no port for him.
        """
        if remote[0] in NOBODY:
            return False
        if self._learns(participant, remote, may_move):
            return self._split(participant, remote)
        self._stop(participant)
        if participant.line is not None:
            _connect(participant.line, remote)
            return False
        address = self._checked(remote)
        if self._named.get(address, participant) is participant:
            self._forget(participant)
            self._named[address] = participant
            participant.address = address
            return False
        if not may_move:
            raise RemoteError(488, "Another participant has this media address")
        line, port = self._lines.open()
        try:
            _connect(line, remote)
        except (RemoteError, MemoryError):
            self._lines.close(line, port)
            raise
        self._forget(participant)
        participant.line, participant.port = line, port
        return True

    def close(self, participant):
        """Takes back what a participant had here. The media task must have let go of him."""
        self._forget(participant)
        self._stop(participant)
        if participant.line is not None:
            self._lines.close(participant.line, participant.port)
            participant.line = None

    def shut(self):
        """Gives the board's ports back; nobody may have a leg any more."""
        if self.reports is not None:
            self.reports.close()
        if self._shared is not None:
            self._shared.close()

    def _learns(self, participant, remote, may_move):
        can = self.learner is not None and self._lines.splits and (participant.line is not None or may_move)
        return can and is_behind_nat(participant.origin, remote[0])

    def _split(self, participant, remote):
        """Gives him a port with an ear; as aim, of whom the source is to be learned. The same again changes nothing."""
        aimed = (participant.origin, remote)
        if participant.aimed == aimed:
            return False
        moves = participant.line is None
        line, port = self._lines.open() if moves else (participant.line, participant.port)
        self._stop(participant)
        ear = None
        try:
            line, ear = self._lines.split(line, port)
            _connect_either(line, remote, participant.origin)
        except (RemoteError, MemoryError):
            if ear is not None:
                ear.close()
            if moves:
                self._lines.close(line, port)
            else:
                participant.line = line
            raise
        self._forget(participant)
        participant.line, participant.port, participant.aimed = line, port, aimed
        if ear is not None:  # else he must come from where he said
            self.learner.begin(participant, ear)
        return moves

    def _stop(self, participant):
        """No source of his is looked for any more."""
        if participant.aimed is not None:
            participant.aimed = None
            self.learner.forget(participant)

    def _checked(self, remote):
        """remote as the bridge knows a peer. RemoteError(488) when there is no way to it."""
        host, port = remote
        try:
            address = pack_address(host, port)
            self._shared.check_way(host, port)  # pyright: ignore[reportOptionalMemberAccess]
        except (LocalError, OSError):
            raise _no_way()
        return address

    def _forget(self, participant):
        if participant.address != NO_ADDRESS:
            self._named.pop(participant.address)
            participant.address = NO_ADDRESS


def _connect(line, remote):
    try:
        line.connect(remote[0], remote[1])
    except OSError:
        raise _no_way()


def _connect_either(line, remote, origin):
    """To where he says; if there is no way, to his NAT, which may have left him the port (RFC 4787 4.2.1)."""
    try:
        _connect(line, remote)
    except RemoteError:
        _connect(line, (origin, remote[1]))


def _no_way():
    return RemoteError(488, "No way to the media address")


def open_media(config, io):
    """(MediaTask, MediaWire) of a board with this configuration. OSError when its RTP port cannot be had.

    io: the module parley_io, or None.
    """
    legs, slots, wide = config.legs, config.slots, config.wide_legs
    keyed = 0 if config.srtp == "off" else config.srtp_legs
    parcels, linear = config.ptime_legs, config.linear_legs
    memory = runtime.far_memory(Bridge.size(legs, slots, wide, keyed, parcels, linear))
    further = {"wide": wide, "keyed": keyed, "parcels": parcels, "linear": linear}
    bridge = Bridge(legs, slots, config.loudest, memory=memory, **further)
    first = config.rtp_port_first + config.rtp_port_first % 2
    if io is None or ":" in config.host:  # native I/O knows IPv4 only
        packets = SocketPackets(bridge, runtime.RTP_READS_PER_TICK)
        lines = PortPool(config.host, first, legs, runtime.RtpSocket, runtime.line_and_ear)
        # one read of MicroPython may hold several datagrams, and RTCP among RTP is not told apart (burst.py)
        reports = ReportWire(config.host, first, runtime.ReportSocket, muxes=not runtime.READS_JOIN_DATAGRAMS)
        media = _media(config, bridge, packets)
        return media, MediaWire(lines, reports=reports, learner=Learner(media))
    shared = runtime.BoardRtpSocket(config.host, first, legs)
    packets = BatchPackets(bridge, io, shared.fileno())
    lines = PortPool(config.host, first + 2, legs - 1, runtime.RtpSocket, runtime.line_and_ear)
    reports = ReportWire(config.host, first, runtime.ReportSocket, shared)
    media = _media(config, bridge, packets)
    return media, MediaWire(lines, shared, first, reports, Learner(media))


def _media(config, bridge, packets):
    side = BridgeSide(bridge)
    keys = KeyRing(config.srtp, config.srtp_legs, side, runtime.random_bytes)
    return MediaTask(bridge, packets, keys, side, config.csrc, config.comfort_noise)
