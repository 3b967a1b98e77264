"""The session timer of a call as data (RFC 4028): who refreshes, and what happens when nobody does.

States: off (none agreed), refreshing (we ask again at half the interval), asking (our refresh is under way),
watching (they refresh), over. Events: "ours", "theirs" and "none" say what a 2xx agreed on; "later": our
refresh met another request, or was refused without ending the call; the timers.
"""

# fmt: off
SESSION = {
    ("off", "ours"): ("refreshing", ("start refresh", "start expiry")),
    ("off", "theirs"): ("watching", ("start expiry",)),
    ("refreshing", "ours"): ("refreshing", ("start refresh", "start expiry")),
    ("refreshing", "theirs"): ("watching", ("stop refresh", "start expiry")),
    ("refreshing", "none"): ("off", ("stop refresh", "stop expiry")),
    ("refreshing", "timer refresh"): ("asking", ("ask",)),
    ("refreshing", "timer expiry"): ("over", ("stop refresh", "hang up")),
    ("asking", "ours"): ("refreshing", ("start refresh", "start expiry")),
    ("asking", "theirs"): ("watching", ("start expiry",)),
    ("asking", "none"): ("off", ("stop expiry",)),
    ("asking", "later"): ("refreshing", ("start retry",)),
    ("asking", "timer expiry"): ("over", ("hang up",)),
    ("watching", "ours"): ("refreshing", ("start refresh", "start expiry")),
    ("watching", "theirs"): ("watching", ("start expiry",)),
    ("watching", "none"): ("off", ("stop expiry",)),
    ("watching", "timer expiry"): ("over", ("hang up",)),
}
SESSION_IGNORED = [
    ("off", "none"),  # most phones
    ("off", "later"), ("refreshing", "later"), ("watching", "later"),  # their refresh came first
    ("over", "ours"), ("over", "theirs"), ("over", "none"), ("over", "later"),  # the BYE is on its way
]
# fmt: on
