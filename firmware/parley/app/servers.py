"""The servers a board registers with: a registration with each, of which any one keeps it in service.

A server that is dead or cut off is asked on and on, and holds up none of the others.
"""

from parley.app.registration import Registration
from parley.app.shortage import note_shortage
from parley.wire.address import derive
from parley.wire.grammar import format_host_port


class Servers:
    """config: Config; endpoint: sends the requests; body(config, first) -> bytes of a REGISTER.

    first: whether it goes to the leading server, which alone hears what need be told only once. That is the first in
    the list with which the board is registered.
    """

    def __init__(self, config, endpoint, clock, body, log):
        self._config = config
        self._endpoint = endpoint
        self._body = body
        # The last REGISTER to each: Call-ID, CSeq and nonce go on from it.
        self._last = [None] * len(config.servers)
        self._first = None  # the last REGISTER to the leading server
        self._told = None  # the last MESSAGE, likewise
        self._told_to = 0
        self.registrations = [
            Registration(self._asker(number), clock, log, config.registration_s)
            for number in range(len(config.servers))
        ]

    def _asker(self, number):
        return lambda now_ms: self._register(number, now_ms)

    def registered(self, now_ms):
        """At least one server knows this board."""
        return any(one.registered(now_ms) for one in self.registrations)

    def changed(self, now_ms):
        """The servers should hear news soon."""
        for one in self.registrations:
            one.changed(now_ms)

    def tick(self, now_ms):
        """Sends what is due."""
        for one in self.registrations:
            one.tick(now_ms)

    def next_deadline(self):
        """When to call tick; None while every server's answer is awaited."""
        deadlines = [one.next_deadline() for one in self.registrations]
        known = [deadline_ms for deadline_ms in deadlines if deadline_ms is not None]
        return min(known) if known else None

    def leading(self, now_ms):
        """The number of the leading server."""
        for number, one in enumerate(self.registrations):
            if one.registered(now_ms):
                return number
        return 0

    def tell(self, body, now_ms):
        """Sends a MESSAGE to the leading server (RFC 3428)."""
        number = self.leading(now_ms)
        previous = self._told if number == self._told_to else None
        self._told_to = number
        self._told = self._ask("MESSAGE", number, [], body, previous, now_ms)

    def told(self, subject):
        """Whether this request is the last of `tell`."""
        return subject is self._told

    def response(self, subject, response, now_ms):
        """The end of a REGISTER; True when it told what is told once, and was accepted."""
        for number, last in enumerate(self._last):
            if subject is last:
                self.registrations[number].response(response, now_ms)
                return subject is self._first and response is not None and response.status == 200
        return False

    def _register(self, number, now_ms):
        """Sends a REGISTER (RFC 3261 10.2); asked for by a Registration."""
        config = self._config
        contact = "<sip:%s;transport=udp>" % format_host_port(config.host, config.sip_port)
        headers = [("Contact", "%s;expires=%d" % (contact, config.registration_s))]
        leads = number == self.leading(now_ms)
        try:
            body = self._body(config, leads)
            asked = self._ask("REGISTER", number, headers, body, self._last[number], now_ms)
        except MemoryError:
            note_shortage(self._endpoint)
            self.registrations[number].response(None, now_ms)  # it comes round to it again
            return
        self._last[number] = asked
        if leads:
            self._first = asked

    def _ask(self, method, number, headers, body, previous, now_ms):
        """Sends a request with a JSON body in this board's name."""
        config = self._config
        host, port = config.servers[number]
        aor = "sip:%s@%s" % (config.board_id, format_host_port(host, None))
        return self._endpoint.request(
            method,
            "sip:" + format_host_port(host, port),
            now_ms,
            peer=config.servers[number],
            headers=headers + [("Content-Type", "application/json")],
            body=body,
            from_uri=aor,
            to_uri=aor,
            credentials=(config.board_id, derive(config.key, "register")),
            previous=previous,
        )
