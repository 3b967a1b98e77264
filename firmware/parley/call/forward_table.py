"""An INVITE that is passed on to one other place, as data: a stateful proxy that does not fork (RFC 3261 16).

States: waiting (nothing heard yet), proceeding (1xx), withdrawn (their CANCEL came, but RFC 3261 9.1 forbids ours yet),
cancelling (our CANCEL sent), answered (2xx passed back), ended.

Events: "1xx", "2xx", "final" and "lost" (silence, or nobody there) come of our INVITE; "cancel" from the caller;
"expire" is timer C, then the time a CANCEL may take. The actions are the functions of forward.py.
"""

# fmt: off
FORWARD = {
    ("waiting", "1xx"): ("proceeding", ("pass back", "limit")),
    ("waiting", "2xx"): ("answered", ("pass back", "finish")),
    ("waiting", "final"): ("ended", ("pass back", "finish")),
    ("waiting", "lost"): ("ended", ("refuse 503", "finish")),
    ("waiting", "cancel"): ("withdrawn", ()),
    ("waiting", "expire"): ("withdrawn", ()),
    ("proceeding", "1xx"): ("proceeding", ("pass back", "limit")),  # 16.7 step 2
    ("proceeding", "2xx"): ("answered", ("pass back", "finish")),
    ("proceeding", "final"): ("ended", ("pass back", "finish")),
    ("proceeding", "lost"): ("ended", ("refuse 503", "finish")),
    ("proceeding", "cancel"): ("cancelling", ("send cancel",)),  # 16.10
    ("proceeding", "expire"): ("cancelling", ("send cancel",)),  # 16.8
    ("withdrawn", "1xx"): ("cancelling", ("send cancel",)),
    ("withdrawn", "2xx"): ("answered", ("pass back", "finish")),
    ("withdrawn", "final"): ("ended", ("pass back", "finish")),
    ("withdrawn", "lost"): ("ended", ("refuse 487", "finish")),
    ("cancelling", "2xx"): ("answered", ("pass back", "finish")),  # they crossed: it is the caller's to hang up
    ("cancelling", "final"): ("ended", ("pass back", "finish")),
    ("cancelling", "lost"): ("ended", ("refuse 487", "finish")),
    ("cancelling", "expire"): ("ended", ("refuse 487", "finish")),  # 9.1: after 64*T1
    ("answered", "2xx"): ("answered", ("pass back",)),  # 16.7 step 5: each repetition too
}
FORWARD_IGNORED = [
    ("withdrawn", "cancel"), ("withdrawn", "expire"), ("cancelling", "cancel"), ("cancelling", "1xx"),
    ("ended", "1xx"), ("ended", "2xx"), ("ended", "final"), ("ended", "lost"),  # after a CANCEL that took too long
    ("answered", "lost"),  # an ICMP error of an ACK that is not ours
]
# fmt: on
