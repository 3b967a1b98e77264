"""The life of a call as data: RFC 3261 13 (INVITE), 9 (CANCEL), 15 (BYE), both roles in one table.

States; in brackets what the application sees where that differs:

* caller: calling (nothing heard), proceeding (100, or 1xx without tag), early (1xx with tag), withdrawn
  [ending] (hung up before anything was heard: RFC 3261 9.1 forbids a CANCEL yet), cancelling [ending]
  (CANCEL sent);
* callee: incoming, answered (2xx sent, no ACK yet), closing [ending] (hung up then: RFC 3261 15 forbids a
  BYE before the ACK);
* both: established, leaving [ending] (BYE sent), ended.

Events: "progress", "early", "accepted", "redirect", "refuse", "lost" are what comes of our INVITE, "again" a
refusal that tells how to ask better (401, 407, 422); "no prack" 64*T1 after a reliable 1xx of ours; "ack",
"cancel", "bye" come from the peer; "bye done" is the end of our BYE; "no ack" 64*T1 after our 2xx; "expire"
a limit of our own; "hangup", "send progress", "send accept", "send refuse" are the application's.

The actions are the functions of call_actions.py. CALL_IGNORED lists what may happen and changes nothing; any
other pair is a mistake of our own and raises LocalError.
"""

# fmt: off
CALL = {
    ("calling", "progress"): ("proceeding", ("limit ringing", "tell progress")),
    ("calling", "early"): ("early", ("limit ringing", "open dialog", "tell progress")),
    ("calling", "accepted"): ("established", ("open dialog", "acknowledge", "tell answered")),
    ("calling", "redirect"): ("ended", ("tell redirected",)),
    ("calling", "refuse"): ("ended", ("tell rejected",)),
    ("calling", "lost"): ("ended", ("tell rejected",)),
    ("calling", "again"): ("calling", ("invite again",)),
    ("calling", "hangup"): ("withdrawn", ()),
    ("proceeding", "progress"): ("proceeding", ("limit ringing", "tell progress")),
    ("proceeding", "early"): ("early", ("limit ringing", "open dialog", "tell progress")),
    ("proceeding", "accepted"): ("established", ("open dialog", "acknowledge", "tell answered")),
    ("proceeding", "redirect"): ("ended", ("tell redirected",)),
    ("proceeding", "refuse"): ("ended", ("tell rejected",)),
    ("proceeding", "lost"): ("ended", ("tell rejected",)),
    ("proceeding", "again"): ("calling", ("invite again",)),
    ("proceeding", "hangup"): ("cancelling", ("send cancel",)),
    ("proceeding", "expire"): ("cancelling", ("send cancel",)),
    ("early", "progress"): ("early", ("limit ringing", "tell progress")),
    ("early", "early"): ("early", ("limit ringing", "open dialog", "tell progress")),
    ("early", "accepted"): ("established", ("open dialog", "acknowledge", "tell answered")),
    ("early", "redirect"): ("ended", ("tell redirected",)),
    ("early", "refuse"): ("ended", ("tell rejected",)),
    ("early", "lost"): ("ended", ("tell rejected",)),
    ("early", "again"): ("calling", ("invite again",)),
    ("early", "hangup"): ("cancelling", ("send cancel",)),
    ("early", "expire"): ("cancelling", ("send cancel",)),
    ("early", "bye"): ("cancelling", ("send cancel",)),  # forbidden to a callee, but its wish is plain
    ("withdrawn", "progress"): ("cancelling", ("send cancel",)),
    ("withdrawn", "early"): ("cancelling", ("send cancel",)),
    ("withdrawn", "accepted"): ("leaving", ("open dialog", "acknowledge", "send bye")),
    ("withdrawn", "redirect"): ("ended", ("tell ended",)),
    ("withdrawn", "refuse"): ("ended", ("tell ended",)),
    ("withdrawn", "again"): ("ended", ("tell ended",)),
    ("withdrawn", "lost"): ("ended", ("tell ended",)),
    ("cancelling", "accepted"): ("leaving", ("open dialog", "acknowledge", "send bye")),  # they crossed
    ("cancelling", "redirect"): ("ended", ("tell ended",)),
    ("cancelling", "refuse"): ("ended", ("tell ended",)),
    ("cancelling", "again"): ("ended", ("tell ended",)),
    ("cancelling", "lost"): ("ended", ("tell ended",)),
    ("cancelling", "expire"): ("ended", ("drop invite", "tell ended")),  # RFC 3261 9.1: after 64*T1

    ("incoming", "send progress"): ("incoming", ("open dialog", "respond")),
    ("incoming", "send accept"): ("answered", ("open dialog", "respond", "await ack")),
    ("incoming", "send refuse"): ("ended", ("respond", "tell ended")),
    ("incoming", "forward"): ("ended", ()),  # passed on: what becomes of it is forward.py's
    ("incoming", "cancel"): ("ended", ("respond 487", "tell ended")),
    ("incoming", "bye"): ("ended", ("respond 487", "tell ended")),  # RFC 3261 15.1.2
    ("incoming", "hangup"): ("ended", ("respond 487", "tell ended")),
    ("incoming", "expire"): ("ended", ("respond 480", "tell ended")),
    ("incoming", "no prack"): ("ended", ("respond 504", "tell ended")),  # RFC 3262 3
    ("incoming", "lost"): ("ended", ("tell ended",)),
    ("answered", "ack"): ("established", ("tell established",)),
    ("answered", "bye"): ("ended", ("tell ended",)),  # their ACK was lost
    ("answered", "hangup"): ("closing", ()),
    ("answered", "no ack"): ("ended", ("send bye", "tell ended")),  # RFC 3261 13.3.1.4
    ("closing", "ack"): ("leaving", ("send bye",)),
    ("closing", "bye"): ("ended", ("tell ended",)),
    ("closing", "no ack"): ("leaving", ("send bye",)),

    ("established", "bye"): ("ended", ("tell ended",)),
    ("established", "hangup"): ("leaving", ("send bye",)),
    ("established", "no ack"): ("ended", ("send bye", "tell ended")),  # of a re-INVITE's 2xx
    ("leaving", "bye"): ("ended", ("tell ended",)),  # they crossed
    ("leaving", "bye done"): ("ended", ("tell ended",)),
}
CALL_IGNORED = [
    ("cancelling", "progress"), ("cancelling", "early"), ("cancelling", "bye"),  # the final response is due
    ("ended", "bye done"),  # the peer's BYE, or the lack of an ACK, ended it before
    ("ended", "lost"),  # the ACK of a refusal could not be delivered
    ("answered", "cancel"), ("closing", "cancel"), ("established", "cancel"), ("leaving", "cancel"),
    ("ended", "cancel"),  # RFC 3261 9.2: too late, the final response was sent
    ("withdrawn", "hangup"), ("cancelling", "hangup"), ("closing", "hangup"), ("leaving", "hangup"),
    ("ended", "hangup"),  # the end may wait in the queue of events while the application hangs up
]
# fmt: on

PUBLIC_STATES = {"withdrawn": "ending", "cancelling": "ending", "closing": "ending", "leaving": "ending"}
