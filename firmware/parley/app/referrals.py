"""REFER to the focus (RFC 4579 5.5, 5.11): a participant asks it to bring somebody in, or to put somebody out.

Only who is in the conference may ask: inside his call, or outside any dialog from the host of his call and in his name.
"""

from parley.wire.address import read_token
from parley.wire.errors import LocalError, RemoteError
from parley.wire.uri import parse_name_addr, parse_uri


class Referrals:
    """Takes the endpoint's "referred", and the ends of calls that somebody was put out of.

    dial_out: DialOut; focus: Focus.
    """

    def __init__(self, config, endpoint, slots, media, focus, dial_out, log):
        self._config = config
        self._endpoint = endpoint
        self._slots = slots
        self._media = media
        self._focus = focus
        self._dial_out = dial_out
        self._log = log
        self._farewells = {}  # id of a call -> the subscriptions that wait for its end

    def handle(self, event, now_ms):
        """One event of the endpoint. Returns False for those that others have to see."""
        if event.kind == "ended":
            for subscription in self._farewells.pop(event.subject.id, ()):
                if not subscription.final:  # it has a limit of its own
                    self._endpoint.notify_refer(subscription, 200, None, now_ms)
            return False
        if event.kind != "referred":
            return False
        asked = event.subject
        try:
            self._obey(asked, now_ms)
        except RemoteError as error:
            self._log.info("focus", "REFER to %s refused: %s" % (asked.refer_to, error))
            self._endpoint.respond(asked, error.status, now_ms, reason=error.reason)
        return True

    def _obey(self, asked, now_ms):
        referrer = self._referrer(asked)
        target = parse_uri(asked.refer_to)
        method = (target.param("method") or "INVITE").upper()
        if method == "INVITE":
            self._bring_in(asked, referrer, target, now_ms)
        elif method == "BYE":
            self._put_out(asked, referrer, target, now_ms)
        else:
            raise RemoteError(501, "The focus sends INVITE and BYE")

    def _referrer(self, asked):
        """The participant who asks. RemoteError: 404 no such conference, 403 he is not in it."""
        if asked.call is not None:
            participant = asked.call.user_data
            if participant is None or participant.ringing:
                raise RemoteError(403, "Only participants may refer")
            return participant
        allocation = read_token(self._config.key, parse_uri(asked.request.uri).user or "")
        conference = self._slots.find(allocation.slot, allocation.generation)
        if conference is None:
            raise RemoteError(404, "No such conference")
        name = parse_name_addr(asked.request.required("From")).uri
        for participant in self._media.members(conference):
            if (
                not participant.ringing
                and _same(name, participant.uri)
                and asked.peer[0] in _hosts(participant.call)
            ):
                return participant
        raise RemoteError(403, "Only participants may refer")

    def _bring_in(self, asked, referrer, target, now_ms):
        if target.user == parse_uri(self._slots.uri_of(referrer.conference)).user:
            raise RemoteError(403, "That is this conference")
        headers = (("Referred-By", asked.referred_by),) if asked.referred_by else ()  # RFC 3892 2.2
        try:
            dial = self._dial_out.call(referrer.conference, asked.refer_to, headers, now_ms)
        except LocalError:
            raise RemoteError(400, "Bad Refer-To")
        self._log.info("focus", "%s has %s called" % (referrer.uri, asked.refer_to))
        dial.subscription = self._endpoint.accept_refer(asked, now_ms)

    def _put_out(self, asked, referrer, target, now_ms):
        conference = referrer.conference
        found = [one for one in self._media.members(conference) if _is_named(one, target)]
        if not found:
            raise RemoteError(404, "Nobody of that name is in the conference")
        subscription = self._endpoint.accept_refer(asked, now_ms)
        for participant in found:
            waiting = self._farewells.setdefault(participant.call.id, [])
            if participant is found[-1]:
                waiting.append(subscription)
            self._log.info("focus", "%s puts %s out" % (referrer.uri, participant.uri))
            self._focus.put_out(participant, "was put out of", now_ms)


def _hosts(call):
    """Where his requests may come from: that of his INVITE, unless a proxy passed it on, or his Contact's."""
    hosts = [call.peer[0]]
    try:
        hosts.append(parse_uri(call.remote_contact).address()[0])
    except RemoteError:
        pass
    return hosts


def _same(uri, text):
    """Whether both name one person: user and host, whatever transport and port (RFC 3261 19.1.1, table 1)."""
    try:
        other = parse_uri(text)
    except RemoteError:
        return False
    return (uri.user, uri.host.lower()) == (other.user, other.host.lower())


def _is_named(participant, target):
    """Whether a Refer-To means him: by the URI he goes by, or by that of his phone."""
    return _same(target, participant.uri) or _same(target, participant.call.remote_contact)
