"""Message 3 as data: how each carrier tells one invitee, and what may go wrong."""

from parleyue.machine import Table, ignored

STATES = ("idle", "looking_up", "calling", "referring", "watching", "hung_up", "closing", "done")

EVENTS = (
    "start",
    "resolved",  # the host name has an address
    "unresolved",  # it has none
    "progress",  # 1xx to our INVITE
    "answered",  # 2xx to our INVITE
    "redirected",  # 3xx to our INVITE: calls are forwarded
    "rejected",  # 4xx-6xx to our INVITE
    "no_answer",  # no response to our INVITE
    "ended",  # the short call is over
    "reoffer",  # re-INVITE in the short call, e.g. hold
    "accepted",  # 2xx to REFER or MESSAGE
    "refused",  # 3xx-6xx to REFER or MESSAGE
    "unheard",  # no response to REFER or MESSAGE
    "trying",  # NOTIFY with a provisional status
    "notified",  # NOTIFY with a final status: M8
    "out_of_patience",
    "stop",  # we leave
)

# INVITE, REFER inside that call, NOTIFYs, BYE: every phone obeys this (RFC 5589 section 6)
CALL: Table = {
    ("idle", "start"): ("looking_up", ("look_up",)),
    ("idle", "stop"): ("done", ("stopped",)),
    ("looking_up", "resolved"): ("calling", ("send_invite",)),
    ("looking_up", "unresolved"): ("done", ("unresolvable",)),
    ("looking_up", "out_of_patience"): ("done", ("unanswered",)),
    ("looking_up", "refused"): ("done", ("declined",)),  # forwarded to where we cannot call
    ("looking_up", "stop"): ("done", ("stopped",)),
    ("calling", "progress"): ("calling", ("note_ringing",)),
    ("calling", "answered"): ("referring", ("start_silence", "send_refer")),
    ("calling", "redirected"): ("looking_up", ("follow",)),
    ("calling", "rejected"): ("done", ("declined",)),
    ("calling", "no_answer"): ("done", ("unanswered",)),
    ("calling", "ended"): ("done", ("unanswered",)),
    ("calling", "out_of_patience"): ("closing", ("unanswered", "hang_up")),
    ("calling", "stop"): ("closing", ("stopped", "hang_up")),
    ("referring", "reoffer"): ("referring", ("answer_reoffer",)),
    ("referring", "accepted"): ("watching", ("note_accepted",)),
    ("referring", "trying"): ("watching", ("note_trying",)),  # RFC 3515 2.4.4: a NOTIFY may overtake the 202
    ("referring", "notified"): ("closing", ("note_notified", "hang_up")),
    ("referring", "refused"): ("closing", ("refer_refused", "hang_up")),
    ("referring", "unheard"): ("closing", ("refer_unheard", "hang_up")),
    ("referring", "ended"): ("hung_up", ("note_hung_up",)),
    ("referring", "out_of_patience"): ("closing", ("refer_unheard", "hang_up")),
    ("referring", "stop"): ("closing", ("stopped", "hang_up")),
    ("watching", "reoffer"): ("watching", ("answer_reoffer",)),
    ("watching", "accepted"): ("watching", ("note_accepted",)),
    ("watching", "trying"): ("watching", ("note_trying",)),
    ("watching", "notified"): ("closing", ("note_notified", "hang_up")),
    ("watching", "refused"): ("closing", ("refer_refused", "hang_up")),
    ("watching", "unheard"): ("closing", ("not_notified", "hang_up")),
    ("watching", "ended"): ("hung_up", ("note_hung_up",)),
    ("watching", "out_of_patience"): ("closing", ("not_notified", "hang_up")),
    ("watching", "stop"): ("closing", ("stopped", "hang_up")),
    # RFC 5057 section 4.2: the subscription outlives the call it was born in
    ("hung_up", "accepted"): ("hung_up", ("note_accepted",)),
    ("hung_up", "trying"): ("hung_up", ("note_trying",)),
    ("hung_up", "notified"): ("done", ("note_notified",)),
    ("hung_up", "refused"): ("done", ("refer_refused",)),
    ("hung_up", "unheard"): ("done", ("not_notified",)),
    ("hung_up", "out_of_patience"): ("done", ("not_notified",)),
    ("hung_up", "stop"): ("done", ("stopped",)),
    ("closing", "ended"): ("done", ()),
    ("closing", "out_of_patience"): ("done", ()),
}

_NAMES = ("resolved", "unresolved")
_INVITED = ("progress", "answered", "redirected", "rejected", "no_answer")
_SHORT_CALL = (*_INVITED, "reoffer", "ended")
_ANSWERS = ("accepted", "refused", "unheard")
_NOTIFIES = ("trying", "notified")

CALL_IGNORED = (
    ignored(("idle",), (*_NAMES, *_SHORT_CALL, *_ANSWERS, *_NOTIFIES, "out_of_patience"))
    | ignored(("looking_up",), ("start", *_SHORT_CALL, "accepted", "unheard", *_NOTIFIES))
    | ignored(("calling",), ("start", *_NAMES, "reoffer", *_ANSWERS, *_NOTIFIES))
    | ignored(("referring", "watching"), ("start", *_NAMES, *_INVITED))
    | ignored(("hung_up",), ("start", *_NAMES, *_SHORT_CALL))
    # of a call that was hung up the endpoint tells nothing but "ended", whatever crossed our CANCEL
    | ignored(("closing",), ("start", *_NAMES, *_INVITED, "reoffer", *_ANSWERS, *_NOTIFIES, "stop"))
    | ignored(("done",), EVENTS)
)

# REFER outside any call (RFC 3515): short, but half the phones refuse it or say nothing
REFER: Table = {
    ("idle", "start"): ("looking_up", ("look_up",)),
    ("idle", "stop"): ("done", ("stopped",)),
    ("looking_up", "resolved"): ("referring", ("send_refer",)),
    ("looking_up", "unresolved"): ("done", ("unresolvable",)),
    ("looking_up", "out_of_patience"): ("done", ("unanswered",)),
    ("looking_up", "stop"): ("done", ("stopped",)),
    ("referring", "accepted"): ("watching", ("note_accepted",)),
    ("referring", "trying"): ("watching", ("note_trying",)),
    ("referring", "notified"): ("done", ("note_notified",)),
    ("referring", "refused"): ("done", ("refer_refused",)),
    ("referring", "unheard"): ("done", ("refer_unheard",)),
    ("referring", "out_of_patience"): ("done", ("refer_unheard",)),
    ("referring", "stop"): ("done", ("stopped",)),
    ("watching", "accepted"): ("watching", ("note_accepted",)),
    ("watching", "trying"): ("watching", ("note_trying",)),
    ("watching", "notified"): ("done", ("note_notified",)),
    ("watching", "refused"): ("done", ("refer_refused",)),
    ("watching", "unheard"): ("done", ("not_notified",)),
    ("watching", "out_of_patience"): ("done", ("not_notified",)),
    ("watching", "stop"): ("done", ("stopped",)),
}

REFER_STATES = ("idle", "looking_up", "referring", "watching", "done")
REFER_IGNORED = (
    ignored(("idle",), (*_NAMES, *_SHORT_CALL, *_ANSWERS, *_NOTIFIES, "out_of_patience"))
    | ignored(("looking_up",), ("start", *_SHORT_CALL, *_ANSWERS, *_NOTIFIES))
    | ignored(("referring", "watching"), ("start", *_NAMES, *_SHORT_CALL))
    | ignored(("done",), EVENTS)
)

# MESSAGE (RFC 3428): a person reads it and calls; no notification can follow
MESSAGE: Table = {
    ("idle", "start"): ("looking_up", ("look_up",)),
    ("idle", "stop"): ("done", ("stopped",)),
    ("looking_up", "resolved"): ("referring", ("send_message",)),
    ("looking_up", "unresolved"): ("done", ("unresolvable",)),
    ("looking_up", "out_of_patience"): ("done", ("unanswered",)),
    ("looking_up", "stop"): ("done", ("stopped",)),
    ("referring", "accepted"): ("done", ("note_delivered",)),
    ("referring", "refused"): ("done", ("message_refused",)),
    ("referring", "unheard"): ("done", ("unanswered",)),
    ("referring", "out_of_patience"): ("done", ("unanswered",)),
    ("referring", "stop"): ("done", ("stopped",)),
}

MESSAGE_STATES = ("idle", "looking_up", "referring", "done")
MESSAGE_IGNORED = (
    ignored(("idle",), (*_NAMES, *_SHORT_CALL, *_ANSWERS, *_NOTIFIES, "out_of_patience"))
    | ignored(("looking_up",), ("start", *_SHORT_CALL, *_ANSWERS, *_NOTIFIES))
    | ignored(("referring",), ("start", *_NAMES, *_SHORT_CALL, *_NOTIFIES))
    | ignored(("done",), EVENTS)
)
