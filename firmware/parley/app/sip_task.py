"""Joins the SIP socket, the endpoint and those who decide: focus, registration, control."""

from parley.app.attendant import Attendant
from parley.app.conference_events import PACKAGES, ConferenceEvents
from parley.app.control import Control
from parley.app.dial_out import DialOut
from parley.app.focus import Focus
from parley.app.menu import Menu
from parley.app.moderation import Moderator
from parley.app.moves import Mover
from parley.app.referrals import Referrals
from parley.app.returns import Returns
from parley.app.runtime import collect, heap_free, tls_context
from parley.app.servers import Servers
from parley.app.shortage import note_shortage
from parley.app.streams import Streams
from parley.app.trail import Trail
from parley.app.watch import Watch
from parley.call.endpoint import Endpoint

USER_AGENT = "Parley-board/0.1"
TRANSACTION_BYTES = 2048  # of heap: answered ones hold 0.5 KB each, and those in dialogs get twice the number
SERVER_TRANSACTIONS = 512  # each stays for 32 s: more would be a flood, not callers; or two for each leg
FEWEST_TRANSACTIONS = 16
DATAGRAMS_PER_TURN = 8  # then the loop looks at its other duties again


def transactions_for(heap_free_bytes, legs):
    """How many server transactions the heap bears; 0 bytes free stands for a heap without an end."""
    most = max(SERVER_TRANSACTIONS, 2 * legs)
    if heap_free_bytes == 0:
        return most
    return max(FEWEST_TRANSACTIONS, min(most, heap_free_bytes // TRANSACTION_BYTES))


class SipTask:
    """Joins one Endpoint with its socket. body(config, first) -> bytes is a REGISTER's body (Servers)."""

    def __init__(self, config, socket, slots, media, wire, clock, random_bytes, body, log):
        self.datagrams = 0
        self._config = config
        self._socket = socket
        self._log = log
        local = (config.host, config.sip_port)
        self.streams = None  # SIP over TCP, where the network can do that
        self.transports = [("udp", 0)]  # by which callers may come: (name, port where it is one of its own)
        collect()  # what booting left behind is room for transactions
        self.endpoint = Endpoint(
            local,
            random_bytes,
            user="conference",
            user_agent=USER_AGENT,
            methods=("MESSAGE",),
            limit=transactions_for(heap_free(), config.legs),
            streams=True,
            extensions=("replaces", "join"),
            packages=PACKAGES,
            tls_port=None if config.tls is None else config.tls[0],
        )
        self.servers = Servers(config, self.endpoint, clock, body, log)
        changed = self.servers.changed
        self.trail = Trail()
        events = ConferenceEvents(config, self.endpoint, slots, log)
        if wire.reports.fault:
            self._log.warning("rtcp", "no port for it: %s" % wire.reports.fault)
        self.attendant = Attendant(
            media,
            media.side,
            wire.reports,
            clock,
            random_bytes,
            self._gone,
            self._pressed,
            1000 * config.rtp_timeout_s,
            log,
        )
        self.focus = Focus(
            config,
            self.endpoint,
            slots,
            media,
            wire,
            self.attendant,
            clock,
            random_bytes,
            changed,
            events,
            self.trail,
            log,
        )
        self.endpoint.name_contacts(events.contact_for)
        dial_out = DialOut(self.endpoint, slots, self.focus, events, self.trail, changed, log)
        referrals = Referrals(config, self.endpoint, slots, media, self.focus, dial_out, log)
        self.returns = Returns(
            config, self.endpoint, slots, media, self.focus.lifetimes, dial_out, clock, log
        )
        self._learner = wire.learner
        self.mover = Mover(config, self.endpoint, slots, media, self.focus, self.trail, log)
        self._takers = (referrals, dial_out, events, self.mover, self.focus)  # each is asked in turn
        self.watch = Watch(self._tell, media)
        self.menu = Menu(media, self.focus, changed, log)
        moderator = Moderator(slots, media, self.focus, changed, log)
        orders = {"end": moderator.end, "lock": moderator.lock, "mute": moderator.mute}
        orders["kick"] = moderator.kick
        orders["gain"], orders["hear"] = moderator.gain, moderator.hear
        orders["watch"] = self.watch.ask
        orders["move"] = self.mover.move
        orders["fetch"] = self.returns.fetch
        self.control = Control(config, self.endpoint, clock, random_bytes, orders, log)

    def drain(self, now_ms, may_go_on):
        """Takes what the socket holds: at most DATAGRAMS_PER_TURN, and only while may_go_on() is true."""
        for _ in range(DATAGRAMS_PER_TURN):
            try:
                received = self._socket.receive()
            except MemoryError:  # the datagram is lost; its sender repeats it
                note_shortage(self.endpoint)
                return
            if received is None:
                return
            self._receive(received[0], received[1], now_ms)
            if not may_go_on():
                return

    def listen(self, poller):
        """Takes TCP connections too, and TLS if there is a certificate. poller: the loop's."""
        config = self._config
        try:
            self.streams = Streams(
                config.host, config.sip_port, poller, self._receive, self._refuse, self._failed
            )
        except OSError as error:
            self._log.warning("sip", "no TCP: %s" % error)
            return
        self.transports.append(("tcp", 0))
        if config.tls is not None:
            port, certificate, key = config.tls
            try:
                self.streams.listen_tls(config.host, port, tls_context(certificate, key))
            except OSError as error:
                self._log.warning("sip", "no TLS: %s" % error)
                return
            self.transports.append(("tls", port))

    def serve_streams(self, now_ms):
        """Takes what the connections hold."""
        if self.streams is not None:
            self._spare(self.streams.serve, now_ms)
            self._pump(now_ms)

    def _receive(self, data, peer, now_ms):
        self.datagrams += 1
        self._spare(self.endpoint.receive, data, peer, now_ms)
        self._pump(now_ms)

    def _refuse(self, error, peer, now_ms):
        self.endpoint.stream_lost(error, peer, now_ms)
        self._pump(now_ms)

    def _failed(self, peer, now_ms):
        self.endpoint.transport_error(peer, now_ms)
        self._pump(now_ms)

    def tick(self, now_ms):
        """Runs what is due."""
        deadline_ms = self.next_deadline()
        if deadline_ms is not None and deadline_ms <= now_ms:
            self._spare(self.endpoint.tick, now_ms)
            self._spare(self.servers.tick, now_ms)
            self._spare(self.watch.tick, now_ms)
            self._spare(self.attendant.tick, now_ms)
            self._spare(self._learn, now_ms)
            self._spare(self.mover.tick, now_ms)
            self._spare(self.returns.tick, now_ms)
            self._pump(now_ms)
            self.serve_streams(now_ms)

    def next_deadline(self):
        """When tick is due next, None if nothing is waited for."""
        streams_ms = None if self.streams is None else self.streams.deadline_ms
        deadlines = (
            self.endpoint.next_deadline(),
            self.servers.next_deadline(),
            self.watch.next_deadline(),
            self.attendant.next_deadline(),
            self.mover.next_deadline(),
            self.returns.next_deadline(),
            None if self._learner is None else self._learner.next_deadline(),
            streams_ms,
        )
        known = [deadline_ms for deadline_ms in deadlines if deadline_ms is not None]
        return min(known) if known else None

    @property
    def source(self):
        """For a Poller."""
        return self._socket.raw

    def close(self):
        """Leaves the network."""
        if self.streams is not None:
            self.streams.close()
        self._socket.close()

    def hang_up(self, now_ms):
        """Says goodbye to everybody, once; whoever misses it hears silence."""
        self.focus.end_all(now_ms)
        self._pump(now_ms)

    def _pump(self, now_ms):
        """Sends what the endpoint has to send and handles its events, until both are drained."""
        while True:
            self._transmit(now_ms)
            events = self.endpoint.events()
            if not events:
                return
            for event in events:
                self._spare(self._dispatch, event, now_ms)
                self._transmit(now_ms)

    def _spare(self, work, *arguments):
        """Does one piece of work; a heap without room for it costs this piece and nothing else."""
        try:
            work(*arguments)
        except MemoryError:
            note_shortage(self.endpoint)

    def _transmit(self, now_ms):
        for data, peer in self.endpoint.transmits():
            self._spare(self._send_or_tell, data, peer, now_ms)

    def _send_or_tell(self, data, peer, now_ms):
        if not self._send(data, peer, now_ms):
            self.endpoint.transport_error(peer, now_ms)

    def _send(self, data, peer, now_ms):
        if len(peer) == 2:
            return self._socket.send(data, peer)
        return self.streams is not None and self.streams.send(data, peer, now_ms)

    def _dispatch(self, event, now_ms):
        if event.kind == "response":
            if self.servers.told(event.subject):
                self.watch.answered(now_ms)
            elif self.returns.response(event.subject, event.message, now_ms):
                return
            elif self.servers.response(event.subject, event.message, now_ms) and self.trail.accepted():
                self.servers.changed(now_ms)
        elif event.kind == "request":
            self.control.handle(event, now_ms)
        else:
            for taker in self._takers:
                if taker.handle(event, now_ms):
                    return
            self._log.debug("sip", "event %s" % event.kind)

    def _learn(self, now_ms):
        if self._learner is not None:
            for participant, source in self._learner.tick(now_ms):
                named = participant.aimed[1]
                self._log.info(
                    "rtp", "%s sends from %s:%d, not %s:%d" % ((participant.uri,) + source + named)
                )

    def _gone(self, participant, why, now_ms):
        """A ghost: his phone or its network has died."""
        self._log.warning("focus", "%s: %s" % (participant.uri, why))
        self.focus.put_out(participant, "has vanished from", now_ms)

    def _pressed(self, participant, digit, now_ms):
        self._log.debug("dtmf", "%s: %s" % (participant.uri, digit))
        self.menu.press(participant, digit, now_ms)

    def _tell(self, body, now_ms):
        """Sends the levels to the server."""
        try:
            self.servers.tell(body, now_ms)
        except MemoryError:
            note_shortage(self.endpoint)
            self.watch.answered(now_ms)
