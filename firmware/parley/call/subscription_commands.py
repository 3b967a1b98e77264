"""The endpoint's commands for REFER (RFC 3515) and event packages (RFC 6665)."""

from parley.call import notifier, referee, referrer, subscriber
from parley.call.requests import check_headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from parley.call.call import Call
    from parley.call.core import Core
    from parley.call.event_subscription import Document, EventSubscription
    from parley.call.notifier import SubscribeRequest
    from parley.call.referee import ReferRequest
    from parley.call.requests import HeaderList
    from parley.call.subscription import Subscription
    from parley.call.transaction import Address


class SubscriptionCommands:
    """What an application may command about subscriptions; part of Endpoint."""

    _core: "Core"

    def _at(self, now_ms: int) -> int:
        return now_ms

    def name_contacts(self, contact_for: "Callable[[str, Address], str]") -> None:
        """Let the application name our Contact in answers to OPTIONS, SUBSCRIBE and REFER outside calls.

        contact_for(Request-URI, peer) -> whole Contact value, '' for the usual one. A focus says isfocus there.
        """
        self._core.contact_for = contact_for

    def subscribe(
        self,
        uri: str,
        package: str,
        now_ms: int,
        expires_s: int = 3600,
        call: "Call | None" = None,
        peer: "Address | None" = None,
        headers: "HeaderList" = (),
    ) -> "EventSubscription":
        """Subscribe to an event package of uri, or inside a call (uri is not looked at then).

        expires_s: seconds; it is refreshed in time until end_subscription, 0 for one look. headers: of every SUBSCRIBE,
        e.g. Accept. Events: "news" with each document, "subscription_over" once. Raises LocalError when uri is no SIP
        URI.
        """
        return subscriber.subscribe(
            self._core, uri, package, self._at(now_ms), expires_s, call, peer, headers
        )

    def accept_subscribe(
        self, asked: "SubscribeRequest", document: "Document", now_ms: int
    ) -> "EventSubscription":
        """Grant a "subscribe": 200 and a NOTIFY of the full state. To refuse it, respond().

        document(subscription, full, limit_bytes) -> (body, whole): what to tell the subscriber now; full: from the
        beginning. A body may hold a part (whole False): it is asked for the rest as soon as that part has arrived.
        """
        return notifier.accept_subscribe(asked, document, self._at(now_ms))

    def publish(self, subscription: "EventSubscription", now_ms: int) -> None:
        """There is news for this subscriber: a NOTIFY leaves now, or as soon as the package's rate allows."""
        notifier.publish(subscription, self._at(now_ms))

    def end_subscription(
        self, subscription: "EventSubscription", now_ms: int, reason: str = "noresource"
    ) -> None:
        """End a subscription, either side's; reason: of the notifier (RFC 6665 4.1.3). "subscription_over" follows."""
        check_headers((), reason)
        if subscription.role == "notifier":
            notifier.close(subscription, reason, self._at(now_ms))
        else:
            subscriber.leave(subscription, self._at(now_ms))

    def refer(
        self,
        call: "Call",
        refer_to: str,
        now_ms: int,
        headers: "HeaderList" = (),
        give_up_ms: "int | None" = None,
    ) -> "Subscription":
        """Ask the peer of an established call to call refer_to (RFC 3515). Events: "refer_progress".

        refer_to: a URI, or a whole name-addr. give_up_ms: how long to wait for a response, by default 32 s.
        """
        return referrer.refer(self._core, call, refer_to, self._at(now_ms), headers, give_up_ms)

    def refer_outside(
        self,
        uri: str,
        refer_to: str,
        now_ms: int,
        peer: "Address | None" = None,
        headers: "HeaderList" = (),
        give_up_ms: "int | None" = None,
    ) -> "Subscription":
        """Ask uri, with whom there is no call, to call refer_to. Events: "refer_progress"."""
        return referrer.refer_outside(self._core, uri, refer_to, self._at(now_ms), peer, headers, give_up_ms)

    def accept_refer(self, refer: "ReferRequest", now_ms: int) -> "Subscription":
        """Take a "referred" request on: 202 and a NOTIFY of 100. To refuse it, respond()."""
        return referee.accept_refer(refer, self._at(now_ms))

    def notify_refer(
        self, subscription: "Subscription", status: int, reason: "str | None", now_ms: int
    ) -> None:
        """Tell the referrer how the call it asked for fares; a final status (200-699) ends the subscription.

        reason: phrase, None for the usual one. Raises LocalError after a final status.
        """
        referee.notify_refer(subscription, status, reason, self._at(now_ms))
