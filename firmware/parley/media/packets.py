"""Moves packets between a bridge and the sockets it is given; two ways with one face.

BatchPackets: one socket for the whole board, many packets to a system call, through the module parley_io
(native/io), where there is one; a leg may have a connected one of its own, a line. SocketPackets: a connected socket
for each leg, in Python, anywhere. The face:

    open(leg, socket or None)   close(leg)   receive()   tick(phase, phases) -> packets sent   counters()
    expect(leg, octets, growths): its packets are as long from now on, or longer by one of `growths`, in their headers;
        to be told when their time, codec, keys or names are others
    runs: there is a run(descriptors, plan) -> ticks: many ticks and the waits between them in one call (parley_io.h)

`receive`, `tick` and `run` allocate nothing.
"""

from parley.media.burst import Burst
from parley.media.codecs import PACKET_BYTES

IO_STATS = (
    "received",
    "truncated",
    "receive_errors",
    "sent",
    "refused",
    "receive_calls",
    "send_calls",
)
# Words of a run's plan (native/io/parley_io.h), milliseconds from the beginning of the call
RUN_NEXT_MS, RUN_STEP_MS, RUN_UNTIL_MS, RUN_LATE_MS, RUN_PHASE, RUN_PHASES, RUN_CLOCK_MS = range(7)
RUN_WORDS = 8
IO_ERRNO = -1000  # below it stands -errno
FLOOD = 4  # packets a leg may bring in a tick before the rest has to wait


class BatchPackets:
    """One socket. io: the module parley_io; fd: of a bound UDP socket that does not belong to anybody else."""

    def __init__(self, bridge, io, fd):
        self._memory = bridge.memory
        self._io = io.io_map(io.io_size())  # out of the collector's sight
        self._module = io
        self._tick = io.io_tick
        self._receive = io.io_receive
        self._run = getattr(io, "io_run", None)
        self.runs = self._run is not None
        self._fd = fd
        self._most = FLOOD * bridge.legs + 64
        io.io_init(self._io)

    def open(self, leg, socket=None):
        """From now on the leg's packets come and go through `socket`, its line; with None through the board's."""
        self._module.io_line(self._io, leg, -1 if socket is None else socket.fileno())

    def close(self, leg):
        """Lets go of its line."""
        self._module.io_line(self._io, leg, -1)

    def expect(self, leg, octets, growths=(0,)):
        """Nothing: native code asks for each packet's place and length."""

    def receive(self):
        """Takes what has arrived. Between ticks, so that the socket's queue need not hold a whole frame."""
        result = self._receive(self._io, self._memory, self._fd, self._most)
        if result < IO_ERRNO:
            raise OSError(IO_ERRNO - result)

    def tick(self, phase=0, phases=1):
        """Takes what has arrived, mixes the conferences of a phase, sends. OSError: the socket is broken."""
        result = self._tick(self._io, self._memory, self._fd, self._most, phase, phases)
        if result < IO_ERRNO:
            raise OSError(IO_ERRNO - result)
        return result

    def run(self, descriptors, plan):
        """Runs the ticks of a plan (RUN_...); returns how many there were. OSError: the socket is broken."""
        run = self._run
        assert run is not None
        result = run(self._io, self._memory, self._fd, self._most, descriptors, len(descriptors), plan)
        if result < IO_ERRNO:
            raise OSError(IO_ERRNO - result)
        return result

    def counters(self):
        """{name: count} of the I/O itself."""
        return {name: self._module.io_stat(self._io, index) for index, name in enumerate(IO_STATS)}


class _Ear:
    """A leg as a burst of packets wants it."""

    def __init__(self, bridge, leg):
        self._bridge = bridge
        self._leg = leg

    def receive(self, packet, length):
        return self._bridge.receive_leg(self._leg, packet, length)


class SocketPackets:
    """A connected socket for each leg: receive_into(buffer) -> bytes, 0 or -1, and send(view) -> bool.

    reads: how often each is read in a tick.
    """

    runs = False

    def __init__(self, bridge, reads):
        self._bridge = bridge
        self._reads = reads
        self._sockets = [None] * bridge.legs
        self._ears = [_Ear(bridge, leg) for leg in range(bridge.legs)]
        self._starts = [bridge.packet_at(place) for place in range(bridge.legs)]
        self._views = {}  # {octets: {start: view}}, for a tick cannot make any
        self._see(PACKET_BYTES, self._starts)
        self._burst = Burst()
        self._received = self._receive_errors = self._sent = self._refused = 0

    def open(self, leg, socket=None):
        """From now on the leg's packets come and go through `socket`; with None there are none."""
        self._sockets[leg] = socket

    def close(self, leg):
        """Lets go of its socket."""
        self._sockets[leg] = None

    def expect(self, leg, octets, growths=(0,)):
        """From now on the leg's packets have one of these lengths."""
        parcels = self._bridge.parcels_of(leg)
        for growth in growths:
            self._see(octets + growth, [start - growth for start in parcels] or self._starts)

    def _see(self, octets, starts):
        views = self._views.setdefault(octets, {})
        for start in starts:
            if start not in views:
                views[start] = self._bridge.view(start, octets)

    def receive(self):
        """Takes what has arrived."""
        for leg in range(len(self._sockets)):
            if self._sockets[leg] is not None:
                self._drain(leg)

    def tick(self, phase=0, phases=1):
        """Takes what has arrived, mixes the conferences of a phase, sends."""
        self.receive()
        bridge = self._bridge
        bridge.begin(phase, phases)
        all_made = sent = 0
        made = bridge.mix(bridge.legs)
        while made:
            for place in range(made):
                if self._send(place):
                    sent += 1
                else:
                    bridge.refused(place)
            all_made += made
            made = bridge.mix(bridge.legs)
        self._sent += sent
        self._refused += all_made - sent
        return sent

    def _send(self, place):
        bridge = self._bridge
        socket = self._sockets[bridge.packet_leg(place)]
        views = self._views.get(bridge.packet_octets(place))
        view = None if views is None else views.get(bridge.packet_at(place))
        return socket is not None and view is not None and socket.send(view)

    def counters(self):
        """{name: count} of the I/O itself; what this way does not count is 0."""
        found = dict.fromkeys(IO_STATS, 0)
        found["received"], found["receive_errors"] = self._received, self._receive_errors
        found["sent"], found["refused"] = self._sent, self._refused
        return found

    def _drain(self, leg):
        socket = self._sockets[leg]
        for _ in range(self._reads):
            length = socket.receive_into(self._burst.buffer)
            if length < 0:
                self._receive_errors += 1
            if length <= 0:
                return
            self._received += self._burst.deliver(length, self._ears[leg])
