"""INVITEs that take the long way: credentials asked for, answers by proxy, calls that are cancelled meanwhile."""

from collections.abc import Callable

from parley.call.call import Call
from parley.call.endpoint import Endpoint
from parley.call.peers import is_stream, transport_of
from parley.wire.sip import Request
from parleyd.answers import Answers
from parleyd.clock import Clock
from parleyd.decisions import Then
from parleyd.gate import Gate
from parleyd.pool import Pool
from parleyd.receive import Need, ReceiverUnit
from parleyd.transmit import Reply
from parleyd.verdict import Grant, Refusal


class Invitations:
    """Answers them with what the allocation unit decides: 302, or the board's own answer passed on."""

    def __init__(
        self,
        endpoint: Endpoint,
        answers: Answers,
        gate: Gate,
        receiver: ReceiverUnit,
        pool: Pool,
        clock: Clock,
        count: Callable[[str], None],
        allocate: Callable[[Need | Refusal, Then], None],
        reply: Callable[[Grant | Refusal], Reply],
    ) -> None:
        self._endpoint = endpoint
        self._answers = answers
        self._gate = gate
        self._receiver = receiver
        self._pool = pool
        self._clock = clock
        self._count = count
        self._allocate = allocate
        self._reply = reply

    def take(self, call: Call, invite: Request, source: str) -> None:
        """Take an INVITE that began this call, from a host."""
        proxied = self._answers.choose(invite, call.peer[0]) == "proxy"
        stop, user = self._gate.stop(invite, self._clock.now_ms() // 1000, 407 if proxied else 401)
        if stop is not None:
            self._count(f"invite {stop.status}")
            self._endpoint.reject(call, stop.status, self._clock.now_ms(), stop.reason, list(stop.headers))
            return
        need = self._receiver.receive(invite, source, user)
        self._allocate(need, lambda verdict: self._answer(call, verdict, proxied))

    def _answer(self, call: Call, verdict: Grant | Refusal, proxied: bool) -> None:
        if call.state == "ended":  # cancelled while the disk was busy; the offer lapses
            return
        if isinstance(verdict, Grant) and proxied:
            self._count("invite passed on")
            # The caller talks to the board without knowing: it sees isfocus in the 200 (RFC 4579 5.4).
            self._endpoint.forward(call, verdict.uri, self._clock.now_ms())
            return
        reply = self._reply(self._as_called(verdict, call) if isinstance(verdict, Grant) else verdict)
        self._endpoint.reject(call, reply.status, self._clock.now_ms(), reply.reason, list(reply.headers))

    def _as_called(self, grant: Grant, call: Call) -> Grant:
        """The address by the transport that the caller came by, if the board takes it; TCP instead of TLS."""
        registration = self._pool.registration(grant.lease.board_id)
        if not is_stream(call.peer) or registration is None:
            return grant
        if transport_of(call.peer) == "tls" and registration.report.tls_port is not None:
            return grant._replace(transport="tls", port=registration.report.tls_port)
        return grant._replace(transport="tcp") if "tcp" in registration.report.transports else grant
