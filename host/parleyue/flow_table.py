"""The initiator's state machine as data: messages 1 to 3 of the ad hoc conference and what may go wrong.

idle, asking (M2), redirected (M4), joining (M5), joined, telling (M6 to M8), talking, leaving, done
"""

from parleyue.machine import Table, ignored

STATES = ("idle", "asking", "redirected", "joining", "joined", "telling", "talking", "leaving", "done")

EVENTS = (
    "start",
    "resolved",  # the host name has an address
    "unresolved",  # it has none
    "progress",  # 1xx
    "redirected",  # 3xx
    "bad_address",  # what the 3xx names cannot be called
    "answered",  # 2xx; the ACK has left
    "media_up",  # its SDP fits, audio flows
    "media_bad",  # it does not
    "rejected",  # 4xx-6xx
    "no_answer",  # the transaction timed out or nobody listens there
    "out_of_patience",  # we waited long enough
    "reoffer",  # re-INVITE or UPDATE of the resource
    "all_told",  # every invitee has a result, at least one good (or there was nobody to tell)
    "nobody_comes",  # every invitee has a result, none good
    "hang_up",  # the user
    "time_up",  # --duration is over
    "ended",  # the call to the resource is over
    "all_gone",  # every call of ours is over
    "give_up",  # somebody does not answer our BYE
)

FLOW: Table = {
    ("idle", "start"): ("asking", ("look_up",)),
    ("idle", "hang_up"): ("done", ("interrupted",)),
    # M2: the request goes to the server
    ("asking", "resolved"): ("asking", ("send_invite",)),
    ("asking", "unresolved"): ("done", ("unresolvable",)),
    ("asking", "progress"): ("asking", ("note_progress",)),
    ("asking", "redirected"): ("redirected", ("take_address",)),
    ("asking", "answered"): ("joined", ("adopt_answer", "open_media")),
    ("asking", "rejected"): ("done", ("refused",)),
    ("asking", "no_answer"): ("done", ("unanswered",)),
    ("asking", "ended"): ("done", ("unanswered",)),
    ("asking", "out_of_patience"): ("leaving", ("unanswered", "leave")),
    ("asking", "hang_up"): ("leaving", ("interrupted", "leave")),
    # M3, M4: an address came back
    ("redirected", "resolved"): ("joining", ("send_invite",)),
    ("redirected", "unresolved"): ("done", ("unresolvable",)),
    ("redirected", "bad_address"): ("done", ("unusable_address",)),
    ("redirected", "out_of_patience"): ("done", ("unanswered",)),
    ("redirected", "hang_up"): ("done", ("interrupted",)),
    # M5: the request goes to the resource itself
    ("joining", "progress"): ("joining", ("note_progress",)),
    ("joining", "redirected"): ("redirected", ("take_address",)),
    ("joining", "answered"): ("joined", ("acknowledged", "open_media")),
    ("joining", "rejected"): ("done", ("refused",)),
    ("joining", "no_answer"): ("done", ("unanswered",)),
    ("joining", "ended"): ("done", ("unanswered",)),
    ("joining", "out_of_patience"): ("leaving", ("unanswered", "leave")),
    ("joining", "hang_up"): ("leaving", ("interrupted", "leave")),
    # M6: only from here are others told
    ("joined", "media_up"): ("telling", ("tell_all",)),
    ("joined", "media_bad"): ("leaving", ("unusable_answer", "leave")),
    ("joined", "ended"): ("leaving", ("lost", "leave")),
    ("joined", "hang_up"): ("leaving", ("interrupted", "leave")),
    ("telling", "reoffer"): ("telling", ("answer_reoffer",)),
    ("telling", "all_told"): ("talking", ("note_talking",)),
    ("telling", "nobody_comes"): ("leaving", ("leave",)),
    ("telling", "ended"): ("leaving", ("lost", "leave")),
    ("telling", "hang_up"): ("leaving", ("interrupted", "leave")),
    # M8 came: everybody talks
    ("talking", "reoffer"): ("talking", ("answer_reoffer",)),
    ("talking", "time_up"): ("leaving", ("leave",)),
    ("talking", "hang_up"): ("leaving", ("leave",)),
    ("talking", "ended"): ("leaving", ("far_end_left", "leave")),
    ("leaving", "ended"): ("leaving", ("call_over",)),
    ("leaving", "all_gone"): ("done", ()),
    ("leaving", "give_up"): ("done", ("note_given_up",)),
    ("leaving", "hang_up"): ("done", ("note_given_up",)),  # the second Ctrl-C
}

_CARRIERS_LATE = ("all_told", "nobody_comes")  # carriers report until the very end
_CALL = ("progress", "redirected", "answered", "rejected", "no_answer", "ended")
_NAMES = ("resolved", "unresolved", "bad_address")
_MEDIA = ("media_up", "media_bad", "reoffer")
_END = ("time_up", "all_gone", "give_up")

# Passed over on purpose, state by state: events of an earlier call, late names, timers that no longer matter.
FLOW_IGNORED = (
    ignored(("idle",), (*_NAMES, *_CALL, *_MEDIA, *_CARRIERS_LATE, *_END, "out_of_patience"))
    | ignored(("asking", "joining"), ("start", "bad_address", *_MEDIA, *_CARRIERS_LATE, *_END))
    | ignored(("joining",), ("resolved", "unresolved"))
    | ignored(("redirected",), ("start", *_CALL, *_MEDIA, *_CARRIERS_LATE, *_END))
    | ignored(("joined", "telling", "talking"), ("start", *_NAMES, *_CALL[:-1], "out_of_patience"))
    | ignored(("joined",), ("reoffer", *_CARRIERS_LATE, *_END))
    | ignored(("telling",), ("media_up", "media_bad", *_END))
    | ignored(("talking",), ("media_up", "media_bad", *_CARRIERS_LATE, "all_gone", "give_up"))
    # of a call that was hung up the endpoint tells nothing but "ended", whatever crossed our CANCEL
    | ignored(("leaving",), ("start", *_NAMES, *_CALL[:-1], *_MEDIA, *_CARRIERS_LATE))
    | ignored(("leaving",), ("time_up", "out_of_patience"))
    | ignored(("done",), EVENTS)
)
