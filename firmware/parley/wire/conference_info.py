"""Documents of the conference event package (RFC 4575): XML written without a library, for boards have none.

A document is a list of pieces that the caller chooses (which users, how many), so that its size has a bound.
"""

CONTENT_TYPE = "application/conference-info+xml"  # RFC 4575 8.2
NAMESPACE = "urn:ietf:params:xml:ns:conference-info"
MAX_URI_CHARACTERS = 200  # of a URI or name somebody gave us
# The states of an endpoint that a focus of ours can be in (RFC 4575 5.7).
STATUSES = ("dialing-out", "alerting", "connected", "on-hold", "muted-via-focus")
IN = ("connected", "on-hold", "muted-via-focus")
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))
_CLOSING = "</users></conference-info>"


def escape(text: str) -> str:
    """Return text as it may stand in an element or an attribute (XML 1.0 2.4), cut to MAX_URI_CHARACTERS.

    What XML cannot hold at all (2.2: most control characters) becomes a question mark.
    """
    text = "".join(
        [c if c >= " " and c not in "\x7f\ufffe\uffff" else "?" for c in text[:MAX_URI_CHARACTERS]]
    )
    for character, entity in _ESCAPES:
        text = text.replace(character, entity)
    return text


def head(
    uri: str, version: int, is_full: bool, user_count: int, max_users: int, is_active: bool = True
) -> str:
    """Return the beginning of a document, up to its users.

    uri: the conference's. version: of this document in its subscription, from 0 (RFC 4575 4). is_full: it replaces
    what was told before; else what it does not name has not changed. user_count: who is in, whether listed here or
    not. is_active: the conference goes on.
    """
    state = "full" if is_full else "partial"
    active = "true" if is_active else "false"
    places = f"<maximum-user-count>{max_users}</maximum-user-count>"
    description = f"<conference-description>{places}</conference-description>" if is_full else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\r\n<conference-info xmlns="{NAMESPACE}" entity="{escape(uri)}" '
        f'state="{state}" version="{version}">{description}<conference-state><user-count>{user_count}</user-count>'
        f'<active>{active}</active></conference-state><users state="{state}">'
    )


def endpoint(uri: str, status: str, joining: str) -> str:
    """Return one endpoint of a user (RFC 4575 5.7): its URI, one of STATUSES, "dialed-in" or "dialed-out"."""
    return (
        f'<endpoint entity="{escape(uri)}"><status>{status}</status>'
        f"<joining-method>{joining}</joining-method></endpoint>"
    )


def user(uri: str, endpoints: "list[str]") -> str:
    """Return one user with what endpoint() gave for each of his (RFC 4575 5.6)."""
    return f'<user entity="{escape(uri)}" state="full">{"".join(endpoints)}</user>'


def user_gone(uri: str) -> str:
    """Return a user who is no longer in (RFC 4575 4: state deleted)."""
    return f'<user entity="{escape(uri)}" state="deleted"/>'


def document(beginning: str, users: "list[str]") -> bytes:
    """Return a whole document from head() and what user() and user_gone() gave."""
    return (beginning + "".join(users) + _CLOSING).encode()


def octets_of(beginning: str, users: "list[str]") -> int:
    """Return how many octets document() would make, at most."""
    return len(beginning.encode()) + sum([len(one.encode()) for one in users]) + len(_CLOSING)
