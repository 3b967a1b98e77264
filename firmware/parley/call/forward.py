"""Passing an incoming INVITE on, without staying in the dialog: no Record-Route (RFC 3261 16, 6026 8)."""

from parley.call.forward_table import FORWARD, FORWARD_IGNORED
from parley.call.peers import destination_of
from parley.call.requests import MAX_FORWARDS, cancel_of, target_of
from parley.call.timers import RINGING_LIMIT_MS, TIMEOUT_MS, Timers
from parley.call.transaction import nobody
from parley.wire.errors import LocalError, RemoteError
from parley.wire.grammar import parse_decimal, split_outside
from parley.wire.sip import Request, Response
from parley.wire.uri import parse_name_addr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from parley.call.call import Call
    from parley.call.core import Core
    from parley.call.transaction import Address, Transaction

    Message = Request | Response

MAX_HOPS = 255
RETRY_AFTER_S = "2"


class Forward:
    """One INVITE on its way through us. call: as it came in, over for us; target: URI it goes to."""

    def __init__(self, core: "Core", call: "Call", server: "Transaction", target: str) -> None:
        self.core = core
        self.call = call
        self.server = server
        self.target = target
        self.state = "waiting"
        self.request: "Request | None" = None  # as we sent it
        self.peer: "Address" = call.peer
        self.timers = Timers(core.timers, self)

    def step(self, event: str, message: "Message | None", now_ms: int) -> bool:
        """Take one event through the table; returns False if it is one of the ignored. Raises LocalError."""
        row = FORWARD.get((self.state, event))
        if row is None:
            if (self.state, event) not in FORWARD_IGNORED:
                raise LocalError(f"forward: no {event} in state {self.state}")
            self.core.count(f"forward ignored {event}")
            return False
        self.state, actions = row
        for action in actions:
            ACTIONS[action](self, message, now_ms)
        return True

    def on_timer(self, name: str, now_ms: int) -> None:
        """Timer `name` fired."""
        self.step(name, None, now_ms)


def forward(core: "Core", call: "Call", uri: str, now_ms: int) -> Forward:
    """Pass an incoming call on; see Endpoint.forward."""
    if call.phase != "incoming" or call.invite is None or call.dialog is not None:
        raise LocalError(f"nothing to pass on in state {call.state}")
    target, _ = target_of(uri)
    server = call.invite
    way = Forward(core, call, server, str(target))
    try:
        request = _copy(core, call.request, way.target)
        routes = request.get_all("Route")
        way.peer = destination_of(parse_name_addr(routes[0]).uri if routes else target)
    except RemoteError as error:
        headers = [("Unsupported", error.reason)] if error.status == 420 else []
        reason = None if error.status == 420 else error.reason
        call.step("send refuse", core.response(server, error.status, reason, headers, call.local_tag), now_ms)
        way.state = "ended"
        return way
    call.step("forward", None, now_ms)
    server.tell = nobody  # an ACK of a 2xx goes to the one who answered, that of a refusal to the transaction
    core.forwards[server.key] = way
    request.insert_first("Via", core.layer.new_via(way.peer))
    way.request = request

    def told(transaction: "Transaction", event: str, message: "Message | None", now_ms: int) -> None:
        way.step(event if isinstance(message, Response) else "lost", message, now_ms)

    way.timers.start("expire", RINGING_LIMIT_MS, now_ms)
    core.layer.start_client(request, way.peer, told, now_ms)
    return way


def _copy(core: "Core", invite: Request, target: str) -> Request:
    """Return the request as it goes on (RFC 3261 16.3 to 16.6). Raises RemoteError: 400, 420, 483."""
    wanted = invite.get_all("Proxy-Require")
    if wanted:
        raise RemoteError(420, ", ".join(wanted))
    hops = parse_decimal((invite.get("Max-Forwards") or MAX_FORWARDS).strip(), MAX_HOPS, "Max-Forwards")
    if hops == 0:
        raise RemoteError(483, "Too Many Hops")
    request = Request(invite.method, target, list(invite.headers), invite.body)
    request.octets = invite.octets
    request.set("Max-Forwards", str(hops - 1))
    routes = request.get_all("Route")
    if routes and _is_ours(core, routes[0]):  # 16.4
        request.remove("Route")
        for route in routes[1:]:
            request.add("Route", route)
    return request


def _is_ours(core: "Core", route: str) -> bool:
    return parse_name_addr(route).uri.address() == core.uri.address()


def _pass_back(way: Forward, message: "Message | None", now_ms: int) -> None:
    """Send their response on to the caller (RFC 3261 16.7): without our Via, 100 not at all."""
    if not isinstance(message, Response) or message.status == 100:
        return
    response = Response(message.status, message.reason, list(message.headers), message.body)
    response.octets = message.octets
    for index, (name, value) in enumerate(response.headers):
        if name == "Via":
            rest = split_outside(value, ",")[1:]
            response.headers[index : index + 1] = [("Via", ", ".join(rest))] if rest else []
            break
    way.core.layer.respond(way.server, response, now_ms)


def _limit(way: Forward, message: "Message | None", now_ms: int) -> None:
    way.timers.start("expire", RINGING_LIMIT_MS, now_ms)  # 16.7 step 2: timer C again


def _send_cancel(way: Forward, message: "Message | None", now_ms: int) -> None:
    if way.request is not None:
        way.core.layer.start_client(cancel_of(way.request), way.peer, nobody, now_ms)
    way.timers.start("expire", TIMEOUT_MS, now_ms)


def _refuse_503(way: Forward, message: "Message | None", now_ms: int) -> None:
    headers = [("Retry-After", RETRY_AFTER_S)]
    way.core.layer.respond(way.server, way.core.response(way.server, 503, None, headers), now_ms)


def _refuse_487(way: Forward, message: "Message | None", now_ms: int) -> None:
    way.core.layer.respond(way.server, way.core.response(way.server, 487), now_ms)


def _finish(way: Forward, message: "Message | None", now_ms: int) -> None:
    way.timers.stop_all()
    way.core.forwards.pop(way.server.key, None)
    way.core.tell("forwarded", way.call, message)


ACTIONS: "dict[str, Callable[[Forward, Message | None, int], None]]" = {
    "pass back": _pass_back,
    "limit": _limit,
    "send cancel": _send_cancel,
    "refuse 487": _refuse_487,
    "refuse 503": _refuse_503,
    "finish": _finish,
}
