"""A subscription as its subscriber sees it, as data (RFC 6665 4.1).

States: asking (SUBSCRIBE sent), awaiting (2xx came, the first NOTIFY is due), active, pending (the notifier has not
decided), withdrawn (given up before the 2xx), leaving (SUBSCRIBE with Expires 0 sent), terminated.

Events: "accepted" a 2xx to a SUBSCRIBE; "refused" a refusal; "gone" a refusal, or silence, that ends what a refresh was
for (4.1.2.2); "told active", "told pending", "told terminated" a NOTIFY; "unheard" (timer N), "refresh" and "expire"
timers; "leave" is the application's. The actions are the functions of subscriber.py.
"""

# fmt: off
SUBSCRIBER = {
    ("asking", "accepted"): ("awaiting", ("take expiry", "await notify")),
    ("asking", "refused"): ("terminated", ("tell over", "forget")),
    ("asking", "gone"): ("terminated", ("tell over", "forget")),
    ("asking", "told active"): ("active", ("tell news",)),  # 4.4.1: it overtook the 2xx
    ("asking", "told pending"): ("pending", ("tell news",)),
    ("asking", "told terminated"): ("terminated", ("tell news", "tell over", "forget")),
    ("asking", "leave"): ("withdrawn", ()),
    ("awaiting", "told active"): ("active", ("heard", "tell news")),
    ("awaiting", "told pending"): ("pending", ("heard", "tell news")),
    ("awaiting", "told terminated"): ("terminated", ("tell news", "tell over", "forget")),
    ("awaiting", "unheard"): ("terminated", ("tell over", "forget")),
    ("awaiting", "refresh"): ("awaiting", ("send refresh",)),  # granted for less than timer N
    ("awaiting", "accepted"): ("awaiting", ("take expiry",)),
    ("awaiting", "gone"): ("terminated", ("tell over", "forget")),
    ("awaiting", "expire"): ("terminated", ("tell over", "forget")),
    ("awaiting", "leave"): ("leaving", ("send leave", "await notify")),
    ("active", "accepted"): ("active", ("take expiry",)),
    ("active", "gone"): ("terminated", ("tell over", "forget")),
    ("active", "told active"): ("active", ("tell news",)),
    ("active", "told pending"): ("pending", ("tell news",)),
    ("active", "told terminated"): ("terminated", ("tell news", "tell over", "forget")),
    ("active", "refresh"): ("active", ("send refresh",)),
    ("active", "expire"): ("terminated", ("tell over", "forget")),
    ("active", "leave"): ("leaving", ("send leave", "await notify")),
    ("pending", "accepted"): ("pending", ("take expiry",)),
    ("pending", "gone"): ("terminated", ("tell over", "forget")),
    ("pending", "told active"): ("active", ("tell news",)),
    ("pending", "told pending"): ("pending", ("tell news",)),
    ("pending", "told terminated"): ("terminated", ("tell news", "tell over", "forget")),
    ("pending", "refresh"): ("pending", ("send refresh",)),
    ("pending", "expire"): ("terminated", ("tell over", "forget")),
    ("pending", "leave"): ("leaving", ("send leave", "await notify")),
    ("withdrawn", "accepted"): ("leaving", ("send leave", "await notify")),
    ("withdrawn", "refused"): ("terminated", ("tell over", "forget")),
    ("withdrawn", "gone"): ("terminated", ("tell over", "forget")),
    ("withdrawn", "told terminated"): ("terminated", ("tell over", "forget")),
    ("leaving", "refused"): ("terminated", ("tell over", "forget")),
    ("leaving", "gone"): ("terminated", ("tell over", "forget")),
    ("leaving", "told terminated"): ("terminated", ("tell over", "forget")),
    ("leaving", "unheard"): ("terminated", ("tell over", "forget")),
}
SUBSCRIBER_IGNORED = [
    ("awaiting", "refused"), ("active", "refused"), ("pending", "refused"),  # 4.1.2.2: it lasts as granted before
    ("withdrawn", "told active"), ("withdrawn", "told pending"), ("withdrawn", "leave"),
    ("leaving", "accepted"), ("leaving", "told active"), ("leaving", "told pending"), ("leaving", "leave"),
    ("terminated", "accepted"), ("terminated", "refused"), ("terminated", "gone"), ("terminated", "leave"),
]
# fmt: on
