"""A subscription as its notifier sees it, as data (RFC 6665 4.2): when a NOTIFY leaves.

States; one NOTIFY at a time is under way, so that none can overtake another:

* quiet: the subscriber knows all there is;
* flying: a NOTIFY waits for its response; owing: and there is more to tell by now;
* resting: it was answered, and another may not follow yet; due: another is to follow as soon as it may;
* leaving: a NOTIFY waits for its response, after which the last one goes out; closing: the last is under way;
* terminated.

Events: "accept", "refresh", "leave" (Expires 0) are SUBSCRIBEs; "answered" and "more" are a 2xx to a NOTIFY, "more"
when the state did not fit into it; "refused" any other end of a NOTIFY; "rested" and "expire" timers; "news" and
"close" are the application's. The actions are the functions of notifier.py.
"""

# fmt: off
NOTIFIER = {
    ("new", "accept"): ("flying", ("send",)),  # RFC 6665 4.2.1.2: the state at once
    ("new", "leave"): ("closing", ("send last",)),  # 4.4.3: a poll
    ("quiet", "news"): ("flying", ("send",)),
    ("quiet", "refresh"): ("flying", ("send",)),
    ("quiet", "leave"): ("closing", ("send last",)),
    ("quiet", "expire"): ("closing", ("send last",)),
    ("quiet", "close"): ("closing", ("send last",)),
    ("flying", "answered"): ("resting", ("rest",)),
    ("flying", "more"): ("flying", ("send",)),
    ("flying", "news"): ("owing", ()),
    ("flying", "refresh"): ("owing", ()),
    ("flying", "leave"): ("leaving", ()),
    ("flying", "expire"): ("leaving", ()),
    ("flying", "close"): ("leaving", ()),
    ("flying", "refused"): ("terminated", ("forget",)),  # 4.2.2: nobody listens
    ("owing", "answered"): ("due", ("rest",)),
    ("owing", "more"): ("flying", ("send",)),
    ("owing", "leave"): ("leaving", ()),
    ("owing", "expire"): ("leaving", ()),
    ("owing", "close"): ("leaving", ()),
    ("owing", "refused"): ("terminated", ("forget",)),
    ("resting", "rested"): ("quiet", ()),
    ("resting", "news"): ("due", ()),
    ("resting", "refresh"): ("flying", ("send",)),
    ("resting", "leave"): ("closing", ("send last",)),
    ("resting", "expire"): ("closing", ("send last",)),
    ("resting", "close"): ("closing", ("send last",)),
    ("due", "rested"): ("flying", ("send",)),
    ("due", "refresh"): ("flying", ("send",)),
    ("due", "leave"): ("closing", ("send last",)),
    ("due", "expire"): ("closing", ("send last",)),
    ("due", "close"): ("closing", ("send last",)),
    ("leaving", "answered"): ("closing", ("send last",)),
    ("leaving", "more"): ("closing", ("send last",)),
    ("leaving", "refused"): ("terminated", ("forget",)),
    ("closing", "answered"): ("terminated", ("forget",)),
    ("closing", "more"): ("terminated", ("forget",)),  # what did not fit is not told any more
    ("closing", "refused"): ("terminated", ("forget",)),
}
NOTIFIER_IGNORED = [
    ("owing", "news"), ("owing", "refresh"), ("due", "news"),  # the next NOTIFY tells all of it
    ("leaving", "news"), ("leaving", "refresh"), ("leaving", "leave"), ("leaving", "expire"), ("leaving", "close"),
    ("closing", "news"), ("closing", "refresh"), ("closing", "leave"), ("closing", "expire"), ("closing", "close"),
    ("terminated", "news"), ("terminated", "close"),  # the end may wait in the queue of events
]
# fmt: on
