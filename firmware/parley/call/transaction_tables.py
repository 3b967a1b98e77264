"""The four transaction machines of RFC 3261 section 17, with the Accepted state of RFC 6026, as data.

Everything that decides a transition stands in this file; transaction.py only carries the actions out.

A table maps (state, event) to (new state, actions). Events are

* "1xx", "2xx", "final": a response came in; "final" is 300-699, and 200-699 where a table has no "2xx";
* "request": the request, or the same request again; "ack": the ACK of a final response;
* "send ...": this side's user sends the request or such a response;
* "timer X": timer X of RFC 3261 table 4 or RFC 6026 fired; "timer trying" is the 200 ms of 17.2.1. Two guard
  against waiting for ever: "timer C" (as of a proxy, 16.8) while a peer that sent a 1xx keeps silent, "timer
  answer" while our own user forgets to answer (the client has given up by then);
* "no stream": the TCP that a long request took is not there (18.1.1);
* "transport error": a datagram could not be delivered (RFC 3261 17.1.4, 17.2.4).

Actions are "send" (what came with the event), "resend" (what was sent last), "ack" (17.1.1.3), "send
trying", "fall back" (to UDP), "pass" (tell the user), "tell timeout", "tell transport error", "start X",
"stop X", and to start X again: "double X" (twice the interval), "back off X" (twice the interval, at most
T2), "slow X" (T2). "keep X" lets go of the request and of all but X, which names "sent", "user", both, or
only the "key": a transaction lingers for up to 32 s and holds nothing meanwhile that its state has no use
for. Only that comes after "pass".

X_IGNORED lists what may happen and changes nothing. A pair that is in neither can only come from a mistake
of our own (a second final answer, a timer that was stopped): it raises LocalError and changes nothing. The
test lists those and proves that the three cover every pair, none twice. Nothing leaves "terminated": the
transaction is forgotten.
"""

# fmt: off
# RFC 3261 figure 5 as amended by RFC 6026 figure 2 (7.2: Accepted and timer M).
CLIENT_INVITE = {
    ("init", "send request"): ("calling", ("send", "start A", "start B")),
    ("calling", "timer A"): ("calling", ("resend", "double A")),
    ("calling", "timer B"): ("terminated", ("tell timeout",)),
    ("calling", "1xx"): ("proceeding", ("stop A", "stop B", "start C", "pass")),
    ("calling", "2xx"): ("accepted", ("stop A", "stop B", "start M", "pass", "keep user")),
    ("calling", "final"): ("completed", ("stop A", "stop B", "start D", "ack", "pass", "keep sent user")),
    ("calling", "no stream"): ("calling", ("fall back", "send", "start A", "start B")),
    ("calling", "transport error"): ("terminated", ("tell transport error",)),
    ("proceeding", "1xx"): ("proceeding", ("start C", "pass")),
    ("proceeding", "2xx"): ("accepted", ("stop C", "start M", "pass", "keep user")),
    ("proceeding", "final"): ("completed", ("stop C", "start D", "ack", "pass", "keep sent user")),
    ("proceeding", "timer C"): ("terminated", ("tell timeout",)),
    ("completed", "final"): ("completed", ("resend",)),  # the ACK (17.1.1.2)
    ("completed", "transport error"): ("terminated", ("tell transport error",)),
    ("completed", "timer D"): ("terminated", ()),
    ("accepted", "2xx"): ("accepted", ("pass",)),
    ("accepted", "timer M"): ("terminated", ()),
}
CLIENT_INVITE_IGNORED = [
    ("proceeding", "transport error"),  # figure 5: the request has arrived, the answer may still come
    ("completed", "1xx"), ("completed", "2xx"),  # late, or a fork that lost
    ("accepted", "1xx"), ("accepted", "final"), ("accepted", "transport error"),
]

# RFC 3261 figure 6. Without a "2xx" event: every final response is "final".
CLIENT_NON_INVITE = {
    ("init", "send request"): ("trying", ("send", "start E", "start F")),
    ("trying", "timer E"): ("trying", ("resend", "back off E")),
    ("trying", "timer F"): ("terminated", ("tell timeout",)),
    ("trying", "1xx"): ("proceeding", ("pass",)),
    ("trying", "final"): ("completed", ("stop E", "stop F", "start K", "pass", "keep key")),
    ("trying", "no stream"): ("trying", ("fall back", "send", "start E", "start F")),
    ("trying", "transport error"): ("terminated", ("tell transport error",)),
    ("proceeding", "timer E"): ("proceeding", ("resend", "slow E")),  # 17.1.2.2: every T2
    ("proceeding", "timer F"): ("terminated", ("tell timeout",)),
    ("proceeding", "1xx"): ("proceeding", ("pass",)),
    ("proceeding", "final"): ("completed", ("stop E", "stop F", "start K", "pass", "keep key")),
    ("proceeding", "transport error"): ("terminated", ("tell transport error",)),
    ("completed", "timer K"): ("terminated", ()),
}
CLIENT_NON_INVITE_IGNORED = [
    ("completed", "1xx"), ("completed", "final"), ("completed", "transport error"),
]

# RFC 3261 figure 7 as amended by RFC 6026 figure 1 (7.1: Accepted and timer L).
SERVER_INVITE = {
    ("init", "request"): ("proceeding", ("start trying", "pass")),
    ("proceeding", "timer trying"): ("proceeding", ("send trying",)),
    ("proceeding", "request"): ("proceeding", ("resend",)),
    ("proceeding", "send 1xx"): ("proceeding", ("stop trying", "send")),
    ("proceeding", "send 2xx"): ("accepted", ("stop trying", "send", "start L", "keep user")),
    ("proceeding", "send final"): ("completed", ("stop trying", "send", "start G", "start H", "keep sent")),
    ("proceeding", "transport error"): ("terminated", ("tell transport error",)),
    ("completed", "request"): ("completed", ("resend",)),
    ("completed", "timer G"): ("completed", ("resend", "back off G")),
    ("completed", "timer H"): ("terminated", ("tell timeout",)),
    ("completed", "ack"): ("confirmed", ("stop G", "stop H", "start I")),
    ("completed", "transport error"): ("terminated", ()),
    ("confirmed", "timer I"): ("terminated", ()),
    ("accepted", "send 2xx"): ("accepted", ("send",)),  # RFC 6026 7.1: the user retransmits it
    ("accepted", "ack"): ("accepted", ("pass",)),
    ("accepted", "timer L"): ("terminated", ()),
}
SERVER_INVITE_IGNORED = [
    ("proceeding", "ack"),  # of what was not yet answered
    ("confirmed", "request"), ("confirmed", "ack"), ("confirmed", "transport error"),
    ("accepted", "request"),  # RFC 6026 7.1: absorbed
    ("accepted", "transport error"),  # the ACK may still come; if not, the call ends by its own timer
    ("terminated", "send 1xx"), ("terminated", "send 2xx"), ("terminated", "send final"),  # nobody waits
]

# RFC 3261 figure 8.
SERVER_NON_INVITE = {
    ("init", "request"): ("trying", ("start answer", "pass")),
    ("trying", "send 1xx"): ("proceeding", ("send",)),
    ("trying", "send final"): ("completed", ("stop answer", "send", "start J", "keep sent")),
    ("trying", "timer answer"): ("terminated", ("tell timeout",)),
    ("proceeding", "request"): ("proceeding", ("resend",)),
    ("proceeding", "send 1xx"): ("proceeding", ("send",)),
    ("proceeding", "send final"): ("completed", ("stop answer", "send", "start J", "keep sent")),
    ("proceeding", "timer answer"): ("terminated", ("tell timeout",)),
    ("proceeding", "transport error"): ("terminated", ("tell transport error",)),
    ("completed", "request"): ("completed", ("resend",)),
    ("completed", "timer J"): ("terminated", ()),
    ("completed", "transport error"): ("terminated", ()),
}
SERVER_NON_INVITE_IGNORED = [
    ("trying", "request"),  # 17.2.2: discarded, there is nothing to send again
    ("trying", "transport error"),
    ("terminated", "send 1xx"), ("terminated", "send final"),  # RFC 4320 4: too late, its client has given up
]
# fmt: on

# kind -> (table, ignored pairs)
MACHINES = {
    "client INVITE": (CLIENT_INVITE, CLIENT_INVITE_IGNORED),
    "client non-INVITE": (CLIENT_NON_INVITE, CLIENT_NON_INVITE_IGNORED),
    "server INVITE": (SERVER_INVITE, SERVER_INVITE_IGNORED),
    "server non-INVITE": (SERVER_NON_INVITE, SERVER_NON_INVITE_IGNORED),
}
