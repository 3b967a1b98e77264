"""What the endpoint tells its application."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parley.call.call import Call
    from parley.call.client_request import ClientRequest
    from parley.call.event_subscription import EventSubscription
    from parley.call.server_request import ServerRequest
    from parley.call.subscription import Subscription
    from parley.wire.sip import Request, Response

    Subject = Call | ClientRequest | EventSubscription | ServerRequest | Subscription

# kind -> what it says; subject in brackets
KINDS = {
    "incoming": "an INVITE asks for a call [Call]",
    "progress": "a 1xx to our INVITE [Call]",
    "answered": "the 2xx to our INVITE; it is acknowledged already [Call]",
    "redirected": "a 3xx to our INVITE; the call is over [Call]",
    "rejected": "a 4xx-6xx to our INVITE, or text 'timeout' or 'transport error'; the call is over [Call]",
    "established": "the ACK of our 2xx came [Call]",
    "reoffer": "a re-INVITE or UPDATE; answer_reoffer is due [Call]",
    "renegotiated": "our re-INVITE or UPDATE was answered, or ACK or PRACK answered an offer of ours [Call]",
    "reoffer_refused": "our re-INVITE or UPDATE was refused; the call goes on as it was [Call]",
    "ended": "the call is over; text says why [Call]",
    "forwarded": "the final response to an INVITE passed on, or None without one; it is out of our hands [Call]",
    "request": "a request for the application; respond is due [ServerRequest]",
    "response": "the final response, or None and text 'timeout' or 'transport error' [ClientRequest]",
    "referred": "a REFER; accept_refer or respond is due [ReferRequest]",
    "refer_progress": "what became of a REFER of ours: status, final [Subscription]",
    "subscribe": "a SUBSCRIBE; accept_subscribe or respond is due [SubscribeRequest]",
    "news": "a NOTIFY with a document came [EventSubscription]",
    "subscription_over": "a subscription has ended; text says why [EventSubscription]",
}


class Event:
    """One event.

    kind: a key of KINDS. subject: what it is about. message: what caused it, or None. text: why, often ''.
    status: of the response, or of the sipfrag in "refer_progress", when it happened; 0 without one. final:
    of "refer_progress".
    """

    def __init__(
        self,
        kind: str,
        subject: "Subject",
        message: "Request | Response | None" = None,
        text: str = "",
        status: int = 0,
        final: bool = False,
    ) -> None:
        self.kind = kind
        self.subject = subject
        self.message = message
        self.text = text
        self.status = status
        self.final = final

    def __repr__(self) -> str:
        return f"<Event {self.kind} {self.status or ''} {self.text}>"
