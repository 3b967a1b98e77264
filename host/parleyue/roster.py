"""Who is in a conference, from the documents of its event package (RFC 4575)."""

from dataclasses import dataclass
from xml.etree import ElementTree

from parley.wire.conference_info import CONTENT_TYPE, IN, NAMESPACE
from parley.wire.errors import RemoteError

ACCEPT = CONTENT_TYPE
MAX_BYTES = 65536
_TAG = f"{{{NAMESPACE}}}"


@dataclass(frozen=True)
class Change:
    """Somebody's status is another than before: uri; status of RFC 4575 5.7, "" when he is gone; before likewise."""

    uri: str
    status: str
    before: str

    @property
    def came(self) -> bool:
        """Whether he is in now and was not."""
        return self.status in IN and self.before not in IN

    @property
    def left(self) -> bool:
        """Whether he was in and is not any more."""
        return self.before in IN and self.status not in IN


class Roster:
    """The users of one subscription; users: URI -> status. stale: a document was missed (4: versions rise by one)."""

    def __init__(self) -> None:
        self.users: dict[str, str] = {}
        self.active = True
        self.stale = False
        self._version: int | None = None

    def take(self, body: bytes) -> list[Change]:
        """Take one document; returns what has changed. Raises RemoteError(400) when it is none."""
        root = _parse(body)
        try:
            version = int(root.attrib.get("version", ""))
        except ValueError:
            raise RemoteError(400, "Document without a version") from None
        state = root.attrib.get("state", "full")
        if self._version is not None and version <= self._version and state != "full":
            return []
        missed = self._version is None or version != self._version + 1
        self.stale = state != "full" and (self.stale or missed)
        self._version = version
        self.active = root.findtext(f"{_TAG}conference-state/{_TAG}active", "true").strip() != "false"
        before = dict(self.users)
        if state == "full":
            self.users.clear()
        for user in root.iterfind(f"{_TAG}users/{_TAG}user"):
            self._take_user(user)
        uris = dict.fromkeys([*before, *self.users])
        changes = [Change(uri, self.users.get(uri, ""), before.get(uri, "")) for uri in uris]
        return [change for change in changes if change.status != change.before]

    def _take_user(self, user: ElementTree.Element) -> None:
        uri = user.attrib.get("entity", "")
        if user.attrib.get("state", "full") == "deleted":
            self.users.pop(uri, None)
            return
        found = [
            text.strip()
            for one in user.iterfind(f"{_TAG}endpoint")
            if (text := one.findtext(f"{_TAG}status"))
        ]
        best = [status for status in found if status in IN] or found
        if best:
            self.users[uri] = best[0]


def _parse(body: bytes) -> ElementTree.Element:
    if len(body) > MAX_BYTES or b"<!" in body:  # no document type, so no entities that grow
        raise RemoteError(400, "Not a conference document")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - bounded, and without a document type
    except (ElementTree.ParseError, ValueError, LookupError):
        raise RemoteError(400, "Not a conference document") from None
    if root.tag != f"{_TAG}conference-info":
        raise RemoteError(400, "Not a conference document")
    return root
